"""Where a try may lead, by which way, and whom it trusts."""

import asyncio
import errno
import io
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from downloads import (
    LITTLE,
    POSTER,
    download_one,
)
from movie_posters_decade.download.limits import USER_AGENT, Limits, user_agent
from servers.faulty import FaultyHost, redirect, serve_faulty
from yarl import URL

from movie_posters_decade.download.cache import DownloadCache
from movie_posters_decade.download.client import Transport, redirected
from movie_posters_decade.download.downloader import Downloader
from movie_posters_decade.download.retry import Patience
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.records import Answer, Fetched, Missed, RejectReason


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_host(authority: trustme.CA) -> Iterator[FaultyHost]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with serve_faulty(tls) as tls_host:
        tls_host.faults["/a"] = lambda visit: visit.answer(b"content")
        yield tls_host


@pytest.fixture
def known(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "known.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "known.pem"))


def get(url: str) -> tuple[Answer, bytes]:
    async def run() -> tuple[Answer, bytes]:
        body = io.BytesIO()
        async with Transport(Limits(allow_private_hosts=True), Patience()) as transport:
            return await transport.get(url, body), body.getvalue()

    return asyncio.run(run())


@pytest.mark.usefixtures("known")
def test_host_is_trusted_whose_certificate_is_known(tls_host: FaultyHost) -> None:
    assert get(f"{tls_host.url}/a") == (Answer(f"{tls_host.url}/a", status=200), b"content")


def test_host_is_not_trusted_whose_certificate_is_unknown(tls_host: FaultyHost) -> None:
    url = f"{tls_host.url}/a"
    answer, content = get(url)
    assert (answer, content) == (Answer(url, RejectReason.CONNECTION_ERROR, is_passing=False), b"")
    assert "certificate" in answer.detail
    assert tls_host.visits.total() == 0


def test_content_that_cannot_be_written_is_no_fault_of_the_hosts() -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "no space left")

    async def run(url: str) -> None:
        async with Transport(Limits(allow_private_hosts=True), Patience()) as transport:
            await transport.get(url, Full())

    with serve_faulty() as tls_host:
        tls_host.faults["/a"] = lambda visit: visit.answer(b"content")
        with pytest.raises(OSError, match="no space left"):
            asyncio.run(run(f"{tls_host.url}/a"))


@pytest.mark.usefixtures("known")
def test_what_was_safe_stays_safe(tls_host: FaultyHost) -> None:
    with serve_faulty() as unsafe:
        unsafe.faults["/a"] = tls_host.faults["/a"]
        tls_host.faults["/unsafe"] = redirect(f"{unsafe.url}/a")
        answer, content = get(f"{tls_host.url}/unsafe")
    assert answer == Answer(f"{tls_host.url}/unsafe", RejectReason.PRIVATE_ADDRESS, 302)
    assert content == b""
    assert unsafe.visits.total() == 0


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("http://a/b/c.jpg", "d.jpg", "http://a/b/d.jpg"),
        ("http://a/b", "/c", "http://a/c"),
        ("http://a/b", "https://c/d", "https://c/d"),
        ("https://a/b", "//c/d", "https://c/d"),
        ("https://a/b", "http://c/d", None),
        ("https://a/b", "HTTP://a/b", None),
    ],
)
def test_redirect_never_leads_from_https_to_http(
    url: str, location: str, target: str | None
) -> None:
    assert redirected(URL(url), location) == (None if target is None else URL(target))


@pytest.mark.parametrize(
    ("own", "name"),
    [
        (None, USER_AGENT),
        ("", USER_AGENT),
        ("my-lab/1.0", "my-lab/1.0"),
        ({"my-lab": "1.0", "study": "2"}, "my-lab/1.0; study/2"),
    ],
)
def test_client_goes_by_the_users_own_name(own: str | dict[str, str] | None, name: str) -> None:
    assert user_agent(own) == name


def test_redirect_may_be_written_in_any_letters(cache: DownloadCache, host: FaultyHost) -> None:
    host.faults |= {
        "/letters": lambda visit: visit.send(
            "HTTP/1.1 302 Found\r\nLocation: /amélie\r\nContent-Length: 0\r\n\r\n".encode()
        ),
        "/am%C3%A9lie": host.faults["/good"],
    }
    assert isinstance(download_one(cache, f"{host.url}/letters"), Fetched)


def test_redirect_is_followed_and_its_end_told(cache: DownloadCache, host: FaultyHost) -> None:
    outcome = download_one(cache, f"{host.url}/redirect")
    assert isinstance(outcome, Fetched)
    assert outcome.final_url == f"{host.url}/good"
    assert cache.path(f"{host.url}/redirect").read_bytes() == POSTER


