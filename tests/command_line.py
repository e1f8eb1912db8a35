"""Helpers for tests of the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from samples import SampleCatalogue

from movie_posters_decade.cli.main import main

PROGRAM = (sys.executable, "-m", "movie_posters_decade")
"""How a command begins that runs as a process of its own."""

INTERRUPTED = "movie-posters-decade: interrupted; what was downloaded is kept.\n"
"""What a command prints to standard error when a signal ends it."""


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Run a command that succeeds, and return the JSON object that it prints."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def sample_arguments(sample: SampleCatalogue, tmp_path: Path) -> tuple[str, ...]:
    """Return the arguments for a build from a sample catalogue, into a cache in `tmp_path`."""
    cache = str(tmp_path / "cache")
    return "--data-files", str(sample.path), "--cache-dir", cache, "--allow-private-hosts"


def start_build(sample: SampleCatalogue, tmp_path: Path, *flags: str) -> subprocess.Popen[str]:
    """Start a build in a group of processes of its own, with a folder for its temporary files."""
    sample.host.requests.clear()
    (tmp_path / "temporary").mkdir()
    return subprocess.Popen(
        [*PROGRAM, "build", *sample_arguments(sample, tmp_path), "--json", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(tmp_path / "temporary")},
    )


def unfinished_files(tmp_path: Path) -> list[Path]:
    """Return what a build of `start_build` left that is not complete, or temporary."""
    incomplete = (tmp_path / "cache").rglob("*.incomplete")
    return [*incomplete, *(tmp_path / "temporary").iterdir()]


@contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """Let no file of this process grow beyond some bytes, which stands for a full disk."""
    import resource  # Windows has none

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
