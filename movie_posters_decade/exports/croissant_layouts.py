"""Croissant layouts: the files and record sets of an export, in one definition for each format.

The definitions are what the library mlcroissant can load. It carries out only the first join of a
record set. A field that joins changes the file property which it takes for all other fields, so
here it takes the property whole. And it filters by the names of files alone.
"""

import re
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets import Features

from movie_posters_decade.exports.croissant_fields import (
    SPLIT_TYPE,
    Json,
    describe_file,
    enumeration,
    field,
    file_set,
    from_field,
    from_file,
    record_set,
    typed_field,
)
from movie_posters_decade.exports.writers import MANIFEST

_PARQUET = "application/x-parquet"  # the name by which mlcroissant knows it

_FILE_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".lock": "application/jsonlines",
    ".parquet": _PARQUET,
    ".tar": "application/x-tar",
}
"""The media types of the files that are no posters, by extension."""

_IMAGE_TYPES = {".jpg": "image/jpeg", ".tif": "image/tiff"}
"""The media types of posters that are not called as the extension is."""

_SPLITS = {
    "train": "cr:TrainingSplit",
    "validation": "cr:ValidationSplit",
    "test": "cr:TestSplit",
}
"""Croissant's names of the splits."""

_IMDB_ID = re.compile(r"tt[0-9]+")


@dataclass(frozen=True)
class ExportedFiles:
    """The files of an export, and what is in them.

    Attributes:
        folder: holds them.
        features: of the dataset.
        splits: their names.
        columns: of the manifest.
        imdb_ids: of all posters.
    """

    folder: Path
    features: Features
    splits: Sequence[str]
    columns: Sequence[str]
    imdb_ids: Sequence[str]

    @property
    def extensions(self) -> list[str]:
        """The extensions of the poster files, such as ".jpg", in folders and shards."""
        names = [path.name for path in self.folder.rglob("*") if path.is_file()]
        for path in self.folder.glob("*.tar"):
            with tarfile.open(path) as archive:
                names += archive.getnames()
        return sorted({Path(name).suffix for name in names} - {*_FILE_TYPES, ".cls"})

    @property
    def image_types(self) -> list[str]:
        """The media types of the poster files."""
        return [_IMAGE_TYPES.get(name, f"image/{name[1:]}") for name in self.extensions]

    @property
    def split_pattern(self) -> str:
        """A regular expression with one group, which matches the name of a split."""
        return f"({'|'.join(self.splits)})"


@dataclass(frozen=True)
class Layout:
    """How the posters of an export format are described."""

    file_sets: Callable[[ExportedFiles], Iterable[Json]]
    record_sets: Callable[[ExportedFiles], Iterable[Json]]


def describe_files(files: ExportedFiles, export_format: str) -> list[Json]:
    """Return the distribution: each single file with its SHA-256, and the sets of posters."""
    single = [
        describe_file(path, path.relative_to(files.folder).as_posix(), _FILE_TYPES[path.suffix])
        for path in sorted(files.folder.rglob("*"))
        if path.suffix in _FILE_TYPES
    ]
    return [*single, *LAYOUTS[export_format].file_sets(files)]


def describe_record_sets(files: ExportedFiles, export_format: str) -> list[Json]:
    """Return the record sets: splits, decades, the manifest, and the posters."""
    return [
        _splits(files),
        _decades(files),
        _manifest(files),
        *LAYOUTS[export_format].record_sets(files),
    ]


def _splits(files: ExportedFiles) -> Json:
    rows = [{"name": split, "url": _SPLITS[split]} for split in files.splits]
    types = {"name": "sc:Text", "url": "sc:URL"}
    return enumeration("splits", "cr:Split", rows, types, "The splits.")


def _decades(files: ExportedFiles) -> Json:
    names = enumerate(files.features["label"].names)
    rows = [{"name": name, "label": label} for label, name in names]
    types = {"name": "sc:Text", "label": "sc:Integer"}
    return enumeration("decades", "sc:Enumeration", rows, types, "The classes and their numbers.")


def _manifest(files: ExportedFiles) -> Json:
    references = {
        "split": from_field("splits", "name"),
        "decade": from_field("decades", "name"),
    }
    fields = []
    for name in files.columns:
        source: Json = {"fileObject": {"@id": MANIFEST}, "extract": {"column": name}}
        column = typed_field("manifest", name, files.features, source)
        if "isArray" in column:
            source["transform"] = {"separator": "|"}
        if name in references:
            column["references"] = references[name]
        fields.append(column)
    return record_set("manifest", fields, "A row for each poster, without the image.")


