"""Saved options: what a command was given, as an options file for the next one."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from movie_posters_decade.cli.flags import OF_ONE_RUN, PATHS
from movie_posters_decade.errors import ExportError, OptionError
from movie_posters_decade.io import write_atomically
from movie_posters_decade.options.options import WAYBACK

HEADER = "# Options of movie-posters-decade. A command reads them with --options."


def save_options(path: Path, given: Mapping[str, Any]) -> None:
    """Write an options file.

    Args:
        path: of the file; one that was written so before is replaced.
        given: what was given on the command line, and in its options file, by flag.

    Raises:
        OptionError: a value has characters that no text file holds.
        ExportError: there is a file that was not written so, or it cannot be written.
    """
    values = {name: value for name, value in given.items() if name not in OF_ONE_RUN}
    lines = [HEADER, *_lines(values, path.parent)]
    try:
        content = "".join(f"{line}\n" for line in lines).encode()
    except UnicodeEncodeError as error:
        raise OptionError(
            f"Option save_options: expected values that are text; found {error.object!r}. Rename "
            "that file or column."
        ) from error
    try:
        if path.exists() and not path.read_bytes().startswith(HEADER.encode()):
            raise ExportError(
                f"{path}: expected no such file, or one that --save-options wrote; found another. "
                "Choose another name."
            )
        write_atomically(path, content)
    except ExportError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"{path}: cannot be written: {reason}. Choose another name.") from error


def _lines(values: Mapping[str, Any], folder: Path) -> Iterator[str]:
    for name, value in values.items():
        found = _portable(value, folder) if name in PATHS else value
        if name == "columns":
            pairs = (f"{_text(field)} = {_text(column)}" for field, column in found)
            yield f"{name} = {{ {', '.join(pairs)} }}"
        else:
            yield f"{name} = {_toml(found)}"


def _portable(value: Any, folder: Path) -> Any:
    """Return paths relative to the folder of the file if they are below it, or absolute."""
    if isinstance(value, list):
        return [_portable(one, folder) for one in value]
    if "://" in str(value) or str(value).startswith("~") or value == WAYBACK:
        return value
    path, base = Path(os.path.abspath(value)), Path(os.path.abspath(folder))  # noqa: PTH100
    return str(path.relative_to(base) if path.is_relative_to(base) else path)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, tuple):  # of a size in pixels
        return _text("x".join(map(str, value)))
    return _text(str(value))


def _text(text: str) -> str:
    """Return a text as TOML writes it."""
    special = {'"': '\\"', "\\": "\\\\"}
    return '"{}"'.format(
        "".join(
            special.get(one, f"\\u{ord(one):04x}" if ord(one) < 32 or ord(one) == 127 else one)
            for one in text
        )
    )
