"""Wayback Machine: what its index says about dead links, at a pace, and each only once."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import datasets
import pytest
from archived import FAST, FOUND, LINK, POLICY, POSTER, alternative, find, wayback
from samples import paint
from servers.archive import EVERY, FIELDS, Archive, answer
from servers.faulty import GZIP_BOMB, Handler, Request, redirect

from movie_posters_decade.download import DownloadCache, Limits
from movie_posters_decade.download.pace import Pace
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.fallbacks.alternatives import Answer

LINKS = [f"http://posters.example/{number}.jpg" for number in range(8)]
"""Links that the archive does not hold."""


def ends_early(request: Request) -> None:
    request.respond(b"[", length=100)
    request.hang_up()


def table(*rows: list[str], header: tuple[str, ...] = FIELDS) -> Handler:
    """Return a handler that responds with a table of captures."""
    return answer(json.dumps([header, *rows]).encode())


def row(
    timestamp: str = "20150314092653", sha1: str = "A" * 32, original: str = LINK, size: str = "1"
) -> list[str]:
    """Return a row of the index."""
    return ["key", timestamp, original, "image/jpeg", "200", sha1, size]


BAD_ANSWERS: dict[str, tuple[Handler, str]] = {
    "a web page": (answer(b"<!doctype html><title>Busy</title>"), "an answer that is not JSON"),
    "nothing": (answer(b""), "an answer that is not JSON"),
    "cut JSON": (answer(b'[["urlkey","timest'), "an answer that is not JSON"),
    "deep JSON": (answer(b"[" * 200_000), "an answer that is not JSON"),
    "no text": (answer(b"\xff\xfe\xfd"), "an answer that is not JSON"),
    "an object": (answer(b"{}"), "an answer that is not a table of captures"),
    "null": (answer(b"null"), "an answer that is not a table of captures"),
    "numbers": (answer(b"[[1, 2], [3, 4]]"), "an answer that is not a table of captures"),
    "missing columns": (
        table(header=("urlkey", "original", "mimetype", "statuscode")),
        "a table without the columns timestamp, digest",
    ),
    "a short row": (
        table(["key", "20150314092653"]),
        "a table without the columns timestamp, original, mimetype, statuscode, digest",
    ),
    "a short timestamp": (
        table(row(timestamp="2015")),
        "a capture without a valid timestamp and digest",
    ),
    "a path as timestamp": (
        table(row(timestamp="../../evil/123")),
        "a capture without a valid timestamp and digest",
    ),
    "digits of another script": (
        table(row(timestamp="٢٠١٥٠٣١٤٠٩٢٦٥٣")),
        "a capture without a valid timestamp and digest",
    ),
    "an odd digest": (table(row(sha1="a" * 32)), "a capture without a valid timestamp and digest"),
    "a relative link": (
        table(row(original="/M/MV5Bxyz.jpg")),
        "a capture of something that is not a URL",
    ),
    "too much": (answer(b" " * (1024 * 1024 + 1)), "more than 1,048,576 bytes"),
    "a gzip bomb": (
        answer(GZIP_BOMB, more="Content-Encoding: gzip\r\n"),
        "more than 1,048,576 bytes",
    ),
    "an early end": (ends_early, "ProtocolError: IncompleteRead(1 bytes read, 99 more expected)"),
    "another host": (
        redirect("https://other.example/cdx"),
        "a redirect to https://other.example",
    ),
    "http after https": (
        redirect("http://web.archive.org/cdx/search/cdx?url=a"),
        "a redirect from https to http",
    ),
    "a private address": (
        redirect("https://10.0.0.1/cdx"),
        "the private address 10.0.0.1, which needs allow_private_hosts=True "
        "(--allow-private-hosts)",
    ),
    "a redirect loop": (redirect("/cdx/search/cdx?url=loop"), "more than 5 redirects"),
    "status 403": (answer(b"Blocked", "403 Forbidden"), "HTTP status 403"),
    "status 503": (answer(b"Busy", "503 Service Unavailable"), "HTTP status 503"),
    "silence": (Request.hang, "ConnectionError: The read operation timed out"),
    "a reset": (Request.reset, "ConnectionError: Remote end closed connection without response"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_bad_answer_is_a_failure_and_is_not_remembered(
    archive: Archive, cache: DownloadCache, name: str
) -> None:
    archive.index_faults[EVERY], text = BAD_ANSWERS[name]
    assert find([LINK], cache) == [Answer(LINK, failure=text)]
    assert not any(url.startswith(("http:", "https://o", "https://1")) for url in archive.requests)
    archive.index_faults.clear()
    assert find([LINK], cache) == [FOUND]


def test_server_error_and_lost_connection_are_retried(
    archive: Archive, cache: DownloadCache
) -> None:
    for fault in (answer(b"", "503 Service Unavailable"), Request.reset):
        archive.index_requests.clear()
        archive.index_faults[EVERY] = fault
        find([LINK], cache)
        assert archive.index_requests[LINK] == POLICY.attempts


def test_earliest_captures_with_different_content_are_found(
    archive: Archive, cache: DownloadCache
) -> None:
    posters = [paint("1970s", seed) for seed in range(5)]
    archive.captures = {
        LINK: [
            ("20100101000000", b"<p>", "text/html"),
            ("20120101000000", b"Not Found", "image/jpeg", "404"),
            ("20190101000000", posters[4]),
            ("20130101000000", posters[0]),
            ("20140101000000", posters[1]),
            ("20150101000000", posters[0]),
            ("20160101000000", posters[2], "image/png"),
            ("20170101000000", posters[3]),
        ]
    }
    assert find([LINK], cache) == [
        Answer(
            LINK,
            (
                alternative("20130101000000", posters[0]),
                alternative("20140101000000", posters[1]),
                alternative("20160101000000", posters[2]),
            ),
        )
    ]


def test_index_is_sent_the_link_percent_encoded_and_answers_compressed(
    archive: Archive, cache: DownloadCache
) -> None:
    assert find([LINK], cache, limits=Limits(user_agent="tester/1 (+https://a.example)")) == [FOUND]
    [url] = archive.requests
    assert "url=http%3A%2F%2Fposters.example%2FM%2FMV5Bxyz%40%40._V1_UX182_CR0%2C0%2C182" in url
    assert b"\r\nUser-Agent: tester/1 (+https://a.example)\r\n" in archive.heads[0]
    assert b"gzip" in archive.heads[0]


def test_capture_of_another_page_is_left_out(archive: Archive, cache: DownloadCache) -> None:
    """The index ignores upper and lower case, which IMDb's links do not."""
    archive.captures = {LINK.replace("xyz", "XYZ"): [("20150314092653", POSTER)]}
    assert find([LINK], cache) == [Answer(LINK)]
    assert archive.index_requests[LINK] == 1


