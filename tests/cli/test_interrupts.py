"""Ctrl-C and SIGTERM end a command at any moment, with their exit code and one line."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from command_line import INTERRUPTED, sample_arguments
from samples import PosterHost, SampleCatalogue

from movie_posters_decade.cli.main import main

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "interrupts.py"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


@pytest.mark.skipif(sys.platform != "linux", reason="it finds in /proc when a command has begun")
def test_interrupts_at_random_moments_end_with_one_line() -> None:
    command = [sys.executable, str(SCRIPT), "--runs", "3", "--parallel", "2"]
    finished = subprocess.run(command, capture_output=True, check=False, text=True)
    assert finished.returncode == 0, finished.stdout
    counts = json.loads(finished.stdout)["counts"]
    assert set(counts) == {"download", "export", "push"}
    assert sum(found.get("interrupted", 0) for found in counts.values()) > 0


def end_while_held(host: PosterHost, end: signal.Signals) -> None:
    """Send this process a signal once the host keeps an answer back."""

    def wait_and_end() -> None:
        if host.holding.wait(30):
            os.kill(os.getpid(), end)

    threading.Thread(target=wait_and_end, daemon=True).start()


@pytest.mark.parametrize(
    ("after", "end", "code"),
    [(1, signal.SIGINT, 130), (25, signal.SIGTERM, 143), (49, signal.SIGINT, 130)],
)
def test_interrupted_download_ends_soon_and_leaves_nothing_unfinished(
    fifty_movies: SampleCatalogue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    after: int,
    end: signal.Signals,
    code: int,
) -> None:
    host, temporary = fifty_movies.host, tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    host.hold_after = after
    end_while_held(host, end)
    flags = ("--connections-per-host", "4")
    assert main(["build", *sample_arguments(fifty_movies, tmp_path), *flags]) == code
    host.release()
    assert capsys.readouterr() == ("", INTERRUPTED)
    assert [*(tmp_path / "cache").rglob("*.incomplete"), *temporary.iterdir()] == []
