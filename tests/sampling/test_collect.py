"""Collecting posters: a rejected one is replaced from its stratum until all decades are equal."""

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import DECADES, paint

from movie_posters_decade.errors import CollectionError
from movie_posters_decade.images import PictureComparison
from movie_posters_decade.options.options import Options
from movie_posters_decade.records import (
    SPLITS,
    DownloadResult,
    RejectReason,
    Stratum,
    accept_anything,
)
from movie_posters_decade.sampling import (
    Collection,
    Selection,
    StreamCache,
    collect,
    select,
    stream,
)


def selection_of(counts: Sequence[int], options: Options | None = None) -> Selection:
    """Select among so many movies of each decade."""
    years = [
        int(decade[:4]) for decade, count in zip(DECADES, counts, strict=True) for _ in range(count)
    ]
    movies = pd.DataFrame(
        {
            "imdb_id": [f"tt{number:07}" for number in range(len(years))],
            "title": "A",
            "year": pd.array(years, dtype="Int64"),
            "genres": [("Action",)] * len(years),
            "imdb_score": 7.0,
            "poster_url": [f"http://host/{number}" for number in range(len(years))],
            "extra": [()] * len(years),
        }
    )
    return select(movies, options or Options())


class Host:
    """Gives the same usable poster, without phashes, for every URL that is not dead."""

    def __init__(self, poster: Path, dead: set[str]) -> None:
        self.poster, self.dead = poster, dead
        self.requests: list[str] = []

    def download(self, urls: Sequence[str]) -> Generator[DownloadResult, None, None]:
        """Yield the last first, as results arrive in any order."""
        self.requests += urls
        for url in reversed(urls):
            if url in self.dead:
                yield DownloadResult(url, reason=RejectReason.NOT_FOUND, status=404)
            else:
                yield DownloadResult(url, self.poster, accept_anything(self.poster.read_bytes()))


@pytest.fixture
def poster(tmp_path: Path) -> Path:
    """A file with a poster."""
    path = tmp_path / "poster"
    path.write_bytes(paint("1990s", 1))
    return path


def sizes(collection: Collection) -> Counter[Stratum]:
    return Counter(poster.movie.stratum for poster in collection.posters)


def urls_of(selection: Selection, decade: str, split: str) -> list[str]:
    """Return the links of a stratum in the order of rank."""
    rows = selection.candidates
    return list(rows[(rows["decade"] == decade) & (rows["split"] == split)]["poster_url"])


def test_without_rejections_only_the_targets_are_requested(poster: Path) -> None:
    selection, host = selection_of([10, 20, 20, 20, 15]), Host(poster, set())
    collection = collect(selection, host.download, PictureComparison(), equal=True)
    assert sizes(collection) == Counter(selection.targets)
    assert len(host.requests) == 50
    assert collection.rejections == []


def test_poster_has_the_size_that_its_check_found(poster: Path) -> None:
    check = replace(accept_anything(poster.read_bytes()), size=(91, 134))

    def download(urls: Sequence[str]) -> Generator[DownloadResult, None, None]:
        return (DownloadResult(url, poster, check) for url in urls)

    collection = collect(selection_of([9] * 5), download, PictureComparison(), equal=True)
    assert {one.size for one in collection.posters} == {(91, 134)}


def test_rejected_poster_is_replaced_by_the_next_of_its_stratum(poster: Path) -> None:
    selection = selection_of([10, 20, 20, 20, 15])
    urls = urls_of(selection, "1990s", "train")
    collection = collect(
        selection, Host(poster, {urls[2]}).download, PictureComparison(), equal=True
    )
    kept = [poster.movie.poster_url for poster in collection.posters]
    assert sizes(collection) == Counter(selection.targets)
    assert [url for url in urls if url in kept] == [*urls[:2], *urls[3:9]]
    assert [
        (rejection.movie.poster_url, rejection.reason, rejection.status)
        for rejection in collection.rejections
    ] == [(urls[2], RejectReason.NOT_FOUND, 404)]


