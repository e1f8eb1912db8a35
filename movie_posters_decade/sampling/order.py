"""Order of the output: shuffled by a hash, and stratified, so that it tells no decade."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from movie_posters_decade.records import Movie, Poster, Stratum

T = TypeVar("T")


def shuffle_evenly(items: Iterable[T], movie_of: Callable[[T], Movie]) -> list[T]:
    """Shuffle items by a hash of their movies, so that any part of a split is stratified.

    By rank, large decades, which keep only their smallest ranks, would come first. By a hash alone,
    a small part would hold as much of each decade as chance has it.
    """
    strata: defaultdict[Stratum, list[T]] = defaultdict(list)
    for item in sorted(items, key=lambda item: movie_of(item).output_key):
        strata[movie_of(item).stratum].append(item)
    placed = [
        (_place(number, len(stratum), movie_of(item)), item)
        for stratum in strata.values()
        for number, item in enumerate(stratum)
    ]
    return [item for _, item in sorted(placed, key=lambda one: one[0])]


def movie_of(poster: Poster) -> Movie:
    """Return the movie of a poster."""
    return poster.movie


def one_of_each(streams: Sequence[Iterator[Poster]]) -> Iterator[Poster]:
    """Yield one poster of each stream, in an order that tells nothing, until one stream ends."""
    for posters in zip(*streams, strict=False):
        yield from sorted(posters, key=lambda poster: poster.movie.output_key)


def in_proportion(streams: Sequence[Iterator[Poster]], sizes: Sequence[int]) -> Iterator[Poster]:
    """Merge streams, so that any part holds as much of each as its size says."""

    def placed(posters: Iterator[Poster], size: int) -> Iterator[tuple[float, Poster]]:
        for number, poster in enumerate(posters):
            yield _place(number, size, poster.movie), poster

    places = map(placed, streams, sizes)
    return (poster for _, poster in heapq.merge(*places, key=lambda one: one[0]))


def _place(number: int, size: int, movie: Movie) -> float:
    """Return the place of a stratum's movie in its split, from 0 to 1: by chance, but evenly."""
    offset = int.from_bytes(movie.output_key[8:], "big") / 2**64
    return (number + offset) / size
