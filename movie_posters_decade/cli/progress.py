"""Progress of commands: bars on a terminal, one line a minute in a log file, or nothing at all.

All bars, those of `datasets` and the Hub's client included, are made by tqdm, whose ``display``
is there to be replaced.
"""

import logging
import os
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partialmethod
from typing import Any

from movie_posters_decade.cli.output import print_note

LINE_SECONDS = 60.0
"""How many seconds pass between two lines."""


@contextmanager
def show_progress(*, quiet: bool) -> Iterator[None]:
    """Show bars if standard error is a terminal, and lines if not; with ``quiet`` only errors."""
    with ExitStack() as stack:
        if quiet:
            stack.enter_context(_silence())
        elif not sys.stderr.isatty():
            stack.enter_context(lines_instead_of_bars())
        yield


@contextmanager
def lines_instead_of_bars(seconds: float = LINE_SECONDS) -> Iterator[None]:
    """Print a line about the bar that moves, where so many seconds have passed since the last."""
    from tqdm.std import tqdm  # noqa: PLC0415, once a command runs it is loaded

    last = time.monotonic()

    def display(bar: Any, msg: str | None = None, pos: int | None = None) -> None:  # noqa: ARG001
        nonlocal last
        if msg != "" and time.monotonic() - last >= seconds:
            last = time.monotonic()
            print_note(progress_line(bar.format_dict))

    before = tqdm.__init__, tqdm.display
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        _set_methods(tqdm, partialmethod(before[0], file=nowhere), display)
        try:
            yield
        finally:
            _set_methods(tqdm, *before)


def progress_line(state: Mapping[str, Any]) -> str:
    """Return a line such as "Posters: 320 of 895, 41 rejected".

    Args:
        state: the ``format_dict`` of a bar of tqdm.
    """
    name = (state["prefix"] or "Progress").removesuffix(": ")
    counts = [_count(state[key], state) for key in ("n", "total") if state[key] is not None]
    postfix = [part.partition("=") for part in (state["postfix"] or "").split(", ") if part]
    more = [f"{value} {key}" if value else key for key, _, value in postfix]
    return ", ".join([f"{name}: {' of '.join(counts)}", *more])


def _count(number: float, state: Mapping[str, Any]) -> str:
    if not state["unit_scale"]:
        return str(number)
    from tqdm.std import tqdm  # noqa: PLC0415

    return f"{tqdm.format_sizeof(number, divisor=state['unit_divisor'])}{state['unit']}"


def _set_methods(bar: Any, begin: Any, display: Any) -> None:
    bar.__init__, bar.display = begin, display


@contextmanager
def _silence() -> Iterator[None]:
    """Show no bar and no warning, whichever library has it."""
    from tqdm.std import tqdm  # noqa: PLC0415

    handler, ours = logging.NullHandler(), logging.getLogger("movie_posters_decade")
    others = [logging.getLogger(name) for name in ("datasets", "huggingface_hub")]
    levels = [other.level for other in others]
    begin = tqdm.__init__
    ours.addHandler(handler)
    _set_methods(tqdm, partialmethod(begin, disable=True), tqdm.display)
    try:
        for other in others:
            other.setLevel(logging.ERROR)
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        _set_methods(tqdm, begin, tqdm.display)
        ours.removeHandler(handler)
        for other, level in zip(others, levels, strict=True):
            other.setLevel(level)
