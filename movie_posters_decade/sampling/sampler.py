"""The candidates, stratum by stratum: which to try next, and which of the usable to keep."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from movie_posters_decade.errors import PRIVATE, CollectionError
from movie_posters_decade.records import (
    SPLITS,
    Movie,
    Poster,
    Rejection,
    RejectReason,
    Stratum,
    listing,
)
from movie_posters_decade.sampling.dedup import NearDuplicateIndex
from movie_posters_decade.sampling.selection import Selection, level

logger = logging.getLogger(__name__)

_LATER = (
    "Build again when they can be reached, or choose min_year and max_year without that decade."
)


@dataclass(frozen=True)
class Settlement:
    """Which of the usable posters are kept.

    Attributes:
        kept: by stratum, in the order of rank.
        duplicates: those that were passed over for a kept one that looks alike.
    """

    kept: Mapping[Stratum, list[Poster]]
    duplicates: list[Rejection]


class Twins:
    """Which posters look alike, of those that have come in."""

    def __init__(self) -> None:
        self._seen: NearDuplicateIndex[Poster] = NearDuplicateIndex()
        self._of: defaultdict[str, list[Poster]] = defaultdict(list)

    def add(self, poster: Poster) -> None:
        """Learn of a poster; one that was not looked at is like no other."""
        if poster.phash is None:
            return
        for other in self._seen.like(poster.phash):
            self._of[poster.movie.imdb_id].append(other)
            self._of[other.movie.imdb_id].append(poster)
        self._seen.add(poster, poster.phash)

    def of(self, poster: Poster) -> list[Poster]:
        """Return the posters that look like one."""
        return self._of.get(poster.movie.imdb_id, [])


def settle(usable: Iterable[Poster], targets: Mapping[Stratum, int], twins: Twins) -> Settlement:
    """Keep as many posters of each stratum as are wanted, and one of those that look alike.

    Test goes before train, and then the smaller rank; so the outcome does not depend on the order
    in which posters came in. A poster beyond its stratum's target is in nobody's way.

    Args:
        usable: the posters, in any order.
        targets: how many are wanted of each stratum.
        twins: which of them look alike.
    """
    kept: dict[Stratum, list[Poster]] = {stratum: [] for stratum in targets}
    kept_ids = set()
    duplicates = []
    for poster in sorted(usable, key=_priority):
        of_stratum = kept[poster.movie.stratum]
        if len(of_stratum) >= targets[poster.movie.stratum]:
            continue
        rivals = [twin for twin in twins.of(poster) if twin.movie.imdb_id in kept_ids]
        if rivals:
            duplicates.append(duplicate(poster.movie, min(rivals, key=_priority).movie))
        else:
            of_stratum.append(poster)
            kept_ids.add(poster.movie.imdb_id)
    return Settlement(kept, duplicates)


def duplicate(movie: Movie, other: Movie) -> Rejection:
    """Return the rejection of a movie whose poster looks like that of another, which stays."""
    return Rejection(movie, RejectReason.NEAR_DUPLICATE, duplicate_of=other.imdb_id)


def _priority(poster: Poster) -> tuple[bool, tuple[int, str]]:
    return poster.movie.split != "test", poster.movie.place


class Sampler:
    """The candidates on their way: untried, usable or rejected.

    Args:
        selection: the candidates and what is wanted of each stratum.
        equal: whether all decades of a split must end with the same number.
    """

    def __init__(self, selection: Selection, *, equal: bool) -> None:
        self._targets = selection.targets
        self._targets_now = dict(selection.targets)
        self._equal = equal
        self._untried = untried(selection)
        self._usable: list[Poster] = []
        self._twins = Twins()
        self._settlement = settle([], self._targets_now, self._twins)
        self._scarcest: dict[str, list[Stratum]] = {}
        """By split, the strata that the targets last sank for."""
        self.downloaded: Counter[Stratum] = Counter()
        """How many of each stratum were tried."""
        self.faults: list[Rejection] = []
        """The candidates that were tried and cannot be used."""

    @property
    def wanted(self) -> int:
        """How many posters are wanted in all, as far as is known."""
        return sum(self._targets_now.values())

    @property
    def kept(self) -> Iterator[Poster]:
        """The posters that are kept so far."""
        return (poster for posters in self._settlement.kept.values() for poster in posters)

    @property
    def rejections(self) -> list[Rejection]:
        """The candidates that are rejected so far, duplicates included."""
        return [*self.faults, *self._settlement.duplicates]

    def take_batch(self) -> list[Movie]:
        """Take the next movies to try: of strata without a reserve first, as these may lower targets.

        When there are none, everything is settled.
        """
        needs = {
            stratum: target - len(self._settlement.kept[stratum])
            for stratum, target in self._targets_now.items()
        }
        open_strata = [stratum for stratum, need in needs.items() if need > 0]
        scarce = [
            stratum for stratum in open_strata if len(self._untried[stratum]) <= needs[stratum]
        ]
        batch = []
        for stratum in scarce or open_strata:
            taken, self._untried[stratum] = take_first(self._untried[stratum], needs[stratum])
            self.downloaded[stratum] += len(taken)
            batch += taken
        return batch

    def record(self, outcomes: Iterable[Poster | Rejection]) -> None:
        """Take in what became of a batch, and settle anew what is kept.

        Raises:
            CollectionError: a stratum has no usable poster.
        """
        for outcome in outcomes:
            if isinstance(outcome, Rejection):
                self.faults.append(outcome)
            else:
                self._usable.append(outcome)
                self._twins.add(outcome)
        self._settle()
        # A target that sinks sets posters aside, and with them what they were in the way of.
        while (within := self._within()) != self._targets_now:
            self._sink(within)
            self._settle()

    def _settle(self) -> None:
        self._settlement = settle(self._usable, self._targets_now, self._twins)

    def _supply(self, stratum: Stratum) -> int:
        return len(self._settlement.kept[stratum]) + len(self._untried[stratum])

    def _within(self) -> dict[Stratum, int]:
        return {
            stratum: min(target, self._supply(stratum))
            for stratum, target in self._targets_now.items()
        }

    def _sink(self, within: dict[Stratum, int]) -> None:
        check_strata(within, self.rejections)
        targets = level(within) if self._equal else within
        for split in SPLITS:
            lower = [
                stratum
                for stratum in targets
                if stratum[1] == split and targets[stratum] < self._targets_now[stratum]
            ]
            if lower:
                self._scarcest[split] = [
                    stratum for stratum in lower if within[stratum] == targets[stratum]
                ]
        self._targets_now = targets

    def tell_shortfalls(self) -> None:
        """Warn of the decades that ran dry, if others had to stop at their size."""
        if not self._equal:
            return
        for split, scarcest in self._scarcest.items():
            logger.warning(
                "Each decade has %d %s posters instead of %d, as there are no more of the %s.",
                *(self._targets_now[scarcest[0]], split, self._targets[scarcest[0]]),
                " and ".join(decade for decade, _ in scarcest),
            )


def untried(selection: Selection) -> dict[Stratum, list[Movie]]:
    """Return the candidates of each stratum in the order of rank."""
    strata: dict[Stratum, list[Movie]] = {stratum: [] for stratum in selection.targets}
    for movie in selection.movies():
        strata[movie.stratum].append(movie)
    return strata


def take_first(movies: list[Movie], count: int) -> tuple[list[Movie], list[Movie]]:
    """Return the first so many movies, and the others."""
    return movies[:count], movies[count:]


def check_strata(sizes: Mapping[Stratum, int], rejections: Iterable[Rejection]) -> None:
    """See that no stratum is empty.

    Raises:
        CollectionError: one is; the rejections tell why.
    """
    for stratum, size in sizes.items():
        if size == 0:
            decade, split = stratum
            reasons = Counter(
                rejection.reason for rejection in rejections if rejection.movie.stratum == stratum
            )
            account = listing(dict(reasons.most_common()))
            remedy = PRIVATE if reasons[RejectReason.PRIVATE_ADDRESS] else _LATER
            raise CollectionError(
                f"The {decade} have no usable {split} poster: of {reasons.total()} movies none is "
                f"left ({account}). What was downloaded is kept. {remedy}"
            )
