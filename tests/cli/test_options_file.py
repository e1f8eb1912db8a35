"""Options files hold flags for all commands, and a build writes one."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from command_line import run_json, sample_arguments
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import SampleCatalogue

from movie_posters_decade.cli.main import main
from movie_posters_decade.cli.options_file import parse_arguments
from movie_posters_decade.cli.parser import build_options
from movie_posters_decade.cli.saved_options import save_options
from movie_posters_decade.errors import ExportError, OptionError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "options.toml"


def test_flags_of_every_kind_are_read_with_dashes_or_underscores(file: Path) -> None:
    file.write_text(
        'config = "drama"\ngenres = ["Action", "Drama"]\nmax-per-decade = 7\ntest_size = 0.5\n'
        "validation_size = 0\nkeep-grayscale = true\nrespect_opt_out = false\nworkers = 2\n"
        'balance = "none"\noutput = "posters"\nimage_size = "32x48"\noverwrite = true\n'
        'columns = { title = "name", year = "shown" }\n'
    )
    chosen = parse_arguments(["export", "--options", str(file)])
    assert build_options(chosen) == {
        "genres": ["Action", "Drama"],
        "max_per_decade": 7,
        "test_size": 0.5,
        "validation_size": 0.0,
        "keep_grayscale": True,
        "respect_opt_out": False,
        "workers": 2,
        "balance": "none",
        "columns": {"title": "name", "year": "shown"},
    }
    assert (chosen.config, chosen.image_size) == ("drama", (32, 48))
    assert chosen.overwrite is True
    assert chosen.output == file.parent / "posters"


def test_flags_on_the_command_line_win(file: Path) -> None:
    file.write_text('seed = 1\nkeep_grayscale = true\ngenres = ["Drama"]\n')
    flags = "--seed 2 --no-keep-grayscale --genres Action"
    chosen = parse_arguments(["build", "--options", str(file), *flags.split()])
    assert build_options(chosen) == {"seed": 2, "keep_grayscale": False, "genres": ["Action"]}


@pytest.mark.parametrize(
    "command", ["demo", "plan", "build", "baseline", "check-fallbacks", "export", "report", "push"]
)
def test_one_file_serves_all_commands(file: Path, command: str) -> None:
    file.write_text('seed = 1\noutput = "a"\nrepo_id = "you/posters"\nformat = "parquet"\n')
    assert parse_arguments([command, "--options", str(file)]).command == command


def test_relative_paths_start_in_the_folder_of_the_file(file: Path) -> None:
    file.write_text(
        'data_files = "a.csv"\ncache_dir = "s3://cache"\nlock_file = "/b.lock"\n'
        'fallbacks = ["wayback", "c.csv", "~/d.csv"]\n'
    )
    chosen = parse_arguments(["plan", "--options", os.path.relpath(file)])
    assert chosen.data_files == str(file.parent / "a.csv")
    assert (chosen.cache_dir, chosen.lock_file) == ("s3://cache", "/b.lock")
    assert chosen.fallbacks == ["wayback", str(file.parent / "c.csv"), "~/d.csv"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "sed = 1",
            "option sed: expected the name of a flag that a file may hold, such as max_per_decade;",
        ),
        ('options = "a"', "option options: expected the name of a flag"),
        ('seed = "1"', "option seed: expected a whole number; found '1'."),
        ("seed = true", "option seed: expected a whole number; found True."),
        ('test_size = "half"', "option test_size: expected a number; found 'half'."),
        ("keep_grayscale = 1", "option keep_grayscale: expected true or false; found 1."),
        ('genres = "Drama"', 'option genres: expected a list of texts, as in ["Action", "Drama"]'),
        ('columns = ["title=a"]', 'option columns: expected a table, as in {title = "name"}'),
        ("data_files = 7", "option data_files: expected a text; found 7."),
        ('balance = "all"', "option balance: expected undersample or none; found 'all'."),
        ("workers = 1.5", "option workers: expected a whole number or a text; found 1.5."),
        ("prune = true", "option prune: expected the name of a flag that a file may hold"),
        ('config = "dramas"', "option config: expected action or "),
        ("seed = ", ": expected options in TOML, such as max_per_decade = 100; found: Invalid"),
    ],
)
def test_wrong_file_is_one_sentence_with_the_place(
    file: Path, capsys: pytest.CaptureFixture[str], text: str, sentence: str
) -> None:
    file.write_text(text)
    assert main(["build", "--options", str(file), "--json"]) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"movie-posters-decade: {file}")
    assert sentence in err
    assert err.count("\n") == 1
    assert json.loads(out)["error"]["code"] == "option"


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_file_that_cannot_be_read_is_an_error(file: Path, content: bytes | None) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(OptionError, match=r"options.toml: expected"):
        parse_arguments(["plan", "--options", str(file)])


def test_build_saves_what_it_was_given(
    sample: SampleCatalogue, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*sample_arguments(sample, tmp_path), "--no-respect-opt-out", "--seed", "42"]
    saved = ["--save-options", str(file), "--rebuild", "--columns", "title=Title"]
    first = run_json(capsys, "build", *words, *saved)
    assert file.read_text() == (
        "# Options of movie-posters-decade. A command reads them with --options.\n"
        'data_files = "catalogue/MovieGenre.csv"\nseed = 42\nrespect_opt_out = false\n'
        'allow_private_hosts = true\ncolumns = { "title" = "Title" }\ncache_dir = "cache"\n'
    )
    sample.host.requests.clear()
    assert run_json(capsys, "build", "--options", str(file)) == first
    assert sample.host.requests == []


def test_saved_options_hold_those_of_the_options_file(file: Path) -> None:
    file.write_text('max_per_decade = 5\nseed = 1\nrepo_id = "you/posters"\n')
    chosen = parse_arguments(["build", "--options", str(file), "--seed", "2"])
    assert chosen.given == {"max_per_decade": 5, "seed": 2, "options": file}


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=20, deadline=None)
@given(
    genres=st.lists(TEXTS.filter(lambda text: not text.startswith("-")), min_size=1),
    separator=TEXTS.filter(lambda text: not text.startswith("-")),
    size=st.floats(0, 1, exclude_min=True),
    seed=st.integers(0, 2**64),
)
def test_saved_options_are_read_as_they_were_given(
    genres: list[str], separator: str, size: float, seed: int
) -> None:
    words = [
        "--genres",
        *genres,
        f"--genre-separator={separator}",
        "--columns",
        f"title={separator}",
    ]
    words += [f"--test-size={size!r}", f"--seed={seed}"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.toml")
        chosen = parse_arguments(["build", *words])
        save_options(file, chosen.given)
        again = parse_arguments(["plan", "--options", str(file)])
    assert build_options(again) == build_options(chosen)


def test_no_other_file_is_overwritten(file: Path) -> None:
    save_options(file, {"seed": 1})
    save_options(file, {"seed": 2})
    file.write_text("seed = 3\n")
    with pytest.raises(ExportError, match=r"expected no such file, or one that --save-options"):
        save_options(file, {"seed": 4})
    assert file.read_text() == "seed = 3\n"


def test_value_that_is_no_text_is_an_error(file: Path) -> None:
    with pytest.raises(OptionError, match="expected values that are text"):
        save_options(file, {"genre_separator": "\udc80"})
    assert not file.exists()


def test_flags_are_not_abbreviated(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An abbreviated --options would be accepted, and its file ignored."""
    file.write_text("seed = 1\n")
    with pytest.raises(SystemExit):
        main(["plan", "--option", str(file)])
    assert "unrecognized arguments: --option" in capsys.readouterr().err
