"""HTTP client: one guarded GET, with redirects and proxies, over pooled connections."""

import errno
import math
import os
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

import pycurl

from movie_posters_decade.download.addresses import (
    Address,
    Resolver,
    curl_entry,
    is_address,
    is_public_name,
    redirect_target,
)
from movie_posters_decade.download.descriptors import lookup_limit
from movie_posters_decade.download.headers import decompress, parse_retry_after
from movie_posters_decade.download.memory import Body
from movie_posters_decade.download.proxies import Proxies
from movie_posters_decade.download.retry import (
    RETRY_STATUSES,
    Attempt,
    RetryPolicy,
    reason_for_status,
)
from movie_posters_decade.download.transfer import USER_AGENT, Limits, Transfer, TransferError
from movie_posters_decade.io import is_out_of_resources
from movie_posters_decade.records import RejectReason

MAX_REDIRECTS = 5

_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})


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
        max_connections: to all hosts together, idle ones included.
    """

    def __init__(self, limits: Limits, policy: RetryPolicy, max_connections: int) -> None:
        self._limits = limits
        self._policy = policy
        self._max_connections = max_connections
        self._template = _template(limits, policy)
        self._proxies = Proxies(limits.proxies)

    async def __aenter__(self) -> Self:
        self._resolver = Resolver(self._policy.connect_timeout, lookup_limit(self._max_connections))
        try:
            self._transfers = pycurl.AsyncCurlMulti()
        except pycurl.error as error:  # there is no descriptor left, and libcurl does not say so
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from error
        for option in (pycurl.M_MAXCONNECTS, pycurl.M_MAX_TOTAL_CONNECTIONS):
            self._transfers.setopt(option, self._max_connections)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._transfers.aclose()
        await self._resolver.aclose()

    async def get(self, address: Address, body: Body, counted: Collection[str] = ()) -> Attempt:
        """Send one GET request, and follow redirects.

        Args:
            address: that is requested.
            body: takes the content.
            counted: the origins of a host whose requests are counted, so that a redirect to it is
                returned and not followed.

        Raises:
            OSError, MemoryError: this machine has no descriptor or no memory left.
        """
        hop = _Hop(address.url)
        try:
            return await self._follow_redirects(hop, address, body, counted)
        except TransferError as error:
            return Attempt(
                hop.url,
                error.reason,
                hop.status,
                is_transient=error.is_transient,
                detail=self._proxies.redact(error.detail),
            )

    async def _follow_redirects(
        self, hop: _Hop, address: Address, body: Body, counted: Collection[str]
    ) -> Attempt:
        # One handle for the whole chain, as it holds the cookies that a redirect may need.
        curl = _duplicate(self._template)
        target: Address | RejectReason = address
        for _ in range(MAX_REDIRECTS + 1):
            if isinstance(target, RejectReason):
                raise TransferError(target)
            hop.url = target.url
            body.clear()
            proxy = self._allowed_proxy(target)
            is_guarded = not (self._limits.allow_private_hosts or proxy)
            transfer = Transfer(self._limits, body, is_guarded=is_guarded)
            try:
                await self._perform(curl, target, proxy, transfer)
            finally:
                hop.status = transfer.status or hop.status
            if transfer.has_content:
                await self._decompress(body, transfer.header("Content-Encoding"))
                return Attempt(hop.url, status=hop.status)
            location = transfer.header("Location")
            if hop.status not in _REDIRECT_STATUSES or location is None:
                return _error_attempt(hop, transfer.header("Retry-After"))
            target = redirect_target(target, location)
            if isinstance(target, Address) and target.origin in counted:
                return replace(_too_many_redirects(hop), redirect=target)
        return _too_many_redirects(hop)

    async def _perform(
        self, curl: pycurl.Curl, address: Address, proxy: str | None, transfer: Transfer
    ) -> None:
        curl.setopt(pycurl.URL, address.url)
        curl.setopt(pycurl.PROXY, (proxy or "").encode())
        is_name = not proxy and not is_address(address.host)
        curl.setopt(pycurl.RESOLVE, [await self._resolve(address)] if is_name else [])
        transfer.attach(curl)
        error, detail = None, ""
        try:
            under_way = self._transfers.add_handle(curl)
        except pycurl.error as raised:  # its number is not one of a transfer's
            raise MemoryError(f"libcurl cannot begin a transfer: {raised}") from raised
        try:
            await under_way
        except pycurl.error as raised:
            error, detail, *_ = raised.args
        finally:
            transfer.detach()
        transfer.finish(curl.getinfo(pycurl.RESPONSE_CODE), error, detail)

    async def _decompress(self, body: Body, encoding: str | None) -> None:
        sent = body.content
        content = decompress(sent, encoding, self._limits.max_bytes)
        if content is None:
            raise TransferError(RejectReason.TOO_LARGE)
        if content is sent:
            return
        size, content = len(content), b""  # what waits for room must not take any
        if not await body.make_room(size):
            raise TransferError(RejectReason.TRUNCATED, is_transient=True)
        body.replace(decompress(body.content, encoding, size) or b"")

    async def _resolve(self, address: Address) -> str:
        try:
            return curl_entry(address, await self._resolver.addresses(address.host))
        except TimeoutError:
            detail = f"Looking up {address.host} timed out"
            raise TransferError(RejectReason.TIMEOUT, is_transient=True, detail=detail) from None
        except UnicodeError:  # a label that is empty or too long
            raise TransferError(RejectReason.INVALID_URL) from None
        except OSError as error:
            if is_out_of_resources(error):
                raise
            detail = f"Could not look up {address.host}: {error.strerror or error}"
            raise TransferError(
                RejectReason.CONNECTION_ERROR, is_transient=True, detail=detail
            ) from None

    def _allowed_proxy(self, address: Address) -> str | None:
        """Return the proxy for an address, or None. Raise an error if it is not allowed."""
        proxy = self._proxies.proxy_for(address)
        if proxy and not self._limits.allow_private_hosts and not is_public_name(address.host):
            raise TransferError(RejectReason.PRIVATE_ADDRESS)
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
    curl.setopt(pycurl.HTTPHEADER, ["Accept-Encoding: identity"])
    curl.setopt(pycurl.PATH_AS_IS, 1)  # "/a/../b" stays as it is written
    curl.setopt(pycurl.COOKIEFILE, "")  # cookies are kept, for as long as the handle
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


def _duplicate(curl: pycurl.Curl) -> pycurl.Curl:
    try:
        return curl.duphandle()
    except pycurl.error as error:  # which says nothing
        raise MemoryError("libcurl cannot begin a transfer") from error


def _too_many_redirects(hop: _Hop) -> Attempt:
    reason = RejectReason.CONNECTION_ERROR
    return Attempt(hop.url, reason, hop.status, detail="too many redirects")


def _error_attempt(hop: _Hop, retry_after: str | None) -> Attempt:
    status = hop.status or 0
    return Attempt(
        hop.url,
        reason_for_status(status),
        hop.status,
        is_transient=status in RETRY_STATUSES,
        retry_after=parse_retry_after(retry_after, datetime.now(UTC)),
    )
