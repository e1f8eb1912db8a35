"""The posters of movies, wherever they are: on the network or on this machine."""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

from datasets.utils.tqdm import tqdm

from movie_posters_decade.download.addresses import is_url
from movie_posters_decade.download.keeping import examine
from movie_posters_decade.errors import LockError
from movie_posters_decade.lockfile import Lock, account, differences
from movie_posters_decade.records import (
    Missed,
    Movie,
    Outcome,
    Poster,
    Rejection,
    RejectReason,
    Stratum,
)
from movie_posters_decade.sampling.dedup import NearDuplicateIndex
from movie_posters_decade.sampling.sampler import (
    Sampler,
    check_strata,
    duplicate,
    take_first,
    untried,
)
from movie_posters_decade.sampling.selection import Selection


@dataclass(frozen=True)
class Posters:
    """Brings the posters of movies and finds those that can be used.

    Attributes:
        download: brings those that are on the network, examined: URLs in, in any order an outcome
            for each out.
        color: "rgb" to refuse black-and-white posters among the files, "any" to accept them.
        folder: where paths start from; None if links may not be paths.
    """

    download: Callable[[Sequence[str]], Generator[Outcome, None, None]]
    color: str = "rgb"
    folder: Path | None = None

    def bring(self, movies: Sequence[Movie]) -> Generator[Poster | Rejection, None, None]:
        """Yield for each movie its poster or its rejection, as they come in."""
        by_link = {movie.poster_url: movie for movie in movies}
        urls = [link for link in by_link if is_url(link)]
        paths = [link for link in by_link if not is_url(link)]
        with closing(self.download(urls)) as downloaded:
            for outcome in chain(map(self._look_up, paths), downloaded):
                movie = by_link[outcome.url]
                if isinstance(outcome, Missed):
                    yield Rejection(movie, outcome.reason, outcome.status, outcome.final_url)
                else:
                    yield Poster(movie, outcome.path, outcome.content, outcome.phash)

    def _look_up(self, link: str) -> Outcome:
        if self.folder is None:
            return Missed(link, RejectReason.PRIVATE_ADDRESS)
        path = self.folder / link
        try:
            examined = examine(path.read_bytes(), self.color)
        except OSError:
            return Missed(link, RejectReason.NOT_FOUND)
        return examined.outcome(link, str(path))


logger = logging.getLogger(__name__)

STREAMED_AT_ONCE = 16
"""How many posters of a stratum are downloaded together when streaming, once it is under way."""


@dataclass(frozen=True)
class Collection:
    """The usable posters that were wanted, and what was rejected on the way.

    Attributes:
        posters: in the order of their movies' ranks.
        rejections: the candidates that were tried in vain, in the same order.
        downloaded: how many candidates of each stratum were tried.
    """

    posters: list[Poster]
    rejections: list[Rejection]
    downloaded: Mapping[Stratum, int]


