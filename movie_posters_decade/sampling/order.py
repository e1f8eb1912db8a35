"""Order of the output: shuffled by a hash, and stratified, so that it tells no decade."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from movie_posters_decade.records import Movie, Poster, Stratum


def shuffle_evenly(movies: Iterable[Movie]) -> list[Movie]:
    """Shuffle movies by a hash, stratified, so that any part holds each decade in its proportion.

    By rank, large decades, which keep only their smallest ranks, would come first. By a hash alone,
    a small part would hold as much of each decade as chance has it.
    """
    strata: defaultdict[Stratum, list[Movie]] = defaultdict(list)
    for movie in sorted(movies, key=lambda movie: movie.output_key):
        strata[movie.stratum].append(movie)
    placed = [
        (_place(number, len(stratum), movie), movie)
        for stratum in strata.values()
        for number, movie in enumerate(stratum)
    ]
    return [movie for _, movie in sorted(placed, key=lambda one: one[0])]


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
