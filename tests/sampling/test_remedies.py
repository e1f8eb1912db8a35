"""Remedies: what each option would give is what it gives when it is used."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from samples import DECADES

from movie_posters_decade.errors import CollectionError
from movie_posters_decade.images import PictureComparison
from movie_posters_decade.options.options import Options
from movie_posters_decade.records import DownloadResult, RejectReason, Stratum, accept_anything
from movie_posters_decade.report.shortfall import Shortfall
from movie_posters_decade.sampling import Collection, Selection, collect, select

ACTION = Options(genres=("Action",)).checked()


def catalogue(counts: Sequence[int], host: str = "posters.example.org") -> pd.DataFrame:
    """Return as many action movies of each decade, and one drama of each."""
    years = [
        int(decade[:4])
        for decade, count in zip(DECADES, counts, strict=True)
        for _ in range(count + 1)
    ]
    first = [sum(counts[:place]) + place for place in range(len(counts))]
    return pd.DataFrame(
        {
            "imdb_id": [f"tt{number:07}" for number in range(len(years))],
            "title": "A",
            "year": pd.array(years, dtype="Int64"),
            "genres": [("Drama",) if row in first else ("Action",) for row in range(len(years))],
            "imdb_score": 7.0,
            "poster_url": [f"http://{host}/{number}" for number in range(len(years))],
            "extra": [()] * len(years),
        }
    )


def run(movies: pd.DataFrame, dead: set[str], options: Options = ACTION) -> Collection:
    """Collect posters, all of them usable but those of dead links."""

    def download(urls: Sequence[str]) -> Generator[DownloadResult, None, None]:
        for url in urls:
            if url in dead:
                yield DownloadResult(url, reason=RejectReason.NOT_FOUND, status=404)
            else:
                yield DownloadResult(url, Path("poster"), accept_anything(url.encode()))

    selection = select(movies, options)
    equal = options.balance == "undersample"
    return collect(selection, download, PictureComparison(), equal=equal)


def links(selection: Selection, decade: str, split: str) -> list[str]:
    rows = selection.candidates
    return list(rows[(rows["decade"] == decade) & (rows["split"] == split)]["poster_url"])


def remedies(collection: Collection) -> dict[str, str]:
    """Return what each option gives, by the option's name and value."""
    assert collection.shortfall is not None
    parts = (text.partition(": ") for text in collection.shortfall.remedies)
    return {option.partition(" (")[0]: gives for option, _, gives in parts}


def size_of(collection: Collection, decade: str, split: str) -> int:
    return sum(one.movie.stratum == (decade, split) for one in collection.posters)


@pytest.fixture
def movies() -> pd.DataFrame:
    return catalogue([20, 40, 40, 40, 40])


@pytest.fixture
def dead(movies: pd.DataFrame) -> set[str]:
    """Half of the train links of the 1970s."""
    return set(links(select(movies, ACTION), "1970s", "train")[:8])


def test_remedies_name_ranges_and_upper_bounds(movies: pd.DataFrame, dead: set[str]) -> None:
    assert remedies(run(movies, dead)) == {
        "min_year=1980": "8 to 32 train and 2 to 8 test posters of each decade, without the 1970s",
        'balance="none"': "52 to 172 posters in all, 10 to 12 in the smallest decade",
        "all genres": "at most 21 candidates of the 1970s instead of 20, some with dead links too",
        'fallbacks="wayback"': "at most 8 dead links of the 1970s come back",
    }


def test_what_is_possible_is_reached_where_no_other_link_is_dead(
    movies: pd.DataFrame, dead: set[str]
) -> None:
    others = run(movies, dead, replace(ACTION, min_year=1980))
    assert size_of(others, "1980s", "train") == 32
    assert size_of(others, "1980s", "test") == 8
    assert len(run(movies, dead, replace(ACTION, balance="none")).posters) == 172


def test_what_is_certain_is_reached_where_all_other_links_are_dead(
    movies: pd.DataFrame, dead: set[str]
) -> None:
    first = run(movies, dead)
    selection = select(movies, ACTION)
    tried = {
        link
        for decade in DECADES
        for split in ("train", "test")
        for link in links(selection, decade, split)[: first.downloaded[Stratum(decade, split)]]
    }
    all_others_dead = dead | (set(movies["poster_url"]) - tried)
    others = run(movies, all_others_dead, replace(ACTION, min_year=1980))
    assert size_of(others, "1980s", "train") == 8
    assert size_of(others, "1980s", "test") == 2
    unequal = run(movies, all_others_dead, replace(ACTION, balance="none"))
    assert len(unequal.posters) == 52


def test_larger_share_gives_what_it_says(movies: pd.DataFrame) -> None:
    dead = set(links(select(movies, ACTION), "1980s", "test")[:7])
    collection = run(movies, dead)
    assert size_of(collection, "1980s", "test") == 1
    found = remedies(collection)
    [(option, gives)] = [one for one in found.items() if one[0].startswith("test_size=")]
    share = float(option.partition("=")[2])
    larger = run(movies, dead, replace(ACTION, test_size=share))
    low, _, rest = gives.partition(" to ")
    high = rest.partition(" ")[0]
    assert int(low) <= size_of(larger, "1980s", "train") <= int(high)
    assert size_of(larger, "1980s", "test") >= 4
    assert list(found).index(option) == 0, "what helps the split itself stands first"


def test_decade_in_the_middle_cannot_be_left_out(movies: pd.DataFrame) -> None:
    dead = set(links(select(movies, ACTION), "1990s", "train")[:28])
    assert not any("year" in option for option in remedies(run(movies, dead)))


def test_archive_is_no_remedy_for_links_that_it_cannot_have(dead: set[str]) -> None:
    for host in ("127.0.0.1:8099", "posters.invalid"):
        local = {link.replace("posters.example.org", host) for link in dead}
        found = remedies(run(catalogue([20, 40, 40, 40, 40], host), local))
        assert 'fallbacks="wayback"' not in found


def test_what_is_used_already_is_no_remedy(movies: pd.DataFrame, dead: set[str]) -> None:
    every = replace(ACTION, genres=None, fallbacks=("wayback",))
    assert list(remedies(run(movies, dead, every))) == ["min_year=1980", 'balance="none"']


def test_error_of_a_decade_without_posters_names_shares_and_remedies(movies: pd.DataFrame) -> None:
    with pytest.raises(CollectionError) as error:
        run(movies, set(links(select(movies, ACTION), "1970s", "train")))
    assert str(error.value) == (
        "The 1970s have no usable train poster: all 16 movies were rejected (100% not_found). What "
        "was downloaded is kept. What helps, each from what is certain to what is possible: "
        "min_year=1980 (--min-year 1980): 0 to 32 train and 0 to 8 test posters of each decade, "
        'without the 1970s; balance="none" (--balance none): 4 to 164 posters in all, 0 to 4 '
        "in the smallest decade; all genres (--config all): at most 21 candidates of the 1970s "
        'instead of 20, some with dead links too; fallbacks="wayback" (--fallbacks wayback): at '
        "most 16 dead links of the 1970s come back."
    )


def test_shortfall_survives_json(movies: pd.DataFrame, dead: set[str]) -> None:
    shortfall = run(movies, dead).shortfall
    assert shortfall is not None
    assert Shortfall.from_json(shortfall.to_json()) == shortfall


def test_nothing_is_short_without_rejections(movies: pd.DataFrame) -> None:
    assert run(movies, set()).shortfall is None
