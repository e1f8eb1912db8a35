"""Collect posters: the sampler asks for candidates, the downloader brings their posters."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
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
from movie_posters_decade.report.shortfall import Shortfall
from movie_posters_decade.sampling.dedup import SamePicture
from movie_posters_decade.sampling.order import shuffle_evenly
from movie_posters_decade.sampling.sampler import (
    Sampler,
    check_strata,
)
from movie_posters_decade.sampling.selection import Selection
from movie_posters_decade.text.terminal import get_logger

logger = get_logger(__name__)

Outcome = TypeVar("Outcome", bound=Poster | Rejection)

Download = Callable[[Sequence[str]], Generator[DownloadResult, None, None]]
"""Downloads links, and yields a result for each, in any order."""


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
            with closing(to_outcomes(batch, download)) as outcomes:
                shown = count_outcomes(outcomes, bar, len(sampler.unusable))
                sampler.record(sort_outcomes(batch, shown))
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
    with _progress_bar(len(movies)) as bar, closing(to_outcomes(movies, download)) as outcomes:
        in_order = sort_outcomes(movies, count_outcomes(outcomes, bar, 0))
    kept, rejections = keep_matching(lock, in_order, allow_missing=allow_missing)
    downloaded = Counter(movie.stratum for movie in movies)
    sizes = Counter(poster.movie.stratum for poster in kept)
    equal = lock.options["balance"] == "undersample"
    check_strata({stratum: sizes[stratum] for stratum in downloaded}, rejections, equal=equal)
    return Collection(_shuffle(kept), rejections, downloaded)


def to_outcomes(
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


def keep_matching(
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


def count_outcomes(
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
    return sort_outcomes(shuffle_evenly(poster.movie for poster in posters), posters)


def sort_outcomes(movies: Sequence[Movie], outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes in the order of their movies."""
    by_link = {outcome.movie.poster_url: outcome for outcome in outcomes}
    return [by_link[movie.poster_url] for movie in movies]
