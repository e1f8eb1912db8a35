"""The download cache: datasets' file names and manager, and what is not requested again."""

import os
import time
from pathlib import Path

import pytest
from datasets import DownloadConfig, DownloadManager
from downloads import LIMITS, POSTER, download, downloader, rejected_by_check
from samples import paint
from servers.faulty import FaultyHost

from movie_posters_decade.download import DownloadCache, paths_from_manager
from movie_posters_decade.download.cache import NOT_FOUND_SECONDS
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.images import check_poster
from movie_posters_decade.io import write_atomically
from movie_posters_decade.records import DownloadResult, RejectReason, accept_anything

URL = "http://host/a"


@pytest.fixture
def existing(cache: DownloadCache) -> DownloadCache:
    """An empty cache whose folder exists."""
    cache.folder.mkdir()
    return cache


def not_found(url: str, status: int) -> DownloadResult:
    """Return the result for a URL in the negative cache."""
    return DownloadResult(url, reason=RejectReason.NOT_FOUND, status=status)


@pytest.mark.parametrize("num_proc", [None, 2])
@pytest.mark.parametrize("count", [0, 1, 15, 16, 210, 211, 240])
def test_download_manager_gives_the_paths_of_cached_files_without_a_request(
    existing: DownloadCache, host: FaultyHost, num_proc: int | None, count: int
) -> None:
    urls = [f"{host.url}/{number}" for number in range(count)]
    for url in urls:
        write_atomically(existing.path(url), b"four")
    config = DownloadConfig(cache_dir=existing.folder, num_proc=num_proc, force_download=True)
    manager = DownloadManager(download_config=config, record_checksums=True)
    paths = paths_from_manager(manager, urls)
    assert list(paths.items()) == [(url, existing.path(url)) for url in urls]
    assert host.requests.total() == 0
    assert manager.downloaded_size == count * 4
    assert len(manager.get_recorded_sizes_checksums()) == count


def test_links_to_the_hub_are_not_passed_to_the_manager(existing: DownloadCache) -> None:
    """The manager would request them from the Hub, cached or not."""
    url = "https://huggingface.co/datasets/me/posters/resolve/main/a.jpg"
    write_atomically(existing.path(url), b"four")
    config = DownloadConfig(cache_dir=existing.folder)
    assert paths_from_manager(DownloadManager(download_config=config), [url]) == {}


def test_stored_files_have_the_permissions_of_ordinary_files(existing: DownloadCache) -> None:
    ordinary = existing.folder / "ordinary"
    ordinary.touch()
    write_atomically(existing.path(URL), b"a")
    assert existing.path(URL).stat().st_mode == ordinary.stat().st_mode


def test_empty_entry_of_the_negative_cache_is_ignored(existing: DownloadCache) -> None:
    """A process that was killed may have left it."""
    existing.remember_not_found(URL, 404)
    assert existing.not_found_status(URL) == 404
    [entry] = existing.folder.glob("*.not_found")
    entry.write_text("")
    assert existing.not_found_status(URL) is None


def test_cached_poster_is_not_requested_again(cache: DownloadCache, host: FaultyHost) -> None:
    url = f"{host.url}/good"
    download([url], cache)
    expected = DownloadResult(url, cache.path(url), check_poster(POSTER))
    assert download([url], cache) == [expected]
    assert expected.check is not None
    assert expected.check.phashes is not None
    assert host.requests["/good"] == 1


def test_stored_content_is_checked_again_without_a_request(
    cache: DownloadCache, host: FaultyHost
) -> None:
    grey, url = paint("1990s", 1, mode="L"), f"{host.url}/grey"
    host.handlers["/grey"] = lambda request: request.respond(grey)
    first = rejected_by_check(url, grey, RejectReason.GRAYSCALE)
    again = rejected_by_check(url, grey, RejectReason.GRAYSCALE, was_requested=False)
    assert download([url], cache) == [first]
    assert download([url], cache) == [again]
    [accepted] = download([url], cache, check=accept_anything)
    assert accepted.reason is None
    assert host.requests["/grey"] == 1


