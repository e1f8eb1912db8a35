"""Hosts that get too many requests: all connections slow down, and no poster is lost."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from downloads import POSTER, SHORT, download
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.faulty import FaultyHost, Handler, Request

from movie_posters_decade.download.addresses import Address
from movie_posters_decade.download.hosts import Connections, Host
from movie_posters_decade.download.retry import Attempt, Link, RetryPolicy
from movie_posters_decade.records import RejectReason

POLICY = RetryPolicy(first_backoff=0.02, max_backoff=0.5, attempts=2)
ADDRESS = Address("http://a/u", "http", "a", 80)
BUSY = Attempt("u", RejectReason.SERVER_ERROR, 503, is_transient=True)
TOO_MANY = replace(BUSY, status=429)


def token_bucket(rate: float, size: int, status: str) -> Handler:
    """Return a handler that answers with an error above a rate in requests a second."""
    lock, tokens, last = threading.Lock(), float(size), time.monotonic()

    def answer(request: Request) -> None:
        nonlocal tokens, last
        with lock:
            now = time.monotonic()
            tokens, last = min(size, tokens + (now - last) * rate), now
            is_allowed = tokens >= 1
            tokens -= is_allowed
        if is_allowed:
            request.respond(POSTER)
        else:
            request.respond(status=status)

    return answer


def few_at_a_time(most: int) -> Handler:
    """Return a handler that answers with 503 while it answers others already."""
    lock, busy = threading.Lock(), 0

    def answer(request: Request) -> None:
        nonlocal busy
        with lock:
            busy += 1
            is_allowed = busy <= most
        time.sleep(0.002)
        with lock:
            busy -= 1
        if is_allowed:
            request.respond(POSTER)
        else:
            request.respond(status="503 Service Unavailable")

    return answer


@pytest.mark.parametrize(
    "make", [lambda: token_bucket(300, 12, "429 Too Many Requests"), lambda: few_at_a_time(3)]
)
@pytest.mark.parametrize("connections", [2, 32])
def test_host_that_asks_for_fewer_requests_loses_no_poster(
    host: FaultyHost, make: Callable[[], Handler], connections: int
) -> None:
    """Whatever the number of connections: it changes no result."""
    handler = make()
    host.handlers |= {f"/{number}": handler for number in range(120)}
    urls = [f"{host.url}/{number}" for number in range(120)]
    results = download(urls, policy=POLICY, connections_per_host=connections)
    assert [result.reason for result in results if result.reason] == []


def test_host_that_always_asks_for_fewer_requests_is_given_up_in_a_bounded_time(
    host: FaultyHost,
) -> None:
    policy = replace(SHORT, throttle_limit=0.3, total_timeout=5)
    begin = time.monotonic()
    [result] = download([f"{host.url}/503"], policy=policy)
    assert (result.reason, result.status) == (RejectReason.SERVER_ERROR, 503)
    assert 4 < host.requests["/503"] < 30
    assert time.monotonic() - begin < 3


def test_answers_that_throttle_do_not_count_as_attempts_for_a_while() -> None:
    link, policy = Link("u", ADDRESS), RetryPolicy(first_backoff=1, attempts=2, throttle_limit=7)
    waits = []
    while link.record(TOO_MANY, 0.1, policy, jitter=0.5):
        waits.append(link.wait)
    assert waits == [1, 2, 4, 8]
    assert (link.tries, link.attempts) == (5, 2)


@pytest.mark.parametrize("retry_after", [0.0, 5.0])
def test_retry_after_lengthens_the_backoff_of_a_throttled_link(retry_after: float) -> None:
    link = Link("u", ADDRESS)
    link.record(replace(TOO_MANY, retry_after=retry_after), 0.1, RetryPolicy(), jitter=0.5)
    assert link.wait == max(0.5, retry_after)


def test_limit_halves_once_for_the_requests_under_way_and_grows_slowly() -> None:
    host = Host("http://a", 32, RetryPolicy())
    begin = time.monotonic()
    for _ in range(10):
        host.record(TOO_MANY, begin, 0.0)
    assert host.limit == 16
    host.record(BUSY, time.monotonic(), 0.0)
    assert host.limit == 8
    for _ in range(9):
        host.record(Attempt("u", status=200), time.monotonic(), 0.0)
    assert 8.9 < host.limit < 9.2


def test_limit_stays_between_one_and_all_connections() -> None:
    host = Host("http://a", 4, RetryPolicy())
    for _ in range(9):
        host.record(TOO_MANY, time.monotonic(), 0.0)
    assert host.limit == 1
    for _ in range(99):
        host.record(Attempt("u", status=200), time.monotonic(), 0.0)
    assert host.limit == 4


def test_429_pauses_the_host_and_503_does_not() -> None:
    for attempt, is_paused in ((TOO_MANY, True), (BUSY, False)):
        host = Host("http://a", 4, RetryPolicy())
        host.record(attempt, time.monotonic(), 5.0)
        assert (host.pause() > 4) is is_paused


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 40), min_size=1, max_size=20))
def test_no_more_connections_are_used_than_the_limit_allows(limits: list[float]) -> None:
    host = Host("http://a", 32, RetryPolicy())
    used = 0

    async def use(connections: Connections) -> None:
        nonlocal used
        async with connections:
            used += 1
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            used -= 1

    async def run() -> None:
        connections = Connections(host)
        for limit in limits:
            host.limit = min(32.0, limit)
            # One use after another adapts the semaphore to the new limit.
            for _ in range(40):
                await use(connections)
            tasks = [asyncio.create_task(use(connections)) for _ in range(50)]
            await asyncio.sleep(0)
            assert 1 <= used <= 32
            await asyncio.gather(*tasks)
            assert used == 0
            free = 32 - connections._withheld
            assert free == max(1, int(host.limit))

    asyncio.run(run())
