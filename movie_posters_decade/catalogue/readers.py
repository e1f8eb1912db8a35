"""Readers: the bytes of a catalogue become a table of texts, by their content.

A new file type is one function here, and one line in `open_table`.
"""

import io
import json
import math
import re
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from movie_posters_decade.catalogue.delimited import Delimited
from movie_posters_decade.catalogue.encoding import (
    REPLACEMENT,
    Text,
    detect_encoding,
    replace_surrogates,
)
from movie_posters_decade.catalogue.excel import read_rows
from movie_posters_decade.catalogue.memory import check_memory, check_text, memory_limit
from movie_posters_decade.catalogue.parquet import check_columns, repeated_texts, text_size
from movie_posters_decade.catalogue.unpack import suffix_of
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.schema import MANIFEST_START
from movie_posters_decade.text.csv_cells import original_cell

Value = str | tuple[Any, ...] | dict[str, Any]
"""A value of a table: a text, which is empty if the value is missing, or a list or an object."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_OTHER_TYPES = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"SQLite format 3\0": "a SQLite database",
    b"BZh91AY&SY": "a bzip2 file",
    b"\xfd7zXZ\0": "an xz file",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"ARROW1": "an Arrow file",
    b"\x80\x04\x95": "a Python pickle",
}
"""What files of other types start with."""

_JSON_SUFFIXES = {".json", ".jsonl", ".ndjson"}


@dataclass(frozen=True)
class Content:
    """The chosen columns of a table, and what the reading found."""

    columns: Sequence[Sequence[Value]]
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table of which the header is read.

    Attributes:
        kind: "CSV", "JSON", "JSON Lines", "Parquet" or "Excel".
        header: the names of the columns.
        read: reads the columns at some indices, given that of the column of links.
        sample: returns the values of the first rows, for a guess at what the columns hold.
        details: the encoding and delimiter, where there are any.
    """

    kind: str
    header: Sequence[str]
    read: Callable[[Sequence[int], int | None], Content]
    sample: Callable[[int], list[list[Any]]]
    details: Mapping[str, Any] = field(default_factory=dict)


