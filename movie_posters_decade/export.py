"""A built dataset becomes a folder tree: a folder for each side, in it one for each decade."""

import csv
import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets

from movie_posters_decade.errors import ExportError
from movie_posters_decade.inspection import file_extension

MANIFEST = "manifest.csv"
"""Lists the files of a tree, which is how a later export knows that it may replace it."""

COLUMNS = ("file", "sha256", "side", "decade", "imdb_id", "title", "year", "poster_url")


def export_folders(dataset: datasets.DatasetDict, output: Path) -> None:
    """Write every poster's original bytes to ``output/<side>/<decade>/<imdb_id>.<extension>``.

    The tree appears whole or not at all, and replaces one that an earlier export wrote.

    Args:
        dataset: as the builder gives it.
        output: a folder that does not exist, is empty, or holds nothing but an earlier export.

    Raises:
        ExportError: the folder holds anything else, or cannot be written.
    """
    output = output.resolve()
    _check_replaceable(output)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=".export-") as beside:
            new, old = Path(beside) / "new", Path(beside) / "old"
            _write_tree(dataset, new)
            if output.exists():
                output.rename(old)
            new.rename(output)
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"{output}: the folder cannot be written: {reason}.") from error


def _check_replaceable(output: Path) -> None:
    if not output.exists():
        return
    if not output.is_dir():
        raise ExportError(f"{output}: expected a folder to write into; found a file.")
    ours = _listed(output)
    for path in sorted(output.rglob("*")):
        name = path.relative_to(output).as_posix()
        is_folder = path.is_dir() and not path.is_symlink()
        if not is_folder and (name not in ours or path.is_symlink() or _digest(path) != ours[name]):
            raise ExportError(
                f"{output}: expected a new or empty folder, or an earlier export; found {name}, "
                "which no export wrote. Choose another folder."
            )


def _listed(output: Path) -> dict[str, str]:
    """Return the digests of the files that an earlier export wrote, by their names."""
    manifest = output / MANIFEST
    if not manifest.is_file():
        return {}
    with manifest.open(newline="", encoding="utf-8", errors="replace") as file:
        table = csv.DictReader(file)
        if tuple(table.fieldnames or ()) != COLUMNS:
            return {}
        files = {row["file"]: row["sha256"] for row in table}
    return files | {MANIFEST: _digest(manifest)}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_tree(dataset: datasets.DatasetDict, tree: Path) -> None:
    tree.mkdir()
    used: Counter[str] = Counter()
    with (tree / MANIFEST).open("w", newline="", encoding="utf-8") as file:
        manifest = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        manifest.writeheader()
        for side, decade, example in _examples(dataset):
            content = example["image"]["bytes"]
            stem = f"{side}/{decade}/{_safe_name(example['imdb_id'])}"
            used[stem] += 1
            repeat = f"_{used[stem]}" if used[stem] > 1 else ""
            name = f"{stem}{repeat}{file_extension(content)}"
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as poster:
                poster.write(content)
            told = {"file": name, "sha256": hashlib.sha256(content).hexdigest()}
            manifest.writerow(example | told | {"side": side, "decade": decade})


def _examples(dataset: datasets.DatasetDict) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for side, examples in dataset.items():
        decades = examples.features["label"]
        for example in examples.cast_column("image", datasets.Image(decode=False)):
            yield str(side), decades.int2str(example["label"]), example


def _safe_name(imdb_id: str) -> str:
    """Write an id with letters, digits and hyphens alone, in lower case as some disks have one."""
    return re.sub(r"[^a-z0-9-]", "_", imdb_id.lower()) or "_"
