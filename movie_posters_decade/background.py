"""What an event loop in another thread tells, as an iterator."""

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _End:
    """Follows the last thing that is told."""

    error: BaseException | None


def told_by(start: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]]) -> Iterator[T]:
    """Yield what a coroutine tells, as soon as it tells it, and raise what it raises.

    The coroutine runs in a thread of its own, since the caller's may have an event loop that is
    running already, as a notebook's has. It is cancelled when the iterator is closed.

    Args:
        start: makes the coroutine, given the function to tell things with.
    """
    told: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    task = loop.create_task(start(told.put))

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except BaseException as error:  # noqa: BLE001, it is raised where the iterator is
            told.put(_End(error))
        else:
            told.put(_End(None))

    thread = threading.Thread(target=run, name="movie_posters_decade", daemon=True)
    thread.start()
    try:
        while not isinstance(thing := told.get(), _End):
            yield thing
        if thing.error is not None:
            raise thing.error
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()
