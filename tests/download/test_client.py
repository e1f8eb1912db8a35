"""The HTTP client: redirects, private-address guard, certificates, opt-out, user agent."""

import asyncio
import errno
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from downloads import LIMITS, POSTER, download
from servers.faulty import FaultyHost, redirect, serve_faulty

from movie_posters_decade.download import DownloadCache, Limits, RetryPolicy, user_agent
from movie_posters_decade.download.addresses import Address, parse_url, redirect_target
from movie_posters_decade.download.client import Client
from movie_posters_decade.download.headers import opts_out
from movie_posters_decade.download.memory import Body, BodyMemory
from movie_posters_decade.download.retry import Attempt
from movie_posters_decade.download.transfer import USER_AGENT
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.records import RejectReason, accept_anything


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of the tests' own."""
    return trustme.CA()


@pytest.fixture
def tls_host(authority: trustme.CA) -> Iterator[FaultyHost]:
    """A host with a certificate of that authority."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with serve_faulty(tls) as tls_host:
        tls_host.handlers["/a"] = lambda request: request.respond(b"content")
        yield tls_host


@pytest.fixture
def _trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is trusted."""
    authority.cert_pem.write_to_path(str(tmp_path / "trusted.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))


async def get(url: str, body: Body) -> Attempt:
    async with Client(LIMITS, RetryPolicy(), 8) as client:
        address = parse_url(url)
        assert isinstance(address, Address)
        return await client.get(address, body)


def test_client_returns_the_attempt_and_writes_the_content(host: FaultyHost) -> None:
    url, body = f"{host.url}/good", Body(BodyMemory())
    assert asyncio.run(get(url, body)) == Attempt(url, status=200)
    assert body.content == POSTER


@pytest.mark.parametrize("error", [MemoryError("no memory"), OSError(errno.ENOMEM, "no memory")])
def test_lack_of_memory_for_a_body_is_an_error(host: FaultyHost, error: Exception) -> None:
    class Full(BodyMemory):
        def take(self, *_: object) -> bool:
            raise error

    with pytest.raises(type(error), match="no memory"):
        asyncio.run(get(f"{host.url}/good", Body(Full())))


@pytest.mark.usefixtures("_trusted")
def test_host_with_a_trusted_certificate_is_requested(
    cache: DownloadCache, tls_host: FaultyHost
) -> None:
    [result] = download([f"{tls_host.url}/a"], cache, check=accept_anything)
    assert (result.reason, result.status, result.final_url) == (None, 200, f"{tls_host.url}/a")
    assert result.path is not None
    assert result.path.read_bytes() == b"content"


def test_host_with_an_untrusted_certificate_is_not_requested(tls_host: FaultyHost) -> None:
    url, body = f"{tls_host.url}/a", Body(BodyMemory())
    attempt = asyncio.run(get(url, body))
    assert attempt == Attempt(url, RejectReason.CONNECTION_ERROR, is_transient=False)
    assert "certificate" in attempt.detail
    assert body.content == b""
    assert tls_host.requests.total() == 0


def test_certificates_that_cannot_be_read_are_an_error_and_no_rejection(
    tls_host: FaultyHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.pem").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    with pytest.raises(DownloadError, match="The trusted certificates cannot be read"):
        download([f"{tls_host.url}/a"])


@pytest.mark.usefixtures("_trusted")
def test_redirect_from_https_to_http_is_not_followed(tls_host: FaultyHost) -> None:
    with serve_faulty() as plain:
        plain.handlers["/a"] = tls_host.handlers["/a"]
        url = f"{tls_host.url}/plain"
        tls_host.handlers["/plain"] = redirect(f"{plain.url}/a")
        [result] = download([url], check=accept_anything)
    assert (result.reason, result.status) == (RejectReason.INSECURE_REDIRECT, 302)
    assert (result.final_url, result.path, result.check) == (url, None, None)
    assert plain.requests.total() == 0


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("http://a/b/c.jpg", "d.jpg", "http://a/b/d.jpg"),
        ("http://a/b", "/c", "http://a/c"),
        ("http://a/b", "https://c/d", "https://c/d"),
        ("https://a/b", "//c/d", "https://c/d"),
        ("http://a/b", "c%2Fd?e=%3A%28", "http://a/c%2Fd?e=%3A%28"),
        ("https://a/b", "http://c/d", RejectReason.INSECURE_REDIRECT),
        ("https://a/b", "HTTP://a/b", RejectReason.INSECURE_REDIRECT),
        ("https://a/b", "file:///etc/passwd", RejectReason.PRIVATE_ADDRESS),
        ("https://a/b", "http://[", RejectReason.INVALID_URL),
    ],
)
def test_redirect_target_is_joined_and_never_goes_from_https_to_http(
    url: str, location: str, target: str
) -> None:
    address = parse_url(url)
    assert isinstance(address, Address)
    found = redirect_target(address, location)
    assert (found.url if isinstance(found, Address) else found) == target


def test_redirect_is_followed_and_its_target_reported(
    cache: DownloadCache, host: FaultyHost
) -> None:
    url = f"{host.url}/redirect"
    [result] = download([url], cache)
    assert (result.reason, result.final_url) == (None, f"{host.url}/good")
    assert cache.path(url).read_bytes() == POSTER


def test_redirect_may_hold_letters_that_are_not_ascii(host: FaultyHost) -> None:
    host.handlers |= {
        "/letters": lambda request: request.send(
            "HTTP/1.1 302 Found\r\nLocation: /amélie\r\nContent-Length: 0\r\n\r\n".encode()
        ),
        "/am%C3%A9lie": host.handlers["/good"],
    }
    [result] = download([f"{host.url}/letters"])
    assert result.reason is None


def test_private_addresses_are_not_requested(host: FaultyHost) -> None:
    urls = [f"{host.url}/good", f"{host.url}/good".replace("127.0.0.1", "localhost")]
    urls += ["http://10.0.0.1/a", "http://169.254.169.254/latest/", "http://[::1]/a", "file:///a"]
    results = download(urls, limits=Limits(allow_private_hosts=False))
    assert {(result.url, result.reason) for result in results} == {
        (url, RejectReason.PRIVATE_ADDRESS) for url in urls
    }
    assert host.requests.total() == 0


@pytest.mark.parametrize(
    "url",
    ["http://", "http://[::1", "http://a b/", "http://a..b/", "http://[]@", f"http://{300 * 'a'}/"],
)
def test_url_without_a_valid_host_is_invalid(url: str) -> None:
    [result] = download([url])
    assert result.reason is RejectReason.INVALID_URL


def test_client_sends_its_user_agent_and_accepts_no_compression(host: FaultyHost) -> None:
    download([f"{host.url}/good"])
    [head] = host.heads
    assert b"User-Agent: movie_posters_decade/" in head
    assert b"Accept-Encoding: identity\r\n" in head


@pytest.mark.parametrize(
    ("custom", "expected"),
    [
        (None, USER_AGENT),
        ("", USER_AGENT),
        ("my-lab/1.0", "my-lab/1.0"),
        ({"my-lab": "1.0", "study": "2"}, "my-lab/1.0; study/2"),
    ],
)
def test_user_agent_may_be_the_users_own(
    custom: str | dict[str, str] | None, expected: str
) -> None:
    assert user_agent(custom) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["noai"], True),
        (["NoImageAI"], True),
        (["nofollow, noindex"], True),
        (["nofollow", "noimageindex"], True),
        (["movie_posters_decade: noai"], True),
        (["*: noai"], True),
        (["unavailable_after: 25 Jun 2010 15:00:00 PST, noai"], True),
        (["none"], True),
        (["*: none"], True),
        (["googlebot: none"], False),
        (["max-image-preview: none"], False),
        (["googlebot: noindex"], False),
        (["googlebot: nofollow, noindex"], False),
        (["all, nofollow, max-snippet:5"], False),
        ([], False),
    ],
)
def test_opt_out_applies_to_all_agents_or_to_this_one(headers: list[str], expected: bool) -> None:
    assert opts_out(headers, "movie_posters_decade") is expected


def test_opt_out_may_be_ignored(host: FaultyHost) -> None:
    limits = Limits(allow_private_hosts=True, respect_opt_out=False)
    [result] = download([f"{host.url}/opted-out"], limits=limits)
    assert result.reason is None
