"""One try to get one URL over the network, wherever it leads and by whichever way."""

import asyncio
import math
import re
import ssl
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Self

import pycurl
from yarl import URL

from movie_posters_decade.download.addresses import is_address, is_public_name
from movie_posters_decade.download.limits import Limits
from movie_posters_decade.download.resolver import Names, known_as
from movie_posters_decade.download.retry import (
    PASSING_STATUSES,
    Patience,
    parse_retry_after,
    reason_for_status,
)
from movie_posters_decade.download.transfer import Exchange, FailureError
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.records import Answer, RejectReason

MAX_REDIRECTS = 5

_SCHEMES = frozenset({"http", "https"})

KEPT_CONNECTIONS = 512
"""How many connections there are at most before idle ones are closed."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PROXIES = ("http://", "https://", "socks4a://", "socks5h://")
_LOOKING_UP = {"socks4": "socks4a", "socks5": "socks5h"}
"""Kinds of proxies, and how libcurl calls them when they are to look names up themselves."""

_HOST_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]*", re.IGNORECASE)


@dataclass
class _Trail:
    """Where a try has got to."""

    url: str
    status: int | None = None


class Transport:
    """Connections that are kept alive from one URL to the next; an asynchronous context manager.

    Args:
        limits: who may be asked and what is taken.
        patience: how long to wait for a connection and for each part of an answer.
    """

    def __init__(self, limits: Limits, patience: Patience) -> None:
        self._limits = limits
        self._patience = patience
        self._template = _template(limits, patience)
        proxies = {**urllib.request.getproxies(), **(limits.proxies or {})}
        self._proxies = {scheme: _whole_proxy(proxy) for scheme, proxy in proxies.items()}

    async def __aenter__(self) -> Self:
        self._names = Names()
        self._transfers = pycurl.AsyncCurlMulti()
        self._transfers.setopt(pycurl.M_MAXCONNECTS, KEPT_CONNECTIONS)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._transfers.aclose()
        await self._names.aclose()

    async def get(self, url: str, body: IO[bytes]) -> Answer:
        """Get a URL's content, following redirects.

        Args:
            url: what to ask for.
            body: the file to write the content to, over what is there.

        Raises:
            OSError: the content cannot be written.
        """
        trail = _Trail(url)
        try:
            return await self._follow(trail, body)
        except FailureError as failure:
            return Answer(
                trail.url,
                failure.reason,
                trail.status,
                is_passing=failure.is_passing,
                detail=failure.detail,
            )

    async def _follow(self, trail: _Trail, body: IO[bytes]) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            url = _parsed(trail.url)
            body.seek(0)
            body.truncate()
            exchange = Exchange(self._limits, body)
            try:
                status = await self._perform(url, exchange)
            finally:
                trail.status = exchange.status or trail.status
            if status == 200:
                return Answer(trail.url, status=status)
            location = exchange.header("Location")
            if status not in _REDIRECTS or location is None:
                return _refused(trail.url, status, exchange.header("Retry-After"))
            target = redirected(url, location)
            if target is None:
                raise FailureError(RejectReason.PRIVATE_ADDRESS)
            trail.url = str(target)
        raise FailureError(RejectReason.CONNECTION_ERROR)

    async def _perform(self, url: URL, exchange: Exchange) -> int:
        proxy = self._way_to(url)
        curl = self._template.duphandle()
        curl.setopt(pycurl.URL, str(url))
        curl.setopt(pycurl.PROXY, (proxy or "").encode())
        if not proxy and not is_address(_host(url)):
            curl.setopt(pycurl.RESOLVE, [await self._look_up(url)])
        exchange.attach(curl, is_guarded=not (self._limits.allow_private_hosts or proxy))
        error, detail = None, ""
        try:
            await self._transfers.perform(curl)
        except pycurl.error as raised:
            error, detail, *_ = raised.args
        return exchange.end(curl.getinfo(pycurl.RESPONSE_CODE), error, detail)

    async def _look_up(self, url: URL) -> str:
        host, port = _host(url), url.port or 0
        try:
            async with asyncio.timeout(self._patience.connect):
                return known_as(host, port, await self._names.addresses(host))
        except TimeoutError:
            raise FailureError(RejectReason.TIMEOUT, is_passing=True) from None
        except OSError as error:
            detail = f"Could not look up {host}: {error.strerror or error}"
            raise FailureError(
                RejectReason.CONNECTION_ERROR, is_passing=True, detail=detail
            ) from None
        except UnicodeError:
            raise FailureError(RejectReason.CONNECTION_ERROR) from None

    def _way_to(self, url: URL) -> str | None:
        """Return the proxy for a URL, if there is one, or refuse to go there."""
        if url.scheme not in _SCHEMES:
            raise FailureError(RejectReason.PRIVATE_ADDRESS)
        proxy = self._proxy_for(url)
        if proxy and not self._limits.allow_private_hosts and not is_public_name(_host(url)):
            raise FailureError(RejectReason.PRIVATE_ADDRESS)
        return proxy

    def _proxy_for(self, url: URL) -> str | None:
        if url.scheme not in (self._limits.proxies or {}) and (
            not self._proxies or urllib.request.proxy_bypass(_host(url))
        ):
            return None
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if proxy and not proxy.lower().startswith(_PROXIES):
            raise DownloadError(
                f"{proxy}: expected a proxy that speaks HTTP or SOCKS, as the one for "
                f"{url.scheme}; found another kind. Set the environment variable to an http:// "
                f"address, or NO_PROXY to {_host(url)}."
            )
        return proxy


def _template(limits: Limits, patience: Patience) -> pycurl.Curl:
    """Return what all transfers have in common."""
    curl = pycurl.Curl()
    curl.setopt(pycurl.USERAGENT, limits.user_agent.encode())
    # What is sent compressed all the same is not unfolded, and so is no image.
    curl.setopt(pycurl.HTTPHEADER, ["Accept-Encoding: identity"])
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, math.ceil(patience.connect * 1000))
    # Less than a byte a second, for so many whole seconds.
    curl.setopt(pycurl.LOW_SPEED_LIMIT, 1)
    curl.setopt(pycurl.LOW_SPEED_TIME, math.ceil(patience.read))
    # As the proxy is chosen here, libcurl need not look into the environment as well.
    curl.setopt(pycurl.NOPROXY, "")
    # Python's own certificates, or the system's where it has none.
    trusted = ssl.get_default_verify_paths()
    for option in (pycurl.CAINFO, pycurl.PROXY_CAINFO):
        if trusted.cafile:
            curl.setopt(option, trusted.cafile)
    for option in (pycurl.CAPATH, pycurl.PROXY_CAPATH):
        if trusted.capath:
            curl.setopt(option, trusted.capath)
    curl.setopt(pycurl.SSL_OPTIONS, pycurl.SSLOPT_NATIVE_CA)
    # Signals belong to the main thread.
    curl.setopt(pycurl.NOSIGNAL, 1)
    return curl


def _whole_proxy(proxy: str) -> str:
    """Return a proxy with its scheme; many leave it out, and other clients take http then."""
    scheme, colon, rest = proxy.rpartition("://")
    return f"{_LOOKING_UP.get(scheme.lower(), scheme)}{colon}{rest}" if colon else f"http://{proxy}"


def _parsed(url: str) -> URL:
    try:
        parsed = URL(url)
    except ValueError:
        raise FailureError(RejectReason.CONNECTION_ERROR) from None
    # What else a host may be written like, "127%2e0.0.1" or nothing, libcurl reads in its own way,
    # and not as the host that is judged here.
    host = _host(parsed)
    if parsed.scheme in _SCHEMES and not (is_address(host) or _HOST_NAME.fullmatch(host)):
        raise FailureError(RejectReason.CONNECTION_ERROR)
    return parsed


def _host(url: URL) -> str:
    return url.raw_host or ""


def _refused(url: str, status: int, asked_to_wait: str | None) -> Answer:
    return Answer(
        url,
        reason_for_status(status),
        status,
        is_passing=status in PASSING_STATUSES,
        retry_after=parse_retry_after(asked_to_wait, datetime.now(UTC)),
    )


def redirected(url: URL, location: str) -> URL | None:
    """Return where a redirect leads, or None where it may not: from https to http."""
    target = url.join(_parsed(location))
    return None if url.scheme == "https" and target.scheme == "http" else target
