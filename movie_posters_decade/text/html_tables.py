"""HTML tables: what a notebook displays of builds and reports. All texts are escaped."""

from collections.abc import Iterable, Sequence
from html import escape

from movie_posters_decade.text.terminal import visible

Rows = Sequence[Sequence[object]]

_LEFT, _RIGHT = ' style="text-align: left"', ' style="text-align: right"'


def html_table(rows: Rows, title: str = "") -> str:
    """Return a table, its first row as heads, its first column to the left and others to the right.

    Numbers get separators of thousands; any other cell is shown as text.
    """
    heads, *body = rows
    caption = f'<caption style="text-align: left">{escape_text(title)}</caption>' if title else ""
    lines = [_row("th", heads), *(_row("td", cells) for cells in body)]
    return f"<table>{caption}{''.join(lines)}</table>"


def html_paragraphs(lines: Iterable[object]) -> str:
    """Return a paragraph for each line of text."""
    return "".join(f"<p>{escape_text(line)}</p>" for line in lines)


def escape_text(text: object) -> str:
    """Return a text that is no markup, with its control characters escaped."""
    return escape(visible(str(text)))


def _row(tag: str, cells: Sequence[object]) -> str:
    shown = (
        f"<{tag}{_RIGHT if column else _LEFT}>{escape_text(_format(cell))}</{tag}>"
        for column, cell in enumerate(cells)
    )
    return f"<tr>{''.join(shown)}</tr>"


def _format(cell: object) -> object:
    return f"{cell:,}" if isinstance(cell, int) else cell