def test_private_address_is_not_asked_not_even_after_a_redirect(
    cache: DownloadCache, host: FaultyHost
) -> None:
    limits = Limits(allow_private_hosts=False)
    urls = [f"{host.url}/good", f"{host.url}/good".replace("127.0.0.1", "localhost")]
    urls += ["http://10.0.0.1/a", "http://169.254.169.254/latest/", "http://[::1]/a", "file:///a"]
    outcomes = list(Downloader(cache, limits=limits, patience=LITTLE).download(urls))
    assert {(outcome.url, getattr(outcome, "reason", None)) for outcome in outcomes} == {
        (url, RejectReason.PRIVATE_ADDRESS) for url in urls
    }
    assert host.visits.total() == 0


def test_redirect_to_a_private_address_is_not_followed(
    cache: DownloadCache, host: FaultyHost
) -> None:
    """The public host is one that only the proxy knows."""
    limits = Limits(proxies={"http": host.url})
    targets = {
        "http://public.example/a": "http://10.0.0.1/good",
        "http://public.example/b": "http://localhost/good",
    }
    host.faults |= {url: redirect(target) for url, target in targets.items()}
    for url, target in targets.items():
        outcome = download_one(cache, url, limits)
        assert isinstance(outcome, Missed)
        assert (outcome.reason, outcome.final_url) == (RejectReason.PRIVATE_ADDRESS, target)
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
    cache: DownloadCache, host: FaultyHost, url: str
) -> None:
    """As it may be read as another than was judged."""
    limits = Limits(proxies={"http": host.url})
    outcome = download_one(cache, url, limits)
    assert isinstance(outcome, Missed)
    assert outcome.reason in {
        RejectReason.CONNECTION_ERROR,
        RejectReason.PRIVATE_ADDRESS,
        RejectReason.NOT_FOUND,
    }
    assert not any(visited.endswith("127.0.0.1/good") for visited in host.visits)
    host.faults["http://public.example/a"] = redirect(url)
    assert isinstance(download_one(cache, "http://public.example/a", limits), Missed)
    assert not any("127.0.0.1/good" in visited for visited in host.visits)


def test_proxy_of_the_environment_is_used(
    cache: DownloadCache, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", host.url)
    host.faults["http://public.example/a"] = host.faults["/good"]
    assert isinstance(download_one(cache, "http://public.example/a", Limits()), Fetched)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert isinstance(download_one(cache, f"{host.url}/good"), Fetched)
    assert host.visits["/good"] == 1


def test_proxy_may_be_named_without_its_scheme(
    cache: DownloadCache, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", host.url.removeprefix("http://"))
    host.faults["http://public.example/a"] = host.faults["/good"]
    assert isinstance(download_one(cache, "http://public.example/a", Limits()), Fetched)


def test_opt_out_may_be_disregarded(cache: DownloadCache, host: FaultyHost) -> None:
    limits = Limits(allow_private_hosts=True, respect_opt_out=False)
    assert isinstance(download_one(cache, f"{host.url}/opted-out", limits), Fetched)


def test_client_says_who_it_is_and_takes_nothing_compressed(
    cache: DownloadCache, host: FaultyHost
) -> None:
    download_one(cache, f"{host.url}/good")
    [head] = host.heads
    assert b"User-Agent: movie_posters_decade/" in head
    assert b"Accept-Encoding: identity\r\n" in head


BROKEN = ["http://", "http://[::1", "http://a b/", "http://a..b/", f"http://{300 * 'a'}/"]


@pytest.mark.parametrize("url", [*BROKEN, "http://nowhere.invalid/"])
def test_address_without_a_host_is_unreachable(cache: DownloadCache, url: str) -> None:
    outcome = download_one(cache, url)
    assert isinstance(outcome, Missed)
    assert outcome.reason is RejectReason.CONNECTION_ERROR


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
        outcome = download_one(cache, "http://posters.example/a")
        thread.join()
    assert isinstance(outcome, Fetched)


def test_proxy_of_another_kind_is_one_sentence(
    cache: DownloadCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "ftp://127.0.0.1:1080")
    with pytest.raises(DownloadError) as error:
        download_one(cache, "http://posters.example/a")
    assert str(error.value) == (
        "ftp://127.0.0.1:1080: expected a proxy that speaks HTTP or SOCKS, as the one for http; "
        "found another kind. Set the environment variable to an http:// address, or NO_PROXY to "
        "posters.example."
    )
