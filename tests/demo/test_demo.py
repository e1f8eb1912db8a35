"""The demo builds from painted posters with every kind of flaw, and needs no network."""

from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.demo.server import PaintedMovie, answer_for_poster, paint_movies
from movie_posters_decade.images import check_poster
from movie_posters_decade.records import RejectReason


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> MoviePostersDecade:
    """A built demo."""
    builder = MoviePostersDecade(str(tmp_path_factory.mktemp("cache")), config_name="demo")
    builder.download_and_prepare()
    return builder


def test_flawed_posters_are_rejected_and_decades_are_balanced(built: MoviePostersDecade) -> None:
    report = built.report()
    assert set(report.rejected or ()) >= {
        "not_found",
        "not_an_image",
        "truncated",
        "grayscale",
        "near_duplicate",
    }
    assert set(report.dropped) >= {
        "missing_value",
        "duplicate_url",
        "other_genre",
        "no_year",
        "year_out_of_range",
    }
    for decades in report.splits.values():
        assert len(set(decades.values())) == 1
    assert report.splits["train"]["1970s"] >= 20
    assert report.kept + sum(report.dropped.values()) == report.funnel["rows"]


def test_each_flaw_has_its_reject_reason() -> None:
    movies: dict[str, list[PaintedMovie]] = {}
    for movie in paint_movies():
        movies.setdefault(movie.flaw, []).append(movie)
    reasons: dict[str, set[RejectReason | None]] = {}
    for movie in chain.from_iterable(some[:9] for some in movies.values()):
        status, content = answer_for_poster(movie.path)
        reason = RejectReason.NOT_FOUND if status == 404 else check_poster(content).reason
        reasons.setdefault(movie.flaw, set()).add(reason)
    assert reasons == {
        "": {None},
        "dead": {RejectReason.NOT_FOUND},
        "grayscale": {RejectReason.GRAYSCALE},
        "grayscale stored as RGB": {RejectReason.GRAYSCALE},
        "truncated": {RejectReason.TRUNCATED},
        "web page": {RejectReason.NOT_AN_IMAGE},
        "empty": {RejectReason.NOT_AN_IMAGE},
        "copy": {None},
    }


def test_mean_color_is_nearest_to_that_of_the_decade(built: MoviePostersDecade) -> None:
    """So that a model can learn something from the demo."""
    dataset = built.as_dataset()

    def mean_color(example: dict[str, object]) -> tuple[int, ...]:
        return example["image"].resize((1, 1)).getpixel((0, 0))  # type: ignore[attr-defined,no-any-return]

    by_decade: dict[int, list[tuple[int, ...]]] = {}
    for example in dataset["train"]:
        by_decade.setdefault(example["label"], []).append(mean_color(example))
    means = {
        label: [sum(parts) / len(parts) for parts in zip(*colors, strict=True)]
        for label, colors in by_decade.items()
    }
    hits = Counter(
        min(
            means,
            key=lambda label: sum(
                (one - other) ** 2
                for one, other in zip(means[label], mean_color(example), strict=True)
            ),
        )
        == example["label"]
        for example in dataset["test"]
    )
    assert hits[True] / hits.total() > 0.9


def test_demo_is_always_the_same_and_needs_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (
        MoviePostersDecade(str(tmp_path / name), config_name="demo", max_per_decade=5)
        for name in ("one", "other")
    )
    one.download_and_prepare()
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    other.download_and_prepare()
    assert one.report() == other.report()
    assert one.as_dataset()["train"].to_dict() == other.as_dataset()["train"].to_dict()


def test_demo_can_be_streamed(built: MoviePostersDecade) -> None:
    streamed = list(built.as_streaming_dataset(split="test"))
    test_movies = built.as_dataset(split="test")
    assert sorted(movie["imdb_id"] for movie in streamed) == sorted(test_movies["imdb_id"])
