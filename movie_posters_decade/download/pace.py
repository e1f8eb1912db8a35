"""Pace of the requests to a host: its rate limiter, and what its answers say about the pace."""

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

TOO_MANY_REQUESTS = 429


@dataclass(frozen=True)
class Pace:
    """The pace of the requests to a host that wants fewer of them than others.

    At most ``requests`` requests begin in any ``seconds`` seconds, over at most ``connections``
    connections. A Retry-After is obeyed whole; after one that is longer than ``max_retry_after``
    seconds, and after ``max_throttles`` answers of 429, no further request is sent. After a 429
    without a Retry-After, none is sent for ``pause`` seconds.
    """

    requests: int
    seconds: float
    connections: int
    max_retry_after: float = 600.0
    max_throttles: int = 2
    pause: float = 60.0

    def pause_after(self, status: int | None, retry_after: float | None) -> float:
        """Return for how many seconds an answer means that no request is sent.

        Args:
            status: the HTTP status of the answer; None without one.
            retry_after: the seconds of its Retry-After; None without a usable one.
        """
        if retry_after is None:
            return self.pause if status == TOO_MANY_REQUESTS else 0.0
        return max(0.0, retry_after)


@dataclass
class Throttling:
    """What a host said about the pace, for all that send requests to it.

    It can be pickled and sent to another machine, whose clock is another one.
    """

    count: int = 0  # answers of 429
    pause_until: float = float("-inf")  # on the monotonic clock
    end: str = ""  # why no further request is sent, as the end of a sentence about the host

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"pause_until": self.pause_until - time.monotonic()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, pause_until=state["pause_until"] + time.monotonic())

    def record(self, pace: Pace, status: int | None, retry_after: float | None) -> None:
        """Record an answer.

        Args:
            pace: of the requests to which it is one.
            status: its HTTP status; None without one.
            retry_after: the seconds of its Retry-After; None without a usable one.
        """
        self.count += status == TOO_MANY_REQUESTS
        seconds = pace.pause_after(status, retry_after)
        if seconds > pace.max_retry_after:
            most = f"{pace.max_retry_after:g}"
            self.end = self.end or f"sent a Retry-After of {seconds:.0f} seconds, more than {most}"
        elif self.count >= pace.max_throttles:
            times = {1: "once", 2: "twice"}.get(self.count, f"{self.count} times")
            self.end = self.end or f"answered {TOO_MANY_REQUESTS} {times}"
        elif seconds:
            self.pause_until = max(self.pause_until, time.monotonic() + seconds)

    def take_over(self, other: "Throttling") -> None:
        """Take over what a copy recorded, while nothing was recorded here."""
        self.count = max(self.count, other.count)
        self.pause_until = max(self.pause_until, other.pause_until)
        self.end = self.end or other.end


class RateLimiter:
    """Rate limiter with a sliding window: at most so many requests in any so many seconds.

    It can be pickled and sent to another machine, whose clock is another one. The window then moves
    by the time that it is on its way, so that requests begin later rather than earlier.
    """

    def __init__(self, pace: Pace) -> None:
        self._seconds = pace.seconds
        self._times: deque[float] = deque(maxlen=pace.requests)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_times": self._shifted(-time.monotonic())}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._times = self._shifted(time.monotonic())

    @property
    def last(self) -> float:
        """When the last request begins, on the monotonic clock; minus infinity before the first."""
        return self._times[-1] if self._times else float("-inf")

    def delay(self, now: float) -> float:
        """Return how many seconds the next request has to wait.

        Args:
            now: the time on the monotonic clock, in seconds.
        """
        is_full = len(self._times) == self._times.maxlen
        return max(0.0, self._times[0] + self._seconds - now) if is_full else 0.0

    def reserve(self, now: float) -> float:
        """Reserve the next request, and return how many seconds it has to wait.

        Args:
            now: the time on the monotonic clock, in seconds.
        """
        delay = self.delay(now)
        self._times.append(now + delay)
        return delay

    def fill(self, now: float) -> None:
        """Count as many requests as the window holds, as if all of them had begun now."""
        self._times.extend([now] * (self._times.maxlen or 0))

    def _shifted(self, seconds: float) -> deque[float]:
        return deque((moment + seconds for moment in self._times), self._times.maxlen)
