"""Dask cluster on loopback: a scheduler and workers, each a process with a folder of its own."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


class Cluster:
    """A Dask scheduler and its workers, each a process with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
        self.scheduler = self.start("scheduler", *options, "--scheduler-file", str(file))
        while not file.exists():
            time.sleep(0.05)
        self.address = str(json.loads(file.read_text())["address"])

    def start(self, command: str, *options: str) -> "subprocess.Popen[bytes]":
        program = [sys.executable, "-m", "distributed.cli.dask_" + command]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.Popen(
            [*program, *options],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def add_worker(self) -> None:
        folder = self.folder / f"worker-{len(self.workers)}"
        folder.mkdir()
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory"]
        self.workers.append(self.start("worker", self.address, *options, str(folder)))

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
