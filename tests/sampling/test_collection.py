"""Lost posters are replaced from their own stratum until all decades are equal again."""

from collections import Counter
from collections.abc import Generator, Sequence
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import DECADES, paint

from movie_posters_decade.config import Options
from movie_posters_decade.errors import CollectionError
from movie_posters_decade.records import SPLITS, Content, Fetched, Missed, Outcome, RejectReason
from movie_posters_decade.sampling.collect import Collection, Posters, collect, stream
from movie_posters_decade.sampling.selection import Selection, select


def selection_of(counts: Sequence[int], options: Options | None = None) -> Selection:
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
        }
    )
    return select(movies, options or Options())


class Host:
    """Brings one and the same usable poster for every URL that is not dead."""

    def __init__(self, poster: Path, dead: set[str]) -> None:
        self.poster, self.dead = poster, dead
        self.asked: list[str] = []

    def download(self, urls: Sequence[str]) -> Generator[Outcome, None, None]:
        """Bring the last first, as a network may."""
        self.asked += urls
        for url in reversed(urls):
            if url in self.dead:
                yield Missed(url, RejectReason.NOT_FOUND, 404)
            else:
                yield Fetched(url, str(self.poster), Content.of(self.poster.read_bytes()))


def posters_of(host: Host) -> Posters:
    return Posters(host.download)


@pytest.fixture
def poster(tmp_path: Path) -> Path:
    path = tmp_path / "poster"
    path.write_bytes(paint("1990s", 1))
    return path


def sizes(collection: Collection) -> Counter[tuple[str, str]]:
    return Counter(poster.movie.stratum for poster in collection.posters)


def urls_of(selection: Selection, decade: str, split: str) -> list[str]:
    rows = selection.candidates
    return list(rows[(rows["decade"] == decade) & (rows["split"] == split)]["poster_url"])


def test_without_losses_just_what_is_wanted_is_asked_for(poster: Path) -> None:
    selection, host = selection_of([10, 20, 20, 20, 15]), Host(poster, set())
    collection = collect(selection, posters_of(host), equal=True)
    assert sizes(collection) == Counter(selection.targets)
    assert len(host.asked) == 50
    assert collection.rejections == []


def test_lost_poster_is_replaced_by_the_next_of_its_pool(poster: Path) -> None:
    selection = selection_of([10, 20, 20, 20, 15])
    stratum = urls_of(selection, "1990s", "train")
    collection = collect(selection, posters_of(Host(poster, {stratum[2]})), equal=True)
    kept = [poster.movie.poster_url for poster in collection.posters]
    assert sizes(collection) == Counter(selection.targets)
    assert [url for url in stratum if url in kept] == [*stratum[:2], *stratum[3:9]]
    assert [
        (rejection.movie.poster_url, rejection.reason, rejection.status)
        for rejection in collection.rejections
    ] == [(stratum[2], RejectReason.NOT_FOUND, 404)]


