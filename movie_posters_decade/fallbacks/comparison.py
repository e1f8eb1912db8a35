"""Comparison of fallbacks: do they have the posters that the catalogue's living links give?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from movie_posters_decade.fallbacks.downloader import FallbackDownloader
from movie_posters_decade.fallbacks.fallback import Fallback
from movie_posters_decade.records import DownloadResult, Movie, Poster
from movie_posters_decade.sampling.collect import to_outcome
from movie_posters_decade.sampling.dedup import NearDuplicates, SamePicture
from movie_posters_decade.sampling.sampler import split_at

LIVING = 20
"""How many living links of a decade are looked up at most."""


@dataclass(frozen=True)
class Agreement:
    """How often a fallback has the same picture as living links of a decade.

    Attributes:
        fallback: its name.
        decade: of the movies.
        living: the links that gave a usable poster and were looked up.
        unanswered: how many of these the fallback gave no answer for.
        found: how many of these the fallback has a usable poster for.
        alike: how many of those show the same picture.
    """

    fallback: str
    decade: str
    living: int
    unanswered: int
    found: int
    alike: int

    @property
    def share(self) -> float | None:
        """The share of the found posters that show the same picture; None if none was found."""
        return self.alike / self.found if self.found else None

    def to_json(self) -> dict[str, Any]:
        """Return the counts and the share in JSON types."""
        return asdict(self) | {"share": self.share}


def compare_fallbacks(
    movies: Sequence[Movie],
    downloader: FallbackDownloader,
    fallbacks: Iterable[Fallback],
    pictures: SamePicture,
) -> list[Agreement]:
    """Look up living links at fallbacks, and compare the posters, for each fallback and decade.

    Args:
        movies: the candidates in the order of rank.
        downloader: of the catalogue's links and of other addresses.
        fallbacks: that are compared.
        pictures: the second look at a pair of pictures.
    """
    living = _living_posters(movies, downloader)
    links = [poster.movie.poster_url for posters in living.values() for poster in posters]
    agreements = []
    for fallback in fallbacks:
        found = {}
        with closing(downloader.from_fallback(fallback, links)) as results:
            for result in results:
                found[result.url] = result
        agreements += [
            _compare(fallback.name, decade, posters, found, pictures)
            for decade, posters in living.items()
        ]
    return agreements


def _living_posters(
    movies: Sequence[Movie], downloader: FallbackDownloader
) -> dict[str, list[Poster]]:
    """Return the first usable posters of each decade, by decade."""
    by_decade = defaultdict(list)
    for movie in movies:
        by_decade[movie.decade].append(movie)
    return {decade: _first_usable(by_decade[decade], downloader) for decade in sorted(by_decade)}


def _first_usable(movies: Sequence[Movie], downloader: FallbackDownloader) -> list[Poster]:
    posters: list[Poster] = []
    while movies and len(posters) < LIVING:
        batch, movies = split_at(movies, LIVING - len(posters))
        by_link = {movie.poster_url: movie for movie in batch}
        with closing(downloader.download(list(by_link))) as results:
            outcomes = [to_outcome(by_link[result.url], result) for result in results]
        posters += [outcome for outcome in outcomes if isinstance(outcome, Poster)]
    return posters


def _compare(
    name: str,
    decade: str,
    posters: Sequence[Poster],
    found: Mapping[str, DownloadResult],
    pictures: SamePicture,
) -> Agreement:
    results = [found[poster.movie.poster_url] for poster in posters]
    unanswered = sum(any(one.is_transient for one in result.tried) for result in results)
    pairs = list(_pairs(posters, found))
    alike = sum(_are_alike(one, other, pictures) for one, other in pairs)
    return Agreement(name, decade, len(posters), unanswered, len(pairs), alike)


def _pairs(
    posters: Sequence[Poster], found: Mapping[str, DownloadResult]
) -> Iterator[tuple[Poster, Poster]]:
    """Yield the posters for which the fallback has one, each with that one."""
    for poster in posters:
        outcome = to_outcome(poster.movie, found[poster.movie.poster_url])
        if isinstance(outcome, Poster):
            yield poster, outcome


def _are_alike(one: Poster, other: Poster, pictures: SamePicture) -> bool:
    index = NearDuplicates(pictures)
    index.add(one)
    return bool(index.find(other))
