"""Readers: the bytes of a catalogue file become a table of texts, by file type.

A new file type is one function here, and one entry in `READERS`.
"""

import csv
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from movie_posters_decade.config import KAGGLE_FILE
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.records import is_url

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Columns:
    """The columns to read: those that a table must have, and those that it may lack."""

    required: Sequence[str]
    optional: Sequence[str]

    def found_in(self, header: Sequence[str], name: str, hint: str = "") -> list[str]:
        """Return the columns that are in the header of the table ``name``, required ones first."""
        expected = ", ".join(self.required)
        if not any(header):
            raise CatalogueError(f"{name}: expected a table with {expected}; found an empty file.")
        if missing := [column for column in self.required if column not in header]:
            raise CatalogueError(
                f"{name}: expected the columns {expected}; found no {', '.join(missing)} among "
                f"{_shorten(', '.join(header), 200)}. Set the option columns if they have other "
                f"names.{hint}"
            )
        for column in self.required:
            if header.count(column) > 1:
                raise CatalogueError(
                    f"{name}: expected the columns {expected} once each; found {column} "
                    f"{header.count(column)} times."
                )
        return [*self.required, *(column for column in self.optional if column in header)]


def read_file(path: Path, name: str) -> tuple[str, bytes]:
    """Read a file, or the only table in a zip, and return its name for errors and its bytes."""
    try:
        # A Parquet file may hold the bytes that a zip is recognized by.
        if suffix_of(name) != ".parquet" and zipfile.is_zipfile(path):
            return _read_member(path, name)
        content = path.read_bytes()
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise CatalogueError(f"{name}: expected a readable catalogue; found: {error}.") from error
    # Every zip that holds a file starts with these bytes.
    if content.startswith(b"PK\x03\x04"):
        raise CatalogueError(
            f"{name}: expected a table or a complete zip; found a zip that cannot be read. "
            "Download it again."
        )
    return name, content


def parse_table(content: bytes, name: str, columns: Columns) -> pd.DataFrame:
    """Parse a table into texts, with empty texts for missing values, and tuples for lists.

    The suffix of the name, a path or URL, is the file type. A table of any other suffix is CSV.
    """
    table = READERS.get(suffix_of(name), _read_csv)(content, name, columns)
    if table.empty:
        raise CatalogueError(f"{name}: expected a row for each movie; found only the header.")
    return table


def suffix_of(name: str) -> str:
    """Return the suffix of a file name, a path or a URL, such as ".csv", in lower case."""
    path = urlsplit(name).path if is_url(name) else name
    return PurePosixPath(path.replace("\\", "/")).suffix.lower()


def _read_member(path: Path, name: str) -> tuple[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        tables = [member for member in archive.namelist() if suffix_of(member) in READERS]
        # macOS adds a "._" file beside each file.
        tables = [table for table in tables if not Path(table).name.startswith("._")]
        chosen = [table for table in tables if Path(table).name == KAGGLE_FILE] or tables
        if len(chosen) == 1:
            return f"{name}/{chosen[0]}", archive.read(chosen[0])
    found = ", ".join(sorted(chosen)) or "none"
    raise CatalogueError(
        f"{name}: expected {KAGGLE_FILE}, or one table, in this zip; found {found}."
    )


def _read_csv(
    content: bytes, name: str, columns: Columns, *, delimiter: str = ",", separators: str = "commas"
) -> pd.DataFrame:
    reader = csv.reader(_decode(content, name), delimiter=delimiter)
    try:
        header = [column.strip() for column in next(reader, [])]
        found = columns.found_in(header, name, f" Columns must be separated by {separators}.")
        indices = [header.index(column) for column in found]
        rows = [_fields(row, len(header), indices, name, reader.line_num) for row in reader if row]
    except csv.Error as error:
        raise CatalogueError(
            f"{name}, line {reader.line_num}: expected a row of a CSV table; found: {error}."
        ) from error
    return pd.DataFrame(rows, columns=found, dtype=object)


def _fields(row: list[str], width: int, indices: Sequence[int], name: str, line: int) -> list[str]:
    """Return the fields of the columns that are read; a row that is too short has empty ones."""
    if any(map(str.strip, row[width:])):
        raise CatalogueError(
            f"{name}, line {line}: expected {width} fields, as in the header; found {len(row)}. "
            "Put fields that hold a comma in quotes."
        )
    return [row[index] if index < len(row) else "" for index in indices]


def _read_json_lines(content: bytes, name: str, columns: Columns) -> pd.DataFrame:
    rows = list(_json_objects(_decode(content, name), name))
    found = columns.found_in(list(dict.fromkeys(key for row in rows for key in row)), name)
    return _texts({column: [row.get(column) for row in rows] for column in found})


def _json_objects(lines: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            where = f"{name}, line {number}: expected an object in JSON; found"
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise CatalogueError(f"{where}: {error}.") from error
            if not isinstance(row, dict):
                raise CatalogueError(f"{where} {_shorten(line, 80)}.")
            yield _without_lone_surrogates(row) if r"\u" in line else row


def _without_lone_surrogates(row: Any) -> Any:
    """Replace halves of a character, which JSON can name and no file can hold."""
    text = json.dumps(row, ensure_ascii=False)
    clean = _LONE_SURROGATE.sub("\ufffd", text)
    return row if clean == text else json.loads(clean)


def _read_parquet(content: bytes, name: str, columns: Columns) -> pd.DataFrame:
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        found = columns.found_in(file.schema_arrow.names, name)
        table = file.read(found)
    except pa.ArrowException as error:
        raise CatalogueError(f"{name}: expected a Parquet file; found: {error}.") from error
    return _texts({column: table.column(column).to_pylist() for column in found})


_read_tsv = partial(_read_csv, delimiter="\t", separators="tabs")

READERS: Mapping[str, Callable[[bytes, str, Columns], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".tab": _read_tsv,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".parquet": _read_parquet,
}
"""The reader of each file type, by the suffix of the file's name."""


def _decode(content: bytes, name: str) -> io.TextIOWrapper:
    """Return the lines of a text, in UTF-8 or latin-1, decoded one by one: it can be large."""
    if b"\0" in content:
        raise CatalogueError(
            f"{name}: expected a text file in UTF-8 or latin-1; found zero bytes, as in a binary "
            "or UTF-16 file. Save it in UTF-8."
        )
    encoding = "utf-8-sig"
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        encoding = "latin-1"
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")


def _texts(columns: Mapping[str, Iterable[Any]]) -> pd.DataFrame:
    texts = {column: [_text(value) for value in values] for column, values in columns.items()}
    return pd.DataFrame(texts, dtype=object)


def _text(value: Any) -> str | tuple[Any, ...]:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    # Pandas turns a column of whole numbers into floats if one is missing.
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "…"
