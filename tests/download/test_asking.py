"""A URL is asked for as often as patience allows, and its host is listened to."""

import re
import socket
import ssl
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from downloads import (
    ANYONE,
    LITTLE,
    POSTER,
    download_one,
)
from servers.faulty import FaultyHost, Visit, redirect, serve_faulty

from movie_posters_decade.download.cache import DownloadCache
from movie_posters_decade.download.downloader import Downloader
from movie_posters_decade.download.retry import Patience
from movie_posters_decade.records import Fetched, Missed, RejectReason


@pytest.mark.parametrize(
    ("path", "requests"),
    [
        ("/good", 1),
        ("/announced", 1),
        ("/odd-header", 1),
        ("/cut-at-first", 2),
        ("/busy-at-first", 2),
        ("/500-at-first", 2),
        ("/reset-at-first", 2),
    ],
)
def test_what_passes_is_asked_for_again(
    cache: DownloadCache, host: FaultyHost, path: str, requests: int
) -> None:
    outcome = download_one(cache, host.url + path)
    assert isinstance(outcome, Fetched)
    assert Path(outcome.path).read_bytes() == POSTER
    assert (outcome.status, outcome.final_url) == (200, host.url + path)
    assert host.visits[path] == requests


@pytest.mark.parametrize("path", ["/hang", "/byte-by-byte"])
def test_time_between_parts_and_time_for_all_are_bounded_each_by_itself(
    cache: DownloadCache, host: FaultyHost, path: str
) -> None:
    limited = {"/hang": Patience(read=0.1, tries=1), "/byte-by-byte": Patience(whole=0.2)}
    begin = time.monotonic()
    [outcome] = Downloader(cache, limits=ANYONE, patience=limited[path]).download([host.url + path])
    assert isinstance(outcome, Missed)
    assert outcome.reason is RejectReason.TIMEOUT
    assert time.monotonic() - begin < 5


def test_tries_end_with_the_time_for_all(cache: DownloadCache, host: FaultyHost) -> None:
    patience = Patience(whole=0.2, tries=10_000, first_wait=0.01, longest_wait=0.02)
    url = f"{host.url}/500"
    [outcome] = Downloader(cache, limits=ANYONE, patience=patience).download([url])
    assert isinstance(outcome, Missed)
    # The last try may be cut short.
    assert outcome.reason in {RejectReason.SERVER_ERROR, RejectReason.TIMEOUT}
    assert 2 < host.visits["/500"] < 100


def test_host_that_answers_now_and_then_is_not_given_up(
    cache: DownloadCache, host: FaultyHost
) -> None:
    def reset_or_refuse(visit: Visit) -> None:
        if int(visit.path[1:]) % 2 == 0:
            visit.reset()
        visit.answer(status="403 Forbidden")

    host.faults |= {f"/{number}": reset_or_refuse for number in range(60)}
    patience = Patience(tries=1, silence=0)
    downloader = Downloader(cache, limits=ANYONE, patience=patience, connections_per_host=1)
    outcomes = list(downloader.download([f"{host.url}/{number}" for number in range(60)]))
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, Missed)]
    assert reasons == [RejectReason.CONNECTION_ERROR, RejectReason.ACCESS_DENIED] * 30


def test_server_that_asks_for_time_is_left_alone(cache: DownloadCache, host: FaultyHost) -> None:
    """All connections keep quiet, not just the one that was told to."""
    moments: list[float] = []

    def busy_once(visit: Visit) -> None:
        moments.append(time.monotonic())
        if len(moments) == 1:
            visit.answer(status="429 Too Many Requests", more="Retry-After: 1\r\n")
        else:
            visit.answer(POSTER)

    host.faults |= {f"/{number}": busy_once for number in range(10)}
    patience = Patience(longest_wait=0.3)
    downloader = Downloader(cache, limits=ANYONE, patience=patience, connections_per_host=1)
    outcomes = list(downloader.download([f"{host.url}/{number}" for number in range(10)]))
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert 0.3 <= moments[1] - moments[0] < 0.9


@pytest.mark.parametrize("connections", [1, 4])
def test_host_has_no_more_connections_than_allowed(
    cache: DownloadCache, host: FaultyHost, connections: int
) -> None:
    def slow(visit: Visit) -> None:
        time.sleep(0.01)
        visit.answer(POSTER)

    host.faults |= {f"/{number}": slow for number in range(20)}
    downloader = Downloader(cache, limits=ANYONE, connections_per_host=connections)
    outcomes = list(downloader.download([f"{host.url}/{number}" for number in range(20)]))
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert host.most_at_once == connections


def test_hosts_have_no_more_connections_together_than_allowed(cache: DownloadCache) -> None:
    lock, at_once, most = threading.Lock(), 0, 0

    def slow(visit: Visit) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with lock:
            at_once -= 1
        visit.answer(POSTER)

    with serve_faulty() as one, serve_faulty() as two, serve_faulty() as three:
        urls = [f"{host.url}/{number}" for number in range(10) for host in (one, two, three)]
        for host in (one, two, three):
            host.faults = {f"/{number}": slow for number in range(10)}
        downloader = Downloader(cache, limits=ANYONE, connections_per_host=4, all_connections=6)
        assert all(isinstance(outcome, Fetched) for outcome in downloader.download(urls))
    assert most == 6


