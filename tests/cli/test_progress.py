"""Progress in a log file is a line now and then; on a terminal it is a bar."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, suppress
from pathlib import Path

import datasets
import pytest
from command_line import PROGRAM, sample_arguments
from samples import SampleCatalogue
from tqdm.std import tqdm

from movie_posters_decade.cli.main import main
from movie_posters_decade.cli.progress import (
    lines_instead_of_bars,
    progress_line,
    show_progress,
)


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


@pytest.fixture
def _bars() -> Iterator[None]:
    """Progress bars of `datasets`, as outside these tests."""
    datasets.enable_progress_bars()
    yield
    datasets.disable_progress_bars()


@pytest.mark.usefixtures("_bars")
@pytest.mark.parametrize("flags", [[], ["--quiet"]])
def test_build_prints_no_bar_into_a_log_file(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    assert main(["build", *sample_arguments(sample, tmp_path), *flags]) == 0
    assert capsys.readouterr().err == ""


def test_terminal_shows_a_bar_and_no_error_about_a_closed_pipe(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    """As in `movie-posters-decade build | head -1`."""
    pty = pytest.importorskip("pty")
    master, terminal = pty.openpty()
    pytest.importorskip("termios").tcsetwinsize(terminal, (24, 100))
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [*PROGRAM, "build", *sample_arguments(sample, tmp_path)]
    with subprocess.Popen(command, stdout=write_end, stderr=terminal):
        os.close(terminal)
        os.close(write_end)
        shown = b""
        with suppress(OSError):  # which is how a terminal ends
            while read := os.read(master, 1000):
                shown += read
    os.close(master)
    assert b"Posters: 100%" in shown
    lines = [line for line in shown.decode().splitlines() if line.strip()]
    assert [line for line in lines if "[0" not in line] == [], "all lines are bars"


def test_build_without_standard_error_succeeds(
    sample: SampleCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", None)
    assert main(["build", *sample_arguments(sample, tmp_path)]) == 0
    sys.stderr.close()
    assert list((tmp_path / "cache").rglob("*.arrow"))


def test_process_without_standard_output_and_error_succeeds(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    words = [*PROGRAM, "build", *sample_arguments(sample, tmp_path)]
    subprocess.run(["/bin/sh", "-c", 'exec "$@" >&- 2>&-', "sh", *words], check=True)
    assert list((tmp_path / "cache").rglob("*.arrow"))
