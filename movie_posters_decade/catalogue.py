"""A catalogue file becomes one tidy table of movies, with a count of what was dropped and why."""

import csv
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from movie_posters_decade.addresses import is_url
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.funnel import Reason, Step

KAGGLE_PAGE = "https://www.kaggle.com/datasets/neha1703/movie-genre-from-its-poster"
KAGGLE_URL = "https://www.kaggle.com/api/v1/datasets/download/neha1703/movie-genre-from-its-poster"
KAGGLE_FILE = "MovieGenre.csv"
REQUIRED_COLUMNS = ("imdbId", "Title", "Genre", "Poster")
SCORE_COLUMN = "IMDB Score"
_COLUMNS = (*REQUIRED_COLUMNS, SCORE_COLUMN)

# The last parenthesis that holds just four digits: "Blade Runner 2049 (2017)".
_DATED_TITLE = r"(?s)^(?P<before>.*)\((?P<year>[0-9]{4})\)(?P<after>.*)$"

# Beside white space: quotes, straight and curly, a zero-width space and a byte order mark.
_STRAY = "\"'\u201c\u201d\u2018\u2019\u200b\ufeff \t\r\n\xa0"

GENRES = (
    "Action",
    "Adult",
    "Adventure",
    "Animation",
    "Biography",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Family",
    "Fantasy",
    "Film-Noir",
    "Game-Show",
    "History",
    "Horror",
    "Music",
    "Musical",
    "Mystery",
    "News",
    "Reality-TV",
    "Romance",
    "Sci-Fi",
    "Short",
    "Sport",
    "Talk-Show",
    "Thriller",
    "War",
    "Western",
)
"""The genres of Kaggle's catalogue."""


@dataclass(frozen=True)
class Catalogue:
    """The complete, unshared movies of a catalogue file.

    Attributes:
        movies: one row a movie, in the file's order, with the columns ``imdb_id`` ("tt0114709"),
            ``title`` (without the year), ``year`` (nullable integer), ``genres`` (tuple of names),
            ``imdb_score`` (0 to 10, or NaN) and ``poster_url`` (a URL, or a path for a local file).
        steps: the funnel so far: rows, complete, unshared.
        sha256: the hash of the table's bytes.
    """

    movies: pd.DataFrame
    steps: tuple[Step, ...]
    sha256: str


def find_catalogue(place: Path) -> Path:
    """Return the catalogue file that ``place`` is, or that lies in the folder ``place``.

    Raises:
        CatalogueError: there is no such file or folder, or no one file in it to choose.
    """
    if place.is_file():
        return place
    if not place.is_dir():
        raise CatalogueError(
            f"{place}: expected a catalogue such as {KAGGLE_FILE}, found no file of that name. "
            f"It can be downloaded from {KAGGLE_PAGE}."
        )
    named = place / KAGGLE_FILE
    if named.is_file():
        return named
    found = sorted(path for path in place.iterdir() if path.suffix.lower() in {".csv", ".zip"})
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise CatalogueError(
            f"{place}: expected {KAGGLE_FILE}, or one .csv or .zip file, in this folder; "
            f"found {names}. Name the file with data_files."
        )
    return found[0]


