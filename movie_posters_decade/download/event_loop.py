"""Event loop: run a coroutine, and yield what it emits as it comes; Ctrl-C comes between its steps.

A signal that raises in the middle of asyncio's own code may lose the wake-up of a task, and
cancelling that task would then wait forever. So a signal stops the event loop first, and its
handler is called when no task is running.
"""

import asyncio
import signal
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

Start = Callable[[Callable[[T], None]], Coroutine[Any, Any, None]]
"""Creates a coroutine, given the function with which it emits items."""

_Run = Callable[[asyncio.AbstractEventLoop, Coroutine[Any, Any, None]], None]


def run_here(start: Start[T]) -> Generator[T, None, None]:
    """Run a coroutine in this process, yield what it emits at once, and raise what it raises.

    It is cancelled when the iterator is closed. The event loop runs in the caller's thread, unless
    that runs one already, as a notebook does; then it runs in a thread of its own.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        yield from _iterate(start, lambda loop, task: loop.run_until_complete(task))
    else:
        with ThreadPoolExecutor(1, "movie_posters_decade") as thread:
            yield from _iterate(
                start, lambda loop, task: thread.submit(loop.run_until_complete, task).result()
            )


def _iterate(start: Start[T], run: _Run) -> Generator[T, None, None]:
    items: deque[T] = deque()
    # On Windows too a selector loop, as libcurl waits for sockets.
    loop = asyncio.SelectorEventLoop()
    is_awaited = asyncio.Event()

    def emit(item: T) -> None:
        items.append(item)
        is_awaited.set()

    def stop() -> None:
        with suppress(RuntimeError):  # it is closed already
            loop.call_soon_threadsafe(is_awaited.set)

    async def wait() -> None:
        waiting = asyncio.ensure_future(is_awaited.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        is_awaited.clear()

    task = loop.create_task(start(emit))
    try:
        while not task.done():
            with _signals_afterwards(stop):
                run(loop, wait())
            while items:
                yield items.popleft()
        task.result()
    finally:
        try:
            with _signals_afterwards(stop):
                run(loop, _cancel_all())
        finally:
            loop.close()


@contextmanager
def _signals_afterwards(stop: Callable[[], None]) -> Iterator[None]:
    """Stop the event loop at a signal, and call the signal's handler after the block.

    Outside the main thread, which alone handles signals, the block just runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []

    def postpone(number: int, frame: FrameType | None) -> None:
        came.append((number, frame))
        stop()

    def call_handlers() -> None:
        for number, frame in came:
            handlers[number](number, frame)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handlers = {int(number): handler for number, handler in before.items() if callable(handler)}
    # Its callbacks run in reverse order: the handlers are put back, then called, and an error in
    # one keeps none of the others from running.
    with ExitStack() as stack:
        stack.callback(call_handlers)
        for number, handler in handlers.items():
            stack.callback(signal.signal, number, handler)
            signal.signal(number, postpone)
        yield


async def _cancel_all() -> None:
    """Cancel all other tasks of the event loop, and wait for their end."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
