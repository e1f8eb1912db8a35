"""A catalogue file's bytes become a table of texts, whatever the type of the file."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from movie_posters_decade.catalogue.locate import suffix_of
from movie_posters_decade.errors import CatalogueError

Row = dict[str, Any]


def parse_table(
    content: bytes, name: str, required: Sequence[str], optional: Sequence[str] = ()
) -> pd.DataFrame:
    """Parse a table by the type that its name says: CSV, TSV, JSON Lines or Parquet.

    Args:
        content: the file's bytes; text is in UTF-8 (with or without a byte order mark) or latin-1.
        name: a path or URL; what does not end in another type's suffix is CSV.
        required: the columns that must be there.
        optional: those that are read too where they are there.

    Returns:
        The columns that are read, as texts: nothing where there is no value, and tuples where
        there is a list.

    Raises:
        CatalogueError: the content is empty, is no such table, or lacks a column.
    """
    parse = _PARSERS.get(suffix_of(name), _parse_csv)
    table = parse(content, name, required, optional)
    if table.empty:
        raise CatalogueError(f"{name}: expected a row for each movie; found only the header.")
    return table


def _parse_csv(
    content: bytes,
    name: str,
    required: Sequence[str],
    optional: Sequence[str],
    delimiter: str = ",",
) -> pd.DataFrame:
    reader = csv.reader(_lines(content, name), delimiter=delimiter)
    try:
        header = [column.strip() for column in next(reader, [])]
        separators = "tabs" if delimiter == "\t" else "commas"
        _check_header(header, name, required, f" Columns are separated by {separators}.")
        places = {
            column: header.index(column) for column in (*required, *optional) if column in header
        }
        rows = [_fields(row, header, places, f"{name}, line {reader.line_num}") for row in reader]
    except csv.Error as error:
        raise CatalogueError(
            f"{name}, line {reader.line_num}: expected a row of a CSV table; found: {error}."
        ) from error
    return pd.DataFrame([row for row in rows if row], columns=list(places), dtype=object)


def _parse_tsv(
    content: bytes, name: str, required: Sequence[str], optional: Sequence[str]
) -> pd.DataFrame:
    return _parse_csv(content, name, required, optional, delimiter="\t")


def _parse_json_lines(
    content: bytes, name: str, required: Sequence[str], optional: Sequence[str]
) -> pd.DataFrame:
    rows = list(_json_rows(_lines(content, name), name))
    _check_header(list(dict.fromkeys(key for row in rows for key in row)), name, required)
    columns = [*required, *(column for column in optional if any(column in row for row in rows))]
    return _texts({column: [row.get(column) for row in rows] for column in columns})


def _json_rows(lines: Iterable[str], name: str) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise CatalogueError(
                    f"{name}, line {number}: expected an object in JSON; found: {error}."
                ) from error
            if not isinstance(row, dict):
                raise CatalogueError(
                    f"{name}, line {number}: expected an object in JSON; found "
                    f"{_shortened(line, 80)}."
                )
            yield row


def _parse_parquet(
    content: bytes, name: str, required: Sequence[str], optional: Sequence[str]
) -> pd.DataFrame:
    import pyarrow.parquet as pq  # noqa: PLC0415, few catalogues need it

    try:
        file = pq.ParquetFile(io.BytesIO(content))
        header = file.schema_arrow.names
        _check_header(header, name, required)
        columns = [*required, *(column for column in optional if column in header)]
        table = file.read(columns)
    except pa.ArrowException as error:
        raise CatalogueError(f"{name}: expected a Parquet file; found: {error}.") from error
    return _texts({column: table.column(column).to_pylist() for column in columns})


_PARSERS: dict[str, Callable[[bytes, str, Sequence[str], Sequence[str]], pd.DataFrame]] = {
    ".tsv": _parse_tsv,
    ".tab": _parse_tsv,
    ".jsonl": _parse_json_lines,
    ".ndjson": _parse_json_lines,
    ".parquet": _parse_parquet,
}


def _texts(columns: Mapping[str, Iterable[Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {column: [_text(value) for value in values] for column, values in columns.items()},
        dtype=object,
    )


def _text(value: Any) -> str | tuple[Any, ...]:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _lines(content: bytes, name: str) -> io.TextIOWrapper:
    """Return the lines of a text, decoded as they are read: a catalogue can be large."""
    if b"\0" in content:
        raise CatalogueError(
            f"{name}: expected a CSV table in UTF-8 or latin-1; found zero bytes, as in a binary "
            "or UTF-16 file. Save it as CSV in UTF-8."
        )
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        encoding = "latin-1"
    else:
        encoding = "utf-8-sig"
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")


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


def _check_header(
    header: Sequence[str], name: str, required: Sequence[str], hint: str = ""
) -> None:
    wanted = ", ".join(required)
    if not any(header):
        raise CatalogueError(f"{name}: expected a table with {wanted}; found an empty file.")
    missing = [column for column in required if column not in header]
    if missing:
        raise CatalogueError(
            f"{name}: expected the columns {wanted}; found no {', '.join(missing)} "
            f"among {_shortened(', '.join(header))}. Other names can be given with the option "
            f"columns.{hint}"
        )
    twice = [column for column in required if header.count(column) > 1]
    if twice:
        raise CatalogueError(
            f"{name}: expected the columns {wanted} once each; found {twice[0]} "
            f"{header.count(twice[0])} times."
        )


def _shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[:limit] + "…"
