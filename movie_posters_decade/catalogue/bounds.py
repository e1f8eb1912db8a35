"""Bounds: ids, titles, genres and extra values of a bounded length, without control characters.

They become file names, lines on a terminal and cells of tables. The rows that had others are
counted.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from movie_posters_decade.reading import Findings
from movie_posters_decade.texts import (
    MAX_EXTRA,
    MAX_GENRE,
    MAX_GENRES,
    MAX_ID,
    MAX_TITLE,
    clean_text,
)


def bound_texts(movies: pd.DataFrame) -> Findings | None:
    """Replace, cut or empty texts that are not within the bounds, in place.

    Args:
        movies: with the columns of `Catalogue`.

    Returns:
        The rows where a text changed, from 1; None if there is none.
    """
    changed: set[int] = set()
    bounds: dict[str, Callable[[Any], Any]] = {
        "imdb_id": _bound_id,
        "title": _bound_title,
        "genres": _bound_genres,
        "extra": _bound_extra,
    }
    for name, bound in bounds.items():
        changed |= _replace(movies, name, bound)
    return Findings.of(sorted(changed))


def _replace(movies: pd.DataFrame, name: str, bound: Callable[[Any], Any]) -> set[int]:
    """Bound the values of a column, and return the rows where they changed."""
    before = movies[name].tolist()
    after = [bound(value) for value in before]
    changed = {row for row, value in enumerate(before, start=1) if value != after[row - 1]}
    if changed:
        movies[name] = pd.Series(after, movies.index, dtype=object)
    return changed


def _bound_id(text: str) -> str:
    return clean_text(text, MAX_ID) if len(text) <= MAX_ID else ""


def _bound_title(title: str) -> str:
    return clean_text(title, MAX_TITLE)


def _bound_genres(genres: tuple[str, ...]) -> tuple[str, ...]:
    names = [clean_text(name, MAX_GENRE) for name in genres if len(name) <= MAX_GENRE]
    return tuple(dict.fromkeys(filter(None, names)))[:MAX_GENRES]


def _bound_extra(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(clean_text(value, MAX_EXTRA, keep_lines=True) for value in values)