def test_exhausted_stratum_lowers_every_decade_of_its_split_with_a_warning(
    poster: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning does not name the 1980s, which have just enough."""
    selection = selection_of([10, 10, 20, 20, 15])
    dead = set(urls_of(selection, "1970s", "train")[:3])
    collection = collect(selection, Host(poster, dead).download, PictureComparison(), equal=True)
    found = sizes(collection)
    assert {found[Stratum(decade, "train")] for decade in DECADES} == {5}
    assert {found[Stratum(decade, "test")] for decade in DECADES} == {1}
    [message] = caplog.messages
    assert message.startswith(
        "Each decade has 5 train and 1 test posters instead of 8 and 2, as there are no more of "
        "the 1970s (train: of 8 tried, 38% not_found). Test is as small as its share. What "
        "helps, each from what is certain to what is possible:\n- "
    )
    assert message == str(collection.shortfall)


def test_exhausted_test_stratum_is_named_with_its_share(
    poster: Path, caplog: pytest.LogCaptureFixture
) -> None:
    selection = selection_of([20, 20, 20, 20, 20])
    dead = set(urls_of(selection, "1980s", "test")[:3])
    collection = collect(selection, Host(poster, dead).download, PictureComparison(), equal=True)
    assert sizes(collection)[Stratum("1970s", "test")] == 1
    assert sizes(collection)[Stratum("1970s", "train")] == 16
    [message] = caplog.messages
    assert message.startswith(
        "Each decade has 1 test posters instead of 4, as there are no more of the 1980s (test: of "
        "4 tried, 75% not_found). What helps,"
    )
    assert "\n- test_size=0.35 (--test-size 0.35): 13 train and 4 test posters of each" in message


def test_validation_and_test_keep_their_shares_beside_a_short_train(poster: Path) -> None:
    selection = selection_of([40, 40, 40, 40, 40], Options(validation_size=0.1).checked())
    dead = set(urls_of(selection, "1970s", "train")[:14])
    found = sizes(collect(selection, Host(poster, dead).download, PictureComparison(), equal=True))
    assert [found[Stratum("2010s", split)] for split in SPLITS] == [14, 2, 4]


@pytest.mark.parametrize("equal", [True, False])
def test_output_has_an_order_that_tells_neither_decade_nor_rank(poster: Path, equal: bool) -> None:
    """Large decades keep only their smallest ranks, so these would come first."""
    options = Options(balance="undersample" if equal else "none")
    selection = selection_of([100, 400, 400, 400, 400], options)
    collection = collect(selection, Host(poster, set()).download, PictureComparison(), equal=equal)
    train = [one.movie for one in collection.posters if one.movie.split == "train"]
    sizes_of = Counter(movie.decade for movie in train)
    for start in range(0, len(train), 40):
        part = Counter(movie.decade for movie in train[start : start + 40])
        for decade, size in sizes_of.items():
            assert abs(part[decade] - part.total() * size / len(train)) <= 2
    blocks = {
        tuple(movie.decade for movie in train[start : start + 5]) for start in range(0, 50, 5)
    }
    assert len(blocks) > 5
    ranks = [movie.rank for movie in train]
    assert abs(np.corrcoef(ranks, range(len(ranks)))[0, 1]) < 4 / len(ranks) ** 0.5


@pytest.mark.parametrize(
    ("movies", "dead", "warning"),
    [
        (
            [10, 10, 20, 20, 10],
            {"1970s": slice(3), "1980s": slice(2), "2010s": slice(3)},
            "Each decade has 5 train and 1 test posters instead of 8 and 2, as there are no more "
            "of the 1970s (train: of 8 tried, 38% not_found) and 2010s (train: of 8 tried, 38% "
            "not_found). Test",
        ),
        (
            [10, 12, 40, 40, 40],
            {"1970s": slice(1), "1980s": slice(2, 9)},
            "Each decade has 3 train and 1 test posters instead of 8 and 2, as there are no more "
            "of the 1980s (train: of 10 tried, 70% not_found). Test",
        ),
    ],
    ids=["equally small", "smaller after another"],
)
def test_warning_names_the_decades_at_whose_size_all_stopped(
    poster: Path,
    caplog: pytest.LogCaptureFixture,
    movies: list[int],
    dead: dict[str, slice],
    warning: str,
) -> None:
    selection = selection_of(movies)
    links = {link for decade in dead for link in urls_of(selection, decade, "train")[dead[decade]]}
    collect(selection, Host(poster, links).download, PictureComparison(), equal=True)
    assert caplog.messages[0].startswith(warning)


def test_scarce_decade_is_downloaded_first_so_that_no_download_is_wasted(poster: Path) -> None:
    selection = selection_of([10, 40, 40, 40, 40])
    dead = set(urls_of(selection, "1970s", "train")[:6])
    host = Host(poster, dead)
    collection = collect(selection, host.download, PictureComparison(), equal=True)
    # One of the two test posters of the 1970s was downloaded before train turned out to be short.
    assert len(host.requests) == len(collection.posters) + len(dead) + 1


def test_without_balance_only_the_decade_with_rejections_is_smaller(
    poster: Path, caplog: pytest.LogCaptureFixture
) -> None:
    selection = selection_of([10, 20, 20, 20, 15], Options(balance="none"))
    dead = set(urls_of(selection, "1970s", "train")[:3])
    collection = collect(selection, Host(poster, dead).download, PictureComparison(), equal=False)
    assert sizes(collection) == Counter({**selection.targets, Stratum("1970s", "train"): 5})
    assert caplog.messages == []


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_with_any_dead_links_decades_are_equal_and_splits_and_ranks_are_respected(
    poster: Path, data: st.DataObject
) -> None:
    selection = selection_of(data.draw(st.lists(st.integers(5, 15), min_size=5, max_size=5)))
    rows = selection.candidates
    dead = set(data.draw(st.lists(st.sampled_from(rows["poster_url"].tolist()), unique=True)))
    host = Host(poster, dead)
    try:
        collection = collect(selection, host.download, PictureComparison(), equal=True)
    except CollectionError:
        assert any(
            set(urls_of(selection, decade, split)) <= dead
            for decade in DECADES
            for split in ("train", "test")
        )
        return
    found = sizes(collection)
    assert len({found[Stratum(decade, "train")] for decade in DECADES}) == 1
    assert len({found[Stratum(decade, "test")] for decade in DECADES}) == 1
    tests, trains = found[Stratum("1970s", "test")], found[Stratum("1970s", "train")]
    assert tests <= max(1, int(0.2 * (tests + trains) + 0.5))
    splits = dict(zip(rows["imdb_id"], rows["split"], strict=True))
    assert all(splits[kept.movie.imdb_id] == kept.movie.split for kept in collection.posters)
    for decade in DECADES:
        for split in ("train", "test"):
            alive = [url for url in urls_of(selection, decade, split) if url not in dead]
            kept = {
                poster.movie.poster_url
                for poster in collection.posters
                if poster.movie.stratum == (decade, split)
            }
            assert kept == set(alive[: len(kept)])
    assert len(host.requests) == len(set(host.requests))


def test_decade_without_a_usable_poster_is_an_error(poster: Path) -> None:
    selection = selection_of([10, 20, 20, 20, 15])
    dead = set(urls_of(selection, "2010s", "test"))
    with pytest.raises(CollectionError) as error:
        collect(selection, Host(poster, dead).download, PictureComparison(), equal=True)
    assert str(error.value) == (
        "The 2010s have no usable test poster: all 3 movies were rejected (100% not_found). What "
        "was downloaded is kept. What helps, each from what is certain to what is possible: "
        "test_size=0.3 (--test-size 0.3): 6 to 7 train and 2 test posters of each decade; "
        "max_year=2009 (--max-year 2009): 8 train and 2 test posters of each decade, without the "
        '2010s; balance="none" (--balance none): 48 to 82 posters in all, 8 to 10 in '
        "the smallest decade."
    )


@pytest.mark.parametrize("equal", [True, False])
def test_stream_gives_the_movies_of_a_build_with_the_decades_mixed(
    poster: Path, equal: bool
) -> None:
    options = Options(balance="undersample" if equal else "none")
    selection = selection_of([10, 60, 20, 20, 15], options)
    dead = set(urls_of(selection, "1970s", "train")[:3])
    download = Host(poster, dead).download
    removed: list[str] = []
    streamed = []
    pictures, cache = PictureComparison(), StreamCache(poster.parent / "cache", ["a"])
    for found in stream(selection, "train", download, removed.append, pictures, cache, equal=equal):
        assert found.movie.poster_url not in removed
        streamed.append(found.movie)
    built = collect(selection, download, PictureComparison(), equal=equal)
    assert {movie.imdb_id for movie in streamed} == {
        kept.movie.imdb_id for kept in built.posters if kept.movie.split == "train"
    }
    decades = [movie.decade for movie in streamed]
    if equal:
        assert all(set(decades[start : start + 5]) == set(DECADES) for start in range(0, 25, 5))
        assert len({tuple(decades[start : start + 5]) for start in range(0, 25, 5)}) > 1
    else:
        half = len(decades) // 2
        one, other = Counter(decades[:half]), Counter(decades[half:])
        assert all(abs(one[decade] - other[decade]) <= 4 for decade in DECADES)
    assert dead <= set(removed)
