"""What the README promises holds on the real catalogue, a third of whose links are dead."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest
from sample_builds import arrow_files, encoded_examples
from samples import DECADES, REAL_DATA, PosterHost

from movie_posters_decade import MoviePostersDecade, export
from movie_posters_decade.demo.server import serve_on_loopback
from movie_posters_decade.images import check_poster
from movie_posters_decade.images.checks import MIN_COLORFULNESS
from movie_posters_decade.records import RejectReason

pytestmark = pytest.mark.real

REAL_HOST = b"https://images-na.ssl-images-amazon.com"
REAL_POSTERS = REAL_DATA / "images" / "M"


def test_plan_has_the_numbers_of_the_article(real_catalogue: Path, tmp_path: Path) -> None:
    """The catalogue is a sample, so its numbers are smaller; the rules are the article's."""
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


@pytest.mark.usefixtures("real_catalogue")
def test_every_poster_is_stored_as_it_was_downloaded() -> None:
    checks = [check_poster(path.read_bytes()) for path in REAL_POSTERS.glob("*.jpg")]
    assert Counter(check.reason for check in checks) == {None: 3387, RejectReason.GRAYSCALE: 47}
    assert all(check.stored is None for check in checks)


class RealHost(PosterHost):
    """Serves the real posters, and 404 for the links that are dead."""

    def answer(self, path: str) -> tuple[int, bytes]:
        """Return HTTP status and body for a path."""
        self.requests.append(path)
        poster = REAL_POSTERS / path.rsplit("/", 1)[-1]
        return (200, poster.read_bytes()) if poster.is_file() else (404, b"Not Found")


@pytest.fixture
def real_host() -> Iterator[PosterHost]:
    """A running host of the real posters."""
    host = RealHost()
    with serve_on_loopback(host.answer) as host.url:
        yield host


@pytest.fixture
def catalogue(real_catalogue: Path, real_host: PosterHost, tmp_path: Path) -> Path:
    """The real catalogue, with links to the host on loopback."""
    path = tmp_path / "MovieGenre.csv"
    path.write_bytes(real_catalogue.read_bytes().replace(REAL_HOST, real_host.url.encode()))
    return path


def build_comedies(catalogue: Path, cache: Path) -> MoviePostersDecade:
    builder = MoviePostersDecade(
        str(cache), config_name="comedy", data_files=catalogue, allow_private_hosts=True
    )
    builder.download_and_prepare()
    return builder


def phashes(examples: list[dict[str, dict[str, bytes]]]) -> list[int]:
    checks = [check_poster(example["image"]["bytes"]) for example in examples]
    return [check.phashes.whole for check in checks if check.phashes is not None]


def test_decades_are_balanced_although_a_third_of_the_links_is_dead(
    catalogue: Path, real_host: PosterHost, tmp_path: Path
) -> None:
    builder = build_comedies(catalogue, tmp_path / "one")
    dataset, report = builder.as_dataset(), builder.report()
    assert (report.funnel["genre"], report.funnel["years"]) == (1764, 1581)
    for split, decades in report.splits.items():
        assert len(set(decades.values())) == 1
        assert Counter(DECADES[label] for label in dataset[split]["label"]) == decades
    per_decade = report.splits["train"]["1970s"] + report.splits["test"]["1970s"]
    assert 150 <= per_decade <= 179
    assert set(report.rejected or ()) == {"not_found", "grayscale"}
    assert report.kept + sum(report.dropped.values()) == 5213
    assert len(real_host.requests) == report.kept + sum((report.rejected or {}).values())
    for example in dataset["test"]:
        assert example["image"].mode == "RGB"
        assert DECADES[example["label"]] == f"{example['year'] // 10}0s"

    examples = encoded_examples(dataset)
    train, test = phashes(examples["train"]), phashes(examples["test"])
    assert min((one ^ other).bit_count() for one in train for other in test) > 6

    real_host.requests.clear()
    build_comedies(catalogue, tmp_path / "one")
    assert real_host.requests == []

    other = build_comedies(catalogue, tmp_path / "other")
    assert encoded_examples(other.as_dataset()) == examples
    assert arrow_files(other.cache_dir) == arrow_files(builder.cache_dir)


def test_export_is_an_image_folder_and_is_written_once(catalogue: Path, tmp_path: Path) -> None:
    build = build_comedies(catalogue, tmp_path / "cache").built()
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


@pytest.mark.usefixtures("real_catalogue")
def test_threshold_of_colorfulness_rejects_as_many_posters_as_when_it_was_chosen() -> None:
    posters = list(REAL_POSTERS.iterdir())
    reasons = Counter(check_poster(path.read_bytes()).reason for path in posters)
    assert reasons == {None: 3387, RejectReason.GRAYSCALE: 47}
    assert MIN_COLORFULNESS == 4.0
