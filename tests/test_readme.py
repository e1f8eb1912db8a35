"""The README tells the truth: its Python runs, its commands exist, its options are the options."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from samples import SampleCatalogue
from servers.hub import serve_hub

from movie_posters_decade.catalogue import read_catalogue
from movie_posters_decade.cli import main
from movie_posters_decade.config import Options

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
PROGRAM = "movie-posters-decade"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_python_runs_beside_a_catalogue(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sample.path.parent)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    let_a_proxy_serve(sample, monkeypatch)
    names: dict[str, Any] = {}
    assert len(blocks("python")) >= 1
    for block in blocks("python"):
        if "torchvision" not in block or importlib.util.find_spec("torchvision"):
            exec(block, names)  # noqa: S102


def let_a_proxy_serve(sample: SampleCatalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the catalogue's links lead to a public host that the loopback server is a proxy for."""
    text = sample.path.read_bytes().replace(sample.host.url.encode(), b"http://host.invalid")
    sample.path.write_bytes(text)
    monkeypatch.setenv("http_proxy", sample.host.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)


def write_as_tmdb(catalogue: Path) -> None:
    """Write the movies of a catalogue beside it once more, in TMDB's columns."""
    movies = read_catalogue(catalogue).movies
    pd.DataFrame(
        {
            "id": movies["imdb_id"],
            "title": movies["title"],
            "release_date": movies["year"].astype(str) + "-12-31",
            "genres": movies["genres"].map(lambda names: [{"name": name} for name in names]),
            "poster_path": movies["poster_url"],
        }
    ).to_parquet(catalogue.with_name("tmdb.parquet"))


def test_options_are_all_in_the_table() -> None:
    for option in fields(Options):
        assert f"| `{option.name}` |" in README


def test_commands_are_those_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if PROGRAM in line]
    commands = {line.split(f"{PROGRAM} ", 1)[1].split()[0] for line in lines}
    with pytest.raises(SystemExit):
        main(["--help"])
    [offered] = re.findall(r"\{(.*?)\}", capsys.readouterr().out)[:1]
    assert commands == set(offered.split(","))


def test_flags_are_those_of_the_program(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sample.path.parent)
    let_a_proxy_serve(sample, monkeypatch)
    write_as_tmdb(sample.path)
    for block in blocks("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith(f"{PROGRAM} "):
                words = shlex.split(line, comments=True)[1:]
                run = push_to_loopback if words[0] == "push" else main
                assert run([*words, "--cache-dir", str(tmp_path / "cache")]) == 0


def push_to_loopback(words: list[str]) -> int:
    """Run a command in a process that takes a Hub on loopback for the Hub."""
    with serve_hub() as hub:
        program = [sys.executable, "-m", "movie_posters_decade"]
        return subprocess.run(
            [*program, *words],
            env=os.environ | hub.environment | {"NO_PROXY": "127.0.0.1"},
            check=False,
        ).returncode
