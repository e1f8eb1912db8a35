"""Signals: Ctrl-C and SIGTERM end a command within two seconds, with all that it has begun.

Both raise KeyboardInterrupt, so that whatever is under way removes its temporary files. A program
that is busy elsewhere, such as in a library that answers to no exception, is ended soon after.
"""

import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

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
    is_over, lock = threading.Event(), threading.Lock()
    last: list[weakref.ref[Interrupt]] = []
    numbers: list[int] = []

    def is_lost() -> bool:
        """Whether a callback or a finalizer has swallowed the interrupt, and printed it at most."""
        interrupt = last[-1]()
        return interrupt is None or interrupt is getattr(sys, "last_value", None)

    def watch(number: int) -> None:
        begin = time.monotonic()
        while not is_over.wait(0.05):
            if time.monotonic() - begin > GRACE_SECONDS:
                _end(128 + number)
            with lock:  # after the end, another signal would meet another handler
                if not is_over.is_set() and is_lost():
                    signal.pthread_kill(threading.main_thread().ident or 0, number)

    def handle(number: int, _: FrameType | None) -> None:
        if last and not is_lost():  # a second one must not disturb what the first one ends
            return
        interrupt = Interrupt(number)
        last.append(weakref.ref(interrupt))
        numbers.append(number)
        if len(last) == 1:
            threading.Thread(target=watch, args=[number], daemon=True).start()
        try:
            raise interrupt
        finally:
            del interrupt  # a circle through this frame would keep it alive

    hook, sys.excepthook = sys.excepthook, _print_no_interrupt
    # Who starts a program in the background may have it ignore Ctrl-C.
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heeded}
    try:
        yield
    except Exception as error:
        if not numbers:
            raise
        # Where a callback swallows the interrupt, its library fails, and that is what comes here.
        raise Interrupt(numbers[0]) from error
    finally:
        with lock:
            is_over.set()
        sys.excepthook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_no_interrupt(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Print an error that a callback has swallowed, but no interrupt, which comes again."""
    if not isinstance(error, Interrupt):
        sys.__excepthook__(kind, error, traceback)


def _end(code: int) -> None:
    """End the process at once, in the middle of whatever it does."""
    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{INTERRUPTED}\n".encode())
    os._exit(code)
