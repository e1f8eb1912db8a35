"""Genres: the texts and lists of a table become names, and their separator is detected."""

import ast
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from movie_posters_decade.catalogue.encoding import replace_surrogates
from movie_posters_decade.catalogue.readers import Value
from movie_posters_decade.catalogue.values import is_missing
from movie_posters_decade.options.configurations import GENRES

SEPARATORS = ("|", ",", ";", "/", "\n", " - ", "\u00b7", "\u2022", "\u3001")
"""The separators of genres that are detected; the first of those that are equally frequent."""

RARE = 0.05
"""The share of values up to which hardly any value holds a separator."""

MAX_LIST = 20_000
"""The longest text with genres, in characters; a longer one gives none."""

TMDB_GENRES = {
    "12": "Adventure",
    "14": "Fantasy",
    "16": "Animation",
    "18": "Drama",
    "27": "Horror",
    "28": "Action",
    "35": "Comedy",
    "36": "History",
    "37": "Western",
    "53": "Thriller",
    "80": "Crime",
    "99": "Documentary",
    "878": "Science Fiction",
    "9648": "Mystery",
    "10402": "Music",
    "10749": "Romance",
    "10751": "Family",
    "10752": "War",
    "10770": "TV Movie",
}
"""The genre of each number in the lists of TMDB's API, from https://api.themoviedb.org/3/genre."""

# A quote that is not closed reaches to the end, so that no part of a text is searched again.
_QUOTED = r"'(?:[^'\\]|\\.)*+(?:'|\Z)|\"(?:[^\"\\]|\\.)*+(?:\"|\Z)"
_LIST_TOKEN = re.compile(rf"({_QUOTED})(\s*(?=['\"]))?|\b(?:nan|null|NaN|NA)\b|<NA>", re.DOTALL)
_WRAPPER = re.compile(r"(?:array|frozenset|set)\((.*?)(?:,\s*dtype=[^\s,)]++)?\)", re.DOTALL)


def detect_separator(texts: Mapping[str, int]) -> str | None:
    """Detect the text between genres: the separator that the most values hold, if any does.

    Args:
        texts: how often each value of the column occurs.
    """
    shares = _shares(texts, SEPARATORS)
    separator = max(SEPARATORS, key=lambda one: shares[one])
    return separator if shares[separator] else None


def better_separator(texts: Mapping[str, int], separator: str | None) -> str | None:
    """Return the separator that most values hold, if hardly any value holds the one given.

    Spaces are found if most values are several of the genres that Kaggle's catalogue knows.
    """
    others = [one for one in SEPARATORS if one != separator]
    shares = _shares(texts, [*others, *([separator] if separator else [])])
    if separator and shares.pop(separator) > RARE:
        return None
    best = max(others, key=lambda one: shares[one])
    if shares[best] > 0.5:
        return best
    known = set(GENRES.casefold().split())
    several = sum(
        count
        for text, count in texts.items()
        if len(words := text.casefold().split()) > 1 and known.issuperset(words)
    )
    return " " if several > sum(texts.values()) / 2 and separator != " " else None


def second_separator(texts: Mapping[str, int], separator: str | None) -> str | None:
    """Return another separator that many values hold which lack the first, if there is one.

    Only bars, commas and semicolons count: the others are part of some genres' names.
    """
    others = {
        text: count for text, count in texts.items() if not separator or separator not in text
    }
    shares = _shares(others, [one for one in SEPARATORS[:3] if one != separator])
    total = sum(texts.values())
    second = max(shares, key=lambda one: shares[one])
    return second if shares[second] * sum(others.values()) > RARE * total else None


def are_tmdb_numbers(values: Sequence[Value], separator: str | None) -> bool:
    """Return whether all genres of a column are numbers, and most are known to TMDB's API."""
    known = total = 0
    for value in values:
        for name in parse_genres(value, separator):
            if not name.isdecimal():
                return False
            known, total = known + (name in TMDB_GENRES), total + 1
    return 2 * known > total


def _shares(texts: Mapping[str, int], separators: Iterable[str]) -> dict[str, float]:
    """Return the share of the values that hold each separator. Lists count for none."""
    plain = {text: count for text, count in texts.items() if not _is_list(text)}
    total = max(1, sum(plain.values()))
    return {
        separator: sum(count for text, count in plain.items() if separator in text) / total
        for separator in separators
    }


def parse_genres(value: Value, separator: str | None, *, numbers: bool = False) -> tuple[str, ...]:
    """Parse the genres of a movie: a text, a list, or a list that was written as a text.

    A list is as Python, JSON, NumPy, Java or PostgreSQL write it: of names, or of objects with a
    name, such as TMDB's. A list that is cut off or damaged gives none.

    Args:
        value: of the column.
        separator: the text between genres; None if there is none.
        numbers: whether numbers are those of TMDB's API.
    """
    if isinstance(value, str):
        if is_missing(value) or len(value) > MAX_LIST:
            return ()
        parts = _parse_list(value) if _is_list(value) else _split(value, separator)
    else:
        parts = value
    if isinstance(parts, dict):
        parts = _parts_of_object(parts)
    names = [_genre_name(part, numbers=numbers) for part in parts]
    return tuple(dict.fromkeys(name for name in names if not is_missing(name)))


def _parts_of_object(parts: Mapping[str, Any]) -> list[Any]:
    """Return the genres of an object: one with a name, a list, flags, or one for each number."""
    values = list(parts.values())
    if "name" in parts:
        return [parts]
    if len(values) == 1 and isinstance(values[0], list):
        return list(values[0])
    if all(isinstance(value, bool) for value in values):
        return [name for name, has_genre in parts.items() if has_genre]
    return values


def _genre_name(part: Any, *, numbers: bool) -> str:
    if isinstance(part, dict):
        part = part.get("name") or next((one for one in part.values() if isinstance(one, str)), "")
    if isinstance(part, int) and not isinstance(part, bool) and 0 <= part < 10**9:
        part = str(part)
    name = replace_surrogates(part.strip()) if isinstance(part, str) else ""
    return TMDB_GENRES.get(name, name) if numbers else name


def _split(text: str, separator: str | None) -> list[str]:
    if text.lstrip().startswith(("[", "{")):
        return []  # a list that was cut off
    return [text] if separator is None else text.split(separator)


def _is_list(text: str) -> bool:
    text = text.strip()
    return text[:1] + text[-1:] in {"[]", "{}", "()"} or bool(_WRAPPER.fullmatch(text))


def _parse_list(text: str) -> Any:
    """Parse a list that was written as a text."""
    text = text.strip()
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    if wrapped := _WRAPPER.fullmatch(text):
        text = wrapped[1].strip()
    # NumPy writes no commas, and names of missing values are no Python.
    python = _LIST_TOKEN.sub(_repair_token, text)
    # A set is read as a list, as the order of a set differs from run to run.
    for source in (f"[{python[1:-1]}]", python):
        with suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return ast.literal_eval(source)
    parts = [] if "{" in text[1:] else text[1:-1].split(",")
    return [part.strip().strip("\"'") for part in parts]


def _repair_token(token: re.Match[str]) -> str:
    if token[1] is None:
        return "None"
    return token[1] if token[2] is None else f"{token[1]}, "
