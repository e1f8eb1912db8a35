"""Fixtures for the tests of exports: a build of the sample catalogue."""

import os
import tempfile

# Set before anything imports mlcroissant, which reads it once.
os.environ["CROISSANT_CACHE"] = tempfile.mkdtemp(prefix="croissant-")

import pytest

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.builds.artifacts import Build


@pytest.fixture(scope="session")
def build(shared_build: MoviePostersDecade) -> Build:
    """A build of thirty movies, six of each decade. Tests change nothing in it."""
    return shared_build.built()
