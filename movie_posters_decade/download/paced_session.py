"""Paced session: requests to one host that wants to be asked slowly, and says when to wait."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

import requests
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from movie_posters_decade.download.addresses import origin_of
from movie_posters_decade.download.headers import parse_retry_after
from movie_posters_decade.download.host_warnings import HostWarnings
from movie_posters_decade.download.pace import Pace, RateLimiter
from movie_posters_decade.download.retry import THROTTLE_STATUSES, RetryPolicy
from movie_posters_decade.download.session import (
    BoundedRetry,
    FetchError,
    GuardedSession,
    describe_error,
    read_chunks,
)
from movie_posters_decade.download.transfer import Limits

LONG_WAIT = 10.0
"""How many seconds a wait must last to be worth a warning."""


class _PacedRetry(BoundedRetry):
    """Retry policy of urllib3 that waits before each request, and leaves throttling to others."""

    wait: Callable[[], None]

    def new(self, **changes: Any) -> Self:
        other = super().new(**changes)
        other.wait = self.wait
        return other

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        is_throttled = has_retry_after and status_code in THROTTLE_STATUSES
        return status_code != 429 and not is_throttled and super().is_retry(method, status_code)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        super().sleep(response)
        self.wait()


class PacedSession(GuardedSession):
    """A guarded session for one host, whose every request keeps a pace: retries, redirects too.

    It sends one request at a time, whatever number of connections the pace allows. A Retry-After
    is obeyed whole.

    Args:
        limits: which requests are allowed, and the largest answer.
        policy: holds the timeouts, and the attempts for one URL.
        pace: at which the host may be asked.
        sleep: what waits for some seconds.
    """

    def __init__(
        self,
        limits: Limits,
        policy: RetryPolicy,
        pace: Pace,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        retry = _PacedRetry.of(policy)
        retry.wait = self._wait
        super().__init__(limits, policy, retry)
        self.end = ""
        """Why no further request is sent; empty as long as some are."""
        self._limits, self._policy, self._pace = limits, policy, pace
        self._sleep = sleep
        self._limiter = RateLimiter(pace)
        self._throttles = 0  # answers of 429
        self._pause_until = 0.0  # on the monotonic clock
        self._warnings = HostWarnings()

    def read(self, url: str) -> bytes:
        """Return the content of a URL. Redirects to another host are not followed.

        Raises:
            FetchError: there is no complete content, or an unwanted one, or no request is sent.
        """
        try:
            for _ in range(self._policy.attempts):
                if self.end:
                    raise FetchError(self.end)
                with self.follow_redirects(url, same_host=True) as response:
                    if response.status_code == 200:
                        return self._content(response)
                    seconds = self._retry_after(response)
                if seconds is None:
                    break
                self._pause(origin_of(url), seconds, response.status_code)
            raise FetchError(self.end or f"HTTP status {response.status_code}")
        except (OSError, ValueError, HTTPError) as error:  # an error of requests is an OSError
            raise FetchError(describe_error(error)) from error

    def stop(self, origin: str, reason: str) -> None:
        """Send no further request, and log why."""
        self.end = f"no further request is sent to {origin}: {reason}"
        self._warnings.stopped(origin, reason)

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:
        """Send a request when the pace allows it."""
        self._wait()
        return super().send(request, **settings)

    def _content(self, response: requests.Response) -> bytes:
        deadline = time.monotonic() + self._policy.total_timeout
        return b"".join(read_chunks(response.raw, self._limits.max_bytes, deadline))

    def _retry_after(self, response: requests.Response) -> float | None:
        """Return how many seconds the host asks to wait, or None if it does not."""
        seconds = parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        if response.status_code == 429 and seconds is None:
            return self._pace.seconds
        return seconds if response.status_code in THROTTLE_STATUSES else None

    def _pause(self, origin: str, seconds: float, status: int) -> None:
        """Wait before the next request, or send none if the host asks for too much."""
        self._throttles += status == 429
        if seconds > self._pace.max_retry_after:
            self.stop(origin, f"wants a pause of {seconds:,.0f} seconds")
        elif self._throttles >= self._pace.max_throttles:
            self.stop(origin, f"answered with HTTP status 429 {self._throttles} times")
        else:
            self._pause_until = time.monotonic() + max(seconds, 0.0)
            if seconds > LONG_WAIT:
                self._warnings.paused(origin, seconds)

    def _wait(self) -> None:
        """Wait until the host may be asked again."""
        seconds = self._pause_until - time.monotonic()
        self._pause_until = 0.0
        if seconds > 0:
            self._sleep(seconds)
        seconds = self._limiter.reserve(time.monotonic())
        if seconds > 0:
            self._sleep(seconds)
