"""How the tests of the command line call it."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import World

from movie_posters_decade.cli import main


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def source(world: World, tmp_path: Path) -> tuple[str, ...]:
    cache = str(tmp_path / "cache")
    return "--data-files", str(world.catalogue), "--cache-dir", cache, "--allow-private-hosts"
