"""Titles that were decoded by the wrong table, repaired where that is certain."""

from contextlib import suppress

_WRONG_TURNS = 2
"""How often a text of Kaggle's catalogue was written as Mac Roman and read as latin-1."""


def repair_title(title: str) -> str:
    """Return a title as it was before it was decoded wrongly, or as it is.

    UTF-8 that was read as Windows-1252 is undone, and so is what happened to Kaggle's catalogue
    after that, once or twice: it was written as Mac Roman and read as latin-1. Texts that are right
    do not come out of that as valid UTF-8. Nor do those that rejected a character on the way, which are
    left alone.
    """
    if title.isascii():
        return title
    texts = [title]
    with suppress(UnicodeError):
        for _ in range(_WRONG_TURNS):
            texts.append(texts[-1].encode("latin-1").decode("mac_roman"))
    # What went wrong more often can look as if it had gone wrong less often, but not the reverse.
    for text in reversed(texts):
        with suppress(UnicodeError):
            return text.encode("cp1252").decode("utf-8")
    return title
