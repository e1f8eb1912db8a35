"""URLs become files in the cache, many at once, and none is asked for more often than needed."""

import os
import time
from pathlib import Path

import pytest
from downloads import (
    ANYONE,
    LITTLE,
    POSTER,
    download_one,
    stored,
)
from samples import paint
from servers.faulty import FaultyHost

from movie_posters_decade.download.cache import GONE_FOR_SECONDS, DownloadCache
from movie_posters_decade.download.downloader import Downloader, temporary_cache
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.images.checks import inspect_poster
from movie_posters_decade.records import Content, Fetched, Missed, RejectReason

FAULTS = {
    "/404": (RejectReason.NOT_FOUND, 404, 1),
    "/404-at-length": (RejectReason.NOT_FOUND, 404, 1),
    "/410": (RejectReason.NOT_FOUND, 410, 1),
    "/401": (RejectReason.ACCESS_DENIED, 401, 1),
    "/403": (RejectReason.ACCESS_DENIED, 403, 1),
    "/429": (RejectReason.SERVER_ERROR, 429, 3),
    "/500": (RejectReason.SERVER_ERROR, 500, 3),
    "/503": (RejectReason.SERVER_ERROR, 503, 3),
    "/504": (RejectReason.TIMEOUT, 504, 3),
    "/hang": (RejectReason.TIMEOUT, None, None),
    "/byte-by-byte": (RejectReason.TIMEOUT, None, 1),
    "/endless": (RejectReason.TOO_LARGE, 200, 1),
    "/huge": (RejectReason.TOO_LARGE, 200, 1),
    "/ends-early": (RejectReason.TRUNCATED, 200, 3),
    "/reset-in-the-middle": (RejectReason.TRUNCATED, 200, 3),
    "/no-http": (RejectReason.SERVER_ERROR, None, 3),
    "/head-cut": (RejectReason.SERVER_ERROR, None, 3),
    "/only-announced": (RejectReason.CONNECTION_ERROR, None, 3),
    "/redirect-loop": (RejectReason.CONNECTION_ERROR, 302, 6),
    "/redirect-to-file": (RejectReason.PRIVATE_ADDRESS, 302, 1),
    "/redirect-to-nowhere": (RejectReason.SERVER_ERROR, 302, 1),
    "/opted-out": (RejectReason.OPTED_OUT, 200, 1),
}
"""What each fault ends in: the reason, the last status, and how many requests it took."""


@pytest.mark.parametrize("path", FAULTS)
def test_horror_ends_in_its_reason_and_stores_nothing(
    cache: DownloadCache, host: FaultyHost, path: str
) -> None:
    reason, status, requests = FAULTS[path]
    begin = time.monotonic()
    outcome = download_one(cache, host.url + path)
    assert isinstance(outcome, Missed)
    assert (outcome.reason, outcome.status) == (reason, status)
    assert requests in {None, host.visits[path]}
    assert time.monotonic() - begin < 5
    assert stored(cache) == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/says-too-little", RejectReason.TRUNCATED),
        ("/gzip-bomb", RejectReason.NOT_AN_IMAGE),
        ("/html", RejectReason.NOT_AN_IMAGE),
        ("/empty", RejectReason.NOT_AN_IMAGE),
        ("/svg", RejectReason.NOT_AN_IMAGE),
    ],
)
def test_what_is_answered_and_no_poster_is_found_out_by_looking(
    cache: DownloadCache, host: FaultyHost, path: str, reason: RejectReason
) -> None:
    url = host.url + path
    assert download_one(cache, url) == Missed(url, reason, 200, url)
    assert stored(cache) == []
    host.faults[path] = host.faults["/good"]
    assert isinstance(download_one(cache, url), Fetched)


def test_lasting_fault_is_found_again_without_a_request(
    cache: DownloadCache, host: FaultyHost
) -> None:
    grey, url = paint("1990s", 1, mode="L"), f"{host.url}/grey"
    host.faults["/grey"] = lambda visit: visit.answer(grey)
    assert download_one(cache, url) == Missed(url, RejectReason.GRAYSCALE, 200, url)
    assert download_one(cache, url) == Missed(url, RejectReason.GRAYSCALE)
    assert isinstance(next(iter(Downloader(cache).download([url]))), Fetched)
    assert host.visits["/grey"] == 1


