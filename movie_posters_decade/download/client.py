"""HTTP client: one guarded GET, with redirects and proxies, over pooled connections."""

import asyncio
import math
import re
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Self

import pycurl
from yarl import URL

from movie_posters_decade.download.addresses import is_address, is_public_name
from movie_posters_decade.download.resolver import Resolver, curl_entry
from movie_posters_decade.download.retry import (
    RETRY_STATUSES,
    Attempt,
    RetryPolicy,
    parse_retry_after,
    reason_for_status,
)
from movie_posters_decade.download.transfer import USER_AGENT, Limits, Transfer, TransferError
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.records import RejectReason

MAX_REDIRECTS = 5

MAX_POOLED_CONNECTIONS = 512
"""Size of the connection pool; beyond it, idle connections are closed."""

_SCHEMES = frozenset({"http", "https"})
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_PROXY_SCHEMES = ("http://", "https://", "socks4a://", "socks5h://")
_REMOTE_DNS = {"socks4": "socks4a", "socks5": "socks5h"}
"""SOCKS proxies, and libcurl's names for them when they resolve host names themselves."""

_HOST_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]*", re.IGNORECASE)


@dataclass
class _Hop:
    """The current URL of a chain of redirects, and the last HTTP status."""

    url: str
    status: int | None = None


class Client:
    """HTTP client with a connection pool; an asynchronous context manager.

    Args:
        limits: which requests are allowed, and how much a response may hold.
        policy: holds the timeouts.
    """

    def __init__(self, limits: Limits, policy: RetryPolicy) -> None:
        self._limits = limits
        self._policy = policy
        self._template = _template(limits, policy)
        proxies = {**urllib.request.getproxies(), **(limits.proxies or {})}
        self._proxies = {scheme: _with_scheme(proxy) for scheme, proxy in proxies.items()}

    async def __aenter__(self) -> Self:
        self._resolver = Resolver()
        self._transfers = pycurl.AsyncCurlMulti()
        self._transfers.setopt(pycurl.M_MAXCONNECTS, MAX_POOLED_CONNECTIONS)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._transfers.aclose()
        await self._resolver.aclose()

    async def get(self, url: str, body: IO[bytes]) -> Attempt:
        """Send one GET request, and follow redirects.

        Raises:
            OSError: the content cannot be written.
        """
        hop = _Hop(url)
        try:
            return await self._follow_redirects(hop, body)
        except TransferError as error:
            return Attempt(
                hop.url,
                error.reason,
                hop.status,
                is_transient=error.is_transient,
                detail=error.detail,
            )

    async def _follow_redirects(self, hop: _Hop, body: IO[bytes]) -> Attempt:
        for _ in range(MAX_REDIRECTS + 1):
            url = _parse(hop.url)
            body.seek(0)
            body.truncate()
            transfer = Transfer(self._limits, body)
            try:
                status = await self._perform(url, transfer)
            finally:
                hop.status = transfer.status or hop.status
            if status == 200:
                return Attempt(hop.url, status=status)
            location = transfer.header("Location")
            if status not in _REDIRECT_STATUSES or location is None:
                return _error_attempt(hop.url, status, transfer.header("Retry-After"))
            target = redirect_target(url, location)
            if target is None:
                raise TransferError(RejectReason.PRIVATE_ADDRESS)
            hop.url = str(target)
        raise TransferError(RejectReason.CONNECTION_ERROR)

    async def _perform(self, url: URL, transfer: Transfer) -> int:
        proxy = self._allowed_proxy(url)
        curl = self._template.duphandle()
        curl.setopt(pycurl.URL, str(url))
        curl.setopt(pycurl.PROXY, (proxy or "").encode())
        if not proxy and not is_address(_host(url)):
            curl.setopt(pycurl.RESOLVE, [await self._resolve(url)])
        transfer.attach(curl, is_guarded=not (self._limits.allow_private_hosts or proxy))
        error, detail = None, ""
        try:
            await self._transfers.perform(curl)
        except pycurl.error as raised:
            error, detail, *_ = raised.args
        return transfer.finish(curl.getinfo(pycurl.RESPONSE_CODE), error, detail)

    async def _resolve(self, url: URL) -> str:
        host, port = _host(url), url.port or 0
        try:
            async with asyncio.timeout(self._policy.connect_timeout):
                return curl_entry(host, port, await self._resolver.addresses(host))
        except TimeoutError:
            raise TransferError(RejectReason.TIMEOUT, is_transient=True) from None
        except OSError as error:
            detail = f"Could not look up {host}: {error.strerror or error}"
            raise TransferError(
                RejectReason.CONNECTION_ERROR, is_transient=True, detail=detail
            ) from None
        except UnicodeError:
            raise TransferError(RejectReason.CONNECTION_ERROR) from None

    def _allowed_proxy(self, url: URL) -> str | None:
        """Return the proxy for a URL, or None. Raise an error if the URL is not allowed."""
        if url.scheme not in _SCHEMES:
            raise TransferError(RejectReason.PRIVATE_ADDRESS)
        proxy = self._proxy_for(url)
        if proxy and not self._limits.allow_private_hosts and not is_public_name(_host(url)):
            raise TransferError(RejectReason.PRIVATE_ADDRESS)
        return proxy

    def _proxy_for(self, url: URL) -> str | None:
        if url.scheme not in (self._limits.proxies or {}) and (
            not self._proxies or urllib.request.proxy_bypass(_host(url))
        ):
            return None
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if proxy and not proxy.lower().startswith(_PROXY_SCHEMES):
            raise DownloadError(
                f"{proxy}: expected an HTTP or SOCKS proxy for {url.scheme}; found another kind. "
                f"Set the environment variable to an http:// address, or NO_PROXY to {_host(url)}."
            )
        return proxy


