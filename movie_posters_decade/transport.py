"""One try to get one URL over the network, with bounds on who is asked and what is taken.

The only room with a socket.
"""

import asyncio
import socket
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any, Self

import aiohttp
from yarl import URL

from movie_posters_decade.addresses import is_public, is_public_name
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.funnel import Reason
from movie_posters_decade.limits import AGENT, Limits
from movie_posters_decade.outcomes import Answer
from movie_posters_decade.patience import (
    PASSING_STATUSES,
    Patience,
    opts_out,
    parse_retry_after,
    reason_for_status,
)

MAX_REDIRECTS = 5
LOOKUPS = 64
"""How many host names are looked up at a time, so that slow ones do not hold up others."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FORBIDDEN = "forbidden address"


class _RefusalError(Exception):
    """A rule of ours says no to the rest of an exchange."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Transport:
    """Connections that are kept alive from one URL to the next; an asynchronous context manager.

    Args:
        limits: who may be asked and what is taken.
        patience: how long to wait for a connection and for each part of an answer.
    """

    def __init__(self, limits: Limits, patience: Patience) -> None:
        self._limits = limits
        proxies = {**urllib.request.getproxies(), **(limits.proxies or {})}
        # Many leave the scheme of a proxy out, and other clients take http then.
        self._proxies = {
            scheme: proxy if "://" in proxy else f"http://{proxy}"
            for scheme, proxy in proxies.items()
        }
        self._lookups = ThreadPoolExecutor(LOOKUPS, "lookup")
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=patience.connect, sock_read=patience.read
        )

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().set_default_executor(self._lookups)
        guarded = None if self._limits.allow_private_hosts else _guarded_socket
        async with AsyncExitStack() as stack:
            self._direct = await stack.enter_async_context(self._session(guarded))
            self._proxied = await stack.enter_async_context(self._session(None))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    def _session(self, socket_factory: Any) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=300, socket_factory=socket_factory)
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            # What is sent compressed is not unfolded, and so is no image.
            auto_decompress=False,
            headers={"User-Agent": self._limits.user_agent, "Accept-Encoding": "identity"},
        )

    async def get(self, url: str, body: IO[bytes]) -> Answer:
        """Get a URL's content, following redirects.

        Args:
            url: what to ask for.
            body: the file to write the content to, over what is there.

        Raises:
            OSError: the content cannot be written.
        """
        exchange = _Exchange(url)
        try:
            return await self._follow(exchange, body)
        except (_RefusalError, TimeoutError, aiohttp.ClientError, ValueError) as error:
            reason, is_passing = _what_it_means(error)
            return Answer(exchange.url, reason, exchange.status, is_passing)

    async def _follow(self, exchange: "_Exchange", body: IO[bytes]) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            url = URL(exchange.url)
            session, proxy = self._way_to(url)
            async with session.get(url, proxy=proxy, allow_redirects=False) as response:
                exchange.status = response.status
                if response.status in _REDIRECTS and "Location" in response.headers:
                    target = redirected(url, response.headers["Location"])
                    if target is None:
                        raise _RefusalError(Reason.FORBIDDEN_ADDRESS)
                    exchange.url = str(target)
                    continue
                if response.status != 200:
                    return _refused(exchange, response)
                self._check_wanted(response)
                await self._copy(response, body)
                return Answer(exchange.url, status=response.status)
        raise _RefusalError(Reason.UNREACHABLE)

    def _way_to(self, url: URL) -> tuple[aiohttp.ClientSession, str | None]:
        """Return the session for a URL and its proxy, or refuse to go there."""
        if url.scheme not in {"http", "https"}:
            raise _RefusalError(Reason.FORBIDDEN_ADDRESS)
        proxy = self._proxy_for(url)
        if proxy is None:
            return self._direct, None
        if not self._limits.allow_private_hosts and not is_public_name(url.host or ""):
            raise _RefusalError(Reason.FORBIDDEN_ADDRESS)
        return self._proxied, proxy

    def _proxy_for(self, url: URL) -> str | None:
        if url.scheme not in (self._limits.proxies or {}) and (
            not self._proxies or urllib.request.proxy_bypass(url.host or "")
        ):
            return None
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if proxy and not proxy.lower().startswith(("http://", "https://")):
            raise DownloadError(
                f"{proxy}: expected a proxy that speaks HTTP, as the one for {url.scheme}; found "
                "another kind. Set the environment variable to an http:// address, or NO_PROXY to "
                f"{url.host}."
            )
        return proxy

    def _check_wanted(self, response: aiohttp.ClientResponse) -> None:
        tags = response.headers.getall("X-Robots-Tag", [])
        if self._limits.respect_opt_out and opts_out(tags, AGENT):
            raise _RefusalError(Reason.OPTED_OUT)
        if (response.content_length or 0) > self._limits.max_bytes:
            raise _RefusalError(Reason.TOO_LARGE)

    async def _copy(self, response: aiohttp.ClientResponse, body: IO[bytes]) -> None:
        body.seek(0)
        body.truncate()
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._limits.max_bytes:
                raise _RefusalError(Reason.TOO_LARGE)
            body.write(chunk)


@dataclass
class _Exchange:
    """Where a try has got to."""

    url: str
    status: int | None = None


def _what_it_means(error: Exception) -> tuple[Reason, bool]:
    """Return why a try failed, and whether another may do better."""
    if isinstance(error, _RefusalError):
        return error.reason, False
    if _FORBIDDEN in str(getattr(error, "os_error", "")):
        return Reason.FORBIDDEN_ADDRESS, False
    if isinstance(error, TimeoutError):
        return Reason.TIMEOUT, True
    if isinstance(error, aiohttp.ClientPayloadError):
        return Reason.TRUNCATED, True
    if isinstance(error, aiohttp.ClientResponseError):
        return Reason.SERVER_ERROR, True
    is_lasting = isinstance(error, ValueError | aiohttp.ClientSSLError)
    return Reason.UNREACHABLE, not is_lasting


def _refused(exchange: _Exchange, response: aiohttp.ClientResponse) -> Answer:
    return Answer(
        exchange.url,
        reason_for_status(response.status),
        response.status,
        is_passing=response.status in PASSING_STATUSES,
        retry_after=parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC)),
    )


def redirected(url: URL, location: str) -> URL | None:
    """Return where a redirect leads, or None where it may not: from https to http."""
    target = url.join(URL(location))
    return None if url.scheme == "https" and target.scheme == "http" else target


def _guarded_socket(address: Any) -> socket.socket:
    """Make the socket for a connection, unless its address is not public.

    Here stands the address that is connected to, whatever name led to it and however often that
    name changes its mind.
    """
    family, kind, protocol, _, sockaddr = address
    if not is_public(sockaddr[0]):
        raise OSError(f"{_FORBIDDEN} {sockaddr[0]}")
    return socket.socket(family, kind, protocol)