def test_good_posters_arrive_beside_every_horror(cache: DownloadCache, host: FaultyHost) -> None:
    good = [f"/good/{number}" for number in range(60)]
    host.faults |= dict.fromkeys(good, host.faults["/good"])
    bad = list(FAULTS)
    urls = [host.url + path for pair in zip(good, bad * 4, strict=False) for path in pair]
    outcomes = list(Downloader(cache, limits=ANYONE, patience=LITTLE).download(urls))
    assert sorted(outcome.url for outcome in outcomes) == sorted(urls)
    arrived = {outcome.url for outcome in outcomes if isinstance(outcome, Fetched)}
    assert arrived == {host.url + path for path in good}


def test_as_much_is_taken_as_the_limit_says(cache: DownloadCache, host: FaultyHost) -> None:
    assert isinstance(download_one(cache, f"{host.url}/largest"), Fetched)


def test_what_is_there_is_not_asked_for(cache: DownloadCache, host: FaultyHost) -> None:
    url = f"{host.url}/good"
    download_one(cache, url)
    looks = inspect_poster(POSTER).phash
    assert download_one(cache, url) == Fetched(url, cache.name(url), Content.of(POSTER), looks)
    assert host.visits["/good"] == 1


def test_what_was_examined_once_is_not_examined_again(
    cache: DownloadCache, host: FaultyHost
) -> None:
    def look() -> int | None:
        outcome = download_one(cache, f"{host.url}/good")
        return outcome.phash if isinstance(outcome, Fetched) else None

    found = look()
    assert found == inspect_poster(POSTER).phash
    [memory] = cache.folder.glob("*.looks")
    memory.write_text(memory.read_text().replace(f"{found:016x}", f"{7:016x}"))
    assert look() == 7
    another = paint("1980s", 2)
    cache.path(f"{host.url}/good").write_bytes(another)
    assert look() == inspect_poster(another).phash


def test_what_is_gone_is_remembered_for_seven_days(cache: DownloadCache, host: FaultyHost) -> None:
    url = f"{host.url}/404"
    download_one(cache, url)
    assert download_one(cache, url) == Missed(url, RejectReason.NOT_FOUND, 404)
    assert host.visits["/404"] == 1
    [memory] = cache.folder.glob("*.gone")
    week_ago = time.time() - GONE_FOR_SECONDS - 1
    os.utime(memory, (week_ago, week_ago))
    host.faults["/404"] = host.faults["/good"]
    assert isinstance(download_one(cache, url), Fetched)
    assert list(cache.folder.glob("*.gone")) == []


def test_passing_fault_is_not_remembered(cache: DownloadCache, host: FaultyHost) -> None:
    assert isinstance(download_one(cache, f"{host.url}/503"), Missed)
    host.faults["/503"] = host.faults["/good"]
    assert isinstance(download_one(cache, f"{host.url}/503"), Fetched)


def test_refresh_forgets_all(cache: DownloadCache, host: FaultyHost) -> None:
    urls = [f"{host.url}/404", f"{host.url}/good"]
    list(Downloader(cache, limits=ANYONE).download(urls))
    host.faults["/404"] = lambda visit: visit.answer(b"here again")
    host.faults["/good"] = lambda visit: visit.answer(b"another")
    outcomes = list(Downloader(cache, limits=ANYONE, refresh=True).download(urls))
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert [cache.path(url).read_bytes() for url in urls] == [b"here again", b"another"]


def test_what_is_found_gone_when_refreshed_does_not_come_back(
    cache: DownloadCache, host: FaultyHost
) -> None:
    url = f"{host.url}/good"
    download_one(cache, url)
    host.faults["/good"] = host.faults["/410"]
    list(Downloader(cache, limits=ANYONE, refresh=True).download([url]))
    assert download_one(cache, url) == Missed(url, RejectReason.NOT_FOUND, 410)
    assert host.visits["/good"] == 2


