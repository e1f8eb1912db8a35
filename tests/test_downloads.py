"""URLs become files in the cache, or the reason why not is the right one."""

import socket
import threading
from pathlib import Path

import pytest
from conftest import PosterHost
from datasets import DownloadConfig, DownloadManager

from movie_posters_decade.downloads import (
    Fetched,
    Fetcher,
    Missed,
    cache_path,
    hand_out,
    is_url,
    temporary_fetcher,
)
from movie_posters_decade.funnel import Reason


def test_outcomes_come_in_the_order_of_the_urls(tmp_path: Path, host: PosterHost) -> None:
    host.answers = {f"/{number}": (200, bytes([number])) for number in range(0, 50, 2)}
    urls = [f"{host.url}/{number}" for number in range(50)]
    outcomes = Fetcher(tmp_path).fetch(urls)
    assert [outcome.url for outcome in outcomes] == urls
    assert [type(outcome) for outcome in outcomes] == [Fetched, Missed] * 25
    contents = [outcome.path.read_bytes() for outcome in outcomes if isinstance(outcome, Fetched)]
    assert contents == [bytes([number]) for number in range(0, 50, 2)]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, Reason.REFUSED),
        (403, Reason.REFUSED),
        (404, Reason.GONE),
        (410, Reason.GONE),
        (429, Reason.SERVER_ERROR),
        (500, Reason.SERVER_ERROR),
        (504, Reason.TIMEOUT),
    ],
)
def test_status_says_why_there_is_no_poster(
    tmp_path: Path, host: PosterHost, status: int, reason: Reason
) -> None:
    host.answers["/a"] = (status, b"no")
    url = f"{host.url}/a"
    assert Fetcher(tmp_path).fetch([url]) == [Missed(url, reason, status)]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:,a"])
def test_other_schemes_are_forbidden(tmp_path: Path, url: str) -> None:
    assert Fetcher(tmp_path).fetch([url]) == [Missed(url, Reason.FORBIDDEN_ADDRESS)]


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://nowhere.invalid/a"])
def test_address_without_a_host_is_unreachable(tmp_path: Path, url: str) -> None:
    assert Fetcher(tmp_path).fetch([url]) == [Missed(url, Reason.UNREACHABLE)]


def test_content_is_bounded(tmp_path: Path, host: PosterHost) -> None:
    host.answers["/a"] = (200, b"x" * 101)
    url = f"{host.url}/a"
    assert Fetcher(tmp_path, max_bytes=100).fetch([url]) == [Missed(url, Reason.TOO_LARGE, 200)]
    assert [path for path in tmp_path.iterdir() if path.suffix != ".json"] == []


def test_body_shorter_than_announced_is_truncated(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up_early() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")

        thread = threading.Thread(target=hang_up_early)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a"
        assert Fetcher(tmp_path).fetch([url]) == [Missed(url, Reason.TRUNCATED)]
        thread.join()
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_folder_is_not_asked_for_again(tmp_path: Path, host: PosterHost) -> None:
    host.answers["/a"] = (200, b"old")
    url = f"{host.url}/a"
    Fetcher(tmp_path).fetch([url])
    host.answers["/a"] = (200, b"new")
    assert Fetcher(tmp_path).fetch([url]) == [Fetched(url, cache_path(url, tmp_path))]
    assert cache_path(url, tmp_path).read_bytes() == b"old"
    assert len(host.requests) == 1
    Fetcher(tmp_path, refresh=True).fetch([url])
    assert cache_path(url, tmp_path).read_bytes() == b"new"


@pytest.mark.parametrize("num_proc", [None, 2])
def test_download_manager_hands_out_what_is_there_without_a_request(
    tmp_path: Path, host: PosterHost, num_proc: int | None
) -> None:
    urls = [f"{host.url}/{number}" for number in range(40)]
    host.answers = {f"/{number}": (200, b"four") for number in range(40)}
    Fetcher(tmp_path).fetch(urls)
    host.requests.clear()
    config = DownloadConfig(cache_dir=tmp_path, num_proc=num_proc, force_download=True)
    manager = DownloadManager(download_config=config, record_checksums=True)
    paths = hand_out(manager, urls)
    assert paths == {url: cache_path(url, tmp_path) for url in urls}
    assert host.requests == []
    assert manager.downloaded_size == 40 * 4
    assert len(manager.get_recorded_sizes_checksums()) == 40


def test_temporary_files_are_gone_afterwards(host: PosterHost) -> None:
    host.answers["/a"] = (200, b"a")
    with temporary_fetcher() as fetcher:
        [outcome] = fetcher.fetch([f"{host.url}/a"])
        assert isinstance(outcome, Fetched)
        assert outcome.path.read_bytes() == b"a"
    assert not outcome.path.exists()


@pytest.mark.parametrize(
    ("link", "expected"),
    [("http://a/b", True), ("file:x", True), ("a/b.jpg", False), ("/a", False), ("C:\\a", False)],
)
def test_url_starts_with_a_scheme(link: str, expected: bool) -> None:
    assert is_url(link) is expected
