"""Titles that were decoded by the wrong table, repaired where that is certain."""

import ast
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pandas as pd

from movie_posters_decade.catalogue.readers import parse_table
from movie_posters_decade.config import KAGGLE_COLUMNS, Options
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.records import RejectReason, Step, is_url, lower_scheme

_WRONG_TURNS = 2
"""How often a text of Kaggle's catalogue was written as Mac Roman and read as latin-1."""


def repair_title(title: str) -> str:
    """Return a title as it was before it was decoded wrongly, or as it is.

    UTF-8 that was read as Windows-1252 is undone, and so is what happened to Kaggle's catalogue
    after that, once or twice: it was written as Mac Roman and read as latin-1. Texts that are right
    do not come out of that as valid UTF-8. Nor do those that rejected a character on the way, which are
    left alone.
    """
    if title.isascii():
        return title
    texts = [title]
    with suppress(UnicodeError):
        for _ in range(_WRONG_TURNS):
            texts.append(texts[-1].encode("latin-1").decode("mac_roman"))
    # What went wrong more often can look as if it had gone wrong less often, but not the reverse.
    for text in reversed(texts):
        with suppress(UnicodeError):
            return text.encode("cp1252").decode("utf-8")
    return title


REQUIRED_FIELDS = {"imdb_id", "title", "genres", "poster_url"}
_OPTIONAL = (KAGGLE_COLUMNS["imdb_score"],)

# IMDb's picture for movies without a poster.
_PLACEHOLDER = "/nopicture/"

# The last parenthesis that holds just four digits: "Blade Runner 2049 (2017)".
_DATED_TITLE = re.compile(r"(.*)\(([0-9]{4})\)(.*)", re.DOTALL)
_YEAR = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")
_IMDB_ID = re.compile(r"(?:tt)?0*([0-9]+)(?:\.0)?$", re.IGNORECASE | re.ASCII)
_TITLED_IMDB_ID = re.compile(r"tt0*([0-9]+)$", re.IGNORECASE | re.ASCII)

# Beside white space: quotes, straight and curly, a zero-width space and a byte order mark.
_STRAY = "\"'\u201c\u201d\u2018\u2019\u200b\ufeff \t\r\n\xa0"


@dataclass(frozen=True)
class Catalogue:
    """The complete, unique movies of a catalogue file.

    Attributes:
        movies: one row a movie, in the file's order, with the columns ``imdb_id`` ("tt0114709"),
            ``title`` (without the year), ``year`` (nullable integer), ``genres`` (tuple of names),
            ``imdb_score`` (0 to 10, or NaN) and ``poster_url`` (a URL, or a path for a local file).
        steps: the funnel so far: rows, complete, unique.
        sha256: the hash of the table's bytes.
    """

    movies: pd.DataFrame
    steps: tuple[Step, ...]
    sha256: str


def parse_catalogue(
    content: bytes, name: str = "catalogue", options: Options | None = None
) -> Catalogue:
    """Parse a catalogue.

    Args:
        content: a table of one of the types that `parse_table` reads.
        name: what to call the catalogue in errors; what it ends in tells its type.
        options: what its columns are called and how their values are written; by default as in
            Kaggle's.

    Raises:
        CatalogueError: the content is empty, is no such table, or lacks a column.
    """
    options = options or Options()
    mapping = dict(options.columns or {})
    names = KAGGLE_COLUMNS | mapping
    needed = REQUIRED_FIELDS | mapping.keys()
    required = dict.fromkeys(header for field, header in names.items() if field in needed)
    table = parse_table(content, name, list(required), _OPTIONAL)
    raw = pd.DataFrame(
        {field: table[header] for field, header in names.items() if header in table.columns}
    )
    _check_texts(raw, names, name)
    movies = _tidy(raw, options)
    garbled = movies["title"]
    movies["title"] = pd.Series([repair_title(title) for title in garbled], movies.index, object)
    repaired = int((movies["title"] != garbled).sum())
    once = movies if options.duplicate_rows == "drop" else _merged(movies)
    is_placeholder = once["poster_url"].str.contains(_PLACEHOLDER)
    is_complete = _is_complete(once)
    complete = once[is_complete & ~is_placeholder]
    unique = complete[~complete["poster_url"].duplicated(keep=False)]
    placeholders = int((is_complete & is_placeholder).sum())
    dropped = {
        RejectReason.DUPLICATE_ROW: len(movies) - len(once),
        RejectReason.MISSING_VALUE: int((~is_complete).sum()),
        RejectReason.PLACEHOLDER: placeholders,
    }
    steps = (
        Step("rows", len(movies), repaired={"titles": repaired} if repaired else {}),
        Step("complete", len(complete), {reason: n for reason, n in dropped.items() if n}),
        Step("unique", len(unique), {RejectReason.DUPLICATE_URL: len(complete) - len(unique)}),
    )
    sha256 = hashlib.sha256(content).hexdigest()
    return Catalogue(unique.reset_index(drop=True), steps, sha256)


