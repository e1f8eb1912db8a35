"""Playback: captures come through the downloader, and bad answers are rejections."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from archived import FOUND, LINK, POLICY, POSTER, find, sha1
from downloads import downloader, stored
from PIL import Image
from samples import encode
from servers.archive import EVERY, Archive, answer, not_archived
from servers.faulty import Handler, Request, redirect

from movie_posters_decade.download import DownloadCache, Limits
from movie_posters_decade.records import DownloadResult, RejectReason

ADDRESS = FOUND.alternatives[0].url
PAGE = b"<!doctype html><title>Wayback Machine</title>"
IN_AN_HOUR = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
BUSY = "429 Too Many Requests"
SHORT = replace(POLICY, throttle_limit=0.0)


def play(cache: DownloadCache, address: str = ADDRESS) -> DownloadResult:
    """Download a capture, with retries that make no test wait."""
    with downloader(cache, policy=SHORT, limits=Limits()) as used:
        [result] = used.download([address])
    return result


def picture(size: tuple[int, int], mode: str = "RGB") -> Handler:
    """Return a handler that sends a picture of one colour."""
    return answer(encode(Image.new(mode, size, 120)))


BAD_ANSWERS: dict[str, tuple[Handler, RejectReason]] = {
    "a web page": (answer(PAGE), RejectReason.NOT_AN_IMAGE),
    "an object": (answer(b"{}"), RejectReason.NOT_AN_IMAGE),
    "null": (answer(b"null"), RejectReason.NOT_AN_IMAGE),
    "cut JSON": (answer(b'[["urlkey","times'), RejectReason.NOT_AN_IMAGE),
    "nine bytes": (answer(b"Not Found"), RejectReason.NOT_AN_IMAGE),
    "nothing": (answer(b""), RejectReason.NOT_AN_IMAGE),
    "half a picture": (answer(POSTER[: len(POSTER) // 2]), RejectReason.TRUNCATED),
    "a single pixel": (picture((1, 1)), RejectReason.TOO_SMALL),
    "a grey placeholder": (picture((182, 268), "L"), RejectReason.GRAYSCALE),
    "not archived": (not_archived, RejectReason.NOT_FOUND),
    "a relative link": (redirect("/web/missing"), RejectReason.NOT_FOUND),
    "another host": (redirect("https://other.example/1.jpg"), RejectReason.NOT_FOUND),
    "http after https": (
        redirect(ADDRESS.replace("https://web", "http://web")),
        RejectReason.INSECURE_REDIRECT,
    ),
    "a private address": (redirect("https://10.0.0.1/1.jpg"), RejectReason.PRIVATE_ADDRESS),
    "a redirect loop": (
        redirect(ADDRESS.removeprefix("https://web.archive.org")),
        RejectReason.CONNECTION_ERROR,
    ),
    "an opt-out of the original host": (
        answer(POSTER, more="X-Archive-Orig-X-Robots-Tag: noai, noimageai\r\n"),
        RejectReason.OPTED_OUT,
    ),
    "status 403": (answer(PAGE, "403 Forbidden"), RejectReason.ACCESS_DENIED),
    "status 503": (answer(PAGE, "503 Service Unavailable"), RejectReason.SERVER_ERROR),
    "429": (answer(PAGE, BUSY), RejectReason.SERVER_ERROR),
    "429 with 60 s": (answer(PAGE, BUSY, "Retry-After: 60\r\n"), RejectReason.SERVER_ERROR),
    "429 with a date": (
        answer(PAGE, BUSY, f"Retry-After: {IN_AN_HOUR}\r\n"),
        RejectReason.SERVER_ERROR,
    ),
    "a reset": (Request.reset, RejectReason.CONNECTION_ERROR),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_bad_answer_is_a_rejection(archive: Archive, cache: DownloadCache, name: str) -> None:
    archive.playback_faults[EVERY], reason = BAD_ANSWERS[name]
    result = play(cache)
    assert (result.path, result.reason) == (None, reason)
    assert not any(url.startswith(("http://", "https://10")) for url in archive.requests)
    if reason not in {RejectReason.TOO_SMALL, RejectReason.GRAYSCALE}:
        assert stored(cache) == []


def test_capture_is_found_and_downloaded(archive: Archive, cache: DownloadCache) -> None:
    [found] = find([LINK], cache)
    [alternative] = found.alternatives
    result = play(cache, alternative.url)
    assert result.path is not None
    assert sha1(result.path.read_bytes()) == alternative.sha1 == sha1(POSTER)
    assert result.final_url == alternative.url
    assert archive.playback_requests == {LINK: 1}


def test_redirect_to_the_nearest_capture_is_followed(
    archive: Archive, cache: DownloadCache
) -> None:
    archive.captures = {LINK: [("20140101000000", b"another"), ("20160101000000", POSTER)]}
    result = play(cache)
    assert result.path is not None
    assert result.path.read_bytes() == POSTER
    assert result.final_url == ADDRESS.replace("20150314092653", "20160101000000")


@pytest.mark.usefixtures("archive")
def test_capture_without_its_flag_is_a_web_page(cache: DownloadCache) -> None:
    assert play(cache, ADDRESS.replace("id_", "")).reason is RejectReason.NOT_AN_IMAGE


def test_poster_hosts_are_reached_over_http_and_https(
    archive: Archive, cache: DownloadCache
) -> None:
    archive.posters = {
        "http://posters.example.invalid/1.jpg": (200, POSTER),
        "https://posters.example.invalid/1.jpg": (200, POSTER),
    }
    assert {play(cache, link).reason for link in archive.posters} == {None}
    result = play(cache, "http://posters.example.invalid/2.jpg")
    assert (result.reason, result.status) == (RejectReason.NOT_FOUND, 404)
    assert archive.connections == {"posters.example.invalid:443": 1}
