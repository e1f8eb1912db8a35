"""Selection: order and splits depend on seed and ids alone, and every decade has its share."""

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_posters_decade.errors import SelectionError
from movie_posters_decade.options.options import Options
from movie_posters_decade.records import SPLITS, RejectReason, Stratum, decade_names
from movie_posters_decade.sampling import Selection, select
from movie_posters_decade.sampling.splits import rank

DECADES = decade_names(1970, 2017)


def table(movies: list[tuple[str, int | None]], genre: str = "Action") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "imdb_id": [imdb_id for imdb_id, _ in movies],
            "title": "A",
            "year": pd.array([year for _, year in movies], dtype="Int64"),
            "genres": [(genre, "Drama") for _ in movies],
            "imdb_score": 7.0,
            "poster_url": [f"http://host/{number}" for number in range(len(movies))],
            "extra": [()] * len(movies),
        }
    )


@st.composite
def catalogues(draw: st.DrawFn) -> pd.DataFrame:
    """Draw at least five movies of each decade, each with its own id."""
    years = [
        draw(st.integers(decade, min(decade + 9, 2017)))
        for decade in range(1970, 2020, 10)
        for _ in range(draw(st.integers(5, 15)))
    ]
    ids = draw(
        st.lists(st.integers(1, 10**7), min_size=len(years), max_size=len(years), unique=True)
    )
    return table([(f"tt{number:07}", year) for number, year in zip(ids, years, strict=True)])


def splits(selection: Selection) -> dict[str, str]:
    candidates = selection.candidates
    return dict(zip(candidates["imdb_id"], candidates["split"], strict=True))


def sizes(selection: Selection) -> Counter[tuple[str, str]]:
    return Counter(zip(selection.candidates["decade"], selection.candidates["split"], strict=True))


