"""Delimited text: CSV, TSV and the like become rows; delimiter and quoting are detected.

The csv module reads them in its strict mode. The parsers of pandas and Arrow accept text after a
closing quote, so a quote that is never closed makes them join rows without an error.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from movie_posters_decade.catalogue.encoding import REPLACEMENT, Text
from movie_posters_decade.catalogue.values import looks_like_link
from movie_posters_decade.errors import CatalogueError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""The delimiters that are detected, and what they are called."""

MAX_FIELD = 2**24
"""The longest field, in characters. Descriptions can exceed the 131,072 of the csv module."""

QUOTINGS: dict[str, dict[str, Any]] = {
    "doubled": {},  # "Say ""hello""", as RFC 4180 and most programs write it
    "backslash": {"escapechar": "\\"},  # "Say \"hello\"", as MySQL and Spark write it
    "none": {"quoting": csv.QUOTE_NONE},  # as in IMDb's own files
}
"""How quotes within a field are written, and what the csv module must know of it."""


@dataclass(frozen=True)
class Rows:
    """The rows of a delimited text, as one list of texts for each chosen column.

    A row with fewer fields than the header may lack one in the middle. Nothing says which, so all
    of its fields are empty.
    """

    columns: list[list[str]]
    quoting: str  # a key of QUOTINGS
    short_lines: list[int]  # the line of each row with fewer fields than the header


