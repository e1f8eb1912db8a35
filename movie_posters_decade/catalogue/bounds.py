"""Bounds: ids, titles, genres and extra values of a bounded length, without control characters.

They become file names, lines on a terminal and cells of tables. The rows that had others are
counted.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from movie_posters_decade.report.reading import Findings
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
    changed = {
        *_replace(movies, "imdb_id", _bound_id, _is_odd(MAX_ID)),
        *_replace(movies, "title", _bound_title, _is_odd(MAX_TITLE)),
        *_replace(movies, "genres", _bound_genres, _odd_genres(movies["genres"]).__contains__),
        *_replace(movies, "extra", _bound_extra, bool),
    }
    return Findings.of(sorted(changed))


def _replace(
    movies: pd.DataFrame, name: str, bound: Callable[[Any], Any], is_odd: Callable[[Any], bool]
) -> list[int]:
    """Bound the odd values of a column, and return the rows where they changed."""
    values, changed = movies[name].tolist(), []
    for index, value in enumerate(values):
        if is_odd(value) and (bounded := bound(value)) != value:
            values[index] = bounded
            changed.append(index + 1)
    if changed:
        movies[name] = pd.Series(values, movies.index, dtype=object)
    return changed


def _is_odd(longest: int) -> Callable[[str], bool]:
    """Return what tells whether a text may need a change; nearly none of millions does."""
    return lambda text: not text.isprintable() or len(text) > longest


def _odd_genres(genres: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Return the lists of genres that the bounds change. Few lists exist among many movies."""
    return {names for names in set(genres) if _bound_genres(names) != names}


def _bound_id(text: str) -> str:
    return clean_text(text, MAX_ID) if len(text) <= MAX_ID else ""


def _bound_title(title: str) -> str:
    return clean_text(title, MAX_TITLE)


def _bound_genres(genres: tuple[str, ...]) -> tuple[str, ...]:
    names = [clean_text(name, MAX_GENRE) for name in genres if len(name) <= MAX_GENRE]
    return tuple(dict.fromkeys(filter(None, names)))[:MAX_GENRES]


def _bound_extra(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(clean_text(value, MAX_EXTRA, keep_lines=True) for value in values)
