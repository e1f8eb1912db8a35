"""The commands plan, build and demo print tables or JSON, and one message for an error."""

import csv
import gc
import json
import os
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
from command_line import PROGRAM, run_json, sample_arguments
from sample_builds import make_builder
from samples import DECADES, SampleCatalogue

from movie_posters_decade import __version__
from movie_posters_decade.cli.main import main
from movie_posters_decade.options.options import Options


def test_plan_counts_movies_and_sends_no_request(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_json(capsys, "plan", *sample_arguments(sample, tmp_path)) == {
        "funnel": [
            {"step": "rows", "movies": 32},
            {"step": "complete", "movies": 32},
            {"step": "unique", "movies": 32},
            {"step": "genre", "movies": 31},
            {"step": "years", "movies": 30},
        ],
        "decades": dict.fromkeys(DECADES, 6),
        "splits": {"train": dict.fromkeys(DECADES, 5), "test": dict.fromkeys(DECADES, 1)},
        "kept": 30,
        "dropped": {"other_genre": 1, "year_out_of_range": 1},
        "repaired": {},
        "reading": {
            "kind": "CSV",
            "encoding": "UTF-8",
            "delimiter": ",",
            "quoting": "doubled",
            "columns": {
                "imdb_id": "imdbId",
                "title": "Title",
                "genres": "Genre",
                "imdb_score": "IMDB Score",
                "poster_url": "Poster",
            },
            "genre_separator": "|",
            "genres": {"Action": 31, "Drama": 31},
            "years": [1950, 2017],
            "missing": {},
            "odd_ids": None,
            "broken_bytes": None,
            "short_rows": None,
            "odd_years": None,
            "files": None,
            "bounded": None,
        },
        "to_download": {"at_least": 30, "at_most": 30},
        "warnings": [],
    }
    assert sample.host.requests == []


def test_build_counts_kept_and_rejected_posters_and_lists_the_rejected_ones(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.kill("tt0001004")
    report = run_json(capsys, "build", *sample_arguments(sample, tmp_path))
    assert report["rejected"] == {"not_found": 1}
    assert report["kept"] + sum(report["dropped"].values()) == 32
    assert len(set(report["splits"]["train"].values())) == 1
    assert [
        (stratum["split"], stratum["decade"], stratum["kept"]) for stratum in report["strata"]
    ] == [
        (split, decade, kept)
        for split, decades in report["splits"].items()
        for decade, kept in decades.items()
    ]
    for stratum in report["strata"]:
        assert stratum["downloaded"] >= stratum["kept"] + sum(stratum["rejected"].values())
    assert [stratum["rejected"] for stratum in report["strata"] if stratum["rejected"]] == [
        {"not_found": 1}
    ]
    assert list(Path(report["cache_dir"]).glob("*.arrow"))
    assert Path(report["lock_path"]).is_file()
    with Path(report["rejected_path"]).open(newline="") as file:
        [rejection] = csv.DictReader(file)
    url = sample.host.url + sample.paths["tt0001004"]
    assert rejection == {
        "imdb_id": "tt0001004",
        "title": "Movie 1004",
        "year": "1974",
        "decade": "1970s",
        "split": rejection["split"],
        "reason": "not_found",
        "status": "404",
        "poster_url": url,
        "final_url": url,
        "duplicate_of": "",
        "detail": "",
        "tried": "",
    }


def test_same_build_again_sends_no_request_and_prints_the_same(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.kill("tt0001004")
    command = ["build", *sample_arguments(sample, tmp_path)]
    assert main(command) == 0
    first = capsys.readouterr().out
    sample.host.requests.clear()
    assert main(command) == 0
    assert capsys.readouterr().out == first
    assert sample.host.requests == []


def test_rebuild_tries_temporary_failures_again_and_downloads_nothing_else(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sample.paths["tt0001004"]
    poster = sample.host.answers[path]
    sample.host.answers[path] = (500, b"")
    command = ("build", *sample_arguments(sample, tmp_path))
    assert main(command) == 0
    temporary = "Some rejections may be temporary (server_error 1). --rebuild tries them again."
    assert temporary not in capsys.readouterr().out
    assert main(command) == 0
    assert temporary in capsys.readouterr().err.splitlines()
    sample.host.answers[path] = poster
    sample.host.requests.clear()
    assert run_json(capsys, *command)["rejected"] == {"server_error": 1}
    assert sample.host.requests == []
    assert run_json(capsys, *command, "--rebuild")["rejected"] == {}
    assert sample.host.requests == [path]


def test_rebuild_is_not_suggested_for_links_that_were_not_found(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.kill("tt0001004")
    assert main(["build", *sample_arguments(sample, tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "not_found 1" in printed
    assert "--rebuild" not in printed


def test_default_cache_is_that_of_datasets(
    sample: SampleCatalogue,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = ("build", "--data-files", str(sample.path), "--allow-private-hosts")
    before = run_json(capsys, *command)["cache_dir"]
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    after = run_json(capsys, *command)["cache_dir"]
    assert after == str(tmp_path / "cache" / Path(before).relative_to(Path(before).parents[3]))


def test_rebuild_and_force_redownload_exclude_each_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["build", "--rebuild", "--force-redownload"])
    assert "not allowed with argument --rebuild" in capsys.readouterr().err


def test_forced_build_downloads_everything_again(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json(capsys, "build", *sample_arguments(sample, tmp_path))
    sample.kill("tt0001004")
    report = run_json(capsys, "build", *sample_arguments(sample, tmp_path), "--force-redownload")
    assert report["rejected"] == {"not_found": 1}
    assert len(sample.host.requests) == 60


def test_closed_standard_output_is_no_error(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", None)
    assert main(["plan", *sample_arguments(sample, tmp_path)]) == 0


def test_plan_prints_tables(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", *sample_arguments(sample, tmp_path)]) == 0
    assert capsys.readouterr().out == (
        "read as  CSV, UTF-8, delimiter ','\n"
        "columns  imdb_id=imdbId, title=Title, genres=Genre, imdb_score=IMDB Score, "
        "poster_url=Poster\n"
        "genres   Action 31, Drama 31 (separated by '|')\n"
        "years    1950 to 2017\n"
        "\n"
        "step      movies  dropped\n"
        "rows          32        0\n"
        "complete      32        0\n"
        "unique        32        0\n"
        "genre         31        1\n"
        "years         30        1\n"
        "\n"
        "decade  candidates  train  test\n"
        "1970s            6      5     1\n"
        "1980s            6      5     1\n"
        "1990s            6      5     1\n"
        "2000s            6      5     1\n"
        "2010s            6      5     1\n"
        "total           30     25     5\n"
        "\n"
        "32 movies = 30 kept + 2 dropped (other_genre 1, year_out_of_range 1)\n"
        "\n"
        "A build would download 30 posters.\n"
    )
    assert main(["plan", *sample_arguments(sample, tmp_path), "--max-per-decade", "3"]) == 0
    assert capsys.readouterr().out.endswith(
        "\nA build would download 15 posters, or up to 30 if some are rejected.\n"
    )


@pytest.mark.parametrize("command", ["plan", "build"])
def test_printed_report_is_the_text_of_the_report(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    sample.kill("tt0001004")
    assert main([command, *sample_arguments(sample, tmp_path)]) == 0
    builder = make_builder(sample, tmp_path / "cache")
    report = builder.plan() if command == "plan" else builder.built().report
    tables, last_lines = str(report), capsys.readouterr().out.removeprefix(str(report))
    assert "decade  candidates  train  test" in tables
    assert ("split  decade  target" in tables) is (command == "build")
    assert last_lines.startswith(
        "\n\nA build would" if command == "plan" else f"\n\nDataset: {builder.cache_dir}\n"
    )


def test_garbage_collection_is_on_after_a_command(sample: SampleCatalogue, tmp_path: Path) -> None:
    assert main(["plan", *sample_arguments(sample, tmp_path)]) == 0
    assert gc.isenabled()


def test_every_option_is_a_flag(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["build", "--help"])
    text = capsys.readouterr().out
    assert all(f"--{option.name.replace('_', '-')}" in text for option in fields(Options))
    flags = (
        "--config all --genres Action Drama --min-year 1980 --max-year 1999 --test-size 0.5 "
        "--max-per-decade 4 --balance none --keep-grayscale --seed 7"
    )
    report = run_json(capsys, "plan", *sample_arguments(sample, tmp_path), *flags.split())
    assert report["splits"] == {
        "train": {"1980s": 2, "1990s": 2},
        "test": {"1980s": 2, "1990s": 2},
    }


def test_demo_exports_its_posters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "posters"
    report = run_json(
        capsys, "demo", "--cache-dir", str(tmp_path / "cache"), "--output", str(output)
    )
    assert report["output"] == str(output)
    assert len(list(output.rglob("*.jpg"))) == report["kept"]


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code", "sentence"),
    [
        (
            ["--seed", "1", "--max-per-decade", "1"],
            "option",
            2,
            "Option max_per_decade: expected a whole number from 2",
        ),
        (
            ["--genres", "Actoin"],
            "selection",
            3,
            "No movie of the catalogue has the genre actoin.",
        ),
        (
            ["--data-files", "none.csv"],
            "catalogue",
            3,
            "none.csv: expected a catalogue such as MovieGenre.csv",
        ),
    ],
)
def test_error_is_a_sentence_on_standard_error(
    sample: SampleCatalogue,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: str,
    exit_code: int,
    sentence: str,
) -> None:
    found = main(["plan", *sample_arguments(sample, tmp_path), *arguments, "--json"])
    assert found == exit_code
    out, err = capsys.readouterr()
    printed = json.loads(out)
    assert printed["error"]["code"] == code
    assert printed["error"]["message"].startswith(sentence)
    assert printed["warnings"] == []
    assert err.startswith(f"movie-posters-decade: {sentence}")
    # How the catalogue was read follows, where it was.
    assert all(line.startswith("  ") for line in err.splitlines()[1:])


def test_cache_that_cannot_be_written_is_one_line(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    arguments = ["--data-files", str(sample.path), "--cache-dir", str(tmp_path / "file")]
    assert main(["build", *arguments]) == 6
    assert capsys.readouterr().err == (
        f"movie-posters-decade: {tmp_path}/file: cannot be read or written: File exists. What was "
        "downloaded is kept; fix this, or choose another folder.\n"
    )


def test_process_prints_nothing_but_json_and_the_same_as_another_one(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("build", *sample_arguments(sample, tmp_path), "--json")
    finished = subprocess.run(
        [*PROGRAM, *command],
        capture_output=True,
        check=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )
    assert json.loads(finished.stdout)["kept"] == 30
    assert finished.stderr == "", "no bar fills a log file"
    sample.host.requests.clear()
    assert main(command) == 0
    assert capsys.readouterr().out == finished.stdout
    assert sample.host.requests == []


def test_module_is_the_program() -> None:
    finished = subprocess.run([*PROGRAM, "--version"], capture_output=True, check=True, text=True)
    assert finished.stdout == f"movie-posters-decade {__version__}\n"
    assert finished.stderr == ""
