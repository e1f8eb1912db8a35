"""A smallest number of posters of a decade: a build with fewer fails and is kept."""

import json
from pathlib import Path

import pytest
from command_line import run_json, sample_arguments
from sample_builds import build_sample, make_builder
from samples import SampleCatalogue

from movie_posters_decade.cli.main import main
from movie_posters_decade.errors import CollectionError, OptionError


def test_build_with_enough_posters_succeeds(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("build", *sample_arguments(sample, tmp_path), "--min-per-decade", "6")
    assert run_json(capsys, *words)["kept"] == 30


def test_build_with_fewer_fails_and_is_kept(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.kill("tt0001004")
    words = ["build", *sample_arguments(sample, tmp_path), "--json"]
    assert main([*words, "--min-per-decade", "6"]) == 4
    folder = make_builder(sample, tmp_path / "cache").files.folder
    found = json.loads(capsys.readouterr().out)
    assert found["error"]["code"] == "too_few_posters"
    assert found["error"]["message"].startswith(
        "The 1970s have 5 posters instead of at least 6: 1 of 6 candidates were rejected "
        "(not_found 1), all decades stop at that number, and what was built is kept in "
        f"{folder}. What helps"
    )
    assert "min_year=1980 (--min-year 1980)" in found["error"]["message"]
    sample.host.requests.clear()
    assert main(words) == 0
    assert sample.host.requests == [], "the build is there"
    capsys.readouterr()
    assert main([*words, "--min-per-decade", "6"]) == 4, "also when it is there"
    assert json.loads(capsys.readouterr().out) == found, "with the same warnings"


def test_decade_that_is_short_alone_is_named(sample: SampleCatalogue, tmp_path: Path) -> None:
    sample.kill("tt0001004")
    options = {"balance": "none", "min_per_decade": 6}
    sentence = r"^The 1970s have 5 .* were rejected \(not_found 1\), and what was built"
    with pytest.raises(CollectionError, match=sentence):
        build_sample(sample, tmp_path, **options)


@pytest.mark.parametrize("command", ["plan", "build"])
def test_plan_that_cannot_reach_it_fails_without_a_request(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    words = [command, *sample_arguments(sample, tmp_path), "--min-per-decade", "7"]
    assert main(words) == 4
    assert "can have at most 6 posters instead of at least 7" in capsys.readouterr().err
    assert sample.host.requests == []


def test_minimum_shapes_no_dataset(sample: SampleCatalogue, tmp_path: Path) -> None:
    folders = {make_builder(sample, tmp_path, min_per_decade=n).cache_dir for n in (None, 3, 6)}
    assert len(folders) == 1


@pytest.mark.parametrize("least", [0, 2.5, True, 11])
def test_minimum_is_a_number_up_to_the_maximum(
    sample: SampleCatalogue, tmp_path: Path, least: float
) -> None:
    with pytest.raises(OptionError, match="min_per_decade: expected a whole number from 1 to"):
        make_builder(sample, tmp_path, min_per_decade=least, max_per_decade=10).plan()
