"""A damaged build is noticed where it would be used again, and built again without a request."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import sample_arguments
from sample_builds import arrow_files, build_sample, load_sample, make_builder
from samples import SampleCatalogue

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.builds.artifacts import INFO_FILE, LOCK_FILE, REPORT_FILE
from movie_posters_decade.builds.record import RECORD_FILE, BuildRecord
from movie_posters_decade.cli.main import main
from movie_posters_decade.download import DownloadCache

TRAIN = "movie_posters_decade-train.arrow"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def lose_the_end(path: Path) -> None:
    """Replace the second half by zeros, as some file systems do after a power cut."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def fill_with_garbage(path: Path) -> None:
    path.write_bytes(b"garbage\n" * (path.stat().st_size // 8) + b"x" * (path.stat().st_size % 8))


def fill_with_garbage_and_end(path: Path) -> None:
    end = path.read_bytes()[-8:]
    fill_with_garbage(path)
    path.write_bytes(path.read_bytes()[:-8] + end)


def remove(path: Path) -> None:
    path.unlink()


def forget_options(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"options": None}))


DAMAGES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "cut": (TRAIN, cut, "bytes instead of"),
    "cut, same size": (TRAIN, lose_the_end, f"the end of {TRAIN} is missing"),
    "empty": (TRAIN, empty, "has 0 bytes instead of"),
    "garbage": (TRAIN, fill_with_garbage, "found it damaged: "),
    "garbage but for the end": (TRAIN, fill_with_garbage_and_end, "ArrowInvalid"),
    "gone": (TRAIN, remove, f"{TRAIN} is missing"),
    "test split gone": (TRAIN.replace("train", "test"), remove, "test.arrow is missing"),
    "report gone": (REPORT_FILE, remove, f"{REPORT_FILE} is missing"),
    "report garbage": (REPORT_FILE, fill_with_garbage, f"found its {REPORT_FILE} damaged"),
    "lock file gone": (LOCK_FILE, remove, f"{LOCK_FILE} is missing"),
    "info garbage": (INFO_FILE, fill_with_garbage, "found it damaged: "),
    "info of another type": (INFO_FILE, lambda path: path.write_bytes(b"[]"), "found it damaged: "),
    "info without splits": (
        INFO_FILE,
        lambda path: path.write_bytes(b"{}"),
        "30 posters instead of 0",
    ),
    "record gone": (RECORD_FILE, remove, f"{RECORD_FILE} is missing"),
    "record garbage": (RECORD_FILE, fill_with_garbage, "found it damaged: "),
    "record without options": (RECORD_FILE, forget_options, "holds values of other types"),
}


@pytest.fixture
def sample(shared_sample: SampleCatalogue) -> SampleCatalogue:
    """The shared sample, before any request."""
    shared_sample.host.requests.clear()
    return shared_sample


@pytest.fixture
def built(sample: SampleCatalogue, copied_cache: Path) -> MoviePostersDecade:
    """A builder with a finished build, which tests damage."""
    return make_builder(sample, copied_cache)


def damage(built: MoviePostersDecade, kind: str) -> str:
    """Damage a build, and return a part of the sentence that says how."""
    name, change, found = DAMAGES[kind]
    change(Path(built.cache_dir) / name)
    return found


