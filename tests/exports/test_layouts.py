"""What is laid out is what other libraries read, whatever the catalogue holds."""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import datasets
import pytest
from PIL import Image
from samples import DECADES, paint, painted_decade
from webdataset.tariterators import group_by_keys, tar_file_expander

from movie_posters_decade.config import FORMATS
from movie_posters_decade.exports.writers import (
    LAYOUTS,
    MANIFEST,
    MANIFEST_COLUMNS,
    lay_out,
    safe_name,
)

JPEG = paint("1990s", 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "laid out").mkdir()
    return tmp_path / "laid out"


def examples(dataset: datasets.DatasetDict) -> dict[str, list[dict[str, Any]]]:
    """Return the examples by split, with the posters as they were downloaded."""
    return {
        split: list(part.cast_column("image", datasets.Image(decode=False)))
        for split, part in dataset.items()
    }


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


def test_formats_are_those_that_can_be_laid_out() -> None:
    assert tuple(LAYOUTS) == FORMATS


def test_manifest_tells_all_of_each_poster(dataset: datasets.DatasetDict, folder: Path) -> None:
    lay_out(dataset, folder, "folders")
    rows = manifest(folder)
    assert tuple(rows[0]) == MANIFEST_COLUMNS
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
        }
        for split, part in examples(dataset).items()
        for example in part
    ]
    assert rows == expected


def test_folders_hold_original_bytes_and_nothing_but_images(
    dataset: datasets.DatasetDict, folder: Path
) -> None:
    """As torchvision and Keras take every folder for a class and every file for an image."""
    lay_out(dataset, folder, "folders")
    for split, part in examples(dataset).items():
        assert sorted(path.name for path in (folder / split).iterdir()) == list(DECADES)
        contents = sorted(example["image"]["bytes"] for example in part)
        found = [path.read_bytes() for path in (folder / split).rglob("*") if path.is_file()]
        assert sorted(found) == contents
    assert {path.name for path in folder.iterdir()} == {"train", "test", MANIFEST}


def test_folders_load_as_an_image_folder_with_the_same_labels(
    dataset: datasets.DatasetDict, folder: Path, tmp_path: Path
) -> None:
    lay_out(dataset, folder, "folders")
    (folder / "rejected.csv").write_text("imdb_id\ntt1\n")
    loaded = datasets.load_dataset(
        "imagefolder", data_dir=str(folder), cache_dir=str(tmp_path / "cache")
    )
    for split, part in dataset.items():
        assert loaded[split].features["label"].names == list(DECADES)
        assert sorted(loaded[split]["label"]) == sorted(part["label"])
        for example in loaded[split]:
            assert painted_decade(example["image"]) == DECADES[example["label"]]


def test_parquet_loads_as_the_same_dataset(
    dataset: datasets.DatasetDict, folder: Path, tmp_path: Path
) -> None:
    lay_out(dataset, folder, "parquet", max_shard_size=4000)
    (folder / "rejected.csv").write_text("imdb_id\ntt1\n")
    assert len(list((folder / "data").glob("train-*.parquet"))) > 1
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert examples(loaded) == examples(dataset)
    assert loaded["train"].features == dataset["train"].features
    files = {row["file"] for row in manifest(folder)}
    assert files == {f"data/{path.name}" for path in (folder / "data").iterdir()}


def test_webdataset_is_read_by_webdataset(dataset: datasets.DatasetDict, folder: Path) -> None:
    lay_out(dataset, folder, "webdataset", max_shard_size=20_000)
    for split, part in examples(dataset).items():
        read = samples(*sorted(folder.glob(f"{split}-*.tar")))
        assert [sample["__key__"] for sample in read] == [row["imdb_id"] for row in part]
        assert [int(sample["cls"]) for sample in read] == [row["label"] for row in part]
        assert [sample["jpg"] for sample in read] == [row["image"]["bytes"] for row in part]
        for sample, row in zip(read, part, strict=True):
            told = json.loads(sample["json"])
            assert told.pop("decade") == DECADES[row["label"]]
            assert told | {"image": row["image"]} == row


def test_manifest_names_the_shard_of_each_poster(
    dataset: datasets.DatasetDict, folder: Path
) -> None:
    lay_out(dataset, folder, "webdataset", max_shard_size=20_000)
    assert len(list(folder.glob("train-*.tar"))) > 1
    for shard in folder.glob("*.tar"):
        ids = [row["imdb_id"] for row in manifest(folder) if row["file"] == shard.name]
        assert [sample["__key__"] for sample in samples(shard)] == ids


def test_webdataset_loads_by_datasets(
    dataset: datasets.DatasetDict, folder: Path, tmp_path: Path
) -> None:
    lay_out(dataset, folder, "webdataset")
    loaded = datasets.load_dataset(
        "webdataset", data_dir=str(folder), cache_dir=str(tmp_path / "cache")
    )
    for split, part in dataset.items():
        assert loaded[split]["__key__"] == part["imdb_id"]
        assert loaded[split]["cls"] == part["label"]


@pytest.mark.parametrize("layout", ["parquet", "webdataset"])
def test_shards_are_about_as_large_as_asked(folder: Path, layout: str) -> None:
    dataset = make_dataset([str(number) for number in range(100)], JPEG * 20)
    lay_out(dataset, folder, layout, max_shard_size=10 * 20 * len(JPEG))
    shards = [path for path in folder.rglob("train-*") if path.is_file()]
    assert 9 <= len(shards) <= 11


def test_same_dataset_gives_the_same_shards(dataset: datasets.DatasetDict, tmp_path: Path) -> None:
    for layout in ("parquet", "webdataset"):
        trees = []
        for number in range(2):
            folder = tmp_path / f"{layout}-{number}"
            folder.mkdir()
            lay_out(dataset, folder, layout)
            trees.append({path.name: path.read_bytes() for path in folder.rglob("*.*")})
        assert trees[0] == trees[1]


def test_extension_is_what_the_bytes_say(folder: Path) -> None:
    file = io.BytesIO()
    Image.open(io.BytesIO(paint("1990s", 1))).save(file, "PNG")
    dataset = make_dataset(["tt1", "tt2"], image=file.getvalue())
    lay_out(dataset, folder, "folders")
    names = [row["file"].rsplit("/", 1)[1] for row in manifest(folder)]
    assert names == ["tt1.png", "tt2.png"]


HOSTILE = [
    *(
        "../../x",
        "/etc/x",
        "a/b",
        "a_b",
        "A_B",
        "C:\\x",
        "",
        "same",
        "same",
        "same_2",
        "CON",
        "nul",
    ),
    *("com1", "x\0y", "x\ny", ".", "..", "-", "\u5f71", "\u7247", "a" * 300, "a" * 299),
]


@pytest.mark.parametrize("layout", ["folders", "webdataset"])
def test_hostile_ids_stay_inside_and_apart(tmp_path: Path, folder: Path, layout: str) -> None:
    lay_out(make_dataset(HOSTILE), folder, layout)
    assert [path for path in tmp_path.iterdir() if path != folder] == []
    if layout == "folders":
        assert len(list((folder / "train" / "1990s").iterdir())) == len(HOSTILE)
    else:
        read = samples(folder / "train-000000.tar")
        assert len({sample["__key__"] for sample in read}) == len(HOSTILE)
        assert all("jpg" in sample for sample in read)


def test_names_are_no_devices() -> None:
    assert [safe_name(name) for name in ("CON", "Lpt1", "con.x", "console")] == [
        "con_",
        "lpt1_",
        "con_x",
        "console",
    ]
