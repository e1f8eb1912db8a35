"""Guarded session: one file with requests: retries, redirects, limits, private-address guard.

It is for what is no poster: the catalogue, and the index of an archive.
"""

import math
import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ProtocolError, ProxyError

from movie_posters_decade.download.addresses import (
    Address,
    is_public,
    is_public_name,
    origin_of,
    parse_url,
    redirect_target,
)
from movie_posters_decade.download.headers import parse_retry_after
from movie_posters_decade.download.proxies import Proxies
from movie_posters_decade.download.retry import RETRY_STATUSES, RetryPolicy
from movie_posters_decade.download.transfer import Limits
from movie_posters_decade.records import MEANINGS, RejectReason

MAX_REDIRECTS = 5
CHUNK_BYTES = 64 * 1024


class FetchError(Exception):
    """A file cannot be downloaded. The text says what was found instead."""


class RefusedError(FetchError):
    """There is no such file, or none that may be downloaded: another try finds the same."""


class BoundedRetry(Retry):
    """Retry policy of urllib3, where a Retry-After is no longer than the longest backoff."""

    @classmethod
    def of(cls, policy: RetryPolicy) -> Self:
        """Return the retries that a policy allows."""
        return cls(
            total=policy.attempts - 1,
            other=0,  # such as a certificate that is not trusted
            status_forcelist=RETRY_STATUSES,
            raise_on_status=False,
            backoff_factor=policy.first_backoff,
            backoff_max=policy.max_backoff,
        )

    def increment(self, *request: Any, **outcome: Any) -> Self:
        """Return the retries that are left after an outcome, or raise its error."""
        error = outcome.get("error")
        if isinstance(error, ProxyError) and isinstance(error.original_error, ConnectionError):
            # A host that hangs up behind a proxy is no fault of the proxy, as urllib3 has it.
            outcome["error"] = ProtocolError("Connection aborted.", error.original_error)
        return super().increment(*request, **outcome)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return how many seconds a response asks to wait, or None."""
        seconds = parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        return None if seconds is None else min(max(seconds, 0.0), self.backoff_max)


class GuardedSession(requests.Session):
    """A session that checks each URL of a chain of redirects before it requests it.

    Args:
        limits: which requests are allowed.
        policy: holds the timeouts.
        retry: urllib3's retries; by default as the policy says.
    """

    def __init__(self, limits: Limits, policy: RetryPolicy, retry: Retry | None = None) -> None:
        super().__init__()
        self._is_guarded = not limits.allow_private_hosts
        self._timeouts = policy.connect_timeout, policy.read_timeout
        self._proxies = dict(limits.proxies or {})
        self.headers["User-Agent"] = limits.user_agent
        adapter = HTTPAdapter(max_retries=retry or BoundedRetry.of(policy))
        if self._is_guarded:
            adapter.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def follow_redirects(
        self, url: str, deadline: float = math.inf, *, same_host: bool = False
    ) -> requests.Response:
        """Send a GET request, and follow redirects. Cookies and proxies are chosen for each URL.

        Args:
            url: that is requested.
            deadline: on the monotonic clock; no request begins after it.
            same_host: whether a redirect to another scheme, host or port is an error.

        Raises:
            FetchError: a URL is not allowed, or there are too many redirects.
            OSError: there is no answer; an error of requests is one.
        """
        target = parse_url(url)
        for _ in range(MAX_REDIRECTS + 1):
            check_time(deadline)
            address = self._allowed(target)
            if same_host and address.origin != origin_of(url):
                raise RefusedError(f"a redirect to {address.origin}")
            response = self._send_one(address)
            location = super().get_redirect_target(response)
            if location is None:
                return response
            response.close()
            target = redirect_target(address, location)
        raise FetchError(f"more than {MAX_REDIRECTS} redirects")

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None, so that requests follows no redirect: it would read the whole body."""

    def _allowed(self, target: Address | RejectReason) -> Address:
        if isinstance(target, RejectReason):
            raise RefusedError(MEANINGS[target])
        # With a proxy, this is the only check.
        if self._is_guarded and not is_public_name(target.host):
            raise _private_address(target.host)
        return target

    def _send_one(self, address: Address) -> requests.Response:
        request = self.prepare_request(requests.Request("GET", address.url))
        proxies = dict(self._proxies)  # those of the environment are added to it
        settings = self.merge_environment_settings(address.url, proxies, True, None, None)
        if settings["verify"] is True:
            # As for posters; requests itself reads REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE only.
            settings["verify"] = os.environ.get("SSL_CERT_FILE") or True
        return self.send(request, timeout=self._timeouts, **settings)


def read_chunks(body: BaseHTTPResponse, max_bytes: int, deadline: float) -> Iterator[bytes]:
    """Yield the chunks of a response's body, decoded.

    Args:
        body: of a response.
        max_bytes: the largest size that is accepted, as sent and decoded.
        deadline: on the monotonic clock, for the whole body.

    Raises:
        FetchError: it is larger, or takes longer.
        urllib3.exceptions.HTTPError: it ends early, or cannot be decoded.
    """
    length, size = body.length_remaining or 0, 0
    # Unlike iter_content, read1 does not wait until a slow host has filled the chunk.
    while chunk := body.read1(CHUNK_BYTES, decode_content=True):
        size += len(chunk)
        if max(size, length) > max_bytes:
            raise RefusedError(f"more than {max_bytes:,} bytes")
        check_time(deadline)
        yield chunk


def check_time(deadline: float) -> None:
    """Raise a FetchError after a deadline on the monotonic clock."""
    if time.monotonic() > deadline:
        raise FetchError("no complete answer within the time limit")


def describe_error(error: BaseException) -> str:
    """Return an error's type, and the text of its first cause, without the passwords of proxies.

    Other texts repeat a signed URL.
    """
    cause = error
    while cause.__context__ is not None:
        cause = cause.__context__
    return Proxies().redact(f"{type(error).__name__}: {str(cause) or type(cause).__name__}")


def _connect_to_public_address(connection: HTTPConnection) -> socket.socket:
    """Connect to a public address of the host: one that was checked, not one looked up again."""
    answers = socket.getaddrinfo(connection.host, connection.port, type=socket.SOCK_STREAM)
    addresses = [str(answer[4][0]) for answer in answers]
    public = [address for address in addresses if is_public(address)]
    if not public:
        raise _private_address(addresses[0])
    for address in public[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, connection.port), connection.timeout)
    return socket.create_connection((public[-1], connection.port), connection.timeout)


def _private_address(host: str) -> RefusedError:
    # Not an OSError, which urllib3 would retry.
    return RefusedError(
        f"the private address {host}, which needs allow_private_hosts=True (--allow-private-hosts)"
    )


class _HTTPPool(HTTPConnectionPool):
    class ConnectionCls(HTTPConnection):
        _new_conn = _connect_to_public_address


class _HTTPSPool(HTTPSConnectionPool):
    class ConnectionCls(HTTPSConnection):
        _new_conn = _connect_to_public_address
