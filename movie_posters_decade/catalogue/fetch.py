"""Catalogue download: one file, whole or not at all, with a progress bar."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from datasets.utils.tqdm import tqdm
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from movie_posters_decade.download import Limits, RetryPolicy
from movie_posters_decade.download.addresses import origin_of
from movie_posters_decade.download.session import (
    FetchError,
    GuardedSession,
    RefusedError,
    describe_error,
    read_chunks,
)
from movie_posters_decade.io import write_atomically


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
        raise FetchError(describe_error(error)) from error


def _fetch_once(url: str, path: Path, limits: Limits, policy: RetryPolicy, deadline: float) -> None:
    with (
        GuardedSession(limits, policy) as session,
        session.follow_redirects(url, deadline) as response,
    ):
        if response.status_code != 200:
            origin = origin_of(response.url)
            status = response.status_code
            is_refused = 400 <= status < 500 and status not in {408, 429}
            kind = RefusedError if is_refused else FetchError
            raise kind(f"HTTP status {status} from {origin}")
        chunks = read_chunks(response.raw, limits.max_bytes, deadline)
        write_atomically(path, _with_progress_bar(response.raw, chunks))


def _with_progress_bar(body: BaseHTTPResponse, chunks: Iterable[bytes]) -> Iterator[bytes]:
    total = body.length_remaining
    with tqdm(total=total, unit="B", unit_scale=True, desc="Downloading the catalogue") as bar:
        for chunk in chunks:
            bar.update(body.tell() - bar.n)  # as sent: decoded, it may be more than the length
            yield chunk
