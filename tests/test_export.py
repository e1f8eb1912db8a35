"""A dataset becomes a folder tree that replaces nothing but an earlier one."""

from pathlib import Path

import datasets
import pytest
from conftest import DECADES, World, paint

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.errors import ExportError
from movie_posters_decade.export import export_folders


@pytest.fixture
def dataset(world: World, tmp_path: Path) -> datasets.DatasetDict:
    builder = MoviePostersDecade(
        str(tmp_path / "cache"), data_files=world.catalogue, allow_private_hosts=True
    )
    builder.download_and_prepare()
    return builder.as_dataset()


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_tree_holds_every_posters_bytes(
    dataset: datasets.DatasetDict, world: World, tmp_path: Path
) -> None:
    output = tmp_path / "posters"
    export_folders(dataset, output)
    found = files(output)
    assert found.pop("manifest.csv").decode().count("\n") == 31
    for side, examples in dataset.items():
        for label, imdb_id in zip(examples["label"], examples["imdb_id"], strict=True):
            content = found.pop(f"{side}/{DECADES[label]}/{imdb_id}.jpg")
            assert content == world.host.answers[world.paths[imdb_id]][1]
    assert found == {}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_tree_loads_as_an_image_folder_with_the_same_labels(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    export_folders(dataset, tmp_path / "posters")
    loaded = datasets.load_dataset(
        "imagefolder", data_dir=str(tmp_path / "posters"), cache_dir=str(tmp_path / "cache")
    )
    for side, examples in dataset.items():
        assert loaded[side].features["label"].names == list(DECADES)
        assert sorted(loaded[side]["label"]) == sorted(examples["label"])


def test_later_export_replaces_the_earlier(dataset: datasets.DatasetDict, tmp_path: Path) -> None:
    output = tmp_path / "posters"
    export_folders(dataset, output)
    fewer = datasets.DatasetDict({side: part.select([0]) for side, part in dataset.items()})
    export_folders(fewer, output)
    assert len(files(output)) == 3


def test_folder_with_other_files_is_left_alone(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    output = tmp_path / "posters"
    export_folders(dataset, output)
    (output / "mine.txt").write_text("mine")
    before = files(output)
    with pytest.raises(ExportError) as error:
        export_folders(dataset, output)
    assert str(error.value) == (
        f"{output}: expected a new or empty folder, or an earlier export; found mine.txt, "
        "which no export wrote. Choose another folder."
    )
    assert files(output) == before


def test_manifest_that_is_not_ours_gives_no_right_to_replace(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_text("mine")
    (tmp_path / "manifest.csv").write_text("file,caption\na.jpg,mine\n")
    with pytest.raises(ExportError, match=r"found a\.jpg, which no export wrote"):
        export_folders(dataset, tmp_path)
    assert (tmp_path / "a.jpg").read_text() == "mine"


def test_exported_file_that_was_changed_is_not_replaced(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    output = tmp_path / "posters"
    export_folders(dataset, output)
    poster = next(output.rglob("*.jpg"))
    poster.write_text("mine")
    with pytest.raises(ExportError, match=poster.name):
        export_folders(dataset, output)
    assert poster.read_text() == "mine"


def test_current_folder_can_be_exported_into_again_and_again(
    dataset: datasets.DatasetDict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "posters"
    for _ in range(2):
        output.mkdir(exist_ok=True)
        monkeypatch.chdir(output)
        export_folders(dataset, Path())
        assert len(files(output)) == 31


def test_file_in_the_folders_place_is_left_alone(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    (tmp_path / "posters").write_text("mine")
    with pytest.raises(ExportError) as error:
        export_folders(dataset, tmp_path / "posters")
    assert str(error.value) == (
        f"{tmp_path}/posters: expected a folder to write into; found a file."
    )


def test_hostile_ids_stay_inside_the_folder(tmp_path: Path) -> None:
    ids = ["../../x", "/etc/x", "a/b", "a_b", "A_B", "C:\\x", "", "same", "same"]
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=["1990s"]),
            "imdb_id": datasets.Value("string"),
            "title": datasets.Value("string"),
            "year": datasets.Value("int32"),
            "poster_url": datasets.Value("string"),
        }
    )
    movie = {"image": {"bytes": paint("1990s", 1), "path": None}, "label": 0, "title": "../A"}
    examples = [{**movie, "imdb_id": imdb_id, "year": 1990, "poster_url": "u"} for imdb_id in ids]
    dataset = datasets.DatasetDict({"train": datasets.Dataset.from_list(examples, features)})
    export_folders(dataset, tmp_path / "out" / "posters")
    assert {path.split("/")[0] for path in files(tmp_path)} == {"out"}
    assert len(files(tmp_path / "out" / "posters" / "train" / "1990s")) == len(ids)