@settings(max_examples=12, deadline=None)
@given(catalogues(), st.randoms(use_true_random=False))
def test_order_of_the_rows_does_not_matter(movies: pd.DataFrame, chance: object) -> None:
    order = list(range(len(movies)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    shuffled = movies.iloc[order].reset_index(drop=True)
    one, other = select(movies, Options()), select(shuffled, Options())
    pd.testing.assert_frame_equal(one.candidates, other.candidates)
    assert one.targets == other.targets


@settings(max_examples=12, deadline=None)
@given(catalogues(), st.data())
def test_removed_movie_moves_at_most_one_of_its_decade_to_the_other_split(
    movies: pd.DataFrame, data: st.DataObject
) -> None:
    removed = data.draw(st.sampled_from(movies["imdb_id"].tolist()))
    before = select(movies, Options())
    after = splits(select(movies[movies["imdb_id"] != removed], Options()))
    decades = dict(zip(before.candidates["imdb_id"], before.candidates["decade"], strict=True))
    moved = [imdb_id for imdb_id, split in splits(before).items() if after.get(imdb_id) != split]
    assert removed in moved
    assert len(moved) <= 2
    assert {decades[imdb_id] for imdb_id in moved} == {decades[removed]}


@settings(max_examples=12, deadline=None)
@given(catalogues(), st.sampled_from([0.1, 0.2, 0.25, 0.5]))
def test_test_has_its_share_of_every_decade(movies: pd.DataFrame, test_size: float) -> None:
    selection = select(movies, Options(test_size=test_size))
    found = sizes(selection)
    for decade in DECADES:
        movies_of_decade = found[decade, "train"] + found[decade, "test"]
        assert abs(found[decade, "test"] - test_size * movies_of_decade) <= 0.5


@settings(max_examples=12, deadline=None)
@given(catalogues())
def test_target_of_every_decade_is_the_size_of_the_smallest(movies: pd.DataFrame) -> None:
    selection = select(movies, Options())
    found, targets = sizes(selection), selection.targets
    smallest = min(found[decade, "train"] + found[decade, "test"] for decade in DECADES)
    for decade in DECADES:
        assert targets[Stratum(decade, "train")] + targets[Stratum(decade, "test")] == smallest
        assert all(targets[stratum] <= found[stratum] for stratum in targets)


@settings(max_examples=12, deadline=None)
@given(catalogues(), st.integers(3, 20))
def test_maximum_per_decade_changes_only_the_targets(movies: pd.DataFrame, cap: int) -> None:
    # The cap is at least 3, as a fifth of fewer rounds to no test movie.
    capped, free = select(movies, Options(max_per_decade=cap)), select(movies, Options())
    pd.testing.assert_frame_equal(capped.candidates, free.candidates)
    assert all(capped.targets[stratum] <= free.targets[stratum] for stratum in free.targets)
    assert sum(capped.targets.values()) <= cap * len(DECADES)


@settings(max_examples=12, deadline=None)
@given(catalogues(), st.data())
def test_movie_with_two_rows_is_one_candidate(movies: pd.DataFrame, data: st.DataObject) -> None:
    doubles = data.draw(st.lists(st.sampled_from(movies.index.tolist()), unique=True))
    again = movies.loc[doubles].assign(
        poster_url=lambda rows: rows["poster_url"] + "x", year=movies["year"].iloc[0]
    )
    one = select(pd.concat([movies, again]), Options())
    other = select(pd.concat([again, movies]), Options())
    pd.testing.assert_frame_equal(one.candidates, other.candidates)
    assert not one.candidates["imdb_id"].duplicated().any()
    assert one.steps[1].dropped[RejectReason.DUPLICATE_ID] == len(doubles)


def test_seed_decides_the_order() -> None:
    movies = table([(f"tt{number:07}", 1970 + number % 48) for number in range(1, 200)])
    one, other = select(movies, Options(seed=1)), select(movies, Options(seed=2))
    assert one.candidates["imdb_id"].tolist() != other.candidates["imdb_id"].tolist()
    assert splits(one) != splits(other)


def test_rank_is_pinned() -> None:
    """Another rank would change every dataset that was ever built."""
    assert rank("tt0113497", 42) == 0x68A3D80BF5F62042  # b2sum -l 64 of "42:tt0113497"


def test_without_balance_the_targets_hold_every_movie() -> None:
    movies = table([(f"tt{number:07}", 1970 + number % 48) for number in range(1, 200)])
    selection = select(movies, Options(balance="none"))
    assert sum(selection.targets.values()) == 199


def test_dropped_movies_are_counted_by_reason() -> None:
    chosen = [(f"tt{number}", 1970 + number % 5 * 10) for number in range(25)]
    movies = pd.concat(
        [table([*chosen, ("a", None), ("b", 1969), ("c", 2018)]), table([("d", 1990)], "Western")]
    )
    genre, years = select(movies, Options(genres=("action",))).steps
    assert (genre.name, genre.movies, genre.dropped) == ("genre", 28, {RejectReason.OTHER_GENRE: 1})
    assert (years.name, years.movies) == ("years", 25)
    assert years.dropped == {
        RejectReason.YEAR_OUT_OF_RANGE: 2,
        RejectReason.NO_YEAR: 1,
        RejectReason.DUPLICATE_ID: 0,
    }


def test_decades_are_those_of_the_years() -> None:
    assert decade_names(1975, 1990) == ["1970s", "1980s", "1990s"]
    assert decade_names(1999, 1999) == ["1990s"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            Options(genres=("Actoin",)),
            "No movie of the catalogue has the genre actoin. Its genres are: Action, Drama.",
        ),
        (
            Options(min_year=1900, max_year=1910),
            "No movie of the chosen genres is within 1900 to 1910; the 199 with a year are of 1970 "
            "to 2017. Choose the years that have movies: min_year=1970, max_year=2017 (--min-year "
            "1970 --max-year 2017).",
        ),
        (
            Options(min_year=1965),
            "The 1960s have no movie of the chosen genres within 1965 to 2017, so no poster can "
            "have that label. Choose the years that have movies: min_year=1970 (--min-year 1970).",
        ),
        (
            Options(test_size=0.01),
            "The 2010s have too few movies for a test split: 32, with a test_size of 0.01. Choose "
            "other years, test_size or max_per_decade.",
        ),
    ],
)
def test_selection_without_candidates_is_an_error(options: Options, message: str) -> None:
    movies = table([(f"tt{number:07}", 1970 + number % 48) for number in range(1, 200)])
    with pytest.raises(SelectionError) as error:
        select(movies, options.checked())
    assert str(error.value) == message


