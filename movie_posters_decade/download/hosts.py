"""Hosts: circuit breaker, Retry-After, and adaptive concurrency, for all requests to one host."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from movie_posters_decade.download.retry import Attempt, Link, RetryPolicy

MIN_FAILURES = 10
"""How many failures in a row open a circuit breaker at the earliest."""

_MOMENTS = ("_failing_since", "_pause_until", "_shrunk_at")


@dataclass
class Host:
    """One host, for all its workers: its circuit breaker, its Retry-After, its concurrency.

    The circuit breaker opens after many failures in a row over a long time. An open one lets no
    further request through, so that a dead host does not slow down a build.

    Concurrency is adaptive, as in TCP: a 429 or 503 halves the number of connections, and each
    success adds a fraction of one (additive increase, multiplicative decrease).

    A host can be pickled and sent to another machine, whose clock is another one.
    """

    origin: str  # scheme, name and port
    connections: int  # the largest number at a time
    policy: RetryPolicy
    limit: float = 0.0  # of connections for now; 0 means as many as are allowed
    is_open: bool = field(default=False, init=False)  # whether the circuit breaker is open
    failures: int = field(default=0, init=False)  # in a row
    body_bytes: int = field(default=0, init=False)  # of the largest body that it announced or sent
    _failing_since: float = field(default=0.0, init=False)
    _pause_until: float = field(default=0.0, init=False)
    _shrunk_at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.limit = self.limit or float(self.connections)

    def __getstate__(self) -> dict[str, Any]:
        now = time.monotonic()
        return self.__dict__ | {name: getattr(self, name) - now for name in _MOMENTS}

    def __setstate__(self, state: dict[str, Any]) -> None:
        now = time.monotonic()
        self.__dict__.update(state | {name: state[name] + now for name in _MOMENTS})

    def pause(self, now: float | None = None) -> float:
        """Return how many seconds the host is still left alone, as its last Retry-After says."""
        return max(0.0, self._pause_until - (time.monotonic() if now is None else now))

    def record(self, attempt: Attempt, begin: float, wait: float) -> None:
        """Record an attempt.

        Args:
            attempt: the outcome.
            begin: when it began, on the monotonic clock.
            wait: how many seconds its URL waits before the next attempt.
        """
        now = time.monotonic()
        if attempt.retry_after is not None or attempt.status == 429:
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

    def _record_failure(self, now: float, *, is_silent: bool) -> None:
        limit = self.policy.silence_limit if is_silent else self.policy.error_limit
        if self.failures == 0:
            self._failing_since = now
        self.failures += 1
        # All connections may fail at once for one reason, and that counts as one failure.
        is_often = self.failures >= max(MIN_FAILURES, 2 * self.connections)
        self.is_open = self.is_open or (is_often and now - self._failing_since >= limit)

    def share(self, shares: int) -> "Host":
        """Return a copy of this host with an equal share of its connections."""
        part = Host(self.origin, self.connections // shares, self.policy, self.limit / shares)
        for name in ("is_open", "failures", "body_bytes", *_MOMENTS):
            setattr(part, name, getattr(self, name))
        return part

    def take_back(self, part: "Host") -> None:
        """Take over what a share learned."""
        self.limit = min(float(self.connections), part.limit * self.connections / part.connections)
        self.is_open = self.is_open or part.is_open
        self.failures = part.failures
        self.body_bytes = max(self.body_bytes, part.body_bytes)
        for name in _MOMENTS:
            setattr(self, name, max(getattr(self, name), getattr(part, name)))


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
