"""The executor: results arrive one by one, closing cancels, errors are raised."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from movie_posters_decade.download.executor import run_here


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
