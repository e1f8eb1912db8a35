"""Retry policy: attempts, backoff, Retry-After, timeouts, circuit breaker."""

import re
import socket
import ssl
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme
from downloads import POSTER, SHORT, download, downloader
from hypothesis import given
from hypothesis import strategies as st
from servers.faulty import FaultyHost, Request, redirect, serve_faulty

from movie_posters_decade.download import DownloadCache, RetryPolicy
from movie_posters_decade.download.headers import parse_retry_after
from movie_posters_decade.download.host_warnings import CURE
from movie_posters_decade.download.retry import reason_for_status
from movie_posters_decade.records import DownloadResult, RejectReason

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@given(st.integers(1, 10), st.floats(0, 1))
def test_backoff_doubles_up_to_a_maximum(failures: int, jitter: float) -> None:
    policy = RetryPolicy(first_backoff=0.5, max_backoff=30)
    backoff = policy.backoff(failures, jitter)
    doubled = 0.5 * 2 ** (failures - 1)
    assert min(doubled / 2, 30) <= backoff <= min(doubled * 1.5, 30)


@pytest.mark.parametrize(("jitter", "backoff"), [(0.0, 1.0), (0.5, 2.0), (1.0, 3.0)])
def test_jitter_spreads_the_backoff(jitter: float, backoff: float) -> None:
    assert RetryPolicy(first_backoff=0.5).backoff(3, jitter) == backoff


@pytest.mark.parametrize(("retry_after", "backoff"), [(7.0, 7.0), (3600.0, 30.0), (-5.0, 0.0)])
def test_retry_after_replaces_the_backoff_up_to_its_maximum(
    retry_after: float, backoff: float
) -> None:
    assert RetryPolicy().backoff(1, 0.5, retry_after) == backoff


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 2026 12:01:30 GMT", 90.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", -3600.0),
        ("soon", None),
        ("²", None),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999999999", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, RejectReason.NOT_FOUND),
        (410, RejectReason.NOT_FOUND),
        (400, RejectReason.ACCESS_DENIED),
        (401, RejectReason.ACCESS_DENIED),
        (403, RejectReason.ACCESS_DENIED),
        (451, RejectReason.ACCESS_DENIED),
        (408, RejectReason.TIMEOUT),
        (504, RejectReason.TIMEOUT),
        (425, RejectReason.SERVER_ERROR),
        (429, RejectReason.SERVER_ERROR),
        (500, RejectReason.SERVER_ERROR),
        (204, RejectReason.SERVER_ERROR),
    ],
)
def test_each_status_has_its_reason(status: int, reason: RejectReason) -> None:
    assert reason_for_status(status) is reason


@pytest.mark.parametrize(
    ("path", "requests"),
    [
        ("/good", 1),
        ("/early-hints", 1),
        ("/odd-header", 1),
        ("/ends-early-first", 2),
        ("/busy-first", 2),
        ("/500-first", 2),
        ("/reset-first", 2),
    ],
)
def test_transient_failure_is_retried(
    cache: DownloadCache, host: FaultyHost, path: str, requests: int
) -> None:
    [result] = download([host.url + path], cache)
    assert result.path is not None
    assert result.path.read_bytes() == POSTER
    assert (result.reason, result.status, result.final_url) == (None, 200, host.url + path)
    assert host.requests[path] == requests


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/hang", RetryPolicy(read_timeout=0.1, attempts=1)),
        ("/byte-by-byte", RetryPolicy(total_timeout=0.2)),
    ],
)
def test_read_timeout_and_total_timeout_each_end_an_attempt(
    host: FaultyHost, path: str, policy: RetryPolicy
) -> None:
    begin = time.monotonic()
    [result] = download([host.url + path], policy=policy)
    assert result.reason is RejectReason.TIMEOUT
    assert time.monotonic() - begin < 5


def test_attempts_end_with_the_total_timeout(host: FaultyHost) -> None:
    policy = RetryPolicy(total_timeout=0.2, attempts=10_000, first_backoff=0.01, max_backoff=0.02)
    [result] = download([f"{host.url}/500"], policy=policy)
    # The last attempt may be cut short.
    assert result.reason in {RejectReason.SERVER_ERROR, RejectReason.TIMEOUT}
    assert 2 < host.requests["/500"] < 100


def test_backoff_that_exceeds_the_total_timeout_is_skipped(host: FaultyHost) -> None:
    host.handlers["/busy"] = lambda request: request.respond(
        status="503 Service Unavailable", more="Retry-After: 10\r\n"
    )
    begin = time.monotonic()
    policy = RetryPolicy(total_timeout=2, throttle_limit=2)
    [result] = download([f"{host.url}/busy"], policy=policy)
    assert (result.reason, result.status) == (RejectReason.SERVER_ERROR, 503)
    assert host.requests["/busy"] == 1
    assert time.monotonic() - begin < 2


def test_connect_timeout_ends_an_attempt() -> None:
    with socket.socket() as full, ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        policy = RetryPolicy(connect_timeout=0.1, read_timeout=20, first_backoff=0.01)
        begin = time.monotonic()
        url = f"http://127.0.0.1:{full.getsockname()[1]}/a"
        [result] = download([url], policy=policy)
        assert time.monotonic() - begin < 3
        assert re.fullmatch(r"Connection timed out after 1\d\d milliseconds", result.detail)
        assert result == DownloadResult(
            url, reason=RejectReason.TIMEOUT, final_url=url, detail=result.detail
        )


