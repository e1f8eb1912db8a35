"""Downloader: many URLs at once, with retries, into the download cache. It knows no movies."""

import errno
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from datasets import config as datasets_config

from movie_posters_decade import __version__
from movie_posters_decade.download.addresses import Address, origin_of, parse_url
from movie_posters_decade.download.attempts import Download
from movie_posters_decade.download.batch import Settings, run_batch
from movie_posters_decade.download.cache import DownloadCache, HashCache
from movie_posters_decade.download.checking import CheckThread
from movie_posters_decade.download.descriptors import connection_limit
from movie_posters_decade.download.event_loop import run_here
from movie_posters_decade.download.executor import run_on_workers
from movie_posters_decade.download.host_warnings import HostWarnings
from movie_posters_decade.download.hosts import Host, Loan
from movie_posters_decade.download.lending import Lending
from movie_posters_decade.download.memory import BODY_MEMORY
from movie_posters_decade.download.pace import Pace, Throttling
from movie_posters_decade.download.retry import Attempt, Link, RetryPolicy
from movie_posters_decade.download.transfer import Limits
from movie_posters_decade.download.workers import Workers, open_workers
from movie_posters_decade.errors import DownloadError, NetworkError, StorageError
from movie_posters_decade.io import (
    is_out_of_resources,
    is_storage_fault,
    read_regular_file,
    write_atomically,
)
from movie_posters_decade.records import (
    NO_ANSWER,
    Check,
    Checksum,
    DownloadResult,
    ImageCheck,
    RejectReason,
    accept_anything,
    is_url,
)

CONNECTIONS_PER_HOST = 32

NOT_STORED = frozenset(
    {RejectReason.NOT_AN_IMAGE, RejectReason.TRUNCATED, RejectReason.UNDECODABLE}
)
"""Reasons that may not apply to the next download, so that the bytes are not stored."""


