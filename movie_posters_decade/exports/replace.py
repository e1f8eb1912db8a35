"""New files take the place of those that an earlier export wrote, and of no others."""

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from movie_posters_decade.errors import ExportError
from movie_posters_decade.io import write_atomically

SUMS = "movie_posters_decade.sha256"
"""Lists the files that an export wrote with their hashes, as sha256sum does.

It is how a later export knows what it may replace.
"""

Sum = tuple[str, str]
"""The name of a file and the SHA-256 of its content."""

_ASIDE = ".movie_posters_decade.incomplete"
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclass(frozen=True)
class Found:
    """What a folder holds before an export.

    Attributes:
        folder: the folder.
        exists: whether it is there.
        listed: the files that exports say they wrote, with their hashes.
        sums: those of them that are as they were written.
        others: all other files and links.
    """

    folder: Path
    exists: bool = False
    listed: frozenset[Sum] = frozenset()
    sums: frozenset[Sum] = frozenset()
    others: tuple[str, ...] = ()

    def check_alone(self) -> None:
        """See that there are no files of others.

        Raises:
            ExportError: there is one.
        """
        if self.others:
            raise ExportError(
                f"{self.folder}: expected a new or empty folder, or an earlier export; found "
                f"{self.others[0]}, which no export wrote or which was changed since. Choose "
                "another folder; or move what is in the way, and write beside the rest with "
                "overwrite=True (export --overwrite)."
            )


def look_into(folder: Path) -> Found:
    """Find out what a folder holds.

    Raises:
        ExportError: there is a file of that name.
    """
    if not folder.exists():
        return Found(folder)
    if not folder.is_dir():
        raise ExportError(
            f"{folder}: expected a folder to write into; found a file. Choose another."
        )
    listed = _listed(folder / SUMS)
    names = {name for name, _ in listed}
    ours, others = set(), []
    for name in sorted(_files(folder)):
        path = folder / name
        if name in names and not path.is_symlink() and (sum_ := (name, _digest(path))) in listed:
            ours.add(sum_)
        elif (name != SUMS or not listed) and not name.startswith(f"{_ASIDE}/"):
            others.append(name)
    return Found(folder, True, listed, frozenset(ours), tuple(others))


@contextmanager
def aside(found: Found) -> Iterator[Path]:
    """Give a folder to write new files in, on the disk of their place; it is gone afterwards.

    What an export that was killed left of it is removed.

    Raises:
        OSError: it cannot be made.
    """
    folder = found.folder
    place = folder / _ASIDE if found.exists else folder.with_name(f".{folder.name}{_ASIDE}")
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.mkdir(parents=True)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def replace(found: Found, new: Path) -> bool:
    """Put new files in the place of those that an earlier export wrote.

    Args:
        found: what was there; the files of others stay as they are.
        new: the folder with the new files, on the same disk, which is used up.

    Returns:
        Whether anything was to be done: not if the same files are there already.

    Raises:
        ExportError: something of others is where a new file is to be.
    """
    sums = frozenset((name, _digest(new / name)) for name in _files(new))
    if found.sums == found.listed == sums:
        return False
    (new / SUMS).write_bytes(_to_bytes(sums))
    if found.exists:
        _merge(found, new, sums)
    else:
        new.rename(found.folder)
    return True


def _listed(path: Path) -> frozenset[Sum]:
    """Return the files that a list names, with their hashes; none if it is no such list."""
    if path.is_symlink() or not path.is_file():
        return frozenset()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    sums = [_SUM.fullmatch(line) for line in lines]
    return frozenset((found[2], found[1]) for found in sums if found and all(sums))


def _to_bytes(sums: Iterable[Sum]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(sums)).encode()


def _files(folder: Path) -> Iterator[str]:
    """Return the names of all that is no folder."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return (path.relative_to(folder).as_posix() for path in paths)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _merge(found: Found, new: Path, sums: frozenset[Sum]) -> None:
    """Move files into a folder one by one, and remove what an earlier export left there."""
    ours, names = ({name for name, _ in files} for files in (found.sums, sums))
    taken = {*found.others} & {SUMS}
    for name in sorted(names - ours | taken):
        _check_free(found.folder, name)
    for name, digest in sorted(found.sums):
        _check_unchanged(found.folder, name, digest)
    # Until all are there, both exports' files are known as such, should this be interrupted.
    write_atomically((found.folder / SUMS), _to_bytes(sums | found.sums))
    for name in sorted(names):
        (found.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).replace(found.folder / name)
    for name in sorted(ours - names):
        _remove(found.folder, name)
    (new / SUMS).replace(found.folder / SUMS)


def _check_free(folder: Path, name: str) -> None:
    """See that a file can be written there without harm to anything, or outside the folder."""
    path = folder / name
    for place in [path, *path.parents][: len(Path(name).parts)]:
        if place.is_symlink() or (place.exists() and (place == path or not place.is_dir())):
            raise _in_the_way(folder, place.relative_to(folder).as_posix())


def _check_unchanged(folder: Path, name: str, digest: str) -> None:
    """See that nobody changed a file while the new ones were written."""
    if not (folder / name).is_file() or _digest(folder / name) != digest:
        raise _in_the_way(folder, name)


def _in_the_way(folder: Path, name: str) -> ExportError:
    return ExportError(
        f"{folder}: expected nothing at {name}, where a file of the export is to be; found "
        "something that no export wrote, or that was changed since, and that is never removed. "
        "Move it away, or choose another folder."
    )


def _remove(folder: Path, name: str) -> None:
    path = folder / name
    path.unlink()
    for parent in path.parents[: len(Path(name).parts) - 1]:
        if any(parent.iterdir()):
            break
        parent.rmdir()
