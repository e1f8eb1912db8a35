"""Interrupts: Ctrl-C at random moments of an import, a build, an export and a push.

Each must end the command with exit code 130 and one line. Prints the counts of what happened, by
phase, and fails if anything else did. A process that had printed its result before is tried again.
"""

import argparse
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from servers.hub import serve_hub

LINE = "movie-posters-decade: interrupted; what was downloaded is kept.\n"
LIMIT_SECONDS = 30.0
"""How long a command may take to end on a busy machine, before it counts as hanging."""

MAX_TRIES = 5


@dataclass(frozen=True)
class Phase:
    """What is interrupted: the words of a command, for a new folder of its own."""

    name: str
    words: Callable[[Path], Sequence[str]]


def phases(built: Path) -> list[Phase]:
    """Return the phases, given a cache that holds the demo's build."""
    demo, cached = ("--config", "demo"), ("--cache-dir", str(built))
    push = ("push", *demo, *cached, "--no-audit")
    return [
        Phase("import", lambda folder: ["plan", *demo, "--cache-dir", str(folder / "cache")]),
        Phase("download", lambda folder: ["build", *demo, "--cache-dir", str(folder / "cache")]),
        Phase("export", lambda folder: ["export", *demo, *cached, "--output", str(folder / "out")]),
        # To a new repository each time, as the client logs that a push changes nothing.
        Phase("push", lambda folder: [*push, "--repo-id", f"you/{folder.name}"]),
    ]


class Commands:
    """Commands that are interrupted, in a folder and with an environment of their own.

    Attributes:
        longest: how many seconds any of them takes at most: as long as a build.
        seconds: how many one of a phase takes, where one has ended before it was interrupted.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.longest = 0.0
        self.seconds: dict[str, float] = {}

    def start(self, words: Sequence[str]) -> subprocess.Popen[str]:
        """Start a command, and return once it handles signals: what comes earlier is Python's."""
        process = subprocess.Popen(
            [sys.executable, "-m", "movie_posters_decade", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.folder,
        )
        while process.poll() is None and not _handles_sigterm(process.pid):
            time.sleep(0.001)
        return process

    def build(self, cache: Path) -> None:
        """Build the demo into a cache, and note how long that takes."""
        process = self.start(["build", "--config", "demo", "--cache-dir", str(cache)])
        begin = time.monotonic()
        _, printed = process.communicate()
        if process.returncode:
            sys.exit(f"build: {printed}")
        self.longest = time.monotonic() - begin

    def interrupt(self, phase: Phase) -> tuple[str, float]:
        """Interrupt a command, and return what happened, and how long it took to end."""
        for _ in range(MAX_TRIES):
            process, begin = self.start(phase.words(self.new_folder())), time.monotonic()
            try:
                process.wait(random.uniform(0, self.seconds.get(phase.name, self.longest)))
            except subprocess.TimeoutExpired:
                outputs = [process.stdout] if process.stdout else []
                had_finished = bool(select.select(outputs, [], [], 0)[0])
                process.send_signal(signal.SIGINT)
                begin = time.monotonic()
                what = _ending(process)
                if not had_finished:
                    return what, time.monotonic() - begin
            else:
                self.seconds.setdefault(phase.name, time.monotonic() - begin)
                process.communicate()
        return "ended before", 0.0

    def new_folder(self) -> Path:
        """Return a new folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))


def _handles_sigterm(process: int) -> bool:
    """Return whether a process handles SIGTERM, which Python alone does not."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return True
    caught = next(line.split()[1] for line in lines if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def _ending(process: subprocess.Popen[str]) -> str:
    """Wait until a command ends, and say how it did."""
    try:
        _, printed = process.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return "hung"
    notes = [line for line in printed.splitlines(keepends=True) if "Each decade has" not in line]
    if process.returncode == 0:
        return "lost"
    if "Traceback" in printed:
        return f"traceback: {printed}"
    is_right = process.returncode == 130 and notes == [LINE]
    return "interrupted" if is_right else f"exit code {process.returncode}: {printed}"


def main() -> None:
    """Interrupt commands as often as the arguments say, and print the counts."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--runs", type=int, default=500, help="of all phases together")
    arguments.add_argument("--parallel", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--minutes", type=float, default=60.0, help="begin no run after these")
    chosen = arguments.parse_args()
    counts, slowest = measure(chosen.runs, chosen.parallel, 60 * chosen.minutes)
    print(json.dumps({"counts": counts, "slowest_seconds": round(slowest, 2)}, indent=2))
    sys.exit(any(set(found) - {"interrupted", "ended before"} for found in counts.values()))


def measure(runs: int, parallel: int, limit: float) -> tuple[dict[str, dict[str, int]], float]:
    """Return what happened, by phase, and the seconds of the slowest ending."""
    end = time.monotonic() + limit
    with tempfile.TemporaryDirectory() as name, serve_hub() as hub:
        folder = Path(name)
        environment = os.environ | hub.environment | {"HF_HOME": str(folder / "hf")}
        commands = Commands(folder, environment | {"NO_PROXY": "127.0.0.1"})
        commands.build(folder / "built")
        stages = phases(folder / "built")

        def once(number: int) -> tuple[str, str, float]:
            stage = stages[number % len(stages)]
            if time.monotonic() > end:
                return stage.name, "", 0.0
            return stage.name, *commands.interrupt(stage)

        with ThreadPoolExecutor(parallel) as pool:
            results = list(pool.map(once, range(runs)))
    counts: dict[str, Any] = {}
    for stage_name, what, _ in results:
        if what:
            counts.setdefault(stage_name, Counter())[what] += 1
    return counts, max(took for *_, took in results)


if __name__ == "__main__":
    main()
