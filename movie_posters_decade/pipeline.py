"""What a configuration asks for is carried out: movies are selected, and their posters brought."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from datasets import DownloadManager

from movie_posters_decade.catalogue.clean import Catalogue, parse_catalogue
from movie_posters_decade.catalogue.source import load_catalogue
from movie_posters_decade.configurations import DEMO, Configuration
from movie_posters_decade.counting import built_report
from movie_posters_decade.download.cache import DownloadCache
from movie_posters_decade.download.downloader import Downloader, temporary_cache
from movie_posters_decade.download.limits import Limits, user_agent
from movie_posters_decade.lockfile import Lock, make_lock
from movie_posters_decade.records import Poster, Rejection
from movie_posters_decade.report import Report
from movie_posters_decade.sampling.collect import (
    Collection,
    Posters,
    collect,
    collect_locked,
    stream,
    stream_locked,
)
from movie_posters_decade.sampling.selection import Selection, select, select_locked


@dataclass(frozen=True)
class Assembled:
    """What a build is made of.

    Attributes:
        posters: those that are kept, in the order of rank.
        rejections: the candidates that were tried in vain.
        report: what was kept and rejected.
        lock: what the posters are known by.
    """

    posters: list[Poster]
    rejections: Sequence[Rejection]
    report: Report
    lock: Lock


class Assembly:
    """Selects the movies that a configuration asks for and brings their posters.

    Args:
        configuration: what is asked for.
        manager: holds the cache of downloads, and the user's settings for them.

    Raises:
        OptionError: an option has a value that cannot be used.
        LockError: the lock file cannot be used.
    """

    def __init__(self, configuration: Configuration, manager: DownloadManager) -> None:
        self._configuration = configuration
        self._options = configuration.checked()
        self._lock = configuration.lock()
        self._manager = manager

    def select(self, *, may_download: bool = True) -> tuple[Selection, str]:
        """Return the selection, with the catalogue's steps, and the hash of the catalogue.

        Args:
            may_download: False to send no request, and take a remote catalogue from the cache alone.

        Raises:
            CatalogueError: the catalogue cannot be downloaded, read, or understood.
            SelectionError: no movie is left for a decade or a split.
        """
        if self._lock is not None:
            return select_locked(self._lock), self._lock.catalogue
        catalogue = self._catalogue(may_download=may_download)
        selection = select(catalogue.movies, self._options)
        return replace(selection, steps=(*catalogue.steps, *selection.steps)), catalogue.sha256

    def assemble(self) -> Assembled:
        """Bring as many posters as are wanted, into the cache of downloads.

        Raises:
            CatalogueError: the catalogue cannot be downloaded, read, or understood.
            SelectionError: no movie is left for a decade or a split.
            DownloadError: posters cannot be stored, or may not be asked for.
            CollectionError: a decade has no usable poster.
            LockError: a poster is not as the lock file says.
        """
        selection, sha256 = self.select()
        with self._network() as proxies:
            posters = self._posters(DownloadCache.of(self._manager), proxies)
            brought = self._collect(selection, posters)
        if self._lock is None:
            lock = make_lock(sha256, self._options, brought.posters, brought.rejections)
        else:
            lock = self._lock.without(brought.rejections)
        report = built_report(selection, brought)
        return Assembled(brought.posters, brought.rejections, report, lock)

    def stream(self, split: str) -> Iterator[Poster]:
        """Yield the posters of a split, bringing them on the way.

        Raises:
            CatalogueError: the catalogue cannot be downloaded or read.
            SelectionError: no movie is left for a decade or a split.
            CollectionError: at the end, a decade has no usable poster.
            LockError: a poster is not as the lock file says.
        """
        selection, _ = self.select()
        with self._network() as proxies, temporary_cache() as cache:
            posters = self._posters(cache, proxies)
            if self._lock is None:
                yield from stream(selection, split, posters, cache.forget, equal=self._is_equal)
            else:
                yield from stream_locked(
                    *(self._lock, str(self._options.lock_file), split, posters, cache.forget),
                    allow_missing=self._options.allow_missing,
                )

    def _collect(self, selection: Selection, posters: Posters) -> Collection:
        if self._lock is None:
            return collect(selection, posters, equal=self._is_equal)
        return collect_locked(
            *(self._lock, str(self._options.lock_file), posters),
            allow_missing=self._options.allow_missing,
        )

    def _catalogue(self, *, may_download: bool) -> Catalogue:
        if self._is_demo:
            # Here, as no other configuration needs what paints and serves.
            from movie_posters_decade.demo.server import paint_catalogue  # noqa: PLC0415

            return parse_catalogue(paint_catalogue(), name=DEMO)
        place = self._configuration.place()
        return load_catalogue(
            place, self._manager, self._limits(), self._options, may_download=may_download
        )

    @property
    def _is_demo(self) -> bool:
        return self._configuration.name == DEMO

    @property
    def _is_equal(self) -> bool:
        return self._options.balance == "undersample"

    def _network(self) -> AbstractContextManager[dict[str, str] | None]:
        """Give the proxies to download posters through; the demo's stands for its poster host."""
        if not self._is_demo:
            return nullcontext()
        from movie_posters_decade.demo.server import serve  # noqa: PLC0415

        return serve()

    def _limits(self, proxies: dict[str, str] | None = None) -> Limits:
        return Limits(
            allow_private_hosts=self._options.allow_private_hosts,
            respect_opt_out=self._options.respect_opt_out,
            user_agent=user_agent(self._manager.download_config.user_agent),
            proxies=proxies,
        )

    def _posters(self, cache: DownloadCache, proxies: dict[str, str] | None) -> Posters:
        downloader = Downloader(
            cache,
            color="any" if self._options.keep_grayscale else "rgb",
            limits=self._limits(proxies),
            connections_per_host=self._options.connections_per_host,
            refresh=bool(self._manager.download_config.force_download),
            # The demo's host is no network.
            is_offline=False if self._is_demo else None,
        )
        return Posters(
            downloader.download,
            "any" if self._options.keep_grayscale else "rgb",
            self._configuration.folder(),
        )