def _check_texts(raw: pd.DataFrame, names: Mapping[str, str], name: str) -> None:
    for field in raw.columns.drop("genres"):
        if any(isinstance(value, tuple) for value in raw[field]):
            raise CatalogueError(
                f"{name}: expected one value for each movie in the column {names[field]}; found a "
                "list. Only genres may be lists."
            )


def _tidy(raw: pd.DataFrame, options: Options) -> pd.DataFrame:
    columns = options.columns or {}
    is_imdbs = "imdb" in columns.get("imdb_id", KAGGLE_COLUMNS["imdb_id"]).lower()
    titles = [title.strip() for title in raw["title"]]
    dated = (
        [(title, _year(text)) for title, text in zip(titles, raw["year"], strict=True)]
        if "year" in columns
        else [_undated(title) for title in titles]
    )
    scores = raw["imdb_score"] if "imdb_score" in raw.columns else pd.Series(index=raw.index)
    ratings = pd.to_numeric(scores, errors="coerce").astype("float64")
    split = _genre_splitter(options.genre_separator)
    texts = {
        "imdb_id": [_imdb_id(text.strip(), is_imdbs=is_imdbs) for text in raw["imdb_id"]],
        "title": [title for title, _ in dated],
        "genres": [split(genres) for genres in raw["genres"]],
        "poster_url": [
            _one_form(link.strip(_STRAY), options.base_url) for link in raw["poster_url"]
        ],
    }
    tidy = pd.DataFrame(texts, index=raw.index, dtype=object)
    tidy.insert(2, "year", pd.Series([year for _, year in dated], raw.index, dtype="Int64"))
    tidy.insert(4, "imdb_score", ratings.where(ratings.between(0, 10)))
    return tidy


def _undated(title: str) -> tuple[str, int | None]:
    """Return a title without its year, and the year."""
    dated = _DATED_TITLE.match(title)
    if dated is None:
        return title, None
    before, year, after = dated.groups()
    return f"{before.strip()} {after.strip()}".strip(), int(year)


def _year(text: str) -> int | None:
    """Return the year in a year or a date."""
    found = _YEAR.search(text)
    return int(found[0]) if found else None


def _merged(movies: pd.DataFrame) -> pd.DataFrame:
    """Keep one of the rows that have the same id and the same link."""
    # Ordered by all that they hold, so that the order of the rows does not matter.
    ordered = movies.loc[movies.astype(str).sort_values(list(movies.columns)).index]
    is_first = ~ordered.duplicated(["imdb_id", "poster_url"])
    return movies[is_first.reindex(movies.index) | (movies["poster_url"] == "")]


def _imdb_id(text: str, *, is_imdbs: bool) -> str:
    """Write IMDb's ids as IMDb does, "tt" and at least seven digits; leave any others alone."""
    digits = (_IMDB_ID if is_imdbs else _TITLED_IMDB_ID).match(text)
    return f"tt{digits[1]:0>7}" if digits else text


def _one_form(link: str, base: str) -> str:
    """Write a path in one way, so that two ways to one file are found to share it."""
    if not link or link == "N/A":
        return ""
    if is_url(link):
        return lower_scheme(link)
    return base.rstrip("/") + "/" + link.lstrip("/") if base else os.path.normpath(link)


def _genre_splitter(separator: str) -> Callable[[str | tuple[Any, ...]], tuple[str, ...]]:
    """Return what splits genres, or takes them out of a list; there are few combinations."""
    split = cache(partial(_genre_names, separator=separator))
    return lambda genres: split(genres) if isinstance(genres, str) else _names(genres)


def _genre_names(genres: str, separator: str) -> tuple[str, ...]:
    if genres.startswith("["):
        with suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return _names(list(ast.literal_eval(genres)))
    return _names(genres.split(separator))


def _names(parts: Iterable[Any]) -> tuple[str, ...]:
    """Return the names that are there; of TMDB's objects with a name that is taken."""
    named = (part.get("name") if isinstance(part, dict) else part for part in parts)
    names = (str(name).strip() for name in named if name is not None)
    return tuple(name for name in names if name)


def _is_complete(movies: pd.DataFrame) -> pd.Series:
    texts = ["imdb_id", "title", "poster_url"]
    return (movies[texts] != "").all(axis="columns") & (movies["genres"].map(len) > 0)
