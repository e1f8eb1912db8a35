"""URLs become files in the cache, many at once, and none is asked for more often than needed."""

import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from conftest import paint
from horrors import HorrorHost, Visit, all_horrors, redirect, serve_horrors

from movie_posters_decade.cache import GONE_FOR_SECONDS, DownloadCache
from movie_posters_decade.contents import Content
from movie_posters_decade.downloads import Fetcher, temporary_cache
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.funnel import Reason
from movie_posters_decade.inspection import inspect_poster
from movie_posters_decade.limits import Limits
from movie_posters_decade.outcomes import Fetched, Missed, Outcome
from movie_posters_decade.patience import Patience

POSTER = paint("1990s", 1)
ANYONE = Limits(allow_private_hosts=True, max_bytes=1024 * 1024)
LITTLE = Patience(
    connect=0.5, read=0.15, whole=0.4, silence=0.1, first_wait=0.01, longest_wait=0.05
)


@pytest.fixture
def cache(tmp_path: Path) -> DownloadCache:
    return DownloadCache(tmp_path / "downloads")


@pytest.fixture
def host() -> Iterator[HorrorHost]:
    with serve_horrors() as host:
        host.horrors = all_horrors(POSTER)
        yield host


def fetch_one(cache: DownloadCache, url: str, limits: Limits = ANYONE) -> Outcome:
    fetcher = Fetcher(cache, color="rgb", limits=limits, patience=LITTLE)
    [outcome] = fetcher.fetch([url])
    return outcome


def stored(cache: DownloadCache) -> list[str]:
    """Return the names of all contents in the cache, unfinished ones included."""
    if not cache.folder.exists():
        return []
    return [
        path.name
        for path in cache.folder.iterdir()
        if path.suffix not in {".json", ".gone", ".looks"}
    ]


HORRORS = {
    "/404": (Reason.GONE, 404, 1),
    "/404-at-length": (Reason.GONE, 404, 1),
    "/410": (Reason.GONE, 410, 1),
    "/401": (Reason.REFUSED, 401, 1),
    "/403": (Reason.REFUSED, 403, 1),
    "/429": (Reason.SERVER_ERROR, 429, 3),
    "/500": (Reason.SERVER_ERROR, 500, 3),
    "/503": (Reason.SERVER_ERROR, 503, 3),
    "/504": (Reason.TIMEOUT, 504, 3),
    "/hang": (Reason.TIMEOUT, None, None),
    "/byte-by-byte": (Reason.TIMEOUT, None, 1),
    "/endless": (Reason.TOO_LARGE, 200, 1),
    "/huge": (Reason.TOO_LARGE, 200, 1),
    "/ends-early": (Reason.TRUNCATED, 200, 3),
    "/reset-in-the-middle": (Reason.TRUNCATED, 200, 3),
    "/no-http": (Reason.SERVER_ERROR, None, 3),
    "/head-cut": (Reason.SERVER_ERROR, None, 3),
    "/only-announced": (Reason.UNREACHABLE, None, 3),
    "/redirect-loop": (Reason.UNREACHABLE, 302, 6),
    "/redirect-to-file": (Reason.FORBIDDEN_ADDRESS, 302, 1),
    "/redirect-to-nowhere": (Reason.SERVER_ERROR, 302, 1),
    "/opted-out": (Reason.OPTED_OUT, 200, 1),
}
"""What each horror ends in: the reason, the last status, and how many requests it took."""


