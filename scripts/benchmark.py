#!/usr/bin/env python3
"""Time whole builds against the peers, on poster hosts on loopback.

    python scripts/benchmark.py --posters 3000 --latency-ms 0 100 --output results.json
    python scripts/benchmark.py --scale --output scale.json
    python scripts/benchmark.py --hosts 32
    python scripts/benchmark.py --folder /dev/shm
    python scripts/benchmark.py --workers 1 2 4 8 --latency-ms 300 --connections-per-host 2 \
        --hosts 32 --posters 640

Each contender runs as a process of its own in a virtual environment of its own, in turn, round
after round; figures are medians. CPU time is user and system time of that process and of the
children that it waited for, without the host's. Posters are painted by the script. The host is
nginx with its echo module where they are installed (Debian: nginx-light and
libnginx-mod-http-echo), else the standard library's asyncio. Several hosts are several ports, and
the links are spread over them in turn. In a folder on a RAM disk, which takes about 2 GB, the disk
has no influence.

ours         movie-posters-decade build, from nothing, with as many connections as img2dataset, in
             equal shares if there are several hosts
cached       the same command again
rebuilt      the same with the posters in the download cache, and no build
workers      ours from nothing, on as many local processes as there are cores (build --workers)
img2dataset  parquet, no re-encoding, nothing decoded, 64 threads in each of as many processes as
             there are cores
daft         daft.functions.download into parquet, with as many requests at a time in all; it checks
             nothing, and keeps no bound per host and no reason
stock        a plain datasets builder: DownloadManager.download, 16 threads, the same dataset
loop         urllib.request, one poster after the other, on a tenth of the posters
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from contenders import CONTENDERS, PEERS, THREADS_A_PROCESS, Run, Stage, install
from poster_host import PosterHosts, free_ports
from scaling import measure_scaling


def measure(stage: Stage, rounds: int) -> dict[str, dict[str, float]]:
    """Run all contenders that are installed, round after round, and return their medians."""
    runs: dict[str, list[Run]] = defaultdict(list)
    with stage.hosts.serving():
        for number in range(rounds):
            for name in stage.pythons:
                for contender, run in CONTENDERS[name](stage).items():
                    runs[contender].append(run)
                    title = f"{stage.hosts.latency_ms:g} ms, round {number + 1}"
                    print(f"{title}: {contender} {run}")
    return {contender: summarize(some, stage.posters) for contender, some in runs.items()}


def summarize(runs: Sequence[Run], posters: int) -> dict[str, float]:
    """Return the medians of a contender's runs."""
    cpu_seconds = statistics.median(run.cpu_seconds for run in runs)
    return {
        "seconds": statistics.median(run.seconds for run in runs),
        "fastest": min(run.seconds for run in runs),
        "slowest": max(run.seconds for run in runs),
        "cpu_ms_per_poster": 1000 * cpu_seconds / posters,
        "peak_mb": statistics.median(run.peak_mb for run in runs),
        "requests_per_poster": statistics.median(run.requests for run in runs) / posters,
    }


def compare(medians: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return how many times as long each contender takes as our build from nothing."""
    ours = medians["ours"]["seconds"]
    return {name: figures["seconds"] / ours for name, figures in medians.items()}


def prepare(
    folder: Path, posters: int, latency_ms: float, hosts: int, pythons: dict[str, Path]
) -> Stage:
    """Paint the posters, and a catalogue with their links on each host in turn."""
    folder.mkdir()
    connections = THREADS_A_PROCESS * (os.cpu_count() or 1)
    poster_hosts = PosterHosts(folder, latency_ms, free_ports(hosts))
    paint = [pythons["ours"], PEERS / "paint.py", posters, folder, *poster_hosts.urls]
    subprocess.run([str(word) for word in paint], check=True)
    return Stage(folder, posters, connections, pythons, poster_hosts)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posters", type=int, nargs="+", help="how many (default: 3000)")
    parser.add_argument("--latency-ms", type=float, nargs="+", default=[0.0, 100.0])
    parser.add_argument("--hosts", type=int, default=1, help="how many serve the posters")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument(
        "--scale", action="store_true", help="ours alone, by default 2,000 and 20,000 posters"
    )
    parser.add_argument(
        "--workers",
        type=int,
        nargs="+",
        help="measure downloads alone on so many local processes and Dask workers; see scaling.py",
    )
    parser.add_argument(
        "--connections-per-host", type=int, default=2, help="with --workers (default: 2)"
    )
    parser.add_argument("--venvs", type=Path, default=Path(tempfile.gettempdir()) / "poster-venvs")
    parser.add_argument("--folder", type=Path, help="where to work (default: the temporary one)")
    parser.add_argument("--output", type=Path, default=Path("benchmark.json"))
    chosen = parser.parse_args()
    chosen.posters = chosen.posters or ([2000, 20000] if chosen.scale else [3000])
    return chosen


def measure_all(
    chosen: argparse.Namespace, folder: Path, pythons: dict[str, Path]
) -> dict[str, dict[str, object]]:
    """Measure with each number of posters and each latency."""
    results: dict[str, dict[str, object]] = {}
    for posters, latency_ms in product(chosen.posters, chosen.latency_ms):
        own = folder / f"{posters}-{latency_ms:g}"
        stage = prepare(own, posters, latency_ms, chosen.hosts, pythons)
        if chosen.workers:
            rows = measure_scaling(stage, chosen.workers, chosen.connections_per_host)
            results[f"{posters} posters, {latency_ms:g} ms"] = {"workers": rows}
            continue
        medians = measure(stage, chosen.rounds)
        figures = {"hosts": chosen.hosts, "medians": medians, "times_ours": compare(medians)}
        title = f"{posters} posters, {latency_ms:g} ms"
        results[title] = figures
        print(json.dumps({title: figures}, indent=2))
    return results


def main() -> None:
    """Measure, print and save."""
    chosen = arguments()
    some = {"ours"} if chosen.scale else {"ours", *chosen.contenders}
    names = ["ours", "cluster"] if chosen.workers else [name for name in CONTENDERS if name in some]
    pythons = {name: install(chosen.venvs, name) for name in names}
    # Nothing is removed before the end: for minutes after that, ext4 is slow to make files.
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        Path(folder).chmod(0o755)  # nginx gives up root's rights before it reads a poster
        results = measure_all(chosen, Path(folder), pythons)
    chosen.output.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
