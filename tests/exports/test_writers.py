"""Other libraries read the exported formats, whatever the catalogue contains."""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import datasets
import pytest
from PIL import Image
from sample_builds import encoded_examples
from samples import DECADES, encode, paint, painted_decade
from webdataset.tariterators import group_by_keys, tar_file_expander

from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.exports.writers import (
    MANIFEST,
    MANIFEST_COLUMNS,
    WRITERS,
    safe_name,
    write_dataset,
)
from movie_posters_decade.options.options import EXPORT_FORMATS

JPEG = paint("1990s", 1)
ONE_SHARD = 10**9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    return folder


def manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / MANIFEST).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def samples(*shards: Path) -> list[dict[str, Any]]:
    """Read shards as the library webdataset does."""
    read = []
    for shard in shards:
        with shard.open("rb") as stream:
            files = tar_file_expander([{"url": str(shard), "stream": stream}])
            read += list(group_by_keys(files))
    return read


def make_dataset(ids: list[str], image: bytes = JPEG) -> datasets.DatasetDict:
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=["1990s"]),
            "imdb_id": datasets.Value("string"),
        }
    )
    rows = [
        {"image": {"bytes": image, "path": None}, "label": 0, "imdb_id": imdb_id} for imdb_id in ids
    ]
    return datasets.DatasetDict({"train": datasets.Dataset.from_list(rows, features)})


def test_every_format_has_a_writer() -> None:
    assert tuple(WRITERS) == EXPORT_FORMATS


def test_manifest_lists_all_fields_of_each_poster(build: Build, folder: Path) -> None:
    write_dataset(build.dataset, folder, "folders", ONE_SHARD)
    listed = manifest(folder)
    assert tuple(listed[0]) == MANIFEST_COLUMNS
    expected = [
        {
            "file": f"{split}/{DECADES[example['label']]}/{example['imdb_id']}.jpg",
            "sha256": hashlib.sha256(example["image"]["bytes"]).hexdigest(),
            "split": split,
            "decade": DECADES[example["label"]],
            "label": str(example["label"]),
            "imdb_id": example["imdb_id"],
            "title": example["title"],
            "year": str(example["year"]),
            "genres": "|".join(example["genres"]),
            "imdb_score": str(example["imdb_score"]),
            "poster_url": example["poster_url"],
            "source": "catalogue",
            "downloaded_url": example["poster_url"],
        }
        for split, rows in encoded_examples(build.dataset).items()
        for example in rows
    ]
    assert listed == expected


def test_folders_hold_original_bytes_and_nothing_but_images(build: Build, folder: Path) -> None:
    """Torchvision and Keras take every folder for a class and every file for an image."""
    write_dataset(build.dataset, folder, "folders", ONE_SHARD)
    for split, rows in encoded_examples(build.dataset).items():
        assert sorted(path.name for path in (folder / split).iterdir()) == list(DECADES)
        contents = sorted(example["image"]["bytes"] for example in rows)
        found = [path.read_bytes() for path in (folder / split).rglob("*") if path.is_file()]
        assert sorted(found) == contents
    assert {path.name for path in folder.iterdir()} == {"train", "test", MANIFEST}


def test_folders_load_as_an_image_folder_with_the_same_labels(
    build: Build, folder: Path, tmp_path: Path
) -> None:
    write_dataset(build.dataset, folder, "folders", ONE_SHARD)
    (folder / "rejected.csv").write_text("imdb_id\ntt1\n")
    loaded = datasets.load_dataset(
        "imagefolder", data_dir=str(folder), cache_dir=str(tmp_path / "cache")
    )
    for split, rows in build.dataset.items():
        assert loaded[split].features["label"].names == list(DECADES)
        assert sorted(loaded[split]["label"]) == sorted(rows["label"])
        for example in loaded[split]:
            assert painted_decade(example["image"]) == DECADES[example["label"]]


def test_parquet_loads_as_the_same_dataset(build: Build, folder: Path, tmp_path: Path) -> None:
    write_dataset(build.dataset, folder, "parquet", 4000)
    (folder / "rejected.csv").write_text("imdb_id\ntt1\n")
    assert len(list((folder / "data").glob("train-*.parquet"))) > 1
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert encoded_examples(loaded) == encoded_examples(build.dataset)
    assert loaded["train"].features == build.dataset["train"].features
    listed = {row["file"] for row in manifest(folder)}
    assert listed == {f"data/{path.name}" for path in (folder / "data").iterdir()}


