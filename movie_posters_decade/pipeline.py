"""Pipeline of a build: catalogue, sampling, posters, then report and lock file.

It runs as a batch, or as a stream that stores nothing but the catalogue.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from datasets import DownloadManager

from movie_posters_decade.catalogue import Catalogue, load_catalogue, parse_catalogue
from movie_posters_decade.config import DEMO, Options
from movie_posters_decade.download import (
    DownloadCache,
    Downloader,
    HashCache,
    Limits,
    paths_from_manager,
    temporary_cache,
    user_agent,
)
from movie_posters_decade.errors import DownloadError, SelectionError
from movie_posters_decade.images import PictureComparison, check_poster, check_version, stored_form
from movie_posters_decade.io import INCOMPLETE, remove_stale
from movie_posters_decade.lockfile import LockFile, make_lock_file
from movie_posters_decade.records import Checksum, Poster, Rejection, is_url
from movie_posters_decade.report import Report, build_report, plan_report
from movie_posters_decade.sampling import (
    Collection,
    Selection,
    collect,
    collect_locked,
    select,
    select_locked,
    stream,
    stream_locked,
)


@dataclass(frozen=True)
class BuildResult:
    """The kept posters and the rejected candidates, with their report and lock file."""

    posters: Sequence[Poster]  # in the order of the output
    rejections: Sequence[Rejection]
    report: Report
    lock: LockFile


@dataclass(frozen=True)
class Pipeline:
    """Selects the movies of a build and collects their posters."""

    options: Options  # as Options.checked returns them
    lock: LockFile | None
    location: str  # the path or URL of the catalogue, or "demo"
    folder: Path | None  # where poster links that are paths start; None if they must be URLs
    manager: DownloadManager  # holds the download cache and its settings
    workers: int | str | Executor | None = None  # where downloads run; None: in this process

    def plan(self) -> Report:
        """Report what a build would keep if no poster were rejected. It sends no request."""
        selection, _ = self._select(may_download=False)
        candidates = selection.candidates["decade"]
        return plan_report(selection.steps, candidates, selection.targets, selection.reading)

    def build(self) -> BuildResult:
        """Download the posters into the cache, and return those that are kept."""
        selection, sha256 = self._select()
        cache = DownloadCache.of(self.manager)
        remove_stale(cache.folder.glob(f"*{INCOMPLETE}"))
        with self._proxies() as proxies, self._downloader(cache, proxies) as downloader:
            collection = self._collect(selection, downloader)
        posters, rejections = self._from_manager(collection.posters), collection.rejections
        if self.lock is None:
            lock = make_lock_file(sha256, self.options, posters, rejections)
        else:
            lock = self.lock.without(rejections)
        candidates, tried = selection.candidates["decade"], collection.downloaded
        report = build_report(
            selection.steps,
            candidates,
            selection.targets,
            posters,
            rejections,
            tried,
            selection.reading,
        )
        return BuildResult(posters, rejections, report, lock)

    def stream(self, split: str) -> Iterator[Poster]:
        """Stream the posters of a split, which are downloaded on the way."""
        selection, _ = self._select()
        with self._proxies() as proxies, temporary_cache() as cache:
            download = self._downloader(cache, proxies).download
            if self.lock is None:
                yield from stream(
                    selection,
                    split,
                    download,
                    cache.remove,
                    PictureComparison(),
                    equal=self._is_equal,
                )
            else:
                allow_missing = self.options.allow_missing
                yield from stream_locked(
                    self.lock, split, download, cache.remove, allow_missing=allow_missing
                )

    def _select(self, *, may_download: bool = True) -> tuple[Selection, str]:
        """Return the selection, with all steps of the funnel, and the catalogue's SHA-256."""
        if self.lock is not None:
            return select_locked(self.lock), self.lock.catalogue
        catalogue = self._catalogue(may_download=may_download)
        try:
            selection = select(catalogue.movies, self.options)
        except SelectionError as error:
            raise SelectionError(
                f"{error} The catalogue was read as follows:\n{catalogue.describe()}"
            ) from error
        steps = (*catalogue.steps, *selection.steps)
        return replace(selection, steps=steps, reading=catalogue.reading), catalogue.sha256

    def _collect(self, selection: Selection, downloader: Downloader) -> Collection:
        if self.lock is None:
            return collect(
                selection, downloader.download, PictureComparison(), equal=self._is_equal
            )
        allow_missing = self.options.allow_missing
        return collect_locked(self.lock, downloader.download, allow_missing=allow_missing)

    def _from_manager(self, posters: Sequence[Poster]) -> list[Poster]:
        """Return the posters with the paths that the download manager gives for their links.

        The manager counts and checks them, and where it keeps them is where they are read.
        """
        urls = [poster.movie.poster_url for poster in posters if is_url(poster.movie.poster_url)]
        paths = paths_from_manager(self.manager, urls)
        return [
            replace(poster, path=paths.get(poster.movie.poster_url, poster.path))
            for poster in posters
        ]

    def _catalogue(self, *, may_download: bool) -> Catalogue:
        if self._is_demo:
            # Imported here, as no other configuration needs it.
            from movie_posters_decade.demo import paint_catalogue  # noqa: PLC0415

            return parse_catalogue(paint_catalogue(), name=DEMO)
        return load_catalogue(
            self.location, self.manager, self._limits(), self.options, may_download=may_download
        )

    @property
    def _is_demo(self) -> bool:
        return self.location == DEMO

    @property
    def _is_equal(self) -> bool:
        return self.options.balance == "undersample"

    def _proxies(self) -> AbstractContextManager[dict[str, str] | None]:
        """Give the proxies for the poster downloads; the demo's server acts as one."""
        if not self._is_demo:
            return nullcontext()
        from movie_posters_decade.demo import serve  # noqa: PLC0415

        return serve()

    def _limits(self, proxies: dict[str, str] | None = None) -> Limits:
        configured = self.manager.download_config.user_agent
        return Limits(
            allow_private_hosts=self.options.allow_private_hosts,
            respect_opt_out=self.options.respect_opt_out,
            user_agent=self.options.user_agent or user_agent(configured),
            proxies=proxies,
        )

    def _downloader(self, cache: DownloadCache, proxies: dict[str, str] | None) -> Downloader:
        kind = "any" if self.options.keep_grayscale else "color"
        return Downloader(
            cache,
            partial(check_poster, keep_grayscale=self.options.keep_grayscale),
            check_version=check_version,
            hashes=HashCache(cache.folder, f"{kind}.{check_version()}"),
            limits=self._limits(proxies),
            connections_per_host=self.options.connections_per_host,
            workers=self.workers,
            folder=self.folder,
            expected=self.lock.downloads if self.lock else {},
            allow_outside=self.options.allow_outside_files,
            refresh=bool(self.manager.download_config.force_download),
            # The demo's server is not a network.
            offline=False if self._is_demo else None,
        )


def read_stored(poster: Poster) -> bytes:
    """Return the bytes that the dataset stores of a poster: the file, or a PNG of it.

    Raises:
        DownloadError: the file, or the PNG, is not the one whose checksum the check computed.
        OSError: the file cannot be read.
    """
    content = poster.path.read_bytes()
    if Checksum.of(content) != poster.checksum:
        raise DownloadError(
            f"{poster.path}: expected the poster that was checked, with SHA-256 "
            f"{poster.checksum.sha256}; found that the file was changed since. Build again."
        )
    if poster.stored is None:
        return content
    stored = stored_form(content)
    if Checksum.of(stored) != poster.stored:
        raise DownloadError(
            f"{poster.path}: expected a poster that becomes a PNG with SHA-256 "
            f"{poster.stored.sha256}; found that it becomes another one here. Install the same "
            "build of Pillow for all workers."
        )
    return stored
