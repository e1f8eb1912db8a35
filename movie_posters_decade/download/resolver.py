"""Host names become addresses, and some that take long to look up hold up no other.

libcurl looks names up too, but a lookup that it gives up holds up all its transfers until it ends.
"""

import asyncio
import socket
import threading
from contextlib import suppress

LOOKUPS = 512
"""How many names are looked up at a time: twice as many as there are connections."""

BELIEVED_SECONDS = 300.0
"""How long a name is not looked up again."""


class Names:
    """What host names stand for, once they were looked up; used by many tasks of an event loop."""

    def __init__(self) -> None:
        self._lookups: dict[str, asyncio.Task[list[str]]] = {}
        self._slots = asyncio.Semaphore(LOOKUPS)

    async def addresses(self, host: str) -> list[str]:
        """Return the IP addresses that a name stands for.

        Raises:
            OSError: none is known.
            UnicodeError: it is no name.
        """
        lookup = self._lookups.get(host)
        if lookup is None:
            lookup = self._lookups[host] = asyncio.create_task(self._look_up(host))
        # As others may wait for the same, it goes on when one of them gives up.
        return await asyncio.shield(lookup)

    async def aclose(self) -> None:
        """Wait for no lookup any more."""
        lookups = list(self._lookups.values())
        for lookup in lookups:
            lookup.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)

    async def _look_up(self, host: str) -> list[str]:
        believed = 0.0
        try:
            async with self._slots:
                found = await _looked_up(host)
            believed = BELIEVED_SECONDS
        finally:
            asyncio.get_running_loop().call_later(believed, self._lookups.pop, host, None)
        return found


async def _looked_up(host: str) -> list[str]:
    """Look a name up in a thread that does not keep the program from ending."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def tell(addresses: list[str] | None, error: Exception | None) -> None:
        if found.cancelled():
            return
        if error is not None:
            found.set_exception(error)
        elif addresses is not None:
            found.set_result(addresses)

    def look_up() -> None:
        addresses, error = None, None
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            addresses = [str(answer[4][0]) for answer in answers]
        except (OSError, UnicodeError) as raised:
            error = raised
        with suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(tell, addresses, error)

    try:
        threading.Thread(target=look_up, name="lookup", daemon=True).start()
    except RuntimeError as error:
        raise OSError(f"{host} cannot be looked up: {error}") from error
    return await found


def known_as(host: str, port: int, addresses: list[str]) -> str:
    """Return what tells libcurl the addresses of a name."""
    unscoped = (address.partition("%")[0] for address in addresses)
    bracketed = (f"[{address}]" if ":" in address else address for address in unscoped)
    return f"{host}:{port}:{','.join(bracketed)}"
