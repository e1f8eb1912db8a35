"""Attempts: the links of one host, each with its retries, and then the check of its content."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from movie_posters_decade.download.checking import Checker
from movie_posters_decade.download.client import MAX_REDIRECTS, Client
from movie_posters_decade.download.hosts import Connections, Loan
from movie_posters_decade.download.memory import BATCH_MEMORY, Body, BodyMemory
from movie_posters_decade.download.retry import Attempt, Link
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.records import ImageCheck, RejectReason

EXTRA_TASKS = 32
"""Tasks of a host beyond its connections, for checks and backoff while all are in use."""

MAX_TRIES = 20
"""Requests for one URL at most, where attempts do not count, as they waited for this machine."""

TICK = 1.0
"""How often the clock is looked at, in seconds."""

Emit = Callable[["Download"], None]


@dataclass(frozen=True, slots=True)
class Download:
    """The last attempt of one URL; if it succeeded, the content and what the check found."""

    url: str
    attempt: Attempt
    content: bytes | None = None
    check: ImageCheck | None = None


@dataclass(frozen=True)
class Budget:
    """When a batch begins no further link, so that little is lost with a worker."""

    seconds: float = float("inf")
    bytes: float = float("inf")
    wait: float = float("inf")  # a link or host that must wait for longer returns at once


UNLIMITED = Budget()


class Spending:
    """What a batch has used up of its budget."""

    def __init__(self, budget: Budget) -> None:
        self.max_wait = budget.wait
        self._end = time.monotonic() + budget.seconds
        self._bytes = budget.bytes
        self._memory = float("inf") if budget is UNLIMITED else float(BATCH_MEMORY)
        self._expected = 0  # bytes of all that is under way

    def add(self, content: bytes) -> None:
        """Add a body that has arrived."""
        self._bytes -= len(content)
        self._memory -= len(content)

    @contextmanager
    def expecting(self, size: int) -> Iterator[bool]:
        """Expect a body of some bytes. Yields whether there is memory for it beside the others."""
        is_alone = self._expected == 0
        self._expected += size
        try:
            yield is_alone or self._expected <= self._memory
        finally:
            self._expected -= size

    @property
    def is_over(self) -> bool:
        """Whether no further link may begin."""
        return self._bytes <= 0 or time.monotonic() >= self._end


class Clock:
    """Notices that the process was suspended (Ctrl-Z, a closed laptop): the time of day jumps.

    On some systems the monotonic clock stands still while a laptop sleeps.
    """

    def __init__(self, jump: float) -> None:
        self._jump = jump
        self._last_look = time.time()
        self._last_jump = float("-inf")

    async def run(self, checker: Checker) -> None:
        """Look at the clock, and at the check, again and again, until this is cancelled."""
        while True:
            self._look()
            checker.look(self.has_jumped_since)
            await asyncio.sleep(min(TICK, self._jump / 4))

    def has_jumped_since(self, moment: float) -> bool:
        """Return whether the process was suspended after a moment on the monotonic clock."""
        self._look()
        return self._last_jump >= moment

    def _look(self) -> None:
        now = time.time()
        if now - self._last_look > self._jump:
            self._last_jump = time.monotonic()
        self._last_look = now


@dataclass
class HostWorker:
    """Downloads the links of one host: attempts with backoff, then the check."""

    loan: Loan
    client: Client
    checker: Checker
    slots: asyncio.Semaphore  # connections of all hosts together
    spending: Spending
    memory: BodyMemory
    clock: Clock
    emit: Emit

    def __post_init__(self) -> None:
        self._host = self.loan.host
        self._connections = Connections(self._host)
        self._pace = self._host.pace
        self._counted = frozenset() if self._pace is None else self._host.origins
        self._opened = asyncio.Event()
        self._look_at_circuit_breaker()

    @property
    def tasks(self) -> int:
        """How many tasks should run it."""
        return min(self._host.connections + EXTRA_TASKS, len(self.loan.links))

    async def run(self) -> None:
        """Download links until none is left or the budget is used up."""
        links, max_wait = self.loan.links, self.spending.max_wait
        while links and not self.spending.is_over and self._host.pause() <= max_wait:
            link = links.popleft()
            with Body(self.memory) as body:
                download = await self._download_safely(link, body)
                if download is None:
                    links.append(link)
                    return
                self.emit(download)
                body.hand_on()
                del download  # or its content would stay until the next one is there

    async def _download_safely(self, link: Link, body: Body) -> Download | None:
        try:
            return await self._download(link, body)
        except (OSError, MemoryError, DownloadError):
            raise
        except Exception as error:  # noqa: BLE001, one URL must not end a build
            detail = f"{type(error).__name__}: {error}"
            attempt = Attempt(link.url, RejectReason.CONNECTION_ERROR, detail=detail)
            return Download(link.url, attempt)

    async def _download(self, link: Link, body: Body) -> Download | None:
        """Return the download of a link, or None if the link must wait for too long."""
        attempt = Attempt(link.url, RejectReason.CONNECTION_ERROR)
        is_retried = True
        while is_retried:
            if link.wait > self.spending.max_wait:
                return None
            if link.wait:
                await self._sleep(link.wait)
                link.wait = 0.0
            async with self._connections:
                while pause := self._host.pause():
                    if pause > self.spending.max_wait:
                        return None
                    await self._sleep(pause)
                if self._host.is_open:
                    break
                async with self.slots:
                    with self.spending.expecting(self._host.body_bytes) as has_room:
                        if self.spending.is_over or not has_room:
                            return None
                        if not self._host.begin():
                            continue  # others have begun while this one waited for a slot
                        begin = time.monotonic()
                        attempt = await self._attempt(link, body)
                    if attempt.reason is not None and body.is_refused:
                        return None  # a batch with less in it has room for the body
                    is_retried = self._record(link, attempt, begin, body.paused)
        if attempt.reason is not None:
            return Download(link.url, attempt)
        content = body.content
        self.spending.add(content)
        return Download(link.url, attempt, content, await self.checker.check(content))

    async def _sleep(self, seconds: float) -> None:
        """Sleep until the time is over or the circuit breaker opens."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._opened.wait(), seconds)

    def _look_at_circuit_breaker(self) -> None:
        if self._host.is_open:
            self._opened.set()

    async def _attempt(self, link: Link, body: Body) -> Attempt:
        """Send a request once, and return the outcome. The body holds the content, if it is one."""
        total = self._host.policy.total_timeout
        body.paused = 0.0
        try:
            async with asyncio.timeout(total - link.spent) as body.timeout:
                attempt = await self.client.get(link.address, body, self._counted)
        except TimeoutError:
            detail = f"No complete response within {total:g} seconds"
            attempt = Attempt(link.url, RejectReason.TIMEOUT, is_transient=True, detail=detail)
        finally:
            body.timeout = None
        # Without a length, one that has arrived is smaller than what it might have been.
        size = body.length if attempt.reason is not None else body.size
        self._host.body_bytes = max(self._host.body_bytes, size)
        if attempt.reason is not None:
            body.clear()
        return attempt

    def _record(self, link: Link, attempt: Attempt, begin: float, paused: float) -> bool:
        """Record an attempt, and return whether another one follows.

        Args:
            link: that was tried.
            attempt: the outcome.
            begin: when it began, on the monotonic clock.
            paused: for how many seconds it waited for memory.
        """
        is_obeyed = self._pace is not None and attempt.asks_for_pause
        is_interrupted = attempt.is_transient and (paused or self.clock.has_jumped_since(begin))
        if is_interrupted and not is_obeyed and link.tries < MAX_TRIES:
            link.tries += 1
            return True  # the connection was lost while this machine did not read from it
        seconds = time.monotonic() - begin - paused
        if attempt.redirect is not None and link.redirects < MAX_REDIRECTS:
            link.follow(attempt.redirect, seconds)
            is_retried = True
        else:
            policy, jitter = self._host.policy, random.random()
            is_retried = link.record(attempt, seconds, policy, jitter, self._pace)
        self._host.record(attempt, begin, link.wait)
        if is_obeyed:
            link.wait = 0.0  # the host as a whole is left alone
        self._look_at_circuit_breaker()
        return is_retried
