"""Validation of option values: what they may be, and their canonical forms."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from movie_posters_decade.errors import OptionError


def check_option(options: object, name: str, holds: bool, expected: str) -> None:
    """Check that an option's value holds.

    Raises:
        OptionError: it does not; the error says what was expected.
    """
    if not holds:
        value = getattr(options, name)
        raise OptionError(f"Option {name}: expected {expected}; found {value!r}.")


def is_whole(value: object, least: float = -math.inf, largest: float = math.inf) -> bool:
    """Return whether a value is a whole number within a range."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= largest


def are_workers(workers: object, largest: int) -> bool:
    """Return whether a value is a number of processes, or the address of a cluster, or None."""
    is_address = isinstance(workers, str) and re.fullmatch(r"[a-z]+://\S+", workers) is not None
    return workers is None or is_address or is_whole(workers, 1, largest)


def is_header(text: object) -> bool:
    """Return whether a value can be sent as an HTTP header."""
    return isinstance(text, str) and re.fullmatch(r"[\x21-\x7e][\x20-\x7e]*", text) is not None


def is_text_encoding(name: object) -> bool:
    """Return whether a value is the name of an encoding of texts that Python knows."""
    try:
        return isinstance(name, str) and isinstance(b"a".decode(name, "replace"), str)
    except (LookupError, ValueError):
        return False


def parse_columns(columns: object) -> object:
    """Return columns as a mapping, also if they are texts such as "title=NAME" for each field."""
    if isinstance(columns, Mapping):
        return dict(columns)
    texts = [columns] if isinstance(columns, str) else columns
    if not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
        return columns
    names = {field.strip(): name for field, _, name in (text.partition("=") for text in texts)}
    return names if len(names) == len(texts) else columns


def are_columns(columns: object, known: Collection[str]) -> bool:
    """Return whether a value maps known fields to the names of columns, or is None."""
    return columns is None or (
        isinstance(columns, Mapping)
        and set(columns) <= set(known)
        and all(isinstance(header, str) and header for header in columns.values())
    )


def parse_texts(texts: object) -> Any:
    """Return one text, or a list of texts, as a tuple."""
    if isinstance(texts, str):
        return (texts,)
    return tuple(texts) if isinstance(texts, list) else texts


def are_names(names: object) -> bool:
    """Return whether a value is a tuple of different names, or None."""
    return names is None or (
        isinstance(names, tuple)
        and all(isinstance(name, str) and name for name in names)
        and len(set(names)) == len(names)
    )


def parse_genre_names(genres: object) -> tuple[str, ...] | None:
    """Return genre names in lower case and sorted.

    Raises:
        OptionError: the value is neither a name, nor a sequence of names, nor None.
    """
    if genres is None:
        return None
    names = [genres] if isinstance(genres, str) else genres
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        names = []
    if not names:
        raise OptionError(f"Option genres: expected one or more genre names; found {genres!r}.")
    return tuple(sorted({name.strip().casefold() for name in names}))
