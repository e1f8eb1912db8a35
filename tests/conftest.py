"""Fixtures for all tests: separate caches, a poster host on loopback, a sample catalogue."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Set before anything imports datasets, which reads these once.
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="hf-home-")
os.environ["HF_HUB_OFFLINE"] = "0"
# datasets counts loads at a host outside.
os.environ["HF_UPDATE_DOWNLOAD_COUNTS"] = "0"
# Several processes test at once, and models this small are slower with several threads each.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import datasets
import pytest
from sample_builds import build_sample
from samples import DECADES, REAL_DATA, PosterHost, SampleCatalogue, make_sample, serve_host

from movie_posters_decade import MoviePostersDecade

datasets.disable_progress_bars()


@pytest.fixture
def host() -> Iterator[PosterHost]:
    """A running host that has no posters yet."""
    with serve_host() as host:
        yield host


@pytest.fixture
def sample(tmp_path: Path, host: PosterHost) -> SampleCatalogue:
    """Thirty Action movies of 1970 to 2017, six of each decade, all with usable posters."""
    return make_sample(tmp_path / "catalogue", host, dict.fromkeys(DECADES, 6))


@pytest.fixture(scope="session")
def shared_sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCatalogue]:
    """The same thirty movies for all tests, which change neither the file nor the answers."""
    with serve_host() as host:
        yield make_sample(tmp_path_factory.mktemp("catalogue"), host, dict.fromkeys(DECADES, 6))


@pytest.fixture(scope="session")
def shared_build(
    shared_sample: SampleCatalogue, tmp_path_factory: pytest.TempPathFactory
) -> MoviePostersDecade:
    """A builder that has built the shared sample. Tests change nothing in its cache."""
    return build_sample(shared_sample, tmp_path_factory.mktemp("cache"))


@pytest.fixture
def copied_cache(shared_build: MoviePostersDecade, tmp_path: Path) -> Path:
    """A copy of the cache with the shared build, which a test may change."""
    return Path(shutil.copytree(shared_build._cache_dir_root, tmp_path / "cache"))


@pytest.fixture(scope="session")
def real_catalogue() -> Path:
    """The path of the real catalogue; the test is skipped where it is absent."""
    catalogue = REAL_DATA / "MovieGenre.csv"
    if not catalogue.is_file():
        pytest.skip("the folder shared/data with the real catalogue and posters is absent")
    return catalogue
