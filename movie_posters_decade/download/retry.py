"""Retry policy: attempts, exponential backoff with jitter, Retry-After, circuit breaker."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from datasets.utils.tqdm import tqdm

from movie_posters_decade.records import RejectReason

logger = logging.getLogger(__name__)

RETRY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses that are worth a retry."""

MIN_FAILURES = 10
"""How many failures in a row open a circuit breaker at the earliest."""

_REASONS = {
    404: RejectReason.NOT_FOUND,
    410: RejectReason.NOT_FOUND,
    408: RejectReason.TIMEOUT,
    504: RejectReason.TIMEOUT,
}


@dataclass(frozen=True)
class RetryPolicy:
    """Retry policy for one URL, and circuit breaker limits for its host; all times in seconds."""

    connect_timeout: float = 5.0
    read_timeout: float = 10.0  # without a byte of the response; rounded up to whole seconds
    total_timeout: float = 60.0  # for one URL, with all attempts and the backoff between them
    attempts: int = 3  # the largest number of requests for one URL
    first_backoff: float = 0.5  # it doubles with each further attempt
    max_backoff: float = 30.0  # also for a Retry-After
    silence_limit: float = 20.0  # without any response before the host's circuit breaker opens
    error_limit: float = 120.0  # the same for a host that sends only errors worth a retry

    def backoff(self, failures: int, jitter: float, retry_after: float | None = None) -> float:
        """Compute the exponential backoff after some failures, in seconds.

        The jitter, from 0 to 1, spreads the retries of many workers. A Retry-After replaces both.
        """
        if retry_after is not None:
            return min(max(retry_after, 0.0), self.max_backoff)
        doubled: float = self.first_backoff * 2 ** (failures - 1)
        return min(doubled * (0.5 + jitter), self.max_backoff)


@dataclass(frozen=True)
class Attempt:
    """The outcome of one attempt to download a URL."""

    url: str  # the last one that was requested, after redirects
    reason: RejectReason | None = None  # why there is no content; None if there is
    status: int | None = None  # of the last response, if there was one
    is_transient: bool = False  # whether a retry may help
    retry_after: float | None = None  # how many seconds the server asks to wait before
    detail: str = field(default="", compare=False)  # the network's own error text


@dataclass
class Host:
    """One host, for all its workers: its circuit breaker and its Retry-After.

    The circuit breaker opens after many failures in a row over a long time. An open one lets no
    further request through, so that a dead host does not slow down a build.
    """

    origin: str  # scheme, name and port
    connections: int  # the largest number at a time
    policy: RetryPolicy
    is_open: bool = field(default=False, init=False)  # whether the circuit breaker is open
    _failures: int = field(default=0, init=False)
    _failing_since: float = field(default=0.0, init=False)
    _pause_until: float = field(default=0.0, init=False)
    _warned_origins: set[str] = field(default_factory=set, init=False)

    async def wait_for_retry_after(self) -> None:
        """Wait as long as the host's last Retry-After says."""
        while (wait := self._pause_until - time.monotonic()) > 0:
            await asyncio.sleep(wait)

    def record(self, attempt: Attempt, wait: float) -> None:
        """Record an attempt, and the wait in seconds before the next one."""
        if attempt.retry_after is not None:
            self._pause_until = max(self._pause_until, time.monotonic() + wait)
        if attempt.is_transient:
            self._record_failure(is_silent=attempt.status is None)
        elif attempt.status is not None:
            self._failures = 0

    def warn_once(self, attempt: Attempt) -> None:
        """Log the network's error text, once for each origin: this host's or a redirect's."""
        if attempt.detail and (origin := origin_of(attempt.url)) not in self._warned_origins:
            self._warned_origins.add(origin)
            _warn("%s did not answer: %s.", origin, attempt.detail)

    def _record_failure(self, *, is_silent: bool) -> None:
        limit = self.policy.silence_limit if is_silent else self.policy.error_limit
        if self._failures == 0:
            self._failing_since = time.monotonic()
        self._failures += 1
        # All connections may fail at once for one reason, and that counts as one failure.
        is_often = self._failures >= max(MIN_FAILURES, 2 * self.connections)
        is_long = time.monotonic() - self._failing_since >= limit
        if is_often and is_long and not self.is_open:
            self.is_open = True
            message = "%s failed %d times in a row; no further request is sent to it."
            _warn(message, self.origin, self._failures)


def _warn(message: str, *values: object) -> None:
    """Log a warning on a line of its own, below any progress bar."""
    with tqdm.external_write_mode():
        logger.warning(message, *values)


def origin_of(url: str) -> str:
    """Return a URL's scheme, host and port; the whole text if it is not a valid URL."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return url
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def reason_for_status(status: int) -> RejectReason:
    """Return why a response with an HTTP status other than 200 is rejected."""
    if status in _REASONS:
        return _REASONS[status]
    if 400 <= status < 500 and status not in RETRY_STATUSES:
        return RejectReason.ACCESS_DENIED
    return RejectReason.SERVER_ERROR


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Parse a ``Retry-After`` header into seconds; None without a usable one.

    It holds a whole number of seconds or an HTTP date (RFC 9110, section 10.2.3).
    """
    if value is None:
        return None
    if value.isascii() and value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        return (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
