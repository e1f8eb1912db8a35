"""Fixtures for tests of the Hub: a catalogue, a process that pushes it, and loopback Hubs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from push_process import PushProcess
from samples import DECADES, SampleCatalogue, make_sample, serve_host
from servers.hub import LoopbackHub, serve_hub

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.builds.artifacts import Build


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="session")
def twenty_movies(folder: Path) -> Iterator[SampleCatalogue]:
    """Twenty movies, each of them action and drama, with working links."""
    with serve_host() as host:
        yield make_sample(folder / "catalogue", host, dict.fromkeys(DECADES, 4))


@pytest.fixture(scope="session")
def make_build(folder: Path, twenty_movies: SampleCatalogue) -> Callable[[str], Build]:
    """A function that builds a configuration of the twenty movies in this process."""

    def make(name: str) -> Build:
        builder = MoviePostersDecade(
            str(folder / "cache"),
            config_name=name,
            data_files=twenty_movies.path,
            allow_private_hosts=True,
        )
        builder.download_and_prepare()
        return builder.built()

    return make


@pytest.fixture(scope="session")
def push_process(folder: Path, twenty_movies: SampleCatalogue) -> Iterator[PushProcess]:
    with serve_hub() as hub:
        process = PushProcess(hub, twenty_movies, folder / "home")
        yield process
        process.close()


@pytest.fixture
def hub(push_process: PushProcess) -> LoopbackHub:
    """The Hub that `push_process` pushes to, empty."""
    push_process.hub.reset()
    return push_process.hub


@pytest.fixture(scope="session")
def hub_with_two_configurations(push_process: PushProcess) -> Iterator[LoopbackHub]:
    """A Hub with two pushed configurations, the default one pushed last.

    It takes over what was pushed to the Hub of `push_process`, which other tests empty.
    """
    push_process.hub.reset()
    push_process.push("--config", "drama", audit=True).check()
    push_process.push().check()
    with serve_hub() as hub:
        hub.repositories |= push_process.hub.repositories
        hub.requests += push_process.hub.requests
        yield hub
