"""A built dataset becomes files in a folder: folders of posters, Parquet or WebDataset."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import datasets

from movie_posters_decade import __version__
from movie_posters_decade.config import MAX_SHARD_SIZE, ImageTransform
from movie_posters_decade.errors import ExportError
from movie_posters_decade.exports.replace import Found, aside, look_into, replace
from movie_posters_decade.exports.writers import lay_out
from movie_posters_decade.images.transform import transform_image

DRAWN_AT_ONCE = 32
"""How many posters that were drawn anew are held in memory."""

RECIPE = "export.json"
"""Tells how an export was made: its layout, and how posters were drawn anew."""


def export(
    dataset: datasets.DatasetDict,
    output: Path | str,
    layout: str = "folders",
    *,
    transform: ImageTransform | None = None,
    extras: Mapping[str, bytes] | None = None,
    overwrite: bool = False,
    max_shard_size: int | str = MAX_SHARD_SIZE,
) -> bool:
    """Write a dataset as folders, Parquet or WebDataset, with a manifest of its posters.

    Everything is written aside first and then renamed: a new folder appears whole, and in one that
    is there each file takes the place of an earlier export's.

    Args:
        dataset: as the builder gives it.
        output: a folder that does not exist, is empty, or holds nothing but an earlier export.
        layout: "folders", "parquet" or "webdataset", as `lay_out` says.
        transform: whether and how posters are drawn anew; by default they are as they were downloaded.
        extras: the contents of other files to write beside the manifest, by name: a build's rejections
            and lock file are its ``tables``.
        overwrite: whether the folder may hold other things too, which are left alone.
        max_shard_size: how large a shard of Parquet or WebDataset is to be, about.

    Returns:
        Whether anything was written: not if the folder holds the same export already.

    Raises:
        ExportError: the folder holds anything else, or cannot be written.
    """
    output, transform = Path(output).resolve(), transform or ImageTransform()
    found = check_output(output, overwrite=overwrite)
    with _told_in_a_sentence(output), aside(found) as place:
        new = place / "new"
        new.mkdir()
        lay_out(_drawn_anew(dataset, transform, place), new, layout, max_shard_size)
        made = {"movie_posters_decade": __version__, "layout": layout, **asdict(transform)}
        (new / RECIPE).write_bytes(f"{json.dumps(made)}\n".encode())
        for name, content in (extras or {}).items():
            (new / name).write_bytes(content)
        return replace(found, new)


def check_output(output: Path, *, overwrite: bool = False) -> Found:
    """See that a folder may be exported into, as `export` does, and return what it holds.

    Raises:
        ExportError: it may not.
    """
    with _told_in_a_sentence(output):
        found = look_into(output.resolve())
        if not overwrite:
            found.check_alone()
        return found


@contextmanager
def _told_in_a_sentence(output: Path) -> Iterator[None]:
    try:
        yield
    except ExportError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(
            f"{output}: the folder cannot be written: {reason}. Choose another folder."
        ) from error


def _drawn_anew(
    dataset: datasets.DatasetDict, transform: ImageTransform, folder: Path
) -> datasets.DatasetDict:
    if not transform.changes:
        return dataset
    return datasets.DatasetDict(
        {
            split: part.cast_column("image", datasets.Image(decode=False))
            .map(
                partial(_draw_anew, transform=transform),
                desc="Draw anew",
                writer_batch_size=DRAWN_AT_ONCE,
                cache_file_name=str(folder / f"{split}.arrow"),
                new_fingerprint=f"drawn-{split}",
            )
            .cast_column("image", part.features["image"])
            for split, part in dataset.items()
        }
    )


def _draw_anew(example: dict[str, Any], transform: ImageTransform) -> dict[str, Any]:
    return {"image": {"bytes": transform_image(example["image"]["bytes"], transform), "path": None}}
