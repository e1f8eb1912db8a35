"""Streaming: posters one after the other, downloaded a few ahead of the reader."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from datasets.utils.tqdm import tqdm

from movie_posters_decade.lockfile import LockFile
from movie_posters_decade.records import Movie, Poster, Rejection
from movie_posters_decade.sampling.collect import (
    Download,
    count_outcomes,
    keep_matching,
    sort_outcomes,
    to_outcomes,
)
from movie_posters_decade.sampling.dedup import NearDuplicates, SamePicture
from movie_posters_decade.sampling.order import in_proportion, one_of_each, shuffle_evenly
from movie_posters_decade.sampling.sampler import (
    candidates_by_stratum,
    check_strata,
    near_duplicate,
    split_at,
)
from movie_posters_decade.sampling.selection import Selection
from movie_posters_decade.sampling.stream_cache import KeptPoster, StreamCache, is_lasting

STREAM_BATCH = 16
"""How many posters of a stratum are downloaded together while streaming, after the first few."""

Remove = Callable[[str], None]
"""Removes the download of a link."""


class StoredPictures(SamePicture, Protocol):
    """The second look at pairs of posters whose files, even those of another process, are gone."""

    def thumbnail(self, poster: Poster) -> bytes:
        """Return all that is looked at of a poster."""

    def restore(self, poster: Poster, thumbnail: bytes) -> None:
        """Take a thumbnail for that of a poster whose file is gone.

        Raises:
            ValueError: it is no thumbnail.
        """


def stream(
    selection: Selection,
    split: str,
    download: Download,
    remove: Remove,
    pictures: StoredPictures,
    cache: StreamCache,
    *,
    equal: bool,
) -> Iterator[Poster]:
    """Stream the usable posters of a split, with the decades mixed.

    The posters of test are checked before those of validation, and these before train begins, so
    that none looks like one of another split. What the cache knows is not downloaded for that. A
    poster's file exists until the next one is taken.
    """
    streaming = _Stream(selection, download, remove, pictures, cache, equal=equal)
    splits = ["train", *selection.shares]
    try:
        for earlier in reversed(splits[splits.index(split) + 1 :]):
            streaming.check(earlier)
        yield from streaming.posters(split)
    finally:
        cache.save()


def stream_locked(
    lock: LockFile, split: str, download: Download, remove: Remove, *, allow_missing: bool
) -> Iterator[Poster]:
    """Stream exactly the posters of a split that a lock file lists."""
    of_split = (movie for movie in lock.movies if movie.split == split)
    movies: Sequence[Movie] = shuffle_evenly(of_split)
    while movies:
        batch, movies = split_at(movies, STREAM_BATCH)
        outcomes = sort_outcomes(batch, to_outcomes(batch, download))
        yield from keep_matching(lock, outcomes, allow_missing=allow_missing)[0]
        for movie in batch:
            remove(movie.poster_url)


class _Stream:
    """Downloads posters a few at a time, and skips near-duplicates of earlier ones."""

    def __init__(
        self,
        selection: Selection,
        download: Download,
        remove: Remove,
        pictures: StoredPictures,
        cache: StreamCache,
        *,
        equal: bool,
    ) -> None:
        self._selection, self._cache, self._equal = selection, cache, equal
        self._download, self._remove, self._pictures = download, remove, pictures
        self._near_duplicates = NearDuplicates(pictures)
        self._ahead: dict[str, Poster | Rejection] = {}  # by link, before its turn
        self._kept: list[Poster] = []  # of the current split
        self._rejections: list[Rejection] = []

    def check(self, split: str) -> None:
        """Find the posters of a split that later ones must not look like."""
        if self._restore(split):
            return
        targets = self._selection.targets
        total = sum(target for stratum, target in targets.items() if stratum.split == split)
        with tqdm(desc=f"Checking {split}", unit="poster", total=total, leave=False) as bar:
            # Of all decades at once, as none of these posters is waited for.
            while batch := self._missing(split):
                self._download_ahead(batch, bar)
            for _ in self.posters(split):
                pass
        self._ahead.clear()

    def posters(self, split: str) -> Iterator[Poster]:
        """Yield the posters of a split."""
        self._kept = []
        candidates = candidates_by_stratum(self._selection)
        found = {stratum: 0 for stratum in candidates if stratum.split == split}
        targets = [self._selection.targets[stratum] for stratum in found]
        usable = [
            islice(self._usable(candidates[stratum]), target)
            for stratum, target in zip(found, targets, strict=True)
        ]
        for poster in one_of_each(usable) if self._equal else in_proportion(usable, targets):
            found[poster.movie.stratum] += 1
            yield poster
        check_strata(found, self._rejections, equal=self._equal)
        # No split comes after train. A poster that may come back would belong to this one.
        of_split = [one for one in self._rejections if one.movie.split == split]
        if split in self._selection.shares and all(map(is_lasting, of_split)):
            self._cache.add_split(split, list(self._compared()))

    def _restore(self, split: str) -> bool:
        """Take what the cache knows about a split; return whether it does."""
        known = self._cache.split(split)
        if known is None:
            return False
        movies = {movie.poster_url: movie for movie in self._selection.movies()}
        for link, checksum, phashes, thumbnail in known:
            poster = Poster(movies[link], Path(), checksum, phashes)
            self._pictures.restore(poster, thumbnail)
            self._near_duplicates.add(poster)
        return True

    def _missing(self, split: str) -> list[Movie]:
        """Return the movies of all decades that are to be tried next, near-duplicates aside."""
        untried = {
            stratum: [
                one for one in self._without_known(movies) if one.poster_url not in self._ahead
            ]
            for stratum, movies in candidates_by_stratum(self._selection).items()
            if stratum.split == split
        }
        outcomes = self._ahead.values()
        usable = Counter(one.movie.stratum for one in outcomes if isinstance(one, Poster))
        targets = {stratum: self._selection.targets[stratum] for stratum in untried}
        if self._equal:  # none needs more than the smallest can reach
            size = min(usable[stratum] + len(movies) for stratum, movies in untried.items())
            targets = {stratum: min(target, size) for stratum, target in targets.items()}
        needs = {stratum: max(0, target - usable[stratum]) for stratum, target in targets.items()}
        return [one for stratum, movies in untried.items() for one in movies[: needs[stratum]]]

    def _download_ahead(self, batch: Sequence[Movie], bar: Any) -> None:
        """Download posters before their turn, and keep what others are compared with."""
        rejected = sum(isinstance(one, Rejection) for one in self._ahead.values())
        with closing(to_outcomes(batch, self._download)) as outcomes:
            for outcome in count_outcomes(outcomes, bar, rejected):
                if isinstance(outcome, Poster):
                    self._pictures.remember(outcome)
                else:
                    self._cache.add_rejection(outcome)
                self._remove(outcome.movie.poster_url)
                self._ahead[outcome.movie.poster_url] = outcome

    def _compared(self) -> Iterator[KeptPoster]:
        """Yield what the next splits are compared with, in the order in which it was found."""
        for poster in self._kept:
            if poster.phashes is not None:
                thumbnail = self._pictures.thumbnail(poster)
                link = poster.movie.poster_url
                yield KeptPoster(link, poster.checksum, poster.phashes, thumbnail)

    def _usable(self, movies: Sequence[Movie]) -> Iterator[Poster]:
        self._rejections += filter(None, map(self._cache.rejection, movies))
        movies, tried = self._without_known(movies), 0
        while movies:
            # One, and another if it is rejected: the first poster shall not wait for others.
            batch, movies = split_at(movies, min(max(1, tried), STREAM_BATCH))
            tried += len(batch)
            for outcome in self._outcomes(batch):
                checked = self._deduplicate(outcome)
                if isinstance(checked, Rejection):
                    self._rejections.append(checked)
                    self._cache.add_rejection(checked)
                else:
                    yield checked
                self._remove(outcome.movie.poster_url)

    def _without_known(self, movies: Sequence[Movie]) -> list[Movie]:
        """Return the movies whose links the cache does not know to be rejected."""
        return [movie for movie in movies if self._cache.rejection(movie) is None]

    def _outcomes(self, batch: Sequence[Movie]) -> list[Poster | Rejection]:
        others = [movie for movie in batch if movie.poster_url not in self._ahead]
        links = [one.poster_url for one in batch if one.poster_url in self._ahead]
        found = [self._ahead.pop(link) for link in links]
        if others:
            found += to_outcomes(others, self._download)
        outcomes = sort_outcomes(batch, found)
        # At once, as the reader may stop before it comes to them.
        for outcome in outcomes:
            if isinstance(outcome, Rejection):
                self._cache.add_rejection(outcome)
        self._cache.save()
        return outcomes

    def _deduplicate(self, outcome: Poster | Rejection) -> Poster | Rejection:
        """Return the outcome, or a rejection if it is a near-duplicate of an earlier poster."""
        if isinstance(outcome, Rejection):
            return outcome
        for earlier in self._near_duplicates.find(outcome):
            return near_duplicate(outcome.movie, earlier.movie)
        self._pictures.remember(outcome)
        self._near_duplicates.add(outcome)
        self._kept.append(outcome)
        return outcome
