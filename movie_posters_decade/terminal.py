r"""Terminal: texts from outside are shown with their control characters escaped.

A title, a host's answer or a file name can hold sequences that move the cursor, change colours,
set the clipboard, or turn the direction of the text around. What is printed or logged shows them
as Python writes them in a literal: ESC is ``\x1b``.
"""

import logging
import re

_UNSAFE = re.compile(
    # C0 but tab and line feed, DEL, C1; then marks of direction, and halves of a character.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Return a text with control characters and marks of direction escaped."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def get_logger(name: str) -> logging.Logger:
    """Return a logger whose messages are `visible`."""
    logger = logging.getLogger(name)
    logger.addFilter(_make_visible)
    return logger


def _make_visible(record: logging.LogRecord) -> bool:
    record.msg, record.args = visible(record.getMessage()), None
    return True
