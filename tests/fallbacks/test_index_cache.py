"""Cache of the archive's answers: no link is sent to the index twice, whatever happens."""

import json
import os
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import datasets
import pytest
from archived import FOUND, LINK, LINKS, find, wayback
from servers.archive import FIELDS, Archive, answer

from movie_posters_decade.download import DownloadCache
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.fallbacks.fallback import Answer


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


def test_answer_is_remembered_at_once_so_that_another_search_continues_there(
    archive: Archive, cache: DownloadCache
) -> None:
    assert len(list(islice(wayback(cache).find(LINKS), 4))) == 4
    assert wayback(cache).answered(LINKS) == 4
    find(LINKS, cache)
    assert [archive.index_requests[link] for link in LINKS] == [1] * 8


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
