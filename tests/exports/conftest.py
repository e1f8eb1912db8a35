"""Fixtures for the tests of exports: a build of the sample catalogue."""

import os
import tempfile
from pathlib import Path

# Set before anything imports mlcroissant, which reads it once.
os.environ["CROISSANT_CACHE"] = tempfile.mkdtemp(prefix="croissant-")

import pytest
from sample_builds import build_sample
from samples import SampleCatalogue

from movie_posters_decade.builds.artifacts import Build


@pytest.fixture
def build(sample: SampleCatalogue, tmp_path: Path) -> Build:
    """A build of thirty movies, six of each decade, in the folder "cache"."""
    return build_sample(sample, tmp_path / "cache").built()
