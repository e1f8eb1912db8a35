"""Faulty server: a poster host on loopback with another fault at each path."""

import gzip
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

GZIP_BOMB = gzip.compress(bytes(50 * 1024 * 1024))
"""Made once, as that is slow."""

Handler = Callable[["Request"], None]
"""Responds to a request, well or badly."""


@dataclass
class Request:
    """A request, and the ways to respond to it."""

    connection: socket.socket
    path: str
    head: bytes
    number: int
    """How many requests for the path there have been, with this one."""
    closing: threading.Event

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def respond(
        self, body: bytes = b"", status: str = "200 OK", length: int | None = None, more: str = ""
    ) -> None:
        size = len(body) if length is None else length
        self.send(f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{more}\r\n".encode() + body)

    def reset(self) -> None:
        """Reset the connection."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.hang_up()

    def hang_up(self) -> None:
        self.connection.close()
        raise ConnectionAbortedError

    def hang(self) -> None:
        """Send nothing until the test is over."""
        self.closing.wait(20)
        self.hang_up()


def not_found(request: Request) -> None:
    request.respond(b"Not Found", "404 Not Found")


@dataclass
class FaultyHost:
    """The host: its handlers by path, and the requests it received."""

    url: str = ""
    handlers: dict[str, Handler] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    heads: list[bytes] = field(default_factory=list)
    max_concurrent: int = 0
    concurrent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)

    def receive(self, connection: socket.socket, path: str, head: bytes) -> None:
        with self._lock:
            self.requests[path] += 1
            self.heads.append(head)
            self.concurrent += 1
            self.max_concurrent = max(self.max_concurrent, self.concurrent)
            request = Request(connection, path, head, self.requests[path], self.closing)
        try:
            self.handlers.get(path, not_found)(request)
        finally:
            with self._lock:
                self.concurrent -= 1


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: Any) -> None:
        """Print nothing about clients that hang up."""


@contextmanager
def serve_faulty(
    tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> Iterator[FaultyHost]:
    """Serve a host without handlers at an address, over TLS if there is a context for it."""
    host = FaultyHost()

    class Connection(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while head := self._read_head():
                    host.receive(self.connection, head.split(b" ")[1].decode(), head)

        def _read_head(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) not in {b"\r\n", b""}:
                lines.append(line)
            return b"".join(lines)

    server = _Server((address, 0), Connection)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    host.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    try:
        yield host
    finally:
        host.closing.set()
        server.shutdown()
        server.server_close()


def redirect(to: str) -> Handler:
    """Return a handler that redirects."""
    return lambda request: request.respond(status="302 Found", more=f"Location: {to}\r\n")


def faulty_handlers(poster: bytes) -> dict[str, Handler]:
    """Return a handler for each fault, by path, and a few that send a good poster."""

    def error_first(request: Request) -> None:
        if request.number == 1:
            request.respond(status="500 Internal Server Error")
        else:
            request.respond(poster)

    def busy_first(request: Request) -> None:
        if request.number == 1:
            request.respond(status="429 Too Many Requests", more="Retry-After: 0\r\n")
        else:
            request.respond(poster)

    def reset_midway(request: Request) -> None:
        request.respond(poster[:100], length=len(poster))
        request.reset()

    def reset_first(request: Request) -> None:
        if request.number == 1:
            request.reset()
        request.respond(poster)

    def byte_by_byte(request: Request) -> None:
        request.respond(length=1000)
        while not request.closing.wait(0.05):
            request.send(b"x")
        request.hang_up()

    def endless(request: Request) -> None:
        request.send(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")
        while not request.closing.is_set():
            request.send(b"x" * 65536)

    def ends_early(request: Request) -> None:
        request.respond(poster[:-10], length=len(poster))
        request.hang_up()

    def length_too_small(request: Request) -> None:
        request.respond(poster[:1000], length=1000)
        request.closing.wait(0.05)
        request.send(poster[1000:])

    def early_hints(request: Request) -> None:
        request.send(b"HTTP/1.1 103 Early Hints\r\nX-Robots-Tag: noai\r\n\r\n")
        request.respond(poster)

    def only_early_hints(request: Request) -> None:
        request.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        request.hang_up()

    def head_ends_early(request: Request) -> None:
        request.send(b"HTTP/1.1 200 OK\r\nContent-Le")
        request.hang_up()

    def ends_early_first(request: Request) -> None:
        if request.number == 1:
            request.respond(b"x" * 3 * len(poster), length=9 * len(poster))
            request.hang_up()
        request.respond(poster)

    return {
        "/good": lambda request: request.respond(poster),
        "/early-hints": early_hints,
        "/only-early-hints": only_early_hints,
        "/head-ends-early": head_ends_early,
        "/ends-early-first": ends_early_first,
        "/odd-header": lambda request: request.respond(poster, more="HTTP/x: y\r\n"),
        "/largest": lambda request: request.respond(poster.ljust(1024 * 1024, b"\0")),
        "/404": not_found,
        "/404-long": lambda request: request.respond(bytes(1024 * 1024), "404 Not Found"),
        "/410": lambda request: request.respond(status="410 Gone"),
        "/401": lambda request: request.respond(status="401 Unauthorized"),
        "/403": lambda request: request.respond(status="403 Forbidden"),
        "/500": lambda request: request.respond(status="500 Internal Server Error"),
        "/503": lambda request: request.respond(status="503 Service Unavailable"),
        "/504": lambda request: request.respond(status="504 Gateway Timeout"),
        "/429": lambda request: request.respond(
            status="429 Too Many Requests", more="Retry-After: 0\r\n"
        ),
        "/busy-first": busy_first,
        "/500-first": error_first,
        "/reset-first": reset_first,
        "/reset-midway": reset_midway,
        "/hang": Request.hang,
        "/byte-by-byte": byte_by_byte,
        "/endless": endless,
        "/huge": lambda request: request.respond(b"x", length=30 * 1024 * 1024),
        "/ends-early": ends_early,
        "/length-too-small": length_too_small,
        "/gzip-bomb": lambda request: request.respond(GZIP_BOMB, more="Content-Encoding: gzip\r\n"),
        "/html": lambda request: request.respond(b"<!doctype html><title>Sign in</title>"),
        "/empty": lambda request: request.respond(),
        "/svg": lambda request: request.respond(b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        "/no-http": lambda request: request.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        "/redirect": redirect("/good"),
        "/redirect-loop": redirect("/redirect-loop"),
        "/redirect-to-private": redirect("http://10.0.0.1/good"),
        "/redirect-to-file": redirect("file:///etc/passwd"),
        "/redirect-without-location": lambda request: request.respond(status="302 Found"),
        "/opted-out": lambda request: request.respond(poster, more="X-Robots-Tag: noai\r\n"),
    }
