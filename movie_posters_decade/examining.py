"""Content is examined in a process of its own, so that fetching has a processor to itself."""

import asyncio
import os
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from movie_posters_decade.funnel import Reason
from movie_posters_decade.inspection import inspect_poster

WORTH_A_PROCESS = 200
"""From how many posters on a helper saves more time than starting it takes."""

HELPER_SECONDS = 30.0
"""How long the helper may take for an answer before it is done without."""

_READY = b"ready\n"

# The package itself is not imported, as that would import datasets, which takes longer than a
# thousand posters.
_PROGRAM = """
import sys, types
package = types.ModuleType("movie_posters_decade")
package.__path__ = [sys.argv[1]]
sys.modules[package.__name__] = package
from movie_posters_decade.examining import answer
answer(sys.stdin.buffer, sys.stdout.buffer, sys.argv[2])
"""


def examine(content: bytes, color: str | None) -> Reason | None:
    """Return why content cannot be used, or None if it can.

    Args:
        content: what a link gave.
        color: as `inspect_poster` takes it, or None if anything can be used.
    """
    return None if color is None else inspect_poster(content, color)


def answer(questions: BinaryIO, answers: BinaryIO, color: str) -> None:
    """Examine every content that is asked about, until there are no more questions.

    Args:
        questions: for each content its length, in four bytes, and itself.
        answers: given a line for each: the reason why it cannot be used, or nothing.
        color: as `inspect_poster` takes it.
    """
    answers.write(_READY)
    answers.flush()
    while length := questions.read(4):
        fault = inspect_poster(questions.read(int.from_bytes(length, "big")), color)
        answers.write((fault or "").encode() + b"\n")
        answers.flush()


class Examiner:
    """Examines contents, with a helper where that is worth it; an asynchronous context manager.

    It does without the helper before that is ready, and if it should fail.

    Args:
        color: as `examine` takes it.
        posters: how many contents there are to be.
        patience: how long the helper may take for an answer, in seconds.
    """

    def __init__(self, color: str | None, posters: int, patience: float = HELPER_SECONDS) -> None:
        self._color = color
        self._posters = posters
        self._patience = patience
        self._process: asyncio.subprocess.Process | None = None
        self._is_ready = False
        self._waiting: deque[tuple[asyncio.Future[Reason | None], bytes]] = deque()

    async def __aenter__(self) -> Self:
        is_worth_it = self._posters >= WORTH_A_PROCESS and (os.cpu_count() or 1) > 1
        if is_worth_it and self._color is not None:
            folder = str(Path(__file__).parent)
            with suppress(OSError):
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-c", _PROGRAM, folder, self._color),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                )
                self._reading = asyncio.create_task(self._read(self._process))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is None:
            return
        self._stop(self._process)
        await self._process.wait()
        await self._reading

    @property
    def helper(self) -> int | None:
        """The helper's process id, while there is one that is ready."""
        return self._process.pid if self._process is not None and self._is_ready else None

    async def examine(self, content: bytes) -> Reason | None:
        """Return what `examine` returns."""
        process = self._process
        if process is None or process.stdin is None or not self._is_ready:
            return examine(content, self._color)
        answered: asyncio.Future[Reason | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((answered, content))
        process.stdin.writelines([len(content).to_bytes(4, "big"), content])
        try:
            async with asyncio.timeout(self._patience):
                return await answered
        except TimeoutError:
            self._stop(process)
            return examine(content, self._color)

    def _stop(self, process: asyncio.subprocess.Process) -> None:
        self._is_ready = False
        with suppress(ProcessLookupError):
            process.kill()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Pass the helper's answers on; if it ends, examine what it leaves."""
        try:
            if process.stdout is not None:
                await self._pass_on(process.stdout)
        finally:
            self._stop(process)
            for answered, content in self._waiting:
                if not answered.done():
                    answered.set_result(examine(content, self._color))
            self._waiting.clear()

    async def _pass_on(self, answers: asyncio.StreamReader) -> None:
        self._is_ready = await answers.readline() == _READY
        while self._is_ready and (line := await answers.readline()):
            answered, _ = self._waiting.popleft()
            if not answered.done():
                answered.set_result(Reason(line.decode().strip()) if line.strip() else None)
