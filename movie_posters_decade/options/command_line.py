"""Command line: how an option is written as the words of a command."""

from collections.abc import Mapping
from typing import Any


def flag_words(name: str, value: Any) -> list[str]:
    """Return an option's flag and the words of its value, as a shell passes them on."""
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    if isinstance(value, Mapping):
        return [flag, *(f"{field}={column}" for field, column in value.items())]
    return [flag, *map(str, value)] if isinstance(value, tuple | list) else [flag, str(value)]
