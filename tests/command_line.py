"""How the tests of the command line call it."""

import json
from pathlib import Path
from typing import Any

import pytest
from samples import SampleCatalogue

from movie_posters_decade.cli import main


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def source(sample: SampleCatalogue, tmp_path: Path) -> tuple[str, ...]:
    cache = str(tmp_path / "cache")
    return "--data-files", str(sample.path), "--cache-dir", cache, "--allow-private-hosts"
