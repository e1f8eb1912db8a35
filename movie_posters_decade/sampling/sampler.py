"""Balanced sampler: which candidates of each stratum to download next, and which to keep."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from movie_posters_decade.errors import (
    OUTSIDE_HINT,
    PRIVATE_HINT,
    CollectionError,
    HostsUnreachableError,
)
from movie_posters_decade.records import (
    NO_ANSWER,
    SPLITS,
    TRANSIENT_REASONS,
    Movie,
    Poster,
    Rejection,
    RejectReason,
    Stratum,
    is_url,
)
from movie_posters_decade.report.shortfall import INTRODUCTION, Shortfall
from movie_posters_decade.sampling.dedup import NearDuplicates, SamePicture
from movie_posters_decade.sampling.remedies import Tried, find_remedies
from movie_posters_decade.sampling.selection import Selection, equalize
from movie_posters_decade.text.sentences import join, list_shares

SMALL_SHORTFALL = 0.95
"""The share of what was planned from which on a shortfall needs no remedy."""

MAX_CAUSES = 3
"""How many decades that ran short a sentence names."""

Remedies = Callable[[Mapping[str, Sequence[str]], Mapping[str, int]], Sequence[str]]
"""Returns what helps, given the decades that ran short and each decade's size, by split."""


@dataclass(frozen=True)
class Sample:
    """The posters that are kept, of those that are usable."""

    kept: Mapping[Stratum, list[Poster]] = field(repr=False)  # by stratum, in the order of rank
    rejections: list[Rejection] = field(repr=False)  # of near-duplicates and placeholders


def draw_sample(
    usable: Iterable[Poster], targets: Mapping[Stratum, int], near_duplicates: NearDuplicates
) -> Sample:
    """Keep the target number of posters of each stratum, and one of those that look alike.

    Posters of test come before those of validation and of train, then the smaller rank comes first.
    So the result does not depend on the order of arrival. A poster beyond its stratum's target
    rejects no other. A picture that `PLACEHOLDER_LINKS` links give is no poster: none is kept.
    """
    kept: dict[Stratum, list[Poster]] = {stratum: [] for stratum in targets}
    kept_ids = set()
    rejections = []
    for poster in sorted(usable, key=_priority):
        if near_duplicates.is_placeholder(poster):
            rejections.append(Rejection(poster.movie, RejectReason.PLACEHOLDER))
            continue
        of_stratum, alike = kept[poster.movie.stratum], near_duplicates.of(poster)
        rivals = [one for one in alike if one.movie.imdb_id in kept_ids]
        if rivals:
            rejections.append(near_duplicate(poster.movie, min(rivals, key=_priority).movie))
        elif len(of_stratum) < targets[poster.movie.stratum]:
            of_stratum.append(poster)
            kept_ids.add(poster.movie.imdb_id)
    return Sample(kept, rejections)


def near_duplicate(movie: Movie, kept: Movie) -> Rejection:
    """Return the rejection of a movie whose poster looks like that of a kept movie."""
    return Rejection(movie, RejectReason.NEAR_DUPLICATE, duplicate_of=kept.imdb_id)


def _priority(poster: Poster) -> tuple[int, tuple[int, str]]:
    # Test first, as the last of the splits.
    return -SPLITS.index(poster.movie.split), poster.movie.sort_key


