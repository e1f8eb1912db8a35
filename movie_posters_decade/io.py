"""Files: bounded reads, atomic writes, what killed builds left, and how many may be open."""

import errno
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

INCOMPLETE = ".incomplete"
"""How the names of files end that are being written. `datasets` names its folders so, too."""

STALE_SECONDS = 24 * 3600
"""The age in seconds from which an incomplete file was left by a build that was killed: a day."""

_OUT_OF_RESOURCES = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOBUFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EIO,
    }
)
_DISK_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG})
_MAX_OPEN_FILES_ON_WINDOWS = 512
_USUALLY_OPEN = 16
_PROBES = 3


def hash_content(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal digits, without holding it whole."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file atomically: it gets its final name only once it is complete.

    Others may read or write the same file, or be killed, meanwhile.

    Args:
        path: of the file.
        content: the whole content, or its chunks as they arrive.

    Raises:
        OSError: the file cannot be written; nothing of it is left.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}{INCOMPLETE}")
    try:
        with partial.open("wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def remove_stale(paths: Iterable[Path]) -> None:
    """Remove incomplete files, also in folders, that no build writes any more.

    Those are the files that have not changed for a day. Folders stay, as an empty one may belong to
    a build that runs. Errors are ignored: another build may do the same.
    """
    oldest = time.time() - STALE_SECONDS
    for path in paths:
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                remove_stale(path.iterdir())
            elif path.lstat().st_mtime < oldest:
                path.unlink()


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


def is_out_of_resources(error: BaseException) -> bool:
    """Return whether this machine lacks descriptors, memory or disk space, or its disk fails."""
    return isinstance(error, MemoryError) or getattr(error, "errno", None) in _OUT_OF_RESOURCES


def is_storage_fault(error: BaseException | None) -> bool:
    """Return whether an error, or one that led to it, is about a disk: full, failing or refused."""
    while error is not None:
        if isinstance(error, OSError) and (error.filename or error.errno in _DISK_FAULTS):
            return True
        error = error.__cause__ or error.__context__
    return False


def require_descriptors() -> None:
    """Raise an OSError if this process cannot open a few more files.

    Libraries that cannot open one may report something else, such as a name that does not exist.
    """
    with ExitStack() as opened:
        for _ in range(_PROBES):
            opened.enter_context(open(os.devnull, "rb"))


def raise_open_files(needed: int) -> int:
    """Raise the number of files that this process may have open, where the system allows it.

    Args:
        needed: how many are enough.

    Returns:
        How many it may have open now.
    """
    if resource is None:
        return _MAX_OPEN_FILES_ON_WINDOWS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return needed
    wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if wanted > soft:
        with suppress(OSError, ValueError):  # some systems have a lower limit of their own
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return soft


def open_files() -> int:
    """Return how many files and sockets this process has open, as far as the system tells."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return len(os.listdir(folder))
    return _USUALLY_OPEN
