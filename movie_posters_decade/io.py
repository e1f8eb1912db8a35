"""Files: atomic writes, what killed builds left, the limit of open files, and whose an error is."""

import errno
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

INCOMPLETE = ".incomplete"
"""How the names of files end that are being written. `datasets` names its folders so, too."""

STALE_SECONDS = 24 * 3600
"""The age in seconds from which an incomplete file was left by a build that was killed: a day."""

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


def is_out_of_resources(error: Exception) -> bool:
    """Return whether this machine lacks descriptors or memory, or its disk fails."""
    return getattr(error, "errno", None) in _OUT_OF_RESOURCES


def max_open_files() -> int:
    """Return how many files and sockets this process may have open at a time."""
    if resource is None:
        return _MAX_OPEN_FILES_ON_WINDOWS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**20 if soft == resource.RLIM_INFINITY else soft
