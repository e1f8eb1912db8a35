"""What the tests share that download from a host on which everything goes wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import paint
from horrors import HorrorHost, all_horrors, serve_horrors

from movie_posters_decade.cache import DownloadCache
from movie_posters_decade.downloads import Downloader
from movie_posters_decade.limits import Limits
from movie_posters_decade.outcomes import Outcome
from movie_posters_decade.patience import Patience

POSTER = paint("1990s", 1)
ANYONE = Limits(allow_private_hosts=True, max_bytes=1024 * 1024)
LITTLE = Patience(
    connect=0.5, read=0.15, whole=0.4, silence=0.1, first_wait=0.01, longest_wait=0.05
)


@pytest.fixture(name="cache")
def cache_of_downloads(tmp_path: Path) -> DownloadCache:
    return DownloadCache(tmp_path / "downloads")


@pytest.fixture(name="host")
def host_of_horrors() -> Iterator[HorrorHost]:
    with serve_horrors() as host:
        host.horrors = all_horrors(POSTER)
        yield host


def download_one(cache: DownloadCache, url: str, limits: Limits = ANYONE) -> Outcome:
    downloader = Downloader(cache, color="rgb", limits=limits, patience=LITTLE)
    [outcome] = downloader.download([url])
    return outcome


def stored(cache: DownloadCache) -> list[str]:
    """Return the names of all contents in the cache, unfinished ones included."""
    if not cache.folder.exists():
        return []
    return [
        path.name
        for path in cache.folder.iterdir()
        if path.suffix not in {".json", ".gone", ".looks"}
    ]
