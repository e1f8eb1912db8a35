"""Fixtures of the download tests: an empty cache, and a host that fails in every way."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from downloads import POSTER
from servers.faulty import FaultyHost, all_faults, serve_faulty

from movie_posters_decade.download.cache import DownloadCache


@pytest.fixture
def cache(tmp_path: Path) -> DownloadCache:
    """An empty download cache."""
    return DownloadCache(tmp_path / "downloads")


@pytest.fixture
def host() -> Iterator[FaultyHost]:
    """A host with one fault at each path."""
    with serve_faulty() as host:
        host.faults = all_faults(POSTER)
        yield host
