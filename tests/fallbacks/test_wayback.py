"""Wayback Machine: which captures its index lists, and answers that are of no use."""

import json
from dataclasses import replace

import pytest
from archived import FOUND, LINK, LINKS, POLICY, POSTER, alternative, find, wayback
from samples import paint
from servers.archive import EVERY, FIELDS, Archive, answer
from servers.faulty import GZIP_BOMB, Handler, Request, redirect

from movie_posters_decade.download import DownloadCache, Limits
from movie_posters_decade.fallbacks.fallback import Answer


def ends_early(request: Request) -> None:
    request.respond(b"[", length=100)
    request.hang_up()


def table(*rows: list[str], header: tuple[str, ...] = FIELDS) -> Handler:
    """Return a handler that responds with a table of captures."""
    return answer(json.dumps([header, *rows]).encode())


def row(timestamp: str = "20150314092653", sha1: str = "A" * 32, original: str = LINK) -> list[str]:
    """Return a row of the index."""
    return ["key", timestamp, original, "image/jpeg", "200", sha1, "1"]


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


def test_silence_is_a_failure(archive: Archive, cache: DownloadCache) -> None:
    archive.index_faults[EVERY] = Request.hang
    [found] = find([LINK], cache, policy=replace(POLICY, read_timeout=0.2))
    assert found.failure == "ConnectionError: The read operation timed out"


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
    assert (
        "url=http%3A%2F%2Fposters.movie-posters-decade.org%2FM%2FMV5Bxyz%40%40._V1_UX182_CR0%2C0%2C182"
        in url
    )
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
        LINK.replace("http://", "https://www.").replace("@", "%40").replace(".org/", ".org:443/")
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
        "ftp://posters.movie-posters-decade.org/1.jpg",
        "file:///etc/passwd",
        "http://",
        "http://10.0.0.1/1.jpg",
        "http://localhost/1.jpg",
        "http://nas/1.jpg",
        "http://posters.invalid/1.jpg",
        "http://posters.test/1.jpg",
        "http://posters.EXAMPLE./1.jpg",
        "http://nas.local/1.jpg",
        "https://movie-posters-decade.org/1.jpg?X-Amz-Date=1&X-Amz-Signature=0a",
        "https://movie-posters-decade.org/1.jpg?a=b&Token=",
        "https://movie-posters-decade.org/1.jpg?%73ig=0a",
        "http://me:secret@posters.movie-posters-decade.org/1.jpg",
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
