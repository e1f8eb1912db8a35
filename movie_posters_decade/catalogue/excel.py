"""Excel: the first sheet of an .xlsx workbook, row by row and within a limit of memory.

A workbook is a zip of XML files. A few bytes of them can name a cell in the last of 16,384 columns,
or a row after a million empty ones, so rows and cells are counted as they are read.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any

from movie_posters_decade.catalogue.memory import check_memory, longest_text, too_much
from movie_posters_decade.errors import CatalogueError

MAX_ROWS = 2**20
"""The largest number of rows that Excel itself writes."""

MAX_STYLE_BYTES = 2 * 1024**2
"""The largest unpacked size of a part with styles, or of one about the whole workbook. Each style
takes much more memory than its bytes."""

MAX_ROW_BYTES = 4 * 1024**2
"""The largest row, in bytes of XML: room for all 16,384 columns of Excel."""

_SHEETS = "xl/worksheets/sheet"
_END_OF_ROW = re.compile(rb"</(?:[\w.-]+:)?row\s*>")
_LARGE_PARTS = ("xl/worksheets/", "xl/sharedstrings")
_SMALL_PARTS = ("xl/styles", "xl/theme/", "xl/workbook", "xl/_rels/", "_rels/", "[content_types]")
"""The parts that are read; of pictures, charts and the chain of calculations nothing is."""


def read_rows(content: bytes, name: str, limit: int) -> list[list[Any]]:
    """Read the rows of the first sheet, without those that are empty.

    Args:
        content: of the workbook.
        name: of the catalogue, for errors.
        limit: of memory, in bytes.

    Raises:
        CatalogueError: it is no workbook, needs more memory, or openpyxl is not installed.
    """
    try:
        import openpyxl  # noqa: PLC0415
    except ImportError as error:
        raise CatalogueError(
            f"{name}: expected openpyxl to read Excel workbooks; found no such package. Install it "
            "with: pip install 'movie_posters_decade[excel]'"
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles that the workbook lacks
        try:
            _check_parts(content, name, limit)
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            with closing(book):
                return list(_rows(book.worksheets[0], name, limit))
        except CatalogueError:
            raise
        except Exception as error:
            raise CatalogueError(
                f"{name}: expected an Excel workbook (.xlsx); found: {error}."
            ) from error


def _check_parts(content: bytes, name: str, limit: int) -> None:
    """Check the unpacked sizes of the parts; zipfile reads no more of one than it says."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sizes = {part.filename.lower(): part.file_size for part in archive.infolist()}
    large = sum(size for part, size in sizes.items() if part.startswith(_LARGE_PARTS))
    small = {part: size for part, size in sizes.items() if part.startswith(_SMALL_PARTS)}
    longest = longest_text(len(content))
    if large > longest:
        raise too_much(name, limit, f"sheets of {large:,} bytes, unpacked")
    for part, size in small.items():
        if size > MAX_STYLE_BYTES:
            raise too_much(name, limit, f"{part} of {size:,} bytes, unpacked")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.namelist():
            if part.lower().startswith(_SHEETS):
                _check_sheet(archive.read(part), part, name, limit)


def _check_sheet(sheet: bytes, part: str, name: str, limit: int) -> None:
    """Check that no row is too long, as openpyxl reads a row as a whole."""
    # No program writes comments or declarations into a sheet; they could hide where a row ends.
    if b"<!" in sheet or b"\0" in sheet:
        raise CatalogueError(
            f"{name}: expected a sheet as Excel writes it; found comments, declarations or zero "
            f"bytes in {part}. Save it again with Excel or LibreOffice."
        )
    ends = [0, *(found.end() for found in _END_OF_ROW.finditer(sheet)), len(sheet)]
    longest = max(end - start for start, end in pairwise(ends))
    if longest > MAX_ROW_BYTES:
        raise too_much(name, limit, f"a row of {longest:,} bytes in {part}")


def _rows(sheet: Any, name: str, limit: int) -> Iterator[list[Any]]:
    size = cells = kept = 0
    sheet.reset_dimensions()  # what a file says of them is often wrong, or large
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > MAX_ROWS:
            raise too_much(name, limit, f"more than {MAX_ROWS:,} rows")
        row = ["" if value is None else _value_of(value) for value in values]
        while row and row[-1] == "":
            row.pop()
        if not row:
            continue
        kept, cells = kept + 1, cells + len(row)
        size += sum(len(value) for value in row if isinstance(value, str))
        check_memory(size, kept, cells, name, limit)
        yield row


def _value_of(value: Any) -> Any:
    """Return a cell's value; that of a formula that failed is missing."""
    is_error = isinstance(value, str) and value.startswith("#") and value in _ERRORS
    return "" if is_error else value


_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
