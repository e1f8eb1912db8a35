"""Download on workers that have started already: URLS CACHE WORKERS MAX_CONNECTIONS PER_HOST.

WORKERS is "here", a number of local processes, or a Dask scheduler's address, "#" and how many
workers it should have. The file CACHE/result.json then says how long it took, and what came of it.
"""

import hashlib
import json
import resource
import sys
import time
from pathlib import Path

from movie_posters_decade.download import DownloadCache, Downloader, Limits
from movie_posters_decade.download.batch import Settings, download_batch
from movie_posters_decade.download.workers import Workers, open_workers
from movie_posters_decade.images import check_poster, check_version


def start(given: str) -> Workers | None:
    """Open the workers, and wait until each has loaded what it needs."""
    if given == "here":
        return None
    address, _, count = given.partition("#")
    workers = open_workers(int(given) if given.isdigit() else address)
    while workers.count < int(count or 0):
        workers.close()
        time.sleep(0.2)
        workers = open_workers(address)
    futures = [workers.executor.submit(load, number) for number in range(workers.count)]
    for future in futures:
        future.result()
    return workers


def load(_: int) -> None:
    """Load the step, and keep the worker busy until all others have begun too."""
    download_batch([], Settings(check=check_poster))
    time.sleep(2)


def main(urls: Path, folder: Path, given: str, most: int, connections: int) -> None:
    """Download, and write down the time and a checksum of all results."""
    links = urls.read_text().split("\n")
    workers = start(given)
    downloader = Downloader(
        DownloadCache(folder),
        check_poster,
        check_version=check_version,
        limits=Limits(allow_private_hosts=True),
        connections_per_host=connections,
        max_connections=most,
        workers=workers,
    )
    begin = time.perf_counter()
    with downloader:
        results = [
            (one.url, one.reason, one.status, one.check) for one in downloader.download(links)
        ]
        seconds = time.perf_counter() - begin
    digest = hashlib.sha256(repr(sorted(results, key=str)).encode()).hexdigest()
    driver_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"seconds": seconds, "results": digest, "driver_mb": driver_mb}
    (folder / "result.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
