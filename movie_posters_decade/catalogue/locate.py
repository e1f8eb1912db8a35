"""Where a catalogue lies, on this machine or on the network, and what tells it from others."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from movie_posters_decade.config import KAGGLE_FILE, KAGGLE_PAGE
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.records import is_url, lower_scheme

TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet")
"""What the names of tables end in."""


def locate(data_files: object, data_dir: str | None = None) -> str:
    """Return the one place that ``data_files`` names: a URL, or the path of an existing file.

    Args:
        data_files: a path or URL, or a list or mapping that holds just one, as `datasets` takes.
        data_dir: the folder that a relative path starts from; by default the current one.

    Raises:
        CatalogueError: there are several places, or no such file.
    """
    places = list(_flatten(data_files))
    if len(places) != 1:
        raise CatalogueError(
            f"data_files: expected one catalogue, such as {KAGGLE_FILE}; found {len(places)} files."
        )
    [place] = places
    if not place.strip():
        raise CatalogueError("data_files: expected the catalogue's path or URL; found no text.")
    if is_url(place):
        return lower_scheme(place)
    return str(find_catalogue(expanded(data_dir or "") / expanded(place)).resolve())


def expanded(path: str) -> Path:
    """Return a path in which "~" stands for a home, and for itself where there is no such home."""
    return Path(os.path.expanduser(path))  # noqa: PTH111, pathlib's own fails there


def _flatten(places: object) -> list[str]:
    if isinstance(places, Mapping):
        return [place for value in places.values() for place in _flatten(value)]
    if isinstance(places, Sequence) and not isinstance(places, str):
        return [place for value in places for place in _flatten(value)]
    return [str(places)]


def identify(place: str) -> str:
    """Return what tells a catalogue from another: its content's hash and type, or its URL."""
    return place if is_url(place) else f"{hash_file(Path(place))}{suffix_of(place)}"


def folder_of(place: str) -> Path | None:
    """Return the folder that relative links of the catalogue start from; None if it is remote."""
    return None if is_url(place) else Path(place).parent


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
    found = sorted(
        path for path in place.iterdir() if suffix_of(path.name) in {*TABLE_SUFFIXES, ".zip"}
    )
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise CatalogueError(
            f"{place}: expected {KAGGLE_FILE}, or one table or .zip file, in this folder; "
            f"found {names}. Name the file with data_files."
        )
    return found[0]


def hash_file(path: Path) -> str:
    """Return a hash that changes with the catalogue's bytes and with the folder it lies in.

    The folder counts because links may be paths relative to it.

    Raises:
        CatalogueError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise unreadable(str(path), error) from error
    content.update(str(path.resolve().parent).encode())
    return content.hexdigest()


def suffix_of(name: str) -> str:
    """Return what the name of a file, or of a file at a URL, ends in, such as ".csv"."""
    path = urlsplit(name).path if is_url(name) else name
    return PurePosixPath(path.replace("\\", "/")).suffix.lower()


def unreadable(name: str, error: Exception) -> CatalogueError:
    """Return the error of a catalogue that is there and cannot be read."""
    return CatalogueError(f"{name}: expected a readable catalogue; found: {error}.")
