"""The download cache of datasets: its file names, its manager, and what it does not ask for."""

import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pytest
from datasets import DownloadConfig, DownloadManager
from servers.faulty import FaultyHost

from movie_posters_decade.download.cache import DownloadCache, hand_out
from movie_posters_decade.io import write_atomically


@pytest.fixture
def cache(tmp_path: Path) -> DownloadCache:
    cache = DownloadCache(tmp_path / "downloads")
    cache.make()
    return cache


@pytest.mark.parametrize("num_proc", [None, 2])
@pytest.mark.parametrize("count", [0, 1, 15, 16, 210, 211, 240])
def test_download_manager_hands_out_what_is_there_without_a_request(
    cache: DownloadCache, host: FaultyHost, num_proc: int | None, count: int
) -> None:
    urls = [f"{host.url}/{number}" for number in range(count)]
    for url in urls:
        cache.path(url).write_bytes(b"four")
    config = DownloadConfig(cache_dir=cache.folder, num_proc=num_proc, force_download=True)
    manager = DownloadManager(download_config=config, record_checksums=True)
    assert list(hand_out(manager, urls)) == [(url, cache.name(url)) for url in urls]
    assert host.visits.total() == 0
    assert manager.downloaded_size == count * 4
    assert len(manager.get_recorded_sizes_checksums()) == count


def test_no_other_client_is_looked_for(
    cache: DownloadCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As fsspec's own would be, anew for each URL, where aiohttp is not installed."""
    looked_for: list[str] = []

    class Recorder(MetaPathFinder):
        def find_spec(self, name: str, *_: Any) -> None:
            looked_for.append(name)

    monkeypatch.setitem(sys.modules, "aiohttp", None)
    monkeypatch.delitem(sys.modules, "fsspec.implementations.http", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Recorder(), *sys.meta_path])
    cache.path("http://host/a").write_bytes(b"four")
    manager = DownloadManager(download_config=DownloadConfig(cache_dir=cache.folder))
    assert len(list(hand_out(manager, ["http://host/a"]))) == 1
    assert [name for name in looked_for if name.startswith("fsspec")] == []
    assert "fsspec.implementations.http" not in sys.modules


def test_links_to_the_hub_are_passed_over(cache: DownloadCache) -> None:
    """As the manager would ask the Hub for them, cached or not."""
    url = "https://huggingface.co/datasets/me/posters/resolve/main/a.jpg"
    cache.path(url).write_bytes(b"four")
    config = DownloadConfig(cache_dir=cache.folder)
    assert list(hand_out(DownloadManager(download_config=config), [url])) == []


def test_files_can_be_read_by_whom_the_umask_lets(cache: DownloadCache) -> None:
    ordinary = cache.folder / "ordinary"
    ordinary.touch()
    stored = cache.path("http://host/a")
    write_atomically(stored, b"a")
    assert stored.stat().st_mode == ordinary.stat().st_mode


def test_memory_that_was_cut_short_counts_for_nothing(cache: DownloadCache) -> None:
    cache.remember_gone("http://host/a", 404)
    assert cache.gone("http://host/a") == 404
    [memory] = cache.folder.glob("*.gone")
    memory.write_text("")
    assert cache.gone("http://host/a") is None
