"""Unpack: a catalogue file, or the table in a zip or gzip file, becomes bytes."""

import errno
import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit

from movie_posters_decade.catalogue.memory import longest_text
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.io import read_regular_file
from movie_posters_decade.options.configurations import KAGGLE_FILE
from movie_posters_decade.records import is_url

TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx")
"""The suffixes by which a table is found in a folder or a zip. What it is, its content says."""

MAX_BYTES = 1024**3
"""The largest table, unpacked: 1 GiB."""

LISTED_MEMBERS = 10

_ZIP, _EMPTY_ZIP, _GZIP = b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b"
_WORKBOOK = "xl/workbook.xml"


def unpack(path: Path, name: str) -> tuple[str, bytes, int]:
    """Read a file, or the only table in a zip or gzip: return its name, its bytes, the file's size.

    Raises:
        CatalogueError: it cannot be read, or has more than `MAX_BYTES`, or more than a file of its
            size may hold.
    """
    try:
        content = read_regular_file(path, MAX_BYTES)
        packed = len(content)
        # A gzip in a zip, or the reverse, but no deeper.
        for _ in range(2):
            name, content = _unpack_once(name, content, min(MAX_BYTES, longest_text(packed)))
    except (
        OSError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        RuntimeError,
    ) as error:
        if getattr(error, "errno", None) == errno.EFBIG:
            raise too_large(name) from error
        raise CatalogueError(f"{name}: expected a readable file; found: {error}.") from error
    return name, content, packed


def is_table(name: str) -> bool:
    """Return whether a file's name is that of a table, or of a table in a gzip."""
    name = name.lower().removesuffix(".gz")
    # macOS adds a "._" file beside each file.
    return name.endswith(TABLE_SUFFIXES) and not PurePosixPath(name).name.startswith("._")


def suffix_of(name: str) -> str:
    """Return the suffix of a file name, a path or a URL, such as ".csv", in lower case."""
    path = urlsplit(name).path if is_url(name) else name
    return PurePosixPath(path.replace("\\", "/")).suffix.lower()


def _unpack_once(name: str, content: bytes, longest: int) -> tuple[str, bytes]:
    if content.startswith(_GZIP):
        with gzip.open(io.BytesIO(content)) as file:
            return name.removesuffix(".gz"), _read(file, name, longest)
    if not content.startswith((_ZIP, _EMPTY_ZIP)):
        return name, content
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise CatalogueError(
            f"{name}: expected a table or a complete zip; found a zip that cannot be read. "
            "Download it again."
        ) from error
    with archive:
        if _WORKBOOK in archive.namelist():
            return name, content
        member = _table_in(archive, name)
        with archive.open(member) as file:
            return f"{name}/{member}", _read(file, name, longest)


def _table_in(archive: zipfile.ZipFile, name: str) -> str:
    """Return the name of the only table in a zip, or of Kaggle's among several."""
    members = [member for member in archive.namelist() if not member.endswith("/")]
    tables = [member for member in members if is_table(member)]
    named = [table for table in tables if PurePosixPath(table).name == KAGGLE_FILE]
    chosen = named or tables or members
    if len(chosen) == 1:
        return chosen[0]
    raise CatalogueError(
        f"{name}: expected {KAGGLE_FILE}, or one table, in this zip; found "
        f"{', '.join(sorted(chosen)[:LISTED_MEMBERS]) or 'none'}. Unpack it, and name the table "
        "with data_files (--data-files)."
    )


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _read(file: _Readable, name: str, longest: int) -> bytes:
    content = file.read(longest + 1)
    if len(content) > longest:
        raise too_large(name, longest)
    return content


def too_large(name: str, longest: int | None = None) -> CatalogueError:
    """Return the error for a table of more bytes than `MAX_BYTES`, or than another limit."""
    most = MAX_BYTES if longest is None else longest
    return CatalogueError(
        f"{name}: expected a table of at most {most:,} bytes, unpacked; found a larger one. "
        "Split it, or leave columns out."
    )
