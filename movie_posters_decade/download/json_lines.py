"""Lines of JSON with a checksum each, in a file that several processes append to at once.

Caches are kept so, as they only save time: a damaged line is as good as none.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


def append_lines(path: Path, objects: Iterable[Mapping[str, Any]]) -> None:
    """Append JSON objects to a file, a line each. An error of the file is ignored."""
    lines = "".join(f"{json.dumps(dict(one) | {'line': line_checksum(one)})}\n" for one in objects)
    if lines:
        with suppress(OSError), path.open("ab", buffering=0) as file:
            # A killed process may have left half a line.
            file.write(f"\n{lines}".encode())


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a file, without those whose line is damaged."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return
    yield from filter(None, map(_parse, lines))


def _parse(line: bytes) -> dict[str, Any] | None:
    """Return the object that a line holds, or None if it is damaged."""
    with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
        found: dict[str, Any] = json.loads(line)
        if found.pop("line") == line_checksum(found):
            return found
    return None


def line_checksum(values: Mapping[str, Any]) -> str:
    """Return the checksum of a line's other fields, in hexadecimal digits."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