def test_capture_of_the_link_in_another_spelling_is_found(
    archive: Archive, cache: DownloadCache
) -> None:
    spelt = (
        LINK.replace("http://", "https://www.")
        .replace("@", "%40")
        .replace(".example/", ".example:443/")
    )
    archive.captures = {spelt: [("20150314092653", POSTER)]}
    assert find([LINK], cache) == [FOUND]


def test_damaged_row_does_not_hide_a_capture(archive: Archive, cache: DownloadCache) -> None:
    sha1 = FOUND.alternatives[0].sha1
    archive.index_faults[LINK] = table(row(sha1="-"), row(sha1=sha1))
    assert find([LINK], cache) == [FOUND]


def test_redirect_on_the_same_host_is_followed(archive: Archive, cache: DownloadCache) -> None:
    def move(request: Request) -> None:
        to = f"{request.path.removeprefix('https://web.archive.org')}&moved=1"
        found = table(row(sha1=FOUND.alternatives[0].sha1))
        (found if "moved" in request.path else redirect(to))(request)

    archive.index_faults[LINK] = move
    assert find([LINK], cache) == [FOUND]


@pytest.mark.parametrize(
    "link",
    [
        "posters/1.jpg",
        "ftp://posters.example/1.jpg",
        "file:///etc/passwd",
        "http://",
        "http://10.0.0.1/1.jpg",
        "http://localhost/1.jpg",
        "http://nas/1.jpg",
        "http://me:secret@posters.example/1.jpg",
        "",
    ],
)
def test_link_that_no_public_archive_holds_is_not_sent(
    archive: Archive, cache: DownloadCache, link: str
) -> None:
    assert find([link], cache) == [Answer(link)]
    assert wayback(cache).answered([link]) == 1
    assert archive.requests.total() == 0


