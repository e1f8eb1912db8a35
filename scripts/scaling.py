"""Scaling: the same download on more and more workers, against the rate that manners allow.

Each worker may have as many connections as one host allows, so the bound is workers x connections
per host / latency. Beside each number of workers runs one process with as many connections in all.
The Dask workers are processes with folders of their own, which share nothing with the driver.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from contenders import PEERS, Stage

KINDS = ("processes", "dask", "one process")


def measure_scaling(stage: Stage, workers: list[int], connections: int) -> list[dict[str, Any]]:
    """Measure each kind of workers in each number, and fail if any result differs."""
    rows = []
    with stage.hosts.serving():
        for count in workers:
            for kind in KINDS:
                row = _measure(stage, kind, count, connections)
                rows.append(row)
                print(json.dumps(row))
    if len({row["results"] for row in rows}) != 1:
        sys.exit("the results differ between numbers of workers")
    return rows


def _measure(stage: Stage, kind: str, count: int, connections: int) -> dict[str, Any]:
    folder = stage.fresh("workers")
    folder.mkdir()
    stage.hosts.forget()
    with _workers(stage, kind, count, folder) as given:
        program = [stage.pythons["cluster"], PEERS / "on_workers.py", stage.folder / "urls.txt"]
        most = connections * count if kind == "one process" else connections
        run = stage.run([*program, folder / "cache", given, most, connections])
    found = json.loads((folder / "cache" / "result.json").read_text())
    rate = stage.posters / found["seconds"]
    bound = count * connections / (stage.hosts.latency_ms / 1000)
    return {
        "kind": kind,
        "workers": count,
        "posters_per_second": round(rate, 1),
        "bound": round(bound, 1),
        "share": round(rate / bound, 3),
        "requests_per_poster": run.requests / stage.posters,
        "most_at_once_to_a_host": stage.hosts.most_at_once(),
        "driver_mb": round(found["driver_mb"]),
        "cpu_ms_per_poster": round(1000 * run.cpu_seconds / stage.posters, 2),
        "results": found["results"],
    }


@contextmanager
def _workers(stage: Stage, kind: str, count: int, folder: Path) -> Iterator[object]:
    """Give what the download takes as its workers; for Dask, start a cluster."""
    if kind != "dask":
        yield count if kind == "processes" else "here"
        return
    file = folder / "scheduler.json"
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file]
    processes = [_start(stage, folder, "scheduler", *options)]
    try:
        while not file.exists():
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        for number in range(count):
            own = folder / f"worker-{number}"
            own.mkdir()
            options = [address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
            processes.append(_start(stage, own, "worker", *options))
        yield f"{address}#{count}"
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _start(stage: Stage, folder: Path, name: str, *options: object) -> "subprocess.Popen[bytes]":
    command = [stage.pythons["cluster"], "-m", f"distributed.cli.dask_{name}", *options]
    with (folder / f"{name}.log").open("wb") as log:
        words = [str(word) for word in command]
        return subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