def user_agent(custom: str | Mapping[str, str] | None) -> str:
    """Return the user agent: the user's own, if there is one.

    Args:
        custom: as in `datasets.DownloadConfig`: a text, or names with versions.
    """
    if isinstance(custom, Mapping):
        return "; ".join(f"{name}/{version}" for name, version in custom.items())
    return custom or USER_AGENT


def _template(limits: Limits, policy: RetryPolicy) -> pycurl.Curl:
    """Return a libcurl handle with the settings of all transfers."""
    curl = pycurl.Curl()
    curl.setopt(pycurl.USERAGENT, limits.user_agent.encode())
    # A body that is compressed all the same is not decompressed, and so is not an image.
    curl.setopt(pycurl.HTTPHEADER, ["Accept-Encoding: identity"])
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, math.ceil(policy.connect_timeout * 1000))
    # The read timeout: less than a byte a second for that many whole seconds.
    curl.setopt(pycurl.LOW_SPEED_LIMIT, 1)
    curl.setopt(pycurl.LOW_SPEED_TIME, math.ceil(policy.read_timeout))
    # The proxy is chosen here, so libcurl must not read the environment too.
    curl.setopt(pycurl.NOPROXY, "")
    # Python's own certificates, or the system's where Python has none.
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


def _with_scheme(proxy: str) -> str:
    """Return a proxy's URL with a scheme; without one it means http, as for other clients."""
    scheme, colon, rest = proxy.rpartition("://")
    return f"{_REMOTE_DNS.get(scheme.lower(), scheme)}{colon}{rest}" if colon else f"http://{proxy}"


def _parse(url: str) -> URL:
    try:
        parsed = URL(url)
    except ValueError:
        raise TransferError(RejectReason.CONNECTION_ERROR) from None
    # libcurl reads other spellings of a host, such as "127%2e0.0.1" or none, in its own way, and
    # not as the host that the guard checks.
    host = _host(parsed)
    if parsed.scheme in _SCHEMES and not (is_address(host) or _HOST_NAME.fullmatch(host)):
        raise TransferError(RejectReason.CONNECTION_ERROR)
    return parsed


def _host(url: URL) -> str:
    return url.raw_host or ""


def _error_attempt(url: str, status: int, retry_after: str | None) -> Attempt:
    return Attempt(
        url,
        reason_for_status(status),
        status,
        is_transient=status in RETRY_STATUSES,
        retry_after=parse_retry_after(retry_after, datetime.now(UTC)),
    )


def redirect_target(url: URL, location: str) -> URL | None:
    """Return the URL of a redirect, or None where it is not allowed: from https to http."""
    target = url.join(_parse(location))
    return None if url.scheme == "https" and target.scheme == "http" else target
