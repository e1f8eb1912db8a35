"""The downloader: faults become reasons, usable content is stored, connections are limited."""

import os
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from downloads import LIMITS, POSTER, SHORT, download, downloader, rejected_by_check, stored
from samples import paint
from servers.faulty import FaultyHost, Request, serve_faulty

from movie_posters_decade.download import DownloadCache, RetryPolicy, temporary_cache
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.images import check_poster
from movie_posters_decade.records import DownloadResult, ImageCheck, RejectReason, accept_anything

FAULTS = {
    "/404": (RejectReason.NOT_FOUND, 404, 1),
    "/404-long": (RejectReason.NOT_FOUND, 404, 1),
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
    "/gzip-bomb": (RejectReason.TOO_LARGE, 200, 1),
    "/ends-early": (RejectReason.TRUNCATED, 200, 3),
    "/reset-midway": (RejectReason.TRUNCATED, 200, 3),
    "/no-http": (RejectReason.SERVER_ERROR, None, 3),
    "/head-ends-early": (RejectReason.SERVER_ERROR, None, 3),
    "/only-early-hints": (RejectReason.CONNECTION_ERROR, None, 3),
    "/redirect-loop": (RejectReason.CONNECTION_ERROR, 302, 6),
    "/redirect-to-file": (RejectReason.PRIVATE_ADDRESS, 302, 1),
    "/redirect-without-location": (RejectReason.SERVER_ERROR, 302, 1),
    "/opted-out": (RejectReason.OPTED_OUT, 200, 1),
}
"""The outcome of each fault: the reason, the last HTTP status, and the number of requests."""

GREY = paint("1990s", 1, mode="L")
CONTENTS = {
    "/poster": (POSTER, None),
    "/grey": (GREY, RejectReason.GRAYSCALE),
    "/page": (b"<html>", RejectReason.NOT_AN_IMAGE),
    "/half": (paint("1980s", 2)[:500], RejectReason.TRUNCATED),
    "/damaged": (POSTER.replace(b"\xff\xc0", b"\xff\x00"), RejectReason.UNDECODABLE),
    "/nothing": (b"", RejectReason.NOT_AN_IMAGE),
}
"""Contents that arrive complete, and what the check says of each."""


def serve_contents(host: FaultyHost) -> list[str]:
    for path, (content, _) in CONTENTS.items():
        host.handlers[path] = lambda request, content=content: request.respond(content)  # type: ignore[misc]
    return [host.url + path for path in CONTENTS]


def reasons(results: list[DownloadResult]) -> dict[str, RejectReason | None]:
    return {result.url: result.reason for result in results}


@pytest.mark.parametrize("path", FAULTS)
def test_each_fault_has_its_reason_and_stores_nothing(
    cache: DownloadCache, host: FaultyHost, path: str
) -> None:
    reason, status, requests = FAULTS[path]
    begin = time.monotonic()
    [result] = download([host.url + path], cache)
    assert (result.reason, result.status) == (reason, status)
    assert (result.path, result.check) == (None, None)
    assert requests in {None, host.requests[path]}
    assert time.monotonic() - begin < 5
    assert stored(cache) == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/length-too-small", RejectReason.TRUNCATED),
        ("/html", RejectReason.NOT_AN_IMAGE),
        ("/empty", RejectReason.NOT_AN_IMAGE),
        ("/svg", RejectReason.NOT_AN_IMAGE),
    ],
)
def test_content_that_is_no_poster_fails_its_check_and_is_requested_again(
    cache: DownloadCache, host: FaultyHost, path: str, reason: RejectReason
) -> None:
    url = host.url + path
    [result] = download([url], cache)
    assert result.check is not None
    check = ImageCheck(result.check.checksum, reason, detail=result.check.detail)
    assert result == DownloadResult(url, None, check, reason, 200, url, check.detail)
    assert stored(cache) == []
    host.handlers[path] = host.handlers["/good"]
    assert reasons(download([url], cache)) == {url: None}


def test_good_posters_arrive_among_all_faults(host: FaultyHost) -> None:
    faults = 2 * [*FAULTS]
    good = [f"/good/{number}" for number in range(len(faults))]
    host.handlers |= dict.fromkeys(good, host.handlers["/good"])
    urls = [host.url + path for pair in zip(good, faults, strict=True) for path in pair]
    # A busy machine may need longer for a good poster than other tests let it.
    results = download(urls, policy=replace(SHORT, read_timeout=0.5, total_timeout=1.5))
    assert sorted(result.url for result in results) == sorted(urls)
    arrived = {result.url for result in results if result.reason is None}
    assert arrived == {host.url + path for path in good}


def test_body_of_exactly_the_size_limit_is_accepted(host: FaultyHost) -> None:
    [result] = download([f"{host.url}/largest"])
    assert result.reason is None


def test_check_decides_what_is_stored(cache: DownloadCache, host: FaultyHost) -> None:
    urls = serve_contents(host)
    found = reasons(download(urls, cache))
    assert found == {host.url + path: reason for path, (_, reason) in CONTENTS.items()}
    usable = {cache.path(host.url + path).name: CONTENTS[path][0] for path in ("/poster", "/grey")}
    assert sorted(stored(cache)) == sorted(usable)
    assert all((cache.folder / name).read_bytes() == usable[name] for name in usable)


def test_check_may_keep_grayscale_posters(host: FaultyHost) -> None:
    serve_contents(host)
    check = partial(check_poster, keep_grayscale=True)
    assert reasons(download([f"{host.url}/grey"], check=check)) == {f"{host.url}/grey": None}


