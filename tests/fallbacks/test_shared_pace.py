"""One host: what the archive says about the pace holds for its index and for playback."""

import pickle
import time
from dataclasses import replace
from itertools import pairwise

import pytest
from archived import FAST, FOUND, LINK, LINKS, POLICY, POSTER, find
from downloads import downloader
from servers.archive import ARCHIVE, EVERY, Archive, answer

from movie_posters_decade.download import DownloadCache, Limits
from movie_posters_decade.download.addresses import Address
from movie_posters_decade.download.hosts import Host
from movie_posters_decade.download.lending import Lending
from movie_posters_decade.download.pace import Pace, RateLimiter, Throttling
from movie_posters_decade.download.retry import Attempt, Link
from movie_posters_decade.fallbacks.wayback import INDEX_PACE, PLAYBACK_PACE
from movie_posters_decade.records import DownloadResult, RejectReason

BUSY = "429 Too Many Requests"
TOO_MANY = Attempt(LINK, RejectReason.SERVER_ERROR, 429, is_transient=True, retry_after=60.0)
ADDRESS = Address("https://web.archive.org/1", "https", "web.archive.org", 443)
ONCE = replace(POLICY, attempts=1)


def play(
    cache: DownloadCache, links: list[str], throttling: Throttling, pace: Pace = FAST
) -> list[DownloadResult]:
    """Download captures after what the archive said before."""
    shared = {"paces": {ARCHIVE: pace}, "throttling": {ARCHIVE: throttling}}
    policy = replace(POLICY, read_timeout=5.0)
    with downloader(cache, policy=policy, limits=Limits(), **shared) as used:
        return list(used.download(links))


def playback_host(throttling: Throttling) -> Host:
    return Host(ARCHIVE, 4, POLICY, pace=FAST, throttling=throttling)


def test_playback_sends_nothing_after_the_index_got_429_twice(
    archive: Archive, cache: DownloadCache
) -> None:
    throttling = Throttling()
    archive.index_faults[EVERY] = answer(b"", BUSY, "Retry-After: 0\r\n")
    find(LINKS[:1], cache, throttling=throttling)
    [result] = play(cache, [FOUND.alternatives[0].url], throttling)
    assert (result.reason, result.status) == (RejectReason.CONNECTION_ERROR, None)
    assert archive.requests.total() == archive.index_requests.total() == 2


def test_index_sends_nothing_after_playback_got_429_twice(
    archive: Archive, cache: DownloadCache
) -> None:
    throttling = Throttling()
    archive.playback_faults[EVERY] = answer(b"", BUSY, "Retry-After: 0\r\n")
    play(cache, [FOUND.alternatives[0].url], throttling)
    [found] = find([LINK], cache, throttling=throttling)
    assert found.failure == f"no further request is sent to {ARCHIVE}: answered 429 twice"
    assert archive.index_requests.total() == 0


def test_one_429_of_each_is_two(archive: Archive, cache: DownloadCache) -> None:
    throttling = Throttling()
    archive.index_faults[EVERY] = answer(b"", BUSY, "Retry-After: 0\r\n")
    find(LINKS[:1], cache, throttling=throttling, policy=ONCE)
    host = playback_host(throttling)
    assert not host.is_open
    host.record(TOO_MANY, time.monotonic(), 60.0)
    assert (host.is_open, host.fault) == (True, "answered 429 twice")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_pause_that_the_index_wants_holds_for_playback(
    archive: Archive, cache: DownloadCache, status: int
) -> None:
    throttling = Throttling()
    archive.index_faults[EVERY] = answer(b"", f"{status} Busy", "Retry-After: 60\r\n")
    find(LINKS[:1], cache, throttling=throttling, policy=ONCE)
    assert playback_host(throttling).pause() == pytest.approx(60, abs=5)


@pytest.mark.parametrize("retry_after", [60.0, None])
@pytest.mark.usefixtures("archive")
def test_pause_that_playback_wants_holds_for_the_index(
    cache: DownloadCache, retry_after: float | None
) -> None:
    throttling, waits = Throttling(), list[float]()
    attempt = replace(TOO_MANY, retry_after=retry_after)
    playback_host(throttling).record(attempt, time.monotonic(), 0.0)
    assert find([LINK, *LINKS], cache, throttling=throttling, sleep=waits.append)[0] == FOUND
    assert waits == pytest.approx([60], abs=5)


def test_what_a_host_said_to_a_worker_holds_for_the_index() -> None:
    throttling = Throttling()
    lending = Lending([(playback_host(throttling), [Link(LINK, ADDRESS)])], 2, 1024)
    batch = lending.next_batch(time.monotonic())
    assert batch is not None
    [loan] = pickle.loads(pickle.dumps(batch.loans))  # noqa: S301
    loan.host.record(TOO_MANY, time.monotonic(), 60.0)
    assert throttling.count == 0
    lending.take_back(pickle.loads(pickle.dumps([loan])), time.monotonic())  # noqa: S301
    assert throttling.count == 1
    assert throttling.pause_until - time.monotonic() == pytest.approx(60, abs=5)


def test_pause_keeps_its_length_on_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = pickle.dumps(Throttling(pause_until=time.monotonic() + 60))
    monkeypatch.setattr("time.monotonic", lambda: 5e6)
    arrived: Throttling = pickle.loads(sent)  # noqa: S301
    assert arrived.pause_until - 5e6 == pytest.approx(60, abs=5)


def test_http_and_https_share_one_pace(archive: Archive, cache: DownloadCache) -> None:
    links = [f"{scheme}://web.archive.org/{n}.jpg" for scheme in ("http", "https") for n in (1, 2)]
    archive.posters = dict.fromkeys(links, (200, POSTER))
    pace, begin = Pace(1, 0.15, connections=4), time.monotonic()
    results = play(cache, links, Throttling(), pace)
    assert time.monotonic() - begin >= 3 * pace.seconds
    assert {result.url: result.reason for result in results} == {
        link: None if link.startswith("http://") else RejectReason.NOT_FOUND for link in links
    }


def test_redirect_from_http_to_https_is_counted() -> None:
    assert playback_host(Throttling()).origins == {"http://web.archive.org", ARCHIVE}


@pytest.mark.parametrize(("pace", "gap"), [(INDEX_PACE, 2.5), (PLAYBACK_PACE, 0.25)])
def test_requests_to_the_archive_are_evenly_spaced(pace: Pace, gap: float) -> None:
    limiter = RateLimiter(pace)
    begins = [limiter.reserve(100.0) for _ in range(5)]
    assert begins[0] == 0
    assert [later - earlier for earlier, later in pairwise(begins)] == pytest.approx([gap] * 4)
