"""Terminal: nothing from outside reaches it but what it shows."""

import argparse
import logging
from pathlib import Path

import pytest
from command_line import sample_arguments
from sample_builds import make_builder
from samples import SampleCatalogue, row, write_catalogue

from movie_posters_decade.cli.main import main
from movie_posters_decade.cli.parser import parser
from movie_posters_decade.errors import CatalogueError, DownloadError, HubError
from movie_posters_decade.text.terminal import get_logger, visible

UNSAFE = [
    *map(chr, [*range(9), *range(11, 32), *range(127, 160)]),
    *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ud800",
]
EVIL = "\x1b]52;c;AAAA\x07\x9b31m\u202egpj\r"
SHOWN = r"\x1b]52;c;AAAA\x07\x9b31m\u202egpj\r"


def test_control_characters_and_marks_of_direction_are_escaped() -> None:
    for character in UNSAFE:
        assert visible(f"a{character}b") == f"a{character.encode('unicode_escape').decode()}b"
    assert visible("Amélie\t千と千尋\n") == "Amélie\t千と千尋\n"


@pytest.mark.parametrize("error", [CatalogueError, DownloadError, HubError])
def test_errors_show_what_they_quote_escaped(error: type[Exception]) -> None:
    assert str(error(EVIL)) == SHOWN


def test_logged_messages_are_escaped(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        get_logger("movie_posters_decade.a").warning("%s did not answer: %s.", "host", EVIL)
    assert caplog.messages == [f"host did not answer: {SHOWN}."]


def test_wrong_arguments_are_shown_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(parser(), argparse.ArgumentParser)
    with pytest.raises(SystemExit):
        main(["export", "--output", "a", "--max-shard-size", EVIL])
    assert SHOWN in capsys.readouterr().err


def test_report_and_errors_show_names_of_columns_and_files_escaped(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = sample.path.read_text("latin-1").replace("Imdb Link", "Link \x1b[2J")
    text = text.replace("Drama", "Dr\x1b[31mama")
    sample.path.write_text(text, "latin-1")
    assert main(["plan", *sample_arguments(sample, tmp_path)]) == 0
    assert main(["plan", *sample_arguments(sample, tmp_path), "--columns", "title=\x1b"]) == 3
    assert main(["plan", "--data-files", str(tmp_path / "\x1b[2J")]) == 3
    shown = "".join(capsys.readouterr())
    assert r"\x1b[2J" in shown
    assert not set(shown) & set(UNSAFE)
    assert "\x1b" not in str(make_builder(sample, tmp_path).plan())


def test_movie_of_a_mismatch_is_shown_escaped(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        row(n, f"A ({1970 + n % 48})", "Action", f"http://h/{n}\x1b[2J.jpg") for n in range(300)
    ]
    write_catalogue(sample.path, rows)
    assert main(["build", *sample_arguments(sample, tmp_path)]) == 4
    assert not set("".join(capsys.readouterr())) & set(UNSAFE)
