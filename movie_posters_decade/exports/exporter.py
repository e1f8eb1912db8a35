"""Exporter: writes a build into a folder, as an image folder, Parquet or WebDataset."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from datasets import DatasetDict, Image

from movie_posters_decade import __version__
from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.errors import ExportError, OptionError
from movie_posters_decade.exports.croissant import CROISSANT_FILE, describe_export
from movie_posters_decade.exports.replace import (
    ExistingFiles,
    replace_files,
    scan_folder,
    staging_folder,
)
from movie_posters_decade.exports.writers import write_dataset
from movie_posters_decade.images import transform_image
from movie_posters_decade.options.options import EXPORT_FORMATS, MAX_SHARD_SIZE, NAME
from movie_posters_decade.options.transform import ImageTransform

EXPORT_FILE = "export.json"
"""Records the settings of an export. By it, an export knows an earlier one."""

_SIZE = re.compile(r"([1-9][0-9]*)([KMG])B", re.IGNORECASE | re.ASCII)
_UNITS = {"K": 10**3, "M": 10**6, "G": 10**9}


def export(
    build: Build,
    folder: Path | str,
    format: str = "folders",  # noqa: A002, the command line's --format
    *,
    image_size: tuple[int, int] | None = None,
    resize_mode: str = "crop",
    encode_format: str | None = None,
    encode_quality: int = 90,
    max_shard_size: int | str = MAX_SHARD_SIZE,
    overwrite: bool = False,
) -> bool:
    """Export a build to a folder, with a manifest, rejected posters, lock file and croissant.json.

    All files are written to a staging folder first and then renamed. So a new folder appears
    complete, and in an existing one each file replaces that of an earlier export.

    Args:
        build: a finished build.
        folder: a new or empty folder, or one that holds only an earlier export.
        format: "folders", "parquet" or "webdataset", as in `write_dataset`.
        image_size: width and height in pixels; None keeps each poster's own.
        resize_mode: "crop", "pad" or "stretch", as in `ImageTransform`.
        encode_format: "jpeg", "png" or "webp"; None keeps the original bytes, or means JPEG if
            posters are resized.
        encode_quality: of JPEG and WebP, from 1 to 100.
        max_shard_size: the approximate size of a Parquet or WebDataset shard, in bytes or as in
            "500MB".
        overwrite: whether the folder may hold other files, which are never changed.

    Returns:
        Whether anything was written. Nothing is if the folder already holds the same export.

    Raises:
        OptionError: an option has an invalid value.
        ExportError: the folder holds other files, or cannot be written.
    """
    transform = ImageTransform(image_size, resize_mode, encode_format, encode_quality)
    if format not in EXPORT_FORMATS:
        expected = " or ".join(EXPORT_FORMATS)
        raise OptionError(f"Option format: expected {expected}; found {format!r}.")
    shard_bytes = _parse_size(max_shard_size)
    folder = Path(folder).resolve()
    existing = check_output(folder, overwrite=overwrite)
    settings = {NAME: __version__, "format": format, **asdict(transform)}
    with _os_errors_as_export_errors(folder), staging_folder(existing) as staging:
        new = staging / "new"
        new.mkdir()
        write_dataset(_transformed(build.dataset, transform, staging), new, format, shard_bytes)
        (new / EXPORT_FILE).write_bytes(f"{json.dumps(settings)}\n".encode())
        for name, content in build.tables.items():
            (new / name).write_bytes(content)
        croissant = json.dumps(describe_export(build, new, settings), indent=2)
        (new / CROISSANT_FILE).write_bytes(f"{croissant}\n".encode())
        return replace_files(existing, new)


def export_files(
    files: Mapping[str, bytes], folder: Path | str, main_file: str, *, overwrite: bool = False
) -> bool:
    """Write files into a folder as `export` does, and return whether any changed.

    Args:
        files: their contents, by path in the folder.
        folder: a new or empty folder, or one that holds only such files from an earlier call.
        main_file: one of them, by which earlier ones are known.
        overwrite: whether the folder may hold other files, which are never changed.

    Raises:
        ExportError: the folder holds other files, or cannot be written.
    """
    folder = Path(folder).resolve()
    existing = check_output(folder, main_file, overwrite=overwrite)
    with _os_errors_as_export_errors(folder), staging_folder(existing) as staging:
        new = staging / "new"
        for name, content in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(content)
        return replace_files(existing, new)


def check_output(
    folder: Path, main_file: str = EXPORT_FILE, *, overwrite: bool = False
) -> ExistingFiles:
    """Check that `export` may write into a folder, and return what the folder holds.

    Raises:
        ExportError: it holds other files, or what another command wrote, or cannot be read.
    """
    with _os_errors_as_export_errors(folder):
        existing = scan_folder(folder.resolve())
    expected = f"expected a new or empty folder, or one with an earlier {main_file}"
    names = {name for name, _ in existing.listed}
    if names and main_file not in names:
        raise ExportError(
            f"{existing.folder}: {expected}; found {min(names)}, which another command wrote. "
            "Choose another folder."
        )
    if existing.others and not overwrite:
        raise ExportError(
            f"{existing.folder}: {expected}; found {existing.others[0]}, which was not written "
            "with it or was changed since. Choose another folder, or keep the other files and "
            "write beside them with overwrite=True (--overwrite)."
        )
    return existing


@contextmanager
def _os_errors_as_export_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except ExportError:
        raise
    except OSError as error:
        reason = f"the folder cannot be written: {error.strerror or error}"
        raise ExportError(f"{folder}: {reason}. Choose another folder.") from error


def _parse_size(size: int | str) -> int:
    """Return a size in bytes, given a number or a text such as "500MB"."""
    if isinstance(size, int) and not isinstance(size, bool) and size > 0:
        return size
    match = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if match:
        return int(match[1]) * _UNITS[match[2].upper()]
    raise OptionError(
        f"Option max_shard_size: expected a size, as in 500MB or 2GB; found {size!r}."
    )


def _transformed(dataset: DatasetDict, transform: ImageTransform, folder: Path) -> DatasetDict:
    """Return a dataset with its posters resized and re-encoded, stored in Arrow files."""
    if not transform.changes:
        return dataset

    def transformed(example: dict[str, Any]) -> dict[str, Any]:
        content = transform_image(example["image"]["bytes"], transform)
        return {"image": {"bytes": content, "path": None}}

    splits = DatasetDict()
    for split, examples in dataset.items():
        splits[split] = examples.cast_column("image", Image(decode=False)).map(
            transformed,
            features=examples.features,
            desc="Transform",
            writer_batch_size=32,  # posters in memory
            cache_file_name=str(folder / f"{split}.arrow"),
            new_fingerprint=f"transformed-{split}",
        )
    return splits
