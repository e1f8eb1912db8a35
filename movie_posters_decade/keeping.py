"""Content is examined and stored, in part by a process of its own, which has another processor."""

import asyncio
import os
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from movie_posters_decade.funnel import Reason
from movie_posters_decade.inspection import Verdict, inspect_poster
from movie_posters_decade.storing import write_whole

PASSING_FAULTS = frozenset({Reason.NOT_AN_IMAGE, Reason.TRUNCATED})
"""Faults of content that may be none when it is asked for again, so that it is not stored."""

WORTH_A_PROCESS = 200
"""From how many posters on a helper saves more time than starting it takes."""

HELPER_SECONDS = 30.0
"""How long the helper may take for an answer before it is done without."""

LAST_SECONDS = 2.0
"""How long the helper may take to end, once nothing more is asked of it."""

ENOUGH_FOR_HELPER = 32
"""How many contents a helper has before it, so that it never waits for the next."""

_READY = b"ready\n"
_IN_VAIN = b"in vain\n"

# The package itself is not imported, as that would import datasets, which takes longer than a
# thousand posters.
_PROGRAM = """
import sys, types
package = types.ModuleType("movie_posters_decade")
package.__path__ = [sys.argv[1]]
sys.modules[package.__name__] = package
from movie_posters_decade.keeping import help_keeping
help_keeping(sys.stdin.buffer, sys.stdout.buffer, sys.argv[2])
"""


def examine(content: bytes, color: str | None) -> Verdict:
    """Find out whether content can be used, and what it looks like.

    Args:
        content: what a link gave.
        color: as `inspect_poster` takes it, or None if anything can be used.
    """
    return Verdict() if color is None else inspect_poster(content, color)


def keep(content: bytes, name: str, color: str | None) -> Verdict:
    """Store content under a name if it has no fault, or one that it will have the next time too.

    Args:
        content: what a link gave.
        name: the file to store it in.
        color: as `examine` takes it.

    Returns:
        Whether the content can be used, and what it looks like.

    Raises:
        OSError: the content cannot be stored.
    """
    verdict = examine(content, color)
    if verdict.fault not in PASSING_FAULTS:
        write_whole(name, content)
    return verdict


def to_line(verdict: Verdict) -> bytes:
    """Write a verdict as a line."""
    fingerprint = "" if verdict.fingerprint is None else str(verdict.fingerprint)
    return f"{verdict.fault or ''} {fingerprint}\n".encode()


def from_line(line: bytes) -> Verdict:
    """Read what `to_line` wrote."""
    fault, fingerprint = line.decode().rstrip("\n").split(" ")
    return Verdict(Reason(fault) if fault else None, int(fingerprint) if fingerprint else None)


def help_keeping(questions: BinaryIO, answers: BinaryIO, color: str) -> None:
    """Keep every content that is asked for, until there are no more questions.

    Args:
        questions: for each content the lengths of its name and of itself, in four bytes each, and
            then these.
        answers: given a line for each: the verdict, or that storing was in vain.
        color: as `examine` takes it.
    """
    answers.write(_READY)
    answers.flush()
    while lengths := questions.read(8):
        name = os.fsdecode(questions.read(int.from_bytes(lengths[:4], "big")))
        content = questions.read(int.from_bytes(lengths[4:], "big"))
        try:
            line = to_line(keep(content, name, color))
        except OSError:
            line = _IN_VAIN
        answers.write(line)
        answers.flush()


@dataclass(frozen=True, eq=False)
class _Job:
    """A content to keep, and where it is told what became of it."""

    content: bytes
    name: str
    verdict: "asyncio.Future[Verdict]"

    def do(self, color: str | None) -> None:
        try:
            self.tell(keep(self.content, self.name, color))
        except OSError as error:
            self.verdict.set_exception(error)

    def tell(self, verdict: Verdict) -> None:
        if not self.verdict.done():
            self.verdict.set_result(verdict)


class Keeper:
    """Keeps contents, with a helper where that is worth it; an asynchronous context manager.

    What the helper has no time for is kept here, one content at a time between other things, and
    so is what it leaves if it should fail.

    Args:
        color: as `examine` takes it.
        posters: how many contents there are to be.
        patience: how long the helper may take for an answer, in seconds.
    """

    def __init__(self, color: str | None, posters: int, patience: float = HELPER_SECONDS) -> None:
        self._color = color
        self._is_shared = (
            color is not None and posters >= WORTH_A_PROCESS and (os.cpu_count() or 1) > 1
        )
        self._patience = patience
        self._waiting: deque[_Job] = deque()
        self._has_waiting = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.helper: int | None = None
        """The helper's process id, while there is one that is ready."""

    async def __aenter__(self) -> Self:
        if self._is_shared:
            folder = str(Path(__file__).parent)
            with suppress(OSError):
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-c", _PROGRAM, folder, str(self._color)),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                )
                self._tasks = [asyncio.create_task(self._help(self._process))]
            self._tasks.append(asyncio.create_task(self._work()))
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

    async def keep(self, content: bytes, name: str) -> Verdict:
        """Do what the function `keep` does."""
        if not self._is_shared:
            return keep(content, name, self._color)
        job = _Job(content, name, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._has_waiting.set()
        return await job.verdict

    async def _next_job(self) -> _Job:
        while not self._waiting:
            self._has_waiting.clear()
            await self._has_waiting.wait()
        return self._waiting.popleft()

    async def _work(self) -> None:
        """Keep here what waits."""
        while True:
            (await self._next_job()).do(self._color)
            await asyncio.sleep(0)

    async def _help(self, process: asyncio.subprocess.Process) -> None:
        """Let the helper keep what waits, until it fails."""
        if process.stdin is None or process.stdout is None:
            return
        try:
            async with asyncio.timeout(self._patience):
                is_ready = await process.stdout.readline() == _READY
            if is_ready:
                self.helper = process.pid
                await self._share(process.stdin, process.stdout)
        except (OSError, TimeoutError, ValueError):
            with suppress(ProcessLookupError):
                process.kill()
        finally:
            self.helper = None

    async def _share(self, questions: asyncio.StreamWriter, answers: asyncio.StreamReader) -> None:
        asked: deque[_Job] = deque()
        try:
            while True:
                if not asked:
                    asked.append(await self._next_job())
                    _ask(questions, asked[0])
                while self._waiting and len(asked) < ENOUGH_FOR_HELPER:
                    asked.append(self._waiting.popleft())
                    _ask(questions, asked[-1])
                async with asyncio.timeout(self._patience):
                    answer = await answers.readline()
                if not answer:
                    return
                verdict = None if answer == _IN_VAIN else from_line(answer)
                job = asked.popleft()
                if verdict is None:
                    job.do(self._color)
                else:
                    job.tell(verdict)
        finally:
            self._waiting.extendleft(reversed(asked))
            self._has_waiting.set()


def _ask(questions: asyncio.StreamWriter, job: _Job) -> None:
    name = os.fsencode(job.name)
    lengths = [len(part).to_bytes(4, "big") for part in (name, job.content)]
    questions.writelines([*lengths, name, job.content])


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
