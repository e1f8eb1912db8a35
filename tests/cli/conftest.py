"""Fixtures for tests of the command line."""

from pathlib import Path

import pytest
from samples import DECADES, PosterHost, SampleCatalogue, make_sample


@pytest.fixture
def fifty_movies(tmp_path: Path, host: PosterHost) -> SampleCatalogue:
    """Ten movies of each decade, all with usable posters."""
    return make_sample(tmp_path / "catalogue", host, dict.fromkeys(DECADES, 10))
