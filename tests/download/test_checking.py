"""The check runs beside the downloads: what takes too long is rejected, and nobody waits for it."""

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from functools import partial

import pytest
from downloads import LIMITS, POSTER
from samples import paint
from servers.faulty import FaultyHost

from movie_posters_decade.download.addresses import Address, parse_url
from movie_posters_decade.download.batch import Settings, download_batch
from movie_posters_decade.download.checking import CheckThread
from movie_posters_decade.download.hosts import Host, Loan
from movie_posters_decade.download.retry import Link
from movie_posters_decade.images import check_poster
from movie_posters_decade.records import ImageCheck, RejectReason

SLOW = paint("1970s", 99)


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Lets the slow check end, at the latest after the test."""
    event = threading.Event()
    yield event
    event.set()


def slow_check(released: threading.Event, content: bytes) -> ImageCheck:
    """Check a poster; one of them takes until it is released."""
    if content == SLOW:
        released.wait(20)
    return check_poster(content)


def test_poster_that_takes_too_long_is_rejected_and_the_others_are_kept(
    host: FaultyHost, released: threading.Event
) -> None:
    paths = [f"/{number}" for number in range(20)]
    host.handlers |= dict.fromkeys(paths, host.handlers["/good"])
    host.handlers["/slow"] = lambda request: request.respond(SLOW)
    links = deque(
        Link(address.url, address)
        for path in [*paths[:10], "/slow", *paths[10:]]
        if isinstance(address := parse_url(host.url + path), Address)
    )
    settings = Settings(partial(slow_check, released), LIMITS, check_seconds=1.0, clock_jump=2.0)
    loan = Loan(Host(host.url, 4, settings.policy), links)
    downloads = download_batch([loan], settings).downloads
    assert len(downloads) == 21
    [late] = [one for one in downloads if one.check is None or one.check.reason is not None]
    assert late.url == f"{host.url}/slow"
    assert late.check is not None
    assert late.check.reason is RejectReason.UNDECODABLE
    assert late.check.detail == "not decoded within 1 seconds"


def test_file_that_takes_too_long_is_rejected_and_the_next_is_checked(
    released: threading.Event,
) -> None:
    thread = CheckThread(lambda content: slow_check(released, content))
    check = thread.check(SLOW, seconds=0.1)
    assert (check.reason, check.detail) == (
        RejectReason.UNDECODABLE,
        "not decoded within 0.1 seconds",
    )
    assert thread.check(POSTER).reason is None
    thread.end()


def test_error_of_the_check_is_raised_where_its_content_came_from() -> None:
    def fail(_: bytes) -> ImageCheck:
        raise MemoryError("no memory is left")

    thread = CheckThread(fail)
    with pytest.raises(MemoryError, match="no memory is left"):
        thread.check(POSTER)
    thread.end()


UNENDING_CHECK = """
import time
from movie_posters_decade.download.checking import CheckThread

def check(content):
    print("checking", flush=True)
    time.sleep(60)

thread = CheckThread(check)
try:
    thread.check(b"poster")
except KeyboardInterrupt:
    thread.end()
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_check_that_does_not_end_keeps_no_program_from_ending() -> None:
    command = [sys.executable, "-c", UNENDING_CHECK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "checking\n"
        process.send_signal(2)
        begin = time.monotonic()
        assert process.wait(10) == 0
        assert time.monotonic() - begin < 5
        assert process.stdout.read() == "interrupted\n"
