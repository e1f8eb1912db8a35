"""Catalogue download: one file with requests: retries, limits, private-address guard, progress."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import requests
from datasets.utils.tqdm import tqdm
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from movie_posters_decade.download import Limits, RetryPolicy
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
from movie_posters_decade.download.retry import RETRY_STATUSES
from movie_posters_decade.io import write_atomically
from movie_posters_decade.records import MEANINGS

MAX_REDIRECTS = 5
CHUNK_BYTES = 64 * 1024


class FetchError(Exception):
    """A file cannot be downloaded. The text says what was found instead."""


def fetch(url: str, path: Path, limits: Limits, policy: RetryPolicy) -> None:
    """Download a file over HTTP to a path, which holds the whole file or stays as it was.

    Raises:
        FetchError: there is no complete file, or an unwanted one.
    """
    deadline = time.monotonic() + policy.total_timeout
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, policy.attempts):
            with suppress(HTTPError):  # the content ended early, which urllib3 does not retry
                return _fetch_once(url, path, limits, policy, deadline)
            time.sleep(policy.backoff(attempt, jitter=0.5))
        _fetch_once(url, path, limits, policy, deadline)
    except (OSError, ValueError, HTTPError) as error:  # an error of requests is an OSError
        raise FetchError(_describe(error)) from error


def _fetch_once(url: str, path: Path, limits: Limits, policy: RetryPolicy, deadline: float) -> None:
    with (
        _Session(limits, policy) as session,
        session.follow_redirects(url, deadline) as response,
    ):
        if response.status_code != 200:
            origin = origin_of(response.url)
            raise FetchError(f"HTTP status {response.status_code} from {origin}")
        write_atomically(path, _stream(response.raw, limits.max_bytes, deadline))


def _stream(body: BaseHTTPResponse, max_bytes: int, deadline: float) -> Iterator[bytes]:
    """Yield the chunks of a response body, with a progress bar."""
    length, size = body.length_remaining, 0
    with tqdm(total=length, unit="B", unit_scale=True, desc="Downloading the catalogue") as bar:
        # Unlike iter_content, read1 does not wait until a slow host has filled the chunk.
        while chunk := body.read1(CHUNK_BYTES, decode_content=True):
            size += len(chunk)
            if max(size, length or 0) > max_bytes:
                raise FetchError(f"a file of more than {max_bytes:,} bytes")
            _check_time(deadline)
            bar.update(body.tell() - bar.n)  # as sent: decoded, it may be more than the length
            yield chunk


def _check_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise FetchError("no complete file within the time limit")


def _describe(error: BaseException) -> str:
    """Return an error's type, and the text of its first cause, without the passwords of proxies.

    Other texts repeat a signed URL.
    """
    cause = error
    while cause.__context__ is not None:
        cause = cause.__context__
    return Proxies().redact(f"{type(error).__name__}: {str(cause) or type(cause).__name__}")


class _Session(requests.Session):
    """A session that checks each URL of a chain of redirects before it requests it."""

    def __init__(self, limits: Limits, policy: RetryPolicy) -> None:
        super().__init__()
        self._is_guarded = not limits.allow_private_hosts
        self._timeouts = policy.connect_timeout, policy.read_timeout
        self.headers["User-Agent"] = limits.user_agent
        adapter = HTTPAdapter(max_retries=_retry(policy))
        if self._is_guarded:
            adapter.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def follow_redirects(self, url: str, deadline: float) -> requests.Response:
        """Send a GET request, and follow redirects. Cookies and proxies are chosen for each URL."""
        target = parse_url(url)
        for _ in range(MAX_REDIRECTS + 1):
            _check_time(deadline)
            if not isinstance(target, Address):
                raise FetchError(MEANINGS[target])
            # With a proxy, this is the only check.
            if self._is_guarded and not is_public_name(target.host):
                raise _private_address(target.host)
            request = self.prepare_request(requests.Request("GET", target.url))
            settings = self.merge_environment_settings(target.url, {}, True, None, None)
            if settings["verify"] is True:
                # As for posters; requests itself reads REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE only.
                settings["verify"] = os.environ.get("SSL_CERT_FILE") or True
            response = self.send(request, timeout=self._timeouts, **settings)
            location = super().get_redirect_target(response)
            if location is None:
                return response
            response.close()
            target = redirect_target(target, location)
        raise FetchError(f"more than {MAX_REDIRECTS} redirects")

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None, so that requests follows no redirect: it would read the whole body."""


class _BoundedRetry(Retry):
    """Retry policy of urllib3, where a Retry-After is no longer than the longest backoff."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        seconds = parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        return None if seconds is None else min(max(seconds, 0.0), self.backoff_max)


def _retry(policy: RetryPolicy) -> Retry:
    return _BoundedRetry(
        total=policy.attempts - 1,
        other=0,  # such as a certificate that is not trusted
        status_forcelist=RETRY_STATUSES,
        raise_on_status=False,
        backoff_factor=policy.first_backoff,
        backoff_max=policy.max_backoff,
    )


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


def _private_address(host: str) -> FetchError:
    # Not an OSError, which urllib3 would retry.
    return FetchError(
        f"the private address {host}, which needs allow_private_hosts=True (--allow-private-hosts)"
    )


class _HTTPPool(HTTPConnectionPool):
    class ConnectionCls(HTTPConnection):
        _new_conn = _connect_to_public_address


class _HTTPSPool(HTTPSConnectionPool):
    class ConnectionCls(HTTPSConnection):
        _new_conn = _connect_to_public_address
