"""Contents are kept as they come, in part by a helper process, which has another processor."""

import asyncio
import os
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from movie_posters_decade.download.helping import IN_VAIN, READ_BYTES, READY, from_line, to_question
from movie_posters_decade.download.keeping import PASSING_FAULTS, keep
from movie_posters_decade.io import discard, write_aside
from movie_posters_decade.records import Examined

WORTH_A_PROCESS = 200
"""From how many posters on a helper saves more time than starting it takes."""

HELPER_SECONDS = 30.0
"""How long nothing may be heard of the helper before it is done without."""

LAST_SECONDS = 2.0
"""How long the helper may take to end, once nothing more is asked of it."""

ENOUGH_FOR_HELPER = 32
"""How many contents a helper has before it, so that it need not wait for the next."""

# The package itself is not imported, as that would import datasets, which takes longer than a
# thousand posters.
_PROGRAM = """
import os, sys, types
package = types.ModuleType("movie_posters_decade")
package.__path__ = [sys.argv[1]]
sys.modules[package.__name__] = package
from movie_posters_decade.download.helping import help_keeping
help_keeping(sys.stdin.buffer, sys.stdout.buffer, sys.argv[2])
os._exit(0)  # as Python would take longer to tidy up than for some fifty posters
"""


@dataclass(eq=False)
class _Job:
    """A content that is to be kept, and where it is told what became of it."""

    data: bytes
    name: str
    examined: "asyncio.Future[Examined]"
    unfinished: str | None = None
    """Where it was written aside for the helper."""

    def write_aside(self) -> str:
        self.unfinished = write_aside(self.name, self.data)
        return self.unfinished

    def discard_aside(self) -> None:
        if self.unfinished is not None:
            with suppress(OSError):
                discard(self.unfinished)

    def do(self, color: str | None) -> None:
        if self.examined.done():
            return
        try:
            self.tell(keep(self.data, self.name, color))
        except Exception as error:  # noqa: BLE001, it is raised where the content is waited for
            self.fail(error)

    def tell(self, examined: Examined) -> None:
        if not self.examined.done():
            self.examined.set_result(examined)

    def fail(self, error: Exception) -> None:
        if not self.examined.done():
            self.examined.set_exception(error)


class Keeper:
    """Keeps contents, with a helper where that is worth it; an asynchronous context manager.

    What the helper has no time for is kept here, between two turns of the loop, and so is what it
    leaves if it should fail.

    Args:
        color: as `examine` takes it.
        posters: how many contents there are to be.
        patience: how long nothing may be heard of the helper, in seconds.
    """

    def __init__(self, color: str | None, posters: int, patience: float = HELPER_SECONDS) -> None:
        self._color = color
        self._is_shared = (
            color is not None and posters >= WORTH_A_PROCESS and (os.cpu_count() or 1) > 1
        )
        self._patience = patience
        self._process: asyncio.subprocess.Process | None = None
        self._questions: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: deque[_Job] = deque()
        self._asked: deque[_Job] = deque()
        self._has_waiting = asyncio.Event()
        self._has_asked = asyncio.Event()

    @property
    def helper(self) -> int | None:
        """The helper's process id, while there is one that is ready."""
        return None if self._process is None or self._questions is None else self._process.pid

    async def __aenter__(self) -> Self:
        if self._is_shared:
            folder = str(Path(__file__).parent)
            # An event loop on Windows has either processes or sockets.
            with suppress(OSError, NotImplementedError):
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-c", _PROGRAM, folder, str(self._color)),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    # Threads of numpy's own would get in the way of the two processes.
                    env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
                )
                self._tasks = [
                    asyncio.create_task(self._let_help(self._process)),
                    asyncio.create_task(self._do_waiting()),
                ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._process is not None:
            await _end(self._process)
        for job in self._waiting:
            job.discard_aside()

    async def keep(self, data: bytes, name: str) -> Examined:
        """Do what the function `keep` does."""
        if self._process is None:
            return keep(data, name, self._color)
        job = _Job(data, name, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._ask()
        self._has_waiting.set()
        return await job.examined

    async def _do_waiting(self) -> None:
        while await self._has_waiting.wait():
            while self._waiting:
                job = self._waiting.popleft()
                job.discard_aside()
                job.do(self._color)
                await asyncio.sleep(0)
            self._has_waiting.clear()

    async def _let_help(self, process: asyncio.subprocess.Process) -> None:
        """Let the helper do as much as it can, until it fails."""
        if process.stdin is None or process.stdout is None:
            return
        try:
            async with asyncio.timeout(self._patience):
                is_ready = await process.stdout.readline() == READY + b"\n"
            if is_ready:
                self._questions = process.stdin
                await self._take_answers(process.stdout)
        except (OSError, TimeoutError, ValueError):
            with suppress(ProcessLookupError):
                process.kill()
        finally:
            self._questions = None
            self._waiting.extend(self._asked)
            self._asked.clear()
            self._has_waiting.set()

    def _ask(self) -> None:
        """Ask the helper for as much as it should have before it."""
        while (
            self._questions is not None
            and not self._questions.is_closing()
            and self._waiting
            and len(self._asked) < ENOUGH_FOR_HELPER
        ):
            job = self._waiting.popleft()
            try:
                self._questions.write(to_question(job.write_aside()))
            except OSError as error:
                job.fail(error)
            else:
                self._asked.append(job)
                self._has_asked.set()

    async def _take_answers(self, answers: asyncio.StreamReader) -> None:
        rest = b""
        while True:
            self._ask()
            while not self._asked:
                self._has_asked.clear()
                await self._has_asked.wait()
            async with asyncio.timeout(self._patience):
                some = await answers.read(READ_BYTES)
            if not some:
                return
            *lines, rest = (rest + some).split(b"\n")
            for line in lines:
                self._take_answer(line)

    def _take_answer(self, line: bytes) -> None:
        examined = None if line == IN_VAIN else from_line(line)
        job = self._asked.popleft()
        if examined is None:
            job.discard_aside()
            job.do(self._color)
        else:
            if examined.fault in PASSING_FAULTS:
                job.discard_aside()
            job.tell(examined)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let a helper that is asked nothing more end by itself, as then it leaves no half file."""
    if process.stdin is not None:
        process.stdin.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_SECONDS):
            await process.wait()
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
