"""An export replaces the files of an earlier export, and never any other file."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest
from samples import SampleCatalogue

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.errors import ExportError
from movie_posters_decade.exports.exporter import export
from movie_posters_decade.exports.replace import CHECKSUMS_FILE
from movie_posters_decade.options.options import EXPORT_FORMATS

KILLED = """if True:
    import os, pathlib, sys
    from dataclasses import replace
    from movie_posters_decade import MoviePostersDecade, export
    cache, data_files, folder = sys.argv[1:]
    options = {"data_files": data_files, "allow_private_hosts": True}

    class Killed(dict):
        def items(self):
            os._exit(9)

    def stop_while_staging(output):
        build = MoviePostersDecade(cache, **options).built()
        export(replace(build, tables=Killed()), output)

    def stop_after(moves, output):
        build = MoviePostersDecade(cache, **options).built()
        move, left = pathlib.Path.replace, [moves]
        def move_or_exit(path, target):
            if not left[0]:
                os._exit(9)
            left[0] -= 1
            return move(path, target)
        export(build, output)
        pathlib.Path.replace = move_or_exit
        export(build, output, "webdataset")
        export(build, output)

    def in_a_process(name, stop):
        output = pathlib.Path(folder, name, "posters")
        output.parent.mkdir()
        if name != "new folder":
            output.mkdir()
        process = os.fork()
        if process:
            print(name, os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
        else:
            stop(output)
            os._exit(0)

    in_a_process("new folder", stop_while_staging)
    in_a_process("existing folder", stop_while_staging)
    in_a_process("3 moves", lambda output: stop_after(3, output))
    in_a_process("40 moves", lambda output: stop_after(40, output))
"""
"""Exports the build four times, each in a process that ends itself at another moment."""


def read_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def with_first_posters(build: Build, *splits: str) -> Build:
    """Return the build with only these splits, and only the first poster of each."""
    first = {split: build.dataset[split].select([0]) for split in splits}
    return replace(build, dataset=datasets.DatasetDict(first))


@pytest.fixture(scope="module")
def killed(
    shared_sample: SampleCatalogue,
    shared_build: MoviePostersDecade,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """What killed exports left, in a folder for each moment at which one was killed."""
    folder = tmp_path_factory.mktemp("killed")
    words = [shared_build._cache_dir_root, str(shared_sample.path), str(folder)]
    finished = subprocess.run(
        [sys.executable, "-c", KILLED, *words], check=True, capture_output=True, text=True
    )
    moments = ("new folder", "existing folder", "3 moves", "40 moves")
    assert finished.stdout.splitlines() == [f"{name} 9" for name in moments]
    return folder


def test_checksums_file_lists_all_other_files(build: Build, tmp_path: Path) -> None:
    output = tmp_path / "posters"
    assert export(build, output)
    found = read_files(output)
    sums = found.pop(CHECKSUMS_FILE).decode().splitlines()
    assert sums == [
        f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in sorted(found.items())
    ]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("export_format", EXPORT_FORMATS)
def test_same_export_again_changes_nothing(
    build: Build, tmp_path: Path, export_format: str
) -> None:
    assert export(build, tmp_path / "posters", export_format)
    before = times(tmp_path / "posters")
    assert not export(build, tmp_path / "posters", export_format)
    assert times(tmp_path / "posters") == before


def test_missing_file_is_written_again(build: Build, tmp_path: Path) -> None:
    output = tmp_path / "posters"
    export(build, output)
    before = read_files(output)
    next(output.rglob("*.jpg")).unlink()
    assert export(build, output)
    assert read_files(output) == before


def test_later_export_replaces_the_earlier(build: Build, tmp_path: Path) -> None:
    output = tmp_path / "posters"
    export(build, output)
    export(with_first_posters(build, "train", "test"), output)
    assert len(read_files(output)) == 8


def test_export_in_another_format_replaces_the_earlier(build: Build, tmp_path: Path) -> None:
    export(build, tmp_path / "posters")
    export(build, tmp_path / "posters", "webdataset")
    assert set(read_files(tmp_path / "posters")) == {
        "croissant.json",
        "export.json",
        "manifest.csv",
        "movie_posters_decade.lock",
        "rejected.csv",
        CHECKSUMS_FILE,
        "test-000000.tar",
        "train-000000.tar",
    }


def test_other_files_are_left_alone_with_overwrite(build: Build, tmp_path: Path) -> None:
    output = tmp_path / "posters"
    (output / "train" / "mine").mkdir(parents=True)
    (output / "train" / "mine.txt").write_text("mine")
    export(build, output, overwrite=True)
    assert len(read_files(output)) == 37
    fewer = with_first_posters(build, "test")
    export(fewer, output, overwrite=True)
    assert (output / "train" / "mine").is_dir()
    assert len(read_files(output)) == 8
    assert read_files(output)["train/mine.txt"] == b"mine"
    assert not export(fewer, output, overwrite=True)


@pytest.mark.parametrize("name", ["manifest.csv", "train", CHECKSUMS_FILE])
def test_other_file_with_the_name_of_a_new_one_is_never_removed(
    build: Build, tmp_path: Path, name: str
) -> None:
    output = tmp_path / "posters"
    output.mkdir()
    (output / name).write_text("mine")
    with pytest.raises(ExportError) as error:
        export(build, output, overwrite=True)
    assert str(error.value) == (
        f"{output}: expected nothing at {name}, where the export writes a file; found "
        "something that no export wrote, or that was changed since, and that is never removed. "
        "Move it away, or choose another folder."
    )
    assert read_files(output) == {name: b"mine"}


def test_existing_folder_keeps_its_mode_and_its_parent_is_not_written(
    build: Build, tmp_path: Path
) -> None:
    """The folder may be a mounted volume, or shared by a group."""
    output = tmp_path / "posters"
    output.mkdir(mode=0o2770)
    output.chmod(0o2770)
    before = (output.stat().st_mode, output.stat().st_ino)
    parent = tmp_path.stat().st_mtime_ns
    export(build, output)
    export(build, output, "webdataset")
    assert (output.stat().st_mode, output.stat().st_ino) == before
    assert tmp_path.stat().st_mtime_ns == parent


@pytest.mark.parametrize("moment", ["new folder", "existing folder"])
def test_staging_folder_of_a_killed_export_is_removed_by_the_next(
    build: Build, killed: Path, moment: str
) -> None:
    folder = killed / moment
    assert list(folder.rglob(".*.incomplete"))
    export(build, folder / "posters")
    assert list(folder.rglob(".*.incomplete")) == []
    assert len(read_files(folder / "posters")) == 36


@pytest.mark.parametrize("moment", ["3 moves", "40 moves"])
def test_export_that_was_killed_while_it_moved_files_is_completed_by_the_next(
    build: Build, killed: Path, moment: str
) -> None:
    output = killed / moment / "posters"
    export(build, output)
    found = read_files(output)
    listed = found.pop(CHECKSUMS_FILE).decode().splitlines()
    assert [line.split("  ")[1] for line in listed] == sorted(found)
    assert len(found) == 35
    assert not export(build, output)


def test_file_that_others_write_during_the_export_is_never_removed(
    build: Build, tmp_path: Path
) -> None:
    class Meddling(dict[str, bytes]):
        """Writes into the folder when it is read, which is during the export."""

        def items(self) -> Any:
            (output / "manifest.csv").write_text("mine")
            return super().items()

    output = tmp_path / "posters"
    output.mkdir()
    tables = Meddling({**build.tables, "more.csv": b""})
    for _ in range(2):
        with pytest.raises(ExportError, match=r"expected nothing at manifest\.csv"):
            export(replace(build, tables=tables), output)
        assert read_files(output)["manifest.csv"] == b"mine"
        (output / "manifest.csv").unlink()
        export(build, output)


def test_symbolic_link_is_not_followed(build: Build, tmp_path: Path) -> None:
    output, elsewhere = tmp_path / "posters", tmp_path / "elsewhere"
    output.mkdir()
    elsewhere.mkdir()
    (output / "train").symlink_to(elsewhere)
    with pytest.raises(ExportError, match="expected nothing at train,"):
        export(build, output, overwrite=True)
    assert list(elsewhere.iterdir()) == []


def test_folder_with_other_files_is_an_error(build: Build, tmp_path: Path) -> None:
    output = tmp_path / "posters"
    export(build, output)
    (output / "mine.txt").write_text("mine")
    before = read_files(output)
    with pytest.raises(ExportError) as error:
        export(build, output)
    assert str(error.value) == (
        f"{output}: expected a new or empty folder, or one with an earlier export.json; found "
        "mine.txt, which was not written with it or was changed since. Choose another folder, or "
        "keep the other files and write beside them with overwrite=True (--overwrite)."
    )
    assert read_files(output) == before


def test_files_in_the_manifest_of_others_are_not_replaced(build: Build, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("mine")
    (tmp_path / "manifest.csv").write_text("file,caption\na.jpg,mine\n")
    with pytest.raises(ExportError, match=r"found a\.jpg, which was not written with it"):
        export(build, tmp_path)
    assert (tmp_path / "a.jpg").read_text() == "mine"


def test_exported_file_that_was_changed_is_not_replaced(build: Build, tmp_path: Path) -> None:
    output = tmp_path / "posters"
    export(build, output)
    poster = next(output.rglob("*.jpg"))
    poster.write_text("mine")
    with pytest.raises(ExportError, match=poster.name):
        export(build, output)
    assert poster.read_text() == "mine"


def test_current_folder_can_be_exported_into_repeatedly(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "posters"
    for _ in range(2):
        output.mkdir(exist_ok=True)
        monkeypatch.chdir(output)
        export(build, Path())
        assert len(read_files(output)) == 36