@pytest.mark.parametrize("path", HORRORS)
def test_horror_ends_in_its_reason_and_stores_nothing(
    cache: DownloadCache, host: HorrorHost, path: str
) -> None:
    reason, status, requests = HORRORS[path]
    begin = time.monotonic()
    outcome = fetch_one(cache, host.url + path)
    assert isinstance(outcome, Missed)
    assert (outcome.reason, outcome.status) == (reason, status)
    assert requests in {None, host.visits[path]}
    assert time.monotonic() - begin < 5
    assert stored(cache) == []


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
    cache: DownloadCache, host: HorrorHost, path: str, requests: int
) -> None:
    outcome = fetch_one(cache, host.url + path)
    assert isinstance(outcome, Fetched)
    assert Path(outcome.path).read_bytes() == POSTER
    assert (outcome.status, outcome.final_url) == (200, host.url + path)
    assert host.visits[path] == requests


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/says-too-little", Reason.TRUNCATED),
        ("/gzip-bomb", Reason.NOT_AN_IMAGE),
        ("/html", Reason.NOT_AN_IMAGE),
        ("/empty", Reason.NOT_AN_IMAGE),
        ("/svg", Reason.NOT_AN_IMAGE),
    ],
)
def test_what_is_answered_and_no_poster_is_found_out_by_looking(
    cache: DownloadCache, host: HorrorHost, path: str, reason: Reason
) -> None:
    url = host.url + path
    assert fetch_one(cache, url) == Missed(url, reason, 200, url)
    assert stored(cache) == []
    host.horrors[path] = host.horrors["/good"]
    assert isinstance(fetch_one(cache, url), Fetched)


def test_lasting_fault_is_found_again_without_a_request(
    cache: DownloadCache, host: HorrorHost
) -> None:
    grey, url = paint("1990s", 1, mode="L"), f"{host.url}/grey"
    host.horrors["/grey"] = lambda visit: visit.answer(grey)
    assert fetch_one(cache, url) == Missed(url, Reason.BLACK_AND_WHITE, 200, url)
    assert fetch_one(cache, url) == Missed(url, Reason.BLACK_AND_WHITE)
    assert isinstance(next(iter(Fetcher(cache).fetch([url]))), Fetched)
    assert host.visits["/grey"] == 1


def test_good_posters_arrive_beside_every_horror(cache: DownloadCache, host: HorrorHost) -> None:
    good = [f"/good/{number}" for number in range(60)]
    host.horrors |= dict.fromkeys(good, host.horrors["/good"])
    bad = list(HORRORS)
    urls = [host.url + path for pair in zip(good, bad * 4, strict=False) for path in pair]
    outcomes = list(Fetcher(cache, limits=ANYONE, patience=LITTLE).fetch(urls))
    assert sorted(outcome.url for outcome in outcomes) == sorted(urls)
    arrived = {outcome.url for outcome in outcomes if isinstance(outcome, Fetched)}
    assert arrived == {host.url + path for path in good}


def test_as_much_is_taken_as_the_limit_says(cache: DownloadCache, host: HorrorHost) -> None:
    assert isinstance(fetch_one(cache, f"{host.url}/largest"), Fetched)


def test_redirect_may_be_written_in_any_letters(cache: DownloadCache, host: HorrorHost) -> None:
    host.horrors |= {
        "/letters": lambda visit: visit.send(
            "HTTP/1.1 302 Found\r\nLocation: /amélie\r\nContent-Length: 0\r\n\r\n".encode()
        ),
        "/am%C3%A9lie": host.horrors["/good"],
    }
    assert isinstance(fetch_one(cache, f"{host.url}/letters"), Fetched)


def test_redirect_is_followed_and_its_end_told(cache: DownloadCache, host: HorrorHost) -> None:
    outcome = fetch_one(cache, f"{host.url}/redirect")
    assert isinstance(outcome, Fetched)
    assert outcome.final_url == f"{host.url}/good"
    assert cache.path(f"{host.url}/redirect").read_bytes() == POSTER


def test_private_address_is_not_asked_not_even_after_a_redirect(
    cache: DownloadCache, host: HorrorHost
) -> None:
    limits = Limits(allow_private_hosts=False)
    urls = [f"{host.url}/good", f"{host.url}/good".replace("127.0.0.1", "localhost")]
    urls += ["http://10.0.0.1/a", "http://169.254.169.254/latest/", "http://[::1]/a", "file:///a"]
    outcomes = list(Fetcher(cache, limits=limits, patience=LITTLE).fetch(urls))
    assert {(outcome.url, getattr(outcome, "reason", None)) for outcome in outcomes} == {
        (url, Reason.FORBIDDEN_ADDRESS) for url in urls
    }
    assert host.visits.total() == 0