def test_webdataset_is_read_by_webdataset(build: Build, folder: Path) -> None:
    write_dataset(build.dataset, folder, "webdataset", 20_000)
    for split, rows in encoded_examples(build.dataset).items():
        read = samples(*sorted(folder.glob(f"{split}-*.tar")))
        assert [sample["__key__"] for sample in read] == [row["imdb_id"] for row in rows]
        assert [int(sample["cls"]) for sample in read] == [row["label"] for row in rows]
        assert [sample["jpg"] for sample in read] == [row["image"]["bytes"] for row in rows]
        for sample, row in zip(read, rows, strict=True):
            fields = json.loads(sample["json"])
            assert fields.pop("decade") == DECADES[row["label"]]
            assert fields | {"image": row["image"]} == row


def test_manifest_names_the_shard_of_each_poster(build: Build, folder: Path) -> None:
    write_dataset(build.dataset, folder, "webdataset", 20_000)
    assert len(list(folder.glob("train-*.tar"))) > 1
    for shard in folder.glob("*.tar"):
        ids = [row["imdb_id"] for row in manifest(folder) if row["file"] == shard.name]
        assert [sample["__key__"] for sample in samples(shard)] == ids


def test_webdataset_loads_by_datasets(build: Build, folder: Path, tmp_path: Path) -> None:
    write_dataset(build.dataset, folder, "webdataset", ONE_SHARD)
    loaded = datasets.load_dataset(
        "webdataset", data_dir=str(folder), cache_dir=str(tmp_path / "cache")
    )
    for split, rows in build.dataset.items():
        assert loaded[split]["__key__"] == rows["imdb_id"]
        assert loaded[split]["cls"] == rows["label"]


@pytest.mark.parametrize("export_format", ["parquet", "webdataset"])
def test_shards_are_about_as_large_as_the_given_size(folder: Path, export_format: str) -> None:
    dataset = make_dataset([str(number) for number in range(100)], JPEG * 20)
    write_dataset(dataset, folder, export_format, 10 * 20 * len(JPEG))
    shards = [path for path in folder.rglob("train-*") if path.is_file()]
    assert 9 <= len(shards) <= 11


def test_same_dataset_gives_the_same_shards(build: Build, tmp_path: Path) -> None:
    for export_format in ("parquet", "webdataset"):
        trees = []
        for number in range(2):
            folder = tmp_path / f"{export_format}-{number}"
            folder.mkdir()
            write_dataset(build.dataset, folder, export_format, ONE_SHARD)
            trees.append({path.name: path.read_bytes() for path in folder.rglob("*.*")})
        assert trees[0] == trees[1]


def test_extension_follows_from_the_bytes(folder: Path) -> None:
    dataset = make_dataset(["tt1", "tt2"], encode(Image.open(io.BytesIO(JPEG)), "PNG"))
    write_dataset(dataset, folder, "folders", ONE_SHARD)
    names = [row["file"].rsplit("/", 1)[1] for row in manifest(folder)]
    assert names == ["tt1.png", "tt2.png"]


HOSTILE_PATHS = ["../../x", "/etc/x", "a/b", "C:\\x", "", ".", "..", "-", "x\0y", "x\ny"]
HOSTILE_NAMES = ["CON", "nul", "com1", "\u5f71", "\u7247", "a" * 300, "a" * 299]
REPEATED_NAMES = ["a_b", "A_B", "same", "same", "same_2"]
HOSTILE = HOSTILE_PATHS + HOSTILE_NAMES + REPEATED_NAMES


@pytest.mark.parametrize("export_format", ["folders", "webdataset"])
def test_hostile_ids_stay_in_the_folder_and_get_different_names(
    tmp_path: Path, folder: Path, export_format: str
) -> None:
    write_dataset(make_dataset(HOSTILE), folder, export_format, ONE_SHARD)
    assert [path for path in tmp_path.iterdir() if path != folder] == []
    if export_format == "folders":
        assert len(list((folder / "train" / "1990s").iterdir())) == len(HOSTILE)
    else:
        read = samples(folder / "train-000000.tar")
        assert len({sample["__key__"] for sample in read}) == len(HOSTILE)
        assert all("jpg" in sample for sample in read)


def test_names_of_windows_devices_are_changed() -> None:
    assert [safe_name(name) for name in ("CON", "Lpt1", "con.x", "console")] == [
        "con_",
        "lpt1_",
        "con_x",
        "console",
    ]
