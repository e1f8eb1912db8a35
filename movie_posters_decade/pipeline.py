"""Pipeline of a build: catalogue, sampling, posters, then report and lock file.

It runs as a batch, or as a stream that stores no poster.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from datasets import DownloadManager

from movie_posters_decade.build_warnings import collect_warnings
from movie_posters_decade.catalogue import (
    Catalogue,
    load_catalogue,
    parse_catalogue,
)
from movie_posters_decade.download import (
    DownloadCache,
    Downloader,
    HashCache,
    Limits,
    paths_from_manager,
    temporary_cache,
    user_agent,
)
from movie_posters_decade.download.pace import Throttling
from movie_posters_decade.errors import OptionError, SelectionError
from movie_posters_decade.fallbacks import (
    ARCHIVE,
    Agreement,
    ArchivePaces,
    Fallback,
    FallbackDownloader,
    Wayback,
    compare_fallbacks,
    estimate,
    open_fallbacks,
)
from movie_posters_decade.images import PictureComparison, check_poster, check_version
from movie_posters_decade.io import INCOMPLETE, remove_stale
from movie_posters_decade.lockfile import LockFile, make_lock_file
from movie_posters_decade.options.configurations import DEMO
from movie_posters_decade.options.options import WAYBACK, Options
from movie_posters_decade.records import Poster, Rejection, is_url
from movie_posters_decade.report.count_warnings import count_warnings, order_warnings
from movie_posters_decade.report.counts import Report, build_report, plan_report
from movie_posters_decade.report.minimum import check_plan
from movie_posters_decade.report.recovery import ArchiveEstimate
from movie_posters_decade.sampling import (
    Collection,
    Selection,
    collect,
    collect_locked,
    open_stream_cache,
    select,
    select_locked,
    stream,
    stream_locked,
)
from movie_posters_decade.text.terminal import get_logger

logger = get_logger(__name__)


@dataclass(frozen=True)
class BuildResult:
    """The kept posters and the rejected candidates, with their report and lock file."""

    posters: Sequence[Poster] = field(repr=False)  # in the order of the output
    rejections: Sequence[Rejection] = field(repr=False)
    report: Report
    lock: LockFile = field(repr=False)


@dataclass(frozen=True)
class Pipeline:
    """Selects the movies of a build and collects their posters."""

    options: Options  # as Options.checked returns them
    lock: LockFile | None
    location: str  # the path or URL of the catalogue, or "demo"
    folder: Path | None  # where poster links that are paths start; None if they must be URLs
    manager: DownloadManager  # holds the download cache and its settings
    workers: int | str | Executor | None = None  # where downloads run; None: in this process
    archive: ArchivePaces = field(default_factory=ArchivePaces)  # to the Wayback Machine
    throttling: Throttling = field(default_factory=Throttling)  # what it says about the pace

    def plan(self) -> Report:
        """Report what a build would keep if no poster were rejected. It sends no request."""
        selection, _ = self._select(may_download=False)
        self._check_minimum(selection)
        candidates = selection.candidates["decade"]
        if self.lock is None:
            self._fallbacks(selection)  # a table that cannot be read is an error here already
        archive = self._estimate(selection)
        return plan_report(
            selection.steps, candidates, selection.targets, selection.reading, archive
        )

    def build(self) -> BuildResult:
        """Download the posters into the cache, and return those that are kept."""
        selection, sha256 = self._select()
        self._check_minimum(selection)
        cache = DownloadCache.of(self.manager)
        remove_stale(cache.folder.glob(f"*{INCOMPLETE}"))
        with (
            collect_warnings() as warnings,
            self._proxies() as proxies,
            self._downloader(cache, proxies) as downloader,
        ):
            collection = self._collect(selection, self._with_fallbacks(selection, downloader))
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
            self.options.poster_scale,
        )
        with collect_warnings() as counted:
            for warning in count_warnings(report):
                logger.warning(warning)
        kept = order_warnings([*warnings, *counted])
        report = replace(report, shortfall=collection.shortfall, warnings=kept)
        return BuildResult(posters, rejections, report, lock)

    def check_fallbacks(self) -> list[Agreement]:
        """Compare posters of living links with those that the fallbacks have for them.

        Raises:
            OptionError: there are no fallbacks to check.
        """
        if self.lock is not None or not self.options.fallbacks:
            raise OptionError(
                "Option fallbacks: expected some to check, and no lock file; found none. Name "
                "them, as in --fallbacks wayback."
            )
        selection, _ = self._select()
        cache = DownloadCache.of(self.manager)
        with self._proxies() as proxies, self._downloader(cache, proxies) as downloader:
            fallbacks = self._fallbacks(selection)
            scale = self.options.poster_scale
            posters = FallbackDownloader(downloader, scale=scale)
            movies = list(selection.movies())
            return compare_fallbacks(movies, posters, fallbacks, PictureComparison())

    def stream(self, split: str, build: str) -> Iterator[Poster]:
        """Stream the posters of a split; ``build`` names the configuration and the code."""
        selection, sha256 = self._select()
        with self._proxies() as proxies, temporary_cache() as cache:
            posters = self._with_fallbacks(selection, self._downloader(cache, proxies))
            of_split = split, posters.download, posters.remove
            if self.lock is not None:
                lenient = self.options.allow_missing
                yield from stream_locked(self.lock, *of_split, allow_missing=lenient)
                return
            versions = build, sha256, check_version()
            known = open_stream_cache(DownloadCache.of(self.manager).folder, self.options, versions)
            pictures = PictureComparison()
            yield from stream(selection, *of_split, pictures, known, equal=self._is_equal)

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
        # The demo's catalogue is in no other configuration.
        of_any_genre = {} if self._is_demo else selection.of_any_genre
        selection = replace(
            selection, steps=steps, reading=catalogue.reading, of_any_genre=of_any_genre
        )
        return selection, catalogue.sha256

    def _check_minimum(self, selection: Selection) -> None:
        if self.options.min_per_decade is not None:
            candidates = Counter(selection.candidates["decade"])
            check_plan(selection.targets, candidates, self.options.min_per_decade)

    def _collect(self, selection: Selection, downloader: FallbackDownloader) -> Collection:
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
        urls = [poster.downloaded_url for poster in posters if is_url(poster.downloaded_url)]
        paths = paths_from_manager(self.manager, list(dict.fromkeys(urls)))
        return [
            replace(poster, path=paths.get(poster.downloaded_url, poster.path))
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

    def _with_fallbacks(self, selection: Selection, downloader: Downloader) -> FallbackDownloader:
        """Return a downloader that knows larger pictures and fallbacks, or what a lock pins."""
        if self.lock is not None:
            return FallbackDownloader(downloader, pinned=self.lock.origins)
        scale = self.options.poster_scale
        return FallbackDownloader(downloader, scale=scale, fallbacks=self._fallbacks(selection))

    def _fallbacks(self, selection: Selection) -> list[Fallback]:
        return open_fallbacks(self.options.fallbacks or (), selection.movies(), self._wayback)

    def _wayback(self) -> Wayback:
        # Beside the downloads also while streaming, as queries to the archive are slow.
        return Wayback(
            DownloadCache.of(self.manager),
            limits=self._limits(),
            pace=self.archive.index,
            throttling=self.throttling,
            refresh=bool(self.manager.download_config.force_download),
        )

    def _estimate(self, selection: Selection) -> ArchiveEstimate | None:
        if self.lock is not None or WAYBACK not in (self.options.fallbacks or ()):
            return None
        cache = DownloadCache.of(self.manager)
        links = [movie.poster_url for movie in selection.movies()]
        return estimate(links, self.options.poster_scale, cache, self._wayback())

    def _downloader(self, cache: DownloadCache, proxies: dict[str, str] | None) -> Downloader:
        kind = "any" if self.options.keep_grayscale else "color"
        return Downloader(
            cache,
            partial(check_poster, keep_grayscale=self.options.keep_grayscale),
            check_version=check_version,
            hashes=HashCache(cache.folder, f"{kind}.{check_version()}"),
            limits=self._limits(proxies),
            connections_per_host=self.options.connections_per_host,
            paces={ARCHIVE: self.archive.playback},
            throttling={ARCHIVE: self.throttling},
            workers=self.workers,
            folder=self.folder,
            expected=self.lock.downloads if self.lock else {},
            allow_outside=self.options.allow_outside_files,
            refresh=bool(self.manager.download_config.force_download),
            # The demo's server is not a network.
            offline=False if self._is_demo else None,
        )
