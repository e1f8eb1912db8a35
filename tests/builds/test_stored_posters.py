"""Posters that datasets would show otherwise look alike everywhere, and have both checksums."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import datasets
import numpy as np
import pytest
from color_profiles import SPACES, rgb_profile
from PIL import Image
from sample_builds import arrow_files, build_sample, encoded_examples, load_sample
from samples import DECADES, SampleCatalogue, encode, make_sample, paint, serve_host

from movie_posters_decade import MoviePostersDecade, export
from movie_posters_decade.errors import DownloadError, LockFileError
from movie_posters_decade.images import decode_poster, draw_contact_sheet, read_stored, stored_form
from movie_posters_decade.lockfile import read_lock_file
from movie_posters_decade.records import Checksum, Movie, Poster


def of_16_bits(image: Image.Image) -> bytes:
    return encode(Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257), "PNG")


def transparent(image: Image.Image) -> bytes:
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return encode(image, "PNG")


def of_wide_gamut(image: Image.Image) -> bytes:
    return encode(image, icc_profile=rgb_profile(*SPACES["ProPhoto"]))


KINDS = (of_16_bits, transparent, of_wide_gamut)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCatalogue]:
    """Four movies of each decade, whose posters `downloads` changes."""
    with serve_host() as host:
        yield make_sample(tmp_path_factory.mktemp("catalogue"), host, dict.fromkeys(DECADES, 4))


@pytest.fixture(scope="module")
def downloads(sample: SampleCatalogue) -> dict[str, bytes]:
    """What the host sends for some movies: posters that the dataset stores as PNGs, by IMDb id."""
    changed = {}
    for number, (imdb_id, path) in enumerate(sample.paths.items()):
        if number % 2:
            image = Image.open(io.BytesIO(paint("1990s", number)))
            changed[imdb_id] = KINDS[number // 2 % 3](image)
            sample.host.answers[path] = (200, changed[imdb_id])
    return changed


def build(sample: SampleCatalogue, cache: Path, **options: object) -> MoviePostersDecade:
    """Build with all posters of the sample."""
    return build_sample(sample, cache, **{"keep_grayscale": True, "balance": "none"} | options)


@pytest.fixture(scope="module")
def built(
    sample: SampleCatalogue,
    downloads: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> MoviePostersDecade:
    built = build(sample, tmp_path_factory.mktemp("first"))
    assert built.report().kept == len(sample.paths) == 2 * len(downloads)
    return built


@pytest.fixture
def lock(built: MoviePostersDecade) -> Path:
    """The lock file of the build."""
    return Path(built.files.lock_path)


def test_dataset_stores_and_shows_the_picture_that_was_judged(
    sample: SampleCatalogue, downloads: dict[str, bytes], built: MoviePostersDecade
) -> None:
    dataset = built.as_dataset()
    for split, examples in encoded_examples(dataset).items():
        for example, shown in zip(examples, dataset[split], strict=True):
            imdb_id, stored = example["imdb_id"], example["image"]["bytes"]
            _, sent = sample.host.answers[sample.paths[imdb_id]]
            assert stored == (stored_form(sent) if imdb_id in downloads else sent)
            judged = np.asarray(decode_poster(sent), int)
            assert np.abs(np.asarray(shown["image"], int) - judged).max() <= 2


def test_stream_holds_the_same_bytes(
    sample: SampleCatalogue, built: MoviePostersDecade, tmp_path: Path
) -> None:
    options = {"keep_grayscale": True, "balance": "none"}
    streamed = load_sample(sample, tmp_path / "stream", streaming=True, **options)
    stored = [
        {example["imdb_id"]: example["image"]["bytes"] for example in examples}
        for examples in (
            encoded_examples(built.as_dataset())["test"],
            streamed["test"].cast_column("image", datasets.Image(decode=False)),
        )
    ]
    assert stored[0] == stored[1]


def test_contact_sheet_shows_what_the_dataset_shows(built: MoviePostersDecade) -> None:
    train = built.as_dataset()["train"]
    features = train.features
    shown = [{**example, "image": example["image"].copy()} for example in train]
    from_pixels = datasets.Dataset.from_list(shown, features)
    assert draw_contact_sheet(train) == draw_contact_sheet(from_pixels)


def test_export_holds_the_stored_bytes_and_their_checksums(
    downloads: dict[str, bytes], built: MoviePostersDecade, tmp_path: Path
) -> None:
    folder = tmp_path / "export"
    assert export(built.built(), folder)
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["imdb_id"]: row for row in csv.DictReader(file)}
    for imdb_id, row in rows.items():
        content = (folder / row["file"]).read_bytes()
        assert Checksum.of(content).sha256 == row["sha256"]
        assert Path(row["file"]).suffix == (".png" if imdb_id in downloads else ".jpg")
        if imdb_id in downloads:
            assert content == stored_form(downloads[imdb_id])


def test_lock_file_has_both_checksums(downloads: dict[str, bytes], lock: Path) -> None:
    _, *lines = map(json.loads, lock.read_text().splitlines())
    for line in lines:
        if line["imdb_id"] in downloads:
            sent = downloads[line["imdb_id"]]
            assert (line["sha256"], line["size"]) == Checksum.of(sent)
            stored = Checksum.of(stored_form(sent))
            assert (line["stored_sha256"], line["stored_size"]) == stored
        else:
            assert "stored_sha256" not in line


@pytest.mark.parametrize("is_cached", [True, False], ids=["cached", "new"])
def test_build_from_a_lock_file_stores_the_same_bytes(
    sample: SampleCatalogue, built: MoviePostersDecade, lock: Path, tmp_path: Path, is_cached: bool
) -> None:
    cache = Path(built._cache_dir_root) if is_cached else tmp_path
    again = build_sample(sample, cache, lock_file=str(lock))
    assert again.cache_dir != built.cache_dir
    assert arrow_files(again.cache_dir) == arrow_files(built.cache_dir)
    assert read_lock_file(Path(again.files.lock_path)) == read_lock_file(lock)


@pytest.mark.parametrize("change", ["other", "none"])
def test_other_stored_bytes_than_in_the_lock_file_are_a_mismatch(
    sample: SampleCatalogue,
    downloads: dict[str, bytes],
    lock: Path,
    tmp_path: Path,
    change: str,
) -> None:
    """Another version of Pillow may write other bytes."""
    head, *lines = lock.read_text().splitlines()
    movies = [json.loads(line) for line in lines]
    for movie in movies:
        if movie["imdb_id"] == min(downloads):
            movie["stored_size"] += 1
            if change == "none":
                del movie["stored_sha256"], movie["stored_size"]
    changed = tmp_path / "changed.lock"
    changed.write_text("\n".join([head, *map(json.dumps, movies)]))
    found = (
        rf"found 1 of .*\n  {min(downloads)} .*: hash_mismatch, this version of Pillow stores it"
    )
    with pytest.raises(LockFileError, match=found):
        build_sample(sample, tmp_path / "second", lock_file=str(changed))


def test_png_that_differs_from_the_one_of_the_check_is_an_error(tmp_path: Path) -> None:
    """The check may run on another machine than the one that writes the dataset."""
    path = tmp_path / "poster"
    path.write_bytes(transparent(Image.open(io.BytesIO(paint("1990s", 1)))))
    stored = Checksum.of(stored_form(path.read_bytes()))
    movie = Movie("tt1", "One", 1990, (), 5.0, "poster", "1990s", 1, "train")
    poster = Poster(movie, path, Checksum.of(path.read_bytes()), stored=stored)
    assert Checksum.of(read_stored(poster)) == stored
    other = Checksum.of(b"another PNG")
    with pytest.raises(DownloadError) as error:
        read_stored(replace(poster, stored=other))
    assert str(error.value) == (
        f"{path}: expected a poster that becomes a PNG with SHA-256 {other.sha256}; found that it "
        "becomes another one here. Install the same build of Pillow for all workers."
    )
    path.write_bytes(paint("1990s", 2))
    with pytest.raises(DownloadError, match=r"found that the file was changed since\. Build again"):
        read_stored(poster)