def test_answers_come_in_the_order_of_the_links(archive: Archive, cache: DownloadCache) -> None:
    links = [LINKS[0], LINK, "posters/1.jpg", LINKS[1], LINK]
    answers = find(links, cache)
    assert [found.link for found in answers] == links
    assert [len(found.alternatives) for found in answers] == [0, 1, 0, 0, 1]
    assert archive.index_requests == {LINKS[0]: 1, LINK: 1, LINKS[1]: 1}
    assert archive.connections.total() == 1


def test_answers_are_remembered(archive: Archive, cache: DownloadCache) -> None:
    links = [LINK, *LINKS]
    assert wayback(cache).answered(links) == 0
    first = find(links, cache)
    assert wayback(cache).answered([*links, LINK.replace("xyz", "abc")]) == len(links)
    assert find(links, cache) == first
    assert find(links, cache, offline=True) == first
    assert archive.requests.total() == len(links)


@pytest.mark.parametrize("body", [b"[]", b"[]\n", json.dumps([FIELDS]).encode()])
def test_link_that_is_not_in_the_archive_is_remembered_for_seven_days(
    archive: Archive, cache: DownloadCache, age: Callable[[float], None], body: bytes
) -> None:
    archive.index_faults[LINK] = answer(body)
    assert find([LINK], cache) == [Answer(LINK)]
    archive.index_faults.clear()
    age(6.9)
    assert find([LINK], cache) == [Answer(LINK)]
    age(7.1)
    assert find([LINK], cache, offline=True) == [Answer(LINK)]
    assert find([LINK], cache) == [FOUND]
    age(700)
    assert find([LINK], cache) == [FOUND]
    assert archive.requests.total() == 2


@pytest.fixture
def age(cache: DownloadCache) -> Callable[[float], None]:
    """Make all that is remembered some days old."""

    def make_old(days: float) -> None:
        moment = time.time() - days * 24 * 3600
        for path in cache.folder.iterdir():
            os.utime(path, (moment, moment))

    return make_old


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{}",
        b"null",
        b"[" * 60_000,
        b'{"captures": [["2015", "A"]]}',
        b'{"captures": [["20150314092653"]]}',
        b'{"captures": [7]}',
        b'{"captures": 7}',
        b"\xff",
        b'{"captures": []}'.ljust(65 * 1024),
    ],
)
def test_damaged_entry_is_ignored(archive: Archive, cache: DownloadCache, damaged: bytes) -> None:
    find([LINK], cache)
    [entry] = cache.folder.iterdir()
    assert entry == Path(f"{cache.path(LINK)}.wayback")
    entry.write_bytes(damaged)
    assert find([LINK], cache) == [FOUND]
    assert archive.requests.total() == 2


def test_refresh_queries_again_but_only_once(archive: Archive, cache: DownloadCache) -> None:
    find([LINK], cache)
    archive.captures = {}
    again = wayback(cache, refresh=True)
    assert again.answered([LINK]) == 0
    assert list(again.find([LINK, LINK])) == [Answer(LINK), Answer(LINK)]
    assert list(again.find([LINK])) == [Answer(LINK)]
    assert again.answered([LINK]) == 1
    assert archive.requests.total() == 2


