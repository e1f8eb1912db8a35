"""The candidates, pool by pool: which to try next, and which of the usable to keep."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from movie_posters_decade.errors import PRIVATE, CollectionError
from movie_posters_decade.funnel import Reason, listing
from movie_posters_decade.lookalikes import Lookalikes
from movie_posters_decade.movies import SIDES, Loss, Movie, Pool, Poster
from movie_posters_decade.selection import Selection, level

logger = logging.getLogger(__name__)

_LATER = (
    "Build again when they can be reached, or choose min_year and max_year without that decade."
)


@dataclass(frozen=True)
class Settlement:
    """Which of the usable posters are kept.

    Attributes:
        kept: by pool, in the order of rank.
        duplicates: those that were passed over for a kept one that looks alike.
    """

    kept: Mapping[Pool, list[Poster]]
    duplicates: list[Loss]


class Twins:
    """Which posters look alike, of those that have come in."""

    def __init__(self) -> None:
        self._seen: Lookalikes[Poster] = Lookalikes()
        self._of: defaultdict[str, list[Poster]] = defaultdict(list)

    def add(self, poster: Poster) -> None:
        """Learn of a poster; one that was not looked at is like no other."""
        if poster.fingerprint is None:
            return
        for other in self._seen.like(poster.fingerprint):
            self._of[poster.movie.imdb_id].append(other)
            self._of[other.movie.imdb_id].append(poster)
        self._seen.add(poster, poster.fingerprint)

    def of(self, poster: Poster) -> list[Poster]:
        """Return the posters that look like one."""
        return self._of.get(poster.movie.imdb_id, [])


def settle(usable: Iterable[Poster], goals: Mapping[Pool, int], twins: Twins) -> Settlement:
    """Keep as many posters of each pool as are wanted, and one of those that look alike.

    Test goes before train, and then the smaller rank; so the outcome does not depend on the order
    in which posters came in. A poster beyond its pool's goal is in nobody's way.

    Args:
        usable: the posters, in any order.
        goals: how many are wanted of each pool.
        twins: which of them look alike.
    """
    kept: dict[Pool, list[Poster]] = {pool: [] for pool in goals}
    kept_ids = set()
    duplicates = []
    for poster in sorted(usable, key=_priority):
        of_pool = kept[poster.movie.pool]
        if len(of_pool) >= goals[poster.movie.pool]:
            continue
        rivals = [twin for twin in twins.of(poster) if twin.movie.imdb_id in kept_ids]
        if rivals:
            duplicates.append(duplicate(poster.movie, min(rivals, key=_priority).movie))
        else:
            of_pool.append(poster)
            kept_ids.add(poster.movie.imdb_id)
    return Settlement(kept, duplicates)


def duplicate(movie: Movie, other: Movie) -> Loss:
    """Return the loss of a movie whose poster looks like that of another, which stays."""
    return Loss(movie, Reason.DUPLICATE, duplicate_of=other.imdb_id)


def _priority(poster: Poster) -> tuple[bool, tuple[int, str]]:
    return poster.movie.side != "test", poster.movie.place


class Pools:
    """The candidates on their way: untried, usable or lost.

    Args:
        selection: the candidates and what is wanted of each pool.
        equal: whether all decades of a side must end with the same number.
    """

    def __init__(self, selection: Selection, *, equal: bool) -> None:
        self._targets = selection.targets
        self._goals = dict(selection.targets)
        self._equal = equal
        self._untried = untried(selection)
        self._usable: list[Poster] = []
        self._twins = Twins()
        self._settlement = settle([], self._goals, self._twins)
        self._scarcest: dict[str, list[Pool]] = {}
        """By side, the pools that the goals last sank for."""
        self.fetched: Counter[Pool] = Counter()
        """How many of each pool were tried."""
        self.faults: list[Loss] = []
        """The candidates that were tried and cannot be used."""

    @property
    def wanted(self) -> int:
        """How many posters are wanted in all, as far as is known."""
        return sum(self._goals.values())

    @property
    def kept(self) -> Iterator[Poster]:
        """The posters that are kept so far."""
        return (poster for posters in self._settlement.kept.values() for poster in posters)

    @property
    def losses(self) -> list[Loss]:
        """The candidates that are lost so far, duplicates included."""
        return [*self.faults, *self._settlement.duplicates]

    def take_batch(self) -> list[Movie]:
        """Take the next movies to try: of pools without a reserve first, as these may lower goals.

        When there are none, everything is settled.
        """
        needs = {
            pool: goal - len(self._settlement.kept[pool]) for pool, goal in self._goals.items()
        }
        open_pools = [pool for pool, need in needs.items() if need > 0]
        scarce = [pool for pool in open_pools if len(self._untried[pool]) <= needs[pool]]
        batch = []
        for pool in scarce or open_pools:
            taken, self._untried[pool] = split(self._untried[pool], needs[pool])
            self.fetched[pool] += len(taken)
            batch += taken
        return batch

    def record(self, outcomes: Iterable[Poster | Loss]) -> None:
        """Take in what became of a batch, and settle anew what is kept.

        Raises:
            CollectionError: a pool has no usable poster.
        """
        for outcome in outcomes:
            if isinstance(outcome, Loss):
                self.faults.append(outcome)
            else:
                self._usable.append(outcome)
                self._twins.add(outcome)
        self._settle()
        # A goal that sinks sets posters aside, and with them what they were in the way of.
        while (within := self._within()) != self._goals:
            self._sink(within)
            self._settle()

    def _settle(self) -> None:
        self._settlement = settle(self._usable, self._goals, self._twins)

    def _supply(self, pool: Pool) -> int:
        return len(self._settlement.kept[pool]) + len(self._untried[pool])

    def _within(self) -> dict[Pool, int]:
        return {pool: min(goal, self._supply(pool)) for pool, goal in self._goals.items()}

    def _sink(self, within: dict[Pool, int]) -> None:
        check_pools(within, self.losses)
        goals = level(within) if self._equal else within
        for side in SIDES:
            lower = [pool for pool in goals if pool[1] == side and goals[pool] < self._goals[pool]]
            if lower:
                self._scarcest[side] = [pool for pool in lower if within[pool] == goals[pool]]
        self._goals = goals

    def tell_shortfalls(self) -> None:
        """Warn of the decades that ran dry, if others had to stop at their size."""
        if not self._equal:
            return
        for side, scarcest in self._scarcest.items():
            logger.warning(
                "Each decade has %d %s posters instead of %d, as there are no more of the %s.",
                *(self._goals[scarcest[0]], side, self._targets[scarcest[0]]),
                " and ".join(decade for decade, _ in scarcest),
            )


def untried(selection: Selection) -> dict[Pool, list[Movie]]:
    """Return the candidates of each pool in the order of rank."""
    pools: dict[Pool, list[Movie]] = {pool: [] for pool in selection.targets}
    for movie in selection.movies():
        pools[movie.pool].append(movie)
    return pools


def split(movies: list[Movie], count: int) -> tuple[list[Movie], list[Movie]]:
    """Return the first so many movies, and the others."""
    return movies[:count], movies[count:]


def check_pools(sizes: Mapping[Pool, int], losses: Iterable[Loss]) -> None:
    """See that no pool is empty.

    Raises:
        CollectionError: one is; the losses tell why.
    """
    for pool, size in sizes.items():
        if size == 0:
            decade, side = pool
            reasons = Counter(loss.reason for loss in losses if loss.movie.pool == pool)
            account = listing(dict(reasons.most_common()))
            remedy = PRIVATE if reasons[Reason.FORBIDDEN_ADDRESS] else _LATER
            raise CollectionError(
                f"The {decade} have no usable {side} poster: of {reasons.total()} movies none is "
                f"left ({account}). What was fetched is kept. {remedy}"
            )
