"""A poster host on loopback on which everything goes wrong, one way at each path."""

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
"""Made once, as that takes a while."""

Fault = Callable[["Visit"], None]


@dataclass
class Visit:
    """One request and the means to answer it."""

    connection: socket.socket
    path: str
    head: bytes
    times: int
    """How often the path has been asked for, this time included."""
    closing: threading.Event

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def answer(
        self, body: bytes = b"", status: str = "200 OK", length: int | None = None, more: str = ""
    ) -> None:
        size = len(body) if length is None else length
        self.send(f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{more}\r\n".encode() + body)

    def reset(self) -> None:
        """Close the connection so that the other end sees it reset."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.hang_up()

    def hang_up(self) -> None:
        self.connection.close()
        raise ConnectionAbortedError

    def hang(self) -> None:
        """Say nothing until the test is over."""
        self.closing.wait(20)
        self.hang_up()


def not_found(visit: Visit) -> None:
    visit.answer(b"Not Found", "404 Not Found")


@dataclass
class FaultyHost:
    """The host: what it does by path, and how often it was asked for each."""

    url: str = ""
    faults: dict[str, Fault] = field(default_factory=dict)
    visits: Counter[str] = field(default_factory=Counter)
    heads: list[bytes] = field(default_factory=list)
    most_at_once: int = 0
    at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)

    def receive(self, connection: socket.socket, path: str, head: bytes) -> None:
        with self._lock:
            self.visits[path] += 1
            self.heads.append(head)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            visit = Visit(connection, path, head, self.visits[path], self.closing)
        try:
            self.faults.get(path, not_found)(visit)
        finally:
            with self._lock:
                self.at_once -= 1


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: Any) -> None:
        """Keep quiet about clients that hang up."""


@contextmanager
def serve_faulty(tls: ssl.SSLContext | None = None) -> Iterator[FaultyHost]:
    """Serve a host that can be given faults, over TLS if there is a context for it."""
    host = FaultyHost()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while head := self._read_head():
                    host.receive(self.connection, head.split(b" ")[1].decode(), head)

        def _read_head(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) not in {b"\r\n", b""}:
                lines.append(line)
            return b"".join(lines)

    server = _Server(("127.0.0.1", 0), Handler)
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


def redirect(to: str) -> Fault:
    """Return a fault that leads elsewhere."""
    return lambda visit: visit.answer(status="302 Found", more=f"Location: {to}\r\n")


def all_faults(poster: bytes) -> dict[str, Fault]:
    """Return every fault by path, given a good poster."""

    def error_at_first(visit: Visit) -> None:
        if visit.times == 1:
            visit.answer(status="500 Internal Server Error")
        else:
            visit.answer(poster)

    def busy_at_first(visit: Visit) -> None:
        if visit.times == 1:
            visit.answer(status="429 Too Many Requests", more="Retry-After: 0\r\n")
        else:
            visit.answer(poster)

    def reset_in_the_middle(visit: Visit) -> None:
        visit.answer(poster[:100], length=len(poster))
        visit.reset()

    def reset_at_first(visit: Visit) -> None:
        if visit.times == 1:
            visit.reset()
        visit.answer(poster)

    def byte_by_byte(visit: Visit) -> None:
        visit.answer(length=1000)
        while not visit.closing.wait(0.05):
            visit.send(b"x")
        visit.hang_up()

    def endless(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")
        while not visit.closing.is_set():
            visit.send(b"x" * 65536)

    def ends_early(visit: Visit) -> None:
        visit.answer(poster[:-10], length=len(poster))
        visit.hang_up()

    def says_too_little(visit: Visit) -> None:
        visit.answer(poster[:1000], length=1000)
        visit.closing.wait(0.05)
        visit.send(poster[1000:])

    def announced(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 103 Early Hints\r\nX-Robots-Tag: noai\r\n\r\n")
        visit.answer(poster)

    def only_announced(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        visit.hang_up()

    def head_cut(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Le")
        visit.hang_up()

    def cut_at_first(visit: Visit) -> None:
        if visit.times == 1:
            visit.answer(b"x" * 3 * len(poster), length=9 * len(poster))
            visit.hang_up()
        visit.answer(poster)

    return {
        "/good": lambda visit: visit.answer(poster),
        "/announced": announced,
        "/only-announced": only_announced,
        "/head-cut": head_cut,
        "/cut-at-first": cut_at_first,
        "/odd-header": lambda visit: visit.answer(poster, more="HTTP/x: y\r\n"),
        "/largest": lambda visit: visit.answer(poster.ljust(1024 * 1024, b"\0")),
        "/404": not_found,
        "/404-at-length": lambda visit: visit.answer(bytes(1024 * 1024), "404 Not Found"),
        "/410": lambda visit: visit.answer(status="410 Gone"),
        "/401": lambda visit: visit.answer(status="401 Unauthorized"),
        "/403": lambda visit: visit.answer(status="403 Forbidden"),
        "/500": lambda visit: visit.answer(status="500 Internal Server Error"),
        "/503": lambda visit: visit.answer(status="503 Service Unavailable"),
        "/504": lambda visit: visit.answer(status="504 Gateway Timeout"),
        "/429": lambda visit: visit.answer(
            status="429 Too Many Requests", more="Retry-After: 0\r\n"
        ),
        "/busy-at-first": busy_at_first,
        "/500-at-first": error_at_first,
        "/reset-at-first": reset_at_first,
        "/reset-in-the-middle": reset_in_the_middle,
        "/hang": Visit.hang,
        "/byte-by-byte": byte_by_byte,
        "/endless": endless,
        "/huge": lambda visit: visit.answer(b"x", length=30 * 1024 * 1024),
        "/ends-early": ends_early,
        "/says-too-little": says_too_little,
        "/gzip-bomb": lambda visit: visit.answer(GZIP_BOMB, more="Content-Encoding: gzip\r\n"),
        "/html": lambda visit: visit.answer(b"<!doctype html><title>Sign in</title>"),
        "/empty": lambda visit: visit.answer(),
        "/svg": lambda visit: visit.answer(b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        "/no-http": lambda visit: visit.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        "/redirect": redirect("/good"),
        "/redirect-loop": redirect("/redirect-loop"),
        "/redirect-to-private": redirect("http://10.0.0.1/good"),
        "/redirect-to-file": redirect("file:///etc/passwd"),
        "/redirect-to-nowhere": lambda visit: visit.answer(status="302 Found"),
        "/opted-out": lambda visit: visit.answer(poster, more="X-Robots-Tag: noai\r\n"),
    }