def test_redirect_to_a_private_address_is_not_followed(
    cache: DownloadCache, host: HorrorHost
) -> None:
    """The public host is one that only the proxy knows."""
    limits = Limits(proxies={"http": host.url})
    targets = {
        "http://public.example/a": "http://10.0.0.1/good",
        "http://public.example/b": "http://localhost/good",
    }
    host.horrors |= {url: redirect(target) for url, target in targets.items()}
    for url, target in targets.items():
        outcome = fetch_one(cache, url, limits)
        assert isinstance(outcome, Missed)
        assert (outcome.reason, outcome.final_url) == (Reason.FORBIDDEN_ADDRESS, target)
    assert host.visits.total() == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127%2e0%2e0%2e1/good",
        "http://%31%32%37.0.0.1/good",
        "http://loc%61lhost/good",
        "http:///127.0.0.1/good",
        "http:127.0.0.1/good",
        "http://xn--/good",
        "http://a\0b/good",
    ],
)
def test_proxy_is_not_asked_for_a_host_that_is_written_oddly(
    cache: DownloadCache, host: HorrorHost, url: str
) -> None:
    """As it may be read as another than was judged."""
    limits = Limits(proxies={"http": host.url})
    outcome = fetch_one(cache, url, limits)
    assert isinstance(outcome, Missed)
    assert outcome.reason in {Reason.UNREACHABLE, Reason.FORBIDDEN_ADDRESS, Reason.GONE}
    assert not any(visited.endswith("127.0.0.1/good") for visited in host.visits)
    host.horrors["http://public.example/a"] = redirect(url)
    assert isinstance(fetch_one(cache, "http://public.example/a", limits), Missed)
    assert not any("127.0.0.1/good" in visited for visited in host.visits)


def test_proxy_of_the_environment_is_used(
    cache: DownloadCache, host: HorrorHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", host.url)
    host.horrors["http://public.example/a"] = host.horrors["/good"]
    assert isinstance(fetch_one(cache, "http://public.example/a", Limits()), Fetched)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert isinstance(fetch_one(cache, f"{host.url}/good"), Fetched)
    assert host.visits["/good"] == 1


def test_proxy_may_be_named_without_its_scheme(
    cache: DownloadCache, host: HorrorHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", host.url.removeprefix("http://"))
    host.horrors["http://public.example/a"] = host.horrors["/good"]
    assert isinstance(fetch_one(cache, "http://public.example/a", Limits()), Fetched)


@pytest.mark.parametrize("path", ["/hang", "/byte-by-byte"])
def test_time_between_parts_and_time_for_all_are_bounded_each_by_itself(
    cache: DownloadCache, host: HorrorHost, path: str
) -> None:
    limited = {"/hang": Patience(read=0.1, tries=1), "/byte-by-byte": Patience(whole=0.2)}
    begin = time.monotonic()
    [outcome] = Fetcher(cache, limits=ANYONE, patience=limited[path]).fetch([host.url + path])
    assert isinstance(outcome, Missed)
    assert outcome.reason is Reason.TIMEOUT
    assert time.monotonic() - begin < 5


def test_tries_end_with_the_time_for_all(cache: DownloadCache, host: HorrorHost) -> None:
    patience = Patience(whole=0.2, tries=10_000, first_wait=0.01, longest_wait=0.02)
    url = f"{host.url}/500"
    [outcome] = Fetcher(cache, limits=ANYONE, patience=patience).fetch([url])
    assert isinstance(outcome, Missed)
    # The last try may be cut short.
    assert outcome.reason in {Reason.SERVER_ERROR, Reason.TIMEOUT}
    assert 2 < host.visits["/500"] < 100


def test_host_that_answers_now_and_then_is_not_given_up(
    cache: DownloadCache, host: HorrorHost
) -> None:
    def reset_or_refuse(visit: Visit) -> None:
        if int(visit.path[1:]) % 2 == 0:
            visit.reset()
        visit.answer(status="403 Forbidden")

    host.horrors |= {f"/{number}": reset_or_refuse for number in range(60)}
    patience = Patience(tries=1, silence=0)
    fetcher = Fetcher(cache, limits=ANYONE, patience=patience, connections=1)
    outcomes = list(fetcher.fetch([f"{host.url}/{number}" for number in range(60)]))
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, Missed)]
    assert reasons == [Reason.UNREACHABLE, Reason.REFUSED] * 30