def test_check_may_accept_anything(cache: DownloadCache, host: FaultyHost) -> None:
    urls = serve_contents(host)
    assert reasons(download(urls, cache, check=accept_anything)) == dict.fromkeys(urls)
    assert len(stored(cache)) == len(CONTENTS)


@pytest.mark.parametrize("connections", [1, 4])
def test_host_gets_no_more_connections_than_its_limit(host: FaultyHost, connections: int) -> None:
    def slow(request: Request) -> None:
        time.sleep(0.01)
        request.respond(POSTER)

    host.handlers |= {f"/{number}": slow for number in range(20)}
    urls = [f"{host.url}/{number}" for number in range(20)]
    results = download(urls, policy=RetryPolicy(), connections_per_host=connections)
    assert all(result.reason is None for result in results)
    assert host.max_concurrent == connections


def test_all_hosts_together_get_no_more_connections_than_their_limit() -> None:
    lock, concurrent, highest = threading.Lock(), 0, 0

    def slow(request: Request) -> None:
        nonlocal concurrent, highest
        with lock:
            concurrent += 1
            highest = max(highest, concurrent)
        time.sleep(0.01)
        with lock:
            concurrent -= 1
        request.respond(POSTER)

    with serve_faulty() as one, serve_faulty() as two, serve_faulty() as three:
        urls = [f"{host.url}/{number}" for number in range(10) for host in (one, two, three)]
        for host in (one, two, three):
            host.handlers = {f"/{number}": slow for number in range(10)}
        results = download(urls, policy=RetryPolicy(), connections_per_host=4, max_connections=6)
        assert all(result.reason is None for result in results)
    assert highest == 6


def test_cancelled_download_sends_no_more_requests_and_leaves_no_partial_file(
    cache: DownloadCache, host: FaultyHost
) -> None:
    paths = [f"/{number}" for number in range(500)]
    host.handlers |= dict.fromkeys(paths, host.handlers["/good"])
    results = downloader(cache, policy=RetryPolicy(), connections_per_host=2).download(
        [host.url + path for path in paths]
    )
    next(results)
    results.close()
    requests = host.requests.total()
    time.sleep(0.1)
    # Requests that were on their way may still arrive.
    assert host.requests.total() <= requests + 2 < 400
    assert not any(name.endswith(".incomplete") for name in stored(cache))


def test_cache_that_cannot_be_created_is_an_error(tmp_path: Path, host: FaultyHost) -> None:
    (tmp_path / "file").write_text("")
    cache = DownloadCache(tmp_path / "file" / "downloads")
    with pytest.raises(DownloadError, match=r"a poster cannot be stored: .*Not a directory"):
        download([f"{host.url}/good"], cache)


def test_content_that_cannot_be_stored_is_an_error_and_leaves_nothing(
    cache: DownloadCache, host: FaultyHost
) -> None:
    url = f"{host.url}/good"
    cache.path(url).mkdir(parents=True)
    with pytest.raises(DownloadError) as error:
        download([url], cache, refresh=True)
    assert str(error.value).startswith(f"{cache.folder}: a poster cannot be stored: ")
    assert str(error.value).endswith(
        "What was downloaded before is kept. Fix this and build again."
    )
    assert stored(cache) == [cache.path(url).name]


def test_temporary_cache_is_removed_afterwards(host: FaultyHost) -> None:
    with temporary_cache() as cache:
        [result] = download([f"{host.url}/good"], cache)
        assert result.path is not None
        assert result.path.read_bytes() == POSTER
    assert not result.path.exists()
    assert not cache.folder.exists()


def test_links_of_a_local_catalogue_may_be_paths(tmp_path: Path) -> None:
    poster = tmp_path / "poster"
    poster.write_bytes(POSTER)
    links = ["poster", str(poster), "missing", "x" * 5000, "a\0b"]
    results = download(links, folder=tmp_path)
    assert [result.reason for result in results] == [None, None, *3 * [RejectReason.NOT_FOUND]]
    assert results[0].path is not None
    assert results[0].path.read_bytes() == POSTER


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_link_to_a_pipe_or_a_device_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    results = download(["pipe", "/dev/zero"], folder=tmp_path, allow_outside=True)
    assert [(one.reason, one.detail) for one in results] == 2 * [
        (RejectReason.NOT_FOUND, "a device or a pipe, and no file")
    ]


def test_file_on_disk_larger_than_the_limit_is_too_large(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LIMITS.max_bytes + 1)
    [result] = download(["large"], folder=tmp_path)
    assert result.reason is RejectReason.TOO_LARGE


def test_links_of_a_remote_catalogue_must_not_be_paths(tmp_path: Path) -> None:
    poster = tmp_path / "poster"
    poster.write_bytes(POSTER)
    assert reasons(download([str(poster)])) == {str(poster): RejectReason.PRIVATE_ADDRESS}


def test_posters_on_disk_are_checked_and_never_removed(tmp_path: Path) -> None:
    (tmp_path / "grey").write_bytes(GREY)
    (tmp_path / "page").write_bytes(b"<html>")
    assert download(["grey", "page"], folder=tmp_path) == [
        rejected_by_check("grey", GREY, RejectReason.GRAYSCALE, was_requested=False),
        rejected_by_check("page", b"<html>", RejectReason.NOT_AN_IMAGE, was_requested=False),
    ]
    assert (tmp_path / "page").exists()


def test_rejected_content_has_the_checksum_of_its_bytes(host: FaultyHost) -> None:
    serve_contents(host)
    url = f"{host.url}/page"
    assert download([url]) == [rejected_by_check(url, b"<html>", RejectReason.NOT_AN_IMAGE)]
