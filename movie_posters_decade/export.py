"""A built dataset becomes a folder tree: a folder for each side, in it one for each decade."""

import csv
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets

from movie_posters_decade.errors import ExportError
from movie_posters_decade.inspection import file_extension

MANIFEST = "manifest.csv"
"""Lists the files of a tree, which is how a later export knows that it may replace it."""


def export_folders(dataset: datasets.DatasetDict, output: Path) -> None:
    """Write every poster's original bytes to ``output/<side>/<decade>/<imdb_id>.<extension>``.

    The tree appears whole or not at all, and replaces one that an earlier export wrote.

    Args:
        dataset: as the builder gives it.
        output: a folder that does not exist, is empty, or holds nothing but an earlier export.

    Raises:
        ExportError: the folder holds anything else, or cannot be written.
    """
    _check_replaceable(output)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=".export-") as unfinished:
            tree = Path(unfinished) / "tree"
            _write_tree(dataset, tree)
            if output.exists():
                shutil.rmtree(output)
            tree.rename(output)
    except OSError as error:
        raise ExportError(f"{output}: the folder cannot be written: {error}.") from error


def _check_replaceable(output: Path) -> None:
    if not output.exists():
        return
    if not output.is_dir():
        raise ExportError(f"{output}: expected a folder to write into; found a file.")
    found = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    strange = found - _listed(output / MANIFEST)
    if strange:
        raise ExportError(
            f"{output}: expected a new or empty folder, or an earlier export; found other files, "
            f"such as {min(strange)}. Choose another folder."
        )


def _listed(manifest: Path) -> set[str]:
    if not manifest.is_file():
        return set()
    with manifest.open(newline="", encoding="utf-8") as file:
        return {row["file"] for row in csv.DictReader(file) if "file" in row} | {MANIFEST}


def _write_tree(dataset: datasets.DatasetDict, tree: Path) -> None:
    tree.mkdir()
    with (tree / MANIFEST).open("w", newline="", encoding="utf-8") as file:
        manifest = csv.writer(file)
        manifest.writerow(["file", "side", "decade", "imdb_id", "title", "year", "poster_url"])
        for side, decade, example in _examples(dataset):
            content = example["image"]["bytes"]
            name = f"{side}/{decade}/{_safe_name(example['imdb_id'])}{file_extension(content)}"
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes(content)
            columns = ("imdb_id", "title", "year", "poster_url")
            manifest.writerow([name, side, decade, *(example[column] for column in columns)])


def _examples(dataset: datasets.DatasetDict) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for side, examples in dataset.items():
        decades = examples.features["label"]
        for example in examples.cast_column("image", datasets.Image(decode=False)):
            yield str(side), decades.int2str(example["label"]), example


def _safe_name(imdb_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "_", imdb_id)
