"""Downloader: many URLs at once, with retries, into the download cache. It knows no movies."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import IO

from datasets import config as datasets_config

from movie_posters_decade.download.cache import DownloadCache, HashCache
from movie_posters_decade.download.client import Client
from movie_posters_decade.download.executor import iterate
from movie_posters_decade.download.retry import Attempt, Host, RetryPolicy, origin_of
from movie_posters_decade.download.transfer import Limits
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.io import write_atomically
from movie_posters_decade.records import (
    Check,
    Checksum,
    DownloadResult,
    ImageCheck,
    RejectReason,
    accept_anything,
    is_url,
)

CONNECTIONS_PER_HOST = 32

MAX_CONNECTIONS = 256
"""To all hosts together."""

EXTRA_WORKERS = 32
"""Workers of a host beyond its connections, for checks and backoff while all are in use."""

IN_MEMORY_BYTES = 1024 * 1024
"""How much of a response body is held in memory; the rest goes into a temporary file."""

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
    hashes: HashCache | None = None  # phashes of earlier checks, which are not repeated
    limits: Limits = field(default_factory=Limits)
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    connections_per_host: int = CONNECTIONS_PER_HOST
    max_connections: int = MAX_CONNECTIONS  # if one host is not allowed more
    folder: Path | None = None  # where links that are paths start; None if they must be URLs
    refresh: bool = False  # whether to download again what is cached or was not found
    offline: bool | None = None  # whether requests are forbidden; None: as HF_HUB_OFFLINE says
    _hosts: dict[str, Host] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if self.offline is None:
            self.offline = datasets_config.HF_HUB_OFFLINE

    def download(self, links: Sequence[str]) -> Generator[DownloadResult, None, None]:
        """Download links, and yield a result for each as it arrives, in any order."""
        try:
            with closing(self._download(links)) as results:
                for result in results:
                    if self.hashes is not None:
                        self.hashes.add(result)
                    yield result
        finally:
            if self.hashes is not None:
                self.hashes.save()

    def _download(self, links: Sequence[str]) -> Generator[DownloadResult, None, None]:
        missing = []
        for link in links:
            result = self._from_cache(link) if is_url(link) else self._from_disk(link)
            if result is None:
                missing.append(link)
            else:
                yield result
        if missing:
            self._check_online(missing)
            try:
                yield from self._from_network(missing)
            except DownloadError:
                raise
            except OSError as error:
                raise DownloadError(
                    f"{self.cache.folder}: a poster cannot be stored: {error}. What was "
                    "downloaded before is kept. Fix this and build again."
                ) from error

    def _from_disk(self, link: str) -> DownloadResult:
        if self.folder is None:
            return DownloadResult(link, reason=RejectReason.PRIVATE_ADDRESS)
        path = self.folder / link
        try:
            content = path.read_bytes()
        except (OSError, ValueError):  # a path with a null character is a ValueError
            return DownloadResult(link, reason=RejectReason.NOT_FOUND)
        return _result(link, path, self._check_again(content))

    def _from_cache(self, url: str) -> DownloadResult | None:
        """Return the result for a URL that needs no request, or None."""
        if self.refresh:
            return None
        path = self.cache.path(url)
        if path.exists():
            check = self._check_again(path.read_bytes())
            return None if check.reason in NOT_STORED else _result(url, path, check)
        status = self.cache.not_found_status(url, any_age=bool(self.offline))
        if status is None:
            return None
        return DownloadResult(url, reason=RejectReason.NOT_FOUND, status=status)

    def _check_again(self, content: bytes) -> ImageCheck:
        checksum = Checksum.of(content)
        phash = None if self.hashes is None else self.hashes.phashes.get(checksum.sha256)
        return self.check(content) if phash is None else ImageCheck(checksum, phash=phash)

    def _check_online(self, urls: Sequence[str]) -> None:
        if self.offline and self.refresh:
            raise DownloadError(
                f"{self.cache.folder}: expected to download everything again; found that "
                "HF_HUB_OFFLINE forbids requests. Unset it, or build without force_redownload."
            )
        if self.offline:
            raise DownloadError(
                f"{self.cache.folder}: expected all posters here, as HF_HUB_OFFLINE forbids "
                f"requests; found at least {len(urls)} missing, such as {urls[0]}. Unset "
                "HF_HUB_OFFLINE and build again."
            )

    def _from_network(self, urls: Sequence[str]) -> Generator[DownloadResult, None, None]:
        self.cache.folder.mkdir(parents=True, exist_ok=True)
        if self.refresh:
            for url in urls:
                self.cache.forget_not_found(url)
        yield from iterate(partial(self._request_all, urls))

    async def _request_all(
        self, urls: Sequence[str], emit: Callable[[DownloadResult], None]
    ) -> None:
        """Request URLs from all their hosts at once, each over its own connections."""
        queues: dict[str, deque[str]] = {}
        for url in urls:
            queues.setdefault(origin_of(url), deque()).append(url)
        slots = asyncio.Semaphore(max(self.max_connections, self.connections_per_host))

        async def work(worker: "_Worker", queue: deque[str]) -> None:
            while queue:
                emit(await worker.download(queue.popleft()))

        try:
            async with Client(self.limits, self.policy) as client, asyncio.TaskGroup() as tasks:
                for origin, queue in queues.items():
                    new_host = Host(origin, self.connections_per_host, self.policy)
                    host = self._hosts.setdefault(origin, new_host)
                    connections = asyncio.Semaphore(self.connections_per_host)
                    worker = _Worker(client, self.cache, self.check, host, connections, slots)
                    for _ in range(min(self.connections_per_host + EXTRA_WORKERS, len(queue))):
                        tasks.create_task(work(worker, queue))
        except ExceptionGroup as group:
            # The first failure ends all; the others follow from it.
            raise group.exceptions[0] from None


@dataclass
class _Worker:
    """Downloads from one host: attempts with backoff, then check and store."""

    client: Client
    cache: DownloadCache
    check: Check
    host: Host
    connections: asyncio.Semaphore  # of the host
    slots: asyncio.Semaphore  # connections of all hosts together

    async def download(self, url: str) -> DownloadResult:
        with SpooledTemporaryFile(IN_MEMORY_BYTES) as body:
            attempt = await self._last_attempt(url, body)
            self.host.warn_once(attempt)
            if attempt.reason is RejectReason.NOT_FOUND and attempt.status is not None:
                self.cache.remember_not_found(url, attempt.status)
            if attempt.reason is not None:
                return DownloadResult(url, None, None, attempt.reason, attempt.status, attempt.url)
            body.seek(0)
            content = body.read()
        # Not in a thread: in scripts/benchmark.py, switching threads cost more than decoding beside
        # the downloads saved.
        check = self.check(content)
        path = self.cache.path(url)
        if check.reason not in NOT_STORED:
            write_atomically(path, content)
        return _result(url, path, check, attempt)

    async def _last_attempt(self, url: str, body: IO[bytes]) -> Attempt:
        policy = self.host.policy
        attempt = Attempt(url, RejectReason.CONNECTION_ERROR)
        deadline = None
        for number in range(1, policy.attempts + 1):
            async with self.connections:
                await self.host.wait_for_retry_after()
                if self.host.is_open:
                    break
                async with self.slots:
                    now = time.monotonic()
                    deadline = deadline or now + policy.total_timeout
                    if now >= deadline:
                        break
                    attempt = await self._attempt(url, body, deadline - now)
            wait = policy.backoff(number, random.random(), attempt.retry_after)
            self.host.record(attempt, wait)
            is_last = number == policy.attempts or time.monotonic() + wait > deadline
            if is_last or not attempt.is_transient:
                break
            await asyncio.sleep(wait)
        return attempt

    async def _attempt(self, url: str, body: IO[bytes], seconds: float) -> Attempt:
        try:
            async with asyncio.timeout(seconds):
                return await self.client.get(url, body)
        except TimeoutError:
            return Attempt(url, RejectReason.TIMEOUT, is_transient=True)


def _result(
    url: str, path: Path, check: ImageCheck, attempt: Attempt | None = None
) -> DownloadResult:
    status, final_url = (None, None) if attempt is None else (attempt.status, attempt.url)
    usable = path if check.reason is None else None
    return DownloadResult(url, usable, check, check.reason, status, final_url)


@contextmanager
def temporary_cache() -> Iterator[DownloadCache]:
    """Create a cache that is removed afterwards."""
    with TemporaryDirectory() as folder:
        yield DownloadCache(Path(folder))
