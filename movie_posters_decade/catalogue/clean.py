"""Cleaning: a table becomes complete, unique movies, by the rules of docs/catalogue.md."""

import hashlib
from dataclasses import dataclass, replace

import pandas as pd

from movie_posters_decade.catalogue.bounds import bound_texts
from movie_posters_decade.catalogue.columns import Columns
from movie_posters_decade.catalogue.encoding import repair_titles
from movie_posters_decade.catalogue.parse import parse_movies
from movie_posters_decade.catalogue.readers import open_table
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.options.options import Options
from movie_posters_decade.records import RejectReason, Step, list_counts
from movie_posters_decade.report.reading import Reading


@dataclass(frozen=True)
class Catalogue:
    """The complete, unique movies of a catalogue file.

    Attributes:
        movies: one row for each movie, in the file's order, with the columns ``imdb_id``
            ("tt0114709", or another id), ``title`` (without the year), ``year`` (nullable integer),
            ``genres`` (tuple of names), ``imdb_score`` (0 to 10, or NaN), ``poster_url`` (a URL, or
            a path for a local file) and ``extra`` (tuple of texts, one for each extra column).
        steps: of the funnel so far: rows, complete, unique.
        sha256: the hash of the table's bytes.
        reading: how the file was read.
    """

    movies: pd.DataFrame
    steps: tuple[Step, ...]
    sha256: str
    reading: Reading

    def describe(self) -> str:
        """Return how the file was read and what was dropped, as lines for an error."""
        rows = [*self.reading.rows()]
        for step in self.steps:
            dropped = {reason: count for reason, count in step.dropped.items() if count}
            rows.append((step.name, f"{step.movies} ({list_counts(dropped) or 'none dropped'})"))
        return "\n".join(f"  {title}: {text}" for title, text in rows)


def parse_catalogue(
    content: bytes,
    name: str = "catalogue",
    options: Options | None = None,
    *,
    location: str | None = None,
    packed: int | None = None,
) -> Catalogue:
    """Parse a catalogue from the bytes of a table.

    Args:
        content: a table of a type that `open_table` knows.
        name: of the catalogue, for errors.
        options: the columns and the form of their values; by default they are detected.
        location: the path or URL to name in commands; by default the name.
        packed: the size of the file that holds the table, in bytes; None if it is not compressed.

    Raises:
        CatalogueError: the content is empty, is not a table, lacks a column, or has values that
            can be read in more than one way.
    """
    options = options or Options()
    table = open_table(content, name, options.delimiter, options.encoding, packed)
    columns = Columns(table.header, options, name, location or name, table.sample)
    _check_genres(columns, options, name)
    movies, reading = parse_movies(table, columns, options, name)
    _check_years(columns, movies, reading, name)
    titles = repair_titles(movies["title"].tolist())
    repaired = sum(map(str.__ne__, titles, movies["title"]))
    movies["title"] = pd.Series(titles, dtype=object)
    # After the repair, which needs the control characters of a text that was decoded wrongly.
    reading = replace(reading, bounded=bound_texts(movies))
    rows = Step("rows", len(movies), repaired={"titles": repaired} if repaired else {})
    merge = options.duplicate_rows == "merge"
    needs_genres = "genres" in columns.indices
    complete_movies, complete = _keep_complete(movies, merge=merge, needs_genres=needs_genres)
    unique_movies, unique = _keep_unique(complete_movies)
    sha256 = hashlib.sha256(content).hexdigest()
    steps = (rows, complete, unique)
    return Catalogue(unique_movies.reset_index(drop=True), steps, sha256, reading)


def _check_genres(columns: Columns, options: Options, name: str) -> None:
    if options.genres is not None and "genres" not in columns.indices:
        raise CatalogueError(
            f"{name}: expected a column for genres; found none among {columns.listed()}. Name it "
            f"with the option columns (--columns genres=NAME), or build movies of any genre: "
            f"{columns.command(config='all')}"
        )


def _check_years(columns: Columns, movies: pd.DataFrame, reading: Reading, name: str) -> None:
    if not movies["year"].isna().all():
        return
    if reading.odd_years is not None:
        raise CatalogueError(
            f"{name}: expected years, or dates with a year of four digits, in the column "
            f"{columns.header_of('year')}; found {', '.join(map(repr, reading.odd_years.first))}. "
            f"Write years with four digits, or name another column: "
            f"{columns.command(columns={'year': 'COLUMN'})}"
        )
    if "year" not in columns.indices:
        raise CatalogueError(
            f"{name}: expected a column for years, or titles with a year, such as Heat (1995); "
            f"found neither among {columns.listed()}. Name the column of years: "
            f"{columns.command(columns={'year': 'COLUMN'})}"
        )


def _keep_complete(
    movies: pd.DataFrame, *, merge: bool, needs_genres: bool
) -> tuple[pd.DataFrame, Step]:
    """Keep movies that have every required value and a poster; merge duplicate rows first."""
    rows = _merge_rows(movies) if merge else movies
    has_texts = (rows[["imdb_id", "title", "poster_url"]] != "").all(axis="columns")
    is_complete = has_texts & ((rows["genres"].map(len) > 0) | (not needs_genres))
    # IMDb's picture for movies without a poster.
    is_placeholder = is_complete & rows["poster_url"].str.contains("/nopicture/", regex=False)
    complete = rows[is_complete & ~is_placeholder]
    dropped = {
        RejectReason.DUPLICATE_ROW: len(movies) - len(rows),
        RejectReason.MISSING_VALUE: int((~is_complete).sum()),
        RejectReason.PLACEHOLDER: int(is_placeholder.sum()),
    }
    counts = {reason: count for reason, count in dropped.items() if count}
    return complete, Step("complete", len(complete), counts)


def _merge_rows(movies: pd.DataFrame) -> pd.DataFrame:
    """Keep one of the rows that have the same id and the same link."""
    # Sorted by all values, so that the order of the rows does not matter.
    ordered = movies.loc[movies.astype(str).sort_values(list(movies.columns)).index]
    is_first = ~ordered.duplicated(["imdb_id", "poster_url"])
    return movies[is_first.reindex(movies.index) | (movies["poster_url"] == "")]


def _keep_unique(movies: pd.DataFrame) -> tuple[pd.DataFrame, Step]:
    """Keep movies whose poster link no other row has. All rows that share a link are dropped."""
    unique = movies[~movies["poster_url"].duplicated(keep=False)]
    dropped = {RejectReason.DUPLICATE_URL: len(movies) - len(unique)}
    return unique, Step("unique", len(unique), dropped)
