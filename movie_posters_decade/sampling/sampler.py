"""Balanced sampler: which candidates of each stratum to download next, and which to keep."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from movie_posters_decade.build_warnings import BuildWarning
from movie_posters_decade.errors import (
    OUTSIDE_HINT,
    PRIVATE_HINT,
    CollectionError,
    HostsUnreachableError,
)
from movie_posters_decade.records import (
    NO_ANSWER,
    SPLITS,
    Movie,
    Poster,
    Rejection,
    RejectReason,
    Stratum,
    is_url,
    list_counts,
)
from movie_posters_decade.sampling.dedup import NearDuplicates, SamePicture
from movie_posters_decade.sampling.selection import Selection, equalize
from movie_posters_decade.terminal import get_logger

logger = get_logger(__name__)


@dataclass(frozen=True)
class Sample:
    """The posters that are kept, of those that are usable."""

    kept: Mapping[Stratum, list[Poster]]  # by stratum, in the order of rank
    rejections: list[Rejection]  # of near-duplicates and placeholders


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
        check_strata(reachable, self.rejections, equal=self._equal)
        targets = equalize(reachable, self._shares) if self._equal else reachable
        for split in {one.split for one in targets if targets[one] < self._targets[one]}:
            self._limiting[split] = [
                one.decade
                for one in targets
                if one.split == split and reachable[one] == targets[one]
            ]
        self._targets = targets

    def warn_of_shortfalls(self) -> None:
        """Log the decades that are exhausted, if all others had to stop at their size."""
        if not self._equal:
            return
        sizes, planned = _by_split(self._targets), _by_split(self._planned)
        for split, size in sizes.items():
            if size < planned[split]:
                reason, cure = self._why(split, sizes)
                text = f"Each decade has {size} {split} posters instead of {planned[split]}, "
                logger.warning(BuildWarning("shortfall", text + reason, cure))

    def _why(self, split: str, sizes: Mapping[str, int]) -> tuple[str, str]:
        """Return why a split is short, and what helps."""
        decades = self._limiting[split]
        if not decades:
            return f"which is its share beside {sizes['train']} of train.", ""
        reason = f"as there are no more of the {' and '.join(decades)}."
        if split == "train":
            return reason, 'More genres, other years or balance="none" give more.'
        share = sizes[split] / sum(sizes.values())
        return f"{reason} That is {share:.0%} of it.", f"A larger {split}_size gives more."


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
    sizes: Mapping[Stratum, int], rejections: Sequence[Rejection], *, equal: bool
) -> None:
    """Check that no stratum is empty, or no split, where decades need not be equal.

    The error lists the reasons of the rejections.
    """
    in_splits = Counter[str]()
    for stratum, size in sizes.items():
        in_splits[stratum.split] += size
    for stratum, size in sizes.items():
        if size == 0 and (equal or in_splits[stratum.split] == 0):
            rejected = [one for one in rejections if one.movie.stratum == stratum]
            reasons = Counter(one.reason for one in rejected)
            is_network = bool(reasons) and set(reasons) <= NO_ANSWER
            kind = HostsUnreachableError if is_network else CollectionError
            raise kind(
                f"The {stratum.decade} have no usable {stratum.split} poster: all "
                f"{reasons.total()} movies were rejected "
                f"({list_counts(dict(reasons.most_common()))}). What was downloaded is kept. "
                f"{_hint(rejected)}"
            )


def _hint(rejections: Sequence[Rejection]) -> str:
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
    return "Build again later, or choose min_year and max_year without that decade."