def test_damaged_file_is_fetched_again(cache: DownloadCache, host: FaultyHost) -> None:
    url = f"{host.url}/good"
    download_one(cache, url)
    cache.path(url).write_bytes(POSTER[:300])
    assert isinstance(download_one(cache, url), Fetched)
    assert cache.path(url).read_bytes() == POSTER


def test_offline_only_what_is_known_is_given(
    cache: DownloadCache, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, gone, missing = (f"{host.url}{path}" for path in ("/good", "/404", "/410"))
    list(Downloader(cache, limits=ANYONE).download([good, gone]))
    asked = host.visits.total()
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    known = {outcome.url: outcome for outcome in Downloader(cache).download([good, gone])}
    assert known == {
        good: Fetched(good, cache.name(good), Content.of(POSTER)),
        gone: Missed(gone, RejectReason.NOT_FOUND, 404),
    }
    with pytest.raises(DownloadError) as error:
        list(Downloader(cache).download([good, missing]))
    assert str(error.value) == (
        f"{cache.folder}: expected everything to be here, as HF_HUB_OFFLINE forbids requests; "
        f"found at least 1 missing, such as {missing}. Unset HF_HUB_OFFLINE and build again."
    )
    assert host.visits.total() == asked


def test_offline_nothing_can_be_fetched_anew(
    cache: DownloadCache, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{host.url}/good"
    download_one(cache, url)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError) as error:
        list(Downloader(cache, limits=ANYONE, refresh=True).download([url]))
    assert str(error.value) == (
        f"{cache.folder}: expected to download everything anew, as was asked for; found that "
        "HF_HUB_OFFLINE forbids requests. Unset it, or build without force_redownload."
    )
    assert cache.has(url)


def test_offline_what_was_damaged_in_the_cache_is_missing(
    cache: DownloadCache, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As without it the build would be another, for which there is no good reason."""
    url = f"{host.url}/good"
    download_one(cache, url)
    cache.path(url).write_bytes(POSTER[:300])
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match=f"found at least 1 missing, such as {url}"):
        download_one(cache, url)


def test_iteration_that_is_given_up_stops_asking(cache: DownloadCache, host: FaultyHost) -> None:
    paths = [f"/{number}" for number in range(500)]
    host.faults |= dict.fromkeys(paths, host.faults["/good"])
    outcomes = Downloader(cache, limits=ANYONE, connections_per_host=2).download(
        [host.url + path for path in paths]
    )
    next(iter(outcomes))
    outcomes.close()
    asked = host.visits.total()
    time.sleep(0.1)
    # What was on its way may still be counted.
    assert host.visits.total() <= asked + 2 < 400
    assert not any(name.endswith(".incomplete") for name in stored(cache))


def test_what_was_examined_is_remembered_when_the_rest_is_given_up(
    cache: DownloadCache, host: FaultyHost
) -> None:
    download_one(cache, f"{host.url}/good")
    [memory] = cache.folder.glob("*.looks")
    memory.unlink()
    outcomes = Downloader(cache, color="rgb", limits=ANYONE).download(
        [f"{host.url}/good", "never asked"]
    )
    next(outcomes)
    outcomes.close()
    assert Content.of(POSTER).sha256 in memory.read_text()


def test_cache_that_cannot_be_written_is_one_error(tmp_path: Path, host: FaultyHost) -> None:
    (tmp_path / "file").write_text("")
    cache = DownloadCache(tmp_path / "file" / "downloads")
    with pytest.raises(DownloadError, match=r"a poster cannot be stored: .*Not a directory"):
        download_one(cache, f"{host.url}/good")


def test_temporary_cache_is_gone_afterwards(host: FaultyHost) -> None:
    with temporary_cache() as cache:
        outcome = download_one(cache, f"{host.url}/good")
        assert isinstance(outcome, Fetched)
        assert Path(outcome.path).read_bytes() == POSTER
    assert not Path(outcome.path).exists()