def test_dry_pool_lowers_every_decade_on_its_side_only_and_says_so(
    poster: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And not of the 1980s, which has just enough."""
    selection = selection_of([10, 10, 20, 20, 15])
    dead = set(urls_of(selection, "1970s", "train")[:3])
    collection = collect(selection, posters_of(Host(poster, dead)), equal=True)
    found = sizes(collection)
    assert {found[decade, "train"] for decade in DECADES} == {5}
    assert {found[decade, "test"] for decade in DECADES} == {2}
    assert caplog.messages == [
        "Each decade has 5 train posters instead of 8, as there are no more of the 1970s."
    ]


@pytest.mark.parametrize(
    ("movies", "dead", "told"),
    [
        (
            [10, 10, 20, 20, 10],
            {"1970s": slice(3), "1980s": slice(2), "2010s": slice(3)},
            "Each decade has 5 train posters instead of 8, as there are no more of the 1970s and "
            "2010s.",
        ),
        (
            [10, 12, 40, 40, 40],
            {"1970s": slice(1), "1980s": slice(2, 9)},
            "Each decade has 3 train posters instead of 8, as there are no more of the 1980s.",
        ),
    ],
    ids=["short alike", "short after another"],
)
def test_decades_that_all_stopped_for_are_told(
    poster: Path,
    caplog: pytest.LogCaptureFixture,
    movies: list[int],
    dead: dict[str, slice],
    told: str,
) -> None:
    selection = selection_of(movies)
    links = {link for decade in dead for link in urls_of(selection, decade, "train")[dead[decade]]}
    collect(selection, posters_of(Host(poster, links)), equal=True)
    assert caplog.messages == [told]


def test_scarce_decade_is_tried_first_so_that_others_are_not_fetched_in_vain(poster: Path) -> None:
    selection = selection_of([10, 40, 40, 40, 40])
    dead = set(urls_of(selection, "1970s", "train")[:6])
    host = Host(poster, dead)
    collection = collect(selection, posters_of(host), equal=True)
    assert len(host.asked) == len(collection.posters) + len(dead)


def test_without_balance_only_the_decade_that_loses_is_smaller(
    poster: Path, caplog: pytest.LogCaptureFixture
) -> None:
    selection = selection_of([10, 20, 20, 20, 15], Options(balance="none"))
    dead = set(urls_of(selection, "1970s", "train")[:3])
    collection = collect(selection, posters_of(Host(poster, dead)), equal=False)
    assert sizes(collection) == Counter({**selection.targets, ("1970s", "train"): 5})
    assert caplog.messages == []


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_whatever_dies_decades_are_equal_sides_fixed_and_ranks_respected(
    poster: Path, data: st.DataObject
) -> None:
    selection = selection_of(data.draw(st.lists(st.integers(5, 25), min_size=5, max_size=5)))
    rows = selection.candidates
    dead = set(data.draw(st.lists(st.sampled_from(rows["poster_url"].tolist()), unique=True)))
    host = Host(poster, dead)
    try:
        collection = collect(selection, posters_of(host), equal=True)
    except CollectionError:
        assert any(
            set(urls_of(selection, decade, split)) <= dead for decade in DECADES for split in SPLITS
        )
        return
    found = sizes(collection)
    assert len({found[decade, "train"] for decade in DECADES}) == 1
    assert len({found[decade, "test"] for decade in DECADES}) == 1
    splits = dict(zip(rows["imdb_id"], rows["split"], strict=True))
    assert all(splits[kept.movie.imdb_id] == kept.movie.split for kept in collection.posters)
    for decade in DECADES:
        for split in SPLITS:
            alive = [url for url in urls_of(selection, decade, split) if url not in dead]
            kept = [
                poster.movie.poster_url
                for poster in collection.posters
                if poster.movie.stratum == (decade, split)
            ]
            assert kept == alive[: len(kept)]
    assert len(host.asked) == len(set(host.asked))


def test_decade_without_a_usable_poster_is_named(poster: Path) -> None:
    selection = selection_of([10, 20, 20, 20, 15])
    dead = set(urls_of(selection, "2010s", "test"))
    with pytest.raises(CollectionError) as error:
        collect(selection, posters_of(Host(poster, dead)), equal=True)
    assert str(error.value) == (
        "The 2010s have no usable test poster: of 3 movies none is left (not_found 3). What was downloaded "
        "is kept. Build again when they can be reached, or choose min_year and max_year without "
        "that decade."
    )


@pytest.mark.parametrize("equal", [True, False])
def test_stream_brings_the_movies_of_a_build_decade_by_decade(poster: Path, equal: bool) -> None:
    options = Options(balance="undersample" if equal else "none")
    selection = selection_of([10, 60, 20, 20, 15], options)
    dead = set(urls_of(selection, "1970s", "train")[:3])

    forgotten: list[str] = []
    streamed = []
    posters = posters_of(Host(poster, dead))
    for found in stream(selection, "train", posters, forgotten.append, equal=equal):
        assert found.movie.poster_url not in forgotten
        streamed.append(found.movie)
    built = collect(selection, posters_of(Host(poster, dead)), equal=equal)
    assert {movie.imdb_id for movie in streamed} == {
        kept.movie.imdb_id for kept in built.posters if kept.movie.split == "train"
    }
    assert [movie.decade for movie in streamed[:10]] == [*DECADES, *DECADES]
    assert dead <= set(forgotten)
