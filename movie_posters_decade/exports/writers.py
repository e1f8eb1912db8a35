"""Export formats: image folder, Parquet and WebDataset, each with a manifest."""

import csv
import hashlib
import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetDict, Image
from datasets.utils.tqdm import tqdm

from movie_posters_decade.images import file_extension
from movie_posters_decade.schema import (
    CATALOGUE_FIELDS,
    DATASET_COLUMNS,
    MANIFEST_START,
    PROVENANCE_COLUMNS,
)
from movie_posters_decade.text.csv_cells import protect_row

Row = dict[str, Any]
"""A row of the manifest."""

MANIFEST = "manifest.csv"
"""Lists each poster with its file and all fields of the dataset."""

MANIFEST_COLUMNS = (*MANIFEST_START, *CATALOGUE_FIELDS, *PROVENANCE_COLUMNS)
"""The columns of the manifest, before the extra ones of the dataset."""

# Windows takes these for devices, whatever the extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])")


@dataclass(frozen=True)
class Example:
    """A poster that is written to a file, with its decade among the fields.

    The stem is a file name without extension, unique in its split and safe on any disk.
    """

    split: str
    stem: str
    content: bytes
    fields: dict[str, Any]

    def manifest_row(self, file: str) -> Row:
        """Return the poster's row in the manifest, given the file that holds it."""
        sha256 = hashlib.sha256(self.content).hexdigest()
        genres = "|".join(self.fields.get("genres") or ())
        return self.fields | {"file": file, "sha256": sha256, "split": self.split, "genres": genres}


def write_dataset(dataset: DatasetDict, folder: Path, export_format: str, shard_bytes: int) -> None:
    """Write a dataset and its manifest into an empty folder.

    The format "folders" gives ``<split>/<decade>/<imdb_id>.<extension>``, and "parquet" gives
    ``data/<split>-<shard>-of-<shards>.parquet``. "webdataset" gives ``<split>-<shard>.tar``, with
    an image, its label as a number (``.cls``) and the other fields (``.json``) for each movie. The
    size of a shard is approximate.
    """
    total = sum(map(len, dataset.values()))
    with (
        tqdm(desc="Export", unit="poster", total=total) as bar,
        (folder / MANIFEST).open("w", newline="", encoding="utf-8") as file,
    ):
        manifest = csv.DictWriter(file, manifest_columns(dataset), extrasaction="ignore")
        manifest.writeheader()
        for split, examples in dataset.items():
            for row in WRITERS[export_format](str(split), examples, folder, shard_bytes):
                manifest.writerow(protect_row(row))
                bar.update()


def manifest_columns(dataset: DatasetDict) -> list[str]:
    """Return the columns of a dataset's manifest: the usual ones, then the extra ones."""
    names = next(iter(dataset.column_names.values()))
    return [*MANIFEST_COLUMNS, *(name for name in names if name not in DATASET_COLUMNS)]


def _write_folders(split: str, dataset: Dataset, folder: Path, _: int) -> Iterator[Row]:
    for example in _examples(split, dataset):
        decade, extension = example.fields["decade"], file_extension(example.content)
        name = f"{split}/{decade}/{example.stem}{extension}"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(example.content)
        yield example.manifest_row(name)


def _write_parquet(split: str, dataset: Dataset, folder: Path, shard_bytes: int) -> Iterator[Row]:
    (folder / "data").mkdir(exist_ok=True)
    size = dataset.data.nbytes * len(dataset) // max(1, len(dataset.data))
    shards = max(1, min(len(dataset), ceil(size / shard_bytes)))
    for number in range(shards):
        shard = dataset.shard(shards, number, contiguous=True)
        name = f"data/{split}-{number:05}-of-{shards:05}.parquet"
        shard.to_parquet(folder / name)
        yield from (example.manifest_row(name) for example in _examples(split, shard))


def _write_tars(split: str, dataset: Dataset, folder: Path, shard_bytes: int) -> Iterator[Row]:
    for number, examples in enumerate(_shards(_examples(split, dataset), shard_bytes)):
        name = f"{split}-{number:06}.tar"
        with tarfile.open(folder / name, "x", format=tarfile.USTAR_FORMAT) as archive:
            for example in examples:
                _add_to_tar(archive, example)
                yield example.manifest_row(name)


WRITERS: dict[str, Callable[[str, Dataset, Path, int], Iterator[Row]]] = {
    "folders": _write_folders,
    "parquet": _write_parquet,
    "webdataset": _write_tars,
}
"""The writer of each format, given a split's name and examples, the folder and a shard's bytes."""


def _shards(examples: Iterable[Example], shard_bytes: int) -> Iterator[Iterator[Example]]:
    """Yield the examples shard by shard. Each shard must be read to its end before the next."""
    written = 0

    def shard_of(example: Example) -> int:
        nonlocal written
        written += len(example.content)
        return (written - len(example.content)) // shard_bytes

    return (shard for _, shard in groupby(examples, key=shard_of))


def _add_to_tar(archive: tarfile.TarFile, example: Example) -> None:
    members = {
        file_extension(example.content): example.content,
        ".cls": str(example.fields["label"]).encode(),
        ".json": json.dumps(example.fields, ensure_ascii=False).encode(),
    }
    for extension, content in members.items():
        # Without owner and time, so that the same dataset gives the same bytes.
        member = tarfile.TarInfo(f"{example.stem}{extension}")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


def _examples(split: str, dataset: Dataset) -> Iterator[Example]:
    used: Counter[str] = Counter()
    label = dataset.features["label"]  # which copies all features each time
    for fields in dataset.cast_column("image", Image(decode=False)):
        content = fields.pop("image")["bytes"]
        stem = _unique_name(safe_name(fields["imdb_id"]), used)
        fields["decade"] = label.int2str(fields["label"])
        yield Example(split, stem, content, fields)


def safe_name(imdb_id: str) -> str:
    """Return a file name for an id that is safe on any disk, and never that of a Windows device.

    Letters are lower case, since some disks ignore case.
    """
    name = re.sub(r"[^a-z0-9-]", "_", imdb_id.lower())[:64] or "_"
    return f"{name}_" if _DEVICES.fullmatch(name) else name


def _unique_name(name: str, used: Counter[str]) -> str:
    """Return a name that is not in use, with a number appended if needed, and mark it as used."""
    unique = name
    while unique in used:
        used[name] += 1
        unique = f"{name}_{used[name]}"
    used[unique] = 1
    return unique
