"""What is promised, on the real catalogue and its real posters, a third of whose links are dead."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import datasets
import numpy as np
import pytest
from samples import DECADES, REAL_DATA, PosterHost

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.demo.server import serve_on_loopback
from movie_posters_decade.exports.exporter import export
from movie_posters_decade.images.checks import MIN_COLORFULNESS, check_poster
from movie_posters_decade.records import RejectReason
from movie_posters_decade.sampling.dedup import MAX_DISTANCE, NearDuplicateIndex

pytestmark = pytest.mark.real

REAL_HOST = b"https://images-na.ssl-images-amazon.com"


def test_plan_is_the_articles(real_catalogue: Path, tmp_path: Path) -> None:
    report = MoviePostersDecade(str(tmp_path), data_files=real_catalogue).plan()
    assert report.funnel == {
        "rows": 5213,
        "complete": 5154,
        "unique": 4940,
        "genre": 727,
        "years": 700,
    }
    assert report.decades == dict(zip(DECADES, (162, 188, 173, 102, 75), strict=True))
    assert report.splits == {
        "train": dict.fromkeys(DECADES, 60),
        "test": dict.fromkeys(DECADES, 15),
    }


class RealHost(PosterHost):
    """Serves the real posters, and 404 for those that are gone."""

    def answer(self, path: str) -> tuple[int, bytes]:
        self.requests.append(path)
        poster = REAL_DATA / "images" / "M" / path.rsplit("/", 1)[-1]
        return (200, poster.read_bytes()) if poster.is_file() else (404, b"Not Found")


@pytest.fixture
def real_host() -> Iterator[PosterHost]:
    host = RealHost()
    with serve_on_loopback(host.answer) as host.url:
        yield host


@pytest.fixture
def catalogue(real_catalogue: Path, real_host: PosterHost, tmp_path: Path) -> Path:
    """The real catalogue, whose links lead to the host on loopback."""
    path = tmp_path / "MovieGenre.csv"
    path.write_bytes(real_catalogue.read_bytes().replace(REAL_HOST, real_host.url.encode()))
    return path


def test_comedies_are_equal_though_a_third_of_the_links_is_dead(
    catalogue: Path, real_host: PosterHost, tmp_path: Path
) -> None:
    def build(cache: str) -> tuple[MoviePostersDecade, datasets.DatasetDict]:
        builder = MoviePostersDecade(
            str(tmp_path / cache),
            config_name="comedy",
            data_files=catalogue,
            allow_private_hosts=True,
        )
        builder.download_and_prepare()
        return builder, builder.as_dataset()

    builder, dataset = build("one")
    report = builder.report()
    assert (report.funnel["genre"], report.funnel["years"]) == (1764, 1581)
    for split, decades in report.splits.items():
        assert len(set(decades.values())) == 1
        assert Counter(DECADES[label] for label in dataset[split]["label"]) == decades
    max_per_decade = report.splits["train"]["1970s"] + report.splits["test"]["1970s"]
    assert 150 <= max_per_decade <= 179
    assert set(report.rejected or ()) == {"not_found", "grayscale"}
    assert report.kept + sum(report.dropped.values()) == 5213
    assert len(real_host.requests) == report.kept + sum((report.rejected or {}).values())
    for example in dataset["test"]:
        assert example["image"].mode == "RGB"
        assert DECADES[example["label"]] == f"{example['year'] // 10}0s"

    looks = {
        split: [
            check_poster(example["image"]["bytes"]).phash or 0
            for example in dataset[split].cast_column("image", datasets.Image(decode=False))
        ]
        for split in dataset
    }
    assert (
        min((one ^ two).bit_count() for one in looks["train"] for two in looks["test"])
        > MAX_DISTANCE
    )

    asked = len(real_host.requests)
    build("one")
    assert len(real_host.requests) == asked

    _, other = build("other")
    for split in dataset:
        one, two = (
            part[split].cast_column("image", datasets.Image(decode=False))
            for part in (dataset, other)
        )
        assert list(one) == list(two)


def test_comedies_are_exported_as_an_image_folder(catalogue: Path, tmp_path: Path) -> None:
    builder = MoviePostersDecade(
        str(tmp_path / "cache"),
        config_name="comedy",
        data_files=catalogue,
        allow_private_hosts=True,
    )
    builder.download_and_prepare()
    build = builder.built()
    output = tmp_path / "posters"
    assert export(build, output)
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*")}
    assert not export(build, output)
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*")} == before
    loaded = datasets.load_dataset(
        "imagefolder", data_dir=str(output), cache_dir=str(tmp_path / "loaded")
    )
    for split, decades in build.report.splits.items():
        assert loaded[split].features["label"].names == list(DECADES)
        assert Counter(DECADES[label] for label in loaded[split]["label"]) == decades
        assert len(set(decades.values())) == 1
        assert all(example["image"].getextrema() for example in loaded[split])


def test_black_and_white_posters_are_as_many_as_the_threshold_was_chosen_for(
    real_catalogue: Path,
) -> None:
    posters = list((real_catalogue.parent / "images" / "M").iterdir())
    verdicts = Counter(check_poster(path.read_bytes()).reason for path in posters)
    assert verdicts == {None: 3387, RejectReason.GRAYSCALE: 47}
    assert MIN_COLORFULNESS == 4.0


def test_lookalikes_are_as_many_as_the_distance_was_chosen_for(real_catalogue: Path) -> None:
    """Compared all with all, and by the quick way."""
    posters = sorted((real_catalogue.parent / "images" / "M").iterdir())
    found = [check_poster(path.read_bytes()).phash for path in posters]
    looks = np.array([look for look in found if look is not None], dtype=np.uint64)
    pairs: Counter[int] = Counter()
    for number, look in enumerate(looks):
        bits = np.unpackbits((looks[:number] ^ look).view(np.uint8).reshape(-1, 8), axis=1)
        distances = bits.sum(axis=1)
        pairs.update(distances[distances <= 10].tolist())
    assert min(pairs) > MAX_DISTANCE
    # A few bits differ from one version of the decoder to another.
    assert pairs[8] <= 2
    assert 2 <= pairs[10] <= 12
    for distance in (MAX_DISTANCE, 8, 10):
        near_duplicates: NearDuplicateIndex[int] = NearDuplicateIndex(distance)
        quick = 0
        for look in looks.tolist():
            quick += len(near_duplicates.near(look))
            near_duplicates.add(look, look)
        assert quick == sum(count for apart, count in pairs.items() if apart <= distance)
