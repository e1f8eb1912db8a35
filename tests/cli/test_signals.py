"""Signals end a command, wherever they arrive, and nothing else."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from movie_posters_decade.cli.signals import (
    INTERRUPTED,
    PROGRAM,
    Interrupt,
    end_on_signals,
    exit_code,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def wait() -> None:
    """Wait for a signal, and do not let a test hang without one."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_raises_an_interrupt_with_its_exit_code(number: signal.Signals, code: int) -> None:
    with pytest.raises(Interrupt) as raised, end_on_signals():  # noqa: PT012
        os.kill(os.getpid(), number)
        wait()
    assert exit_code(raised.value) == code


def test_second_signal_does_not_disturb_what_the_first_one_ends() -> None:
    ended = []
    with pytest.raises(Interrupt), end_on_signals():  # noqa: PT012
        try:
            os.kill(os.getpid(), signal.SIGINT)
            wait()
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            ended.append("cleanly")
    assert ended == ["cleanly"]


class Finalized:
    """An object in whose finalizer a signal arrives."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        wait()


def test_interrupt_that_a_finalizer_swallows_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    with pytest.raises(Interrupt), end_on_signals():  # noqa: PT012
        Finalized()
        wait()


def test_error_that_follows_from_an_interrupt_is_an_interrupt() -> None:
    with pytest.raises(Interrupt), end_on_signals():  # noqa: PT012
        try:
            os.kill(os.getpid(), signal.SIGINT)
            wait()
        except Interrupt:
            raise OSError("a callback failed") from None


def test_interrupt_that_a_callback_swallows_is_not_lost_where_the_command_then_ends() -> None:
    with pytest.raises(Interrupt), end_on_signals():  # noqa: PT012
        try:
            os.kill(os.getpid(), signal.SIGINT)
            wait()
        except Interrupt:
            pass


def test_handlers_are_as_before_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with end_on_signals():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


DEAF = """
import os, signal
from movie_posters_decade.cli.signals import end_on_signals

with end_on_signals():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    finally:
        while True:
            pass
"""


def test_program_that_does_not_end_by_itself_is_ended() -> None:
    begin = time.monotonic()
    finished = subprocess.run(
        [sys.executable, "-c", DEAF], capture_output=True, check=False, text=True, timeout=20
    )
    assert time.monotonic() - begin < 5
    assert (finished.returncode, finished.stderr) == (143, f"{PROGRAM}: {INTERRUPTED}\n")


DEAF_AT_THE_END = """
import sys, threading, time
from movie_posters_decade.cli.signals import end_soon

threading.Thread(target=time.sleep, args=[60]).start()
end_soon(130)
"""


def test_thread_that_goes_on_does_not_keep_an_interrupted_program() -> None:
    begin = time.monotonic()
    finished = subprocess.run([sys.executable, "-c", DEAF_AT_THE_END], check=False, timeout=30)
    assert finished.returncode == 130
    assert time.monotonic() - begin < 20


BUSY_OUTSIDE_PYTHON = """
import ctypes, os, signal, threading
from movie_posters_decade.cli.signals import end_on_signals

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

with end_on_signals(as_json=True):
    threading.Timer(0.1, interrupt).start()
    mutex, c = ctypes.create_string_buffer(64), ctypes.CDLL(None)
    c.pthread_mutex_lock(mutex)
    c.pthread_mutex_lock(mutex)  # waits for itself, whatever signals come
"""


def test_program_that_swallows_signals_outside_python_is_ended_with_json() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", BUSY_OUTSIDE_PYTHON],
        capture_output=True,
        check=False,
        text=True,
        timeout=30,
    )
    assert (finished.returncode, finished.stderr) == (130, f"{PROGRAM}: {INTERRUPTED}\n")
    assert json.loads(finished.stdout)["error"] == {"code": "interrupted", "message": INTERRUPTED}
