"""Ctrl-C at a random moment of any phase ends a command with 130 and one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "interrupts.py"


@pytest.mark.skipif(sys.platform != "linux", reason="it finds in /proc when a command has begun")
def test_interrupts_of_all_phases_end_with_one_line() -> None:
    command = [sys.executable, str(SCRIPT), "--runs", "4", "--parallel", "2"]
    finished = subprocess.run(command, capture_output=True, check=False, text=True)
    assert finished.returncode == 0, finished.stdout
    counts = json.loads(finished.stdout)["counts"]
    assert set(counts) == {"import", "download", "export", "push"}
    assert sum(found.get("interrupted", 0) for found in counts.values()) > 0