class Delimited:
    """A delimited text, of which the header is read."""

    def __init__(self, text: Text, name: str, delimiter: str | None = None) -> None:
        self._text, self._name = text, name
        first_lines = list(islice(text.lines(), 1))
        excel = re.fullmatch(r"sep=([^\"\\\w ])\s*", first_lines[0]) if first_lines else None
        self._preamble = 1 if excel else 0
        self.delimiter = delimiter or (excel[1] if excel else self._detect_delimiter())
        self.header = self._header(self.delimiter)

    def rows(self, indices: Sequence[int], link: int | None = None) -> Rows:
        """Read the rows of the columns at some indices.

        Args:
            indices: of the columns.
            link: the index of the column of links, by which a row within a field is recognized.

        Raises:
            CatalogueError: a quote is not closed, or a row has more fields than the header.
        """
        errors = {}
        for quoting in self._quotings():
            try:
                return self._read(indices, quoting, link)
            except CatalogueError as error:
                errors[quoting] = error
        raise errors.get("doubled", errors[quoting])

    def sample(self, count: int) -> list[list[str]]:
        """Return the first rows as they are, for a guess at what the columns hold."""
        try:
            rows = self._reader("doubled", strict=False)
            _header(rows)
            return [row for row in islice(rows, count) if len(row) == len(self.header)]
        except csv.Error:
            return []

    def _detect_delimiter(self) -> str:
        """Return the delimiter that gives the header the most columns; comma if none does."""
        return max(DELIMITERS, key=lambda delimiter: len(self._header(delimiter)))

    def _header(self, delimiter: str) -> list[str]:
        reader = csv.reader(self._lines(), delimiter=delimiter, skipinitialspace=True)
        with _large_fields():
            try:
                return _header(reader)
            except csv.Error:
                return []

    def _quotings(self) -> list[str]:
        """Return the ways of quoting that are possible, the likeliest first."""
        if self.delimiter == "\t" and self.header[:1] == ["tconst"]:
            return ["none"]
        content = self._text.content
        quotings = ["doubled"]
        if rb"\"" in content:
            quotings.insert(0, "backslash")
        elif f"\\{self.delimiter}".encode() in content:
            quotings.append("backslash")
        return [*quotings, "none"] if self.delimiter == "\t" else quotings

    def _read(self, indices: Sequence[int], quoting: str, link: int | None) -> Rows:
        width, first_length = len(self.header), 0
        columns: list[list[str]] = [[] for _ in indices]
        # One list for each column takes less memory than one for each row.
        targets = [(column.append, index) for column, index in zip(columns, indices, strict=True)]
        short_lines = []
        reader, line = self._reader(quoting), 0
        with _large_fields():
            try:
                _header(reader)
                line = reader.line_num
                for row in reader:
                    line, start = reader.line_num, line + 1
                    fields = row
                    if line != start and _holds_a_row(row, width, self.delimiter, link):
                        raise self._unclosed(start, "a field that holds whole rows")
                    if len(row) != width:
                        if len(row) < 2 and not "".join(row).strip():
                            continue  # an empty line
                        if len(row) < width:
                            short_lines.append(line + self._preamble)
                            fields = [""] * width
                        elif not self._may_be_longer(row, first_length):
                            raise self._too_long(start, len(row))
                    first_length = first_length or len(row)
                    for append, index in targets:
                        append(fields[index])
            except csv.Error as error:
                if "field limit" in str(error):
                    raise self._too_large(line + 1) from error
                raise self._unclosed(line + 1, str(error)) from error
        if quoting == "none" and short_lines and self._quotings() != ["none"]:
            raise self._too_short(short_lines[0])
        return Rows(columns, quoting, short_lines)

    def _may_be_longer(self, row: Sequence[str], first_length: int) -> bool:
        """Return whether a row is blank beyond the header, as all rows are, or blank altogether.

        Otherwise a field may hold the delimiter without quotes, and the others are shifted.
        """
        is_blank = not any(map(str.strip, row[len(self.header) :]))
        is_usual = first_length in {0, len(row)}
        return is_blank and (is_usual or not any(map(str.strip, row)))

    def _reader(self, quoting: str, *, strict: bool = True) -> Any:
        lines: Iterable[str] = self._lines()
        if quoting == "backslash":
            # Others are part of a text, as in MySQL's \N and in paths of Windows.
            escape = re.compile(rf"\\([\"\\{re.escape(self.delimiter)}\r\n])?")
            lines = (
                escape.sub(lambda found: found[0] if found[1] else r"\\", line) for line in lines
            )
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            skipinitialspace=self.delimiter != "\t",
            strict=strict,
            **QUOTINGS[quoting],
        )

    def _lines(self) -> Iterator[str]:
        lines = islice(self._text.lines(), self._preamble, None)
        if b"\0" in self._text.content:
            return (line.replace("\0", REPLACEMENT) for line in lines)
        return lines

    def _too_long(self, line: int, found: int) -> CatalogueError:
        return CatalogueError(
            f"{self._where(line)}: expected {len(self.header)} fields, as in the header; found "
            f"{found}. Put fields that hold the delimiter in quotes."
        )

    def _too_large(self, line: int) -> CatalogueError:
        return CatalogueError(
            f"{self._where(line)}: expected fields of at most {MAX_FIELD:,} bytes; found a longer "
            "one. Close its quotes, or leave columns out."
        )

    def _too_short(self, line: int) -> CatalogueError:
        return CatalogueError(
            f"{self._where(line)}: expected {len(self.header)} fields, as in the header; found "
            "fewer."
        )

    def _unclosed(self, line: int, found: str) -> CatalogueError:
        return CatalogueError(
            f"{self._where(line)}: expected a closing quote at the end of each field that begins "
            f"with one; found: {found}. Double the quotes that belong to a text, or remove them."
        )

    def _where(self, line: int) -> str:
        return f"{self._name}, line {line + self._preamble}"


def _header(reader: Iterator[list[str]]) -> list[str]:
    """Read the names of the columns: the first row that is not blank."""
    header = next((row for row in reader if any(map(str.strip, row))), [])
    return [column.strip() for column in header]


def _holds_a_row(row: Sequence[str], width: int, delimiter: str, link: int | None) -> bool:
    """Return whether a field of several lines holds a whole row, or the rest of its own.

    A quote that is never closed ends at the next quote, rows later. Then a line of the field has as
    many fields as the header, and a link where the links are.
    """
    if link is None:
        return False
    for index, field in enumerate(row):
        first, *others = field.split("\n")
        last = len(others) - 1
        lines = [(index, first, 0)] if others else []
        lines += [(0, line, width - index - 1 if n == last else 0) for n, line in enumerate(others)]
        for before, line, after in lines:
            parts = line.split(delimiter)
            is_whole = before + len(parts) + after == width and 0 <= link - before < len(parts)
            if is_whole and looks_like_link(parts[link - before].strip()):
                return True
    return False


@contextmanager
def _large_fields() -> Iterator[None]:
    """Raise the limit of the csv module for the length of a field, which is global."""
    limit = csv.field_size_limit(MAX_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(limit)