@dataclass
class Downloader:
    """Downloads links concurrently into a cache, with no more requests than needed."""

    cache: DownloadCache
    check: Check = accept_anything
    _: KW_ONLY
    hashes: HashCache | None = None  # what earlier checks found, which are not repeated
    limits: Limits = field(default_factory=Limits)
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    connections_per_host: int = CONNECTIONS_PER_HOST
    paces: Mapping[str, Pace] = field(default_factory=dict)  # by origin; https stands for http too
    throttling: Mapping[str, Throttling] = field(default_factory=dict)  # shared with other clients
    max_connections: int | None = None  # of one process; None: as many as its open files allow
    body_memory: int = BODY_MEMORY  # bytes of bodies that this process holds at a time
    workers: int | str | Executor | Workers | None = None  # None: in this process
    check_version: Callable[[], str] = str  # what tells versions of the check apart, for workers
    folder: Path | None = None  # where links that are paths start; None if they must be URLs
    allow_outside: bool = False  # whether these paths may lead out of the folder
    expected: Mapping[str, Checksum] = field(default_factory=dict)  # what the cache must hold
    refresh: bool = False  # whether to download again what is cached or was not found
    offline: bool | None = None  # whether requests are forbidden; None: as HF_HUB_OFFLINE says
    _hosts: dict[str, Host] = field(default_factory=dict, init=False)
    _workers: Workers | None = field(default=None, init=False)
    _thread: CheckThread | None = field(default=None, init=False)  # for what needs no request
    _warnings: HostWarnings = field(default_factory=HostWarnings, init=False)

    def __post_init__(self) -> None:
        if self.offline is None:
            self.offline = datasets_config.HF_HUB_OFFLINE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._workers is not None:
            self._workers.close()
            self._workers = None

    def download(self, links: Sequence[str]) -> Generator[DownloadResult, None, None]:
        """Download links, and yield a result for each as it arrives, in any order.

        Raises:
            DownloadError: this machine is at fault, or requests are forbidden.
        """
        try:
            with closing(self._download(links)) as results:
                for result in results:
                    if self.hashes is not None:
                        self.hashes.add(result)
                    yield result
        except DownloadError:
            raise
        except (OSError, MemoryError) as error:
            found = str(error) or "no memory is left"
            fix = "Fix this"
            if getattr(error, "errno", None) == errno.EMFILE:
                fix = "Allow more open files with `ulimit -n 1024`"
            kind = StorageError if is_storage_fault(error) else DownloadError
            raise kind(
                f"{self.cache.folder}: a poster cannot be stored: {found}. What was downloaded "
                f"before is kept. {fix} and build again."
            ) from error
        finally:
            if self._thread is not None:
                self._thread.end()
                self._thread = None
            if self.hashes is not None:
                self.hashes.save()

    def _download(self, links: Sequence[str]) -> Generator[DownloadResult, None, None]:
        missing = []
        for link in links:
            result = self._without_request(link)
            if isinstance(result, Link):
                missing.append(result)
            else:
                yield result
        if missing:
            self._check_online(missing)
            with closing(self._from_network(missing)) as results:
                yield from results

    def _without_request(self, link: str) -> DownloadResult | Link:
        """Return the result of a link that needs no request, or else the parsed link."""
        if not is_url(link):
            return self._from_disk(link)
        address = parse_url(link)
        if not isinstance(address, Address):
            return DownloadResult(link, reason=address)
        return self._from_cache(link) or Link(link, address)

    def _from_disk(self, link: str) -> DownloadResult:
        if self.folder is None:
            return DownloadResult(link, reason=RejectReason.PRIVATE_ADDRESS)
        try:
            path = (self.folder / link).resolve()
            if not self.allow_outside and not path.is_relative_to(self.folder.resolve()):
                return DownloadResult(link, reason=RejectReason.OUTSIDE_FOLDER)
            content = read_regular_file(path, self.limits.max_bytes)
        except (OSError, ValueError, RuntimeError) as error:
            # A null character is a ValueError, and a loop of symbolic links a RuntimeError.
            if is_out_of_resources(error):
                raise
            is_large = getattr(error, "errno", None) == errno.EFBIG
            reason = RejectReason.TOO_LARGE if is_large else RejectReason.NOT_FOUND
            detail = getattr(error, "strerror", None) or str(error)
            return DownloadResult(link, reason=reason, detail=detail)
        return _result(link, path, self._check_again(content))

    def _from_cache(self, url: str) -> DownloadResult | None:
        """Return the result for a URL that needs no request, or None."""
        if self.refresh:
            return None
        path = self.cache.path(url)
        if path.is_file():
            content = self._read_cached(url, path)
            check = None if content is None else self._check_again(content)
            return _result(url, path, check) if check and check.reason not in NOT_STORED else None
        status = self.cache.not_found_status(url, any_age=bool(self.offline))
        if status is None:
            return None
        return DownloadResult(url, reason=RejectReason.NOT_FOUND, status=status)

    def _read_cached(self, url: str, path: Path) -> bytes | None:
        """Read a cached poster, or return None if it must be downloaded again.

        It is larger than any that this package downloads, or other than the one that is expected,
        which the host may still have.
        """
        try:
            content = read_regular_file(path, self.limits.max_bytes)
        except OSError as error:
            if error.errno != errno.EFBIG:
                raise
            return None
        is_other = url in self.expected and Checksum.of(content) != self.expected[url]
        return None if is_other else content

    def _check_again(self, content: bytes) -> ImageCheck:
        if self.hashes is not None:
            known = self.hashes.checks.get(Checksum.of(content).sha256)
            if known is not None:
                return known
        self._thread = self._thread or CheckThread(self.check)
        return self._thread.check(content)

    def _check_online(self, links: Sequence[Link]) -> None:
        holds_some = self.refresh and any(self.cache.path(link.url).is_file() for link in links)
        if self.offline and holds_some:
            raise NetworkError(
                f"{self.cache.folder}: expected to download everything again; found that "
                "HF_HUB_OFFLINE forbids requests. Unset it, or build without force_redownload."
            )
        if self.offline:
            raise NetworkError(
                f"{self.cache.folder}: expected all posters here, as HF_HUB_OFFLINE forbids "
                f"requests; found at least {len(links)} missing, such as {links[0].url}. "
                "Unset HF_HUB_OFFLINE and build again."
            )

    def _from_network(self, links: Sequence[Link]) -> Generator[DownloadResult, None, None]:
        self.cache.folder.mkdir(parents=True, exist_ok=True)
        if self.refresh:
            for link in links:
                self.cache.forget_not_found(link.url)
        with closing(self._run(links)) as downloads:
            for download in downloads:
                self._warn(download)
                yield self._store(download)

    def _run(self, links: Sequence[Link]) -> Generator[Download, None, None]:
        """Request links from all their hosts at once, in this process or on the workers."""
        by_origin: dict[str, list[Link]] = {}
        for link in links:
            by_origin.setdefault(self._paced(link.address.origin), []).append(link)
        hosts = [(self._host(origin), some) for origin, some in by_origin.items()]
        versions = (__version__, self.check_version())
        settings = Settings(
            self.check,
            self.limits,
            self.policy,
            self.max_connections,
            body_memory=self.body_memory,
            check_version=self.check_version,
            expected_versions=versions,
        )
        if self.workers is None:
            loans = [Loan(host, deque(some)) for host, some in hosts]
            return run_here(partial(run_batch, loans, settings))
        self._workers = self._workers or open_workers(self.workers)
        most = self.max_connections or connection_limit()
        return run_on_workers(Lending(hosts, self._workers.count, most), self._workers, settings)

    def _host(self, origin: str) -> Host:
        if origin not in self._hosts:
            host = Host(origin, self.connections_per_host, self.policy, pace=self.paces.get(origin))
            host.throttling = self.throttling.get(origin, host.throttling)
            self._hosts[origin] = host
        return self._hosts[origin]

    def _paced(self, origin: str) -> str:
        """Return the origin whose pace holds for another one, or else that one itself."""
        secure = origin.replace("http://", "https://", 1)
        return secure if secure in self.paces else origin

    def _store(self, download: Download) -> DownloadResult:
        """Store what was downloaded in the cache, and return the result."""
        url, attempt = download.url, download.attempt
        if attempt.reason is RejectReason.NOT_FOUND and attempt.status is not None:
            self.cache.remember_not_found(url, attempt.status)
        if download.content is None or download.check is None:
            return DownloadResult(
                url, None, None, attempt.reason, attempt.status, attempt.url, attempt.detail
            )
        path = self.cache.path(url)
        if download.check.reason not in NOT_STORED:
            write_atomically(path, download.content)
        return _result(url, path, download.check, attempt)

    def _warn(self, download: Download) -> None:
        """Log once for each host what the network said, and that its circuit breaker is open."""
        attempt = download.attempt
        if attempt.reason is None:
            return
        if attempt.reason in NO_ANSWER and attempt.detail:
            self._warnings.no_answer(origin_of(attempt.url), attempt.detail)
        host = self._hosts.get(self._paced(origin_of(download.url)))
        if host is not None and host.is_open:
            self._warnings.stopped(host.origin, host.fault)


def _result(
    url: str, path: Path, check: ImageCheck, attempt: Attempt | None = None
) -> DownloadResult:
    status, final_url = (None, None) if attempt is None else (attempt.status, attempt.url)
    usable = path if check.reason is None else None
    return DownloadResult(url, usable, check, check.reason, status, final_url, check.detail)
