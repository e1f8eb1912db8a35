"""Progress in a log file is a line now and then; on a terminal it is a bar."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, suppress
from pathlib import Path

import pytest
from command_line import sample_arguments
from samples import SampleCatalogue
from tqdm.std import tqdm

from movie_posters_decade.cli.progress import (
    lines_instead_of_bars,
    progress_line,
    show_progress,
)

PROGRAM = [sys.executable, "-m", "movie_posters_decade"]


def printed(seconds: float) -> str:
    """Return what a bar prints where a line is due after some seconds."""
    with redirect_stderr(io.StringIO()) as stream, lines_instead_of_bars(seconds):
        bar = tqdm(desc="Posters", total=895, mininterval=0, miniters=1)
        bar.set_postfix(rejected=41, refresh=False)
        bar.update(320)
        with tqdm.external_write_mode():
            pass
        bar.close()
    return stream.getvalue()


def test_line_tells_how_far_a_bar_is() -> None:
    lines = printed(0).splitlines()
    assert lines[0] == "Posters: 0 of 895"
    assert "Posters: 320 of 895, 41 rejected" in lines


def test_no_line_is_printed_before_it_is_due() -> None:
    assert printed(3600) == ""


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"desc": "Generating train split", "unit": " examples"}, "Generating train split: 3"),
        ({"total": 4}, "Progress: 3 of 4"),
        ({"desc": "Get", "total": 4000, "unit": "B", "unit_scale": True}, "Get: 3.00B of 4.00kB"),
    ],
)
def test_line_is_made_of_whatever_a_bar_knows(settings: dict[str, object], line: str) -> None:
    with Path(os.devnull).open("w") as nowhere, tqdm(file=nowhere, **settings) as bar:
        bar.n = 3
        assert progress_line(bar.format_dict) == line


def test_bars_are_as_before_afterwards() -> None:
    before = tqdm.__init__, tqdm.display
    with redirect_stderr(io.StringIO()), show_progress(quiet=True), show_progress(quiet=False):
        assert tqdm(total=1).disable
    assert (tqdm.__init__, tqdm.display) == before


@pytest.mark.parametrize("flags", [[], ["--quiet"]])
def test_build_prints_no_bar_into_a_log_file(
    sample: SampleCatalogue, tmp_path: Path, flags: list[str]
) -> None:
    command = [*PROGRAM, "build", *sample_arguments(sample, tmp_path), *flags]
    finished = subprocess.run(command, capture_output=True, check=True, text=True)
    assert finished.stderr == ""


def test_terminal_shows_a_bar(sample: SampleCatalogue, tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    master, terminal = pty.openpty()
    pytest.importorskip("termios").tcsetwinsize(terminal, (24, 100))
    command = [*PROGRAM, "build", *sample_arguments(sample, tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal):
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # which is how a terminal ends
            while read := os.read(master, 1000):
                shown += read
    os.close(master)
    assert b"Posters: 100%" in shown


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-"])
def test_build_without_standard_error_succeeds(
    sample: SampleCatalogue, tmp_path: Path, closed: str
) -> None:
    words = [*PROGRAM, "build", *sample_arguments(sample, tmp_path)]
    subprocess.run(["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *words], check=True)
    assert list((tmp_path / "cache").rglob("*.arrow"))
