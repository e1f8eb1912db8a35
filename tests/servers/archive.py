"""Archive on loopback: the Wayback Machine's index and playback, and the hosts of posters.

It is a proxy, so that real addresses are requested: it answers CONNECT with TLS, under a
certificate of its own authority, and whole URLs over http.
"""

import base64
import gzip
import hashlib
import json
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import KW_ONLY, dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import trustme
from servers.faulty import FaultyHost, Handler, Request, redirect, serve_faulty

ARCHIVE = "https://web.archive.org"
FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
EVERY = "*"
"""Stands for every link among faults."""

_PLAYBACK = re.compile(r"/web/(\d{1,14})([a-z]{2}_)?/(.+)")
_PAGE = "<!doctype html><title>Wayback Machine</title><p>{}</p>"


class Capture(NamedTuple):
    """What the archive holds of a link at one time."""

    timestamp: str
    content: bytes
    mimetype: str = "image/jpeg"
    status: str = "200"
    digest: str = ""  # in the index, if it is not that of the content

    @property
    def sha1(self) -> str:
        """The digest that the index gives."""
        return self.digest or base64.b32encode(hashlib.sha1(self.content).digest()).decode()  # noqa: S324

    def row(self, link: str) -> dict[str, str]:
        """Return the fields of the index."""
        values = (self.mimetype, self.status, self.sha1, str(len(self.content)))
        return dict(zip(FIELDS, (url_key(link), self.timestamp, link, *values), strict=True))


@dataclass
class Archive:
    """The archive and the poster hosts, and the requests that they received.

    It is a context manager, which gives the environment variables that lead a client to it.
    """

    captures: Mapping[str, Sequence[tuple[Any, ...]]] = field(default_factory=dict)
    """Captures by link: timestamp and content, and what else a `Capture` has."""
    posters: Mapping[str, tuple[int, bytes]] = field(default_factory=dict)
    """Status and body of poster links at other hosts; all others are not found."""
    _: KW_ONLY
    index_faults: dict[str, Handler] = field(default_factory=dict)
    """What the index responds instead, by link, or for `EVERY` link."""
    playback_faults: dict[str, Handler] = field(default_factory=dict)
    """What playback responds instead, by link, or for `EVERY` link."""
    requests: Counter[str] = field(default_factory=Counter, init=False)
    """All requests, by URL."""
    index_requests: Counter[str] = field(default_factory=Counter, init=False)
    """Requests to the index, by link."""
    playback_requests: Counter[str] = field(default_factory=Counter, init=False)
    """Requests to playback, by link."""
    heads: list[bytes] = field(default_factory=list, init=False)
    times: list[float] = field(default_factory=list, init=False)
    """When the requests to the index came, on the monotonic clock."""
    connections: Counter[str] = field(default_factory=Counter, init=False)
    """TLS connections, by host and port."""
    _authority: trustme.CA = field(default_factory=trustme.CA, init=False)
    _contexts: dict[str, ssl.SSLContext] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _opened: ExitStack = field(default_factory=ExitStack, init=False)

    def __enter__(self) -> dict[str, str]:
        folder = self._opened.enter_context(TemporaryDirectory())
        trusted = str(Path(folder) / "trusted.pem")
        self._authority.cert_pem.write_to_path(trusted)
        proxy = self._opened.enter_context(serve_faulty())
        proxy.handlers = _Handlers(self, proxy)
        return {
            "http_proxy": proxy.url,
            "https_proxy": proxy.url,
            "no_proxy": "127.0.0.1",
            "SSL_CERT_FILE": trusted,
            "REQUESTS_CA_BUNDLE": trusted,
        }

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def requested(self, url: str, head: bytes) -> Handler:
        """Count a request for a URL, and return what responds to it."""
        archive = f"{ARCHIVE}/"
        with self._lock:
            self.requests[url] += 1
            self.heads.append(head)
            if url.startswith(f"{archive}cdx/search/cdx?"):
                return self._index(parse_qs(urlsplit(url).query))
            if url.startswith(archive):
                return self._playback(url.removeprefix(ARCHIVE))
            return self._poster(url)

    def tunnel(self, request: Request) -> Iterator[Request]:
        """Yield the requests of a connection over TLS."""
        host = request.path
        with self._lock:
            self.connections[host] += 1
            context = self._context(host.rpartition(":")[0])
        request.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with (
            context.wrap_socket(request.connection, server_side=True) as connection,
            connection.makefile("rb") as file,
        ):
            while head := _read_head(file):
                url = f"https://{host.removesuffix(':443')}{_target(head)}"
                number = self.requests[url] + 1
                yield Request(connection, url, head, number, request.closing)

    def _context(self, host: str) -> ssl.SSLContext:
        if host not in self._contexts:
            self._contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert(host).configure_cert(self._contexts[host])
        return self._contexts[host]

    def _index(self, query: dict[str, list[str]]) -> Handler:
        link = query["url"][0]
        self.index_requests[link] += 1
        self.times.append(time.monotonic())
        fault = self.index_faults.get(link) or self.index_faults.get(EVERY)
        rows = search([capture.row(name) for name, capture in self._captures_of(link)], query)
        return fault or (lambda request: _respond_with_table(rows, query, request))

    def _playback(self, path: str) -> Handler:
        found = _PLAYBACK.fullmatch(path)
        if found is None:
            return not_archived
        timestamp, flag, link = found.groups()
        self.playback_requests[link] += 1
        fault = self.playback_faults.get(link) or self.playback_faults.get(EVERY)
        captures = self._captures_of(link)
        if fault or not captures:
            return fault or not_archived
        original, capture = min(captures, key=lambda pair: _distance(pair[1].timestamp, timestamp))
        if capture.timestamp != timestamp:
            return redirect(f"{ARCHIVE}/web/{capture.timestamp}{flag or ''}/{original}")
        return lambda request: _respond_with_capture(capture, flag == "id_", request)

    def _poster(self, url: str) -> Handler:
        status, body = self.posters.get(url, (404, b"Not Found"))
        return lambda request: request.respond(body, f"{status} {'OK' if status == 200 else 'No'}")

    def _captures_of(self, link: str) -> list[tuple[str, Capture]]:
        """Return the captures whose key is a link's, with their links, by time."""
        pairs = [
            (name, Capture(*values))
            for name, some in self.captures.items()
            for values in some
            if url_key(name) == url_key(link)
        ]
        return sorted(pairs, key=lambda pair: pair[1].timestamp)