def test_host_that_puts_everything_off_is_given_up(
    cache: DownloadCache, host: FaultyHost, caplog: pytest.LogCaptureFixture
) -> None:
    """As obeying each Retry-After of thousands would take hours."""
    busy = [f"/busy-{number}" for number in range(300)]
    host.faults |= dict.fromkeys(
        busy, lambda visit: visit.answer(status="503 Unavailable", more="Retry-After: 60\r\n")
    )
    patience = Patience(longest_wait=0.05, refusal=0.1)
    downloader = Downloader(cache, limits=ANYONE, patience=patience, connections_per_host=5)
    outcomes = list(downloader.download([host.url + path for path in busy]))
    assert not any(isinstance(outcome, Fetched) for outcome in outcomes)
    assert host.visits.total() < 300
    assert f"{host.url} was asked" in caplog.text


def test_host_that_does_not_let_one_connect_is_a_time_out(cache: DownloadCache) -> None:
    with socket.socket() as full, ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        patience = Patience(connect=0.1, read=20, first_wait=0.01)
        begin = time.monotonic()
        url = f"http://127.0.0.1:{full.getsockname()[1]}/a"
        [outcome] = Downloader(cache, limits=ANYONE, patience=patience).download([url])
        assert time.monotonic() - begin < 3
        assert outcome == Missed(url, RejectReason.TIMEOUT, final_url=url)


def test_silent_host_is_given_up_and_does_not_hold_up_another(
    cache: DownloadCache, host: FaultyHost, caplog: pytest.LogCaptureFixture
) -> None:
    with serve_faulty() as silent:
        paths = [f"/{number}" for number in range(500)]
        silent.faults = dict.fromkeys(paths, lambda visit: visit.hang())
        host.faults |= dict.fromkeys(paths, host.faults["/good"])
        urls = [silent.url + path for path in paths] + [host.url + path for path in paths]
        downloader = Downloader(cache, limits=ANYONE, patience=LITTLE, connections_per_host=8)
        begin = time.monotonic()
        outcomes = list(downloader.download(urls))
        assert time.monotonic() - begin < 8
        good = [outcome.url.startswith(host.url) for outcome in outcomes]
        assert good[0]
        assert not good[-1]
        assert sum(isinstance(outcome, Fetched) for outcome in outcomes) == 500
        assert silent.visits.total() < 40
        asked = silent.visits.total()
        [again] = downloader.download([f"{silent.url}/another"])
        assert isinstance(again, Missed)
        assert again.reason is RejectReason.CONNECTION_ERROR
        assert silent.visits.total() == asked
    assert (
        f"{silent.url} was asked 16 times in a row in vain; it is not asked any more."
        in caplog.text
    )


def test_host_that_is_given_up_is_told_and_what_the_network_says_of_it(
    cache: DownloadCache, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    urls = [f"http://127.0.0.1:{port}/{number}" for number in range(60)]
    patience = replace(LITTLE, silence=0)
    list(Downloader(cache, limits=ANYONE, patience=patience, connections_per_host=4).download(urls))
    first, second = sorted(caplog.messages)
    assert re.fullmatch(f"http://127.0.0.1:{port} did not answer: .*connect.*", first)
    assert re.fullmatch(
        rf"http://127.0.0.1:{port} was asked \d+ times in a row in vain; it is not asked any more.",
        second,
    )


def test_host_that_is_told_is_the_one_that_did_not_answer(
    cache: DownloadCache, host: FaultyHost, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"http://127.0.0.1:{server.getsockname()[1]}"
    host.faults["/elsewhere"] = redirect(f"{closed}/a")
    download_one(cache, f"{host.url}/elsewhere")
    [message] = caplog.messages
    assert message.startswith(f"{closed} did not answer: ")


def test_host_that_is_not_trusted_is_told_once(
    cache: DownloadCache, caplog: pytest.LogCaptureFixture
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with serve_faulty(tls) as host:
        urls = [f"{host.url}/{number}" for number in range(20)]
        outcomes = list(Downloader(cache, limits=ANYONE, patience=LITTLE).download(urls))
    assert {getattr(outcome, "reason", None) for outcome in outcomes} == {
        RejectReason.CONNECTION_ERROR
    }
    [message] = caplog.messages
    assert re.fullmatch(f"{host.url} did not answer: .*certificate.*", message)


def test_short_outage_does_not_lose_a_host(cache: DownloadCache, host: FaultyHost) -> None:
    def reset_at_first(visit: Visit) -> None:
        if host.visits.total() <= 30:
            visit.reset()
        visit.answer(POSTER)

    urls = [f"{host.url}/{number}" for number in range(60)]
    host.faults |= {f"/{number}": reset_at_first for number in range(60)}
    patience = Patience(tries=30, first_wait=0.01, longest_wait=0.02)
    outcomes = list(
        Downloader(cache, limits=ANYONE, patience=patience, connections_per_host=4).download(urls)
    )
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
