"""A built dataset is laid out as other libraries read it: as folders, Parquet or WebDataset."""

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

import datasets
from datasets.utils.py_utils import convert_file_size_to_int
from datasets.utils.tqdm import tqdm

from movie_posters_decade.config import MAX_SHARD_SIZE
from movie_posters_decade.images.checks import file_extension

Row = dict[str, Any]

MANIFEST = "manifest.csv"
"""Tells of each poster its file, and of its movie all that the dataset tells."""

MANIFEST_COLUMNS = (
    "file",
    "sha256",
    "split",
    "decade",
    "label",
    "imdb_id",
    "title",
    "year",
    "genres",
    "imdb_score",
    "poster_url",
)

# What Windows takes for a device, whatever the extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])")
_LONGEST_NAME = 64


@dataclass(frozen=True)
class Entry:
    """A poster on its way into a file.

    Attributes:
        split: "train" or "test".
        decade: such as "1970s".
        stem: a name that no other poster of its split has, safe on any disk.
        content: the image's bytes.
        fields: the other fields of the example.
    """

    split: str
    decade: str
    stem: str
    content: bytes
    fields: dict[str, Any]

    def row(self, file: str) -> dict[str, Any]:
        """Return the poster's row in the manifest, given the file that holds it."""
        told = {
            "file": file,
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "split": self.split,
            "decade": self.decade,
            "genres": "|".join(self.fields.get("genres") or ()),
        }
        return {column: (self.fields | told).get(column) for column in MANIFEST_COLUMNS}


def lay_out(
    dataset: datasets.DatasetDict,
    folder: Path,
    layout: str,
    max_shard_size: int | str = MAX_SHARD_SIZE,
) -> None:
    """Write a dataset into an empty folder, with a manifest of its posters.

    Args:
        dataset: as the builder gives it.
        folder: an empty one.
        layout: "folders" for ``<split>/<decade>/<imdb_id>.<extension>``, "parquet" for
            ``data/<split>-<shard>-of-<shards>.parquet``, or "webdataset" for
            ``<split>-<shard>.tar``, whose members are the image, its label as a number (``.cls``)
            and the other fields (``.json``).
        max_shard_size: how large a shard of Parquet or WebDataset is to be, about.

    Raises:
        OSError: a file cannot be written.
    """
    total = sum(map(len, dataset.values()))
    shard_bytes = convert_file_size_to_int(max_shard_size)
    with (
        tqdm(desc="Export", unit="poster", total=total) as bar,
        (folder / MANIFEST).open("w", newline="", encoding="utf-8") as file,
    ):
        manifest = csv.DictWriter(file, MANIFEST_COLUMNS)
        manifest.writeheader()
        for split, part in dataset.items():
            for row in LAYOUTS[layout](str(split), part, folder, shard_bytes):
                manifest.writerow(row)
                bar.update()


def _write_folders(split: str, part: datasets.Dataset, folder: Path, _: int) -> Iterator[Row]:
    for entry in _entries(split, part):
        name = f"{split}/{entry.decade}/{entry.stem}{file_extension(entry.content)}"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.content)
        yield entry.row(name)


def _write_webdataset(
    split: str, part: datasets.Dataset, folder: Path, shard_bytes: int
) -> Iterator[Row]:
    for number, entries in enumerate(_shards(_entries(split, part), shard_bytes)):
        name = f"{split}-{number:06}.tar"
        with tarfile.open(folder / name, "x", format=tarfile.USTAR_FORMAT) as archive:
            for entry in entries:
                _add_sample(archive, entry)
                yield entry.row(name)


def _shards(entries: Iterable[Entry], shard_bytes: int) -> Iterator[Iterator[Entry]]:
    """Yield the entries shard by shard; each shard has to be used up before the next."""
    begin = 0

    def shard_of(entry: Entry) -> int:
        nonlocal begin
        shard = begin // shard_bytes
        begin += len(entry.content)
        return shard

    return (shard for _, shard in groupby(entries, key=shard_of))


def _add_sample(archive: tarfile.TarFile, entry: Entry) -> None:
    fields = entry.fields | {"decade": entry.decade}
    parts = {
        file_extension(entry.content): entry.content,
        ".cls": str(entry.fields["label"]).encode(),
        ".json": json.dumps(fields, ensure_ascii=False).encode(),
    }
    for extension, content in parts.items():
        # Without owner and time, so that the same dataset gives the same bytes.
        member = tarfile.TarInfo(f"{entry.stem}{extension}")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


def _write_parquet(
    split: str, part: datasets.Dataset, folder: Path, shard_bytes: int
) -> Iterator[Row]:
    (folder / "data").mkdir(exist_ok=True)
    size = part.data.nbytes * len(part) // max(1, len(part.data))
    shards = max(1, min(len(part), ceil(size / shard_bytes)))
    for number in range(shards):
        shard = part.shard(shards, number, contiguous=True)
        name = f"data/{split}-{number:05}-of-{shards:05}.parquet"
        shard.to_parquet(folder / name)
        yield from (entry.row(name) for entry in _entries(split, shard))


LAYOUTS: dict[str, Callable[[str, datasets.Dataset, Path, int], Iterator[Row]]] = {
    "folders": _write_folders,
    "parquet": _write_parquet,
    "webdataset": _write_webdataset,
}
"""What writes a split of a dataset into a folder, and yields the manifest's rows."""


def _entries(split: str, part: datasets.Dataset) -> Iterator[Entry]:
    taken: Counter[str] = Counter()
    decades = part.features["label"]
    for example in part.cast_column("image", datasets.Image(decode=False)):
        content = example.pop("image")["bytes"]
        stem = _untaken(safe_name(example["imdb_id"]), taken)
        yield Entry(split, decades.int2str(example["label"]), stem, content, example)


def safe_name(imdb_id: str) -> str:
    """Write an id as a file name that is safe on any disk, whatever the catalogue holds.

    It has letters, digits, hyphens and underscores alone, in lower case as some disks have one
    case, and is no device of Windows.
    """
    name = re.sub(r"[^a-z0-9-]", "_", imdb_id.lower())[:_LONGEST_NAME] or "_"
    return f"{name}_" if _DEVICES.fullmatch(name) else name


def _untaken(name: str, taken: Counter[str]) -> str:
    """Return the name, or with a number after it if it is taken, and take that."""
    untaken = name
    while untaken in taken:
        taken[name] += 1
        untaken = f"{name}_{taken[name]}"
    taken[untaken] = 1
    return untaken
