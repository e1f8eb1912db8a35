"""A dataset becomes files in a folder, which replace nothing but those of an earlier export."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import pytest

from movie_posters_decade import __version__
from movie_posters_decade.config import ImageTransform
from movie_posters_decade.errors import ExportError
from movie_posters_decade.exports.exporter import export
from movie_posters_decade.exports.replace import SUMS
from movie_posters_decade.exports.writers import LAYOUTS


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def stamps(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_sums_are_those_of_all_other_files(dataset: datasets.DatasetDict, tmp_path: Path) -> None:
    output = tmp_path / "posters"
    assert export(dataset, output, extras={"rejected.csv": b"none"})
    found = files(output)
    sums = found.pop(SUMS).decode().splitlines()
    assert sums == [
        f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in sorted(found.items())
    ]
    assert found["rejected.csv"] == b"none"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_same_export_again_changes_nothing(
    dataset: datasets.DatasetDict, tmp_path: Path, layout: str
) -> None:
    assert export(dataset, tmp_path / "posters", layout)
    before = stamps(tmp_path / "posters")
    assert not export(dataset, tmp_path / "posters", layout)
    assert stamps(tmp_path / "posters") == before


def test_missing_file_is_written_again(dataset: datasets.DatasetDict, tmp_path: Path) -> None:
    output = tmp_path / "posters"
    export(dataset, output)
    before = files(output)
    next(output.rglob("*.jpg")).unlink()
    assert export(dataset, output)
    assert files(output) == before


def test_later_export_replaces_the_earlier(dataset: datasets.DatasetDict, tmp_path: Path) -> None:
    output = tmp_path / "posters"
    export(dataset, output)
    fewer = datasets.DatasetDict({split: part.select([0]) for split, part in dataset.items()})
    export(fewer, output)
    assert len(files(output)) == 5


def test_another_layout_replaces_the_earlier(dataset: datasets.DatasetDict, tmp_path: Path) -> None:
    export(dataset, tmp_path / "posters")
    export(dataset, tmp_path / "posters", "webdataset")
    assert set(files(tmp_path / "posters")) == {
        "export.json",
        "manifest.csv",
        SUMS,
        "test-000000.tar",
        "train-000000.tar",
    }


def test_files_of_others_are_left_alone_with_overwrite(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    output = tmp_path / "posters"
    (output / "train" / "mine").mkdir(parents=True)
    (output / "train" / "mine.txt").write_text("mine")
    export(dataset, output, overwrite=True)
    assert len(files(output)) == 34
    fewer = datasets.DatasetDict({"test": dataset["test"].select([0])})
    export(fewer, output, overwrite=True)
    assert (output / "train" / "mine").is_dir()
    assert len(files(output)) == 5
    assert files(output)["train/mine.txt"] == b"mine"
    assert not export(fewer, output, overwrite=True)


@pytest.mark.parametrize("name", ["manifest.csv", "train", SUMS])
def test_file_of_others_in_the_way_is_never_removed(
    dataset: datasets.DatasetDict, tmp_path: Path, name: str
) -> None:
    output = tmp_path / "posters"
    output.mkdir()
    (output / name).write_text("mine")
    with pytest.raises(ExportError) as error:
        export(dataset, output, overwrite=True)
    assert str(error.value) == (
        f"{output}: expected nothing at {name}, where a file of the export is to be; found "
        "something that no export wrote, or that was changed since, and that is never removed. "
        "Move it away, or choose another folder."
    )
    assert files(output) == {name: b"mine"}


def test_folder_keeps_its_mode_and_needs_nothing_of_its_parent(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    """As a mounted volume, or a shared folder, is."""
    output = tmp_path / "posters"
    output.mkdir(mode=0o2770)
    output.chmod(0o2770)
    before = (output.stat().st_mode, output.stat().st_ino)
    parent = tmp_path.stat().st_mtime_ns
    export(dataset, output)
    export(dataset, output, "webdataset")
    assert (output.stat().st_mode, output.stat().st_ino) == before
    assert tmp_path.stat().st_mtime_ns == parent


@pytest.mark.parametrize("exists", [True, False])
def test_what_a_killed_export_left_is_removed_by_the_next(
    dataset: datasets.DatasetDict, tmp_path: Path, exists: bool
) -> None:
    output = tmp_path / "posters"
    program = """if True:
        import datasets, os, sys
        from movie_posters_decade.exports import exporter as export
        export.replace = lambda *_: os._exit(9)
        export.export(datasets.load_from_disk(sys.argv[1]), sys.argv[2])
    """
    dataset.save_to_disk(str(tmp_path / "saved"))
    if exists:
        output.mkdir()
    words = [sys.executable, "-c", program, str(tmp_path / "saved"), str(output)]
    assert subprocess.run(words, check=False, capture_output=True).returncode == 9
    assert list(tmp_path.rglob(".*.incomplete"))
    export(dataset, output)
    assert list(tmp_path.rglob(".*.incomplete")) == []
    assert len(files(output)) == 33


@pytest.mark.parametrize("steps", [3, 40])
def test_export_that_was_killed_while_files_moved_is_made_whole_by_the_next(
    dataset: datasets.DatasetDict, tmp_path: Path, steps: int
) -> None:
    program = """if True:
        import datasets, os, pathlib, sys
        from movie_posters_decade.exports.exporter import export
        move, left = pathlib.Path.replace, [int(sys.argv[3])]
        def step(path, target):
            if not left[0]:
                os._exit(9)
            left[0] -= 1
            return move(path, target)
        dataset = datasets.load_from_disk(sys.argv[1])
        export(dataset, sys.argv[2])
        pathlib.Path.replace = step
        export(dataset, sys.argv[2], "webdataset")
        export(dataset, sys.argv[2])
    """
    output = tmp_path / "posters"
    output.mkdir()
    dataset.save_to_disk(str(tmp_path / "saved"))
    words = [sys.executable, "-c", program, str(tmp_path / "saved"), str(output), str(steps)]
    subprocess.run(words, check=False, capture_output=True)
    export(dataset, output)
    found = files(output)
    listed = found.pop(SUMS).decode().splitlines()
    assert [line.split("  ")[1] for line in listed] == sorted(found)
    assert len(found) == 32
    assert not export(dataset, output)


def test_what_others_write_meanwhile_is_never_removed(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    class Meddling(dict[str, bytes]):
        """Writes into the folder when it is read, which is while the export is under way."""

        def items(self) -> Any:
            (output / "manifest.csv").write_text("mine")
            return super().items()

    output = tmp_path / "posters"
    output.mkdir()
    for _ in range(2):
        with pytest.raises(ExportError, match=r"expected nothing at manifest\.csv"):
            export(dataset, output, extras=Meddling(rejections=b""))
        assert files(output)["manifest.csv"] == b"mine"
        (output / "manifest.csv").unlink()
        export(dataset, output)


def test_place_that_cannot_be_written_is_told_in_a_sentence(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError) as error:
        export(dataset, tmp_path / "file" / "posters")
    assert str(error.value) == (
        f"{tmp_path}/file/posters: the folder cannot be written: Not a directory. Choose another "
        "folder."
    )


def test_export_tells_how_it_was_made(dataset: datasets.DatasetDict, tmp_path: Path) -> None:
    export(
        dataset,
        tmp_path / "posters",
        transform=ImageTransform(image_size=(32, 48), resize_mode="pad"),
    )
    assert json.loads((tmp_path / "posters" / "export.json").read_text()) == {
        "movie_posters_decade": __version__,
        "layout": "folders",
        "image_size": [32, 48],
        "resize_mode": "pad",
        "encode_format": None,
        "encode_quality": 90,
    }


def test_link_to_elsewhere_is_not_followed(dataset: datasets.DatasetDict, tmp_path: Path) -> None:
    output, elsewhere = tmp_path / "posters", tmp_path / "elsewhere"
    output.mkdir()
    elsewhere.mkdir()
    (output / "train").symlink_to(elsewhere)
    with pytest.raises(ExportError, match="expected nothing at train,"):
        export(dataset, output, overwrite=True)
    assert list(elsewhere.iterdir()) == []


def test_folder_with_other_files_is_left_alone(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    output = tmp_path / "posters"
    export(dataset, output)
    (output / "mine.txt").write_text("mine")
    before = files(output)
    with pytest.raises(ExportError) as error:
        export(dataset, output)
    assert str(error.value) == (
        f"{output}: expected a new or empty folder, or an earlier export; found mine.txt, "
        "which no export wrote or which was changed since. Choose another folder; or move what is "
        "in the way, and write beside the rest with overwrite=True (export --overwrite)."
    )
    assert files(output) == before


def test_manifest_that_is_not_ours_gives_no_right_to_replace(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_text("mine")
    (tmp_path / "manifest.csv").write_text("file,caption\na.jpg,mine\n")
    with pytest.raises(ExportError, match=r"found a\.jpg, which no export wrote"):
        export(dataset, tmp_path)
    assert (tmp_path / "a.jpg").read_text() == "mine"


def test_exported_file_that_was_changed_is_not_replaced(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    output = tmp_path / "posters"
    export(dataset, output)
    poster = next(output.rglob("*.jpg"))
    poster.write_text("mine")
    with pytest.raises(ExportError, match=poster.name):
        export(dataset, output)
    assert poster.read_text() == "mine"


def test_current_folder_can_be_exported_into_again_and_again(
    dataset: datasets.DatasetDict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "posters"
    for _ in range(2):
        output.mkdir(exist_ok=True)
        monkeypatch.chdir(output)
        export(dataset, Path())
        assert len(files(output)) == 33


def test_file_in_the_folders_place_is_left_alone(
    dataset: datasets.DatasetDict, tmp_path: Path
) -> None:
    (tmp_path / "posters").write_text("mine")
    with pytest.raises(ExportError) as error:
        export(dataset, tmp_path / "posters")
    assert str(error.value) == (
        f"{tmp_path}/posters: expected a folder to write into; found a file. Choose another."
    )
