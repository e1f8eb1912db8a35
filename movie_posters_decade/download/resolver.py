"""DNS resolver with a cache: host names to addresses, where a slow lookup delays no other.

libcurl resolves names too, but a lookup that times out there blocks all its transfers.
"""

import asyncio
import socket
import threading
from contextlib import suppress

MAX_LOOKUPS = 512
"""The largest number of DNS lookups at a time: twice the number of connections."""

CACHE_SECONDS = 300.0
"""How long the DNS cache keeps a name."""


class Resolver:
    """DNS cache of an event loop, for many tasks."""

    def __init__(self) -> None:
        self._lookups: dict[str, asyncio.Task[list[str]]] = {}
        self._slots = asyncio.Semaphore(MAX_LOOKUPS)

    async def addresses(self, host: str) -> list[str]:
        """Resolve a host name to its IP addresses."""
        lookup = self._lookups.get(host)
        if lookup is None:
            lookup = self._lookups[host] = asyncio.create_task(self._look_up(host))
        # Other tasks may wait for the same lookup, so it continues if one of them stops.
        return await asyncio.shield(lookup)

    async def aclose(self) -> None:
        """Cancel all lookups."""
        lookups = list(self._lookups.values())
        for lookup in lookups:
            lookup.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)

    async def _look_up(self, host: str) -> list[str]:
        seconds = 0.0
        try:
            async with self._slots:
                addresses = await _look_up_in_thread(host)
            seconds = CACHE_SECONDS
        finally:
            asyncio.get_running_loop().call_later(seconds, self._lookups.pop, host, None)
        return addresses


async def _look_up_in_thread(host: str) -> list[str]:
    """Resolve a name in a daemon thread, which does not keep the program from exiting."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str]] = loop.create_future()

    def finish(addresses: list[str] | None, error: Exception | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        elif addresses is not None:
            future.set_result(addresses)

    def look_up() -> None:
        addresses, error = None, None
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            addresses = [str(answer[4][0]) for answer in answers]
        except (OSError, UnicodeError) as raised:
            error = raised
        with suppress(RuntimeError):  # the event loop may be closed by now
            loop.call_soon_threadsafe(finish, addresses, error)

    try:
        threading.Thread(target=look_up, name="lookup", daemon=True).start()
    except RuntimeError as error:
        raise OSError(f"{host} cannot be looked up: {error}") from error
    return await future


def curl_entry(host: str, port: int, addresses: list[str]) -> str:
    """Return an entry for libcurl's own DNS cache."""
    unscoped = (address.partition("%")[0] for address in addresses)
    bracketed = (f"[{address}]" if ":" in address else address for address in unscoped)
    return f"{host}:{port}:{','.join(bracketed)}"