def fingerprint(path: Path) -> str:
    """Return a hash that changes with the catalogue's bytes and with the folder it lies in.

    The folder counts because links may be paths relative to it.

    Raises:
        CatalogueError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise _unreadable(str(path), error) from error
    content.update(str(path.resolve().parent).encode())
    return content.hexdigest()


def read_catalogue(path: Path, name: str | None = None) -> Catalogue:
    """Read a catalogue in Kaggle's columns: a CSV file in UTF-8 or latin-1, or a zip that holds it.

    Args:
        path: the file.
        name: what to call it in errors, if not by its path.

    Raises:
        CatalogueError: the file cannot be read, is empty, is no such table, or lacks a column.
    """
    name = name or str(path)
    try:
        content = _read_member(path, name) if zipfile.is_zipfile(path) else path.read_bytes()
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise _unreadable(name, error) from error
    return parse_catalogue(content, name)


def _unreadable(name: str, error: Exception) -> CatalogueError:
    return CatalogueError(f"{name}: expected a readable catalogue; found: {error}.")


def _read_member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        names = [Path(member) for member in archive.namelist()]
        tables = [
            str(table)
            for table in names
            # A Mac adds files of its own beside each.
            if table.suffix.lower() == ".csv" and not table.name.startswith("._")
        ]
        named = [table for table in tables if Path(table).name == KAGGLE_FILE]
        chosen = named or tables
        if len(chosen) != 1:
            raise CatalogueError(
                f"{name}: expected {KAGGLE_FILE}, or one .csv file, in this zip; "
                f"found {', '.join(sorted(chosen)) or 'none'}."
            )
        return archive.read(chosen[0])


def parse_catalogue(content: bytes, name: str = "catalogue") -> Catalogue:
    """Parse a catalogue in Kaggle's columns.

    Args:
        content: a CSV table in UTF-8 (with or without a byte order mark) or latin-1.
        name: what to call the catalogue in errors.

    Raises:
        CatalogueError: the content is empty, is no such table, or lacks a column.
    """
    table = _parse_table(_decode(content, name), name)
    movies = _tidy(table)
    complete = movies[_is_complete(movies)]
    unshared = complete[~complete["poster_url"].duplicated(keep=False)]
    steps = (
        Step("rows", len(movies)),
        Step("complete", len(complete), {Reason.INCOMPLETE: len(movies) - len(complete)}),
        Step("unshared", len(unshared), {Reason.SHARED_POSTER: len(complete) - len(unshared)}),
    )
    sha256 = hashlib.sha256(content).hexdigest()
    return Catalogue(unshared.reset_index(drop=True), steps, sha256)


def _decode(content: bytes, name: str) -> str:
    if b"\0" in content:
        raise CatalogueError(
            f"{name}: expected a CSV table in UTF-8 or latin-1; found zero bytes, as in a binary "
            "or UTF-16 file. Save it as CSV in UTF-8."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _parse_table(text: str, name: str) -> pd.DataFrame:
    reader = csv.reader(io.StringIO(text))
    try:
        header = [column.strip() for column in next(reader, [])]
        _check_header(header, name)
        places = {column: header.index(column) for column in _COLUMNS if column in header}
        rows = [_fields(row, header, places, f"{name}, line {reader.line_num}") for row in reader]
    except csv.Error as error:
        raise CatalogueError(
            f"{name}, line {reader.line_num}: expected a row of a CSV table; found: {error}."
        ) from error
    table = pd.DataFrame([row for row in rows if row], columns=list(places), dtype=str)
    if table.empty:
        raise CatalogueError(f"{name}: expected a row for each movie; found only the header.")
    return table


def _fields(
    row: list[str], header: list[str], places: Mapping[str, int], where: str
) -> list[str] | None:
    """Return the fields that are read, empty where the row is too short; None of an empty line."""
    if any(field.strip() for field in row[len(header) :]):
        raise CatalogueError(
            f"{where}: expected {len(header)} fields, as in the header; found {len(row)}. "
            "Put fields that hold a comma in quotes."
        )
    return [row[place] if place < len(row) else "" for place in places.values()] if row else None


def _check_header(header: list[str], name: str) -> None:
    wanted = ", ".join(REQUIRED_COLUMNS)
    if not any(header):
        raise CatalogueError(f"{name}: expected a CSV table with {wanted}; found an empty file.")
    missing = [column for column in REQUIRED_COLUMNS if column not in header]
    if missing:
        raise CatalogueError(
            f"{name}: expected the columns {wanted}; found no {', '.join(missing)} "
            f"among {_shortened(', '.join(header))}. Columns are separated by commas."
        )
    twice = [column for column in REQUIRED_COLUMNS if header.count(column) > 1]
    if twice:
        raise CatalogueError(
            f"{name}: expected the columns {wanted} once each; found {twice[0]} "
            f"{header.count(twice[0])} times."
        )


def _shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[:limit] + "…"


def _tidy(table: pd.DataFrame) -> pd.DataFrame:
    titles = table["Title"].str.strip()
    dated = titles.str.extract(_DATED_TITLE)
    undated = (dated["before"].str.strip() + " " + dated["after"].str.strip()).str.strip()
    scores = table[SCORE_COLUMN] if SCORE_COLUMN in table.columns else pd.Series(index=table.index)
    ratings = pd.to_numeric(scores, errors="coerce").astype("float64")
    return pd.DataFrame(
        {
            "imdb_id": _imdb_ids(table["imdbId"]),
            "title": undated.where(dated["year"].notna(), titles),
            "year": pd.to_numeric(dated["year"]).astype("Int64"),
            "genres": table["Genre"].map(_genre_names),
            "imdb_score": ratings.where(ratings.between(0, 10)),
            "poster_url": table["Poster"].str.strip(_STRAY).map(_one_form),
        }
    )


def _imdb_ids(ids: pd.Series) -> pd.Series:
    """Write numbers as IMDb does, "tt" and at least seven digits; leave anything else alone."""
    ids = ids.str.strip()
    digits = ids.str.extract(r"^(?i:tt)?0*([0-9]+)(?:\.0)?$")[0]
    return ("tt" + digits.str.zfill(7)).where(digits.notna(), ids)


def _one_form(link: str) -> str:
    """Write a path in one way, so that two ways to one file are found to share it."""
    return link if is_url(link) or not link else os.path.normpath(link)


def _genre_names(genres: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in genres.split("|")) if name)


def _is_complete(movies: pd.DataFrame) -> pd.Series:
    texts = ["imdb_id", "title", "poster_url"]
    return (movies[texts] != "").all(axis="columns") & (movies["genres"].map(len) > 0)
