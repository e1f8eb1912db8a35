"""Builds in the cache: list them, check them against their lock files, remove them.

Only files that a build wrote are removed, and no build that is being written at the same time.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import datasets
from datasets.utils._filelock import FileLock
from datasets.utils.file_utils import is_remote_url

from movie_posters_decade.builds.artifacts import (
    INFO_FILE,
    LOCK_FILE,
    REJECTED_FILE,
    REPORT_FILE,
    check_posters,
    code_version,
    damaged_build,
)
from movie_posters_decade.builds.record import (
    DAMAGE,
    RECORD_FILE,
    BuildRecord,
    builds_folder,
    find_damage,
)
from movie_posters_decade.errors import BuildError, MoviePostersError, OptionError
from movie_posters_decade.io import INCOMPLETE
from movie_posters_decade.options.options import NAME
from movie_posters_decade.text.terminal import visible

_OURS = (RECORD_FILE, REPORT_FILE, LOCK_FILE)
"""The files by which a build of this package differs from others that `datasets` stores."""

_REMOVED = (
    INFO_FILE,  # first: without it the rest is no build any more
    *_OURS,
    REJECTED_FILE,
    "LICENSE",  # `datasets` writes it
    f"{NAME}-*.arrow",
    f"{NAME}-*.parquet",
    "cache-*.arrow",  # what `map` and `filter` of `datasets` store beside a build
)


@dataclass(frozen=True, repr=False)
class CachedBuild:
    """A build in the cache.

    Attributes:
        name: of its folder, below the folder of all builds.
        folder: of the build.
        configuration: the name of the configuration, or the genres if they are others.
        catalogue: the URL or file name of the catalogue or lock file; None if it is unknown.
        options: those whose values are not the configuration's, by name; None if they are unknown.
        version: of the package that built it.
        posters: how many it has; None if that is damaged.
        size: of its files in bytes.
        date: when it was complete, in local time.
    """

    name: str
    folder: Path
    configuration: str
    catalogue: str | None
    options: dict[str, Any] | None
    version: str
    posters: int | None
    size: int
    date: datetime

    def __repr__(self) -> str:
        return visible(
            f"CachedBuild {self.name!r}: {self.posters} posters of {self.catalogue}, "
            f"{format_size(self.size)}, {self.date:%Y-%m-%d %H:%M}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON types."""
        names = ("name", "configuration", "catalogue", "options", "version", "posters", "size")
        values = {name: getattr(self, name) for name in names}
        date = self.date.isoformat(timespec="seconds")
        return values | {"date": date, "folder": str(self.folder)}


def list_builds(cache_dir: str | Path | None = None) -> list[CachedBuild]:
    """List the builds in a cache, the newest first.

    Args:
        cache_dir: the folder of builds and downloads; by default the cache of `datasets`.

    Raises:
        OptionError: the cache is not on this machine.
    """
    if cache_dir is not None and is_remote_url(str(cache_dir)):
        raise OptionError(
            f"Option cache_dir: expected a folder of this machine, whose builds can be listed; "
            f"found {cache_dir}. Name one."
        )
    root = builds_folder(cache_dir)
    builds = [_read_build(root, folder) for folder in root.glob("*/*/*") if _is_build(folder)]
    return sorted(builds, key=lambda build: (-build.date.timestamp(), build.name))


def outdated(builds: Sequence[CachedBuild]) -> list[CachedBuild]:
    """Return the builds of which the same catalogue and options gave a newer one that is complete.

    Where there is one of the running code, only those that are older than it. Links may be dead by
    now, so that a build of another catalogue is never outdated.
    """
    newest: dict[str, CachedBuild] = {}
    running = code_version()
    for build in sorted(builds, key=lambda one: (one.folder.name == running, one.date)):
        if not _has_record(build.folder) or find_damage(build.folder) is None:
            newest[_inputs(build)] = build
    return [build for build in builds if newest.get(_inputs(build), build).date > build.date]


def _inputs(build: CachedBuild) -> str:
    """Return what the builds of one catalogue and the same options have in common."""
    return build.name.partition("/")[0]


