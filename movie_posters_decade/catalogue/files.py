"""A catalogue's file is read, out of a zip if need be."""

import zipfile
import zlib
from pathlib import Path

from movie_posters_decade.catalogue.clean import Catalogue, parse_catalogue
from movie_posters_decade.catalogue.locate import TABLE_SUFFIXES, suffix_of, unreadable
from movie_posters_decade.config import KAGGLE_FILE, Options
from movie_posters_decade.errors import CatalogueError

_ZIP = b"PK\x03\x04"
"""What every zip that holds a file begins with."""


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
            if content.startswith(_ZIP):
                raise CatalogueError(
                    f"{name}: expected a table, or a zip that is whole; found a zip that is not "
                    "read. Get it again."
                )
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise unreadable(name, error) from error
    return parse_catalogue(content, name, options)


def _read_member(path: Path, name: str) -> tuple[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        tables = [
            member
            for member in archive.namelist()
            # A Mac adds files of its own beside each.
            if suffix_of(member) in TABLE_SUFFIXES and not Path(member).name.startswith("._")
        ]
        named = [table for table in tables if Path(table).name == KAGGLE_FILE]
        chosen = named or tables
        if len(chosen) != 1:
            raise CatalogueError(
                f"{name}: expected {KAGGLE_FILE}, or one table, in this zip; "
                f"found {', '.join(sorted(chosen)) or 'none'}."
            )
        return chosen[0], archive.read(chosen[0])
