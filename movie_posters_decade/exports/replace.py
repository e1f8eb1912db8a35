"""Replacement: new files replace those of an earlier export, and never any other file."""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from movie_posters_decade.errors import ExportError
from movie_posters_decade.io import hash_content, write_atomically

CHECKSUMS_FILE = "movie_posters_decade.sha256"
"""Lists the files of an export as sha256sum does. Only these, if unchanged, are ever replaced."""

FileChecksum = tuple[str, str]
"""The name of a file, relative to the folder, and the SHA-256 of its content."""

_STAGING = ".movie_posters_decade.incomplete"
_CHECKSUM_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclass(frozen=True)
class ExistingFiles:
    """The files in a folder before an export.

    The checksums file lists the ``listed`` ones. Those of them that are as they were written are
    ``unchanged``. The names of all other files and links are ``others``.
    """

    folder: Path
    exists: bool
    listed: frozenset[FileChecksum]
    unchanged: frozenset[FileChecksum]
    others: tuple[str, ...]


def scan_folder(folder: Path) -> ExistingFiles:
    """Find out which files a folder holds."""
    exists = folder.exists()
    if exists and not folder.is_dir():
        raise ExportError(
            f"{folder}: expected a folder to write into; found a file. Choose another."
        )
    listed = _read_checksums(folder / CHECKSUMS_FILE)
    listed_names = {name for name, _ in listed}
    unchanged, others = set(), []
    for name in sorted(_file_names(folder)):
        path = folder / name
        is_listed = name in listed_names and not path.is_symlink()
        if is_listed and (checksum := (name, hash_content(path))) in listed:
            unchanged.add(checksum)
        elif (name != CHECKSUMS_FILE or not listed) and not name.startswith(f"{_STAGING}/"):
            others.append(name)
    return ExistingFiles(folder, exists, listed, frozenset(unchanged), tuple(others))


@contextmanager
def staging_folder(existing: ExistingFiles) -> Iterator[Path]:
    """Create a staging folder on the disk of the export, and remove it afterwards."""
    folder = existing.folder
    staging = (
        folder / _STAGING if existing.exists else folder.with_name(f".{folder.name}{_STAGING}")
    )
    # An interrupted export left it.
    if staging.is_dir() and not staging.is_symlink():
        shutil.rmtree(staging)
    staging.mkdir(parents=True)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def replace_files(existing: ExistingFiles, new: Path) -> bool:
    """Replace an earlier export by the files in ``new``; return False if it has the same files."""
    checksums = frozenset((name, hash_content(new / name)) for name in _file_names(new))
    if existing.unchanged == existing.listed == checksums:
        return False
    (new / CHECKSUMS_FILE).write_bytes(_checksum_lines(checksums))
    if existing.exists:
        _merge(existing, new, checksums)
    else:
        new.rename(existing.folder)
    return True


def _read_checksums(path: Path) -> frozenset[FileChecksum]:
    """Read a checksums file; the result is empty if it is anything else."""
    if path.is_symlink() or not path.is_file():
        return frozenset()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    matches = [_CHECKSUM_LINE.fullmatch(line) for line in lines]
    return frozenset((match[2], match[1]) for match in matches if match and all(matches))


def _checksum_lines(checksums: Iterable[FileChecksum]) -> bytes:
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(checksums)).encode()


def _file_names(folder: Path) -> Iterator[str]:
    """Yield the names of all files and links in a folder and its subfolders."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return (path.relative_to(folder).as_posix() for path in paths)


def _merge(existing: ExistingFiles, new: Path, checksums: frozenset[FileChecksum]) -> None:
    """Move new files into an existing folder, and remove what only the earlier export wrote."""
    folder = existing.folder
    old_names, names = ({name for name, _ in files} for files in (existing.unchanged, checksums))
    for name in sorted((names - old_names) | ({*existing.others} & {CHECKSUMS_FILE})):
        _check_free(folder, name)
    # Somebody may have changed a file while the new ones were written.
    for name, sha256 in sorted(existing.unchanged):
        if not (folder / name).is_file() or hash_content(folder / name) != sha256:
            raise _blocked(folder, name)
    # Until all are moved, the files of both exports are listed, in case this is interrupted.
    write_atomically(folder / CHECKSUMS_FILE, _checksum_lines(checksums | existing.unchanged))
    for name in sorted(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).replace(folder / name)
    for name in sorted(old_names - names):
        _remove(folder, name)
    (new / CHECKSUMS_FILE).replace(folder / CHECKSUMS_FILE)


def _check_free(folder: Path, name: str) -> None:
    """Check that a new file would overwrite nothing, and would not be written through a link."""
    file = folder / name
    for path in [file, *file.parents][: len(Path(name).parts)]:
        if path.is_symlink() or (path.exists() and (path == file or not path.is_dir())):
            raise _blocked(folder, path.relative_to(folder).as_posix())


def _blocked(folder: Path, name: str) -> ExportError:
    return ExportError(
        f"{folder}: expected nothing at {name}, where the export writes a file; found something "
        "that no export wrote, or that was changed since, and that is never removed. Move it away, "
        "or choose another folder."
    )


def _remove(folder: Path, name: str) -> None:
    """Remove a file, and the subfolders that become empty."""
    path = folder / name
    path.unlink()
    for parent in path.parents[: len(Path(name).parts) - 1]:
        if not any(parent.iterdir()):
            parent.rmdir()
