"""URLs become files in the datasets download cache, or there is a reason why not.

It knows URLs and files, nothing of movies.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from datasets import config as datasets_config

from movie_posters_decade.config import Options
from movie_posters_decade.download.asking import Asker, Host, origin_of
from movie_posters_decade.download.background import told_by
from movie_posters_decade.download.cache import DownloadCache
from movie_posters_decade.download.hash_cache import HashCache
from movie_posters_decade.download.keeper import Keeper
from movie_posters_decade.download.keeping import PASSING_FAULTS, examine
from movie_posters_decade.download.limits import Limits
from movie_posters_decade.download.retry import Patience
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.io import read
from movie_posters_decade.records import Missed, Outcome, RejectReason

MAX_CONNECTIONS = 256
"""To all hosts together."""

MORE_WORKERS = 32
"""How many contents of a host are kept, or tries waited for, while all connections are in use."""


class Downloader:
    """Fetches URLs into a cache: many at once, patiently, and none more often than needed.

    Args:
        cache: where the content goes.
        color: examine content as posters, "rgb" or "any", or take whatever comes, None.
        limits: who may be asked and what is taken.
        patience: how long to wait and how often to try.
        connections_per_host: how many to one host at a time.
        all_connections: how many to all hosts together, unless more are allowed to one.
        refresh: download again what is there or is known to be gone.
        is_offline: whether no request may be sent; by default as HF_HUB_OFFLINE says.
    """

    def __init__(
        self,
        cache: DownloadCache,
        *,
        color: str | None = None,
        limits: Limits | None = None,
        patience: Patience | None = None,
        connections_per_host: int = Options.connections_per_host,
        all_connections: int = MAX_CONNECTIONS,
        refresh: bool = False,
        is_offline: bool | None = None,
    ) -> None:
        self._cache = cache
        self._color = color
        self._looks = HashCache(cache.folder, color)
        self._limits = limits or Limits()
        self._patience = patience or Patience()
        self._connections = connections_per_host
        self._all_connections = all_connections
        self._refresh = refresh
        self._is_offline = datasets_config.HF_HUB_OFFLINE if is_offline is None else is_offline
        self._hosts: dict[str, Host] = {}

    def download(self, urls: Sequence[str]) -> Generator[Outcome, None, None]:
        """Fetch the URLs and yield an outcome for each, as they come.

        Raises:
            DownloadError: the content cannot be stored, or nothing may be asked for.
        """
        try:
            with closing(self._download(urls)) as outcomes:
                for outcome in outcomes:
                    self._looks.learn(outcome)
                    yield outcome
        finally:
            self._looks.save()

    def _download(self, urls: Sequence[str]) -> Generator[Outcome, None, None]:
        unknown = []
        for url in urls:
            outcome = None if self._refresh else self._recall(url)
            if outcome is None:
                unknown.append(url)
            else:
                yield outcome
        if unknown:
            self._check_online(unknown)
            try:
                self._cache.make()
                if self._refresh:
                    for url in unknown:
                        self._cache.forget_gone(url)
                yield from told_by(partial(self._ask_all, unknown))
            except DownloadError:
                raise
            except OSError as error:
                raise DownloadError(
                    f"{self._cache.folder}: a poster cannot be stored: {error}. What was downloaded "
                    "before is kept; mend this and build again."
                ) from error

    def _recall(self, url: str) -> Outcome | None:
        if self._cache.has(url):
            name = self._cache.name(url)
            examined = examine(read(name), self._color, self._looks.known)
            return None if examined.fault in PASSING_FAULTS else examined.outcome(url, name)
        status = self._cache.gone(url, at_any_time=self._is_offline)
        return None if status is None else Missed(url, RejectReason.NOT_FOUND, status)

    def _check_online(self, urls: Sequence[str]) -> None:
        if self._is_offline and self._refresh:
            raise DownloadError(
                f"{self._cache.folder}: expected to download everything anew, as was asked for; found "
                "that HF_HUB_OFFLINE forbids requests. Unset it, or build without force_redownload."
            )
        if self._is_offline:
            raise DownloadError(
                f"{self._cache.folder}: expected everything to be here, as HF_HUB_OFFLINE forbids "
                f"requests; found at least {len(urls)} missing, such as {urls[0]}. Unset "
                "HF_HUB_OFFLINE and build again."
            )

    async def _ask_all(self, urls: Sequence[str], tell: Callable[[Outcome], None]) -> None:
        slots = asyncio.Semaphore(max(self._all_connections, self._connections))
        async with Keeper(self._color, len(urls)) as keeper:
            # Here, as a build that needs no request need not load libcurl, and with the helper
            # under way already.
            from movie_posters_decade.download.client import Transport  # noqa: PLC0415

            async with Transport(self._limits, self._patience) as transport:
                asker = Asker(transport, self._cache, keeper, self._patience, slots)
                try:
                    await self._ask_hosts(asker, urls, tell)
                except ExceptionGroup as group:
                    # The first failure ends all; the others are its echoes.
                    raise group.exceptions[0] from None

    async def _ask_hosts(
        self, asker: Asker, urls: Sequence[str], tell: Callable[[Outcome], None]
    ) -> None:
        """Ask all hosts at once, each over as many connections as it may have."""
        queues: dict[str, deque[str]] = {}
        for url in urls:
            queues.setdefault(origin_of(url), deque()).append(url)

        async def work(host: Host, connections: asyncio.Semaphore, queue: deque[str]) -> None:
            while queue:
                tell(await asker.ask(queue.popleft(), host, connections))

        async with asyncio.TaskGroup() as workers:
            for origin, queue in queues.items():
                host = self._hosts.setdefault(
                    origin, Host(origin, self._connections, self._patience)
                )
                connections = asyncio.Semaphore(self._connections)
                for _ in range(min(self._connections + MORE_WORKERS, len(queue))):
                    workers.create_task(work(host, connections, queue))


@contextmanager
def temporary_cache() -> Iterator[DownloadCache]:
    """Give a cache that is gone afterwards."""
    with TemporaryDirectory() as folder:
        yield DownloadCache(Path(folder))