@pytest.mark.parametrize("kind", DAMAGES)
def test_damaged_build_is_built_again_with_one_warning(
    sample: SampleCatalogue,
    tmp_path: Path,
    built: MoviePostersDecade,
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    intact = arrow_files(built.cache_dir)
    found = damage(built, kind)
    dataset = load_sample(sample, tmp_path / "cache")
    [warning] = [record.getMessage() for record in caplog.records]
    assert warning.startswith(f"{built.cache_dir}: expected a complete build; found ")
    assert found in warning
    assert warning.endswith("It is built again from the download cache.")
    assert dataset.num_rows == {"train": 25, "test": 5}
    assert arrow_files(built.cache_dir) == intact
    assert dataset["train"].features == built.info.features
    assert make_builder(sample, tmp_path / "cache").built().report.kept == 30
    assert sample.host.requests == []


def test_command_line_builds_a_damaged_build_again(
    sample: SampleCatalogue,
    tmp_path: Path,
    built: MoviePostersDecade,
    caplog: pytest.LogCaptureFixture,
) -> None:
    intact = arrow_files(built.cache_dir)
    damage(built, "garbage")
    assert main(["build", *sample_arguments(sample, tmp_path)]) == 0
    [warning] = caplog.messages
    assert warning.endswith("It is built again from the download cache.")
    assert arrow_files(built.cache_dir) == intact


def test_complete_build_is_used_again(
    sample: SampleCatalogue,
    tmp_path: Path,
    built: MoviePostersDecade,
    caplog: pytest.LogCaptureFixture,
) -> None:
    files = {path: path.stat().st_ino for path in Path(built.cache_dir).iterdir()}
    load_sample(sample, tmp_path / "cache").map(lambda _: {"more": 1})
    build_sample(sample, tmp_path / "cache")
    assert {path: path.stat().st_ino for path in files} == files
    assert caplog.records == []


def test_build_in_several_shards_is_used_again(
    sample: SampleCatalogue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        make_builder(sample, tmp_path).download_and_prepare(num_proc=2)
    assert len(arrow_files(tmp_path)) == 4
    assert caplog.records == []


def test_build_in_parquet_is_used_again_and_a_damaged_one_is_not(
    sample: SampleCatalogue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        make_builder(sample, tmp_path).download_and_prepare(file_format="parquet")
    assert caplog.records == []
    [path, *_] = tmp_path.rglob("*.parquet")
    path.unlink()
    make_builder(sample, tmp_path).download_and_prepare(file_format="parquet")
    assert path.exists()
    assert len(caplog.records) == 1


def test_record_says_what_the_build_is_without_a_path_of_this_machine(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    table = tmp_path / "others.csv"
    table.write_text("imdb_id,poster_url\ntt0001002,http://127.0.0.1:9/1.jpg\n")
    built = build_sample(sample, tmp_path / "cache", fallbacks=[str(table)])
    folder = Path(built.cache_dir)
    record = BuildRecord.read(folder)
    assert (record.configuration, record.catalogue) == ("action", "MovieGenre.csv")
    assert record.options["fallbacks"] == ["others"]
    assert record.permitted == ["allow_private_hosts"]
    assert record.files == {
        path.name: path.stat().st_size
        for path in folder.iterdir()
        if path.name not in {"LICENSE", "build.json", "dataset_info.json"}
    }
    text = (folder / RECORD_FILE).read_text()
    assert str(tmp_path) not in text
    assert sample.host.url not in text
    assert list(json.loads(text)) == [
        "configuration",
        "catalogue",
        "options",
        "permitted",
        "files",
    ]


def test_permission_for_rejected_posters_gives_a_build_with_them(
    sample: SampleCatalogue,
    tmp_path: Path,
    built: MoviePostersDecade,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The folder is the same, as a permission shapes no dataset by itself."""
    link = built.as_dataset()["train"][0]["poster_url"]
    DownloadCache(tmp_path / "cache/downloads").path(link).unlink()
    without = make_builder(sample, tmp_path / "cache", allow_private_hosts=False)
    assert without.cache_dir == built.cache_dir
    without.download_and_prepare(download_mode="reuse_cache_if_exists")
    assert without.report().rejected == {"private_address": 1}
    caplog.clear()
    load_sample(sample, tmp_path / "cache", allow_private_hosts=False)
    assert caplog.records == []
    load_sample(sample, tmp_path / "cache")
    assert caplog.records[0].getMessage() == (
        f"{built.cache_dir}: this build rejected posters that allow_private_hosts permits now. It "
        "is built again from the download cache."
    )
    assert built.report().kept == 30
    caplog.clear()
    load_sample(sample, tmp_path / "cache", allow_private_hosts=False)
    assert caplog.records == []
