"""Parsing: the texts of a table's columns become a movie's values. No row is dropped."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any

import pandas as pd

from movie_posters_decade.catalogue.columns import Columns
from movie_posters_decade.catalogue.genres import (
    are_tmdb_numbers,
    better_separator,
    detect_separator,
    parse_genres,
    second_separator,
)
from movie_posters_decade.catalogue.readers import Content, Table, Value
from movie_posters_decade.catalogue.values import (
    is_damaged_id,
    is_missing,
    is_number,
    is_web_path,
    make_id,
    normalize_link,
    parse_id,
    parse_score,
    parse_years,
    split_year,
)
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.options.options import Options
from movie_posters_decade.records import is_url
from movie_posters_decade.report.reading import LISTED, Findings, Reading

LISTED_GENRES = 10

NO_TITLE = frozenset({r"\N", "N/A", "#N/A", "<NA>"})
"""The words for a missing title. Movies may be called None, Null or Unknown."""


def parse_movies(
    table: Table, columns: Columns, options: Options, name: str
) -> tuple[pd.DataFrame, Reading]:
    """Parse all rows of a table into movies, and return how they were read.

    Raises:
        CatalogueError: there is no row, or values can be read in more than one way.
    """
    return _Parser(table, columns, options, name).parse()


@dataclass(frozen=True)
class _Parser:
    table: Table
    columns: Columns
    options: Options
    name: str

    def parse(self) -> tuple[pd.DataFrame, Reading]:
        fields = list(self.columns.indices)
        content = self.table.read(
            [*self.columns.indices.values(), *self.columns.extra],
            self.columns.indices["poster_url"],
        )
        if not content.columns[0]:
            raise CatalogueError(
                f"{self.name}: expected a row for each movie; found only the header."
            )
        raw = dict(zip(fields, content.columns, strict=False))
        texts = {field: self._texts(field, raw[field]) for field in fields if field != "genres"}
        separator = self._separator(raw)
        titles, years = self._titles_and_years(texts)
        ids = self._ids(texts, titles, years)
        scores = _map_distinct(parse_score, texts.get("imdb_score", [""] * len(titles)))
        extra = [map(_to_text, values) for values in content.columns[len(fields) :]]
        movies = pd.DataFrame(
            {
                "imdb_id": _objects(ids),
                "title": _objects(titles),
                "year": pd.array(years, dtype="Int64"),
                "genres": _objects(self._genres(raw, separator, len(titles))),
                "imdb_score": pd.Series(scores, dtype="float64"),
                "poster_url": _objects(self._links(texts["poster_url"])),
                "extra": _objects(zip(*extra, strict=True) if extra else repeat((), len(titles))),
            }
        )
        return movies, self._reading(content, texts, separator, movies)

    def _texts(self, field: str, values: Sequence[Value]) -> list[str]:
        """Return the values of a column, all of which must be texts."""
        if others := set(map(type, values)) - {str}:
            found = "an object" if dict in others else "a list"
            raise CatalogueError(
                f"{self.name}: expected one value for each movie in the column "
                f"{self.columns.header_of(field)}; found {found}. Only genres may be lists or "
                "objects."
            )
        return values  # type: ignore[return-value]

    def _titles_and_years(
        self, texts: Mapping[str, Sequence[str]]
    ) -> tuple[list[str], list[int | None]]:
        """Return titles and years: from two columns, or both from the title."""
        titles = ["" if title in NO_TITLE else title.strip() for title in texts["title"]]
        if "year" in texts:
            return titles, parse_years(texts["year"])
        parts = [split_year(title) for title in titles]
        return [title for title, _ in parts], parse_years([year for _, year in parts])

    def _ids(
        self,
        texts: Mapping[str, Sequence[str]],
        titles: Sequence[str],
        years: Sequence[int | None],
    ) -> list[str]:
        if "imdb_id" not in texts:
            return [make_id(*one) for one in zip(titles, years, strict=True)]
        header, ids = self.columns.header_of("imdb_id"), texts["imdb_id"]
        rows = enumerate(ids, start=1)
        damaged = [(row, one) for row, one in rows if not one.isdigit() and is_damaged_id(one)]
        is_imdb = "imdb" in header.casefold()
        if damaged and (is_imdb or all(is_number(one) for one in ids if not is_missing(one))):
            listed = ", ".join(f"{one} in row {row}" for row, one in damaged[:LISTED])
            raise CatalogueError(
                f"{self.name}: expected whole ids in the column {header}; found {len(damaged)} "
                f"that lost digits, as spreadsheets write large numbers: {listed}. Export the "
                "table again with that column as text."
            )
        return [parse_id(text, is_imdb=is_imdb) for text in ids]

    def _separator(self, raw: Mapping[str, Sequence[Value]]) -> str | None:
        """Return the text between genres: the option's, or the one that is detected."""
        values = raw.get("genres", ())
        counts = Counter(value for value in values if isinstance(value, str))
        texts = {text: count for text, count in counts.items() if not is_missing(text)}
        given = self.options.genre_separator
        chosen = detect_separator(texts) if given is None else given
        better = better_separator(texts, chosen)
        if better is None:
            other = None if given else second_separator(texts, chosen)
            if other is not None:
                raise self._two_separators(chosen, other, texts)
            return chosen if texts else None
        expected = "a sign such as '|' or ','" if chosen is None else repr(chosen)
        raise CatalogueError(
            f"{self.name}: expected genres separated by {expected} in the column "
            f"{self.columns.header_of('genres')}; found that most values hold {better!r} instead. "
            f"Name it: {self.columns.command(genre_separator=better)}"
        )

    def _two_separators(
        self, one: str | None, other: str, texts: Mapping[str, int]
    ) -> CatalogueError:
        example = next(text for text in texts if other in text and (one or other) not in text)
        return CatalogueError(
            f"{self.name}: expected one separator between genres in the column "
            f"{self.columns.header_of('genres')}; found {one!r} in most values, but {other!r} in "
            f"others, such as {example!r}. Write all values with the same, or name the one to "
            f"split at: {self.columns.command(genre_separator=one)}"
        )

    def _genres(
        self, raw: Mapping[str, Sequence[Value]], separator: str | None, count: int
    ) -> Iterable[tuple[str, ...]]:
        if "genres" not in raw:
            return repeat((), count)
        numbers = are_tmdb_numbers(raw["genres"], separator)
        parse = partial(parse_genres, separator=separator, numbers=numbers)
        if all(isinstance(value, str) for value in raw["genres"]):
            return _map_distinct(parse, raw["genres"])
        return map(parse, raw["genres"])

    def _links(self, texts: Sequence[str]) -> list[str]:
        links = [normalize_link(link, self.options.base_url) for link in texts]
        if 2 * sum(map(is_web_path, links)) > sum(map(bool, links)):
            example = next(filter(is_web_path, links))
            raise CatalogueError(
                f"{self.name}: expected URLs, or paths of files, in the column "
                f"{self.columns.header_of('poster_url')}; found paths on an image host, such as "
                f"{example}. Say where they start: "
                f"{self.columns.command(base_url='https://HOST/FOLDER')}"
            )
        return links

    def _reading(
        self,
        content: Content,
        texts: Mapping[str, Sequence[str]],
        separator: str | None,
        movies: pd.DataFrame,
    ) -> Reading:
        details = {**self.table.details, **content.details}
        years = movies["year"].dropna()
        odd_ids = [one for one in movies["imdb_id"] if one and not one.startswith("tt")]
        return Reading(
            kind=self.table.kind,
            encoding=details.get("encoding"),
            delimiter=details.get("delimiter"),
            quoting=details.get("quoting"),
            columns=self.columns.used,
            genre_separator=separator,
            genres=_frequent_genres(movies["genres"]),
            years=[int(years.min()), int(years.max())] if len(years) else None,
            missing=self._missing(movies),
            odd_years=Findings.of(_odd_years(texts.get("year", ()), movies["year"])),
            odd_ids=Findings.of(odd_ids if 2 * len(odd_ids) < len(movies) else []),
            broken_bytes=Findings.of(details.get("broken_lines", ())),
            short_rows=Findings.of(details.get("short_lines", ())),
            files=Findings.of(file_links(movies["poster_url"])),
        )

    def _missing(self, movies: pd.DataFrame) -> dict[str, int]:
        """Count the rows without a value, for each field that the table has."""
        counts = {
            "imdb_id": (movies["imdb_id"] == "").sum(),
            "title": (movies["title"] == "").sum(),
            "year": movies["year"].isna().sum(),
            "genres": (movies["genres"].map(len) == 0).sum(),
            "imdb_score": movies["imdb_score"].isna().sum(),
            "poster_url": (movies["poster_url"] == "").sum(),
        }
        has = {*self.columns.indices, "year"}
        return {field: int(count) for field, count in counts.items() if count and field in has}


def _odd_years(texts: Sequence[str], years: pd.Series) -> list[str]:
    """Return the values of a column of years that are neither a year nor missing."""
    return [texts[row] for row in years.index[years.isna()] if texts and not is_missing(texts[row])]


def file_links(links: Iterable[str]) -> list[str]:
    """Return the links that are paths of files."""
    others = (link for link in links if link and not link.startswith(("http://", "https://")))
    return [link for link in others if not is_url(link)]


def _objects(values: Iterable[Any]) -> pd.Series:
    """Return a column of Python objects, of which tuples stay as they are."""
    column = pd.Series(None, index=range(len(values := list(values))), dtype=object)
    column[:] = values
    return column


def _to_text(value: Value) -> str:
    """Return a value of an extra column as a text: lists and objects in JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _map_distinct(parse: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """Parse each distinct value once, as few exist."""
    parsed = {value: parse(value) for value in set(values)}
    return [parsed[value] for value in values]


def _frequent_genres(genres: pd.Series) -> dict[str, int]:
    counts = Counter[str]()
    for names, count in Counter(genres).items():
        counts.update(dict.fromkeys(names, count))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict(ordered[:LISTED_GENRES])
