"""Checks for tests of workers, in a module that a worker imports in no time."""

import os

from movie_posters_decade.records import ImageCheck, accept_anything

KILLER = b"It ends the worker that checks it."


def check_or_die(content: bytes) -> ImageCheck:
    """Accept a poster, and end the process at one of them."""
    if content == KILLER:
        os._exit(1)
    return accept_anything(content)


def fail_in_a_worker(parent: int) -> None:
    """Stand for a check that only the process that made it can load."""
    if os.getpid() != parent:
        raise ImportError("no such check")
