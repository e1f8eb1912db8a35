"""Files for a look before a push: they are those that the push adds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import run_json
from huggingface_hub import DatasetCard
from push_process import REPO_ID, PushProcess, build_files
from samples import SampleCatalogue
from servers.hub import LoopbackHub

from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.cli.main import main
from movie_posters_decade.errors import OptionError
from movie_posters_decade.hub.files import describe


def without_sizes(card: str) -> dict[str, Any]:
    """Return the metadata of a card, without what is known only after an upload."""
    metadata = dict(vars(DatasetCard(card).data))
    info = metadata["dataset_info"]
    sizes = {"download_size", "dataset_size"}
    metadata["dataset_info"] = {name: info[name] for name in info if name not in sizes}
    metadata["dataset_info"]["splits"] = [
        {name: split[name] for name in ("name", "num_examples")} for split in info["splits"]
    ]
    return metadata


@pytest.mark.parametrize("images", [True, False])
def test_files_are_those_of_a_push(
    hub: LoopbackHub, push_process: PushProcess, make_build: Callable[[str], Build], images: bool
) -> None:
    push_process.push(*([] if images else ["--no-images"])).check()
    pushed = hub.repositories[REPO_ID].files
    files = describe(make_build("action"), REPO_ID, images=images)
    sheet = set() if images else {"builds/action/contact_sheet.jpg"}
    assert set(files) == {"README.md", "LICENSE.md", *build_files("action")} - sheet
    for path in set(files) - {"README.md"}:
        assert files[path] == pushed[path], path
    found, expected = (one["README.md"].decode() for one in (files, pushed))
    assert DatasetCard(found).text == DatasetCard(expected).text
    assert without_sizes(found) == without_sizes(expected)


def card_command(sample: SampleCatalogue, folder: Path, output: Path) -> list[str]:
    cache = str(folder / "cache")
    catalogue = ["--data-files", str(sample.path), "--cache-dir", cache, "--allow-private-hosts"]
    return ["card", *catalogue, "--output", str(output)]


def test_command_writes_card_and_files_with_a_placeholder_for_the_repository(
    twenty_movies: SampleCatalogue,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "card"
    command = card_command(twenty_movies, folder, output)
    printed = run_json(capsys, *command)
    assert printed["card"] == str(output / "README.md")
    assert set(printed["files"]) == {"README.md", "LICENSE.md", *build_files("action")}
    assert all((output / name).is_file() for name in printed["files"])
    text = (output / "README.md").read_text()
    assert 'load_dataset("you/movie_posters_decade")' in text
    [finding] = printed["findings"]
    assert "too few posters to check" in finding.lower()
    assert finding in text
    run_json(capsys, *command, "--no-audit", "--no-images", "--repo-id", "me/mine")
    text = (output / "README.md").read_text()
    assert 'load_dataset("me/mine")' in text
    assert "nobody checked" in text
    assert not list(output.rglob("contact_sheet.jpg")), "an earlier look is replaced"
    assert json.loads((output / "builds/action/summary.json").read_text())["contact_sheet"] is None


def test_command_overwrites_no_other_file(
    twenty_movies: SampleCatalogue,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "README.md").write_text("mine")
    command = card_command(twenty_movies, folder, tmp_path)
    assert main(command) != 0
    assert "found README.md, which was not written with it" in capsys.readouterr().err
    assert main([*command, "--no-audit", "--overwrite"]) != 0
    assert "expected nothing at README.md" in capsys.readouterr().err
    assert (tmp_path / "README.md").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_card_and_export_do_not_replace_each_other(
    twenty_movies: SampleCatalogue,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    card = [*card_command(twenty_movies, folder, tmp_path / "card"), "--no-audit"]
    export = ["export", *card[1:-1]]
    assert main(card) == 0
    assert main([*export, "--overwrite"]) == 6
    assert (
        "expected a new or empty folder, or one with an earlier export.json; found LICENSE.md"
        in (capsys.readouterr().err)
    )
    export[-1] = str(tmp_path / "posters")
    assert main(export) == 0
    card[card.index("--output") + 1] = export[-1]
    assert main([*card, "--overwrite"]) == 6
    assert "or one with an earlier README.md; found" in capsys.readouterr().err


def test_repository_needs_an_owner(make_build: Callable[[str], Build]) -> None:
    with pytest.raises(OptionError, match=r"^posters: expected a repository with its owner"):
        describe(make_build("action"), "posters")
