"""Collect posters: the sampler asks for candidates, the downloader brings their posters."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from datasets.utils.tqdm import tqdm

from movie_posters_decade.build_warnings import BuildWarning
from movie_posters_decade.errors import LockFileError
from movie_posters_decade.lockfile import LockFile, describe_mismatches, mismatches
from movie_posters_decade.records import (
    DownloadResult,
    Movie,
    Poster,
    Rejection,
    RejectReason,
    Stratum,
)
from movie_posters_decade.sampling.dedup import NearDuplicates, SamePicture
from movie_posters_decade.sampling.order import in_proportion, one_of_each, shuffle_evenly
from movie_posters_decade.sampling.sampler import (
    Sampler,
    candidates_by_stratum,
    check_strata,
    near_duplicate,
    split_at,
)
from movie_posters_decade.sampling.selection import Selection
from movie_posters_decade.shortfall import Shortfall
from movie_posters_decade.terminal import get_logger

logger = get_logger(__name__)

Outcome = TypeVar("Outcome", bound=Poster | Rejection)

Download = Callable[[Sequence[str]], Generator[DownloadResult, None, None]]
"""Downloads links, and yields a result for each, in any order."""

STREAM_BATCH = 16
"""How many posters of a stratum are downloaded together while streaming, after the first few."""


@dataclass(frozen=True)
class Collection:
    """The collected posters in the order of the output, and the rejections in that of rank."""

    posters: list[Poster] = field(repr=False)
    rejections: list[Rejection] = field(repr=False)
    downloaded: Mapping[Stratum, int]  # how many candidates of each stratum were tried
    shortfall: Shortfall | None = None  # None if every decade has what was planned


def collect(
    selection: Selection, download: Download, pictures: SamePicture, *, equal: bool
) -> Collection:
    """Collect the target number of usable posters of each stratum.

    A rejected poster is replaced by the next candidate of its stratum, and so is a near-duplicate.
    When a stratum is exhausted, the target of its decade becomes its size; with ``equal``, so does
    the target of every other decade of the split.
    """
    sampler = Sampler(selection, pictures, equal=equal)
    with _progress_bar(sampler.target) as bar:
        while batch := sampler.next_batch():
            # Closed at once after an error, so that nothing more is downloaded in the background.
            with closing(_outcomes(batch, download)) as outcomes:
                shown = _show_progress(outcomes, bar, len(sampler.unusable))
                sampler.record(_in_order(batch, shown))
            bar.total = max(bar.n, sampler.target)
    shortfall = sampler.shortfall()
    if shortfall is not None:
        logger.warning(shortfall.to_warning())
    posters = _shuffle(list(sampler.kept))
    rejections = sorted(sampler.rejections, key=lambda one: one.movie.sort_key)
    return Collection(posters, rejections, sampler.downloaded, shortfall)


def collect_locked(lock: LockFile, download: Download, *, allow_missing: bool) -> Collection:
    """Collect exactly the posters that a lock file lists."""
    movies = lock.movies
    with _progress_bar(len(movies)) as bar, closing(_outcomes(movies, download)) as outcomes:
        in_order = _in_order(movies, _show_progress(outcomes, bar, 0))
    kept, rejections = _split_mismatches(lock, in_order, allow_missing=allow_missing)
    downloaded = Counter(movie.stratum for movie in movies)
    sizes = Counter(poster.movie.stratum for poster in kept)
    equal = lock.options["balance"] == "undersample"
    check_strata({stratum: sizes[stratum] for stratum in downloaded}, rejections, equal=equal)
    return Collection(_shuffle(kept), rejections, downloaded)


def stream(
    selection: Selection,
    split: str,
    download: Download,
    remove: Callable[[str], None],
    pictures: SamePicture,
    *,
    equal: bool,
) -> Iterator[Poster]:
    """Stream the usable posters of a split, with the decades mixed.

    The posters of test are downloaded before those of validation, and these before train begins, so
    that none looks like one of another split. A poster's file exists until the next one is taken.
    """
    streaming = _Stream(download, remove, pictures)
    splits = ["train", *selection.shares]
    for earlier in reversed(splits[splits.index(split) + 1 :]):
        for _ in streaming.posters(selection, earlier, equal=equal):
            pass
    yield from streaming.posters(selection, split, equal=equal)


def stream_locked(
    lock: LockFile,
    split: str,
    download: Download,
    remove: Callable[[str], None],
    *,
    allow_missing: bool,
) -> Iterator[Poster]:
    """Stream exactly the posters of a split that a lock file lists."""
    of_split = (movie for movie in lock.movies if movie.split == split)
    movies: Sequence[Movie] = shuffle_evenly(of_split)
    while movies:
        batch, movies = split_at(movies, STREAM_BATCH)
        outcomes = _in_order(batch, _outcomes(batch, download))
        yield from _split_mismatches(lock, outcomes, allow_missing=allow_missing)[0]
        for movie in batch:
            remove(movie.poster_url)


class _Stream:
    """Downloads posters a few at a time, and skips near-duplicates of earlier ones."""

    def __init__(
        self, download: Download, remove: Callable[[str], None], pictures: SamePicture
    ) -> None:
        self._download, self._remove, self._pictures = download, remove, pictures
        self._kept = NearDuplicates(pictures)
        self._rejections: list[Rejection] = []

    def posters(self, selection: Selection, split: str, *, equal: bool) -> Iterator[Poster]:
        candidates = candidates_by_stratum(selection)
        found = {stratum: 0 for stratum in candidates if stratum.split == split}
        targets = [selection.targets[stratum] for stratum in found]
        usable = [
            islice(self._usable(candidates[stratum]), target)
            for stratum, target in zip(found, targets, strict=True)
        ]
        for poster in one_of_each(usable) if equal else in_proportion(usable, targets):
            found[poster.movie.stratum] += 1
            yield poster
        check_strata(found, self._rejections, equal=equal)

    def _usable(self, movies: Sequence[Movie]) -> Iterator[Poster]:
        size = 1
        while movies:
            batch, movies = split_at(movies, size)
            size = min(2 * size, STREAM_BATCH)
            for outcome in _in_order(batch, _outcomes(batch, self._download)):
                checked = self._deduplicate(outcome)
                if isinstance(checked, Rejection):
                    self._rejections.append(checked)
                else:
                    yield checked
                self._remove(outcome.movie.poster_url)

    def _deduplicate(self, outcome: Poster | Rejection) -> Poster | Rejection:
        """Return the outcome, or a rejection if it is a near-duplicate of an earlier poster."""
        if isinstance(outcome, Rejection):
            return outcome
        for earlier in self._kept.find(outcome):
            return near_duplicate(outcome.movie, earlier.movie)
        self._pictures.remember(outcome)
        self._kept.add(outcome)
        return outcome


def _outcomes(
    movies: Sequence[Movie], download: Download
) -> Generator[Poster | Rejection, None, None]:
    """Yield a poster or a rejection for each movie, as the downloads arrive."""
    by_link = {movie.poster_url: movie for movie in movies}
    with closing(download(list(by_link))) as results:
        for result in results:
            yield to_outcome(by_link[result.url], result)


def to_outcome(movie: Movie, result: DownloadResult) -> Poster | Rejection:
    """Combine a movie with the result of its download."""
    if result.path is None or result.check is None:
        reason = result.reason or RejectReason.NOT_FOUND
        return Rejection(
            movie,
            reason,
            result.status,
            result.final_url,
            detail=result.detail,
            tried=result.tried,
        )
    check = result.check
    return Poster(
        movie,
        result.path,
        check.checksum,
        check.phashes,
        check.stored,
        size=check.size,
        origin=result.origin,
        tried=result.tried,
    )


def _split_mismatches(
    lock: LockFile, outcomes: Sequence[Poster | Rejection], *, allow_missing: bool
) -> tuple[list[Poster], list[Rejection]]:
    """Separate the posters that match a lock file from those that do not, if that is allowed."""
    rejections = mismatches(lock, outcomes)
    if rejections and not allow_missing:
        raise LockFileError(describe_mismatches(lock, rejections))
    if rejections:
        message = f"{lock.path}: {len(rejections)} posters are changed or missing and left out."
        cure = "rejected.csv lists them; --rebuild tries them again."
        logger.warning(BuildWarning("lock_file_mismatch", message, cure))
    rejected = {rejection.movie for rejection in rejections}
    kept = [one for one in outcomes if isinstance(one, Poster) and one.movie not in rejected]
    return kept, rejections


def _progress_bar(total: int) -> Any:
    return tqdm(desc="Posters", unit="poster", total=total)


def _show_progress(
    outcomes: Iterable[Poster | Rejection], bar: Any, rejected: int
) -> Iterator[Poster | Rejection]:
    """Pass the outcomes on, and count usable and rejected ones in the progress bar."""
    for outcome in outcomes:
        if isinstance(outcome, Rejection):
            rejected += 1
            bar.set_postfix(rejected=rejected, refresh=False)
        else:
            bar.update()
        yield outcome


def _shuffle(posters: Sequence[Poster]) -> list[Poster]:
    """Return posters in the order of the output."""
    return _in_order(shuffle_evenly(poster.movie for poster in posters), posters)


def _in_order(movies: Sequence[Movie], outcomes: Iterable[Outcome]) -> list[Outcome]:
    by_link = {outcome.movie.poster_url: outcome for outcome in outcomes}
    return [by_link[movie.poster_url] for movie in movies]
