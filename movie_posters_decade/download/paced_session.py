"""Paced session: requests to one host that wants few of them, and says when to wait."""

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
from movie_posters_decade.download.pace import (
    TOO_MANY_REQUESTS,
    Pace,
    RateLimiter,
    Throttling,
)
from movie_posters_decade.download.retry import RETRY_STATUSES, RetryPolicy
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
    """Retry policy of urllib3 that waits before each request, and obeys no Retry-After itself."""

    wait: Callable[[], None]

    def new(self, **changes: Any) -> Self:
        other = super().new(**changes)
        other.wait = self.wait
        return other

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        is_pause = has_retry_after or status_code == TOO_MANY_REQUESTS
        return not is_pause and super().is_retry(method, status_code)

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
        pace: at which requests are sent.
        throttling: what the host says about the pace, which other clients of it may share.
        sleep: what waits for some seconds.
    """

    def __init__(
        self,
        limits: Limits,
        policy: RetryPolicy,
        pace: Pace,
        throttling: Throttling | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        retry = _PacedRetry.of(policy)
        retry.wait = self._wait
        super().__init__(limits, policy, retry)
        self._limits, self._policy, self._pace = limits, policy, pace
        self._sleep = sleep
        self._limiter = RateLimiter(pace)
        self._throttling = throttling or Throttling()
        self._end = ""  # why no further request is sent, for another reason than the pace
        self._warnings = HostWarnings()

    def read(self, url: str) -> bytes:
        """Return the content of a URL. Redirects to another host are not followed.

        Raises:
            FetchError: there is no complete content, or an unwanted one, or no request is sent.
        """
        try:
            for _ in range(self._policy.attempts):
                self._check_end(origin_of(url))
                with self.follow_redirects(url, same_host=True) as response:
                    if response.status_code == 200:
                        return self._content(response)
                    status, is_tried_again = response.status_code, self._record(response)
                if not is_tried_again:
                    break
            self._check_end(origin_of(url))
            raise FetchError(f"HTTP status {status}")
        except (OSError, ValueError, HTTPError) as error:  # an error of requests is an OSError
            raise FetchError(describe_error(error)) from error

    @property
    def is_stopped(self) -> bool:
        """Whether no further request is sent."""
        return bool(self._end or self._throttling.end)

    def stop(self, origin: str, reason: str) -> None:
        """Send no further request, and log why."""
        self._end = reason
        self._warnings.stopped(origin, reason)

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:
        """Send a request when the pace allows it."""
        self._wait()
        return super().send(request, **settings)

    def _content(self, response: requests.Response) -> bytes:
        deadline = time.monotonic() + self._policy.total_timeout
        return b"".join(read_chunks(response.raw, self._limits.max_bytes, deadline))

    def _check_end(self, origin: str) -> None:
        """Raise an error, and log it once, if no further request is sent."""
        if self._throttling.end and not self._end:
            self.stop(origin, self._throttling.end)
        if self._end:
            raise FetchError(f"no further request is sent to {origin}: {self._end}")

    def _record(self, response: requests.Response) -> bool:
        """Record an answer without content, and return whether it is worth another request."""
        status, header = response.status_code, response.headers.get("Retry-After")
        retry_after = parse_retry_after(header, datetime.now(UTC))
        self._throttling.record(self._pace, status, retry_after)
        seconds = self._pace.pause_after(status, retry_after)
        if seconds > LONG_WAIT and not self._throttling.end:
            self._warnings.paused(origin_of(response.url), seconds)
        # Without a pause, urllib3 has sent all requests that the policy allows.
        is_pause = bool(header) or status == TOO_MANY_REQUESTS
        return is_pause and status in RETRY_STATUSES

    def _wait(self) -> None:
        """Wait until the pause is over and the pace allows a request."""
        self._sleep_for(self._throttling.pause_until - time.monotonic())
        self._throttling.pause_until = float("-inf")
        self._sleep_for(self._limiter.reserve(time.monotonic()))

    def _sleep_for(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)
