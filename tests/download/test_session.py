"""Guarded session: retries, redirects, private-address guard, certificates, proxies."""

import gzip
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from downloads import LIMITS, ODD_HOSTS
from servers.faulty import FaultyHost, Request, faulty_handlers, redirect, serve_faulty
from servers.socks import serve_socks

from movie_posters_decade.download import Limits, RetryPolicy
from movie_posters_decade.download.session import (
    FetchError,
    GuardedSession,
    describe_error,
    read_chunks,
)

CONTENT = bytes(range(256)) * 100
POLICY = RetryPolicy(total_timeout=30.0, first_backoff=0.01, max_backoff=0.05)
PUBLIC_URL = "http://public.example/a"
"""A URL at a public host that only the proxy knows."""


@pytest.fixture
def host() -> Iterator[FaultyHost]:
    """A host with another fault at each path."""
    with serve_faulty() as host:
        host.handlers = faulty_handlers(CONTENT)
        yield host


@pytest.fixture
def proxy(host: FaultyHost, monkeypatch: pytest.MonkeyPatch) -> FaultyHost:
    """The same host, as the HTTP proxy of the environment."""
    monkeypatch.setenv("http_proxy", host.url)
    host.handlers[PUBLIC_URL] = host.handlers["/good"]
    return host


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    """A certificate authority of the tests' own."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "trusted.pem"))
    return authority


@pytest.fixture
def tls_host(authority: trustme.CA) -> Iterator[FaultyHost]:
    """A host with certificates of that authority."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "public.example").configure_cert(tls)
    with serve_faulty(tls) as tls_host:
        tls_host.handlers["/good"] = lambda request: request.respond(CONTENT)
        yield tls_host


@pytest.fixture
def _trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is trusted."""
    assert authority
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "trusted.pem"))


def get(url: str, limits: Limits = LIMITS, **policy: Any) -> bytes:
    """Request a URL with a short backoff, and return its content."""
    used = replace(POLICY, **policy)
    deadline = time.monotonic() + used.total_timeout
    with (
        GuardedSession(limits, used) as session,
        session.follow_redirects(url, deadline) as response,
    ):
        assert response.status_code == 200
        return b"".join(read_chunks(response.raw, limits.max_bytes, deadline))


def failure(url: str, limits: Limits = LIMITS, **policy: Any) -> str:
    """Return the text of the error of a request."""
    with pytest.raises((FetchError, OSError)) as error:
        get(url, limits, **policy)
    is_ours = issubclass(error.type, FetchError)
    return str(error.value) if is_ours else describe_error(error.value)


def resolve(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]) -> None:
    """Let the system resolve host names to these addresses."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *details: Any, **more: Any) -> list[Any]:
        addresses = names.get(host, [host])
        return [answer for address in addresses for answer in real(address, *details, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def after_one(status: str, more: str, request: Request) -> None:
    """Respond with a status, and with the content from the second request on."""
    if request.number == 1:
        request.respond(status=status, more=more)
    else:
        request.respond(CONTENT)


def test_content_encoding_is_decoded(host: FaultyHost) -> None:
    zipped = gzip.compress(CONTENT)
    host.handlers["/gzip"] = lambda request: request.respond(
        zipped, more="Content-Encoding: gzip\r\n"
    )
    assert get(f"{host.url}/gzip") == CONTENT


def test_host_that_hangs_meets_the_read_timeout(host: FaultyHost) -> None:
    text = failure(f"{host.url}/hang", read_timeout=0.2)
    assert text == "ConnectionError: timed out"


def test_retry_after_is_respected_up_to_the_longest_backoff(host: FaultyHost) -> None:
    host.handlers["/busy"] = lambda request: after_one(
        "503 Service Unavailable", "Retry-After: 3600\r\n", request
    )
    start = time.monotonic()
    assert get(f"{host.url}/busy", max_backoff=0.2) == CONTENT
    assert 0.2 <= time.monotonic() - start < 2


def test_retry_after_that_is_not_a_time_is_ignored(host: FaultyHost) -> None:
    host.handlers["/busy"] = lambda request: after_one(
        "503 Service Unavailable", "Retry-After: soon\r\n", request
    )
    assert get(f"{host.url}/busy") == CONTENT


def test_redirects_are_followed_with_the_cookies_they_set(host: FaultyHost) -> None:
    def file(request: Request) -> None:
        if b"Cookie: session=7" in request.head:
            request.respond(CONTENT)
        else:
            request.respond(status="403 Forbidden")

    host.handlers["/start"] = lambda request: request.respond(
        status="302 Found", more="Location: /next\r\nSet-Cookie: session=7; Path=/\r\n"
    )
    host.handlers["/next"] = redirect("/file?signature=a%2Fb")
    host.handlers["/file?signature=a%2Fb"] = file
    assert get(f"{host.url}/start") == CONTENT


def test_redirects_are_limited(host: FaultyHost) -> None:
    text = failure(f"{host.url}/redirect-loop")
    assert text == "more than 5 redirects"
    assert host.requests["/redirect-loop"] == 6


def test_body_of_a_redirect_is_not_read(host: FaultyHost) -> None:
    def endless(request: Request) -> None:
        request.send(b"HTTP/1.1 302 Found\r\nLocation: /good\r\n\r\n")
        while not request.closing.is_set():
            request.send(b"x" * 65536)

    host.handlers["/endless-redirect"] = endless
    assert get(f"{host.url}/endless-redirect") == CONTENT


def test_redirect_to_a_file_is_not_followed(host: FaultyHost) -> None:
    assert failure(f"{host.url}/redirect-to-file") == "not a public address"


@pytest.mark.usefixtures("_trusted")
@pytest.mark.parametrize("scheme", ["http", "HTTP"])
def test_redirect_from_https_to_http_is_not_followed(
    host: FaultyHost, tls_host: FaultyHost, scheme: str
) -> None:
    tls_host.handlers["/insecure"] = redirect(f"{host.url.replace('http', scheme)}/good")
    text = failure(f"{tls_host.url}/insecure")
    assert text == "a redirect from https to http"
    assert host.requests.total() == 0


@pytest.mark.usefixtures("_trusted")
def test_redirect_from_http_to_https_is_followed(host: FaultyHost, tls_host: FaultyHost) -> None:
    host.handlers["/secure"] = redirect(f"{tls_host.url}/good")
    assert get(f"{host.url}/secure") == CONTENT


def test_redirect_to_another_host_is_followed_unless_that_is_an_error(host: FaultyHost) -> None:
    with serve_faulty() as other, GuardedSession(LIMITS, POLICY) as session:
        other.handlers["/good"] = lambda request: request.respond(CONTENT)
        host.handlers["/moved"] = redirect(f"{other.url}/good")
        assert get(f"{host.url}/moved") == CONTENT
        with pytest.raises(FetchError, match=f"a redirect to {other.url}$"):
            session.follow_redirects(f"{host.url}/moved", same_host=True)
        assert other.requests["/good"] == 1


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_certificate_is_trusted_by_the_environment(
    tls_host: FaultyHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, str(tmp_path / "trusted.pem"))
    assert get(f"{tls_host.url}/good") == CONTENT


def test_certificate_that_is_not_trusted_is_an_error(tls_host: FaultyHost) -> None:
    """There is no retry, so no backoff."""
    start = time.monotonic()
    text = failure(f"{tls_host.url}/good", first_backoff=9.0, max_backoff=9.0)
    assert text.startswith("SSLError: [SSL: CERTIFICATE_VERIFY_FAILED]")
    assert tls_host.requests.total() == 0
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "private.example"])
def test_private_address_is_not_requested(
    host: FaultyHost, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    resolve(monkeypatch, {"private.example": ["127.0.0.1", "10.0.0.1"]})
    text = failure(f"{host.url.replace('127.0.0.1', name)}/good", Limits())
    assert text.endswith(", which needs allow_private_hosts=True (--allow-private-hosts)")
    assert text.startswith("the private address ")
    assert host.requests.total() == 0


def test_redirect_to_a_private_address_is_not_followed(
    proxy: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"private.example": ["127.0.0.1"]})
    monkeypatch.setenv("no_proxy", "private.example,127.0.0.1")
    for name in ("private.example", "127.0.0.1"):
        target = f"{proxy.url.replace('127.0.0.1', name)}/good"
        proxy.handlers[PUBLIC_URL] = redirect(target)
        assert failure(PUBLIC_URL, Limits()).startswith("the private address 127.0.0.1,")
    assert set(proxy.requests) == {PUBLIC_URL}


