"""Signals: Ctrl-C and SIGTERM end a command within two seconds, with all that it has begun.

Both raise KeyboardInterrupt, so that whatever is under way removes its temporary files. A program
that is busy elsewhere, such as in a library that answers to no exception, is ended soon after.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = "interrupted; what was downloaded is kept."
"""What a command prints when a signal has ended it."""

GRACE_SECONDS = 1.5
"""How long a command may take to end by itself."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt(KeyboardInterrupt):
    """A signal asks the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """Return the exit code after an interrupt: 128 and the number of the signal."""
    return 128 + getattr(interrupt, "number", signal.SIGINT)


@contextmanager
def end_on_signals() -> Iterator[None]:
    """Raise `Interrupt` at the first signal, and end the process if that is not enough."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread can handle signals
        return
    timers: list[threading.Timer] = []

    def handle(number: int, _: FrameType | None) -> None:
        if timers:  # a second one must not disturb what the first one ends
            return
        timer = threading.Timer(GRACE_SECONDS, _end, [128 + number])
        timer.daemon = True
        timers.append(timer)
        timer.start()
        raise Interrupt(number)

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(code: int) -> None:
    """End the process at once, in the middle of whatever it does."""
    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{INTERRUPTED}\n".encode())
    os._exit(code)
