"""Rate limiter, and the pace at which a host may be asked."""

from collections import deque
from dataclasses import dataclass


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
    """Rate limiter with a sliding window: at most so many requests in any so many seconds."""

    def __init__(self, pace: Pace) -> None:
        self._seconds = pace.seconds
        self._times: deque[float] = deque(maxlen=pace.requests)

    def reserve(self, now: float) -> float:
        """Reserve the next request, and return how many seconds it has to wait.

        Args:
            now: the time on the monotonic clock, in seconds.
        """
        is_full = len(self._times) == self._times.maxlen
        due = max(now, self._times[0] + self._seconds) if is_full else now
        self._times.append(due)
        return due - now
