"""Responses that hold a poster in an unusual way, and links that must be sent as written."""

import gzip
import ssl
from collections.abc import Iterator

import pytest
import trustme
from downloads import POSTER, download
from servers.faulty import FaultyHost, Request, serve_faulty

from movie_posters_decade.download import DownloadCache
from movie_posters_decade.records import RejectReason

LAST = len(POSTER) - 1


def serve(host: FaultyHost, path: str, status: str, more: str = "", body: bytes = POSTER) -> str:
    """Serve a response at a path, and return its URL."""
    host.handlers[path] = lambda request: request.respond(body, status, more=more)
    return host.url + path


@pytest.fixture
def tls_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyHost]:
    """A host over TLS, whose certificate is trusted."""
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    trusted = tmp_path_factory.mktemp("certificates") / "trusted.pem"
    authority.cert_pem.write_to_path(str(trusted))
    with pytest.MonkeyPatch.context() as patch, serve_faulty(tls) as tls_host:
        patch.setenv("SSL_CERT_FILE", str(trusted))
        yield tls_host


@pytest.mark.parametrize(
    "path",
    ["/a%2Fb%3A%28c%29%27%40.jpg?signature=x%2By%3D%3D", "/a/../b/./c", "/a@b'(c),d._V1_UX1_.jpg"],
)
def test_link_is_sent_as_it_is_written(host: FaultyHost, path: str) -> None:
    url = serve(host, path, "200 OK")
    [result] = download([url])
    assert (result.reason, result.final_url) == (None, url)


def test_redirect_is_sent_as_it_is_written(host: FaultyHost) -> None:
    target = serve(host, "/a%2Fb?signature=%3D%28", "200 OK")
    [result] = download([serve(host, "/moved", "302 Found", f"Location: {target}\r\n")])
    assert (result.reason, result.final_url) == (None, target)


@pytest.mark.parametrize(
    ("status", "more", "reason"),
    [
        ("203 Non-Authoritative Information", "", None),
        ("206 Partial Content", f"Content-Range: bytes 0-{LAST}/{LAST + 1}\r\n", None),
        ("206 Partial", f"Content-Range: bytes 0-{LAST}/{LAST + 2}\r\n", RejectReason.TRUNCATED),
        ("206 Partial Content", "", RejectReason.TRUNCATED),
        ("204 No Content", "", RejectReason.SERVER_ERROR),
    ],
)
def test_status_says_whether_the_content_is_whole(
    host: FaultyHost, status: str, more: str, reason: RejectReason | None
) -> None:
    [result] = download([serve(host, "/a", status, more)])
    assert result.reason is reason


def test_compressed_content_is_decompressed(cache: DownloadCache, host: FaultyHost) -> None:
    url = serve(host, "/a", "200 OK", "Content-Encoding: gzip\r\n", gzip.compress(POSTER))
    [result] = download([url], cache)
    assert result.path is not None
    assert result.path.read_bytes() == POSTER


@pytest.mark.parametrize("encoding", ["gzip", "utf-8", "image/jpeg", "br"])
def test_content_that_is_not_compressed_as_it_says_is_used(host: FaultyHost, encoding: str) -> None:
    [result] = download([serve(host, "/a", "200 OK", f"Content-Encoding: {encoding}\r\n")])
    assert result.reason is None


def test_poster_after_early_hints_may_be_as_large_as_any_other(host: FaultyHost) -> None:
    def hint_first(request: Request) -> None:
        request.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        request.respond(POSTER.ljust(200_000, b"\0"))

    host.handlers["/a"] = hint_first
    [result] = download([f"{host.url}/a"])
    assert result.reason is None


def test_redirect_in_latin_1_keeps_its_bytes(host: FaultyHost) -> None:
    host.handlers |= {
        "/start": lambda request: request.send(
            b"HTTP/1.1 302 Found\r\nLocation: /caf\xe9\r\nContent-Length: 0\r\n\r\n"
        ),
        "/caf%E9": host.handlers["/good"],
    }
    [result] = download([f"{host.url}/start"])
    assert result.reason is None


def test_cookie_is_kept_for_the_redirects_of_one_link(host: FaultyHost) -> None:
    def with_cookie(request: Request) -> None:
        if b"Cookie: pass=1" in request.head:
            request.respond(POSTER)
        else:
            more = "Set-Cookie: pass=1; Path=/\r\nLocation: /a\r\n"
            request.respond(status="302 Found", more=more)

    host.handlers |= {"/a": with_cookie, "/b": host.handlers["/good"]}
    assert [result.reason for result in download([f"{host.url}/a"])] == [None]
    assert host.requests["/a"] == 2
    download([f"{host.url}/b"])
    assert b"Cookie" not in host.heads[-1]


@pytest.mark.parametrize("size", [len(POSTER), len(POSTER) - 10])
def test_tls_may_end_without_a_close_notify(
    cache: DownloadCache, tls_host: FaultyHost, size: int
) -> None:
    """As for browsers, the end of the connection is the end of a body without a length."""

    def end_abruptly(request: Request) -> None:
        request.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + POSTER[:size])
        request.hang_up()

    tls_host.handlers["/a"] = end_abruptly
    [result] = download([f"{tls_host.url}/a"], cache)
    # What is missing is seen by the check.
    assert result.reason is (None if size == len(POSTER) else RejectReason.TRUNCATED)


def test_tls_must_not_end_before_the_announced_length(tls_host: FaultyHost) -> None:
    def end_early(request: Request) -> None:
        request.respond(POSTER[:-10], length=len(POSTER))
        request.hang_up()

    tls_host.handlers["/a"] = end_early
    [result] = download([f"{tls_host.url}/a"])
    assert (result.reason, result.check) == (RejectReason.TRUNCATED, None)


def test_network_says_what_went_wrong(host: FaultyHost) -> None:
    for path in ("/reset-midway", "/no-http", "/hang"):
        [result] = download([host.url + path])
        assert result.detail, path