class Sampler:
    """Balanced sampler over strata: it replaces rejected posters until the targets are met.

    With ``equal``, all decades of a split end with the same number, and where train is short, test
    and validation are reduced to their shares.
    """

    def __init__(self, selection: Selection, pictures: SamePicture, *, equal: bool) -> None:
        self._selection = selection
        self._planned = selection.targets
        self._targets = dict(selection.targets)
        self._shares = selection.shares
        self._equal = equal
        self._untried = candidates_by_stratum(selection)
        self._usable: list[Poster] = []
        self._near_duplicates = NearDuplicates(pictures)
        self._sample = draw_sample([], self._targets, self._near_duplicates)
        self._limiting: dict[str, list[str]] = {}
        """By split, the decades at whose size all others stopped; none where its share did."""
        self.downloaded: Counter[Stratum] = Counter()
        """How many candidates of each stratum were tried."""
        self.unusable: list[Rejection] = []
        """The candidates that were tried and cannot be used."""

    @property
    def target(self) -> int:
        """How many posters to keep in all, as far as is known."""
        return sum(self._targets.values())

    @property
    def kept(self) -> Iterator[Poster]:
        """The posters kept so far."""
        return (poster for posters in self._sample.kept.values() for poster in posters)

    @property
    def rejections(self) -> list[Rejection]:
        """The candidates rejected so far, near-duplicates and placeholders included."""
        return [*self.unusable, *self._sample.rejections]

    def next_batch(self) -> list[Movie]:
        """Return the next candidates to download; none when the sample is complete.

        Strata without a reserve come first, since they may lower the targets of the others.
        """
        needs = {
            stratum: target - len(self._sample.kept[stratum])
            for stratum, target in self._targets.items()
        }
        incomplete = [stratum for stratum, need in needs.items() if need > 0]
        scarce = [one for one in incomplete if len(self._untried[one]) <= needs[one]]
        batch: list[Movie] = []
        for stratum in scarce or incomplete:
            movies, self._untried[stratum] = split_at(self._untried[stratum], needs[stratum])
            self.downloaded[stratum] += len(movies)
            batch += movies
        return batch

    def record(self, outcomes: Iterable[Poster | Rejection]) -> None:
        """Record the outcomes of a batch, and draw the sample again."""
        for outcome in outcomes:
            if isinstance(outcome, Rejection):
                self.unusable.append(outcome)
            else:
                self._usable.append(outcome)
                self._near_duplicates.add(outcome)
        self._sample = draw_sample(self._usable, self._targets, self._near_duplicates)
        # A lower target drops posters, and with them the reason to reject their near-duplicates.
        while (reachable := self._reachable()) != self._targets:
            self._lower_targets(reachable)
            self._sample = draw_sample(self._usable, self._targets, self._near_duplicates)

    def _reachable(self) -> dict[Stratum, int]:
        """Return the targets, each at most as large as what its stratum can still give."""
        return {
            stratum: min(target, len(self._sample.kept[stratum]) + len(self._untried[stratum]))
            for stratum, target in self._targets.items()
        }

    def _lower_targets(self, reachable: dict[Stratum, int]) -> None:
        check_strata(reachable, self.rejections, equal=self._equal, remedies=self._remedies)
        targets = equalize(reachable, self._shares) if self._equal else reachable
        for split in {one.split for one in targets if targets[one] < self._targets[one]}:
            self._limiting[split] = [
                one.decade
                for one in targets
                if one.split == split and reachable[one] == targets[one]
            ]
        self._targets = targets

    def shortfall(self) -> Shortfall | None:
        """Return which decades are exhausted, if all others had to stop at their size."""
        planned, sizes = _by_split(self._planned), _by_split(self._targets)
        reduced = [split for split, size in sizes.items() if size < planned[split]]
        if not self._equal or not reduced:
            return None
        short = {split: self._limiting[split] for split in reduced if self._limiting[split]}
        causes = [self._cause(Stratum(decade, split)) for split in short for decade in short[split]]
        others = [f"{len(causes) - MAX_CAUSES} more"] if len(causes) > MAX_CAUSES else []
        by_share = [split for split in reduced if split not in short]
        share = f" {join(by_share).capitalize()} is as small as its share." if by_share else ""
        sentence = (
            f"Each decade has {join([f'{sizes[one]} {one}' for one in reduced])} posters instead "
            f"of {join([str(planned[one]) for one in reduced])}, as there are no more of the "
            f"{join([*causes[:MAX_CAUSES], *others])}.{share}"
        )
        is_small = all(sizes[split] >= SMALL_SHORTFALL * planned[split] for split in reduced)
        return Shortfall(sentence, () if is_small else self._remedies(short, sizes))

    def _cause(self, stratum: Stratum) -> str:
        """Return what became of a stratum's candidates, all of which were tried."""
        rejected = [one.reason for one in self.rejections if one.movie.stratum == stratum]
        tried = self.downloaded[stratum]
        shares = list_shares(Counter(rejected), tried)
        return f"{stratum.decade} ({stratum.split}: of {tried} tried, {shares})"

    def _remedies(
        self, short: Mapping[str, Sequence[str]], sizes: Mapping[str, int]
    ) -> tuple[str, ...]:
        everything = dict.fromkeys(self._targets, len(self._usable))
        sample = draw_sample(self._usable, everything, self._near_duplicates)
        usable = {one.movie.imdb_id for posters in sample.kept.values() for one in posters}
        tried = Tried(usable, [*self.unusable, *sample.rejections])
        return find_remedies(self._selection, tried, short, sizes)


