"""A catalogue's file is found, told from others, and read, out of a zip if need be."""

import hashlib
import zipfile
import zlib
from pathlib import Path

from movie_posters_decade.catalogue import KAGGLE_FILE, KAGGLE_PAGE, Catalogue, parse_catalogue
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.options import Options
from movie_posters_decade.tables import SUFFIXES, suffix_of


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
    found = sorted(path for path in place.iterdir() if suffix_of(path.name) in {*SUFFIXES, ".zip"})
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
        raise _unreadable(str(path), error) from error
    content.update(str(path.resolve().parent).encode())
    return content.hexdigest()


def read_catalogue(
    path: Path, name: str | None = None, options: Options | None = None
) -> Catalogue:
    """Read a catalogue, or the one in a zip.

    Args:
        path: the file.
        name: what to call it in errors, and what its type is told by, if not by its path.
        options: as `parse_catalogue` takes them.

    Raises:
        CatalogueError: the file cannot be read, is empty, is no such table, or lacks a column.
    """
    name = name or str(path)
    try:
        if suffix_of(name) != ".parquet" and zipfile.is_zipfile(path):
            member, content = _read_member(path, name)
            name = f"{name}/{member}"
        else:
            content = path.read_bytes()
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise _unreadable(name, error) from error
    return parse_catalogue(content, name, options)


def _unreadable(name: str, error: Exception) -> CatalogueError:
    return CatalogueError(f"{name}: expected a readable catalogue; found: {error}.")


def _read_member(path: Path, name: str) -> tuple[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        tables = [
            member
            for member in archive.namelist()
            # A Mac adds files of its own beside each.
            if suffix_of(member) in SUFFIXES and not Path(member).name.startswith("._")
        ]
        named = [table for table in tables if Path(table).name == KAGGLE_FILE]
        chosen = named or tables
        if len(chosen) != 1:
            raise CatalogueError(
                f"{name}: expected {KAGGLE_FILE}, or one table, in this zip; "
                f"found {', '.join(sorted(chosen)) or 'none'}."
            )
        return chosen[0], archive.read(chosen[0])
