"""A file has its name only once it is whole."""

import itertools
import os
import secrets
from contextlib import suppress

_TOKEN = secrets.token_hex(8)
_NUMBERS = itertools.count()


def write_whole(name: str, content: bytes) -> None:
    """Write a file that nobody sees half of, whoever reads, writes or dies meanwhile.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    unfinished = write_aside(name, content)
    try:
        finish(unfinished)
    except BaseException:
        discard(unfinished)
        raise


def write_aside(name: str, content: bytes) -> str:
    """Write what may become a file of that name beside it, and return where.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    unfinished = f"{name}.{_TOKEN}-{next(_NUMBERS)}.incomplete"
    try:
        with open(unfinished, "xb", buffering=0) as file:
            _write_all(file.fileno(), content)
    except BaseException:
        discard(unfinished)
        raise
    return unfinished


def read(name: str) -> bytes:
    """Return what a file holds.

    Raises:
        OSError: it cannot be read.
    """
    with open(name, "rb", buffering=0) as file:
        return file.read()


def finish(unfinished: str) -> None:
    """Give what was written aside its name.

    Raises:
        OSError: it cannot be had.
    """
    name, _token, _incomplete = unfinished.rsplit(".", 2)
    os.replace(unfinished, name)


def discard(unfinished: str) -> None:
    """Remove what was written aside, if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(unfinished)


def _write_all(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
