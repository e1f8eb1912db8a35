"""Cleaning: a table becomes complete, unique movies, by the rules of docs/catalogue.md."""

import ast
import hashlib
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pandas as pd

from movie_posters_decade.catalogue.readers import Columns, parse_table
from movie_posters_decade.config import KAGGLE_COLUMNS, Options
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.records import RejectReason, Step, is_url, lower_scheme

# The last parenthesis that holds exactly four digits: "Blade Runner 2049 (2017)".
_TITLE_WITH_YEAR = re.compile(r"\A(.*)\(([0-9]{4})\)(.*)", re.DOTALL)
_YEAR = re.compile(r"(?<![0-9])([0-9]{4})(?![0-9])")
_IMDB_ID = re.compile(r"\A(?:tt)?0*([0-9]+)(?:\.0)?\Z", re.IGNORECASE | re.ASCII)
_IMDB_ID_WITH_TT = re.compile(r"\Att0*([0-9]+)\Z", re.IGNORECASE | re.ASCII)

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
    parsed = _parse_fields(_read_fields(content, name, options), options)
    titles = pd.Series([repair_title(title) for title in parsed["title"]], dtype=object)
    repaired = int((titles != parsed["title"]).sum())
    rows = Step("rows", len(parsed), repaired={"titles": repaired} if repaired else {})
    merge = options.duplicate_rows == "merge"
    complete_movies, complete = _keep_complete(parsed.assign(title=titles), merge=merge)
    movies, unique = _keep_unique(complete_movies)
    sha256 = hashlib.sha256(content).hexdigest()
    return Catalogue(movies.reset_index(drop=True), (rows, complete, unique), sha256)


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
        for _ in range(2):
            texts.append(texts[-1].encode("latin-1").decode("mac_roman"))
    # Most rounds first: a text of two rounds can look like one of fewer, but not the reverse.
    for text in reversed(texts):
        with suppress(UnicodeError):
            return text.encode("cp1252").decode("utf-8")
    return title


def _read_fields(content: bytes, name: str, options: Options) -> pd.DataFrame:
    """Read the columns of a table, renamed to the fields of a movie."""
    headers = KAGGLE_COLUMNS | dict(options.columns or {})
    # Only the score may be missing, unless its column is named.
    needed = (KAGGLE_COLUMNS.keys() - {"imdb_score"}) | (options.columns or {}).keys()
    required = dict.fromkeys(header for field, header in headers.items() if field in needed)
    table = parse_table(content, name, Columns([*required], [KAGGLE_COLUMNS["imdb_score"]]))
    raw = {field: table[header] for field, header in headers.items() if header in table.columns}
    for field, values in raw.items():
        if field != "genres" and any(isinstance(value, tuple) for value in values):
            raise CatalogueError(
                f"{name}: expected one value for each movie in the column {headers[field]}; found "
                "a list. Only genres may be lists."
            )
    return pd.DataFrame(raw)


def _parse_fields(raw: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Parse the texts of each field into a movie's values. No row is dropped."""
    header = (options.columns or {}).get("imdb_id", KAGGLE_COLUMNS["imdb_id"])
    pattern = _IMDB_ID if "imdb" in header.lower() else _IMDB_ID_WITH_TT
    titles, years = _split_years(raw)
    scores = pd.to_numeric(raw.get("imdb_score", pd.Series(index=raw.index)), errors="coerce")
    # Cached, as few combinations of genres exist. A list cannot be a key of the cache.
    split = cache(partial(_split_genres, separator=options.genre_separator))
    ids = raw["imdb_id"].str.strip()
    fields = {
        # As IMDb writes it: "tt" and at least seven digits. Other ids are left alone.
        "imdb_id": ids.str.replace(pattern, lambda found: f"tt{found[1]:0>7}", regex=True),
        "title": titles,
        "year": years,
        "genres": [_genre_names(g) if isinstance(g, tuple) else split(g) for g in raw["genres"]],
        "imdb_score": scores.where(scores.between(0, 10)),
        "poster_url": [_normalize_link(link, options.base_url) for link in raw["poster_url"]],
    }
    return pd.DataFrame(fields, dtype=object).astype({"year": "Int64", "imdb_score": "float64"})


def _split_years(raw: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return titles and years: from two columns, or both from the title."""
    titles = raw["title"].str.strip()
    if "year" in raw.columns:
        return titles, raw["year"].str.extract(_YEAR, expand=False)
    parts = titles.str.extract(_TITLE_WITH_YEAR)
    without_year = parts[0].str.strip() + " " + parts[2].str.strip()
    return without_year.str.strip().fillna(titles), parts[1]


def _normalize_link(link: str, base_url: str) -> str:
    """Return a link in one canonical form, so that two forms of it are found to be duplicates."""
    link = link.strip(_STRAY)
    if link in {"", "N/A"}:
        return ""
    if is_url(link):
        return lower_scheme(link)
    if base_url:
        return f"{base_url.rstrip('/')}/{link.lstrip('/')}"
    return os.path.normpath(link)


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


def _keep_complete(movies: pd.DataFrame, *, merge: bool) -> tuple[pd.DataFrame, Step]:
    """Keep movies that have every required value and a poster; merge duplicate rows first."""
    rows = _merge_rows(movies) if merge else movies
    has_texts = (rows[["imdb_id", "title", "poster_url"]] != "").all(axis="columns")
    is_complete = has_texts & (rows["genres"].map(len) > 0)
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
