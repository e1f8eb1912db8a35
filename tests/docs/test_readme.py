"""README and docs are true: their Python and their commands run, and their tables are complete."""

import argparse
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pages import PAGES, RECIPES, ROOT, blocks, missing_libraries, with_blocks
from push_process import CommandProcess
from sample_builds import build_sample
from samples import SampleCatalogue
from servers.hub import serve_hub

from movie_posters_decade.builds.artifacts import LOCK_FILE
from movie_posters_decade.catalogue import read_catalogue
from movie_posters_decade.cli.commands import COMMANDS
from movie_posters_decade.cli.main import main
from movie_posters_decade.cli.parser import parser
from movie_posters_decade.cli.signals import PROGRAM
from movie_posters_decade.options.options import Options

OTHER_PROGRAMS_FLAGS = {
    "--nthreads",
    "--check",
    "--ignore-missing",
    "--contenders",
    "--rounds",
    "--host",
    "--no-cache-dir",
}


def commands(page: str) -> list[list[str]]:
    """Return the words of each command of the program on a page."""
    lines = "".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
    return [
        shlex.split(line, comments=True)[1:] for line in lines if line.startswith(f"{PROGRAM} ")
    ]


@pytest.fixture(autouse=True)
def folder_of_a_reader(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current folder holds MovieGenre.csv, films.parquet and licensed.csv.

    A proxy serves the links in them.
    """
    monkeypatch.chdir(sample.path.parent)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    text = sample.path.read_bytes().replace(sample.host.url.encode(), b"http://host.invalid")
    sample.path.write_bytes(text)
    monkeypatch.setenv("http_proxy", sample.host.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    movies = read_catalogue(sample.path).movies
    pd.DataFrame(
        {
            "number": movies["imdb_id"],
            "name": movies["title"],
            "first_shown": movies["year"].astype(str) + "-12-31",
            "genre": movies["genres"],
            "picture": movies["poster_url"],
            "country": "Iceland",
        }
    ).to_parquet(sample.path.with_name("films.parquet"))
    movies[["imdb_id", "poster_url"]].to_csv(sample.path.with_name("licensed.csv"), index=False)


# mlcroissant uses what rdflib and pandas deprecate.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
@pytest.mark.parametrize("page", sorted({*with_blocks("python")} - {RECIPES}))
def test_python_runs(
    page: str, sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pages in docs may use a ``build``; the output of README's first block is the one shown."""
    names: dict[str, Any] = {}
    if page != "README.md":
        names["build"] = build_sample(sample, tmp_path / "build").built()
    for number, block in enumerate(blocks(page, "python")):
        capsys.readouterr()
        if not missing_libraries(block):
            exec(block, names)  # noqa: S102
        if page == "README.md" and number == 0:
            assert capsys.readouterr().out == blocks(page, "text")[0]


def first_shown(page: str) -> list[list[str]]:
    """Return the commands of a page that no page before it shows."""
    pages = list(PAGES)
    before = [command for earlier in pages[: pages.index(page)] for command in commands(earlier)]
    return [command for command in commands(page) if command not in before]


@pytest.fixture(scope="module")
def push_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandProcess]:
    """A process for which a loopback server is the Hub. It starts with the first push."""
    with serve_hub() as hub:
        process = CommandProcess(hub, tmp_path_factory.mktemp("home"))
        yield process
        process.close()


@pytest.mark.parametrize("page", [page for page in with_blocks("sh") if first_shown(page)])
def test_commands_run(
    page: str, sample: SampleCatalogue, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A command that several pages show runs for the first of them."""
    if LOCK_FILE in "".join(blocks(page, "sh")):
        lock = build_sample(sample, tmp_path / "build").built().lock_file
        sample.path.with_name(LOCK_FILE).write_bytes(lock)
    for words in first_shown(page):
        command = [*words, "--cache-dir", str(tmp_path / "cache")]
        if words[0] == "push":
            process = request.getfixturevalue("push_process")
            process.run(command, http_proxy=sample.host.url, no_proxy="127.0.0.1").check()
        else:
            assert main(command) == 0, words


def test_readme_shows_every_command() -> None:
    shown = {line.split(f"{PROGRAM} ")[1].split()[0] for line in readme_lines()}
    assert shown == set(COMMANDS)


def readme_lines() -> list[str]:
    lines = "".join(blocks("README.md", "sh")).splitlines()
    return [line for line in lines if f"{PROGRAM} " in line]


def test_every_option_has_a_row() -> None:
    for option in fields(Options):
        assert f"\n| `{option.name}` |" in PAGES["docs/options.md"]


@pytest.mark.parametrize("page", PAGES)
def test_flags_exist(page: str) -> None:
    actions: list[argparse.Action] = [*parser()._actions]
    for action in parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            actions += [one for command in action.choices.values() for one in command._actions]
    known = {flag for action in actions for flag in action.option_strings}
    assert set(re.findall(r"`[^`\n]*?(--[a-z-]+)", PAGES[page])) <= known | OTHER_PROGRAMS_FLAGS


@pytest.mark.parametrize("page", PAGES)
def test_links_to_other_pages_resolve(page: str) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", PAGES[page]):
        assert (ROOT / page).parent.joinpath(target).exists(), target
