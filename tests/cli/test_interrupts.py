"""Ctrl-C and SIGTERM end a command at any moment, with their exit code and one line."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import INTERRUPTED, start_build, unfinished_files
from samples import SampleCatalogue

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "interrupts.py"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


@pytest.mark.skipif(sys.platform != "linux", reason="it finds in /proc when a command has begun")
def test_interrupts_of_all_phases_end_with_one_line() -> None:
    command = [sys.executable, str(SCRIPT), "--runs", "4", "--parallel", "2", "--minutes", "3"]
    finished = subprocess.run(command, capture_output=True, check=False, text=True)
    assert finished.returncode == 0, finished.stdout
    counts = json.loads(finished.stdout)["counts"]
    assert set(counts) == {"import", "download", "export", "push"}
    assert sum(found.get("interrupted", 0) for found in counts.values()) > 0


@pytest.mark.parametrize(
    ("after", "end", "code"), [(1, signal.SIGTERM, 143), (49, signal.SIGINT, 130)]
)
def test_interrupted_download_ends_soon_and_leaves_nothing_unfinished(
    fifty_movies: SampleCatalogue, tmp_path: Path, after: int, end: signal.Signals, code: int
) -> None:
    fifty_movies.host.hold_after = after
    with start_build(fifty_movies, tmp_path, "--connections-per-host", "4") as process:
        assert fifty_movies.host.holding.wait(30)
        process.send_signal(end)
        _, printed = process.communicate(timeout=10)
    fifty_movies.host.release()
    assert process.returncode == code
    assert printed == INTERRUPTED
    assert unfinished_files(tmp_path) == []