def _from_manifest(records: str, files: ExportedFiles, without: Iterable[str] = ()) -> list[Json]:
    """Return the fields of a record set that joins the manifest."""
    names = [name for name in files.columns if name not in {*without}]
    return [
        typed_field(records, name, files.features, from_field("manifest", name)) for name in names
    ]


def _folder_sets(files: ExportedFiles) -> Iterator[Json]:
    includes = [f"{split}/*/*" for split in files.splits]
    yield file_set("poster-files", files.image_types, includes)


def _folder_records(files: ExportedFiles) -> Iterator[Json]:
    path = from_file("poster-files", "fullpath", "(.+)")
    content = from_file("poster-files", "content")
    split = from_file("poster-files", "fullpath", f"^{files.split_pattern}/.+$")
    decade = from_file("poster-files", "fullpath", "^.+/([0-9]{4}s)/.+$")
    # Without a join, mlcroissant reads one poster at a time.
    images = [
        field("images", "file", "sc:Text", path),
        field("images", "image", "sc:ImageObject", content),
        field("images", "split", SPLIT_TYPE, split),
        field("images", "decade", ["sc:Text", "cr:Label"], decade),
    ]
    yield record_set("images", images, "The posters with split and decade.", "file")
    posters = [
        field("posters", "file", "sc:Text", path, from_field("manifest", "file")),
        field("posters", "image", "sc:ImageObject", content),
        field("posters", "split", SPLIT_TYPE, split),
        *_from_manifest("posters", files, without=("file", "split")),
    ]
    yield record_set("posters", posters, "The posters with all columns of the manifest.")


def _parquet_sets(_: ExportedFiles) -> Iterator[Json]:
    yield file_set("shards", [_PARQUET], ["data/*.parquet"])


def _parquet_records(files: ExportedFiles) -> Iterator[Json]:
    split = from_file("shards", "fullpath", f"^data/{files.split_pattern}-.+$")
    fields = [
        field("posters", "split", SPLIT_TYPE, split),
        field("posters", "decade", "sc:Text", from_field("decades", "name")),
    ]
    for name in files.features:
        source: Json = {"fileSet": {"@id": "shards"}, "extract": {"column": name}}
        if name == "image":
            source["transform"] = {"jsonPath": "bytes"}
        column = typed_field("posters", name, files.features, source)
        if name == "label":
            column["references"] = from_field("decades", "label")
        fields.append(column)
    yield record_set("posters", fields, "The posters with all columns of the dataset.")


def _tar_patterns(files: ExportedFiles) -> dict[str, str]:
    """Return the shards of each record set; one for each split, as archives are not filtered."""
    return {"posters": "*.tar"} | {split: f"{split}-*.tar" for split in files.splits}


def _tar_sets(files: ExportedFiles) -> Iterator[Json]:
    includes = [f"*{extension}" for extension in files.extensions]
    for name, pattern in _tar_patterns(files).items():
        shards = [{"@id": path.name} for path in sorted(files.folder.glob(pattern))]
        yield file_set(f"{name}-files", files.image_types, includes) | {"containedIn": shards}


def _tar_records(files: ExportedFiles) -> Iterator[Json]:
    # In a CSV file mlcroissant takes other ids for numbers or missing values, and finds none.
    joins = all(map(_IMDB_ID.fullmatch, files.imdb_ids))
    references = from_field("manifest", "imdb_id") if joins else None
    for name in _tar_patterns(files):
        # The name that a join has cut already matches as well, as the library matches it twice.
        key = from_file(f"{name}-files", "filename", r"^([^.]+)(?:\..+)?$")
        image = from_file(f"{name}-files", "content")
        fields = [
            field(name, "key", "sc:Text", key, references),
            field(name, "image", "sc:ImageObject", image),
            *(_from_manifest(name, files) if joins else ()),
        ]
        description = "All posters." if name == "posters" else f"The posters of {name}."
        yield record_set(name, fields, description, "key")


LAYOUTS = {
    "folders": Layout(_folder_sets, _folder_records),
    "parquet": Layout(_parquet_sets, _parquet_records),
    "webdataset": Layout(_tar_sets, _tar_records),
}
"""The layout of each export format."""
