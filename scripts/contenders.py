"""Contenders: how each downloads the same posters, in processes of its own that are measured."""

import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from poster_host import PosterHosts

REPOSITORY = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).resolve().parent / "peers"
THREADS_A_PROCESS = 64
NO_TELEMETRY = {"DO_NOT_TRACK": "true", "DAFT_ANALYTICS_ENABLED": "0"}


@dataclass(frozen=True)
class Run:
    """What one command took.

    Attributes:
        seconds: of wall clock.
        cpu_seconds: user and system time of its process, and of the children that it waited for.
            What the poster host used is not in it.
        peak_mb: the largest resident size of one of these processes, in megabytes.
        requests: how many the hosts were sent.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    requests: int


@dataclass
class Stage:
    """The painted posters, their hosts, and the contenders that are installed.

    Attributes:
        folder: where the posters, the catalogue and all that the contenders write are.
        posters: how many there are.
        connections: how many a contender may have, to all hosts together.
        pythons: the interpreter of each contender.
        hosts: where the posters are served.
    """

    folder: Path
    posters: int
    connections: int
    pythons: dict[str, Path]
    hosts: PosterHosts

    @property
    def connections_per_host(self) -> int:
        """An equal share of the connections."""
        return max(1, self.connections // len(self.hosts.ports))

    def fresh(self, name: str) -> Path:
        """Return the name of a folder that is not there yet."""
        taken = sum(path.name.startswith(f"{name}-") for path in self.folder.iterdir())
        return self.folder / f"{name}-{taken}"

    def run(self, command: Sequence[object], environment: dict[str, str] | None = None) -> Run:
        """Run a command to its end, and fail loudly if it fails."""
        before, output = self.hosts.requests(), self.folder / "output.log"
        words = [str(word) for word in command]
        begin = time.perf_counter()
        with output.open("wb") as file:
            process = subprocess.Popen(
                words, stdout=file, stderr=file, env=os.environ | (environment or {})
            )
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(words)} failed:\n{output.read_text()[-3000:]}")
        cpu_seconds = usage.ru_utime + usage.ru_stime
        return Run(seconds, cpu_seconds, usage.ru_maxrss / 1024, self.hosts.requests() - before)


def run_ours(stage: Stage) -> dict[str, Run]:
    """Build from nothing, then again, then again without the build."""
    cache = stage.fresh("ours")
    command = _build(stage, cache)
    home = {"HF_HOME": str(stage.folder / "home")}
    runs = {"ours": stage.run(command, home), "cached": stage.run(command, home)}
    (cache / "movie_posters_decade").rename(cache / "first_build")
    runs["rebuilt"] = stage.run(command, home)
    return runs


def run_workers(stage: Stage) -> dict[str, Run]:
    """Build from nothing on as many local processes as there are cores."""
    cache = stage.fresh("workers")
    command = [*_build(stage, cache), "--workers", os.cpu_count() or 1]
    return {"workers": stage.run(command, {"HF_HOME": str(stage.folder / "home")})}


def _build(stage: Stage, cache: Path) -> list[object]:
    return [
        stage.pythons["ours"].parent / "movie-posters-decade",
        *("build", "--data-files", stage.folder / "catalogue.csv", "--cache-dir", cache),
        *("--connections-per-host", stage.connections_per_host),
        *("--allow-private-hosts", "--json"),
    ]


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


def run_daft(stage: Stage) -> dict[str, Run]:
    """Let Daft download the same URLs, and then count, untimed, what it got."""
    output, python = stage.fresh("daft"), stage.pythons["daft"]
    program = [python, PEERS / "daft_parquet.py", stage.folder / "urls.txt", output]
    run = stage.run([*program, stage.connections], NO_TELEMETRY)
    got = json.loads(subprocess.check_output([python, PEERS / "count_parquet.py", output, "image"]))
    size = sum(path.stat().st_size for path in stage.hosts.posters.iterdir())
    if got != {"rows": stage.posters, "contents": stage.posters, "bytes": size}:
        sys.exit(f"Daft did not get all {stage.posters} posters, of {size} bytes: {got}")
    return {"daft": run}


def run_stock(stage: Stage) -> dict[str, Run]:
    """Let a plain builder download with the stock manager, and write the same dataset."""
    cache = stage.fresh("stock")
    program = [stage.pythons["stock"], PEERS / "stock.py", stage.folder / "catalogue.csv", cache]
    run = stage.run(program, {"HF_HOME": str(stage.folder / "home")})
    return {"stock": run}


def run_loop(stage: Stage) -> dict[str, Run]:
    """Fetch a tenth of the URLs one after the other, and count its time and requests tenfold."""
    output, urls = stage.fresh("loop"), stage.folder / "some.txt"
    some = (stage.folder / "urls.txt").read_text().split("\n")[: stage.posters // 10]
    urls.write_text("\n".join(some))
    run = stage.run([stage.pythons["loop"], PEERS / "loop.py", urls, output])
    return {"loop": Run(10 * run.seconds, 10 * run.cpu_seconds, run.peak_mb, 10 * run.requests)}


CONTENDERS = {
    "ours": run_ours,
    "workers": run_workers,
    "img2dataset": run_img2dataset,
    "daft": run_daft,
    "stock": run_stock,
    "loop": run_loop,
}
OURS = ("ours", "cluster")
PACKAGES = {
    "ours": [str(REPOSITORY)],
    "img2dataset": ["img2dataset"],
    "daft": ["daft", "pyarrow"],
    "cluster": [f"{REPOSITORY}[cluster]"],
    "stock": ["datasets", "pandas", "pillow", "fsspec[http]"],
}


def install(folder: Path, name: str) -> Path:
    """Make a contender's virtual environment, if it is not there; ours is always made current.

    Returns:
        Its interpreter; this process's own for a contender that needs no package.
    """
    python = folder / name / "bin" / "python"
    if name == "workers":
        return install(folder, "ours")
    if name not in PACKAGES:
        return Path(sys.executable)
    if not python.exists():
        venv.create(folder / name, with_pip=True)
    elif name not in OURS:
        return python
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[name]], check=True)
    return python
