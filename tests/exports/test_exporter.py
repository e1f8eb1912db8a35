"""An export holds the build in the given format, and records how it was made."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from movie_posters_decade import __version__
from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.errors import ExportError, OptionError
from movie_posters_decade.exports.exporter import export


def test_rejected_posters_and_lock_file_are_beside_the_manifest(
    build: Build, tmp_path: Path
) -> None:
    export(build, tmp_path / "posters")
    for name in ("rejected.csv", "movie_posters_decade.lock"):
        assert (tmp_path / "posters" / name).read_bytes() == build.tables[name]


def test_settings_are_recorded(build: Build, tmp_path: Path) -> None:
    export(build, tmp_path / "posters", image_size=(32, 48), resize_mode="pad")
    assert json.loads((tmp_path / "posters" / "export.json").read_text()) == {
        "movie_posters_decade": __version__,
        "format": "folders",
        "image_size": [32, 48],
        "resize_mode": "pad",
        "encode_format": None,
        "encode_quality": 90,
    }


def test_posters_are_resized_and_encoded(build: Build, tmp_path: Path) -> None:
    output = tmp_path / "posters"
    export(build, str(output), image_size=(32, 48), encode_format="webp", encode_quality=50)
    posters = list(output.rglob("*.webp"))
    assert len(posters) == 30
    for poster in posters:
        with Image.open(poster) as image:
            assert (image.format, image.size) == ("WEBP", (32, 48))


@pytest.mark.parametrize(
    ("size", "is_one_shard"), [("500MB", True), ("20kb", False), (20_000, False)]
)
def test_size_of_a_shard_is_a_text_or_a_number_of_bytes(
    build: Build, tmp_path: Path, size: int | str, is_one_shard: bool
) -> None:
    export(build, tmp_path / "posters", "webdataset", max_shard_size=size)
    shards = list((tmp_path / "posters").glob("train-*.tar"))
    assert (len(shards) == 1) == is_one_shard


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        (
            "format",
            "zip",
            "Option format: expected folders or parquet or webdataset; found 'zip'.",
        ),
        *(
            (
                "max_shard_size",
                size,
                f"Option max_shard_size: expected a size, as in 500MB or 2GB; found {size!r}.",
            )
            for size in (0, -1, 1.5, True, None, "", "0MB", "500", "large", "5 PB")
        ),
        (
            "encode_quality",
            0,
            "Option encode_quality: expected 1 to 100; found 0.",
        ),
    ],
)
def test_invalid_option_is_an_error_and_writes_nothing(
    build: Build, tmp_path: Path, option: str, value: Any, message: str
) -> None:
    with pytest.raises(OptionError) as error:
        export(build, tmp_path / "posters", **{option: value})
    assert str(error.value) == message
    assert not (tmp_path / "posters").exists()


def test_folder_that_cannot_be_written_is_an_error(build: Build, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError) as error:
        export(build, tmp_path / "file" / "posters")
    assert str(error.value) == (
        f"{tmp_path}/file/posters: the folder cannot be written: Not a directory. Choose another "
        "folder."
    )


def test_file_with_the_name_of_the_folder_is_left_alone(build: Build, tmp_path: Path) -> None:
    (tmp_path / "posters").write_text("mine")
    with pytest.raises(ExportError) as error:
        export(build, tmp_path / "posters")
    assert str(error.value) == (
        f"{tmp_path}/posters: expected a folder to write into; found a file. Choose another."
    )
    assert (tmp_path / "posters").read_text() == "mine"
