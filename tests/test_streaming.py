"""Streams: what one iteration learned saves the next ones requests, and changes nothing else."""

import io
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import datasets
import pytest
from PIL import Image
from read_only import read_only
from sample_builds import load_sample
from samples import DECADES, PosterHost, SampleCatalogue, encode, make_sample, paint

from movie_posters_decade.demo.server import serve_on_loopback

SPLITS = ("train", "validation", "test")

STREAM = """
import sys
import datasets
import movie_posters_decade
dataset = datasets.load_dataset("movie_posters_decade", data_files=sys.argv[1],
    cache_dir=sys.argv[2], allow_private_hosts=True, validation_size=0.2, streaming=True)
print([movie["imdb_id"] for movie in dataset["train"]])
"""


@pytest.fixture(scope="module")
def changed_sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCatalogue]:
    """Ten movies of each decade; dead and grayscale posters are in all splits, and copies."""
    host, folder = PosterHost(), tmp_path_factory.mktemp("sample")
    with serve_on_loopback(host.answer) as host.url:
        sample = make_sample(folder / "catalogue", host, dict.fromkeys(DECADES, 10))
        splits = {split: stream(sample, folder / "first", split) for split in SPLITS}
        kept = splits["test"][0]
        for ids in splits.values():
            sample.kill(ids[1])
            host.answers[sample.paths[ids[2]]] = (200, paint("1990s", 3, mode="L"))
        for one in (*splits["train"][3:5], splits["validation"][3]):
            host.answers[sample.paths[one]] = (
                200,
                saved_again(host.answers[sample.paths[kept]][1]),
            )
        yield sample


@pytest.fixture
def sample(changed_sample: SampleCatalogue) -> SampleCatalogue:
    """The changed sample, before any request."""
    changed_sample.host.requests.clear()
    return changed_sample


def saved_again(poster: bytes) -> bytes:
    """Return a poster with other bytes that look alike."""
    return encode(Image.open(io.BytesIO(poster)), quality=80)


@pytest.fixture
def unusable(sample: SampleCatalogue) -> set[str]:
    """The ids of the movies whose posters are dead, grayscale or a copy: the changed ones."""
    return {
        imdb_id
        for imdb_id, path in sample.paths.items()
        if sample.host.answers[path] != (200, paint(path.split("/")[1], int(imdb_id[2:])))
    }


def dataset(sample: SampleCatalogue, cache: Path, split: str, **options: Any) -> Any:
    options = {"streaming": True, "validation_size": 0.2} | options
    return load_sample(sample, cache, split=split, **options)


def stream(sample: SampleCatalogue, cache: Path, split: str, **options: Any) -> list[str]:
    """Read a stream of a split to its end, and return the movies' ids."""
    return [movie["imdb_id"] for movie in dataset(sample, cache, split, **options)]


def requested(sample: SampleCatalogue) -> list[str]:
    """Return the ids of the movies whose posters were requested since the last time."""
    ids = {path: imdb_id for imdb_id, path in sample.paths.items()}
    found = [ids[path] for path in sample.host.requests]
    sample.host.requests.clear()
    return found


@pytest.mark.parametrize("balance", ["undersample", "none"])
def test_second_epoch_and_another_builder_give_the_same_with_fewer_requests(
    sample: SampleCatalogue, unusable: set[str], balance: str, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    train = dataset(sample, cache, "train", balance=balance)
    first = [movie["imdb_id"] for movie in train]
    tried = set(requested(sample))
    assert len(unusable & tried) == 9
    assert not unusable & set(first)
    test = stream(sample, tmp_path / "other", "test", balance=balance)
    requested(sample)
    for again in (train, dataset(sample, cache, "train", balance=balance)):
        assert [movie["imdb_id"] for movie in again] == first
        second = set(requested(sample))
        assert set(first) <= second < tried
        assert not second & (unusable | set(test))
    assert stream(sample, tmp_path / "other", "train", balance=balance) == first


def test_first_train_poster_needs_few_requests_once_the_other_splits_were_read(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    for split in ("validation", "test"):
        stream(sample, cache, split)
    requested(sample)
    with closing(iter(dataset(sample, cache, "train"))) as movies:
        first = next(movies)["imdb_id"]
    decades = Counter(sample.paths[one].split("/")[1] for one in requested(sample))
    assert set(decades) == set(DECADES)
    assert max(decades.values()) <= 2
    train = stream(sample, tmp_path / "other", "train")
    assert train[0] == first
    assert stream(sample, cache, "train") == train


def test_part_of_a_split_leaves_its_rejections_but_no_split(
    sample: SampleCatalogue, unusable: set[str], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    test = stream(sample, tmp_path / "other", "test")
    requested(sample)
    part = dataset(sample, cache, "test")
    some = [movie["imdb_id"] for movie in part.take(len(test) - 1)]
    rejected = set(requested(sample)) & unusable
    assert rejected
    assert some == test[:-1]
    stream(sample, cache, "train")
    train = set(requested(sample))
    assert set(test) < train
    assert not rejected & train


def test_another_process_streams_the_same_from_a_cache_that_it_can_only_read(
    sample: SampleCatalogue, unusable: set[str], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    test = stream(sample, cache, "test")
    rejected = set(requested(sample)) & unusable
    assert rejected
    expected = stream(sample, tmp_path / "other", "train")
    assert {*test, *rejected} < set(requested(sample))
    files = {path: path.read_bytes() for path in cache.rglob("*.stream")}
    with read_only(cache) as command:
        words = [*command, sys.executable, "-c", STREAM, str(sample.path), str(cache)]
        finished = subprocess.run(words, capture_output=True, check=False, text=True)
    assert finished.stdout == f"{expected}\n", finished.stderr
    assert not {*test, *rejected} & set(requested(sample))
    assert {path: path.read_bytes() for path in cache.rglob("*.stream")} == files


def test_stream_with_other_permissions_does_not_use_the_cache(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    """What a link gives depends on them, and the configuration's name in the cache does not."""
    test = stream(sample, tmp_path, "test")
    requested(sample)
    stream(sample, tmp_path, "train", user_agent="another (+https://example.org)")
    assert set(test) < set(requested(sample))


@pytest.fixture
def progress_bars() -> Iterator[None]:
    datasets.enable_progress_bars()
    yield
    datasets.disable_progress_bars()


@pytest.mark.usefixtures("progress_bars")
def test_check_of_earlier_splits_shows_its_progress_once(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = dataset(sample, tmp_path / "cache", "train")
    list(train.take(1))
    shown = capsys.readouterr().err
    assert "Checking test" in shown
    assert "Checking validation" in shown
    assert "/10 [" in shown
    assert shown.rpartition("\r")[2].strip() == ""
    list(train.take(1))
    assert "Checking" not in capsys.readouterr().err
