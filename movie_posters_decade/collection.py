"""Candidates become a balanced set of usable posters: fetch, inspect, refill."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any

from datasets.utils.tqdm import tqdm

from movie_posters_decade.errors import LockError
from movie_posters_decade.lock import Lock, account, differences
from movie_posters_decade.lookalikes import Lookalikes
from movie_posters_decade.movies import Loss, Movie, Pool, Poster
from movie_posters_decade.pools import Pools, check_pools, duplicate, split, untried
from movie_posters_decade.posters import Posters
from movie_posters_decade.selection import Selection

logger = logging.getLogger(__name__)

STREAMED_AT_ONCE = 16
"""How many posters of a pool are fetched together when streaming, once it is under way."""


@dataclass(frozen=True)
class Collection:
    """The usable posters that were wanted, and what was lost on the way.

    Attributes:
        posters: in the order of their movies' ranks.
        losses: the candidates that were tried in vain, in the same order.
        fetched: how many candidates of each pool were tried.
    """

    posters: list[Poster]
    losses: list[Loss]
    fetched: Mapping[Pool, int]


def collect(selection: Selection, posters: Posters, *, equal: bool) -> Collection:
    """Bring as many usable posters as each pool should give, replacing those that are lost.

    A lost poster is replaced by the next of its pool, and so is one that looks like another. When
    a pool runs dry, the goal of its decade sinks to what it has; with ``equal``, so does that of
    every other decade on its side.

    Args:
        selection: the candidates and what is wanted of each pool.
        posters: what brings them.
        equal: whether all decades of a side must end with the same number.

    Raises:
        CollectionError: a pool has no usable poster.
    """
    pools = Pools(selection, equal=equal)
    with _bar(pools.wanted) as bar:
        while batch := pools.take_batch():
            # Closed at once if anything goes wrong, so that nothing is fetched in the background.
            with closing(posters.bring(batch)) as outcomes:
                pools.record(_in_order(batch, _shown(outcomes, bar, len(pools.faults))))
            bar.total = max(bar.n, pools.wanted)
    pools.tell_shortfalls()
    return Collection(
        sorted(pools.kept, key=_place), sorted(pools.losses, key=_place), pools.fetched
    )


def collect_locked(lock: Lock, place: str, posters: Posters, *, allow_missing: bool) -> Collection:
    """Bring just the posters that a lock file says.

    Args:
        lock: what the file holds.
        place: the file, for the error.
        posters: what brings them.
        allow_missing: whether to do without those that are gone or changed.

    Raises:
        LockError: some are, and that is not allowed.
        CollectionError: no poster of a decade and side is left.
    """
    movies = lock.movies
    with _bar(len(movies)) as bar, closing(posters.bring(movies)) as outcomes:
        brought = _in_order(movies, _shown(outcomes, bar, 0))
    kept, losses = _as_locked(lock, place, brought, allow_missing=allow_missing)
    fetched = Counter(movie.pool for movie in movies)
    sizes = Counter(poster.movie.pool for poster in kept)
    check_pools({pool: sizes[pool] for pool in fetched}, losses)
    return Collection(kept, losses, fetched)


def stream_locked(
    lock: Lock,
    place: str,
    side: str,
    posters: Posters,
    forget: Callable[[str], None],
    *,
    allow_missing: bool,
) -> Iterator[Poster]:
    """Yield the posters of a side just as a lock file says, bringing them on the way.

    Args:
        lock: what the file holds.
        place: the file, for the error.
        side: "train" or "test".
        posters: what brings them.
        forget: removes what was stored for a link that is done with.
        allow_missing: whether to do without those that are gone or changed.

    Raises:
        LockError: one is, and that is not allowed.
    """
    movies = [movie for movie in lock.movies if movie.side == side]
    while movies:
        batch, movies = split(movies, STREAMED_AT_ONCE)
        brought = _in_order(batch, posters.bring(batch))
        yield from _as_locked(lock, place, brought, allow_missing=allow_missing)[0]
        for movie in batch:
            forget(movie.poster_url)


def _as_locked(
    lock: Lock, place: str, brought: Sequence[Poster | Loss], *, allow_missing: bool
) -> tuple[list[Poster], list[Loss]]:
    """Part what is as a lock file says from what is not, which has to be allowed."""
    losses = differences(lock, brought)
    if losses and not allow_missing:
        raise LockError(account(place, lock, losses))
    if losses:
        logger.warning("%s: %d posters are changed or missing and left out.", place, len(losses))
    missing = {loss.movie for loss in losses}
    kept = [
        outcome
        for outcome in brought
        if isinstance(outcome, Poster) and outcome.movie not in missing
    ]
    return kept, losses


def _bar(total: int) -> Any:
    return tqdm(desc="Posters", unit="poster", total=total)


def _shown(outcomes: Iterable[Poster | Loss], bar: Any, lost: int) -> Iterator[Poster | Loss]:
    """Pass the outcomes on, and show how many are usable and how many lost."""
    for outcome in outcomes:
        if isinstance(outcome, Loss):
            lost += 1
            bar.set_postfix(lost=lost, refresh=False)
        else:
            bar.update()
        yield outcome


def _in_order(movies: Sequence[Movie], outcomes: Iterable[Poster | Loss]) -> list[Poster | Loss]:
    by_link = {outcome.movie.poster_url: outcome for outcome in outcomes}
    return [by_link[movie.poster_url] for movie in movies]


def _place(outcome: Poster | Loss) -> tuple[int, str]:
    return outcome.movie.place


def stream(
    selection: Selection,
    side: str,
    posters: Posters,
    forget: Callable[[str], None],
    *,
    equal: bool,
) -> Iterator[Poster]:
    """Yield the usable posters of a side, one decade after the other, bringing them on the way.

    Those of test are brought before train begins, so that none of train looks like one of them. A
    poster's file can be read until the next one is asked for.

    Args:
        selection: the candidates and what is wanted of each pool.
        side: "train" or "test".
        posters: what brings them.
        forget: removes what was stored for a link that is done with.
        equal: whether the stream ends as soon as a decade has no more.

    Raises:
        CollectionError: at the end, a decade has no usable poster.
    """
    streaming = _Streaming(posters, forget)
    if side == "train":
        for _ in streaming.side(selection, "test", equal=equal):
            pass
    yield from streaming.side(selection, side, equal=equal)


class _Streaming:
    """Brings posters a few at a time, and passes over those that look like one before."""

    def __init__(self, posters: Posters, forget: Callable[[str], None]) -> None:
        self._posters = posters
        self._forget = forget
        self._seen: Lookalikes[Movie] = Lookalikes()
        self._losses: list[Loss] = []

    def side(self, selection: Selection, side: str, *, equal: bool) -> Iterator[Poster]:
        pools = {pool: movies for pool, movies in untried(selection).items() if pool[1] == side}
        found = dict.fromkeys(pools, 0)
        usable = [
            islice(self._usable(movies), selection.targets[pool]) for pool, movies in pools.items()
        ]
        for of_decades in zip(*usable, strict=False) if equal else zip_longest(*usable):
            for poster in of_decades:
                if poster is not None:
                    found[poster.movie.pool] += 1
                    yield poster
        check_pools(found, self._losses)

    def _usable(self, movies: list[Movie]) -> Iterator[Poster]:
        at_once = 1
        while movies:
            batch, movies = split(movies, at_once)
            at_once = min(2 * at_once, STREAMED_AT_ONCE)
            for outcome in _in_order(batch, self._posters.bring(batch)):
                unlike = self._unlike(outcome)
                if isinstance(unlike, Loss):
                    self._losses.append(unlike)
                else:
                    yield unlike
                self._forget(outcome.movie.poster_url)

    def _unlike(self, outcome: Poster | Loss) -> Poster | Loss:
        """Return the outcome, or the loss of a poster that looks like one before."""
        if isinstance(outcome, Loss) or outcome.fingerprint is None:
            return outcome
        for other in self._seen.like(outcome.fingerprint):
            return duplicate(outcome.movie, other)
        self._seen.add(outcome.movie, outcome.fingerprint)
        return outcome
