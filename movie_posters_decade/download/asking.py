"""One URL is asked for as often as patience allows, and its host is listened to."""

import asyncio
import logging
import random
import time
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from datasets.utils.tqdm import tqdm

from movie_posters_decade.download.cache import DownloadCache
from movie_posters_decade.download.keeper import Keeper
from movie_posters_decade.download.retry import Patience
from movie_posters_decade.records import Answer, Missed, Outcome, RejectReason

if TYPE_CHECKING:
    from movie_posters_decade.download.client import Transport

logger = logging.getLogger(__name__)


IN_MEMORY_BYTES = 1024 * 1024
"""What is held of a body in memory; the rest of a longer one waits on disk."""


@dataclass
class Host:
    """What is known of a host: whether it answers, and until when it wants to be left alone.

    Attributes:
        origin: scheme, name and port.
        connections: how many it may have at a time.
        patience: how long it may give nothing before it is given up.
    """

    origin: str
    connections: int
    patience: Patience
    is_given_up: bool = field(default=False, init=False)
    """Whether so many tries in a row were in vain, for so long, that no more are worth making."""
    _told: set[str] = field(default_factory=set, init=False)
    """The origins, its own and where it redirects to, that something was said of."""
    _tries_in_vain: int = field(default=0, init=False)
    _in_vain_since: float = field(default=0.0, init=False)
    _quiet_until: float = field(default=0.0, init=False)

    async def wait_until_welcome(self) -> None:
        """Wait as long as the host asked to be left alone."""
        while (wait := self._quiet_until - time.monotonic()) > 0:
            await asyncio.sleep(wait)

    def learn(self, answer: Answer, wait: float) -> None:
        """Take in what a try gave, and how long is waited before the next."""
        if answer.retry_after is not None:
            self._quiet_until = max(self._quiet_until, time.monotonic() + wait)
        if answer.is_passing:
            bearable = self.patience.silence if answer.status is None else self.patience.refusal
            self._learn_in_vain(bearable)
        elif answer.status is not None:
            self._tries_in_vain = 0

    def tell(self, answer: Answer) -> None:
        """Say once of each origin what the network says of why it did not answer."""
        origin = origin_of(answer.url)
        if answer.detail and origin not in self._told:
            self._told.add(origin)
            _warn("%s did not answer: %s.", origin, answer.detail)

    def _learn_in_vain(self, bearable: float) -> None:
        if self._tries_in_vain == 0:
            self._in_vain_since = time.monotonic()
        self._tries_in_vain += 1
        # All connections may fail at once and for one reason, which is one bad moment.
        too_often = self._tries_in_vain >= max(10, 2 * self.connections)
        too_long = time.monotonic() - self._in_vain_since >= bearable
        if too_often and too_long and not self.is_given_up:
            self.is_given_up = True
            _warn(
                "%s was asked %d times in a row in vain; it is not asked any more.",
                *(self.origin, self._tries_in_vain),
            )


def _warn(message: str, *values: object) -> None:
    """Warn on a line of its own, whatever progress bars are shown."""
    with tqdm.external_write_mode():
        logger.warning(message, *values)


def origin_of(url: str) -> str:
    """Return a URL's scheme, name and port, or all of it if it is no proper URL."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return url
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{port}"


class Asker:
    """Asks for URLs and stores what they give; used by many workers at once.

    Args:
        transport: makes a single try.
        cache: where the content goes.
        keeper: examines the content and stores it.
        patience: how often to try and how long to wait.
        slots: one is held during a try, whatever the host.
    """

    def __init__(
        self,
        transport: "Transport",
        cache: DownloadCache,
        keeper: Keeper,
        patience: Patience,
        slots: asyncio.Semaphore,
    ) -> None:
        self._transport = transport
        self._cache = cache
        self._keeper = keeper
        self._patience = patience
        self._slots = slots

    async def ask(self, url: str, host: Host, connections: asyncio.Semaphore) -> Outcome:
        """Ask a host for a URL until there is an answer to keep.

        Args:
            url: what to ask for.
            host: whom.
            connections: one of the host's is held during a try, none while waiting for the next.

        Raises:
            OSError: the content cannot be stored.
        """
        with SpooledTemporaryFile(IN_MEMORY_BYTES) as body:
            answer = await self._last_answer(url, host, connections, body)
            host.tell(answer)
            if answer.reason is RejectReason.NOT_FOUND and answer.status is not None:
                self._cache.remember_gone(url, answer.status)
            if answer.reason is not None:
                return Missed(url, answer.reason, answer.status, answer.url)
            body.seek(0)
            name = self._cache.name(url)
            examined = await self._keeper.keep(body.read(), name)
        return examined.outcome(url, name, answer.status, answer.url)

    async def _last_answer(
        self, url: str, host: Host, connections: asyncio.Semaphore, body: IO[bytes]
    ) -> Answer:
        answer = Answer(url, RejectReason.CONNECTION_ERROR)
        deadline = None
        for tries in range(1, self._patience.tries + 1):
            async with connections:
                await host.wait_until_welcome()
                if host.is_given_up:
                    break
                async with self._slots:
                    now = time.monotonic()
                    deadline = deadline or now + self._patience.whole
                    if now >= deadline:
                        break
                    answer = await self._try(url, body, deadline - now)
            wait = self._patience.wait(tries, random.random(), answer.retry_after)
            host.learn(answer, wait)
            is_last = tries == self._patience.tries or time.monotonic() + wait > deadline
            if is_last or not answer.is_passing:
                break
            await asyncio.sleep(wait)
        return answer

    async def _try(self, url: str, body: IO[bytes], seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                return await self._transport.get(url, body)
        except TimeoutError:
            return Answer(url, RejectReason.TIMEOUT, is_passing=True)
