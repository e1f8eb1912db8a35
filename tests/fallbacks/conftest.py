"""Fixtures of the fallback tests: an archive on loopback, and an empty download cache."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from archived import LINK, POSTER
from servers.archive import Archive

from movie_posters_decade.download import DownloadCache


@pytest.fixture
def cache(tmp_path: Path) -> DownloadCache:
    """An empty download cache, whose folder does not exist yet."""
    return DownloadCache(tmp_path / "downloads")


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """An archive that holds one poster, and that the environment's proxies lead to."""
    archive = Archive(captures={LINK: [("20150314092653", POSTER)]})
    with archive as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield archive
