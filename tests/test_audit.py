"""What an audit of a built dataset checks: splits, order, near-duplicates and placeholders."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from sample_builds import arrow_files, build_sample, encoded_examples, load_sample, make_builder
from samples import (
    DECADES,
    PosterHost,
    SampleCatalogue,
    encode,
    make_sample,
    paint,
    serve_host,
    write_catalogue,
)

from movie_posters_decade import MoviePostersDecade, export
from movie_posters_decade.crop_code import is_landscape_crop
from movie_posters_decade.records import SPLITS

THIRD_SPLIT = {"validation_size": 0.2}
COPIES = ("trimmed", "framed", "mirrored")


@pytest.fixture(scope="module")
def shared_sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCatalogue]:
    """Twenty movies of each decade, which no test changes."""
    with serve_host() as host:
        folder = tmp_path_factory.mktemp("shared")
        yield make_sample(folder, host, dict.fromkeys(DECADES, 20))


@pytest.fixture(scope="module")
def built(
    shared_sample: SampleCatalogue, tmp_path_factory: pytest.TempPathFactory
) -> MoviePostersDecade:
    """The builder of those movies, in three splits."""
    return build_sample(shared_sample, tmp_path_factory.mktemp("built"), **THIRD_SPLIT)


@pytest.fixture
def large_sample(tmp_path: Path, host: PosterHost) -> SampleCatalogue:
    """The same movies, for a test that changes some of them."""
    return make_sample(tmp_path / "catalogue", host, dict.fromkeys(DECADES, 20))


def replace_poster(sample: SampleCatalogue, imdb_id: str, content: bytes) -> None:
    sample.host.answers[sample.paths[imdb_id]] = (200, content)


def copy_of(sample: SampleCatalogue, imdb_id: str, kind: str) -> bytes:
    """Return a copy of a movie's poster: trimmed, framed or mirrored."""
    with Image.open(io.BytesIO(sample.host.answers[sample.paths[imdb_id]][1])) as image:
        poster = image.convert("RGB")
    if kind == "mirrored":
        return encode(ImageOps.mirror(poster))
    if kind == "framed":
        return encode(ImageOps.expand(poster, 5, "white"))
    return encode(ImageOps.crop(poster, 5))


def test_three_splits_share_no_movie_and_are_equal(
    shared_sample: SampleCatalogue, built: MoviePostersDecade, tmp_path: Path
) -> None:
    dataset = built.as_dataset()
    assert list(dataset) == list(SPLITS)
    assert {split: Counter(part["label"]) for split, part in dataset.items()} == {
        "train": dict.fromkeys(range(5), 12),
        "validation": dict.fromkeys(range(5), 4),
        "test": dict.fromkeys(range(5), 4),
    }
    ids = [imdb_id for part in dataset.values() for imdb_id in part["imdb_id"]]
    assert len(set(ids)) == len(ids) == 100
    for split, part in load_sample(shared_sample, tmp_path, streaming=True, **THIRD_SPLIT).items():
        assert {row["imdb_id"] for row in part} == set(dataset[split]["imdb_id"])


def test_lock_file_and_export_have_all_three_splits(
    shared_sample: SampleCatalogue, built: MoviePostersDecade, tmp_path: Path
) -> None:
    lock_file = built.files.lock_path
    again = build_sample(shared_sample, tmp_path / "again", lock_file=lock_file, data_files=None)
    assert arrow_files(again.cache_dir) == arrow_files(built.cache_dir)
    export(built.built(), tmp_path / "folders")
    assert len(list((tmp_path / "folders").glob("validation/*/*.jpg"))) == 20


def test_copies_of_test_posters_are_in_no_other_split(
    built: MoviePostersDecade, large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    options = THIRD_SPLIT | {"balance": "none"}
    dataset = built.as_dataset()
    originals, copies = (dataset[split]["imdb_id"][:3] for split in ("test", "train"))
    for original, copy, kind in zip(originals, copies, COPIES, strict=True):
        replace_poster(large_sample, copy, copy_of(large_sample, original, kind))
    for streaming in (False, True):
        cache = tmp_path / f"after, {streaming}"
        after = load_sample(large_sample, cache, streaming=streaming, **options)
        kept = {split: {row["imdb_id"] for row in part} for split, part in after.items()}
        assert kept["test"] >= {*originals}
        assert set.union(*kept.values()).isdisjoint(copies)
        assert len(kept["train"]) == 57


def test_near_duplicates_are_counted_although_the_target_sinks(
    built: MoviePostersDecade, large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    first, *others = built.as_dataset()["train"]["imdb_id"][:3]
    for other in others:
        replace_poster(large_sample, other, copy_of(large_sample, first, "framed"))
    builder = build_sample(large_sample, tmp_path, balance="none")
    report = builder.report()
    assert report.rejected == {"near_duplicate": 2}
    assert report.kept + sum(report.dropped.values()) == 102
    assert "not_sampled" not in report.dropped


def test_picture_that_stands_for_missing_posters_is_in_no_split(
    large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    missing = list(large_sample.paths)[::12]
    for number, imdb_id in enumerate(missing):
        # Each host may compress it in its own way.
        with Image.open(io.BytesIO(paint("1990s", 777))) as picture:
            replace_poster(large_sample, imdb_id, encode(picture, quality=70 + number))
    builder = build_sample(large_sample, tmp_path)
    ids = {imdb_id for part in builder.as_dataset().values() for imdb_id in part["imdb_id"]}
    assert len(missing) > 4
    assert ids.isdisjoint(missing)
    assert (builder.report().rejected or {})["placeholder"] == len(missing)
    assert len(set(builder.report().splits["train"].values())) == 1


def test_strips_of_landscape_pictures_are_counted_or_dropped(
    large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    with large_sample.path.open(newline="") as file:
        _, *rows = csv.reader(file)
    for row in rows[2:5]:
        answer = large_sample.host.answers[large_sample.paths[f"tt{int(row[0]):07}"]]
        row[-1] = row[-1].replace(".jpg", "._V1_UY268_CR84,0,182,268_.jpg")
        large_sample.host.answers[row[-1].removeprefix(large_sample.host.url)] = answer
    write_catalogue(large_sample.path, rows)
    counted = build_sample(large_sample, tmp_path / "one", balance="none")
    assert counted.report().landscape_crops == {"1970s": 3}
    [warning] = counted.report().warnings
    assert warning.message == "3 posters are strips of landscape pictures (1970s 3)."
    options = {"balance": "none", "drop_landscape_crops": True}
    dropped = build_sample(large_sample, tmp_path / "two", **options)
    assert dropped.report().dropped["landscape_crop"] == 3
    assert dropped.report().landscape_crops == {}
    links = [link for part in dropped.as_dataset().values() for link in part["poster_url"]]
    assert not any(map(is_landscape_crop, links))


def test_options_of_splits_that_cannot_be_are_refused(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    for size in (-0.1, 0.8, 1, "0.1"):
        with pytest.raises(ValueError, match="Option validation_size: expected a share from 0 to"):
            make_builder(sample, tmp_path, validation_size=size)
    with pytest.raises(ValueError, match="Option group_by: expected title; found 'year'"):
        make_builder(sample, tmp_path, group_by="year")


def test_two_builds_have_the_same_bytes_in_the_same_order(
    shared_sample: SampleCatalogue, built: MoviePostersDecade, tmp_path: Path
) -> None:
    other = load_sample(shared_sample, tmp_path, connections_per_host=2, **THIRD_SPLIT)
    assert encoded_examples(built.as_dataset()) == encoded_examples(other)
