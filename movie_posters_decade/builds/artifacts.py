"""A finished build, and the files beside it: report, rejected posters, lock file."""

import csv
import hashlib
import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasets

from movie_posters_decade import __version__
from movie_posters_decade.errors import BuildError
from movie_posters_decade.images import (
    POSTERS_A_ROW,
    Section,
    draw_sections,
    thumbnails_of_each_decade,
)
from movie_posters_decade.lockfile import LockFile, parse_lock_file
from movie_posters_decade.records import Checksum, Rejection
from movie_posters_decade.report.counts import Report
from movie_posters_decade.text.csv_cells import protect_row
from movie_posters_decade.text.html_tables import html_paragraphs, html_table
from movie_posters_decade.text.terminal import visible

if TYPE_CHECKING:
    from PIL import Image

REPORT_FILE = "report.json"
REJECTED_FILE = "rejected.csv"
LOCK_FILE = "movie_posters_decade.lock"
INFO_FILE = "dataset_info.json"
"""The file by which `datasets` itself recognizes a build."""

REJECTED_COLUMNS = (
    "imdb_id",
    "title",
    "year",
    "decade",
    "split",
    "reason",
    "status",
    "poster_url",
    "final_url",
    "duplicate_of",
    "detail",
    "tried",
)
"""The columns of rejected.csv, which has a row for each rejected candidate."""

_SHAPES_NO_DATASET = (
    "__",
    "analysis/",
    "build_warnings",
    "builds/builder_text",
    "builds/cache",
    "builds/record",
    "cli/",
    "data_statement",
    "errors",
    "exports/",
    "hub/",
    "io",
    "report/count_warnings",
    "showing",
    "text/html_tables",
    "text/sentences",
)
"""How the paths of folders and modules begin whose code may change without a new build."""


@dataclass(frozen=True, repr=False)
class Build:
    """A finished build, as exports, analysis and the Hub take it.

    Attributes:
        name: of the configuration, or of the genres if they are others.
        dataset: its splits.
        report: its counts.
        options: the options that shaped it, by name, in JSON types.
        source: the URL or file name of its catalogue or lock file, or "demo".
        tables: the content of rejected.csv and of the lock file, by file name.
    """

    name: str
    dataset: datasets.DatasetDict
    report: Report
    options: Mapping[str, Any]
    source: str
    tables: Mapping[str, bytes]

    def __repr__(self) -> str:
        return visible("\n  ".join(self._lines()))

    def _repr_html_(self) -> str:
        """Return what a notebook displays: what it is, and the posters of each decade."""
        title, hint = self._lines()
        splits = self.report.splits
        rows = [(decade, *(kept[decade] for kept in splits.values())) for decade in self.decades]
        table = html_table([("decade", *splits), *rows])
        return html_paragraphs([title]) + table + html_paragraphs([hint])

    def _lines(self) -> tuple[str, str]:
        splits = ", ".join(f"{len(part)} {split}" for split, part in self.dataset.items())
        return (
            f"Build {self.name!r} of {self.source}: {splits} posters, "
            f"{self.decades[0]} to {self.decades[-1]}",
            ".dataset: the posters; .contact_sheet(): a look at them; print(.report): the counts",
        )

    @property
    def decades(self) -> list[str]:
        """The names of its decades, in order."""
        return list(self.report.decades)

    def contact_sheet(self, per_decade: int = POSTERS_A_ROW) -> "Image.Image":
        """Return the contact sheet that a card shows: a row of train posters for each decade.

        `movie_posters_decade.show` shows all splits, and other datasets.

        Args:
            per_decade: the largest number of posters in a row, which are 100 by 148 pixels each.
        """
        rows = thumbnails_of_each_decade(self.dataset["train"], per_decade)
        return draw_sections([Section(rows)], per_decade)

    @property
    def lock_file(self) -> bytes:
        """The content of the lock file."""
        return self.tables[LOCK_FILE]


