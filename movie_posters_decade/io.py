"""Atomic writes: a file gets its final name only once it is complete."""

import secrets
from collections.abc import Iterable
from pathlib import Path


def write_atomically(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file atomically, whoever else reads, writes or is killed meanwhile.

    Args:
        path: of the file.
        content: the whole content, or its chunks as they arrive.

    Raises:
        OSError: the file cannot be written; nothing of it is left.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}.incomplete")
    try:
        with partial.open("wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
