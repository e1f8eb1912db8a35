"""What a helper process does, and the words it is spoken to with.

It loads no event loop, as that takes longer than a hundred posters.
"""

import os
from io import BufferedReader
from typing import BinaryIO

from movie_posters_decade.download.keeping import keep_aside
from movie_posters_decade.records import Content, Examined, RejectReason

READY = b"ready"
IN_VAIN = b"in vain"
_END = b"\0"
"""What ends a question, as no path holds it."""

READ_BYTES = 4096
"""How much the helper reads at once: some twenty questions, which it answers together."""


def help_keeping(questions: BufferedReader, answers: BinaryIO, color: str) -> None:
    """Keep every content that is asked for, until there are no more questions.

    Args:
        questions: where each content was written aside, as `to_question` writes it.
        answers: given a line for each: what was found, or that keeping was in vain.
        color: as `examine` takes it.
    """
    answers.write(READY + b"\n")
    answers.flush()
    rest = b""
    while some := questions.read1(READ_BYTES):
        *asked, rest = (rest + some).split(_END)
        answers.write(b"".join(_answer(unfinished, color) + b"\n" for unfinished in asked))
        answers.flush()


def _answer(unfinished: bytes, color: str) -> bytes:
    try:
        return to_line(keep_aside(os.fsdecode(unfinished), color))
    except OSError:
        return IN_VAIN


def to_question(unfinished: str) -> bytes:
    """Write where a content was written aside."""
    return os.fsencode(unfinished) + _END


def to_line(examined: Examined) -> bytes:
    """Write as a line what was found."""
    (sha256, size), fault, phash = examined
    look = "" if phash is None else phash
    return f"{sha256} {size} {fault or ''} {look}".encode()


def from_line(line: bytes) -> Examined:
    """Read what `to_line` wrote.

    Raises:
        ValueError: it is something else.
    """
    sha256, size, fault, look = line.decode().split(" ")
    return Examined(
        Content(sha256, int(size)),
        RejectReason(fault) if fault else None,
        int(look) if look else None,
    )
