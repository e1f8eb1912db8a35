"""Executor: runs downloads on an event loop in a thread of this process."""

import asyncio
import queue
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _End:
    """The last item of the queue: the error that ended the coroutine, if any."""

    error: BaseException | None


def iterate(
    start: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]],
) -> Generator[T, None, None]:
    """Run a coroutine, and yield what it emits as soon as it does; raise what it raises.

    The coroutine runs in a thread of its own, since the caller's thread may already run an event
    loop, as a notebook's does. It is cancelled when the iterator is closed.

    Args:
        start: creates the coroutine, given the function that emits an item.
    """
    items: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
    # On Windows too a selector loop, as libcurl waits for sockets.
    loop = asyncio.SelectorEventLoop()
    task = loop.create_task(start(items.put))

    def run() -> None:
        error = None
        try:
            loop.run_until_complete(task)
        except BaseException as raised:  # noqa: BLE001, raised where the iterator is
            error = raised
        # Checks that still run finish, so that no partial file is left.
        loop.run_until_complete(loop.shutdown_default_executor())
        items.put(_End(error))

    thread = threading.Thread(target=run, name="movie_posters_decade", daemon=True)
    thread.start()
    try:
        while not isinstance(item := items.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        # While the interpreter shuts down, the thread no longer runs.
        if not sys.is_finalizing():
            loop.call_soon_threadsafe(task.cancel)
            thread.join()
            loop.close()
