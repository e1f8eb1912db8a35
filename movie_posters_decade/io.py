"""Atomic writes: a file gets its final name only once it is complete."""

import secrets
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file atomically, whoever else reads, writes or is killed meanwhile.

    Raises:
        OSError: the file cannot be written; nothing of it is left.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}.incomplete")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
