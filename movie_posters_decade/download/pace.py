"""Rate limiter, and the pace at which a host may be asked."""

import time
from collections import deque
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Pace:
    """How politely a host is asked, where it wants more than the usual restraint.

    At most ``requests`` requests begin in any ``seconds`` seconds, over at most ``connections``
    connections. A Retry-After is obeyed whole; after one that is longer than ``max_retry_after``
    seconds, and after ``max_throttles`` answers of 429, no further request is sent.
    """

    requests: int
    seconds: float
    connections: int
    max_retry_after: float = 600.0
    max_throttles: int = 2


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
