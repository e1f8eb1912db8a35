"""Files: bounded reads, atomic writes, how many may be open, and errors that are about no file."""

import errno
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO})
_MAX_OPEN_FILES_ON_WINDOWS = 512


def write_atomically(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file atomically: it gets its final name only once it is complete.

    Others may read or write the same file, or be killed, meanwhile.

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


def read_regular_file(path: Path, max_bytes: int) -> bytes:
    """Read a regular file: no device, pipe or folder, which could be endless or never answer.

    Args:
        path: of the file; a symbolic link is followed.
        max_bytes: the largest size that is read.

    Raises:
        OSError: there is no such file, it is of another kind, or it is larger, with `errno.EFBIG`.
        ValueError: the path holds a null character.
    """
    # Opening a device can change it, so its kind is asked first; it may be replaced meanwhile.
    _check_regular(path, path.stat().st_mode)
    with open(path, "rb", opener=_open_without_waiting) as file:
        found = os.fstat(file.fileno())
        _check_regular(path, found.st_mode)
        if found.st_size > max_bytes:
            raise OSError(errno.EFBIG, f"more than {max_bytes:,} bytes", str(path))
        # No more than that, if it grows. Files in /proc have no size, and some never end.
        return file.read(found.st_size)


def _check_regular(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "a device or a pipe, and no file", str(path))


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # Windows has no such flag


def is_out_of_resources(error: Exception) -> bool:
    """Return whether this machine lacks descriptors or memory, or its disk fails."""
    return getattr(error, "errno", None) in _OUT_OF_RESOURCES


def max_open_files() -> int:
    """Return how many files and sockets this process may have open at a time."""
    if resource is None:
        return _MAX_OPEN_FILES_ON_WINDOWS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**20 if soft == resource.RLIM_INFINITY else soft
