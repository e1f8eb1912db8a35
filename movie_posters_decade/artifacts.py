"""A build as it is handed on, to be exported, shown or published."""

import csv
import json
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import datasets

from movie_posters_decade.errors import BuildError
from movie_posters_decade.lockfile import Lock
from movie_posters_decade.records import Rejection
from movie_posters_decade.report import REJECTED_COLUMNS, Report, rejection_rows


@dataclass(frozen=True)
class Build:
    """A build as it is handed on.

    Attributes:
        name: of its configuration, or of its genres if they are others.
        dataset: its splits.
        report: what was kept and rejected.
        options: that shaped it, by name, in JSON's types.
        source: the URL or file name of its catalogue or lock file, or "demo".
        tables: the contents of its rejections and its lock file, by file name.
    """

    name: str
    dataset: datasets.DatasetDict
    report: Report
    options: Mapping[str, Any]
    source: str
    tables: Mapping[str, bytes]

    @property
    def lock(self) -> bytes:
        """The lock file's content."""
        return self.tables[LOCK_FILE]


REPORT_FILE = "report.json"
REJECTED_FILE = "rejected.csv"
LOCK_FILE = "movie_posters_decade.lockfile"
INFO_FILE = "dataset_info.json"
"""What `datasets` itself knows a build by."""


@dataclass(frozen=True)
class Records:
    """The files beside a build.

    Attributes:
        filesystem: the one of `fsspec` that the build is on.
        folder: the build's.
    """

    filesystem: Any
    folder: str

    def path(self, name: str) -> str:
        """Return the place of a file."""
        return posixpath.join(self.folder, name)

    @property
    def rejected_path(self) -> str:
        """The CSV table of the candidates that were rejected."""
        return self.path(REJECTED_FILE)

    @property
    def lock_path(self) -> str:
        """The lock file."""
        return self.path(LOCK_FILE)

    def write(self, report: Report, rejections: Iterable[Rejection], lock: Lock) -> None:
        """Write all of them.

        Raises:
            OSError: one cannot be written.
        """
        with self._open(REPORT_FILE, "w") as file:
            json.dump(report.to_json(), file, indent=2)
        with self._open(REJECTED_FILE, "w") as file:
            table = csv.DictWriter(file, REJECTED_COLUMNS)
            table.writeheader()
            table.writerows(rejection_rows(rejections))
        with self._open(LOCK_FILE, "w") as file:
            file.writelines(lock.lines())

    def report(self) -> Report:
        """Read the report.

        Raises:
            BuildError: there is none, as nothing was built, or it is damaged.
        """
        try:
            with self._open(REPORT_FILE, "r") as file:
                return Report.from_json(json.load(file))
        except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError) as error:
            if self.filesystem.exists(self.folder):
                raise damaged(self.folder, error) from error
            raise BuildError(
                f"{self.folder}: expected a build; found none. Call download_and_prepare() first."
            ) from error

    def tables(self) -> dict[str, bytes]:
        """Read the rejections and the lock file, to be handed on with the posters.

        Raises:
            FileNotFoundError: they are not there, as nothing was built.
        """
        return {
            name: self.filesystem.cat_file(self.path(name)) for name in (REJECTED_FILE, LOCK_FILE)
        }

    def _open(self, name: str, mode: str) -> Any:
        return self.filesystem.open(self.path(name), mode, encoding="utf-8")


def damaged(folder: str, error: Exception) -> BuildError:
    """Return the error of a build that cannot be read."""
    return BuildError(
        f"{folder}: expected a whole build; found it damaged: {_told(error)}. Build again with "
        '--rebuild (download_mode="reuse_cache_if_exists").'
    )


def past_rebuilding(folder: str, error: Exception) -> BuildError:
    """Return the error of a build that `datasets` cannot even replace."""
    return BuildError(
        f"{folder}: expected a whole build; found its {INFO_FILE} damaged: {_told(error)}. Remove "
        "this folder and build again."
    )


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(".")
