"""The commands that hand a build on, as files or as evidence, do what was asked or say why not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import run_json, source
from PIL import Image
from samples import DECADES, SampleCatalogue

from movie_posters_decade.cli import main


def test_export_writes_the_posters_and_what_was_lost(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.kill("tt0001004")
    output = tmp_path / "posters"
    words = ("export", *source(sample, tmp_path), "--output", str(output))
    report = run_json(capsys, *words)
    assert (report["output"], report["written"]) == (str(output), True)
    assert len(list(output.rglob("*.jpg"))) == report["kept"]
    assert b"tt0001004" in (output / "rejected.csv").read_bytes()
    assert (output / "movie_posters_decade.lock").is_file()
    assert main(words) == 0
    assert f"The posters are in {output}, as they were already" in capsys.readouterr().out


def test_export_draws_anew_as_asked(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "posters"
    words = (
        "--output",
        str(output),
        "--image-size",
        "32x48",
        "--resize-mode",
        "pad",
        "--encode-format",
        "webp",
    )
    run_json(capsys, "export", *source(sample, tmp_path), *words)
    posters = list(output.rglob("*.webp"))
    assert len(posters) == 30
    for poster in posters:
        with Image.open(poster) as image:
            assert image.size == (32, 48)


def test_export_takes_layout_shards_and_leave_to_write_beside_others(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "posters"
    output.mkdir()
    (output / "mine.txt").write_text("mine")
    words = ("export", *source(sample, tmp_path), "--output", str(output), "--format", "webdataset")
    assert main(words) == 1
    assert "found mine.txt, which no export wrote" in capsys.readouterr().err
    assert sample.host.requests == [], "it is refused before anything is downloaded"
    run_json(capsys, *words, "--overwrite")
    assert {path.name for path in output.iterdir()} > {"mine.txt", "train-000000.tar"}


def test_script_exports_a_folder_tree(sample: SampleCatalogue, tmp_path: Path) -> None:
    script = Path(__file__).resolve().parents[1] / "scripts" / "export_folders.py"
    output = tmp_path / "posters"
    words = (*source(sample, tmp_path), "--output", str(output))
    subprocess.run([sys.executable, script, *words], check=True, capture_output=True)
    assert len(list(output.glob("*/*/*.jpg"))) == 30


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("--image-size", "224"),
            "argument --image-size: expected WIDTHxHEIGHT, as in 224x224; found 224",
        ),
        (
            ("--max-shard-size", "0"),
            "argument --max-shard-size: expected a size, as in 500MB or 2GB; found 0",
        ),
        (
            ("--encode-format", "jpeg", "--encode-quality", "0"),
            "Option encode_quality: expected 1 to 100; found 0.",
        ),
        (
            ("--encode-quality", "50"),
            "Option encode_quality: expected a size or an encoding with it, as in --encode-format jpeg; found "
            "neither. Add one, or leave --encode-quality out.",
        ),
        (
            ("--resize-mode", "pad"),
            "Option resize_mode: expected a size with it, as in --image-size 224x224; found none. Add one, or "
            "leave --resize-mode out.",
        ),
        (
            ("--image-size", "0x9"),
            "Option image_size: expected width and height from 1 to 8192; found (0, 9).",
        ),
    ],
)
def test_export_refuses_what_cannot_be_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    try:
        code = main(["export", "--output", str(tmp_path / "posters"), *words])
    except SystemExit as error:
        code = int(str(error))
    assert code != 0
    assert capsys.readouterr().err.splitlines()[-1].endswith(sentence)


def test_baselines_without_their_libraries_are_refused_in_a_sentence(tmp_path: Path) -> None:
    program = """if True:
        import sys
        sys.modules["sklearn"] = None
        from movie_posters_decade.cli import main
        sys.exit(main(sys.argv[1:]))
    """
    words = (sys.executable, "-c", program, "baseline", "--cache-dir", str(tmp_path / "cache"))
    refused = subprocess.run(words, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr == (
        "movie-posters-decade: Baselines and reports: expected sklearn to be installed; found it "
        "is not. Install it with: pip install 'movie_posters_decade[analysis]'\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_baseline_tells_models_and_shortcuts(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In JSON; the text is the evidence's own."""
    told = run_json(capsys, "baseline", *source(sample, tmp_path), "--encode-format", "jpeg")
    assert set(told) == {
        *("decades", "posters", "baselines", "shortcuts", "transformed", "warnings"),
    }
    assert told["decades"] == list(DECADES)
    assert len(told["shortcuts"]) == len(told["transformed"]) == 6


def test_report_says_where_the_page_is(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "report"
    told = run_json(capsys, "report", *source(sample, tmp_path), "--output", str(output))
    assert told["page"] == str(output / "index.html")
    assert Path(told["page"]).is_file()
    (output / "index.html").write_text("mine")
    builds = set((tmp_path / "cache").rglob("*"))
    assert main(["report", *source(sample, tmp_path), "--seed", "7", "--output", str(output)]) == 1
    assert "index.html: expected no such file" in capsys.readouterr().err
    assert set((tmp_path / "cache").rglob("*")) == builds
    assert (
        json.loads((output / "report.json").read_text())["rejected_path"]["kept"]
        == told["kept"]
        == 30
    )
