"""Executor: runs batches on workers."""

import time
from collections.abc import Generator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass

from movie_posters_decade.download.attempts import Budget, Download
from movie_posters_decade.download.batch import BatchResult, Settings, download_batch
from movie_posters_decade.download.lending import MAX_LOSSES, Batch, Lending
from movie_posters_decade.download.retry import Attempt
from movie_posters_decade.download.workers import WAIT_SECONDS, Workers
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.records import RejectReason

BUDGET = Budget(seconds=5.0, bytes=4 * 1024 * 1024, wait=1.0)
"""When a batch on a worker begins no further link."""

LOOK_SECONDS = 1.0
"""How often the driver looks whether there are workers, while none returns a batch."""


def run_on_workers(
    lending: Lending, workers: Workers, settings: Settings, budget: Budget = BUDGET
) -> Generator[Download, None, None]:
    """Run batches on workers until no link is left, and yield the downloads as batches return.

    At most one more batch than each worker can run is under way, so that the memory stays flat.

    Raises:
        DownloadError: there is no worker, or each one ends.
        OSError: a worker's machine is at fault, for instance because its disk is full.
    """
    out: dict[Future[BatchResult], _Running] = {}

    def submit() -> None:
        while len(out) < 2 * workers.count:
            batch = lending.next_batch(time.monotonic())
            if batch is None:
                return
            running = _Running(batch, workers.executor)
            out[running.submit(settings, budget, workers)] = running

    try:
        submit()
        while out or lending.next_due(time.monotonic()) is not None:
            done = _wait(out, lending, workers)
            results = [_settle(future, out.pop(future), lending, workers) for future in done]
            errors = [result for result in results if isinstance(result, Exception)]
            if not errors:
                # The next batches go out before the results are read.
                submit()
            for result in results:
                while not isinstance(result, Exception) and result:
                    yield result.pop()  # so that its content is not kept any longer
            if errors:
                raise errors[0]
    finally:
        for future in out:
            future.cancel()


@dataclass(frozen=True)
class _Running:
    """A batch that is out, and the executor that it was submitted to."""

    batch: Batch
    executor: Executor

    def submit(self, settings: Settings, budget: Budget, workers: Workers) -> Future[BatchResult]:
        try:
            return self.executor.submit(download_batch, self.batch.loans, settings, budget)
        except workers.losses as loss:
            error: BaseException = loss
        except (RuntimeError, AttributeError) as other:
            error = _unusable_executor(other)
        future: Future[BatchResult] = Future()
        future.set_exception(error)
        return future


def _unusable_executor(error: Exception) -> DownloadError:
    return DownloadError(
        "Option executor: expected an open executor, as in concurrent.futures; found: "
        f"{error}. What was downloaded is kept."
    )


def _wait(
    out: Mapping[Future[BatchResult], _Running], lending: Lending, workers: Workers
) -> set[Future[BatchResult]]:
    """Wait until a batch returns or a host can be lent, while there are workers."""
    last_seen = time.monotonic()
    while True:
        now = time.monotonic()
        due = lending.next_due(now) if len(out) < 2 * workers.count else None
        seconds = max(0.0, min(LOOK_SECONDS, LOOK_SECONDS if due is None else due - now))
        if not out:
            time.sleep(seconds)
            return set()
        done, _ = wait(out, seconds, FIRST_COMPLETED)
        if done or (due is not None and due <= time.monotonic()):
            return done
        if workers.check():
            last_seen = now
        elif now - last_seen > WAIT_SECONDS:
            raise DownloadError(
                f"Workers: expected at least one; found none for {WAIT_SECONDS} seconds. What was "
                "downloaded is kept. Start workers and build again."
            )


def _settle(
    future: Future[BatchResult], running: _Running, lending: Lending, workers: Workers
) -> list[Download] | Exception:
    """Give back the hosts of a batch that has ended, and return its downloads, or its error."""
    try:
        result = future.result()
    except workers.losses:
        return _recover(running, lending, workers)
    except (DownloadError, OSError, MemoryError) as error:
        return error
    except Exception as error:  # noqa: BLE001, such as a worker without this package
        return DownloadError(
            "Worker: expected movie_posters_decade with all it needs; found "
            f"{type(error).__name__}: {error}. Install the same version of it for all workers."
        )
    lending.take_back(result.loans, time.monotonic())
    return result.downloads


def _recover(running: _Running, lending: Lending, workers: Workers) -> list[Download] | Exception:
    """Run a batch that lost its worker again, or reject the link that is to blame."""
    try:
        workers.check()
        workers.recover(running.executor)
        link = lending.lose(running.batch)
        if link is None:
            return []
        _check_that_workers_work(workers)
    except DownloadError as error:
        return error
    detail = f"{MAX_LOSSES} workers ended while they downloaded or decoded it"
    return [Download(link.url, Attempt(link.url, RejectReason.UNDECODABLE, detail=detail))]


def _check_that_workers_work(workers: Workers) -> None:
    """Run a batch without links, so that no poster is blamed for workers that always end."""
    losses: tuple[type[BaseException], ...] = (*workers.losses, TimeoutError)
    try:
        workers.executor.submit(download_batch, [], Settings()).result(WAIT_SECONDS)
    except losses as error:
        raise DownloadError(
            "Workers: expected one that runs; found that each ends, also without a poster "
            f"({type(error).__name__}). What was downloaded is kept. Look at the memory of this "
            "machine, or build without workers."
        ) from error