def test_opt_out_may_be_disregarded(cache: DownloadCache, host: HorrorHost) -> None:
    limits = Limits(allow_private_hosts=True, respect_opt_out=False)
    assert isinstance(fetch_one(cache, f"{host.url}/opted-out", limits), Fetched)


def test_client_says_who_it_is_and_takes_nothing_compressed(
    cache: DownloadCache, host: HorrorHost
) -> None:
    fetch_one(cache, f"{host.url}/good")
    [head] = host.heads
    assert b"User-Agent: movie_posters_decade/" in head
    assert b"Accept-Encoding: identity\r\n" in head


BROKEN = ["http://", "http://[::1", "http://a b/", "http://a..b/", f"http://{300 * 'a'}/"]


@pytest.mark.parametrize("url", [*BROKEN, "http://nowhere.invalid/"])
def test_address_without_a_host_is_unreachable(cache: DownloadCache, url: str) -> None:
    outcome = fetch_one(cache, url)
    assert isinstance(outcome, Missed)
    assert outcome.reason is Reason.UNREACHABLE


def test_server_that_asks_for_time_is_left_alone(cache: DownloadCache, host: HorrorHost) -> None:
    """All connections keep quiet, not just the one that was told to."""
    moments: list[float] = []

    def busy_once(visit: Visit) -> None:
        moments.append(time.monotonic())
        if len(moments) == 1:
            visit.answer(status="429 Too Many Requests", more="Retry-After: 1\r\n")
        else:
            visit.answer(POSTER)

    host.horrors |= {f"/{number}": busy_once for number in range(10)}
    patience = Patience(longest_wait=0.3)
    fetcher = Fetcher(cache, limits=ANYONE, patience=patience, connections=1)
    outcomes = list(fetcher.fetch([f"{host.url}/{number}" for number in range(10)]))
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert 0.3 <= moments[1] - moments[0] < 0.9


@pytest.mark.parametrize("connections", [1, 4])
def test_host_has_no_more_connections_than_allowed(
    cache: DownloadCache, host: HorrorHost, connections: int
) -> None:
    def slow(visit: Visit) -> None:
        time.sleep(0.01)
        visit.answer(POSTER)

    host.horrors |= {f"/{number}": slow for number in range(20)}
    fetcher = Fetcher(cache, limits=ANYONE, connections=connections)
    outcomes = list(fetcher.fetch([f"{host.url}/{number}" for number in range(20)]))
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

    with serve_horrors() as one, serve_horrors() as two, serve_horrors() as three:
        urls = [f"{host.url}/{number}" for number in range(10) for host in (one, two, three)]
        for host in (one, two, three):
            host.horrors = {f"/{number}": slow for number in range(10)}
        fetcher = Fetcher(cache, limits=ANYONE, connections=4, all_connections=6)
        assert all(isinstance(outcome, Fetched) for outcome in fetcher.fetch(urls))
    assert most == 6


