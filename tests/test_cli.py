"""The command line does what the class does, in tables or JSON, and fails in a sentence."""

import csv
import gc
import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from command_line import run_json, source
from samples import DECADES, SampleCatalogue

from movie_posters_decade.cli import main
from movie_posters_decade.config import Options


def test_plan_says_what_would_be_kept_and_asks_for_nothing(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_json(capsys, "plan", *source(sample, tmp_path)) == {
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
        "to_download": {"at_least": 30, "at_most": 30},
    }
    assert sample.host.requests == []


def test_build_says_what_was_kept_and_lost_and_where_it_is(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.kill("tt0001004")
    report = run_json(capsys, "build", *source(sample, tmp_path))
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
    }
    asked = len(sample.host.requests)
    assert run_json(capsys, "build", *source(sample, tmp_path)) == report
    assert len(sample.host.requests) == asked


def test_build_that_is_there_is_told_again_without_loading_datasets(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = str(tmp_path / "cache")
    words = ["build", "--data-files", str(sample.path), "--allow-private-hosts", "--json"]
    program = """if True:
        import sys
        from movie_posters_decade.cli import main
        main(sys.argv[1:])
        sys.exit("datasets" in sys.modules)
    """
    assert main([*words, "--cache-dir", cache]) == 0
    again = subprocess.run(
        [sys.executable, "-c", program, *words],
        env=os.environ | {"HF_DATASETS_CACHE": cache},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert again.stdout == capsys.readouterr().out


def test_what_was_lost_for_now_is_had_by_a_rebuild_that_fetches_nothing_else(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sample.paths["tt0001004"]
    poster = sample.host.answers[path]
    sample.host.answers[path] = (500, b"")
    words = ("build", *source(sample, tmp_path))
    assert main(words) == 0
    last_line = capsys.readouterr().out.splitlines()[-1]
    assert last_line == "Some may be had another time (server_error 1): --rebuild asks again."
    sample.host.answers[path] = poster
    sample.host.requests.clear()
    assert run_json(capsys, *words)["rejected"] == {"server_error": 1}
    assert sample.host.requests == []
    # Where datasets is not loaded, as then a build that is there would be told again.
    program = [sys.executable, "-m", "movie_posters_decade", *words, "--rebuild", "--json"]
    rebuilt = subprocess.run(program, capture_output=True, text=True, check=True)
    assert json.loads(rebuilt.stdout)["rejected"] == {}
    assert sample.host.requests == [path]


def test_what_is_gone_is_not_said_to_come_back(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.kill("tt0001004")
    assert main(["build", *source(sample, tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "not_found 1" in told
    assert "--rebuild" not in told


def test_cache_is_the_one_that_datasets_was_told_of(
    sample: SampleCatalogue,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ("build", "--data-files", str(sample.path), "--allow-private-hosts")
    before = run_json(capsys, *words)["cache_dir"]
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    after = run_json(capsys, *words)["cache_dir"]
    assert after == str(tmp_path / "cache" / Path(before).relative_to(Path(before).parents[3]))


def test_building_again_is_done_in_one_way(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["build", "--rebuild", "--force-redownload"])
    assert "not allowed with argument --rebuild" in capsys.readouterr().err


def test_nothing_need_be_told(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the standard output is closed."""
    monkeypatch.setattr("sys.stdout", None)
    assert main(["plan", *source(sample, tmp_path)]) == 0


def test_tables_are_for_people(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", *source(sample, tmp_path)]) == 0
    assert capsys.readouterr().out == (
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
        "30 posters would be downloaded.\n"
    )
    assert main(["plan", *source(sample, tmp_path), "--max-per-decade", "3"]) == 0
    assert capsys.readouterr().out.endswith(
        "\n15 posters would be downloaded, and more, up to 30, where some are rejected.\n"
    )


def test_garbage_is_collected_again_once_datasets_is_loaded(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    assert main(["plan", *source(sample, tmp_path)]) == 0
    assert gc.isenabled()


def test_every_option_is_a_flag(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["build", "--help"])
    text = capsys.readouterr().out
    assert all(f"--{option.name.replace('_', '-')}" in text for option in fields(Options))
    report = run_json(
        capsys,
        *("plan", *source(sample, tmp_path), "--config", "all", "--genres", "Action", "Drama"),
        *(
            "--min-year",
            "1980",
            "--max-year",
            "1999",
            "--test-size",
            "0.5",
            "--max-per-decade",
            "4",
        ),
        *("--balance", "none", "--keep-grayscale", "--seed", "7"),
    )
    assert report["splits"] == {
        "train": {"1980s": 2, "1990s": 2},
        "test": {"1980s": 2, "1990s": 2},
    }


def test_demo_leaves_posters_to_look_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "posters"
    report = run_json(
        capsys, "demo", "--cache-dir", str(tmp_path / "cache"), "--output", str(output)
    )
    assert report["output"] == str(output)
    assert len(list(output.rglob("*.jpg"))) == report["kept"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--seed", "1", "--max-per-decade", "1"],
            "Option max_per_decade: expected a whole number from 2",
        ),
        (["--genres", "Actoin"], "No movie of the catalogue has the genre actoin."),
        (["--data-files", "none.csv"], "none.csv: expected a catalogue such as MovieGenre.csv"),
    ],
)
def test_failure_is_one_sentence_on_standard_error(
    sample: SampleCatalogue,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    assert main(["plan", *source(sample, tmp_path), *arguments, "--json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"movie-posters-decade: {sentence}")
    assert err.count("\n") == 1


def test_cache_that_cannot_be_written_is_told_in_a_sentence(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    arguments = ["--data-files", str(sample.path), "--cache-dir", str(tmp_path / "file")]
    assert main(["build", *arguments]) == 1
    assert capsys.readouterr().err == (
        f"movie-posters-decade: {tmp_path}/file: cannot be read or written: File exists. What was "
        "downloaded is kept; mend this, or choose another folder.\n"
    )


def test_forced_build_fetches_all_anew(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json(capsys, "build", *source(sample, tmp_path))
    sample.kill("tt0001004")
    report = run_json(capsys, "build", *source(sample, tmp_path), "--force-redownload")
    assert report["rejected"] == {"not_found": 1}
    assert len(sample.host.requests) == 60


def test_reader_who_has_enough_is_no_failure_to_complain_about(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    program = [sys.executable, "-m", "movie_posters_decade", "plan", *source(sample, tmp_path)]
    reading, writing = os.pipe()
    os.close(reading)
    finished = subprocess.run(program, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert finished.stderr == b""


def test_module_runs_as_a_program_with_nothing_but_json_on_standard_output(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "movie_posters_decade",
            "build",
            *source(sample, tmp_path),
            "--json",
        ],
        capture_output=True,
        check=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )
    assert json.loads(finished.stdout)["kept"] == 30
    assert "Posters" in finished.stderr
