#!/usr/bin/env python3
"""Time whole builds against the peers, on one poster host on loopback.

    python scripts/benchmark.py --posters 3000 --latency-ms 0 100 --output results.json
    python scripts/benchmark.py --scale --output scale.json
    python scripts/benchmark.py --folder /dev/shm

Each contender runs as a process of its own in a virtual environment of its own, in turn, round
after round; figures are medians. Posters are painted by the script. The host is nginx with its echo
module where they are installed (Debian: nginx-light and libnginx-mod-http-echo), else the standard
library's asyncio. In a folder on a RAM disk, which takes about 2 GB, the disk has no influence.

ours         movie-posters-decade build, from nothing, with as many connections as img2dataset
cached       the same command again
rebuilt      the same with the posters in the download cache, and no build
img2dataset  parquet, no re-encoding, nothing decoded, 64 threads in each of as many processes as
             there are cores
stock        a plain datasets builder: DownloadManager.download, 16 threads, the same dataset
loop         urllib.request, one poster after the other, on a tenth of the posters
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).resolve().parent / "peers"
ECHO_MODULE = Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")
THREADS_A_PROCESS = 64

NGINX = """
pid {folder}/nginx.pid; error_log {folder}/error.log; daemon off; worker_processes 1;
{load_echo}
events {{ worker_connections 4096; }}
http {{
  log_format request "$request_method $uri"; access_log {log} request;
  keepalive_requests 10000000; sendfile on; tcp_nodelay on; default_type image/jpeg;
  server {{
    listen 127.0.0.1:{port} backlog=1024; root {posters};
    {latency}
  }}
}}
"""


@dataclass(frozen=True)
class Run:
    """What one process took.

    Attributes:
        seconds: of wall clock.
        peak_mb: the largest resident size of one of its processes, in megabytes.
        requests: how many the host was sent.
    """

    seconds: float
    peak_mb: float
    requests: int


@dataclass
class Stage:
    """The painted posters and the host that serves them."""

    folder: Path
    posters: int
    latency_ms: float
    connections: int
    pythons: dict[str, Path]
    port: int

    def fresh(self, name: str) -> Path:
        """Return the name of a folder that is not there yet."""
        taken = sum(path.name.startswith(f"{name}-") for path in self.folder.iterdir())
        return self.folder / f"{name}-{taken}"

    @property
    def log(self) -> Path:
        """Where the host notes each request."""
        return self.folder / "requests.log"

    def run(self, command: Sequence[object], environment: dict[str, str] | None = None) -> Run:
        """Run a command to its end, and fail loudly if it fails."""
        before = self._requests()
        output = self.folder / "output.log"
        begin = time.perf_counter()
        with output.open("wb") as file:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdout=file,
                stderr=file,
                env=os.environ | (environment or {}),
            )
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(map(str, command))} failed:\n{output.read_text()[-3000:]}")
        return Run(seconds, usage.ru_maxrss / 1024, self._requests() - before)

    def _requests(self) -> int:
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0


def run_ours(stage: Stage) -> dict[str, Run]:
    """Build from nothing, then again, then again without the build."""
    cache = stage.fresh("ours")
    command = [
        stage.pythons["ours"].parent / "movie-posters-decade",
        *("build", "--data-files", stage.folder / "catalogue.csv", "--cache-dir", cache),
        *("--connections-per-host", stage.connections, "--allow-private-hosts", "--json"),
    ]
    home = {"HF_HOME": str(stage.folder / "home")}
    runs = {"ours": stage.run(command, home), "cached": stage.run(command, home)}
    (cache / "movie_posters_decade").rename(cache / "first_build")
    runs["rebuilt"] = stage.run(command, home)
    return runs


def run_img2dataset(stage: Stage) -> dict[str, Run]:
    """Let img2dataset download the same URLs."""
    output = stage.fresh("img2dataset")
    processes = os.cpu_count() or 1
    program = [stage.pythons["img2dataset"], PEERS / "bulk.py", stage.folder / "urls.txt"]
    run = stage.run(
        [*program, output, processes, THREADS_A_PROCESS], {"NO_ALBUMENTATIONS_UPDATE": "1"}
    )
    stats = [json.loads(path.read_text()) for path in output.glob("*_stats.json")]
    if sum(shard["successes"] for shard in stats) != stage.posters:
        sys.exit(f"img2dataset did not get all posters: {stats}")
    return {"img2dataset": run}


def run_stock(stage: Stage) -> dict[str, Run]:
    """Let a plain builder download with the stock manager, and write the same dataset."""
    cache = stage.fresh("stock")
    program = [stage.pythons["stock"], PEERS / "stock.py", stage.folder / "catalogue.csv", cache]
    run = stage.run(program, {"HF_HOME": str(stage.folder / "home")})
    return {"stock": run}


def run_loop(stage: Stage) -> dict[str, Run]:
    """Fetch a tenth of the URLs one after the other, and count the time tenfold."""
    output, urls = stage.fresh("loop"), stage.folder / "some.txt"
    some = (stage.folder / "urls.txt").read_text().split("\n")[: stage.posters // 10]
    urls.write_text("\n".join(some))
    run = stage.run([sys.executable, PEERS / "loop.py", urls, output])
    return {"loop": Run(10 * run.seconds, run.peak_mb, 10 * run.requests)}


CONTENDERS = {
    "ours": run_ours,
    "img2dataset": run_img2dataset,
    "stock": run_stock,
    "loop": run_loop,
}
PACKAGES = {"ours": [str(REPOSITORY)], "img2dataset": ["img2dataset"]}
PACKAGES["stock"] = ["datasets", "pandas", "pillow", "fsspec[http]"]


def install(folder: Path, name: str) -> Path:
    """Make a contender's virtual environment, if it is not there; ours is always made current."""
    python = folder / name / "bin" / "python"
    if not python.exists():
        venv.create(folder / name, with_pip=True)
    elif name != "ours":
        return python
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[name]], check=True)
    return python