def _by_split(targets: Mapping[Stratum, int]) -> dict[str, int]:
    """Return the size of each split's strata, which are equal."""
    return {stratum.split: size for stratum, size in targets.items()}


def candidates_by_stratum(selection: Selection) -> dict[Stratum, Sequence[Movie]]:
    """Return the candidates of each stratum in the order of rank."""
    strata: dict[Stratum, list[Movie]] = {stratum: [] for stratum in selection.targets}
    for movie in selection.movies():
        strata[movie.stratum].append(movie)
    return dict(strata)


def split_at(movies: Sequence[Movie], count: int) -> tuple[Sequence[Movie], Sequence[Movie]]:
    """Return the first movies, up to a count, and the others."""
    return movies[:count], movies[count:]


def check_strata(
    sizes: Mapping[Stratum, int],
    rejections: Sequence[Rejection],
    *,
    equal: bool,
    remedies: Remedies | None = None,
) -> None:
    """Check that no stratum is empty, or no split, where decades need not be equal.

    The error has the reasons of the rejections as shares, and what helps, if that can be computed.
    """
    in_splits = Counter[str]()
    for stratum, size in sizes.items():
        in_splits[stratum.split] += size
    for stratum, size in sizes.items():
        if size == 0 and (equal or in_splits[stratum.split] == 0):
            rejected = [one for one in rejections if one.movie.stratum == stratum]
            reasons = Counter(one.reason for one in rejected)
            found = remedies({stratum.split: [stratum.decade]}, {}) if remedies else ()
            is_network = bool(reasons) and set(reasons) <= NO_ANSWER
            kind = HostsUnreachableError if is_network else CollectionError
            raise kind(
                f"The {stratum.decade} have no usable {stratum.split} poster: all "
                f"{reasons.total()} movies were rejected "
                f"({list_shares(reasons, reasons.total())}). What was downloaded is kept. "
                f"{_hint(rejected, found)}"
            )


def _hint(rejections: Sequence[Rejection], remedies: Sequence[str]) -> str:
    """Say what to do about posters that were all rejected."""
    for rejection in rejections:
        link = rejection.movie.poster_url
        if rejection.reason is RejectReason.PRIVATE_ADDRESS:
            return PRIVATE_HINT
        if rejection.reason is RejectReason.OUTSIDE_FOLDER:
            return OUTSIDE_HINT
        if rejection.reason is RejectReason.NOT_FOUND and not is_url(link):
            return (
                f"There is no file {link} in the catalogue's folder. Put the catalogue back beside "
                "its posters. Links to the web start with http:// or https://."
            )
    if not remedies:
        return "Build again later, or choose min_year and max_year without that decade."
    later = (
        "Build again later. " if any(one.reason in TRANSIENT_REASONS for one in rejections) else ""
    )
    return f"{later}{INTRODUCTION} {'; '.join(remedies)}."
