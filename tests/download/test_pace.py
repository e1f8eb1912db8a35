"""Pace: a host that wants few requests gets no more of them, and none after it refused twice."""

import pickle
import re
import threading
import time
from collections import Counter, deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import accumulate

import pytest
from downloads import LIMITS, POSTER, SHORT, download, downloader
from hypothesis import given
from hypothesis import strategies as st
from servers.faulty import FaultyHost, Handler, Request, redirect, serve_faulty

from movie_posters_decade.download import DownloadCache
from movie_posters_decade.download.addresses import Address, parse_url
from movie_posters_decade.download.attempts import Budget
from movie_posters_decade.download.batch import Settings, download_batch
from movie_posters_decade.download.host_warnings import CURE
from movie_posters_decade.download.hosts import Host, Loan
from movie_posters_decade.download.lending import Lending
from movie_posters_decade.download.pace import Pace, RateLimiter
from movie_posters_decade.download.retry import Attempt, Link, RetryPolicy
from movie_posters_decade.records import RejectReason

PACE = Pace(4, 0.2, connections=4)
POLICY = replace(SHORT, read_timeout=5.0, total_timeout=5.0)
SETTINGS = Settings(limits=LIMITS, policy=POLICY)
ADDRESS = Address("http://a/u", "http", "a", 80)
TOO_MANY = Attempt("u", RejectReason.SERVER_ERROR, 429, is_transient=True)
BUSY = replace(TOO_MANY, status=503)


def good(request: Request) -> None:
    request.respond(POSTER)


def too_many(retry_after: object) -> Handler:
    """Return a handler that answers 429 with a Retry-After."""
    more = f"Retry-After: {retry_after}\r\n"
    return lambda request: request.respond(status="429 Too Many Requests", more=more)


def serve(host: FaultyHost, count: int, handler: Handler = good) -> list[str]:
    """Let a host answer at some links, and return them."""
    host.handlers |= {f"/{number}": handler for number in range(count)}
    return [f"{host.url}/{number}" for number in range(count)]


def seconds_for(urls: list[str], host: FaultyHost, pace: Pace = PACE) -> float:
    """Download links of a host with a pace, and return how long that took."""
    begin = time.monotonic()
    results = download(urls, policy=POLICY, paces={host.url: pace})
    assert {result.reason for result in results} == {None}
    return time.monotonic() - begin


@given(
    st.lists(st.floats(0, 3), max_size=40),
    st.integers(1, 5),
    st.floats(0.1, 5),
)
def test_no_more_requests_begin_in_any_window_and_none_waits_longer_than_it_must(
    gaps: list[float], most: int, seconds: float
) -> None:
    limiter, begins = RateLimiter(Pace(most, seconds, connections=1)), []
    for now in accumulate(gaps):
        expected = limiter.delay(now)
        delay = limiter.reserve(now)
        assert delay == expected >= 0
        begins.append(now + delay)
        assert limiter.last == begins[-1]
        earlier = begins[-most - 1] if len(begins) > most else float("-inf")
        assert begins[-1] >= earlier + seconds - 1e-9
        assert delay == 0 or begins[-1] == pytest.approx(earlier + seconds)


