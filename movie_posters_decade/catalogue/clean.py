"""Cleaning: a table becomes the complete, unique movies, and the first steps of the funnel.

The steps are `rows`, `complete` and `unique`. They and their reasons are in docs/catalogue.md.
"""

import ast
import hashlib
import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pandas as pd

from movie_posters_decade.catalogue.readers import Columns, parse_table
from movie_posters_decade.config import KAGGLE_COLUMNS, Options
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.records import RejectReason, Step, is_url, lower_scheme

_REQUIRED_FIELDS = {"imdb_id", "title", "genres", "poster_url"}

_MAC_ROMAN_ROUNDS = 2
"""The most times that a title of Kaggle's catalogue was saved as Mac Roman and read as latin-1."""

# IMDb's picture for movies without a poster.
_PLACEHOLDER = "/nopicture/"

# The last parenthesis that holds exactly four digits: "Blade Runner 2049 (2017)".
_TITLE_WITH_YEAR = re.compile(r"(.*)\(([0-9]{4})\)(.*)", re.DOTALL)
_YEAR = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")
_IMDB_ID = re.compile(r"(?:tt)?0*([0-9]+)(?:\.0)?$", re.IGNORECASE | re.ASCII)
_IMDB_ID_WITH_TT = re.compile(r"tt0*([0-9]+)$", re.IGNORECASE | re.ASCII)

# Quotes, straight and curly, a zero-width space, a byte order mark, and white space.
_STRAY = "\"'\u201c\u201d\u2018\u2019\u200b\ufeff \t\r\n\xa0"


@dataclass(frozen=True)
class Catalogue:
    """The complete, unique movies of a catalogue file.

    Attributes:
        movies: one row for each movie, in the file's order, with the columns ``imdb_id``
            ("tt0114709"), ``title`` (without the year), ``year`` (nullable integer), ``genres``
            (tuple of names), ``imdb_score`` (0 to 10, or NaN) and ``poster_url`` (a URL, or a path
            for a local file).
        steps: of the funnel so far: rows, complete, unique.
        sha256: the hash of the table's bytes.
    """

    movies: pd.DataFrame
    steps: tuple[Step, ...]
    sha256: str


def parse_catalogue(
    content: bytes, name: str = "catalogue", options: Options | None = None
) -> Catalogue:
    """Parse a catalogue from the bytes of a table.

    Args:
        content: a table of a type that `parse_table` reads.
        name: of the catalogue, for errors; its suffix is the file type.
        options: the names of the columns and the form of their values; by default as in Kaggle's.

    Raises:
        CatalogueError: the content is empty, is not a table, or lacks a column.
    """
    options = options or Options()
    movies, repaired = _repair_titles(_parse_fields(_read_fields(content, name, options), options))
    rows = Step("rows", len(movies), repaired={"titles": repaired} if repaired else {})
    complete_movies, complete = _keep_complete(movies, merge=options.duplicate_rows == "merge")
    unique_movies, unique = _keep_unique(complete_movies)
    sha256 = hashlib.sha256(content).hexdigest()
    return Catalogue(unique_movies.reset_index(drop=True), (rows, complete, unique), sha256)


def repair_title(title: str) -> str:
    """Repair a title that was decoded with the wrong encoding, where that is certain.

    Two errors are undone: UTF-8 that was decoded as Windows-1252, and after it, up to twice, Mac
    Roman that was decoded as latin-1. Kaggle's catalogue has both. A correct title stays as it is,
    because undoing an error that was never made does not give valid UTF-8. A title in which a
    character is missing cannot be repaired and stays as it is too.
    """
    if title.isascii():
        return title
    texts = [title]
    with suppress(UnicodeError):
        for _ in range(_MAC_ROMAN_ROUNDS):
            texts.append(texts[-1].encode("latin-1").decode("mac_roman"))
    # Most rounds first: a text of two rounds can look like one of fewer, but not the reverse.
    for text in reversed(texts):
        with suppress(UnicodeError):
            return text.encode("cp1252").decode("utf-8")
    return title


def _read_fields(content: bytes, name: str, options: Options) -> pd.DataFrame:
    """Read the columns of a table, renamed to the fields of a movie."""
    headers = KAGGLE_COLUMNS | dict(options.columns or {})
    needed = _REQUIRED_FIELDS | (options.columns or {}).keys()
    required = dict.fromkeys(header for field, header in headers.items() if field in needed)
    optional = [KAGGLE_COLUMNS["imdb_score"]]
    table = parse_table(content, name, Columns(list(required), optional))
    found = {field: header for field, header in headers.items() if header in table.columns}
    for field, header in found.items():
        if field != "genres" and any(isinstance(value, tuple) for value in table[header]):
            raise CatalogueError(
                f"{name}: expected one value for each movie in the column {header}; found a list. "
                "Only genres may be lists."
            )
    return pd.DataFrame({field: table[header] for field, header in found.items()})


