"""The program: ``movie-posters-decade``, and ``python -m movie_posters_decade``, which is the same.

Until a command runs, and after it, a signal ends the process at once, with one line and no
traceback: nothing is under way then. So the handler comes before most imports.
"""

import atexit
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from movie_posters_decade.cli.signals import end_soon, write_interrupted


def _end_at_once(number: int, _: FrameType | None) -> NoReturn:
    write_interrupted(as_json="--json" in sys.argv)
    os._exit(128 + number)


def _heed_no_signal() -> None:
    """Ignore signals while Python ends: it would restore handlers that print nothing."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


atexit.register(_heed_no_signal)  # the first one, which runs last
# Who starts a program in the background may have it ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _end_at_once)
if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
    signal.signal(signal.SIGTERM, _end_at_once)

from movie_posters_decade.cli.main import main  # noqa: E402


def run() -> NoReturn:
    """Run the command line, and end the process with its exit code."""
    code = main()
    if code > 128:
        end_soon(code)
    sys.exit(code)


if __name__ == "__main__":
    run()
