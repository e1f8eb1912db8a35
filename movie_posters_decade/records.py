"""What is left beside a build: its report, its losses and its lock file."""

import csv
import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import datasets

from movie_posters_decade.collection import Collection
from movie_posters_decade.lock import Lock
from movie_posters_decade.report import LOSS_COLUMNS, Report, built_report, loss_rows
from movie_posters_decade.selection import Selection

REPORT_FILE = "report.json"
LOSSES_FILE = "losses.csv"
LOCK_FILE = "movie_posters_decade.lock"


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

    def write(self, selection: Selection, collection: Collection, lock: Lock) -> None:
        """Write all of them.

        Raises:
            OSError: one cannot be written.
        """
        with self._open(REPORT_FILE, "w") as file:
            json.dump(built_report(selection, collection).to_json(), file, indent=2)
        with self._open(LOSSES_FILE, "w") as file:
            table = csv.DictWriter(file, LOSS_COLUMNS)
            table.writeheader()
            table.writerows(loss_rows(collection.losses))
        with self._open(LOCK_FILE, "w") as file:
            file.writelines(lock.lines())

    def report(self) -> Report:
        """Read the report.

        Raises:
            FileNotFoundError: there is none, as nothing was built.
        """
        with self._open(REPORT_FILE, "r") as file:
            return Report.from_json(json.load(file))

    def tables(self) -> dict[str, bytes]:
        """Read the losses and the lock file, to be handed on with the posters.

        Raises:
            FileNotFoundError: they are not there, as nothing was built.
        """
        return {
            name: self.filesystem.cat_file(self.path(name)) for name in (LOSSES_FILE, LOCK_FILE)
        }

    def _open(self, name: str, mode: str) -> Any:
        return self.filesystem.open(self.path(name), mode, encoding="utf-8")


@dataclass(frozen=True)
class Build:
    """A build as it is handed on.

    Attributes:
        name: of its configuration, or of its genres if they are others.
        dataset: its sides.
        report: what was kept and lost.
        options: that shaped it, by name, in JSON's types.
        source: the URL or file name of its catalogue or lock file, or "demo".
        tables: the contents of its losses and its lock file, by file name.
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
