"""Candidates become a balanced set of usable posters: fetch, inspect, refill."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import Any

from datasets.utils.tqdm import tqdm

from movie_posters_decade.errors import CollectionError
from movie_posters_decade.funnel import Reason
from movie_posters_decade.movies import Loss, Movie, Pool, Poster
from movie_posters_decade.posters import Posters
from movie_posters_decade.selection import Selection, level

logger = logging.getLogger(__name__)

STREAMED_AT_ONCE = 16
"""How many posters of a pool are fetched together when streaming, once it is under way."""

_LATER = (
    "Build again when they can be reached, or choose min_year and max_year without that decade."
)
_PRIVATE = (
    "Addresses that are not public are asked only with allow_private_hosts=True "
    "(--allow-private-hosts), and paths taken only from a catalogue on this machine."
)


@dataclass(frozen=True)
class Collection:
    """The usable posters that were wanted, and what was lost on the way.

    Attributes:
        posters: in the order of their movies' ranks.
        losses: the candidates that were tried in vain.
    """

    posters: list[Poster]
    losses: list[Loss]


@dataclass
class _Queue:
    """The candidates of one pool, taken in the order of rank."""

    untried: list[Movie]
    usable: list[Poster] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def supply(self) -> int:
        return len(self.usable) + len(self.untried)

    def record(self, outcome: Poster | Loss) -> None:
        if isinstance(outcome, Loss):
            self.losses.append(outcome)
        else:
            self.usable.append(outcome)


def collect(selection: Selection, posters: Posters, *, equal: bool) -> Collection:
    """Bring as many usable posters as each pool should give, replacing those that are lost.

    A lost poster is replaced by the next of its pool. When a pool runs dry, the goal of its
    decade sinks to what it has; with ``equal``, so does that of every other decade on its side.

    Args:
        selection: the candidates and what is wanted of each pool.
        posters: what brings them.
        equal: whether all decades of a side must end with the same number.

    Raises:
        CollectionError: a pool has no usable poster.
    """
    queues = _queues(selection)
    goals = dict(selection.targets)
    with tqdm(desc="Posters", unit="poster", total=sum(goals.values())) as bar:
        while batch := _next_batch(queues, goals):
            lost = sum(len(queue.losses) for queue in queues.values())
            # Closed at once if anything goes wrong, so that nothing is fetched in the background.
            with closing(posters.bring(batch)) as outcomes:
                for outcome in _in_order(batch, _shown(outcomes, bar, lost)):
                    queues[outcome.movie.pool].record(outcome)
            goals = _reachable(goals, queues, equal=equal)
            bar.total = max(bar.n, sum(goals.values()))
    _tell_shortfalls(selection.targets, goals, queues)
    kept = [poster for pool, queue in queues.items() for poster in queue.usable[: goals[pool]]]
    losses = [loss for queue in queues.values() for loss in queue.losses]
    return Collection(sorted(kept, key=_place), sorted(losses, key=_place))


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


def stream(
    selection: Selection,
    side: str,
    posters: Posters,
    forget: Callable[[str], None],
    *,
    equal: bool,
) -> Iterator[Poster]:
    """Yield the usable posters of a side, one decade after the other, bringing them on the way.

    A poster's file can be read until the next one is asked for.

    Args:
        selection: the candidates and what is wanted of each pool.
        side: "train" or "test".
        posters: what brings them.
        forget: removes what was stored for a link that is done with.
        equal: whether the stream ends as soon as a decade has no more.

    Raises:
        CollectionError: at the end, a decade has no usable poster.
    """
    queues = {pool: queue for pool, queue in _queues(selection).items() if pool[1] == side}
    usable = [
        islice(_usable(queue, posters, forget), selection.targets[pool])
        for pool, queue in queues.items()
    ]
    for of_decades in zip(*usable, strict=False) if equal else zip_longest(*usable):
        yield from (poster for poster in of_decades if poster is not None)
    _check_pools({pool: len(queue.usable) for pool, queue in queues.items()}, queues)


def _usable(queue: _Queue, posters: Posters, forget: Callable[[str], None]) -> Iterator[Poster]:
    at_once = 1
    while queue.untried:
        movies, queue.untried = _split(queue.untried, at_once)
        at_once = min(2 * at_once, STREAMED_AT_ONCE)
        for outcome in _in_order(movies, posters.bring(movies)):
            queue.record(outcome)
            if not isinstance(outcome, Loss):
                yield outcome
            forget(outcome.movie.poster_url)


def _queues(selection: Selection) -> dict[Pool, _Queue]:
    queues = {pool: _Queue([]) for pool in selection.targets}
    for movie in selection.movies():
        queues[movie.pool].untried.append(movie)
    return queues


def _place(outcome: Poster | Loss) -> tuple[int, str]:
    return outcome.movie.place


def _split(movies: list[Movie], count: int) -> tuple[list[Movie], list[Movie]]:
    return movies[:count], movies[count:]


def _next_batch(queues: Mapping[Pool, _Queue], goals: Mapping[Pool, int]) -> list[Movie]:
    """Take the next movies to try: of pools without a reserve first, as these may lower goals."""
    needs = {pool: goals[pool] - len(queue.usable) for pool, queue in queues.items()}
    open_pools = [pool for pool, need in needs.items() if need > 0]
    scarce = [pool for pool in open_pools if len(queues[pool].untried) <= needs[pool]]
    batch = []
    for pool in scarce or open_pools:
        queue = queues[pool]
        taken, queue.untried = _split(queue.untried, needs[pool])
        batch += taken
    return batch


def _reachable(
    goals: Mapping[Pool, int], queues: Mapping[Pool, _Queue], *, equal: bool
) -> dict[Pool, int]:
    within = {pool: min(goal, queues[pool].supply()) for pool, goal in goals.items()}
    _check_pools(within, queues)
    return level(within) if equal else within


def _tell_shortfalls(
    targets: Mapping[Pool, int], goals: Mapping[Pool, int], queues: Mapping[Pool, _Queue]
) -> None:
    for pool, goal in goals.items():
        if goal < targets[pool] and queues[pool].supply() == goal:
            logger.warning(
                "The %s have only %d usable %s posters of the %d wanted.",
                *(pool[0], goal, pool[1], targets[pool]),
            )


def _check_pools(sizes: Mapping[Pool, int], queues: Mapping[Pool, _Queue]) -> None:
    for pool, size in sizes.items():
        if size == 0:
            decade, side = pool
            losses = Counter(loss.reason for loss in queues[pool].losses)
            account = ", ".join(f"{reason} {count}" for reason, count in losses.most_common())
            remedy = _PRIVATE if losses[Reason.FORBIDDEN_ADDRESS] else _LATER
            raise CollectionError(
                f"The {decade} have no usable {side} poster: of {losses.total()} movies none is "
                f"left ({account}). What was fetched is kept. {remedy}"
            )
