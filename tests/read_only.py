"""A folder that cannot be written, also for root."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def read_only(folder: Path) -> Iterator[list[str]]:
    """Make a folder read-only; yield how a command begins for which it is.

    Permissions do not bind root, for whom it is mounted read-only, in a namespace of its own.
    """
    if os.geteuid() == 0:
        mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
        command = ["unshare", "-m", "sh", "-c", mount, str(folder)]
        if (
            not shutil.which("unshare")
            or subprocess.run([*command, "true"], check=False).returncode
        ):
            pytest.skip("root can write everywhere here, and may not mount a folder")
        yield command
        return
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for one in folders:
        one.chmod(0o555)
    try:
        yield []
    finally:
        for one in folders:
            one.chmod(0o755)
