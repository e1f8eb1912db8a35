"""Columns: which column of a table holds which field of a movie.

Names are compared without case, space and punctuation. The names below are those of Kaggle's
catalogue, TMDB's dumps and API, OMDb, IMDb's own files and lists, IMDb's top 1000, Letterboxd and
the manifest of an export. The option `columns` comes before them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from movie_posters_decade.catalogue.suggestion import suggest_command
from movie_posters_decade.catalogue.values import looks_like_link
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.options.options import Options

NAMES: Mapping[str, Sequence[str]] = {
    "imdb_id": (
        "imdb id",
        "imdb title id",
        "tconst",
        "const",
        "tmdb id",
        "movie id",
        "film id",
        "letterboxd uri",
        "id",
    ),
    "title": (
        "title",
        "primary title",
        "series title",
        "movie title",
        "film title",
        "movie name",
        "film name",
        "name",
        "movie",
        "film",
        "original title",
    ),
    "year": (
        "year",
        "release year",
        "released year",
        "start year",
        "title year",
        "movie year",
        "release date",
        "released",
        "date published",
    ),
    "genres": ("genres", "genre", "genre names", "movie genre", "genre ids"),
    "imdb_score": ("imdb score", "imdb rating", "average rating", "vote average"),
    "poster_url": (
        "poster url",
        "poster link",
        "poster",
        "poster path",
        "poster image",
        "image url",
        "image link",
        "cover url",
    ),
}
"""The names of each field's column, the surest first."""

REQUIRED = {"title": "titles", "poster_url": "poster links"}
"""The fields that a table must have, and what they hold."""

LISTED_COLUMNS = 60


class Columns:
    """The columns of a table, and the fields that they hold.

    Attributes:
        indices: the index of each field's column.
        extra: the index of each extra column, in the order of the option.
    """

    def __init__(
        self,
        header: Sequence[str],
        options: Options,
        name: str,
        location: str,
        sample: Callable[[int], list[list[Any]]],
    ) -> None:
        self._header, self._options = header, options
        self._name, self._location = name, location
        self._sample = sample
        if not any(header):
            raise CatalogueError(f"{name}: expected a table of movies; found an empty file.")
        self.indices: dict[str, int] = {}
        for field, column in options.field_columns.items():
            self.indices[field] = self._index(column)
        taken: set[int] = set()  # a named column may hold another field too
        for field in NAMES:
            if field not in self.indices:
                found = self._find(NAMES[field], taken)
                if found is not None:
                    self.indices[field] = found
                    taken.add(found)
        missing = [field for field in REQUIRED if field not in self.indices]
        if missing:
            raise self._missing(missing)
        self.extra = [self._index(column) for column in options.extra_columns or ()]

    def header_of(self, field: str) -> str:
        """Return the name of a field's column."""
        return self._header[self.indices[field]]

    @property
    def used(self) -> dict[str, str]:
        """The name of each field's column."""
        return {field: self.header_of(field) for field in NAMES if field in self.indices}

    def command(self, **changes: Any) -> str:
        """Return a command that tries to read the catalogue with other options."""
        return suggest_command(self._location, self._options, **changes)

    def _find(self, names: Sequence[str], taken: set[int]) -> int | None:
        """Return the index of the first of some names that the header has."""
        plain = [plain_name(column) for column in self._header]
        for name in map(plain_name, names):
            found = [index for index, column in enumerate(plain) if column == name]
            free = [index for index in found if index not in taken]
            if len(free) > 1:
                raise self._repeated(self._header[free[0]], len(free))
            if free:
                return free[0]
        return None

    def _index(self, column: str) -> int:
        """Return the index of a column that the user named."""
        for of in (str, plain_name):
            found = [index for index, one in enumerate(self._header) if of(one) == of(column)]
            if len(found) > 1:
                raise self._repeated(column, len(found))
            if found:
                return found[0]
        raise CatalogueError(
            f"{self._name}: expected the column {column}; found only {self.listed()}. Name "
            f"another one: {self.command(columns=self._guesses([*REQUIRED]))}"
        )

    def _repeated(self, column: str, count: int) -> CatalogueError:
        return CatalogueError(
            f"{self._name}: expected the column {column} once; found it {count} times. Rename or "
            "remove the others."
        )

    def _missing(self, fields: Sequence[str]) -> CatalogueError:
        what = " and ".join(REQUIRED[field] for field in fields)
        if any(looks_like_link(name) for name in self._header):
            return CatalogueError(
                f"{self._name}: expected the names of the columns in the first line; found "
                f"{self.listed()}, which holds a link. Add a line with names."
            )
        separated = "" if len(self._header) > 1 else " Name the delimiter if it has more columns."
        return CatalogueError(
            f"{self._name}: expected a table of movies, with columns for titles and poster links; "
            f"found none for {what} among {self.listed()}.{separated} Name them: "
            f"{self.command(columns=self._guesses(fields))}"
        )

    def listed(self) -> str:
        """Return the names of the columns, for a sentence."""
        more = len(self._header) - LISTED_COLUMNS
        names = [name if len(name) <= 80 else f"{name[:80]}…" for name in self._header]
        listed = ", ".join(name or "(no name)" for name in names[:LISTED_COLUMNS])
        return listed + (f" and {more} more" if more > 0 else "")

    def _guesses(self, fields: Sequence[str]) -> dict[str, str]:
        """Return a column for each field: for posters one that holds links, or a placeholder."""
        rows = self._sample(100)
        guesses = {}
        for field in fields:
            found = self._find(NAMES[field], set()) if field not in self.indices else None
            links = [i for i, column in enumerate(zip(*rows, strict=False)) if _are_links(column)]
            pictures = [i for i in links if self._header[i] and "imdb.com" not in str(rows[0][i])]
            if found is None and field == "poster_url" and pictures:
                found = pictures[0]
            guesses[field] = "COLUMN" if found is None else self._header[found]
        return guesses


def plain_name(name: str) -> str:
    """Return a name without case, space and punctuation."""
    return re.sub(r"[\W_]", "", name.casefold())


def _are_links(values: Sequence[Any]) -> bool:
    texts = [str(value) for value in values if value]
    return bool(texts) and sum(map(looks_like_link, texts)) > len(texts) / 2