def verify_build(build: CachedBuild) -> str | None:
    """Check each poster of a build against its lock file; return an error message, or None."""
    folder = str(build.folder)
    try:
        damage = find_damage(build.folder) if _has_record(build.folder) else None
        if damage is not None:
            raise damaged_build(folder, damage)
        check_posters(folder, _open_build(build.folder), (build.folder / LOCK_FILE).read_bytes())
    except MoviePostersError as error:
        return str(error)
    except DAMAGE as error:
        return str(damaged_build(folder, error))
    return None


def remove_build(build: CachedBuild) -> int:
    """Remove the files of a build, and return their size in bytes.

    Other files in its folder stay, and then the folder too.

    Raises:
        BuildError: it is being built at this moment.
        OSError: a file cannot be removed.
    """
    # The lock of `datasets`. Its file stays, as another process may wait for it.
    lock = FileLock(f"{build.folder}_builder.lock")
    try:
        lock.acquire(timeout=0)
    except TimeoutError as error:
        raise BuildError(
            f"{build.folder}: expected a build that no process writes; found that one does. Wait "
            "until it ends, and remove the build then."
        ) from error
    try:
        return _remove_files(build.folder)
    finally:
        lock.release()


def format_size(size: int) -> str:
    """Return a size in bytes as a text in megabytes."""
    return f"{size / 1e6:,.1f} MB"


def _is_build(folder: Path) -> bool:
    is_folder = folder.is_dir() and not folder.is_symlink()
    is_complete = not folder.name.endswith(INCOMPLETE)
    return is_folder and is_complete and any((folder / name).is_file() for name in _OURS)


def _read_build(root: Path, folder: Path) -> CachedBuild:
    config_id = folder.relative_to(root).parts[0]
    info, record = _read_info(folder), _read_record(folder)
    complete = next(path for path in (folder / INFO_FILE, folder) if path.exists())
    return CachedBuild(
        name=folder.relative_to(root).as_posix(),
        folder=folder,
        configuration=record.configuration if record else config_id.rpartition("-")[0],
        catalogue=record.catalogue if record else None,
        options=record.chosen_options() if record else None,
        version=folder.parent.name,
        posters=_count(info),
        size=sum(path.lstat().st_size for path in folder.iterdir()),
        date=datetime.fromtimestamp(complete.stat().st_mtime).astimezone(),
    )


def _read_info(folder: Path) -> dict[str, Any]:
    """Return what `datasets` knows of a build; nothing if that is damaged."""
    with suppress(OSError, ValueError):
        info = json.loads((folder / INFO_FILE).read_text(encoding="utf-8"))
        return info if isinstance(info, dict) else {}
    return {}


def _count(info: dict[str, Any]) -> int | None:
    """Return the number of posters that `datasets` knows of; None if that is damaged."""
    with suppress(*DAMAGE):
        return sum(int(split["num_examples"]) for split in info["splits"].values())
    return None


def _read_record(folder: Path) -> BuildRecord | None:
    """Return the record of a build; None if it is damaged, or of a version without records."""
    with suppress(OSError, ValueError):
        return BuildRecord.read(folder)
    return None


def _has_record(folder: Path) -> bool:
    """Return whether a build must have a record; those of earlier versions have none."""
    return (folder / RECORD_FILE).exists() or folder.name == code_version()


def _open_build(folder: Path) -> datasets.DatasetDict:
    splits = datasets.DatasetInfo.from_directory(str(folder)).splits or {}
    return datasets.DatasetDict(
        {
            str(split): datasets.concatenate_datasets(
                [datasets.Dataset.from_file(str(path)) for path in _shards(folder, str(split))]
            )
            for split in splits
        }
    )


def _shards(folder: Path, split: str) -> list[Path]:
    names = (f"{NAME}-{split}.arrow", f"{NAME}-{split}-*.arrow")
    return sorted(path for name in names for path in folder.glob(name))


def _remove_files(folder: Path) -> int:
    freed = 0
    for path in _files_to_remove(folder):
        size = path.lstat().st_size
        path.unlink()
        freed += size
    with suppress(OSError):  # it holds other files
        folder.rmdir()
    return freed


def _files_to_remove(folder: Path) -> Iterator[Path]:
    for name in _REMOVED:
        yield from [path for path in folder.glob(name) if path.is_symlink() or path.is_file()]
