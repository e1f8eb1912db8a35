"""Splits: shares are met to the nearest whole number, and titles of a series have one stem."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_posters_decade.sampling.splits import cap_shares, split_sizes, title_stem


@given(st.integers(0, 1000), st.sampled_from([0.1, 0.2, 0.25]), st.sampled_from([0.0, 0.1, 0.3]))
def test_sizes_that_were_planned_are_within_their_shares(
    count: int, test_size: float, validation_size: float
) -> None:
    shares = {"validation": validation_size, "test": test_size}
    sizes = split_sizes(count, shares)
    assert sum(sizes.values()) == count
    assert all(abs(sizes[split] - share * count) <= 0.5 for split, share in shares.items())
    if count > 5:
        assert cap_shares(sizes, shares) == sizes


@pytest.mark.parametrize(
    ("train", "validation", "test", "expected"),
    [
        (9, 0, 15, (0, 2)),
        (142, 0, 36, (0, 36)),
        (1, 0, 9, (0, 1)),
        (14, 8, 8, (2, 4)),
        (60, 0, 4, (0, 4)),
    ],
)
def test_test_and_validation_are_reduced_to_their_shares(
    train: int, validation: int, test: int, expected: tuple[int, int]
) -> None:
    sizes = {"train": train, "validation": validation, "test": test}
    shares = {"validation": 0.1 if validation else 0.0, "test": 0.2}
    capped = cap_shares(sizes, shares)
    assert (capped["train"], capped["validation"], capped["test"]) == (train, *expected)


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("The Godfather: Part II", "godfather"),
        ("Godfather", "godfather"),
        ("Die Hard 2: Die Harder", "die hard"),
        ("Die Hard with a Vengeance", "die hard with a vengeance"),
        ("Rocky IV", "rocky"),
        ("Rocky", "rocky"),
        ("Star Wars: Episode IV - A New Hope", "star wars"),
        ("Kill Bill: Vol. 2", "kill bill"),
        ("Saw III", "saw"),
        ("Toy Story 3", "toy story"),
        ("A Nightmare on Elm Street", "nightmare on elm street"),
        ("2001: A Space Odyssey", "2001"),
        ("1984", "1984"),
        ("The", "the"),
        (": The", ": the"),
        ("Harry Potter and the Deathly Hallows: Part 2", "harry potter and the deathly hallows"),
    ],
)
def test_titles_of_a_series_have_one_stem(title: str, stem: str) -> None:
    assert title_stem(title) == stem