class _Handlers(dict[str, Handler]):
    """The handlers of the proxy, which are made as they are wanted."""

    def __init__(self, archive: Archive, proxy: FaultyHost) -> None:
        super().__init__()
        self._archive = archive
        self._proxy = proxy

    def get(self, path: str, default: Any = None) -> Any:  # noqa: ARG002
        return self._tunnel if "://" not in path else self._respond

    def _tunnel(self, request: Request) -> None:
        for inner in self._archive.tunnel(request):
            self._respond(inner)
        request.hang_up()

    def _respond(self, request: Request) -> None:
        self._archive.requested(request.path, request.head)(request)


def search(rows: list[dict[str, str]], query: dict[str, list[str]]) -> list[dict[str, str]]:
    """Return the rows of the index that a query finds, as the CDX server does.

    It knows filter, collapse and limit.
    """
    for text in query.get("filter", []):
        name, _, pattern = text.removeprefix("!").partition(":")
        is_wanted = not text.startswith("!")
        rows = [row for row in rows if bool(re.fullmatch(pattern, row[name])) == is_wanted]
    for text in query.get("collapse", []):
        name, _, length = text.partition(":")
        rows = _collapse(rows, name, int(length) if length else None)
    limit = int(query.get("limit", ["150000"])[0])
    return rows[:limit] if limit >= 0 else rows[limit:]


@cache  # a request compares the keys of all captures
def url_key(link: str) -> str:
    """Return the key of a link in the index: without scheme, port, "www.", and case."""
    parts = urlsplit(unquote(link).lower())
    host = (parts.hostname or "").removeprefix("www.")
    return (
        f"{','.join(reversed(host.split('.')))}){parts.path}{'?' * bool(parts.query)}{parts.query}"
    )


def answer(body: bytes, status: str = "200 OK", more: str = "") -> Handler:
    """Return a handler that sends a response."""
    return lambda request: request.respond(body, status, more=more)


def not_archived(request: Request) -> None:
    """Respond as the archive does for what it does not hold."""
    page = _PAGE.format("The Wayback Machine has not archived that URL.").encode()
    request.respond(page, "404 Not Found", more="Content-Type: text/html\r\n")


def _collapse(rows: list[dict[str, str]], name: str, length: int | None) -> list[dict[str, str]]:
    kept: list[dict[str, str]] = []
    last = None
    for row in rows:
        if row[name][:length] != last:
            kept.append(row)
        last = row[name][:length]
    return kept


def _respond_with_table(
    rows: list[dict[str, str]], query: dict[str, list[str]], request: Request
) -> None:
    """Respond with rows, as JSON if that is wanted, and compressed for clients that accept it."""
    names = ",".join(query.get("fl", FIELDS)).split(",")
    cells = [[row[name] for name in names] for row in rows]
    if query.get("output") == ["json"]:
        lines = [json.dumps(row) for row in ([names, *cells] if cells else [])]
        text = "[" + ",\n ".join(lines) + "]\n"
    else:
        text = "".join(" ".join(row) + "\n" for row in cells)
    body, more = text.encode(), "Content-Type: application/json\r\n"
    if re.search(rb"(?im)^accept-encoding:.*gzip", request.head):
        body, more = gzip.compress(body), f"{more}Content-Encoding: gzip\r\n"
    request.respond(body, more=more)


def _respond_with_capture(capture: Capture, is_original: bool, request: Request) -> None:
    if is_original:
        more = f"Content-Type: {capture.mimetype}\r\nMemento-Datetime: {capture.timestamp}\r\n"
        request.respond(capture.content, f"{capture.status} OK", more=more)
    else:
        page = _PAGE.format(f"Captured at {capture.timestamp}").encode()
        request.respond(page, more="Content-Type: text/html\r\n")


def _distance(timestamp: str, other: str) -> int:
    return abs(int(timestamp) - int(other.ljust(14, "0")))


def _target(head: bytes) -> str:
    return head.split(b" ")[1].decode()


def _read_head(file: IO[bytes]) -> bytes:
    lines = []
    with suppress(OSError):
        while (line := file.readline()) not in {b"\r\n", b""}:
            lines.append(line)
    return b"".join(lines)