@dataclass(frozen=True)
class BuildFiles:
    """The files beside a build."""

    filesystem: Any  # the fsspec filesystem that holds the build
    folder: str  # of the build

    @property
    def rejected_path(self) -> str:
        """The path of the CSV table of rejected candidates."""
        return self._path(REJECTED_FILE)

    @property
    def lock_path(self) -> str:
        """The path of the lock file."""
        return self._path(LOCK_FILE)

    def write(self, report: Report, rejections: Iterable[Rejection], lock: LockFile) -> None:
        """Write all of them."""
        with self._open(REPORT_FILE, "w") as file:
            json.dump(report.to_json(), file, indent=2)
        with self._open(REJECTED_FILE, "w") as file:
            table = csv.DictWriter(file, REJECTED_COLUMNS)
            table.writeheader()
            table.writerows(map(protect_row, rejection_rows(rejections)))
        with self._open(LOCK_FILE, "w") as file:
            file.writelines(lock.lines())

    def read_report(self) -> Report:
        """Read the report.

        Raises:
            BuildError: there is no build, or a damaged one.
        """
        try:
            with self._open(REPORT_FILE, "r") as file:
                return Report.from_json(json.load(file))
        except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError) as error:
            if self.filesystem.exists(self.folder):
                raise damaged_build(self.folder, error) from error
            raise BuildError(
                f"{self.folder}: expected a build; found none. Call download_and_prepare() first."
            ) from None

    def read_tables(self) -> dict[str, bytes]:
        """Read rejected.csv and the lock file."""
        paths = {REJECTED_FILE: self.rejected_path, LOCK_FILE: self.lock_path}
        return {name: self.filesystem.cat_file(path) for name, path in paths.items()}

    def _path(self, name: str) -> str:
        return posixpath.join(self.folder, name)

    def _open(self, name: str, mode: str) -> Any:
        return self.filesystem.open(self._path(name), mode, encoding="utf-8")


def rejection_rows(rejections: Iterable[Rejection]) -> list[dict[str, Any]]:
    """Return a row of rejected.csv for each rejection; unknown values are None."""
    return [
        {
            column: getattr(one if hasattr(one, column) else one.movie, column)
            for column in REJECTED_COLUMNS
        }
        # What a host said is written as it is shown, since a terminal may show the table.
        | {"detail": visible(one.detail), "tried": "; ".join(map(visible, map(str, one.tried)))}
        for one in rejections
    ]


def check_posters(folder: str, dataset: datasets.DatasetDict, lock_file: bytes) -> None:
    """Check that a build holds the posters whose hashes its lock file lists.

    A bit that flips on a disk changes a picture, or a field, without any error.

    Args:
        folder: of the build, for the error.
        dataset: its splits, as they are in the cache.
        lock_file: the content of its lock file.

    Raises:
        BuildError: a poster is missing or differs.
        LockFileError: the lock file itself is damaged.
    """
    lock = parse_lock_file(lock_file.decode(), posixpath.join(folder, LOCK_FILE))
    expected = {
        (movie.split, movie.imdb_id): locked.in_dataset for movie, locked in lock.kept.items()
    }
    for split, examples in dataset.items():
        table = examples.data.table
        table.validate(full=True)  # an offset that was changed would lead out of the buffer
        for imdb_id, content in zip(table["imdb_id"], _contents(table), strict=True):
            movie = (str(split), imdb_id.as_py())
            found = Checksum(hashlib.sha256(content).hexdigest(), len(content))
            if found != expected.pop(movie, None):
                raise _damaged_poster(folder, *movie)
    for movie in expected:
        raise _damaged_poster(folder, *movie)


def _contents(table: Any) -> Iterator[memoryview]:
    """Yield the bytes of each image in an Arrow table, without a copy."""
    for chunk in table["image"].chunks:
        for content in chunk.field("bytes"):
            yield memoryview(content.as_buffer() or b"")


def _damaged_poster(folder: str, split: str, imdb_id: str) -> BuildError:
    return BuildError(
        f"{folder}: expected the poster of {imdb_id} in {split} as the lock file lists it; found "
        "that it is missing or was changed after the build. Build again with --rebuild "
        '(download_mode="reuse_cache_if_exists").'
    )


@cache
def code_version(package: Path = Path(__file__).parents[1]) -> str:
    """Return a hash of the version and the code that shape a dataset.

    `datasets` keeps the builds of different hashes apart, so that changed code does not serve an
    old build.
    """
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(package.rglob("*.py")):
        if not path.relative_to(package).as_posix().startswith(_SHAPES_NO_DATASET):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def damaged_build(folder: str, error: Exception | str) -> BuildError:
    """Return the error for a build that cannot be read."""
    return BuildError(
        f"{folder}: expected a complete build; found it damaged: {_describe(error)}. Build again "
        'with --rebuild (download_mode="reuse_cache_if_exists").'
    )


def _describe(error: Exception | str) -> str:
    return error if isinstance(error, str) else f"{type(error).__name__}: {error}".rstrip(".")