def test_cached_phash_is_used_only_for_the_same_bytes(
    cache: DownloadCache, host: FaultyHost
) -> None:
    url = f"{host.url}/good"
    download([url], cache)
    # This check computes no phash, so that one which is found is a cached one.
    [same] = download([url], cache, check=accept_anything)
    assert same.check == check_poster(POSTER)
    cache.path(url).write_bytes(paint("1980s", 2))
    [another] = download([url], cache, check=accept_anything)
    assert another.check is not None
    assert another.check.phashes is None


def test_cached_phash_is_used_for_posters_on_disk(existing: DownloadCache, tmp_path: Path) -> None:
    (tmp_path / "poster").write_bytes(POSTER)
    [first] = download(["poster"], existing, folder=tmp_path)
    again = download(["poster"], existing, folder=tmp_path, check=accept_anything)
    assert again == [first]
    assert first.check == check_poster(POSTER)


def test_link_not_found_is_remembered_for_seven_days(
    cache: DownloadCache, host: FaultyHost
) -> None:
    url = f"{host.url}/404"
    download([url], cache)
    assert download([url], cache) == [not_found(url, 404)]
    assert host.requests["/404"] == 1
    [entry] = cache.folder.glob("*.not_found")
    week_ago = time.time() - NOT_FOUND_SECONDS - 1
    os.utime(entry, (week_ago, week_ago))
    host.handlers["/404"] = host.handlers["/good"]
    [result] = download([url], cache)
    assert result.reason is None
    assert list(cache.folder.glob("*.not_found")) == []


@pytest.mark.parametrize("seconds", [120, 400 * 24 * 3600])
def test_entry_of_the_negative_cache_from_the_future_expires(
    existing: DownloadCache, seconds: float
) -> None:
    """The clock was put back, and the entry would keep a poster out for so much longer."""
    existing.remember_not_found(URL, 404)
    [entry] = existing.folder.glob("*.not_found")
    later = time.time() + seconds
    os.utime(entry, (later, later))
    assert existing.not_found_status(URL) is None
    assert not entry.exists()


@pytest.mark.parametrize("content", ["200", "\u00b2", "4044", "404\n"])
def test_damaged_entry_of_the_negative_cache_is_ignored(
    existing: DownloadCache, content: str
) -> None:
    existing.remember_not_found(URL, 404)
    [entry] = existing.folder.glob("*.not_found")
    entry.write_text(content, encoding="utf-8")
    assert existing.not_found_status(URL) is None


def test_cached_file_larger_than_any_poster_is_downloaded_again(
    cache: DownloadCache, host: FaultyHost
) -> None:
    url = f"{host.url}/good"
    download([url], cache)
    with cache.path(url).open("ab") as file:
        file.truncate(LIMITS.max_bytes + 1)
    [result] = download([url], cache)
    assert result.reason is None
    assert host.requests["/good"] == 2


def test_transient_failure_is_not_remembered(cache: DownloadCache, host: FaultyHost) -> None:
    url = f"{host.url}/503"
    [result] = download([url], cache)
    assert result.reason is RejectReason.SERVER_ERROR
    host.handlers["/503"] = host.handlers["/good"]
    [result] = download([url], cache)
    assert result.reason is None


def test_refresh_downloads_everything_again(cache: DownloadCache, host: FaultyHost) -> None:
    urls = [f"{host.url}/404", f"{host.url}/good"]
    download(urls, cache, check=accept_anything)
    host.handlers["/404"] = lambda request: request.respond(b"here again")
    host.handlers["/good"] = lambda request: request.respond(b"another")
    results = download(urls, cache, check=accept_anything, refresh=True)
    assert all(result.reason is None for result in results)
    assert [cache.path(url).read_bytes() for url in urls] == [b"here again", b"another"]
    assert list(cache.folder.glob("*.not_found")) == []