def test_host_that_puts_everything_off_is_given_up(
    cache: DownloadCache, host: HorrorHost, caplog: pytest.LogCaptureFixture
) -> None:
    """As obeying each Retry-After of thousands would take hours."""
    busy = [f"/busy-{number}" for number in range(300)]
    host.horrors |= dict.fromkeys(
        busy, lambda visit: visit.answer(status="503 Unavailable", more="Retry-After: 60\r\n")
    )
    patience = Patience(longest_wait=0.05, refusal=0.1)
    fetcher = Fetcher(cache, limits=ANYONE, patience=patience, connections=5)
    outcomes = list(fetcher.fetch([host.url + path for path in busy]))
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
        [outcome] = Fetcher(cache, limits=ANYONE, patience=patience).fetch([url])
        assert time.monotonic() - begin < 3
        assert outcome == Missed(url, Reason.TIMEOUT, final_url=url)


def test_proxy_may_speak_socks(cache: DownloadCache, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.recv(100)
                connection.sendall(b"\5\0")  # version 5, nobody need say who they are
                asked = connection.recv(100)
                assert b"posters.example" in asked
                connection.sendall(b"\5\0\0\1" + bytes(6))  # it worked, and where from is nobody's
                connection.recv(1000)
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(POSTER)}\r\n\r\n"
                connection.sendall(head.encode() + POSTER)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        monkeypatch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{server.getsockname()[1]}")
        outcome = fetch_one(cache, "http://posters.example/a")
        thread.join()
    assert isinstance(outcome, Fetched)


def test_proxy_of_another_kind_is_one_sentence(
    cache: DownloadCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "ftp://127.0.0.1:1080")
    with pytest.raises(DownloadError) as error:
        fetch_one(cache, "http://posters.example/a")
    assert str(error.value) == (
        "ftp://127.0.0.1:1080: expected a proxy that speaks HTTP or SOCKS, as the one for http; "
        "found another kind. Set the environment variable to an http:// address, or NO_PROXY to "
        "posters.example."
    )


def test_silent_host_is_given_up_and_does_not_hold_up_another(
    cache: DownloadCache, host: HorrorHost, caplog: pytest.LogCaptureFixture
) -> None:
    with serve_horrors() as silent:
        paths = [f"/{number}" for number in range(500)]
        silent.horrors = dict.fromkeys(paths, lambda visit: visit.hang())
        host.horrors |= dict.fromkeys(paths, host.horrors["/good"])
        urls = [silent.url + path for path in paths] + [host.url + path for path in paths]
        fetcher = Fetcher(cache, limits=ANYONE, patience=LITTLE, connections=8)
        begin = time.monotonic()
        outcomes = list(fetcher.fetch(urls))
        assert time.monotonic() - begin < 8
        good = [outcome.url.startswith(host.url) for outcome in outcomes]
        assert good[0]
        assert not good[-1]
        assert sum(isinstance(outcome, Fetched) for outcome in outcomes) == 500
        assert silent.visits.total() < 40
        asked = silent.visits.total()
        [again] = fetcher.fetch([f"{silent.url}/another"])
        assert isinstance(again, Missed)
        assert again.reason is Reason.UNREACHABLE
        assert silent.visits.total() == asked
    assert (
        f"{silent.url} was asked 16 times in a row in vain; it is not asked any more."
        in caplog.text
    )


