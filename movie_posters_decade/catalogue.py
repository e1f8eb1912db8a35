"""A catalogue file becomes one tidy table of movies, with a count of what was dropped and why."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.funnel import Reason, Step

KAGGLE_PAGE = "https://www.kaggle.com/datasets/neha1703/movie-genre-from-its-poster"
KAGGLE_URL = "https://www.kaggle.com/api/v1/datasets/download/neha1703/movie-genre-from-its-poster"
KAGGLE_FILE = "MovieGenre.csv"
REQUIRED_COLUMNS = ("imdbId", "Title", "Genre", "Poster")
SCORE_COLUMN = "IMDB Score"

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
    """

    movies: pd.DataFrame
    steps: tuple[Step, ...]


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
    """
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256")
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
    except (OSError, zipfile.BadZipFile) as error:
        raise CatalogueError(f"{name}: expected a readable catalogue; found: {error}.") from error
    return parse_catalogue(content, name)


def _read_member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        tables = [table for table in archive.namelist() if table.lower().endswith(".csv")]
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
    return Catalogue(unshared.reset_index(drop=True), steps)


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
    columns = ", ".join(REQUIRED_COLUMNS)
    if not text.strip():
        raise CatalogueError(f"{name}: expected a CSV table with {columns}; found an empty file.")
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, na_filter=False)
    except pd.errors.ParserError as error:
        found = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise CatalogueError(
            f"{name}: expected a CSV table with {columns}, separated by commas; found: {found}."
        ) from error
    table.columns = table.columns.str.strip()
    missing = [column for column in REQUIRED_COLUMNS if column not in table.columns]
    if missing:
        raise CatalogueError(
            f"{name}: expected the columns {columns}; found no {', '.join(missing)} "
            f"among {_shortened(', '.join(table.columns))}."
        )
    if table.empty:
        raise CatalogueError(f"{name}: expected a row for each movie; found only the header.")
    return table


def _shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[:limit] + "…"


def _tidy(table: pd.DataFrame) -> pd.DataFrame:
    titles = table["Title"].str.strip()
    # The last parenthesis that holds just four digits: "Blade Runner 2049 (2017)".
    dated = titles.str.extract(r"^(?P<before>.*)\((?P<year>\d{4})\)(?P<after>.*)$")
    undated = (dated["before"].str.strip() + " " + dated["after"].str.strip()).str.strip()
    scores = table[SCORE_COLUMN] if SCORE_COLUMN in table.columns else pd.Series(index=table.index)
    return pd.DataFrame(
        {
            "imdb_id": _imdb_ids(table["imdbId"]),
            "title": undated.where(dated["year"].notna(), titles),
            "year": pd.to_numeric(dated["year"]).astype("Int64"),
            "genres": table["Genre"].map(_genre_names),
            "imdb_score": pd.to_numeric(scores, errors="coerce").astype("float64"),
            "poster_url": table["Poster"].str.strip(" \t\r\n\"'"),
        }
    )


def _imdb_ids(ids: pd.Series) -> pd.Series:
    """Write numbers as IMDb does, "tt" and at least seven digits; leave anything else alone."""
    ids = ids.str.strip()
    digits = ids.str.extract(r"^(?:tt)?0*(\d+)(?:\.0)?$")[0]
    return ("tt" + digits.str.zfill(7)).where(digits.notna(), ids)


def _genre_names(genres: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in genres.split("|")) if name)


def _is_complete(movies: pd.DataFrame) -> pd.Series:
    texts = ["imdb_id", "title", "poster_url"]
    return (movies[texts] != "").all(axis="columns") & (movies["genres"].map(len) > 0)