def test_retry_after_pauses_all_requests_to_the_host(host: FaultyHost) -> None:
    moments: list[float] = []

    def busy_once(request: Request) -> None:
        moments.append(time.monotonic())
        if len(moments) == 1:
            request.respond(status="429 Too Many Requests", more="Retry-After: 1\r\n")
        else:
            request.respond(POSTER)

    host.handlers |= {f"/{number}": busy_once for number in range(10)}
    urls = [f"{host.url}/{number}" for number in range(10)]
    results = download(urls, policy=RetryPolicy(max_backoff=0.3), connections_per_host=1)
    assert all(result.reason is None for result in results)
    assert 0.3 <= moments[1] - moments[0] < 0.9


def test_circuit_breaker_stays_closed_while_some_requests_are_answered(host: FaultyHost) -> None:
    def reset_or_deny(request: Request) -> None:
        if int(request.path[1:]) % 2 == 0:
            request.reset()
        request.respond(status="403 Forbidden")

    host.handlers |= {f"/{number}": reset_or_deny for number in range(60)}
    urls = [f"{host.url}/{number}" for number in range(60)]
    policy = RetryPolicy(attempts=1, silence_limit=0)
    reasons = [one.reason for one in download(urls, policy=policy, connections_per_host=1)]
    assert reasons == [RejectReason.CONNECTION_ERROR, RejectReason.ACCESS_DENIED] * 30


def test_circuit_breaker_stays_closed_in_a_short_outage(host: FaultyHost) -> None:
    def reset_first(request: Request) -> None:
        if host.requests.total() <= 30:
            request.reset()
        request.respond(POSTER)

    urls = [f"{host.url}/{number}" for number in range(60)]
    host.handlers |= {f"/{number}": reset_first for number in range(60)}
    policy = RetryPolicy(attempts=30, first_backoff=0.01, max_backoff=0.02)
    results = download(urls, policy=policy, connections_per_host=4)
    assert all(result.reason is None for result in results)


def test_circuit_breaker_opens_for_a_host_that_sends_only_retry_after(
    host: FaultyHost, caplog: pytest.LogCaptureFixture
) -> None:
    """To wait for each Retry-After of thousands would take hours."""
    busy = [f"/busy-{number}" for number in range(300)]
    host.handlers |= dict.fromkeys(
        busy, lambda request: request.respond(status="503 Unavailable", more="Retry-After: 60\r\n")
    )
    policy = RetryPolicy(max_backoff=0.05, error_limit=0.1)
    results = download([host.url + path for path in busy], policy=policy, connections_per_host=5)
    assert not any(result.reason is None for result in results)
    assert host.requests.total() < 300
    assert f"{host.url} failed " in caplog.text


def test_circuit_breaker_opens_for_a_silent_host_and_delays_no_other(
    cache: DownloadCache, host: FaultyHost, caplog: pytest.LogCaptureFixture
) -> None:
    with serve_faulty() as silent:
        paths = [f"/{number}" for number in range(500)]
        silent.handlers = dict.fromkeys(paths, Request.hang)
        good = [f"{host.url}{path}" for path in paths[:100]]
        host.handlers |= dict.fromkeys(paths, host.handlers["/good"])
        urls = [silent.url + path for path in paths] + good
        shared = downloader(cache, connections_per_host=8)
        begin = time.monotonic()
        results = list(shared.download(urls))
        assert time.monotonic() - begin < 8
        are_good = [result.url.startswith(host.url) for result in results]
        assert are_good[0]
        assert not are_good[-1]
        assert sum(result.reason is None for result in results) == len(good)
        assert silent.requests.total() < 40
        requests = silent.requests.total()
        [result] = shared.download([f"{silent.url}/another"])
        assert result.reason is RejectReason.CONNECTION_ERROR
        assert silent.requests.total() == requests
    assert (
        f"{silent.url} failed 16 times in a row; no further request is sent to it." in caplog.text
    )


def test_open_circuit_breaker_and_the_network_error_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    urls = [f"http://127.0.0.1:{port}/{number}" for number in range(60)]
    download(urls, policy=replace(SHORT, silence_limit=0), connections_per_host=4)
    first, second = sorted(caplog.messages)
    assert re.fullmatch(f"http://127.0.0.1:{port} did not answer: .*connect.*\\. {CURE}", first)
    assert re.fullmatch(
        rf"http://127.0.0.1:{port} failed \d+ times in a row; no further request is sent to it. "
        + CURE,
        second,
    )


def test_log_names_the_host_of_a_redirect_that_did_not_answer(
    host: FaultyHost, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"http://127.0.0.1:{server.getsockname()[1]}"
    host.handlers["/elsewhere"] = redirect(f"{closed}/a")
    download([f"{host.url}/elsewhere"])
    [message] = caplog.messages
    assert message.startswith(f"{closed} did not answer: ")


def test_host_with_an_untrusted_certificate_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with serve_faulty(tls) as host:
        urls = [f"{host.url}/{number}" for number in range(20)]
        results = download(urls, policy=RetryPolicy())
    assert {result.reason for result in results} == {RejectReason.CONNECTION_ERROR}
    [message] = caplog.messages
    assert re.fullmatch(f"{host.url} did not answer: .*certificate.*", message)
