"""A build as it is handed on, to be exported, shown or published."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import datasets

from movie_posters_decade.records import LOCK_FILE
from movie_posters_decade.report import Report


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
