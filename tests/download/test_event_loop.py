"""The event loop: items arrive one by one, closing cancels, errors and interrupts are raised."""

import asyncio
import signal
import threading
from collections.abc import Callable

import pytest

from movie_posters_decade.download.event_loop import run_here


def test_results_arrive_one_by_one() -> None:
    continued = threading.Event()

    async def emit_two(emit: Callable[[int], None]) -> None:
        emit(1)
        await asyncio.to_thread(continued.wait, 10)
        emit(2)

    results = run_here(emit_two)
    assert next(results) == 1
    continued.set()
    assert list(results) == [2]


def test_closing_cancels_the_coroutine_and_waits_for_its_end() -> None:
    ended: list[str] = []

    async def emit_forever(emit: Callable[[int], None]) -> None:
        try:
            while True:
                emit(1)
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            ended.append("cancelled")
            raise

    results = run_here(emit_forever)
    next(results)
    results.close()
    assert ended == ["cancelled"]


def test_error_is_raised_after_the_results_before_it() -> None:
    async def fail(emit: Callable[[int], None]) -> None:
        emit(1)
        raise OSError("no space left")

    results = run_here(fail)
    assert next(results) == 1
    with pytest.raises(OSError, match="no space left"):
        next(results)


def test_results_arrive_inside_a_running_event_loop() -> None:
    async def emit_one(emit: Callable[[int], None]) -> None:
        emit(1)

    async def in_a_notebook() -> list[int]:
        return list(run_here(emit_one))

    assert asyncio.run(in_a_notebook()) == [1]


def test_interrupt_in_the_middle_of_a_task_is_raised_once_its_tasks_have_ended() -> None:
    ended: list[str] = []

    async def interrupt_itself(_emit: Callable[[int], None]) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(10)
        except BaseException as error:
            await asyncio.sleep(0)
            ended.append(type(error).__name__)
            raise

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            next(run_here(interrupt_itself))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended == ["CancelledError"]


def test_interrupt_in_a_notebook_ends_what_waits() -> None:
    ended: list[str] = []

    async def wait_forever(_emit: Callable[[int], None]) -> None:
        try:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def in_a_notebook() -> None:
        next(run_here(wait_forever))

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        loop = asyncio.new_event_loop()
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(in_a_notebook())
        loop.close()
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended == ["cancelled"]
