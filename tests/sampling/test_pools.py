"""What is kept of the usable posters: as many as wanted, and one of those that look alike."""

import random
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from movie_posters_decade.records import Content, Movie, Poster, Stratum
from movie_posters_decade.sampling.sampler import Settlement, Twins, settle

MANY = dict.fromkeys([("1970s", "train"), ("1970s", "test"), ("1980s", "train")], 10)


def poster(
    name: str, rank: int, phash: int | None, stratum: Stratum = ("1970s", "train")
) -> Poster:
    decade, split = stratum
    movie = Movie(name, "A", int(decade[:4]), ("Action",), 7.0, name, decade, rank, split)
    return Poster(movie, name, Content.of(b""), phash)


def settled(posters: Sequence[Poster], targets: Mapping[Stratum, int] = MANY) -> Settlement:
    twins = Twins()
    for one in posters:
        twins.add(one)
    return settle(posters, targets, twins)


def kept(settlement: Settlement) -> set[str]:
    return {one.movie.imdb_id for posters in settlement.kept.values() for one in posters}


def test_of_lookalikes_the_smaller_rank_stays_and_the_other_says_why() -> None:
    settlement = settled([poster("a", 2, 0b1), poster("b", 1, 0b11), poster("c", 3, 2**40 - 1)])
    assert kept(settlement) == {"b", "c"}
    [rejection] = settlement.duplicates
    assert (rejection.movie.imdb_id, rejection.reason, rejection.duplicate_of) == (
        "a",
        "near_duplicate",
        "b",
    )


def test_test_side_wins_whatever_the_rank_and_decade() -> None:
    posters = [poster("a", 1, 5, ("1980s", "train")), poster("b", 2, 5, ("1970s", "test"))]
    assert kept(settled(posters)) == {"b"}


def test_poster_beyond_the_goal_is_in_nobodys_way() -> None:
    posters = [
        poster("first", 1, 2**40 - 1, ("1970s", "test")),
        poster("not_sampled", 2, 5, ("1970s", "test")),
        poster("copy", 3, 5),
    ]
    assert kept(settled(posters, MANY | {("1970s", "test"): 1})) == {"first", "copy"}


def test_copy_of_a_copy_stays_if_it_is_no_copy_of_what_stays() -> None:
    chain = [poster("a", 1, 0), poster("b", 2, 0b111111), poster("c", 3, 0b111111111111)]
    assert kept(settled(chain)) == {"a", "c"}


def test_posters_that_were_not_looked_at_are_like_no_other() -> None:
    assert kept(settled([poster("a", 1, None), poster("b", 2, None)])) == {"a", "b"}


@given(st.lists(st.integers(0, 2**8 - 1), max_size=12), st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(found: list[int], chance: random.Random) -> None:
    posters = [
        poster(str(rank), rank, phash, list(MANY)[rank % 3]) for rank, phash in enumerate(found)
    ]
    shuffled = posters.copy()
    chance.shuffle(shuffled)
    assert settled(posters) == settled(shuffled)
    assert len(posters) == len(kept(settled(posters))) + len(settled(posters).duplicates)
