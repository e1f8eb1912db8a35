"""Retry policy: attempts, exponential backoff with jitter. It sends no request itself."""

from dataclasses import dataclass, field

from movie_posters_decade.download.addresses import Address
from movie_posters_decade.download.pace import TOO_MANY_REQUESTS, Pace
from movie_posters_decade.records import RejectReason

RETRY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses that are worth a retry."""

THROTTLE_STATUSES = frozenset({TOO_MANY_REQUESTS, 503})
"""HTTP statuses by which a host says that it gets too many requests."""

_REASONS = {
    404: RejectReason.NOT_FOUND,
    410: RejectReason.NOT_FOUND,
    408: RejectReason.TIMEOUT,
    504: RejectReason.TIMEOUT,
    206: RejectReason.TRUNCATED,
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
    throttle_limit: float = 60.0  # for waits after 429 and 503, which do not count as attempts
    silence_limit: float = 20.0  # without any response before the host's circuit breaker opens
    error_limit: float = 120.0  # the same for a host that sends only errors worth a retry

    def backoff(self, failures: int, jitter: float, retry_after: float | None = None) -> float:
        """Compute the exponential backoff after some failures, in seconds.

        The jitter, from 0 to 1, spreads the retries of many workers. A Retry-After replaces both.
        """
        if retry_after is not None:
            return min(max(retry_after, 0.0), self.max_backoff)
        doubled: float = self.first_backoff * 2 ** min(failures - 1, 32)
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
    redirect: Address | None = None  # where the host redirects to, if that was not followed

    @property
    def is_throttled(self) -> bool:
        """Whether the host says that it gets too many requests."""
        return self.status in THROTTLE_STATUSES

    @property
    def asks_for_pause(self) -> bool:
        """Whether the host wants no request at all for a while."""
        return self.retry_after is not None or self.status == TOO_MANY_REQUESTS


@dataclass
class Link:
    """One URL on its way, with what its attempts have used up. Durations are in seconds."""

    url: str  # as it was given
    address: Address  # the same, parsed
    tries: int = 0  # all requests, also those that do not count as attempts
    attempts: int = 0
    redirects: int = 0  # that were followed one by one
    spent: float = 0.0  # on attempts and on the backoff between them
    throttled: float = 0.0  # on waiting after 429 and 503
    wait: float = 0.0  # before the next try

    def follow(self, target: Address, seconds: float) -> None:
        """Continue at the target of a redirect, after a request that took some seconds."""
        self.address = target
        self.redirects += 1
        self.tries += 1
        self.spent += seconds

    def record(
        self,
        attempt: Attempt,
        seconds: float,
        policy: RetryPolicy,
        jitter: float,
        pace: Pace | None = None,
    ) -> bool:
        """Record an attempt that took some seconds, and return whether another one follows.

        As long as a host asks for fewer requests, its answer is no failure of this URL. With a
        pace, the pause that a host asks for is kept whole, and no time is counted for it.
        """
        self.tries += 1
        self.spent += seconds
        self.wait = policy.backoff(self.tries, jitter, attempt.retry_after)
        if pace is not None and attempt.asks_for_pause:
            backoff = policy.backoff(self.tries, jitter) if attempt.is_throttled else 0.0
            pause = pace.pause_after(attempt.status, attempt.retry_after)
            self.wait = max(backoff, min(pause, pace.max_retry_after))
            self.attempts += attempt.status != TOO_MANY_REQUESTS
            return attempt.is_transient and self.attempts < policy.attempts
        if attempt.is_throttled:
            self.wait = max(self.wait, policy.backoff(self.tries, jitter))
            self.throttled += self.wait
            if self.throttled <= policy.throttle_limit:
                return True
        self.attempts += 1
        self.spent += self.wait
        is_last = self.attempts >= policy.attempts or self.spent > policy.total_timeout
        return attempt.is_transient and not is_last


def reason_for_status(status: int) -> RejectReason:
    """Return why a response without the content is rejected, by its HTTP status."""
    if status in _REASONS:
        return _REASONS[status]
    if 400 <= status < 500 and status not in RETRY_STATUSES:
        return RejectReason.ACCESS_DENIED
    return RejectReason.SERVER_ERROR