def test_poster_not_found_while_refreshing_is_removed(
    cache: DownloadCache, host: FaultyHost
) -> None:
    url = f"{host.url}/good"
    download([url], cache)
    host.handlers["/good"] = host.handlers["/410"]
    download([url], cache, refresh=True)
    assert download([url], cache) == [not_found(url, 410)]
    assert host.requests["/good"] == 2


def test_damaged_file_is_downloaded_again(cache: DownloadCache, host: FaultyHost) -> None:
    url = f"{host.url}/good"
    download([url], cache)
    cache.path(url).write_bytes(POSTER[:300])
    [result] = download([url], cache)
    assert result.reason is None
    assert cache.path(url).read_bytes() == POSTER


def test_offline_mode_gives_what_is_cached_and_sends_no_request(
    cache: DownloadCache, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, dead, missing = (f"{host.url}{path}" for path in ("/good", "/404", "/410"))
    download([good, dead], cache)
    requests = host.requests.total()
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    cached = {result.url: result for result in download([good, dead], cache)}
    assert cached == {
        good: DownloadResult(good, cache.path(good), check_poster(POSTER)),
        dead: not_found(dead, 404),
    }
    with pytest.raises(DownloadError) as error:
        download([good, missing], cache)
    assert str(error.value) == (
        f"{cache.folder}: expected all posters here, as HF_HUB_OFFLINE forbids requests; found at "
        f"least 1 missing, such as {missing}. Unset HF_HUB_OFFLINE and build again."
    )
    assert host.requests.total() == requests


def test_offline_mode_keeps_old_entries_of_the_negative_cache(
    cache: DownloadCache, host: FaultyHost
) -> None:
    url = f"{host.url}/404"
    download([url], cache)
    [entry] = cache.folder.glob("*.not_found")
    os.utime(entry, (0, 0))
    assert download([url], cache, offline=True) == [not_found(url, 404)]
    assert entry.exists()


def test_offline_mode_cannot_download_again(cache: DownloadCache, host: FaultyHost) -> None:
    url = f"{host.url}/good"
    download([url], cache)
    with pytest.raises(DownloadError) as error:
        download([url], cache, refresh=True, offline=True)
    assert str(error.value) == (
        f"{cache.folder}: expected to download everything again; found that HF_HUB_OFFLINE forbids "
        "requests. Unset it, or build without force_redownload."
    )
    assert cache.path(url).exists()


def test_empty_cache_in_offline_mode_lacks_posters_also_where_all_are_downloaded_again(
    cache: DownloadCache, host: FaultyHost
) -> None:
    with pytest.raises(DownloadError, match="expected all posters here, as HF_HUB_OFFLINE forbids"):
        download([f"{host.url}/good"], cache, refresh=True, offline=True)


def test_damaged_file_counts_as_missing_in_offline_mode(
    cache: DownloadCache, host: FaultyHost
) -> None:
    """A build without it would be another dataset, for no good reason."""
    url = f"{host.url}/good"
    download([url], cache)
    cache.path(url).write_bytes(POSTER[:300])
    with pytest.raises(DownloadError, match=f"found at least 1 missing, such as {url}"):
        download([url], cache, offline=True)


def test_phashes_are_saved_when_a_download_is_cancelled(
    cache: DownloadCache, host: FaultyHost
) -> None:
    download([f"{host.url}/good"], cache)
    [file] = cache.folder.glob("*.hashes")
    file.unlink()
    results = downloader(cache).download([f"{host.url}/good", f"{host.url}/another"])
    next(results)
    results.close()
    assert check_poster(POSTER).checksum.sha256 in file.read_text()


def test_cache_of_a_manager_is_its_folder(tmp_path: Path) -> None:
    manager = DownloadManager(download_config=DownloadConfig(cache_dir=tmp_path))
    assert DownloadCache.of(manager).folder == tmp_path
