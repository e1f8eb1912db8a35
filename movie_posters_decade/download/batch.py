"""Batch: download links from some hosts and check the contents, in this or any other process.

The step depends on its arguments alone and stores nothing, so it may run anywhere, and a second
time if its worker is lost. It loads neither `datasets` nor pandas.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from movie_posters_decade import __version__
from movie_posters_decade.download.attempts import (
    UNLIMITED,
    Budget,
    Clock,
    Download,
    Emit,
    HostWorker,
    Spending,
)
from movie_posters_decade.download.checking import CHECK_SECONDS, Checker
from movie_posters_decade.download.client import Client
from movie_posters_decade.download.descriptors import MAX_CONNECTIONS, connection_limit
from movie_posters_decade.download.hosts import Loan
from movie_posters_decade.download.memory import BATCH_MEMORY, BODY_MEMORY, BodyMemory
from movie_posters_decade.download.retry import RetryPolicy
from movie_posters_decade.download.transfer import Limits
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.records import Check, accept_anything


@dataclass(frozen=True)
class Settings:
    """What is the same for all batches of a download."""

    check: Check = accept_anything
    limits: Limits = field(default_factory=Limits)
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    max_connections: int | None = None  # of one process; None: as many as it may open files for
    body_memory: int = BODY_MEMORY  # bytes of bodies that a download in this process holds
    check_version: Callable[[], str] = str  # what tells versions of the check apart
    expected_versions: tuple[str, str] = (__version__, "")  # of this package and of the check
    check_seconds: float = CHECK_SECONDS  # for one content, which is rejected then
    clock_jump: float = 5.0  # seconds without a look at the clock: the process was suspended


@dataclass(frozen=True)
class BatchResult:
    """What a batch downloaded, and the hosts that it returns."""

    downloads: list[Download]
    loans: list[Loan]


def download_batch(
    loans: Sequence[Loan], settings: Settings, budget: Budget = UNLIMITED
) -> BatchResult:
    """Download the links of a batch: the step that a worker runs.

    Raises:
        DownloadError: this process has another version of the package, of its check or of Pillow.
        OSError: this machine is at fault, for instance because its disk is full.
    """
    _refuse_other_versions(settings)
    downloads: list[Download] = []
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(run_batch(loans, settings, downloads.append, budget))
    return BatchResult(downloads, list(loans))


async def run_batch(
    loans: Sequence[Loan], settings: Settings, emit: Emit, budget: Budget = UNLIMITED
) -> None:
    """Download the links of a batch from all hosts at once, and emit each as it arrives."""
    max_connections = min(settings.max_connections or MAX_CONNECTIONS, connection_limit())
    slots = asyncio.Semaphore(max_connections)
    spending, clock = Spending(budget), Clock(settings.clock_jump)
    is_kept = budget is not UNLIMITED  # a batch returns all its bodies together
    memory = BodyMemory(BATCH_MEMORY if is_kept else settings.body_memory, is_kept=is_kept)
    checker = Checker(settings.check, settings.check_seconds)
    try:
        async with (
            Client(settings.limits, settings.policy, max_connections) as client,
            asyncio.TaskGroup() as watch,
        ):
            ticking = watch.create_task(clock.run(checker))
            async with asyncio.TaskGroup() as tasks:
                for loan in loans:
                    worker = HostWorker(loan, client, checker, slots, spending, memory, clock, emit)
                    for _ in range(worker.tasks):
                        tasks.create_task(worker.run())
            ticking.cancel()
    except ExceptionGroup as group:
        # The first failure ends all; the others follow from it.
        raise _first(group) from None
    finally:
        checker.close()


def _refuse_other_versions(settings: Settings) -> None:
    found = (__version__, settings.check_version())
    if found != settings.expected_versions:
        raise DownloadError(
            "Worker: expected movie_posters_decade {} with the image check {}; found {} with {}. "
            "Install the same versions of movie_posters_decade and Pillow for all workers.".format(
                *settings.expected_versions, *found
            )
        )


def _first(group: BaseExceptionGroup) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