def test_offline_a_link_that_is_not_remembered_is_an_error(
    archive: Archive, cache: DownloadCache
) -> None:
    find([LINK], cache)
    with pytest.raises(DownloadError) as error:
        find([LINK, LINKS[0]], cache, offline=True)
    assert str(error.value) == (
        f"{cache.folder}: expected the archive's answers for all dead links here, as "
        f"HF_HUB_OFFLINE forbids requests; found at least 1 missing, such as for {LINKS[0]}. "
        "Unset HF_HUB_OFFLINE, or build without this fallback."
    )
    with pytest.raises(DownloadError, match="expected to query the archive's index again"):
        find([LINK], cache, offline=True, refresh=True)
    assert archive.requests.total() == 1


@pytest.mark.usefixtures("archive")
def test_answer_that_cannot_be_stored_is_an_error(cache: DownloadCache) -> None:
    cache.folder.write_text("not a folder")
    with pytest.raises(DownloadError, match=r"the archive's answer cannot be stored: .*exists"):
        find([LINK], cache)


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
        ("", FAST.seconds),
        ("Retry-After: soon\r\n", FAST.seconds),
        (f"Retry-After: {format_datetime(datetime.now(UTC) + timedelta(hours=1))}\r\n", None),
    ],
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


def test_pause_after_503_is_obeyed(archive: Archive, cache: DownloadCache) -> None:
    archive.index_faults[LINK] = answer(b"", "503 Busy", "Retry-After: 90\r\n")
    waits: list[float] = []
    [found] = find([LINK], cache, sleep=waits.append)
    assert found.failure == "HTTP status 503"
    assert waits == pytest.approx([90, 90], abs=1)
    assert archive.index_requests[LINK] == POLICY.attempts


@pytest.mark.parametrize(
    ("retry_after", "requests", "reason"),
    [
        ("Retry-After: 60\r\n", 2, "answered with HTTP status 429 2 times"),
        ("Retry-After: 601\r\n", 1, "wants a pause of 601 seconds"),
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
    warning = f"https://web.archive.org {reason}; no further request is sent to it."
    assert [record.getMessage() for record in caplog.records].count(warning) == 1


def test_no_request_follows_many_failures_in_a_row(
    archive: Archive, cache: DownloadCache, caplog: pytest.LogCaptureFixture
) -> None:
    archive.index_faults[EVERY] = answer(b"Blocked", "403 Forbidden")
    answers = find(LINKS, cache)
    stopped = "no further request is sent to https://web.archive.org: failed 5 times in a row"
    assert [found.failure for found in answers] == ["HTTP status 403"] * 5 + [stopped] * 3
    assert archive.requests.total() == 5
    assert len(caplog.records) == 1


KILLED = """
import sys
from pathlib import Path
from archived import find
from movie_posters_decade.download import DownloadCache

find(sys.argv[2:], DownloadCache(Path(sys.argv[1])))
"""


def test_killed_process_continues_where_it_stopped(archive: Archive, cache: DownloadCache) -> None:
    arrived = threading.Event()

    def hold(request: Request) -> None:
        arrived.set()
        request.hang()

    archive.index_faults[LINKS[4]] = hold
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(cache.folder), *LINKS])
    assert arrived.wait(30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert wayback(cache).answered(LINKS) == 4
    archive.index_faults.clear()
    find(LINKS, cache)
    assert [archive.index_requests[link] for link in LINKS] == [1, 1, 1, 1, 2, 1, 1, 1]


@pytest.mark.usefixtures("archive")
def test_progress_bar_counts_links_that_need_a_request(
    cache: DownloadCache, capsys: pytest.CaptureFixture[str]
) -> None:
    datasets.enable_progress_bars()
    try:
        find(LINKS[:1], cache)
        find(LINKS[:4], cache)
        shown = capsys.readouterr().err.split("\r")[-1]
        find(LINKS[:4], cache)
    finally:
        datasets.disable_progress_bars()
    assert shown.startswith("Archive index: 100%")
    assert "3/3" in shown
    assert capsys.readouterr().err == ""
