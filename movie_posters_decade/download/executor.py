"""Executor: runs downloads on an event loop in this process."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

Start = Callable[[Callable[[T], None]], Coroutine[Any, Any, None]]
"""Creates a coroutine, given the function with which it emits items."""


def iterate(start: Start[T]) -> Generator[T, None, None]:
    """Run a coroutine, and yield what it emits as soon as it does; raise what it raises.

    It is cancelled when the iterator is closed. The event loop runs in the caller's thread, unless
    that runs one already, as a notebook does; then it runs in a thread of its own.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        yield from _iterate(start, lambda run, task: run(task))
    else:
        with ThreadPoolExecutor(1, "movie_posters_decade") as thread:
            yield from _iterate(
                start, lambda run, coroutine: thread.submit(run, coroutine).result()
            )


def _iterate(
    start: Start[T], call: Callable[[Callable[[Any], Any], Any], Any]
) -> Generator[T, None, None]:
    items: deque[T] = deque()
    # On Windows too a selector loop, as libcurl waits for sockets.
    loop = asyncio.SelectorEventLoop()
    has_items = asyncio.Event()

    def emit(item: T) -> None:
        items.append(item)
        has_items.set()

    async def wait() -> None:
        waiting = asyncio.ensure_future(has_items.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        has_items.clear()

    task = loop.create_task(start(emit))
    try:
        while not task.done():
            call(loop.run_until_complete, wait())
            while items:
                yield items.popleft()
        task.result()
    finally:
        task.cancel()
        call(loop.run_until_complete, asyncio.gather(task, return_exceptions=True))
        loop.close()
