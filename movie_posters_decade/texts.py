"""Texts of a movie: how long its id, title and genres may be, and without control characters."""

import re

MIN_YEAR, MAX_YEAR = 1870, 2100
"""The years that a movie can have. Film is not older."""

MAX_ID = 200
"""The longest id, in characters. Longer ones count as missing: cut, two could become one."""

MAX_TITLE = 500
"""The longest title, in characters. Longer ones are cut; the longest film titles have about 200."""

MAX_GENRE = 100
"""The longest name of a genre, in characters. Longer ones are no genres, and left out."""

MAX_GENRES = 50
"""The largest number of genres of a movie; Kaggle's catalogue knows 28."""

MAX_SOURCE = 200
"""The longest name of a poster's source, or of its licence, in characters."""

MAX_LINK = 2**24
"""The longest link, in characters, which is the longest field of a catalogue."""

MAX_EXTRA = 10_000
"""The longest value of an extra column, in characters, such as a description; others are cut."""

# C0, DEL, C1, and halves of a character, which no file can hold.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")
_CONTROL_IN_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def is_unicode(text: str) -> bool:
    """Return whether a text has no halves of a character, which no file can hold."""
    return text.isprintable() or not _HALF.search(text)


def is_clean(text: str, longest: int, *, keep_lines: bool = False) -> bool:
    """Return whether a text is as `clean_text` returns it, but for spaces around it."""
    # Nearly all texts are printable, which is faster to find out, and there can be millions.
    controls = _CONTROL_IN_LINES if keep_lines else _CONTROL
    return len(text) <= longest and (text.isprintable() or not controls.search(text))


def clean_text(text: str, longest: int, *, keep_lines: bool = False) -> str:
    """Return a text with a space for each control character, cut after some characters.

    Args:
        text: of a catalogue.
        longest: the largest number of characters.
        keep_lines: whether line breaks and tabs stay.
    """
    if is_clean(text, longest, keep_lines=keep_lines):
        return text
    controls = _CONTROL_IN_LINES if keep_lines else _CONTROL
    return controls.sub(" ", text[:longest]).strip()
