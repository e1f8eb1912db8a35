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
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType

PROGRAM = "movie-posters-decade"

INTERRUPTED = "interrupted; what was downloaded is kept."
"""What a command prints when a signal has ended it."""

GRACE_SECONDS = 1.5
"""How long a command may take to end by itself."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STOP = b"\0"


class Interrupt(KeyboardInterrupt):
    """A signal asks the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """Return the exit code after an interrupt: 128 and the number of the signal."""
    return 128 + getattr(interrupt, "number", signal.SIGINT)


def write_interrupted(*, as_json: bool) -> None:
    """Write what an interrupted command prints, past all that is buffered, and without a lock."""
    with suppress(OSError):
        os.write(2, f"{PROGRAM}: {INTERRUPTED}\n".encode())
        if as_json:
            error = f'{{"code": "interrupted", "message": "{INTERRUPTED}"}}'
            os.write(1, f'{{"error": {error}, "warnings": []}}\n'.encode())


@contextmanager
def end_on_signals(*, as_json: bool = False) -> Iterator[None]:
    """Raise `Interrupt` at the first signal, and end the process if that is not enough.

    Args:
        as_json: whether a process that is ended writes the error to standard output, too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread can handle signals
        return
    ending = _Ending(as_json)
    hook, sys.excepthook = sys.excepthook, _print_no_interrupt
    # Who starts a program in the background may have it ignore Ctrl-C.
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ending.handle) for number in heeded}
    try:
        yield
    except Exception as error:
        if not ending.numbers:
            raise
        # Where a callback swallows the interrupt, its library fails, and that is what comes here.
        raise Interrupt(ending.numbers[0]) from error
    finally:
        ending.close()
        sys.excepthook = hook
        for number, handler in before.items():
            signal.signal(number, handler)
    if ending.numbers:  # swallowed, and the command went on to its end
        raise Interrupt(ending.numbers[0])


class _Ending:
    """Raises an interrupt at the first signal, and has a thread watch what becomes of it.

    The thread runs before any signal comes: one that is started by a handler might wait for a lock
    that the main thread holds. The interpreter itself wakes it, also while the main thread is busy
    outside Python and runs no handler.
    """

    def __init__(self, as_json: bool) -> None:
        self.numbers: list[int] = []
        """The signals that came, by their numbers."""
        self._as_json = as_json
        self._last: weakref.ref[Interrupt] | None = None
        self._is_over, self._lock = threading.Event(), threading.Lock()
        self._read_end, self._write_end = os.pipe()
        self._wakes = hasattr(os, "set_blocking") and sys.platform != "win32"
        if self._wakes:
            os.set_blocking(self._write_end, False)
            self._woken_before = signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._thread.start()

    def handle(self, number: int, _: FrameType | None) -> None:
        """Raise an interrupt, unless an earlier one is on its way."""
        self.numbers.append(number)
        if not self._wakes:
            os.write(self._write_end, bytes([number]))
        # A second one must not disturb what the first one ends.
        if self._is_over.is_set() or (self._last is not None and not self._is_lost()):
            return
        interrupt = Interrupt(number)
        self._last = weakref.ref(interrupt)
        try:
            raise interrupt
        finally:
            del interrupt  # a circle through this frame would keep it alive

    def close(self) -> None:
        """Let later signals alone, and end the thread."""
        with self._lock:  # after the end, another signal would meet another handler
            self._is_over.set()
        if self._wakes:
            signal.set_wakeup_fd(self._woken_before)
        with suppress(OSError):
            os.write(self._write_end, _STOP)
        self._thread.join(GRACE_SECONDS)
        if not self._thread.is_alive():
            os.close(self._read_end)
            os.close(self._write_end)

    def _is_lost(self) -> bool:
        """Whether a callback or a finalizer has swallowed the interrupt, and printed it at most."""
        if self._last is None:
            return False
        interrupt = self._last()
        return interrupt is None or interrupt is getattr(sys, "last_value", None)

    def _watch(self) -> None:
        number = self._wait_for_a_signal()
        begin = time.monotonic()
        while number and not self._is_over.wait(0.05):
            if time.monotonic() - begin > GRACE_SECONDS:
                write_interrupted(as_json=self._as_json)
                os._exit(128 + number)
            with self._lock:
                if not self._is_over.is_set() and self._is_lost():
                    signal.pthread_kill(threading.main_thread().ident or 0, number)

    def _wait_for_a_signal(self) -> int:
        """Return the number of the first signal, or 0 when the command has ended."""
        while True:
            [number] = os.read(self._read_end, 1) or _STOP
            if number in _SIGNALS or number == 0:
                return number


def end_soon(code: int) -> None:
    """End the process with a code, whatever threads and finalizers still do.

    A second signal changes nothing any more.
    """
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)

    def end() -> None:
        time.sleep(GRACE_SECONDS)
        os._exit(code)

    threading.Thread(target=end, daemon=True).start()


def _print_no_interrupt(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Print an error that a callback has swallowed, but no interrupt, which comes again."""
    if not isinstance(error, Interrupt):
        sys.__excepthook__(kind, error, traceback)