def open_table(
    content: bytes,
    name: str,
    delimiter: str | None = None,
    encoding: str | None = None,
    packed: int | None = None,
) -> Table:
    """Open a table: find its type by its content, and read its header.

    Args:
        content: the bytes of the table.
        name: of the file, for errors.
        delimiter: between the columns of a text; None to detect it.
        encoding: of a text; None to detect it.
        packed: the size of the file that holds the table, in bytes; None if it is not compressed.

    Raises:
        CatalogueError: the content is of no known type, damaged, or needs too much memory.
    """
    limit = memory_limit(len(content) if packed is None else packed)
    for start, kind in _OTHER_TYPES.items():
        if content.startswith(start):
            raise CatalogueError(
                f"{name}: expected CSV, TSV, JSON, Parquet or an Excel workbook (.xlsx); found "
                f"{kind}. Save its table as one of these."
            )
    if content.startswith(b"PAR1") or suffix_of(name) == ".parquet":
        return _open_parquet(content, name, limit)
    if content.startswith(b"PK\x03\x04") or suffix_of(name) == ".xlsx":
        return _open_excel(content, name, limit)
    check_text(content, name, limit)
    text = detect_encoding(content, name, encoding)
    start = text.content[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        raise CatalogueError(
            f"{name}: expected a table of movies; found a web page, or XML. Open the address in a "
            "browser: it may ask you to sign in. Then pass the downloaded file."
        )
    if suffix_of(name) in _JSON_SUFFIXES or re.match(rb"\[\s*[{\[]|\{\s*[\"}]", start):
        return _open_json(text, name)
    return _open_delimited(text, name, delimiter)


def _open_delimited(text: Text, name: str, delimiter: str | None) -> Table:
    file = Delimited(text, name, delimiter)
    details = {"encoding": text.encoding, "delimiter": file.delimiter}

    def read(indices: Sequence[int], link: int | None) -> Content:
        rows = file.rows(indices, link)
        found = {"quoting": rows.quoting, "short_lines": rows.short_lines}
        columns = rows.columns
        if tuple(file.header[: len(MANIFEST_START)]) == MANIFEST_START:
            columns = [list(map(original_cell, column)) for column in columns]
        return Content(columns, {"broken_lines": text.broken_lines, **found})

    kind = {"\t": "TSV"}.get(file.delimiter, "CSV")
    return Table(kind, file.header, read, file.sample, details)


def _open_json(text: Text, name: str) -> Table:
    kind, rows = _json_rows(text.whole(), name)
    header = list(dict.fromkeys(key for row in rows for key in row))

    def read(indices: Sequence[int], _: int | None) -> Content:
        columns = [[_value(row.get(header[index])) for row in rows] for index in indices]
        return Content(columns, {"broken_lines": text.broken_lines})

    def sample(count: int) -> list[list[Any]]:
        return [[row.get(column) for column in header] for row in rows[:count]]

    return Table(kind, header, read, sample, {"encoding": text.encoding})


def _json_rows(text: str, name: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the rows of JSON Lines, of an array of objects, or of an object that holds one."""
    kind = "JSON"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith("["):
            raise CatalogueError(f"{name}: expected JSON; found: {error}.") from error
        kind, rows = "JSON Lines", _parse_lines(text, name)
    else:
        rows = document if isinstance(document, list) else _rows_in(document, name)
    others = [row for row in rows if not isinstance(row, dict)]
    if others:
        raise CatalogueError(
            f"{name}: expected an array of objects, one for each movie; found "
            f"{_shorten(others[0])} in it. Pandas writes such an array with "
            'to_json(orient="records").'
        )
    if _SURROGATE.search(text):
        rows = [_without_lone_surrogates(row) for row in rows]
    return kind, rows


def _parse_lines(text: str, name: str) -> list[Any]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise CatalogueError(
                    f"{name}, line {number}: expected an object in JSON; found: {error}."
                ) from error
    return rows


def _rows_in(document: Any, name: str) -> list[Any]:
    """Return the only list of objects in a document, as in an answer of an API, or one row."""
    if isinstance(document, dict):
        lists = [value for value in document.values() if _is_list_of_objects(value)]
        if len(lists) == 1:
            return list(lists[0])
        if any(key.casefold() in {"title", "name"} for key, value in document.items() if value):
            return [document]
    raise CatalogueError(
        f"{name}: expected an array of objects in JSON, one for each movie; found "
        f"{_shorten(document)}. Pandas writes such an array with "
        'to_json(orient="records").'
    )


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _without_lone_surrogates(row: Any) -> Any:
    text = json.dumps(row, ensure_ascii=False)
    clean = replace_surrogates(text)
    return row if clean == text else json.loads(clean)


def _open_parquet(content: bytes, name: str, limit: int) -> Table:
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        # One long text can stand for that of each row, so it is not repeated until that is checked.
        texts = repeated_texts(file, content, limit)
        file = pq.ParquetFile(io.BytesIO(content), read_dictionary=texts)
        names = file.schema_arrow.names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{name}: expected a Parquet file; found: {error}.") from error

    def read(indices: Sequence[int], _: int | None) -> Content:
        chosen = {names[index] for index in indices}
        try:
            check_columns(file.metadata, chosen, name, limit)
            size, columns = 0, list[list[Value]]([] for _ in indices)
            for batch in file.iter_batches(columns=list(chosen)):
                size += sum(map(text_size, batch.columns))
                check_memory(size, 0, 0, name, limit)
                for column, index in zip(columns, indices, strict=True):
                    column.extend(_arrow_values(batch.column(names[index])))
            return Content(columns)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise CatalogueError(f"{name}: expected a Parquet file; found: {error}.") from error

    def sample(count: int) -> list[list[Any]]:
        try:
            # Each of a few rows can hold a text of any length.
            rows = next(file.iter_batches(min(count, 3))).to_pylist()
        except (pa.ArrowException, OSError, UnicodeDecodeError, StopIteration):
            return []  # it is only a guess
        return [[row.get(column) for column in names] for row in rows]

    return Table("Parquet", names, read, sample)


def _arrow_values(column: pa.Array) -> list[Value]:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_integer(column.type) or pa.types.is_temporal(column.type):
        column = pc.cast(column, pa.string())
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.replace_substring(column.fill_null(""), "\0", REPLACEMENT)
        texts: list[Value] = column.to_numpy(zero_copy_only=False).tolist()
        return texts
    return [_value(value) for value in column.to_pylist()]


def _open_excel(content: bytes, name: str, limit: int) -> Table:
    rows = read_rows(content, name, limit)
    header = [str(value).strip() for value in rows[0]] if rows else []
    width = len(header)

    def read(indices: Sequence[int], _: int | None) -> Content:
        padded = (row + [""] * (width - len(row)) for row in rows[1:])
        columns: list[list[Value]] = [[] for _ in indices]
        for row in padded:
            for column, index in zip(columns, indices, strict=True):
                column.append(_value(row[index]))
        return Content(columns)

    def sample(count: int) -> list[list[Any]]:
        return [(row + [""] * width)[:width] for row in rows[1 : count + 1]]

    return Table("Excel", header, read, sample)


def _value(value: Any) -> Value:
    """Return a value of JSON, Parquet or Excel as a text, or as a list or an object."""
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NaT:
        return ""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return value
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    # Pandas turns a column of whole numbers into floats if one is missing.
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    return text.replace("\0", REPLACEMENT)


def _shorten(value: Any) -> str:
    """Return the begin of a value that was read from JSON."""
    # Nested deeper than that, it needs no more room.
    text = reprlib.repr(value)
    return text if len(text) <= 80 else text[:80] + "…"
