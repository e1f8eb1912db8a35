"""Warnings: what a result needs beside its numbers, each with a code and a cure.

A warning is logged as any message is, for people. Whoever runs a build or a command also collects
them as values, for the report and for ``--json``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any

OTHER = "other"
"""The code of a message that was logged without one."""

HOST_CODE = "host_"
"""How the codes of warnings about hosts begin: what a host did in one run."""


@dataclass(frozen=True)
class BuildWarning:
    """A warning, in sentences.

    Attributes:
        code: what it is called in JSON. It does not change between versions.
        message: what is the case.
        cure: what helps; empty if nobody knows.
    """

    code: str
    message: str
    cure: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.cure}".rstrip()

    def to_json(self) -> dict[str, Any]:
        """Return the warning in JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "BuildWarning":
        """Create a warning from the result of `to_json`."""
        return cls(**values)


_collecting: ContextVar[tuple[list[BuildWarning], ...]] = ContextVar("collecting", default=())


@contextmanager
def collect_warnings() -> Iterator[list[BuildWarning]]:
    """Collect the warnings that are logged meanwhile by this thread, each once."""
    warnings: list[BuildWarning] = []
    token = _collecting.set((*_collecting.get(), warnings))
    try:
        yield warnings
    finally:
        _collecting.reset(token)


def collect(warning: BuildWarning) -> None:
    """Give a warning to all that collect them."""
    for warnings in _collecting.get():
        if warning not in warnings:
            warnings.append(warning)
