"""Checking: the check of contents, in a thread that neither delays transfers nor an exit.

A decoder cannot be stopped. So it runs in a daemon thread, for which a process that ends does not
wait, and a content that takes too long is rejected while its thread is left to itself.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from movie_posters_decade.records import Check, Checksum, ImageCheck, RejectReason

CHECK_SECONDS = 60.0
"""How long the check of one content may take. The worst that it accepts take a few seconds."""

PARTS_OF_WAIT = 60
"""Into how many parts the wait for a check is divided."""

Outcome = ImageCheck | Exception


@dataclass
class Job:
    """Contents that are checked one after the other, and what was found in the first of them."""

    contents: Sequence[bytes]
    on_done: Callable[["Job"], None]  # called in the thread of the check
    outcomes: list[Outcome] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)  # of the content that is being checked


class CheckThread:
    """A daemon thread that runs a check."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._begin()

    def start(self, job: Job) -> None:
        """Check the contents of a job as soon as the jobs before it are done."""
        self._jobs.put(job)

    def check(self, content: bytes, seconds: float = CHECK_SECONDS) -> ImageCheck:
        """Check one content and wait for it, or reject it. Ctrl-C ends the wait at once."""
        future: Future[Outcome] = Future()
        self.start(Job([content], lambda job: future.set_result(job.outcomes[0])))
        # In parts, so that a process that was suspended meanwhile does not count that.
        for _ in range(PARTS_OF_WAIT):
            with suppress(TimeoutError):
                outcome = future.result(seconds / PARTS_OF_WAIT)
                if isinstance(outcome, Exception):
                    raise outcome
                return outcome
        self.replace()
        return took_too_long(content, seconds)

    def replace(self) -> None:
        """Leave the thread to itself, and go on in another one."""
        self.end()
        self._begin()

    def end(self) -> None:
        """End the thread once it has nothing to do; nobody waits for that."""
        self._jobs.put(None)

    def _begin(self) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, args=(self._jobs,), name="check", daemon=True).start()

    def _run(self, jobs: "queue.SimpleQueue[Job | None]") -> None:
        while (job := jobs.get()) is not None:
            for content in job.contents:
                job.began = time.monotonic()
                job.outcomes.append(self._check_one(content))
            job.on_done(job)
            del job  # with its contents, while the thread waits

    def _check_one(self, content: bytes) -> Outcome:
        try:
            return self._check(content)
        except Exception as error:  # noqa: BLE001, it is raised where the content came from
            return error


def took_too_long(content: bytes, seconds: float) -> ImageCheck:
    """Return the check of a content that could not be decoded in time."""
    detail = f"not decoded within {seconds:g} seconds"
    return ImageCheck(Checksum.of(content), RejectReason.UNDECODABLE, detail=detail)


class Checker:
    """Runs the check beside an event loop, so that decoding delays no transfer.

    All contents that wait are handed over together: in scripts/benchmark.py, a hand-over for each
    cost more than decoding beside the downloads saved.
    """

    def __init__(self, check: Check, seconds: float = CHECK_SECONDS) -> None:
        self._seconds = seconds
        self._thread = CheckThread(check)
        self._waiting: list[tuple[bytes, asyncio.Future[ImageCheck]]] = []
        self._job: Job | None = None
        self._futures: Sequence[asyncio.Future[ImageCheck]] = ()

    async def check(self, content: bytes) -> ImageCheck:
        """Check a content, and raise what the check raises."""
        future: asyncio.Future[ImageCheck] = asyncio.get_running_loop().create_future()
        self._waiting.append((content, future))
        if self._job is None:
            self._hand_over()
        return await future

    def look(self, was_suspended_since: Callable[[float], bool] = lambda _: False) -> None:
        """Give up a content whose check takes too long. To be called now and then.

        Args:
            was_suspended_since: tells whether the process was suspended after a moment on the
                monotonic clock, which then says nothing about the check.
        """
        job = self._job
        done = 0 if job is None else len(job.outcomes)  # the thread may add to them meanwhile
        if job is None or done == len(job.contents):
            return
        if time.monotonic() - job.began < self._seconds:
            return
        if was_suspended_since(job.began):
            job.began = time.monotonic()
            return
        self._thread.replace()
        late, *rest = zip(job.contents[done:], self._futures[done:], strict=True)
        job.outcomes = [*job.outcomes[:done], took_too_long(late[0], self._seconds)]
        self._waiting = [*rest, *self._waiting]
        self._finish(job)

    def close(self) -> None:
        """End the thread, without waiting for what it is doing."""
        self._job = None
        self._thread.end()

    def _hand_over(self) -> None:
        # After an error, those who wait are cancelled, and the thread takes nothing more.
        waiting = [(content, future) for content, future in self._waiting if not future.done()]
        self._waiting, self._job = [], None
        if waiting:
            contents, self._futures = zip(*waiting, strict=True)
            self._job = Job(contents, self._tell(asyncio.get_running_loop()))
            self._thread.start(self._job)

    def _tell(self, loop: asyncio.AbstractEventLoop) -> Callable[[Job], None]:
        def tell(job: Job) -> None:
            with suppress(RuntimeError):  # the event loop may be closed by now
                loop.call_soon_threadsafe(self._finish, job)

        return tell

    def _finish(self, job: Job) -> None:
        if job is not self._job:  # it was given up, or the download has ended
            return
        for future, outcome in zip(self._futures, job.outcomes, strict=False):
            if future.done():
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        self._hand_over()
