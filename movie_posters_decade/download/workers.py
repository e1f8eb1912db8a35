"""Workers: local processes by loky, a Dask cluster, or any executor of `concurrent.futures`."""

import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from movie_posters_decade.errors import DownloadError, NetworkError

WAIT_SECONDS = 30
"""How long a build waits for the first worker of a cluster, and for another one later."""


@dataclass
class Workers:
    """An executor, how many batches it runs at a time, and how to watch, renew and leave it."""

    executor: Executor
    count: int
    losses: tuple[type[BaseException], ...] = (BrokenExecutor, CancelledError)  # of a worker
    check: Callable[[], bool] = lambda: True  # False while there is no worker; may raise an error
    renew: Callable[[], Executor] | None = None  # after a loss, unless it recovers by itself
    close: Callable[[], None] = field(default=lambda: None)

    def recover(self, executor: Executor) -> None:
        """Open the executor again after it lost a worker, unless that was done already."""
        if self.renew is not None and self.executor is executor:
            self.executor = self.renew()


def open_workers(workers: int | str | Executor | Workers) -> Workers:
    """Open the workers of a download.

    Args:
        workers: how many local processes, the address of a Dask scheduler, an executor, or
            workers that are open already.

    Raises:
        NetworkError: the cluster cannot be reached, or has no worker.
    """
    if isinstance(workers, int):
        return _local_processes(workers)
    if isinstance(workers, str):
        return _cluster(workers)
    if isinstance(workers, Workers):
        return workers
    count = getattr(workers, "_max_workers", None) or os.cpu_count() or 1
    return Workers(workers, count, renew=_refuse_to_renew)


def _refuse_to_renew() -> Executor:
    raise DownloadError(
        "Option executor: expected one that goes on after it has lost a worker; found that it is "
        "broken. What was downloaded is kept. Build again with a new executor."
    )


def _local_processes(count: int) -> Workers:
    # Imported here, as a build in one process needs none of it.
    from loky import ProcessPoolExecutor  # noqa: PLC0415
    from loky.process_executor import TerminatedWorkerError  # noqa: PLC0415

    def start() -> Executor:
        executor: Executor = ProcessPoolExecutor(
            count, initializer=_end_with, initargs=(os.getpid(),)
        )
        return executor

    def close() -> None:
        workers.executor.shutdown(kill_workers=True)  # type: ignore[call-arg]

    def renew() -> Executor:
        close()
        return start()

    # Another broken pool, such as one that cannot load the check, would break again.
    losses = (TerminatedWorkerError,)
    workers = Workers(start(), count, losses, renew=renew, close=close)
    return workers


def _end_with(parent: int) -> None:
    """End this process soon after its parent, which may be killed and then tells nobody."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.25)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _cluster(address: str) -> Workers:
    try:
        from distributed import Client, KilledWorker  # noqa: PLC0415
    except ImportError:
        raise DownloadError(
            f"Option workers: expected Dask, as {address} is the address of a scheduler; found "
            "that it is not installed. Run: pip install 'movie_posters_decade[cluster]'."
        ) from None
    # Its tracebacks would come beside the sentence about a lost scheduler.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    client: Any = None
    try:
        client = Client(address, timeout=WAIT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
        client.wait_for_workers(1, WAIT_SECONDS)
    except (OSError, ValueError, TypeError, ImportError) as error:  # also without a certificate
        if client is not None:
            client.close()
        raise NetworkError(
            f"{address}: expected a Dask scheduler with a worker within {WAIT_SECONDS} seconds; "
            f"found: {str(error) or type(error).__name__}. Start them as docs/clusters.md shows."
        ) from error
    return Workers(
        client.get_executor(pure=False),
        sum(client.nthreads().values()),
        losses=(KilledWorker, CancelledError),
        check=partial(_has_worker, client, address),
        close=client.close,
    )


def _has_worker(client: Any, address: str) -> bool:
    if client.status != "running":
        raise NetworkError(
            f"{address}: expected the Dask scheduler to go on; found that it is lost. What was "
            "downloaded is kept. Start it and build again."
        )
    try:
        return bool(client.nthreads())
    except (OSError, ValueError, RuntimeError):
        return False  # it may come back