@settings(max_examples=12, deadline=None)
@given(catalogues(), st.sampled_from([0.1, 0.2, 0.3]))
def test_validation_takes_no_movie_from_test(movies: pd.DataFrame, size: float) -> None:
    """So a model can be compared with one that was trained without validation."""
    without = splits(select(movies, Options()))
    options = Options(validation_size=size, max_per_decade=20, balance="none").checked()
    found = splits(select(movies, options))
    assert {imdb_id for imdb_id, split in found.items() if split == "test"} == {
        imdb_id for imdb_id, split in without.items() if split == "test"
    }
    counts = sizes(select(movies, options))
    for decade in DECADES:
        total = sum(counts[decade, split] for split in SPLITS)
        assert abs(counts[decade, "validation"] - size * total) <= 0.5


def test_movies_of_a_series_are_in_one_split_on_request() -> None:
    movies = table([(f"tt{number:07}", 1970 + number % 48) for number in range(400)])
    movies["title"] = [f"The Tale of no{number // 4}x: Part {number % 4}" for number in range(400)]
    options = Options(group_by="title", validation_size=0.2, balance="none").checked()
    candidates = select(movies, options).candidates
    stems = candidates["title"].str.split(":").str[0]
    assert candidates.groupby(stems)["split"].nunique().max() == 1
    assert set(candidates["split"]) == set(SPLITS)
    shares = candidates["split"].value_counts(normalize=True)
    assert 0.1 < shares["test"] < 0.3
    other = select(movies, Options(balance="none")).candidates
    assert other.groupby(stems)["split"].nunique().max() == 2


def groups_of_two_decades() -> pd.DataFrame:
    """Two decades of 100 movies; in the first, 45 have one title."""
    movies = table([(f"tt{number:07}", 1970 + number // 100 * 10) for number in range(200)])
    movies["title"] = [
        "Saga" if number < 45 else f"no{number}x of its own" for number in range(200)
    ]
    return movies


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 40))
def test_target_of_test_is_its_share_also_with_groups(seed: int) -> None:
    options = Options(max_year=1989, group_by="title", seed=seed).checked()
    targets = select(groups_of_two_decades(), options).targets
    for decade in ("1970s", "1980s"):
        train, test = targets[Stratum(decade, "train")], targets[Stratum(decade, "test")]
        assert test <= max(1, int(0.2 * (train + test) + 0.5))


def test_group_that_leaves_a_decade_without_test_is_an_error_that_names_it() -> None:
    movies = table([(f"tt{number:07}", 1970 + number // 100 * 10) for number in range(200)])
    movies["title"] = ["Saga" if number < 100 else f"no{number}x" for number in range(200)]
    with pytest.raises(SelectionError) as error:
        select(movies, Options(max_year=1989, group_by="title", seed=1).checked())
    assert str(error.value) == (
        "None of the 100 movies of the 1970s is in the test split, as whole groups of titles are "
        "in one split. Choose another seed, other years or no group_by, or keep all posters with "
        'balance="none" (--balance none).'
    )


def test_landscape_crops_are_dropped_on_request_and_counted() -> None:
    movies = table([(f"tt{number:07}", 1970 + number % 48) for number in range(200)])
    code = "_V1_UY268_CR84,0,182,268_"
    movies.loc[:9, "poster_url"] = [f"http://host/{number}.{code}.jpg" for number in range(10)]
    selection = select(movies, Options(drop_landscape_crops=True))
    step = selection.steps[-1]
    assert (step.name, step.movies, step.dropped) == ("portrait", 190, {"landscape_crop": 10})
    assert len(selection.candidates) == 190
    assert len(select(movies, Options()).candidates) == 200