def _parse_fields(raw: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Parse the texts of each field into a movie's values. No row is dropped."""
    columns = KAGGLE_COLUMNS | dict(options.columns or {})
    is_imdb = "imdb" in columns["imdb_id"].lower()
    titles, years = _split_years(raw, has_year_column="year" in columns)
    split, base = _genre_splitter(options.genre_separator), options.base_url
    fields = {
        "imdb_id": [_imdb_id(text.strip(), is_imdb=is_imdb) for text in raw["imdb_id"]],
        "title": titles,
        "year": years,
        "genres": [split(genres) for genres in raw["genres"]],
        "imdb_score": _parse_scores(raw),
        "poster_url": [_normalize_link(link.strip(_STRAY), base) for link in raw["poster_url"]],
    }
    types = {"year": "Int64", "imdb_score": "float64"}
    return pd.DataFrame(fields, raw.index, dtype=object).astype(types)


def _split_years(raw: pd.DataFrame, *, has_year_column: bool) -> tuple[list[str], list[int | None]]:
    """Return titles and years: from two columns, or both from the title."""
    titles = [title.strip() for title in raw["title"]]
    if has_year_column:
        return titles, [_year(text) for text in raw["year"]]
    pairs = [_split_year(title) for title in titles]
    return [title for title, _ in pairs], [year for _, year in pairs]


def _split_year(title: str) -> tuple[str, int | None]:
    """Return a title without its year, and the year."""
    found = _TITLE_WITH_YEAR.match(title)
    if found is None:
        return title, None
    before, year, after = found.groups()
    return f"{before.strip()} {after.strip()}".strip(), int(year)


def _year(text: str) -> int | None:
    """Return the year in a year or a date."""
    found = _YEAR.search(text)
    return int(found[0]) if found else None


def _imdb_id(text: str, *, is_imdb: bool) -> str:
    """Write an IMDb id as IMDb does, "tt" and at least seven digits; leave other ids alone."""
    found = (_IMDB_ID if is_imdb else _IMDB_ID_WITH_TT).match(text)
    return f"tt{found[1]:0>7}" if found else text


def _parse_scores(raw: pd.DataFrame) -> pd.Series:
    """Return the scores, with NaN for those that are missing or not from 0 to 10."""
    texts = raw["imdb_score"] if "imdb_score" in raw.columns else pd.Series(index=raw.index)
    scores = pd.to_numeric(texts, errors="coerce").astype("float64")
    return scores.where(scores.between(0, 10))


def _normalize_link(link: str, base_url: str) -> str:
    """Return a link in one canonical form, so that two forms of it are found to be duplicates."""
    if not link or link == "N/A":
        return ""
    if is_url(link):
        return lower_scheme(link)
    if base_url:
        return f"{base_url.rstrip('/')}/{link.lstrip('/')}"
    return os.path.normpath(link)


def _genre_splitter(separator: str) -> Callable[[str | tuple[Any, ...]], tuple[str, ...]]:
    """Return a function that gives genre names; it has a cache, as few combinations exist."""
    split = cache(partial(_split_genres, separator=separator))
    return lambda genres: split(genres) if isinstance(genres, str) else _genre_names(genres)


def _split_genres(genres: str, separator: str) -> tuple[str, ...]:
    # A list that was saved as a text, as in TMDB's CSV files.
    if genres.startswith("["):
        with suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return _genre_names(list(ast.literal_eval(genres)))
    return _genre_names(genres.split(separator))


def _genre_names(parts: Iterable[Any]) -> tuple[str, ...]:
    """Return the names in a list of names, or of objects with a name, such as TMDB's."""
    named = (part.get("name") if isinstance(part, dict) else part for part in parts)
    names = (str(name).strip() for name in named if name is not None)
    return tuple(name for name in names if name)


def _repair_titles(movies: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return the movies with repaired titles, and how many titles were repaired."""
    titles = pd.Series([repair_title(title) for title in movies["title"]], movies.index, object)
    return movies.assign(title=titles), int((titles != movies["title"]).sum())


def _keep_complete(movies: pd.DataFrame, *, merge: bool) -> tuple[pd.DataFrame, Step]:
    """Keep movies that have every required value and a poster; merge duplicate rows first."""
    rows = _merge_rows(movies) if merge else movies
    is_complete = _has_all_values(rows)
    is_placeholder = is_complete & rows["poster_url"].str.contains(_PLACEHOLDER)
    complete = rows[is_complete & ~is_placeholder]
    dropped = {
        RejectReason.DUPLICATE_ROW: len(movies) - len(rows),
        RejectReason.MISSING_VALUE: int((~is_complete).sum()),
        RejectReason.PLACEHOLDER: int(is_placeholder.sum()),
    }
    counts = {reason: count for reason, count in dropped.items() if count}
    return complete, Step("complete", len(complete), counts)


def _has_all_values(movies: pd.DataFrame) -> pd.Series:
    texts = ["imdb_id", "title", "poster_url"]
    return (movies[texts] != "").all(axis="columns") & (movies["genres"].map(len) > 0)


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
