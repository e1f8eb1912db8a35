r"""Terminal: texts from outside are shown with their control characters escaped.

A title, a host's answer or a file name can hold sequences that move the cursor, change colours,
set the clipboard, or turn the direction of the text around. What is printed or logged shows them
as Python writes them in a literal: ESC is ``\x1b``.
"""

import logging
import re
from dataclasses import replace

from movie_posters_decade.build_warnings import OTHER, BuildWarning, collect

_UNSAFE = re.compile(
    # C0 but tab and line feed, DEL, C1; then marks of direction, and halves of a character.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Return a text with control characters and marks of direction escaped."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def get_logger(name: str) -> logging.Logger:
    """Return a logger whose messages are `visible`, and whose warnings are collected."""
    logger = logging.getLogger(name)
    logger.addFilter(_make_visible)
    return logger


def _make_visible(record: logging.LogRecord) -> bool:
    given, text = record.msg, visible(record.getMessage())
    if isinstance(given, BuildWarning):
        collect(replace(given, message=visible(given.message), cure=visible(given.cure)))
    elif record.levelno >= logging.WARNING:
        collect(BuildWarning(OTHER, text))
    record.msg, record.args = text, None
    return True