def test_window_keeps_its_age_on_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the clock there says."""
    limiter = RateLimiter(Pace(2, 60.0, connections=1))
    now = time.monotonic()
    limiter.reserve(now - 30)
    limiter.reserve(now)
    sent = pickle.dumps(limiter)
    monkeypatch.setattr("time.monotonic", lambda: 5e6)
    arrived: RateLimiter = pickle.loads(sent)  # noqa: S301
    assert arrived.delay(5e6) == pytest.approx(30, abs=1)
    arrived.reserve(5e6 + 40)
    assert arrived.delay(5e6 + 40) == pytest.approx(20, abs=1)


def test_host_gets_no_more_requests_and_connections_than_its_pace_allows(host: FaultyHost) -> None:
    assert seconds_for(serve(host, 12), host) >= 0.4
    assert host.max_concurrent <= 4


def test_other_hosts_get_as_many_requests_as_without_a_pace(host: FaultyHost) -> None:
    with serve_faulty() as other:
        urls = serve(host, 1) + serve(other, 200)
        assert seconds_for(urls, host, Pace(1, 60.0, connections=1)) < 30


def test_retries_count(host: FaultyHost) -> None:
    def fails_first(request: Request) -> None:
        request.respond(POSTER, "200 OK" if request.number > 1 else "500 Internal Server Error")

    assert seconds_for(serve(host, 6, fails_first), host) >= 0.4
    assert host.requests.total() == 12


def test_redirects_count(host: FaultyHost) -> None:
    urls = serve(host, 6, redirect("/poster"))
    host.handlers["/poster"] = good
    assert seconds_for(urls, host) >= 0.4
    assert host.requests.total() == 12


def test_redirects_of_a_link_end(host: FaultyHost) -> None:
    url = f"{host.url}/redirect-loop"
    [without], [result] = download([url]), download([url], paces={host.url: PACE})
    assert result == without
    assert (result.reason, result.status) == (RejectReason.CONNECTION_ERROR, 302)
    assert host.requests["/redirect-loop"] == 12


def test_wait_for_the_pace_is_not_counted_against_a_link(host: FaultyHost) -> None:
    policy, pace = replace(POLICY, total_timeout=0.3), Pace(1, 0.15, connections=2)
    results = download(serve(host, 5), policy=policy, paces={host.url: pace})
    assert [result.reason for result in results] == [None] * 5


def test_links_that_waited_for_a_connection_of_this_process_keep_to_the_pace(
    host: FaultyHost,
) -> None:
    def slow(request: Request) -> None:
        request.closing.wait(0.15)
        request.respond(POSTER)

    with serve_faulty() as other:
        urls, pace = serve(host, 4) + serve(other, 1, slow), Pace(1, 0.1, connections=4)
        begin = time.monotonic()
        results = download(urls, policy=POLICY, paces={host.url: pace}, max_connections=1)
    assert [result.reason for result in results] == [None] * 5
    assert time.monotonic() - begin >= 0.3


def test_next_download_continues_the_window(host: FaultyHost, cache: DownloadCache) -> None:
    urls = serve(host, 8)
    begin = time.monotonic()
    with downloader(cache, policy=POLICY, paces={host.url: PACE}) as started:
        for number in range(0, 8, 2):
            assert len(list(started.download(urls[number : number + 2]))) == 2
    assert time.monotonic() - begin >= 0.2


def test_retry_after_is_obeyed_whole(host: FaultyHost) -> None:
    """Though the policy would wait for a twentieth of it at most."""

    def busy_first(request: Request) -> None:
        (too_many(1) if request.number == 1 else good)(request)

    policy = replace(POLICY, total_timeout=0.5)
    begin = time.monotonic()
    [result] = download(serve(host, 1, busy_first), policy=policy, paces={host.url: PACE})
    assert result.reason is None
    assert time.monotonic() - begin >= 1


@pytest.mark.parametrize("attempt", [TOO_MANY, BUSY])
def test_pause_that_a_host_asks_for_uses_up_nothing_of_a_link(attempt: Attempt) -> None:
    link, host = Link("u", ADDRESS), Host("http://a", 4, RetryPolicy(), pace=PACE)
    asked = replace(attempt, retry_after=600.0)
    assert link.record(asked, 0.5, host.policy, 0.5, PACE)
    host.record(asked, time.monotonic(), link.wait)
    assert (link.wait, link.spent, link.throttled) == (600, 0.5, 0)
    assert 599 < host.pause() <= 600
    assert not host.is_open


def test_host_that_is_busy_whenever_it_is_tried_again_is_tried_as_often_as_any_other() -> None:
    link, policy = Link("u", ADDRESS), RetryPolicy(attempts=3)
    asked = replace(BUSY, retry_after=600.0)
    tries = [link.record(asked, 0.5, policy, 0.5, PACE) for _ in range(3)]
    assert tries == [True, True, False]


@pytest.mark.parametrize(("retry_after", "wait"), [(None, PACE.pause), (0.0, 0.5), (-5.0, 0.5)])
def test_answer_of_429_pauses_the_host_for_the_pause_of_its_pace_or_at_least_a_backoff(
    retry_after: float | None, wait: float
) -> None:
    link = Link("u", ADDRESS)
    link.record(replace(TOO_MANY, retry_after=retry_after), 0.5, RetryPolicy(), 0.5, PACE)
    assert link.wait == wait


@pytest.mark.parametrize("is_date", [False, True])
def test_host_that_asks_for_too_long_a_pause_gets_no_further_request(
    host: FaultyHost, is_date: bool, caplog: pytest.LogCaptureFixture
) -> None:
    pace = replace(PACE, connections=1)
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    urls = serve(host, 5, too_many(later if is_date else 3600))
    results = download(urls, policy=POLICY, paces={host.url: pace})
    assert host.requests.total() == 1
    found = Counter((result.reason, result.status) for result in results)
    tried, left = (RejectReason.SERVER_ERROR, 429), (RejectReason.CONNECTION_ERROR, None)
    assert found == {tried: 1, left: 4}
    [message] = caplog.messages
    assert re.fullmatch(
        rf"{host.url} sent a Retry-After of 3[56]\d\d seconds, more than 600; no further request "
        rf"is sent to it\. {CURE}",
        message,
    )


def test_host_that_answers_429_twice_gets_no_further_request(
    host: FaultyHost, caplog: pytest.LogCaptureFixture
) -> None:
    pace = replace(PACE, connections=1)
    results = download(serve(host, 5, too_many(0)), policy=POLICY, paces={host.url: pace})
    assert host.requests.total() == 2
    reasons = [result.reason for result in results]
    assert set(reasons) == {RejectReason.SERVER_ERROR, RejectReason.CONNECTION_ERROR}
    assert caplog.messages == [
        f"{host.url} answered 429 twice; no further request is sent to it. {CURE}"
    ]


def test_links_do_not_wait_for_a_host_that_gets_no_further_request(host: FaultyHost) -> None:
    """The first and the last of four requests get 429; the pause after the first ends there."""
    together = threading.Barrier(4)

    def answer(request: Request) -> None:
        number = together.wait(5)
        request.closing.wait(0.05 * number)
        (good if number in {1, 2} else too_many(300))(request)

    begin = time.monotonic()
    results = download(serve(host, 9, answer), policy=POLICY, paces={host.url: PACE})
    assert time.monotonic() - begin < 10
    assert (len(results), host.requests.total()) == (9, 4)


def test_other_answers_do_not_make_up_for_those_of_429() -> None:
    host = Host("http://a", 4, RetryPolicy(), pace=replace(PACE, max_throttles=3))
    for attempt in (TOO_MANY, Attempt("u", status=200), TOO_MANY, Attempt("u", status=200)):
        host.record(attempt, time.monotonic(), 0.0)
    assert not host.is_open
    host.record(TOO_MANY, time.monotonic(), 0.0)
    assert (host.is_open, host.fault) == (True, "answered 429 3 times")


def batch_of(host: FaultyHost, urls: list[str], pace: Pace) -> Loan:
    parsed = [(url, parse_url(url)) for url in urls]
    links = deque(Link(url, address) for url, address in parsed if isinstance(address, Address))
    return Loan(Host(host.url, 32, POLICY, pace=pace), links)


def test_batch_returns_links_for_which_the_window_is_full_and_the_host_knows_of_its_requests(
    host: FaultyHost,
) -> None:
    loan = batch_of(host, serve(host, 5), Pace(3, 60.0, connections=2))
    lending = Lending([(loan.host, loan.links)], 2, 1024)
    batch = lending.next_batch(time.monotonic())
    assert batch is not None
    sent: list[Loan] = pickle.loads(pickle.dumps(batch.loans))  # noqa: S301
    result = download_batch(sent, SETTINGS, Budget(wait=0.05))
    lending.take_back(pickle.loads(pickle.dumps(result.loans)), time.monotonic())  # noqa: S301
    assert len(result.downloads) == host.requests.total() == 3
    assert lending.next_batch(time.monotonic()) is None
    due = lending.next_due(time.monotonic())
    assert due is not None
    assert due - time.monotonic() == pytest.approx(60, abs=5)


def test_batch_rejects_the_links_of_a_host_that_refused(host: FaultyHost) -> None:
    pace = replace(PACE, connections=1, max_throttles=1)
    loan = batch_of(host, serve(host, 5, too_many(300)), pace)
    result = download_batch([loan], SETTINGS, Budget(wait=0.05))
    assert (len(result.downloads), len(loan.links), host.requests.total()) == (5, 0, 1)


@pytest.mark.parametrize("fault", [replace(TOO_MANY, retry_after=900.0), TOO_MANY])
def test_host_that_refused_is_not_tried_by_the_next_batch_and_lent_at_once(fault: Attempt) -> None:
    lent = Host("http://a", 4, POLICY, pace=replace(PACE, max_throttles=1))
    lending = Lending([(lent, [Link("u", ADDRESS)])], 2, 1024)
    batch = lending.next_batch(0.0)
    assert batch is not None
    [loan] = pickle.loads(pickle.dumps(batch.loans))  # noqa: S301
    loan.host.record(fault, time.monotonic(), 60.0)
    lending.take_back([loan], 0.0)
    assert lending.next_due(0.0) == 0
    assert (lent.is_open, lent.fault) == (True, loan.host.fault)


def test_host_with_a_pace_is_lent_to_one_batch_only() -> None:
    lent = Host("http://a", 200, POLICY, pace=replace(PACE, connections=128))
    lending = Lending([(lent, [Link(f"u{number}", ADDRESS) for number in range(999)])], 4, 1024)
    batch = lending.next_batch(0.0)
    assert batch is not None
    assert batch.loans[0].host.connections == 128
    assert lending.next_batch(0.0) is None


def test_requests_of_a_worker_that_was_lost_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have sent as many as were allowed until then, also in a batch that is halved."""
    monkeypatch.setattr("time.monotonic", lambda: 1000.0)
    lent = Host("http://a", 4, POLICY, pace=Pace(4, 60.0, connections=4))
    lending = Lending([(lent, [Link("u", ADDRESS), Link("v", ADDRESS)])], 2, 1024)
    for now in (1000.0, 1060.0, 1120.0):
        batch = lending.next_batch(now)
        assert batch is not None
        monkeypatch.setattr("time.monotonic", lambda now=now: now)
        assert lending.lose(batch) is None
        assert lending.next_batch(now + 59) is None
        assert lending.next_due(now) == now + 60
