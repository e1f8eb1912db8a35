"""SOCKS proxy on loopback that answers one request itself."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serve_socks(body: bytes) -> Iterator[str]:
    """Answer one request with a body, and give the proxy's URL. The proxy must be sent a name."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.recv(100)
                connection.sendall(b"\5\0")  # version 5, without authentication
                assert b"public.example" in connection.recv(100)
                connection.sendall(b"\5\0\0\1" + bytes(6))  # success, from an empty address
                connection.recv(1000)
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + body)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"socks5h://127.0.0.1:{server.getsockname()[1]}"
        thread.join()
