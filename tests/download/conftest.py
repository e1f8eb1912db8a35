"""Fixtures of the download tests: an empty cache and a faulty host."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from downloads import POSTER
from servers.faulty import FaultyHost, faulty_handlers, serve_faulty

from movie_posters_decade.download import DownloadCache


@pytest.fixture
def cache(tmp_path: Path) -> DownloadCache:
    """An empty download cache, whose folder does not exist yet."""
    return DownloadCache(tmp_path / "downloads")


@pytest.fixture
def host() -> Iterator[FaultyHost]:
    """A host with another fault at each path."""
    with serve_faulty() as host:
        host.handlers = faulty_handlers(POSTER)
        yield host