@pytest.mark.usefixtures("_trusted")
def test_connection_is_made_to_the_addresses_that_were_checked(
    tls_host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second public address answers. The certificate is still checked for the name."""
    resolve(monkeypatch, {"public.example": ["10.0.0.1", "93.184.216.34", "93.184.216.35"]})
    port = int(tls_host.url.rpartition(":")[2])
    connect = socket.create_connection
    addresses = []

    def create_connection(address: tuple[str, int], *details: Any, **more: Any) -> socket.socket:
        addresses.append(address)
        if address[0] == "93.184.216.34":
            raise ConnectionRefusedError
        return connect(("127.0.0.1", port), *details, **more)

    monkeypatch.setattr(socket, "create_connection", create_connection)
    assert get(f"https://public.example:{port}/good", Limits()) == CONTENT
    assert addresses == [("93.184.216.34", port), ("93.184.216.35", port)]


def test_unknown_host_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert failure(PUBLIC_URL, Limits()) == (
        "ConnectionError: [Errno -2] Name or service not known"
    )


def test_host_name_that_is_not_valid_is_an_error() -> None:
    url = f"http://{'a' * 64}.example/a"
    assert failure(url, Limits()) == "not a URL that can be requested"


def test_slow_redirects_meet_the_time_limit(host: FaultyHost) -> None:
    text = failure(f"{host.url}/redirect-loop", total_timeout=0.0)
    assert text == "no complete answer within the time limit"


def test_proxy_of_the_environment_is_used(proxy: FaultyHost) -> None:
    assert get(PUBLIC_URL, Limits()) == CONTENT
    assert set(proxy.requests) == {PUBLIC_URL}


def test_proxy_that_is_given_overrides_the_environments(proxy: FaultyHost) -> None:
    with serve_faulty() as other:
        other.handlers[PUBLIC_URL] = lambda request: request.respond(CONTENT)
        assert get(PUBLIC_URL, Limits(proxies={"http": other.url})) == CONTENT
    assert proxy.requests.total() == 0


@pytest.mark.parametrize(
    "url",
    ODD_HOSTS,
)
def test_host_in_an_odd_spelling_does_not_pass_the_guard(proxy: FaultyHost, url: str) -> None:
    """The proxy could read it as another host than the guard does."""
    for start in (url, PUBLIC_URL):
        proxy.handlers[PUBLIC_URL] = redirect(url)
        failure(start, Limits())
    assert all(requested.startswith("http://public.example/") for requested in proxy.requests)


def test_socks_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_socks(CONTENT) as proxy_url:
        monkeypatch.setenv("ALL_PROXY", proxy_url)
        assert get(PUBLIC_URL, Limits()) == CONTENT
