"""Serve a folder over HTTP after a latency, where nginx is not installed: FOLDER MS LOG PORT..."""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

FOUND = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n"
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class PosterHost(asyncio.Protocol):
    """One connection, kept alive; requests are answered in their order."""

    def __init__(self, folder: Path, latency: float, log: Path) -> None:
        """Take the folder, the latency in seconds, and where each request is noted."""
        self.folder, self.latency, self.log = folder, latency, log.open("a", buffering=1)
        self.received, self.port = b"", 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete, each after the latency."""
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, self.received = self.received.split(b"\r\n\r\n", 1)
            asyncio.get_running_loop().call_later(self.latency, self.answer, head.decode())

    def answer(self, head: str) -> None:
        """Send the file, or without its body if only the head is asked for."""
        method, path, _ = head.split(" ", 2)
        self.log.write(f"{method} {self.port} {time.time():.3f} {self.latency:.3f}\n")
        file = self.folder / path.rsplit("/", 1)[-1]
        if not file.is_file():
            self.transport.write(MISSING)
            return
        body = file.read_bytes()
        self.transport.write(FOUND.format(len(body)).encode() + (body if method == "GET" else b""))


async def main(folder: Path, latency: float, log: Path, ports: Sequence[int]) -> None:
    """Serve on all ports until the process is ended."""
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(
            lambda: PosterHost(folder, latency, log), "127.0.0.1", port, backlog=1024
        )
        for port in ports
    ]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    ports = [int(port) for port in sys.argv[4:]]
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]) / 1000, Path(sys.argv[3]), ports))
