"""CSV cells: no cell of a table that we write is a formula in a spreadsheet.

A spreadsheet runs a cell that begins with =, +, - or @, or with a tab or a line break before it.
Such a cell gets an apostrophe in front, which spreadsheets take for "this is a text". So does one
with apostrophes before such a sign, so that taking one apostrophe away gives every text back.
Numbers, such as -1, stay as they are.
"""

import re
from collections.abc import Mapping
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_PROTECTED = re.compile(r"''*[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?", re.ASCII)


def protect_cell(text: str) -> str:
    """Return a cell that no spreadsheet runs."""
    is_safe = not _FORMULA.match(text) or _NUMBER.fullmatch(text)
    return text if is_safe else f"'{text}"


def original_cell(cell: str) -> str:
    """Return the text that `protect_cell` was given."""
    return cell[1:] if _PROTECTED.match(cell) else cell


def protect_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a table with its texts protected."""
    return {
        name: protect_cell(value) if isinstance(value, str) else value
        for name, value in row.items()
    }