def test_host_that_is_given_up_is_told_with_what_the_network_says(
    cache: DownloadCache, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    urls = [f"http://127.0.0.1:{port}/{number}" for number in range(60)]
    patience = replace(LITTLE, silence=0)
    list(Fetcher(cache, limits=ANYONE, patience=patience, connections=4).fetch(urls))
    [message] = caplog.messages
    assert re.fullmatch(
        rf"http://127.0.0.1:{port} was asked \d+ times in a row in vain \(.*\bconnect\b.*\); it is "
        "not asked any more.",
        message,
    )


def test_host_that_is_not_trusted_is_told_once(
    cache: DownloadCache, caplog: pytest.LogCaptureFixture
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with serve_horrors(tls) as host:
        urls = [f"{host.url}/{number}" for number in range(20)]
        outcomes = list(Fetcher(cache, limits=ANYONE, patience=LITTLE).fetch(urls))
    assert {getattr(outcome, "reason", None) for outcome in outcomes} == {Reason.UNREACHABLE}
    [message] = caplog.messages
    assert re.fullmatch(f"{host.url} cannot be asked: .*certificate.*", message)


def test_what_is_there_is_not_asked_for(cache: DownloadCache, host: HorrorHost) -> None:
    url = f"{host.url}/good"
    fetch_one(cache, url)
    looks = inspect_poster(POSTER).fingerprint
    assert fetch_one(cache, url) == Fetched(url, cache.name(url), Content.of(POSTER), looks)
    assert host.visits["/good"] == 1


def test_what_was_examined_once_is_not_examined_again(
    cache: DownloadCache, host: HorrorHost
) -> None:
    def look() -> int | None:
        outcome = fetch_one(cache, f"{host.url}/good")
        return outcome.fingerprint if isinstance(outcome, Fetched) else None

    found = look()
    assert found == inspect_poster(POSTER).fingerprint
    [memory] = cache.folder.glob("*.looks")
    memory.write_text(memory.read_text().replace(f"{found:016x}", f"{7:016x}"))
    assert look() == 7
    another = paint("1980s", 2)
    cache.path(f"{host.url}/good").write_bytes(another)
    assert look() == inspect_poster(another).fingerprint


def test_what_is_gone_is_remembered_for_seven_days(cache: DownloadCache, host: HorrorHost) -> None:
    url = f"{host.url}/404"
    fetch_one(cache, url)
    assert fetch_one(cache, url) == Missed(url, Reason.GONE, 404)
    assert host.visits["/404"] == 1
    [memory] = cache.folder.glob("*.gone")
    week_ago = time.time() - GONE_FOR_SECONDS - 1
    os.utime(memory, (week_ago, week_ago))
    host.horrors["/404"] = host.horrors["/good"]
    assert isinstance(fetch_one(cache, url), Fetched)
    assert list(cache.folder.glob("*.gone")) == []


def test_passing_fault_is_not_remembered(cache: DownloadCache, host: HorrorHost) -> None:
    assert isinstance(fetch_one(cache, f"{host.url}/503"), Missed)
    host.horrors["/503"] = host.horrors["/good"]
    assert isinstance(fetch_one(cache, f"{host.url}/503"), Fetched)


def test_refresh_forgets_all(cache: DownloadCache, host: HorrorHost) -> None:
    urls = [f"{host.url}/404", f"{host.url}/good"]
    list(Fetcher(cache, limits=ANYONE).fetch(urls))
    host.horrors["/404"] = lambda visit: visit.answer(b"here again")
    host.horrors["/good"] = lambda visit: visit.answer(b"another")
    outcomes = list(Fetcher(cache, limits=ANYONE, refresh=True).fetch(urls))
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert [cache.path(url).read_bytes() for url in urls] == [b"here again", b"another"]


def test_what_is_found_gone_when_refreshed_does_not_come_back(
    cache: DownloadCache, host: HorrorHost
) -> None:
    url = f"{host.url}/good"
    fetch_one(cache, url)
    host.horrors["/good"] = host.horrors["/410"]
    list(Fetcher(cache, limits=ANYONE, refresh=True).fetch([url]))
    assert fetch_one(cache, url) == Missed(url, Reason.GONE, 410)
    assert host.visits["/good"] == 2


def test_damaged_file_is_fetched_again(cache: DownloadCache, host: HorrorHost) -> None:
    url = f"{host.url}/good"
    fetch_one(cache, url)
    cache.path(url).write_bytes(POSTER[:300])
    assert isinstance(fetch_one(cache, url), Fetched)
    assert cache.path(url).read_bytes() == POSTER


def test_short_outage_does_not_lose_a_host(cache: DownloadCache, host: HorrorHost) -> None:
    def reset_at_first(visit: Visit) -> None:
        if host.visits.total() <= 30:
            visit.reset()
        visit.answer(POSTER)

    urls = [f"{host.url}/{number}" for number in range(60)]
    host.horrors |= {f"/{number}": reset_at_first for number in range(60)}
    patience = Patience(tries=30, first_wait=0.01, longest_wait=0.02)
    outcomes = list(Fetcher(cache, limits=ANYONE, patience=patience, connections=4).fetch(urls))
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)


def test_offline_only_what_is_known_is_given(
    cache: DownloadCache, host: HorrorHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, gone, missing = (f"{host.url}{path}" for path in ("/good", "/404", "/410"))
    list(Fetcher(cache, limits=ANYONE).fetch([good, gone]))
    asked = host.visits.total()
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    known = {outcome.url: outcome for outcome in Fetcher(cache).fetch([good, gone])}
    assert known == {
        good: Fetched(good, cache.name(good), Content.of(POSTER)),
        gone: Missed(gone, Reason.GONE, 404),
    }
    with pytest.raises(DownloadError) as error:
        list(Fetcher(cache).fetch([good, missing]))
    assert str(error.value) == (
        f"{cache.folder}: expected everything to be here, as HF_HUB_OFFLINE forbids requests; "
        f"found at least 1 missing, such as {missing}. Unset HF_HUB_OFFLINE and build again."
    )
    assert host.visits.total() == asked


def test_offline_nothing_can_be_fetched_anew(
    cache: DownloadCache, host: HorrorHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{host.url}/good"
    fetch_one(cache, url)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError) as error:
        list(Fetcher(cache, limits=ANYONE, refresh=True).fetch([url]))
    assert str(error.value) == (
        f"{cache.folder}: expected to fetch everything anew, as was asked for; found that "
        "HF_HUB_OFFLINE forbids requests. Unset it, or build without force_redownload."
    )
    assert cache.has(url)


def test_offline_what_was_damaged_in_the_cache_is_missing(
    cache: DownloadCache, host: HorrorHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As without it the build would be another, for which there is no good reason."""
    url = f"{host.url}/good"
    fetch_one(cache, url)
    cache.path(url).write_bytes(POSTER[:300])
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match=f"found at least 1 missing, such as {url}"):
        fetch_one(cache, url)


def test_iteration_that_is_given_up_stops_asking(cache: DownloadCache, host: HorrorHost) -> None:
    paths = [f"/{number}" for number in range(500)]
    host.horrors |= dict.fromkeys(paths, host.horrors["/good"])
    outcomes = Fetcher(cache, limits=ANYONE, connections=2).fetch(host.url + path for path in paths)  # type: ignore[arg-type]
    next(iter(outcomes))
    outcomes.close()
    asked = host.visits.total()
    time.sleep(0.1)
    # What was on its way may still be counted.
    assert host.visits.total() <= asked + 2 < 400
    assert not any(name.endswith(".incomplete") for name in stored(cache))


def test_what_was_examined_is_remembered_when_the_rest_is_given_up(
    cache: DownloadCache, host: HorrorHost
) -> None:
    fetch_one(cache, f"{host.url}/good")
    [memory] = cache.folder.glob("*.looks")
    memory.unlink()
    outcomes = Fetcher(cache, color="rgb", limits=ANYONE).fetch([f"{host.url}/good", "never asked"])
    next(outcomes)
    outcomes.close()
    assert Content.of(POSTER).sha256 in memory.read_text()


def test_cache_that_cannot_be_written_is_one_error(tmp_path: Path, host: HorrorHost) -> None:
    (tmp_path / "file").write_text("")
    cache = DownloadCache(tmp_path / "file" / "downloads")
    with pytest.raises(DownloadError, match=r"a poster cannot be stored: .*Not a directory"):
        fetch_one(cache, f"{host.url}/good")


def test_temporary_cache_is_gone_afterwards(host: HorrorHost) -> None:
    with temporary_cache() as cache:
        outcome = fetch_one(cache, f"{host.url}/good")
        assert isinstance(outcome, Fetched)
        assert Path(outcome.path).read_bytes() == POSTER
    assert not Path(outcome.path).exists()
