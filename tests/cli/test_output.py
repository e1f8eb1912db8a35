"""The commands export, baseline and report write what they should, or say why they cannot."""

import json
import runpy
import sys
from pathlib import Path

import pytest
from command_line import run_json, sample_arguments
from PIL import Image
from samples import DECADES, SampleCatalogue

from movie_posters_decade.cli.main import main


def test_export_writes_the_posters_and_lists_the_rejected_ones(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.kill("tt0001004")
    output = tmp_path / "posters"
    command = ("export", *sample_arguments(sample, tmp_path), "--output", str(output))
    report = run_json(capsys, *command)
    assert (report["output"], report["written"]) == (str(output), True)
    assert len(list(output.rglob("*.jpg"))) == report["kept"]
    assert b"tt0001004" in (output / "rejected.csv").read_bytes()
    assert (output / "movie_posters_decade.lock").is_file()
    assert run_json(capsys, *command)["written"] is False
    assert main(command) == 0
    assert capsys.readouterr().out.endswith(f"\nPosters: {output} (unchanged)\n")


def test_export_resizes_and_re_encodes_posters(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "posters"
    flags = "--image-size 32x48 --resize-mode pad --encode-format webp"
    command = ("export", *sample_arguments(sample, tmp_path), "--output", str(output))
    run_json(capsys, *command, *flags.split())
    posters = list(output.rglob("*.webp"))
    assert len(posters) == 30
    for poster in posters:
        with Image.open(poster) as image:
            assert image.size == (32, 48)


def test_export_writes_beside_other_files_only_with_overwrite(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "posters"
    output.mkdir()
    (output / "mine.txt").write_text("mine")
    flags = ("--output", str(output), "--format", "webdataset")
    command = ("export", *sample_arguments(sample, tmp_path), *flags)
    assert main(command) == 6
    assert "found mine.txt, which was not written with it" in capsys.readouterr().err
    assert sample.host.requests == [], "the folder is checked before anything is downloaded"
    run_json(capsys, *command, "--overwrite")
    assert {path.name for path in output.iterdir()} > {"mine.txt", "train-000000.tar"}
    assert (output / "mine.txt").read_text() == "mine"


def test_script_exports_a_folder_tree(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Path(__file__).resolve().parents[2] / "scripts" / "export_folders.py"
    output = tmp_path / "posters"
    arguments = (*sample_arguments(sample, tmp_path), "--output", str(output))
    monkeypatch.setattr("sys.argv", [str(script), *arguments])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(script), run_name="__main__")
    assert len(list(output.glob("*/*/*.jpg"))) == 30


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (
            "--image-size 224",
            "argument --image-size: expected WIDTHxHEIGHT, as in 224x224; found 224",
        ),
        (
            "--max-shard-size 0",
            "argument --max-shard-size: expected a size, as in 500MB or 2GB; found 0",
        ),
        (
            "--encode-format jpeg --encode-quality 0",
            "Option encode_quality: expected 1 to 100; found 0.",
        ),
        (
            "--encode-quality 50",
            "Option encode_quality: expected a size or a format with it, as in --encode-format "
            "jpeg; found neither. Add one, or leave --encode-quality out.",
        ),
        (
            "--resize-mode pad",
            "Option resize_mode: expected a size with it, as in --image-size 224x224; found none. "
            "Add one, or leave --resize-mode out.",
        ),
        (
            "--image-size 0x9",
            "Option image_size: expected width and height from 1 to 8192; found (0, 9).",
        ),
    ],
)
def test_invalid_export_option_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: str, sentence: str
) -> None:
    try:
        code = main(["export", "--output", str(tmp_path / "posters"), *flags.split()])
    except SystemExit as error:
        code = int(str(error))
    assert code != 0
    assert capsys.readouterr().err.splitlines()[-1].endswith(sentence)


def test_baseline_without_its_libraries_is_an_error_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert main(["baseline", "--cache-dir", str(tmp_path / "cache")]) == 1
    assert capsys.readouterr().err == (
        "movie-posters-decade: Baselines and reports: expected sklearn to be installed; found it "
        "is not. Install it with: pip install 'movie_posters_decade[analysis]'\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_baseline_prints_models_and_shortcuts_as_json(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = sample_arguments(sample, tmp_path)
    evaluation = run_json(capsys, "baseline", *arguments, "--encode-format", "jpeg")
    assert set(evaluation) == {
        *("decades", "posters", "baselines", "findings"),
        *("shortcuts", "columns", "transform", "transformed", "warnings"),
    }
    assert evaluation["decades"] == list(DECADES)
    assert len(evaluation["shortcuts"]) == len(evaluation["transformed"]) == 7


def test_report_writes_a_page_and_overwrites_no_other_file(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "report"
    command = ["report", *sample_arguments(sample, tmp_path), "--output", str(output)]
    printed = run_json(capsys, *command)
    assert printed["page"] == str(output / "index.html")
    assert Path(printed["page"]).is_file()
    data = json.loads((output / "report.json").read_text())
    assert data["report"]["kept"] == printed["kept"] == 30
    (output / "index.html").write_text("mine")
    builds = set((tmp_path / "cache").rglob("*"))
    assert main([*command, "--seed", "7"]) == 6
    assert "index.html: expected no such file" in capsys.readouterr().err
    assert set((tmp_path / "cache").rglob("*")) == builds
