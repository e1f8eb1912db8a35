"""What the README promises holds on the real catalogue, a third of whose links are dead."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import datasets
import pytest
from sample_builds import encoded_examples
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
def test_only_grayscale_posters_are_rejected_and_all_are_stored_as_they_were_downloaded() -> None:
    """As many as when the threshold of colourfulness was chosen."""
    assert MIN_COLORFULNESS == 4.0
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


@pytest.fixture(scope="module")
def real_host() -> Iterator[PosterHost]:
    """A running host of the real posters."""
    host = RealHost()
    with serve_on_loopback(host.answer) as host.url:
        yield host


@pytest.fixture(scope="module")
def comedies(
    real_catalogue: Path, real_host: PosterHost, tmp_path_factory: pytest.TempPathFactory
) -> MoviePostersDecade:
    """A build of the real catalogue's comedies, with links to the host on loopback."""
    folder = tmp_path_factory.mktemp("comedies")
    catalogue = folder / "MovieGenre.csv"
    catalogue.write_bytes(real_catalogue.read_bytes().replace(REAL_HOST, real_host.url.encode()))
    builder = MoviePostersDecade(
        str(folder), config_name="comedy", data_files=catalogue, allow_private_hosts=True
    )
    builder.download_and_prepare()
    return builder


def phashes(examples: list[dict[str, dict[str, bytes]]]) -> list[int]:
    checks = [check_poster(example["image"]["bytes"]) for example in examples]
    return [check.phashes.whole for check in checks if check.phashes is not None]


def test_decades_are_balanced_although_a_third_of_the_links_is_dead(
    comedies: MoviePostersDecade, real_host: PosterHost
) -> None:
    dataset, report = comedies.as_dataset(), comedies.report()
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


def test_export_is_an_image_folder_and_is_written_once(
    comedies: MoviePostersDecade, tmp_path: Path
) -> None:
    build, output = comedies.built(), tmp_path / "posters"
    some = {split: rows.select(range(0, len(rows), 5)) for split, rows in build.dataset.items()}
    part = replace(build, dataset=datasets.DatasetDict(some))
    assert export(part, output)
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*")}
    assert not export(part, output)
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*")} == before
    loaded = datasets.load_dataset(
        "imagefolder", data_dir=str(output), cache_dir=str(tmp_path / "loaded")
    )
    for split, rows in some.items():
        assert loaded[split].features["label"].names == list(DECADES)
        assert Counter(loaded[split]["label"]) == Counter(rows["label"])
        assert all(example["image"].getextrema() for example in loaded[split])