def collect(selection: Selection, posters: Posters, *, equal: bool) -> Collection:
    """Bring as many usable posters as each stratum should give, replacing those that are rejected.

    A rejected poster is replaced by the next of its stratum, and so is one that looks like another. When
    a stratum runs dry, the target of its decade sinks to what it has; with ``equal``, so does that of
    every other decade on its split.

    Args:
        selection: the candidates and what is wanted of each stratum.
        posters: what brings them.
        equal: whether all decades of a split must end with the same number.

    Raises:
        CollectionError: a stratum has no usable poster.
    """
    strata = Sampler(selection, equal=equal)
    with _bar(strata.wanted) as bar:
        while batch := strata.take_batch():
            # Closed at once if anything goes wrong, so that nothing is downloaded in the background.
            with closing(posters.bring(batch)) as outcomes:
                strata.record(_in_order(batch, _shown(outcomes, bar, len(strata.faults))))
            bar.total = max(bar.n, strata.wanted)
    strata.tell_shortfalls()
    return Collection(
        sorted(strata.kept, key=_place), sorted(strata.rejections, key=_place), strata.downloaded
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
        CollectionError: no poster of a decade and split is left.
    """
    movies = lock.movies
    with _bar(len(movies)) as bar, closing(posters.bring(movies)) as outcomes:
        brought = _in_order(movies, _shown(outcomes, bar, 0))
    kept, rejections = _as_locked(lock, place, brought, allow_missing=allow_missing)
    downloaded = Counter(movie.stratum for movie in movies)
    sizes = Counter(poster.movie.stratum for poster in kept)
    check_strata({stratum: sizes[stratum] for stratum in downloaded}, rejections)
    return Collection(kept, rejections, downloaded)


def stream_locked(
    lock: Lock,
    place: str,
    split: str,
    posters: Posters,
    forget: Callable[[str], None],
    *,
    allow_missing: bool,
) -> Iterator[Poster]:
    """Yield the posters of a split just as a lock file says, bringing them on the way.

    Args:
        lock: what the file holds.
        place: the file, for the error.
        split: "train" or "test".
        posters: what brings them.
        forget: removes what was stored for a link that is done with.
        allow_missing: whether to do without those that are gone or changed.

    Raises:
        LockError: one is, and that is not allowed.
    """
    movies = [movie for movie in lock.movies if movie.split == split]
    while movies:
        batch, movies = take_first(movies, STREAMED_AT_ONCE)
        brought = _in_order(batch, posters.bring(batch))
        yield from _as_locked(lock, place, brought, allow_missing=allow_missing)[0]
        for movie in batch:
            forget(movie.poster_url)


def _as_locked(
    lock: Lock, place: str, brought: Sequence[Poster | Rejection], *, allow_missing: bool
) -> tuple[list[Poster], list[Rejection]]:
    """Part what is as a lock file says from what is not, which has to be allowed."""
    rejections = differences(lock, brought)
    if rejections and not allow_missing:
        raise LockError(account(place, lock, rejections))
    if rejections:
        logger.warning(
            "%s: %d posters are changed or missing and left out.", place, len(rejections)
        )
    missing = {rejection.movie for rejection in rejections}
    kept = [
        outcome
        for outcome in brought
        if isinstance(outcome, Poster) and outcome.movie not in missing
    ]
    return kept, rejections


def _bar(total: int) -> Any:
    return tqdm(desc="Posters", unit="poster", total=total)


def _shown(
    outcomes: Iterable[Poster | Rejection], bar: Any, rejected: int
) -> Iterator[Poster | Rejection]:
    """Pass the outcomes on, and show how many are usable and how many rejected."""
    for outcome in outcomes:
        if isinstance(outcome, Rejection):
            rejected += 1
            bar.set_postfix(rejected=rejected, refresh=False)
        else:
            bar.update()
        yield outcome


def _in_order(
    movies: Sequence[Movie], outcomes: Iterable[Poster | Rejection]
) -> list[Poster | Rejection]:
    by_link = {outcome.movie.poster_url: outcome for outcome in outcomes}
    return [by_link[movie.poster_url] for movie in movies]


def _place(outcome: Poster | Rejection) -> tuple[int, str]:
    return outcome.movie.place


def stream(
    selection: Selection,
    split: str,
    posters: Posters,
    forget: Callable[[str], None],
    *,
    equal: bool,
) -> Iterator[Poster]:
    """Yield the usable posters of a split, one decade after the other, bringing them on the way.

    Those of test are brought before train begins, so that none of train looks like one of them. A
    poster's file can be read until the next one is asked for.

    Args:
        selection: the candidates and what is wanted of each stratum.
        split: "train" or "test".
        posters: what brings them.
        forget: removes what was stored for a link that is done with.
        equal: whether the stream ends as soon as a decade has no more.

    Raises:
        CollectionError: at the end, a decade has no usable poster.
    """
    streaming = _Streaming(posters, forget)
    if split == "train":
        for _ in streaming.split(selection, "test", equal=equal):
            pass
    yield from streaming.split(selection, split, equal=equal)


class _Streaming:
    """Brings posters a few at a time, and passes over those that look like one before."""

    def __init__(self, posters: Posters, forget: Callable[[str], None]) -> None:
        self._posters = posters
        self._forget = forget
        self._seen: NearDuplicateIndex[Movie] = NearDuplicateIndex()
        self._rejections: list[Rejection] = []

    def split(self, selection: Selection, split: str, *, equal: bool) -> Iterator[Poster]:
        strata = {
            stratum: movies for stratum, movies in untried(selection).items() if stratum[1] == split
        }
        found = dict.fromkeys(strata, 0)
        usable = [
            islice(self._usable(movies), selection.targets[stratum])
            for stratum, movies in strata.items()
        ]
        for of_decades in zip(*usable, strict=False) if equal else zip_longest(*usable):
            for poster in of_decades:
                if poster is not None:
                    found[poster.movie.stratum] += 1
                    yield poster
        check_strata(found, self._rejections)

    def _usable(self, movies: list[Movie]) -> Iterator[Poster]:
        at_once = 1
        while movies:
            batch, movies = take_first(movies, at_once)
            at_once = min(2 * at_once, STREAMED_AT_ONCE)
            for outcome in _in_order(batch, self._posters.bring(batch)):
                unlike = self._unlike(outcome)
                if isinstance(unlike, Rejection):
                    self._rejections.append(unlike)
                else:
                    yield unlike
                self._forget(outcome.movie.poster_url)

    def _unlike(self, outcome: Poster | Rejection) -> Poster | Rejection:
        """Return the outcome, or the rejection of a poster that looks like one before."""
        if isinstance(outcome, Rejection) or outcome.phash is None:
            return outcome
        for other in self._seen.like(outcome.phash):
            return duplicate(outcome.movie, other)
        self._seen.add(outcome.movie, outcome.phash)
        return outcome
