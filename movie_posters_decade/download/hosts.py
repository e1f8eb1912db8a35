"""Hosts: circuit breaker, Retry-After, and adaptive concurrency, for all requests to one host."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from movie_posters_decade.download.pace import Pace, RateLimiter, Throttling
from movie_posters_decade.download.retry import Attempt, Link, RetryPolicy

MIN_FAILURES = 10
"""How many failures in a row open a circuit breaker at the earliest."""

_MOMENTS = ("_failing_since", "_pause_until", "_shrunk_at")
_LEARNED = ("is_failing", "failures", "body_bytes", "limiter")


@dataclass
class Host:
    """One host, for all its workers: its circuit breaker, its Retry-After, its concurrency.

    The circuit breaker opens after many failures in a row over a long time. An open one lets no
    further request through, so that a dead host does not slow down a build.

    Concurrency is adaptive, as in TCP: a 429 or 503 halves the number of connections, and each
    success adds a fraction of one (additive increase, multiplicative decrease).

    A host with a pace gets no more requests in a time than that, and its circuit breaker also opens
    after a few answers of 429, or after a Retry-After that is too long. What it says about the pace
    may be shared with other clients of the same host.

    A host can be pickled and sent to another machine, whose clock is another one.
    """

    origin: str  # scheme, name and port
    connections: int  # the largest number at a time
    policy: RetryPolicy
    limit: float = 0.0  # of connections for now; 0 means as many as are allowed
    pace: Pace | None = None  # None: as many requests as its connections can send
    throttling: Throttling = field(default_factory=Throttling)  # what it says about its pace
    is_failing: bool = field(default=False, init=False)  # too often, for too long
    failures: int = field(default=0, init=False)  # in a row
    body_bytes: int = field(default=0, init=False)  # of the largest body that it announced or sent
    limiter: RateLimiter | None = field(default=None, init=False)  # None without a pace
    _failing_since: float = field(default=0.0, init=False)
    _pause_until: float = field(default=0.0, init=False)
    _shrunk_at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        if self.pace is not None:
            self.connections = min(self.connections, self.pace.connections)
            self.limiter = RateLimiter(self.pace)
        self.limit = self.limit or float(self.connections)

    def __getstate__(self) -> dict[str, Any]:
        now = time.monotonic()
        return self.__dict__ | {name: getattr(self, name) - now for name in _MOMENTS}

    def __setstate__(self, state: dict[str, Any]) -> None:
        now = time.monotonic()
        self.__dict__.update(state | {name: state[name] + now for name in _MOMENTS})

    @property
    def origins(self) -> frozenset[str]:
        """Its origin; with a pace for https, that of the same host for http, too."""
        return frozenset({self.origin, self.origin.replace("https://", "http://", 1)})

    @property
    def is_open(self) -> bool:
        """Whether the circuit breaker is open."""
        return self.is_failing or bool(self.throttling.end)

    @property
    def fault(self) -> str:
        """Why the circuit breaker is open, as the end of a sentence about the host."""
        return self.throttling.end or f"failed {self.failures} times in a row"

    def pause(self, now: float | None = None) -> float:
        """Return how many seconds the host is still left alone, as Retry-After and pace say.

        With an open circuit breaker there is nothing to wait for.
        """
        if self.is_open:
            return 0.0
        now = time.monotonic() if now is None else now
        delay = 0.0 if self.limiter is None else self.limiter.delay(now)
        pause_until = max(self._pause_until, self.throttling.pause_until)
        return max(0.0, pause_until - now, delay)

    def begin(self) -> bool:
        """Count a request that begins now, or return False if a pace does not allow it yet."""
        if self.limiter is None:
            return True
        now = time.monotonic()
        if self.is_open or self.pause(now):
            return False
        self.limiter.reserve(now)
        return True

    def count_lost_requests(self) -> None:
        """Count as many requests as the pace allows: a worker that was lost may have sent them."""
        if self.limiter is not None:
            self.limiter.fill(time.monotonic())

    def record(self, attempt: Attempt, begin: float, wait: float) -> None:
        """Record an attempt.

        Args:
            attempt: the outcome.
            begin: when it began, on the monotonic clock.
            wait: how many seconds its URL waits before the next attempt.
        """
        now = time.monotonic()
        if attempt.asks_for_pause:
            self._pause_until = max(self._pause_until, now + wait)
        if attempt.is_throttled:
            # The requests that were under way at the last decrease say nothing new.
            if begin >= self._shrunk_at:
                self.limit, self._shrunk_at = max(1.0, self.limit // 2), now
        elif attempt.reason is None:
            self.limit = min(float(self.connections), self.limit + 1 / self.limit)
        if attempt.is_transient:
            self._record_failure(now, is_silent=attempt.status is None)
        elif attempt.status is not None:
            self.failures = 0
        if self.pace is not None:
            self.throttling.record(self.pace, attempt.status, attempt.retry_after)

    def _record_failure(self, now: float, *, is_silent: bool) -> None:
        limit = self.policy.silence_limit if is_silent else self.policy.error_limit
        if self.failures == 0:
            self._failing_since = now
        self.failures += 1
        # All connections may fail at once for one reason, and that counts as one failure.
        is_often = self.failures >= max(MIN_FAILURES, 2 * self.connections)
        is_long = now - self._failing_since >= limit
        self.is_failing = self.is_failing or (is_often and is_long)

    def share(self, shares: int) -> "Host":
        """Return a copy of this host with an equal share of its connections."""
        connections, limit = self.connections // shares, self.limit / shares
        part = Host(self.origin, connections, self.policy, limit, self.pace, self.throttling)
        for name in (*_LEARNED, *_MOMENTS):
            setattr(part, name, getattr(self, name))
        return part

    def take_back(self, part: "Host") -> None:
        """Take over what a share learned."""
        self.limit = min(float(self.connections), part.limit * self.connections / part.connections)
        self.is_failing = self.is_failing or part.is_failing
        self.failures = part.failures
        self.throttling.take_over(part.throttling)
        self.limiter = _later(self.limiter, part.limiter)
        self.body_bytes = max(self.body_bytes, part.body_bytes)
        for name in _MOMENTS:
            setattr(self, name, max(getattr(self, name), getattr(part, name)))


def _later(one: RateLimiter | None, other: RateLimiter | None) -> RateLimiter | None:
    """Return the rate limiter that knows of a later request. A host with one is lent once only."""
    return other if one and other and other.last > one.last else one


@dataclass
class Loan:
    """A host, lent to one batch with some of its links; it returns with those that are left."""

    host: Host
    links: deque[Link]


class Connections:
    """The connections to one host at a time: a semaphore that follows the host's limit."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._permits = asyncio.Semaphore(self._limit)
        self._withheld = host.connections - self._limit

    async def __aenter__(self) -> None:
        await self._permits.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._withheld += 1
        while self._host.connections - self._withheld < self._limit:
            self._withheld -= 1
            self._permits.release()

    @property
    def _limit(self) -> int:
        return max(1, int(self._host.limit))