@contextmanager
def serving(stage: Stage) -> Iterator[None]:
    """Serve the posters until the block is left."""
    posters, can_wait = stage.folder / "posters", ECHO_MODULE.exists()
    nginx = shutil.which("nginx")
    if nginx and (can_wait or not stage.latency_ms):
        waiting = f"location / {{ echo_sleep {stage.latency_ms / 1000}; echo_exec /now$uri; }}"
        waiting += f" location /now/ {{ internal; alias {posters}/; }}"
        config = stage.folder / "nginx.conf"
        config.write_text(
            NGINX.format(
                folder=stage.folder,
                log=stage.log,
                port=stage.port,
                posters=posters,
                load_echo=f"load_module {ECHO_MODULE};" if stage.latency_ms else "",
                latency=waiting if stage.latency_ms else "",
            )
        )
        command = [nginx, "-c", str(config)]
    else:
        latency = str(stage.latency_ms)
        program = [sys.executable, str(PEERS / "serve.py"), str(posters)]
        command = [*program, str(stage.port), latency, str(stage.log)]
    server = subprocess.Popen(command)
    try:
        _wait_for(stage.port)
        yield
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("the poster host did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(stage: Stage, rounds: int) -> dict[str, dict[str, float]]:
    """Run all contenders that are installed, round after round, and return their medians."""
    runs: dict[str, list[Run]] = defaultdict(list)
    address = f"http://127.0.0.1:{stage.port}"
    paint = [stage.pythons["ours"], PEERS / "paint.py", stage.posters, stage.folder, address]
    subprocess.run([str(word) for word in paint], check=True)
    with serving(stage):
        for number in range(rounds):
            for name in stage.pythons:
                for contender, run in CONTENDERS[name](stage).items():
                    runs[contender].append(run)
                    print(f"{stage.latency_ms:g} ms, round {number + 1}: {contender} {run}")
    return {
        contender: {
            "seconds": statistics.median(run.seconds for run in some),
            "fastest": min(run.seconds for run in some),
            "slowest": max(run.seconds for run in some),
            "peak_mb": statistics.median(run.peak_mb for run in some),
            "requests_per_poster": statistics.median(run.requests for run in some) / stage.posters,
        }
        for contender, some in runs.items()
    }


def compare(medians: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return how many times as long each contender takes as our build from nothing."""
    ours = medians["ours"]["seconds"]
    return {name: figures["seconds"] / ours for name, figures in medians.items()}


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posters", type=int, default=3000)
    parser.add_argument("--latency-ms", type=float, nargs="+", default=[0.0, 100.0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--scale", action="store_true", help="ours alone, 2,000 and 20,000 posters")
    parser.add_argument("--venvs", type=Path, default=Path(tempfile.gettempdir()) / "poster-venvs")
    parser.add_argument("--folder", type=Path, help="where to work (default: the temporary one)")
    parser.add_argument("--output", type=Path, default=Path("benchmark.json"))
    chosen = parser.parse_args()
    names = (
        ["ours"]
        if chosen.scale
        else sorted({"ours", *chosen.contenders}, key=list(CONTENDERS).index)
    )
    pythons = {
        name: install(chosen.venvs, name) if name != "loop" else Path(sys.executable)
        for name in names
    }
    connections = THREADS_A_PROCESS * (os.cpu_count() or 1)
    results = {}
    # Nothing is removed before the end: for minutes after that, ext4 is slow to make files.
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        Path(folder).chmod(0o755)  # nginx gives up root's rights before it reads a poster
        for posters in (2000, 20000) if chosen.scale else (chosen.posters,):
            for latency_ms in chosen.latency_ms:
                title = f"{posters} posters, {latency_ms:g} ms"
                own = Path(folder) / f"{posters}-{latency_ms:g}"
                own.mkdir()
                stage = Stage(own, posters, latency_ms, connections, pythons, _free_port())
                medians = measure(stage, chosen.rounds)
                results[title] = {"medians": medians, "times_ours": compare(medians)}
                print(json.dumps({title: results[title]}, indent=2))
    chosen.output.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
