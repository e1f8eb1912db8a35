"""Build record: what a build in the cache is, in a small file beside it.

With it, a build that was damaged is noticed without reading its posters, and builds can be listed
without building. It holds no path of the machine that wrote it.
"""

import json
import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import datasets
import pyarrow as pa

from movie_posters_decade.catalogue import expand_home
from movie_posters_decade.options.configurations import configured_values
from movie_posters_decade.options.options import NAME, Options, dataset_options
from movie_posters_decade.records import RejectReason
from movie_posters_decade.report.counts import Report

RECORD_FILE = "build.json"

PERMISSIONS = {
    "allow_private_hosts": RejectReason.PRIVATE_ADDRESS,
    "allow_outside_files": RejectReason.OUTSIDE_FOLDER,
}
"""The options that only permit something, and the reason for which posters are rejected without."""

_END = b"\xff\xff\xff\xff\0\0\0\0"
"""How an Arrow stream ends. The blocks that a file system lost are often zeros."""

DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, pa.ArrowException)
"""What reading a damaged file raises, beside a missing file."""


@dataclass(frozen=True)
class BuildRecord:
    """What a build is.

    Attributes:
        configuration: the name of the configuration, or the genres if they are others.
        catalogue: the URL or file name of the catalogue or lock file, or "demo".
        options: those that shape the dataset, by name, in JSON types.
        permitted: the permissions that the build had, as option names.
        files: the size in bytes of each file of the build, by name.
    """

    configuration: str
    catalogue: str
    options: Mapping[str, Any]
    permitted: Sequence[str]
    files: Mapping[str, int]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the record of the build in a folder.

        Raises:
            OSError: there is none.
            ValueError: it is damaged.
        """
        values = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        if not isinstance(values, dict) or set(values) != {one.name for one in fields(cls)}:
            raise ValueError(f"{RECORD_FILE} is incomplete")
        record = cls(**values)
        types = (type(record.configuration), type(record.options), type(record.files))
        if types != (str, dict, dict):
            raise ValueError(f"{RECORD_FILE} holds values of other types")
        return record

    def write(self, filesystem: Any, folder: str) -> None:
        """Write the record into a folder of an fsspec filesystem."""
        path = posixpath.join(folder, RECORD_FILE)
        with filesystem.open(path, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=2)

    def chosen_options(self) -> dict[str, Any]:
        """Return the options whose values are not those of the configuration.

        The genres are not among them, as `configuration` names them.
        """
        usual = recorded_options(Options(**configured_values(self.configuration)))
        return {
            name: value
            for name, value in self.options.items()
            if name != "genres" and value != usual.get(name)
        }

    def lacks_permission(self, report: Report, options: Options) -> str | None:
        """Return the option that permits what this build had to reject, or None."""
        for name, reason in PERMISSIONS.items():
            is_new = getattr(options, name) and name not in self.permitted
            if is_new and (report.rejected or {}).get(reason.value):
                return name
        return None


def make_record(
    configuration: str, catalogue: str, options: Options, filesystem: Any, folder: str
) -> BuildRecord:
    """Create the record of the build whose files are in a folder of an fsspec filesystem."""
    files = {
        posixpath.basename(file["name"]): file["size"]
        for file in filesystem.ls(folder, detail=True)
        if file["type"] == "file"
    }
    return BuildRecord(
        configuration,
        catalogue,
        recorded_options(options),
        [name for name in PERMISSIONS if getattr(options, name)],
        dict(sorted(files.items())),
    )


def recorded_options(options: Options) -> dict[str, Any]:
    """Return the options by which builds differ, by name, in JSON types."""
    return dataset_options(options) | {
        "respect_opt_out": options.respect_opt_out,
        "allow_missing": options.allow_missing,
    }


def builds_folder(cache_dir: str | Path | None, dataset_name: str | None = None) -> Path:
    """Return the folder that holds the builds of a cache; by default the cache of `datasets`."""
    root = expand_home(str(cache_dir or datasets.config.HF_DATASETS_CACHE))
    return root / (dataset_name or NAME)


def find_damage(folder: Path) -> str | None:
    """Return what is damaged in the build in a folder of this machine, or None.

    The sizes of the files, the structure of the Arrow files and the number of their rows are
    compared with what was written, which takes milliseconds. The posters themselves are not read.
    """
    try:
        files = BuildRecord.read(folder).files
        for name, size in files.items():
            found = (folder / name).stat().st_size
            if found != size:
                return f"{name} has {found:,} bytes instead of {size:,}"
        counts = [_count_rows(folder / name) for name in files if name.endswith(".arrow")]
        posters = count_posters(folder)
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except DAMAGE as error:
        return f"{type(error).__name__}: {error}".rstrip(".")
    is_complete = not counts or sum(counts) == posters  # a build in Parquet has no Arrow files
    return None if is_complete else f"it has {sum(counts)} posters instead of {posters}"


def count_posters(folder: Path) -> int:
    """Return the number of posters that `datasets` wrote into the build in a folder."""
    splits = datasets.DatasetInfo.from_directory(str(folder)).splits or {}
    return sum(split.num_examples for split in splits.values())


def _count_rows(path: Path) -> int:
    """Return the number of rows of an Arrow file, of which only the structure is read."""
    with path.open("rb") as content:
        content.seek(-len(_END), os.SEEK_END)
        if content.read() != _END:
            raise ValueError(f"the end of {path.name} is missing")
    with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as batches:
        return sum(batch.num_rows for batch in batches)
