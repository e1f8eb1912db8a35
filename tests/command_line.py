"""Helpers for tests of the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from samples import SampleCatalogue

from movie_posters_decade.cli.main import main


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Run a command that succeeds, and return the JSON object that it prints."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def sample_arguments(sample: SampleCatalogue, tmp_path: Path) -> tuple[str, ...]:
    """Return the arguments for a build from a sample catalogue, into a cache in `tmp_path`."""
    cache = str(tmp_path / "cache")
    return "--data-files", str(sample.path), "--cache-dir", cache, "--allow-private-hosts"
