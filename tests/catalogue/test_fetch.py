"""Catalogue download: retries, redirects, private-address guard, limits, proxies, progress."""

import gzip
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest
import trustme
from downloads import LIMITS, ODD_HOSTS
from servers.faulty import FaultyHost, Request, faulty_handlers, redirect, serve_faulty
from servers.socks import serve_socks

from movie_posters_decade.catalogue.fetch import FetchError, fetch
from movie_posters_decade.download import Limits, RetryPolicy

CONTENT = bytes(range(256)) * 100
POLICY = RetryPolicy(total_timeout=30.0, first_backoff=0.01, max_backoff=0.05)
PUBLIC_URL = "http://public.example/a"
"""A URL at a public host that only the proxy knows."""


@pytest.fixture
def host() -> Iterator[FaultyHost]:
    """A host with another fault at each path."""
    with serve_faulty() as host:
        host.handlers = faulty_handlers(CONTENT)
        host.handlers["/chunks"] = lambda request: respond_in_chunks(request, end=b"0\r\n\r\n")
        host.handlers["/chunk-ends-early"] = lambda request: respond_in_chunks(
            request, end=b"9\r\n"
        )
        yield host


@pytest.fixture
def proxy(host: FaultyHost, monkeypatch: pytest.MonkeyPatch) -> FaultyHost:
    """The same host, as the HTTP proxy of the environment."""
    monkeypatch.setenv("http_proxy", host.url)
    host.handlers[PUBLIC_URL] = host.handlers["/good"]
    return host


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of the file, in a folder that does not exist yet."""
    return tmp_path / "downloads" / "file"


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


def download(url: str, path: Path, limits: Limits = LIMITS, **policy: Any) -> bytes:
    """Download a file with a short backoff, and return its content."""
    fetch(url, path, limits, replace(POLICY, **policy))
    return path.read_bytes()


def failure(url: str, path: Path, limits: Limits = LIMITS, **policy: Any) -> str:
    """Return the text of the error of a download. It leaves no file."""
    with pytest.raises(FetchError) as error:
        download(url, path, limits, **policy)
    assert not path.parent.exists() or list(path.parent.iterdir()) == []
    return str(error.value)


def respond_in_chunks(request: Request, end: bytes) -> None:
    """Respond with the content in chunks, of which the last are given."""
    request.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    request.send(b"%x\r\n%b\r\n" % (len(CONTENT), CONTENT) + end)
    request.hang_up()


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


def test_file_is_downloaded_whole(host: FaultyHost, path: Path) -> None:
    limits = replace(LIMITS, user_agent="tester/1")
    assert download(f"{host.url}/good", path, limits) == CONTENT
    assert [file.name for file in path.parent.iterdir()] == ["file"]
    assert b"User-Agent: tester/1\r\n" in host.heads[0]


def test_file_without_a_content_length_is_downloaded_whole(host: FaultyHost, path: Path) -> None:
    assert download(f"{host.url}/chunks", path) == CONTENT


def test_content_encoding_is_decoded(host: FaultyHost, path: Path) -> None:
    zipped = gzip.compress(CONTENT)
    host.handlers["/gzip"] = lambda request: request.respond(
        zipped, more="Content-Encoding: gzip\r\n"
    )
    assert download(f"{host.url}/gzip", path) == CONTENT


@pytest.mark.parametrize("fault", ["busy-first", "500-first", "reset-first", "ends-early-first"])
def test_temporary_failure_is_retried(host: FaultyHost, path: Path, fault: str) -> None:
    assert download(f"{host.url}/{fault}", path) == CONTENT
    assert host.requests[f"/{fault}"] == 2


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("503", "HTTP status 503 from {host}"),
        ("ends-early", "ProtocolError: IncompleteRead(25590 bytes read, 10 more expected)"),
        ("chunk-ends-early", "ProtocolError: IncompleteRead(0 bytes read)"),
        ("reset-midway", "ProtocolError: [Errno 104] Connection reset by peer"),
    ],
)
def test_attempts_are_limited(host: FaultyHost, path: Path, fault: str, text: str) -> None:
    assert failure(f"{host.url}/{fault}", path) == text.format(host=host.url)
    assert host.requests[f"/{fault}"] == POLICY.attempts


def test_host_that_hangs_meets_the_read_timeout(host: FaultyHost, path: Path) -> None:
    text = failure(f"{host.url}/hang", path, read_timeout=0.2)
    assert text == "ConnectionError: timed out"


@pytest.mark.parametrize("fault", ["403", "404", "410"])
def test_lasting_failure_is_not_retried(host: FaultyHost, path: Path, fault: str) -> None:
    assert failure(f"{host.url}/{fault}", path) == f"HTTP status {fault} from {host.url}"
    assert host.requests[f"/{fault}"] == 1


def test_retry_after_is_respected_up_to_the_longest_backoff(host: FaultyHost, path: Path) -> None:
    host.handlers["/busy"] = lambda request: after_one(
        "503 Service Unavailable", "Retry-After: 3600\r\n", request
    )
    start = time.monotonic()
    assert download(f"{host.url}/busy", path, max_backoff=0.2) == CONTENT
    assert 0.2 <= time.monotonic() - start < 2


def test_retry_after_that_is_not_a_time_is_ignored(host: FaultyHost, path: Path) -> None:
    host.handlers["/busy"] = lambda request: after_one(
        "503 Service Unavailable", "Retry-After: soon\r\n", request
    )
    assert download(f"{host.url}/busy", path) == CONTENT


def test_redirects_are_followed_with_the_cookies_they_set(host: FaultyHost, path: Path) -> None:
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
    assert download(f"{host.url}/start", path) == CONTENT


def test_redirects_are_limited(host: FaultyHost, path: Path) -> None:
    text = failure(f"{host.url}/redirect-loop", path)
    assert text == "more than 5 redirects"
    assert host.requests["/redirect-loop"] == 6


def test_body_of_a_redirect_is_not_read(host: FaultyHost, path: Path) -> None:
    def endless(request: Request) -> None:
        request.send(b"HTTP/1.1 302 Found\r\nLocation: /good\r\n\r\n")
        while not request.closing.is_set():
            request.send(b"x" * 65536)

    host.handlers["/endless-redirect"] = endless
    assert download(f"{host.url}/endless-redirect", path) == CONTENT


def test_redirect_to_a_file_is_not_followed(host: FaultyHost, path: Path) -> None:
    assert failure(f"{host.url}/redirect-to-file", path) == "not a public address"


@pytest.mark.usefixtures("_trusted")
@pytest.mark.parametrize("scheme", ["http", "HTTP"])
def test_redirect_from_https_to_http_is_not_followed(
    host: FaultyHost, tls_host: FaultyHost, path: Path, scheme: str
) -> None:
    tls_host.handlers["/insecure"] = redirect(f"{host.url.replace('http', scheme)}/good")
    text = failure(f"{tls_host.url}/insecure", path)
    assert text == "a redirect from https to http"
    assert host.requests.total() == 0


@pytest.mark.usefixtures("_trusted")
def test_redirect_from_http_to_https_is_followed_in_each_attempt(
    host: FaultyHost, tls_host: FaultyHost, path: Path
) -> None:
    tls_host.handlers["/a"] = host.handlers["/ends-early-first"]
    host.handlers["/secure"] = redirect(f"{tls_host.url}/a")
    assert download(f"{host.url}/secure", path) == CONTENT
    assert host.requests["/secure"] == 2


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_certificate_is_trusted_by_the_environment(
    tls_host: FaultyHost, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, str(tmp_path / "trusted.pem"))
    assert download(f"{tls_host.url}/good", path) == CONTENT


def test_certificate_that_is_not_trusted_is_an_error(tls_host: FaultyHost, path: Path) -> None:
    """There is no retry, so no backoff."""
    start = time.monotonic()
    text = failure(f"{tls_host.url}/good", path, first_backoff=9.0, max_backoff=9.0)
    assert text.startswith("SSLError: [SSL: CERTIFICATE_VERIFY_FAILED]")
    assert tls_host.requests.total() == 0
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "private.example"])
def test_private_address_is_not_requested(
    host: FaultyHost, path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    resolve(monkeypatch, {"private.example": ["127.0.0.1", "10.0.0.1"]})
    text = failure(f"{host.url.replace('127.0.0.1', name)}/good", path, Limits())
    assert text.endswith(", which needs allow_private_hosts=True (--allow-private-hosts)")
    assert text.startswith("the private address ")
    assert host.requests.total() == 0


def test_redirect_to_a_private_address_is_not_followed(
    proxy: FaultyHost, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"private.example": ["127.0.0.1"]})
    monkeypatch.setenv("no_proxy", "private.example,127.0.0.1")
    for name in ("private.example", "127.0.0.1"):
        target = f"{proxy.url.replace('127.0.0.1', name)}/good"
        proxy.handlers[PUBLIC_URL] = redirect(target)
        assert failure(PUBLIC_URL, path, Limits()).startswith("the private address 127.0.0.1,")
    assert set(proxy.requests) == {PUBLIC_URL}


@pytest.mark.usefixtures("_trusted")
def test_connection_is_made_to_the_addresses_that_were_checked(
    tls_host: FaultyHost, path: Path, monkeypatch: pytest.MonkeyPatch
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
    assert download(f"https://public.example:{port}/good", path, Limits()) == CONTENT
    assert addresses == [("93.184.216.34", port), ("93.184.216.35", port)]


def test_unknown_host_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert failure(PUBLIC_URL, path, Limits()) == (
        "ConnectionError: [Errno -2] Name or service not known"
    )


def test_host_name_that_is_not_valid_is_an_error(path: Path) -> None:
    url = f"http://{'a' * 64}.example/a"
    assert failure(url, path, Limits()) == "not a URL that can be requested"


def test_error_does_not_repeat_a_signed_url(host: FaultyHost, path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"http://127.0.0.1:{server.getsockname()[1]}"
    host.handlers["/start"] = redirect(f"{closed}/a?signature=secret")
    assert failure(f"{host.url}/start", path) == "ConnectionError: [Errno 111] Connection refused"
    host.handlers["/start"] = redirect("/404?signature=secret")
    assert failure(f"{host.url}/start", path) == f"HTTP status 404 from {host.url}"


@pytest.mark.parametrize("fault", ["huge", "endless", "gzip-bomb"])
def test_file_above_the_size_limit_is_an_error(host: FaultyHost, path: Path, fault: str) -> None:
    text = failure(f"{host.url}/{fault}", path)
    assert text == "a file of more than 1,048,576 bytes"
    assert host.requests[f"/{fault}"] == 1


def test_slow_redirects_meet_the_time_limit(host: FaultyHost, path: Path) -> None:
    text = failure(f"{host.url}/redirect-loop", path, total_timeout=0.0)
    assert text == "no complete file within the time limit"


def test_slow_host_meets_the_time_limit(host: FaultyHost, path: Path) -> None:
    start = time.monotonic()
    text = failure(f"{host.url}/byte-by-byte", path, total_timeout=0.2)
    assert text == "no complete file within the time limit"
    assert time.monotonic() - start < 5
    assert host.requests["/byte-by-byte"] == 1


def test_failure_keeps_the_earlier_file(host: FaultyHost, path: Path) -> None:
    download(f"{host.url}/good", path)
    with pytest.raises(FetchError):
        fetch(f"{host.url}/ends-early", path, LIMITS, POLICY)
    assert [file.read_bytes() for file in path.parent.iterdir()] == [CONTENT]


def test_file_that_cannot_be_stored_is_an_error(host: FaultyHost, path: Path) -> None:
    path.parent.write_text("not a folder")
    with pytest.raises(FetchError, match=r"FileExistsError: .*downloads'"):
        fetch(f"{host.url}/good", path, LIMITS, POLICY)


def test_interrupted_download_leaves_no_file(host: FaultyHost, path: Path) -> None:
    main_thread = threading.get_ident()

    def interrupt(request: Request) -> None:
        request.respond(CONTENT, length=2 * len(CONTENT))
        while not any(file.stat().st_size for file in path.parent.glob("*.incomplete")):
            time.sleep(0.01)
        signal.pthread_kill(main_thread, signal.SIGINT)
        request.hang()

    host.handlers["/interrupt"] = interrupt
    # A shell lets a background process ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            download(f"{host.url}/interrupt", path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert list(path.parent.iterdir()) == []


def test_progress_bar_is_shown_unless_it_is_disabled(
    host: FaultyHost, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download(f"{host.url}/good", path)
    assert capsys.readouterr().err == ""
    datasets.enable_progress_bars()
    try:
        download(f"{host.url}/good", path)
    finally:
        datasets.disable_progress_bars()
    last = capsys.readouterr().err.split("\r")[-1]
    assert last.startswith("Downloading the catalogue: 100%")
    assert "25.6k/25.6k" in last


def test_proxy_of_the_environment_is_used(proxy: FaultyHost, path: Path) -> None:
    assert download(PUBLIC_URL, path, Limits()) == CONTENT
    assert set(proxy.requests) == {PUBLIC_URL}


@pytest.mark.parametrize(
    "url",
    ODD_HOSTS,
)
def test_host_in_an_odd_spelling_does_not_pass_the_guard(
    proxy: FaultyHost, path: Path, url: str
) -> None:
    """The proxy could read it as another host than the guard does."""
    for start in (url, PUBLIC_URL):
        proxy.handlers[PUBLIC_URL] = redirect(url)
        failure(start, path, Limits())
    assert all(requested.startswith("http://public.example/") for requested in proxy.requests)


def test_socks_proxy_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_socks(CONTENT) as proxy_url:
        monkeypatch.setenv("ALL_PROXY", proxy_url)
        assert download(PUBLIC_URL, path, Limits()) == CONTENT
