"""Pace of requests to the archive's index: rate, Retry-After, and when there are no more."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from archived import FAST, FOUND, LINK, LINKS, POLICY, find, wayback
from servers.archive import EVERY, Archive, answer
from servers.faulty import Handler, Request, redirect

from movie_posters_decade.download import DownloadCache, Limits
from movie_posters_decade.download.host_warnings import CURE
from movie_posters_decade.download.pace import Pace
from movie_posters_decade.fallbacks.fallback import Answer


def test_requests_keep_the_pace_with_retries_and_redirects(
    archive: Archive, cache: DownloadCache
) -> None:
    archive.index_faults[LINKS[0]] = answer(b"", "503 Service Unavailable")
    archive.index_faults[LINKS[1]] = redirect("/cdx/search/cdx?url=loop")
    archive.index_faults["loop"] = answer(b"[]")
    pace = Pace(requests=2, seconds=0.15, connections=1)
    start = time.monotonic()
    find(LINKS[:4], cache, pace=pace, sleep=time.sleep)
    assert len(archive.times) == 3 + 2 + 2
    assert all(
        moment - start >= number // pace.requests * pace.seconds
        for number, moment in enumerate(archive.times)
    )


def throttled_once(retry_after: str) -> Handler:
    """Return a handler that sends 429 to the first request, and then that there is nothing."""

    def respond(request: Request) -> None:
        busy = answer(b"", "429 Too Many Requests", retry_after)
        (busy if request.number == 1 else answer(b"[]"))(request)

    return respond


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("Retry-After: 60\r\n", 60),
        ("Retry-After: 600\r\n", 600),
        ("", FAST.pause),
        ("Retry-After: soon\r\n", FAST.pause),
        (f"Retry-After: {format_datetime(datetime.now(UTC) + timedelta(hours=1))}\r\n", None),
    ],
    ids=["60 s", "600 s", "without", "no time", "a date"],  # a date differs between processes
)
def test_pause_after_429_is_as_long_as_the_archive_wants(
    archive: Archive, cache: DownloadCache, retry_after: str, seconds: float | None
) -> None:
    archive.index_faults[LINK] = throttled_once(retry_after)
    pace = Pace(1000, FAST.seconds, 1, max_retry_after=600 if seconds else 4000)
    waits: list[float] = []
    assert find([LINK, *LINKS], cache, sleep=waits.append, pace=pace)[0] == Answer(LINK)
    [wait] = waits
    assert wait == pytest.approx(seconds or 3600, abs=600 if seconds is None else 1)
    assert archive.index_requests[LINK] == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_pause_after_a_server_error_is_obeyed_whole(
    archive: Archive, cache: DownloadCache, status: int
) -> None:
    archive.index_faults[LINK] = answer(b"", f"{status} Busy", "Retry-After: 90\r\n")
    waits: list[float] = []
    [found] = find([LINK], cache, sleep=waits.append)
    assert found.failure == f"HTTP status {status}"
    assert waits == pytest.approx([90, 90], abs=1)
    assert archive.index_requests[LINK] == POLICY.attempts


@pytest.mark.parametrize(
    ("retry_after", "requests", "reason"),
    [
        ("Retry-After: 60\r\n", 2, "answered 429 twice"),
        ("Retry-After: 601\r\n", 1, "sent a Retry-After of 601 seconds, more than 600"),
    ],
)
def test_no_request_follows_a_second_429_or_too_long_a_pause(
    archive: Archive,
    cache: DownloadCache,
    caplog: pytest.LogCaptureFixture,
    retry_after: str,
    requests: int,
    reason: str,
) -> None:
    find([LINK], cache)
    archive.index_faults[EVERY] = answer(b"", "429 Too Many Requests", retry_after)
    used = wayback(cache, sleep=lambda _: None)
    text = f"no further request is sent to https://web.archive.org: {reason}"
    assert list(used.find(LINKS)) == [Answer(link, failure=text) for link in LINKS]
    archive.index_faults.clear()
    assert list(used.find([*LINKS[:1], LINK])) == [Answer(LINKS[0], failure=text), FOUND]
    assert archive.requests.total() == 1 + requests
    warning = f"https://web.archive.org {reason}; no further request is sent to it. {CURE}"
    assert [record.getMessage() for record in caplog.records].count(warning) == 1


def test_no_request_follows_many_failures_in_a_row(
    archive: Archive, cache: DownloadCache, caplog: pytest.LogCaptureFixture
) -> None:
    archive.index_faults[EVERY] = answer(b"Blocked", "403 Forbidden")
    answers = find(LINKS, cache, limits=Limits(user_agent="tester (me@example.org)"))
    stopped = "no further request is sent to https://web.archive.org: failed 5 times in a row"
    assert [found.failure for found in answers] == ["HTTP status 403"] * 5 + [stopped] * 3
    assert archive.requests.total() == 5
    assert len(caplog.records) == 1
