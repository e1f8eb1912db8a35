"""What an event loop in another thread tells, as an iterator."""

import asyncio
import queue
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

BUNCH_SECONDS = 0.05
"""How long things are gathered before they are handed over.

Two threads that are awake at once cost each other more time than the waiting does.
"""


@dataclass(frozen=True)
class _Bunch(Generic[T]):
    """What was told since the last one, and after the last thing how it ended."""

    things: list[T]
    is_last: bool = False
    error: BaseException | None = None


def told_by(
    start: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]],
) -> Generator[T, None, None]:
    """Yield what a coroutine tells, soon after it tells it, and raise what it raises.

    The coroutine runs in a thread of its own, since the caller's may have an event loop that is
    running already, as a notebook's has. It is cancelled when the iterator is closed.

    Args:
        start: makes the coroutine, given the function to tell things with.
    """
    bunches: queue.SimpleQueue[_Bunch[T]] = queue.SimpleQueue()
    # Of this kind on Windows too, as libcurl has sockets to wait for.
    loop = asyncio.SelectorEventLoop()
    told: list[T] = []
    task = loop.create_task(start(told.append))

    async def tell_in_bunches() -> None:
        while not task.done():
            await asyncio.wait({task}, timeout=BUNCH_SECONDS)
            bunches.put(_Bunch(told.copy()))
            told.clear()

    def run() -> None:
        try:
            loop.run_until_complete(tell_in_bunches())
            task.result()
        except BaseException as error:  # noqa: BLE001, it is raised where the iterator is
            bunches.put(_Bunch(told, is_last=True, error=error))
        else:
            bunches.put(_Bunch(told, is_last=True))

    thread = threading.Thread(target=run, name="movie_posters_decade", daemon=True)
    thread.start()
    try:
        while not (bunch := bunches.get()).is_last:
            yield from bunch.things
        if bunch.error is not None:
            raise bunch.error
    finally:
        # While the interpreter ends, the thread has been stopped for good already.
        if not sys.is_finalizing():
            loop.call_soon_threadsafe(task.cancel)
            thread.join()
            loop.close()
