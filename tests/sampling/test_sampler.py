"""The sample: the target number of usable posters, and one of those that look alike."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import NamedPictures

from movie_posters_decade.records import (
    Checksum,
    Movie,
    PerceptualHashes,
    Poster,
    RejectReason,
    Stratum,
)
from movie_posters_decade.sampling.dedup import NearDuplicates
from movie_posters_decade.sampling.sampler import Sample, draw_sample

TRAIN_70S, TEST_70S = Stratum("1970s", "train"), Stratum("1970s", "test")
TRAIN_80S = Stratum("1980s", "train")
MANY = dict.fromkeys([TRAIN_70S, TEST_70S, TRAIN_80S], 10)


FAR = 2**64 - 2**40
"""Bits that differ between a phash and that of its centre."""


def poster(name: str, rank: int, phash: int | None, stratum: Stratum = TRAIN_70S) -> Poster:
    decade, split = stratum
    movie = Movie(name, "A", int(decade[:4]), ("Action",), 7.0, name, decade, rank, split)
    hashes = (
        None
        if phash is None
        else PerceptualHashes(phash, phash ^ FAR, phash ^ FAR, phash ^ FAR, phash ^ FAR)
    )
    return Poster(movie, Path(name), Checksum.of(name.encode()), hashes)


def sample_of(posters: Sequence[Poster], targets: Mapping[Stratum, int] = MANY) -> Sample:
    near_duplicates = NearDuplicates(NamedPictures(lambda _: None))
    for one in posters:
        near_duplicates.add(one)
    return draw_sample(posters, targets, near_duplicates)


def kept(sample: Sample) -> set[str]:
    return {one.movie.imdb_id for posters in sample.kept.values() for one in posters}


def test_of_near_duplicates_the_smaller_rank_is_kept_and_named_in_the_rejection() -> None:
    sample = sample_of([poster("a", 2, 0b1), poster("b", 1, 0b11), poster("c", 3, 2**39 - 1)])
    assert kept(sample) == {"b", "c"}
    [rejection] = sample.rejections
    assert (rejection.movie.imdb_id, rejection.reason, rejection.duplicate_of) == (
        "a",
        "near_duplicate",
        "b",
    )


def test_of_near_duplicates_test_is_kept_whatever_the_rank_and_decade() -> None:
    assert kept(sample_of([poster("a", 1, 5, TRAIN_80S), poster("b", 2, 5, TEST_70S)])) == {"b"}


def test_poster_beyond_the_target_rejects_no_near_duplicate() -> None:
    posters = [
        poster("first", 1, 2**39 - 1, TEST_70S),
        poster("beyond", 2, 5, TEST_70S),
        poster("copy", 3, 5),
    ]
    assert kept(sample_of(posters, MANY | {TEST_70S: 1})) == {"first", "copy"}


def test_near_duplicate_beyond_the_target_is_counted_as_one() -> None:
    posters = [poster("a", 1, 5), poster("b", 2, 2**39 - 1), poster("copy of a", 3, 5)]
    sample = sample_of(posters, MANY | {TRAIN_70S: 2})
    assert kept(sample) == {"a", "b"}
    assert [one.movie.imdb_id for one in sample.rejections] == ["copy of a"]


def test_picture_of_many_links_is_a_placeholder_and_none_is_kept() -> None:
    """As a host's picture for missing posters, with status 200."""
    strata = [TRAIN_70S, TEST_70S, TRAIN_80S, TRAIN_70S]
    copies = [poster(str(rank), rank, 5, stratum) for rank, stratum in enumerate(strata)]
    other = poster("other", 9, 2**39 - 1)
    sample = sample_of([*copies, other])
    assert kept(sample) == {"other"}
    assert {one.reason for one in sample.rejections} == {RejectReason.PLACEHOLDER}
    assert kept(sample_of([*copies[:3], other])) == {"1", "other"}


def test_copies_of_a_placeholder_that_differ_from_each_other_are_not_kept_either() -> None:
    copies = [poster(str(rank), rank, 0xFFF << 12 * rank) for rank in range(3)]
    assert kept(sample_of([*copies, poster("original", 3, 0)])) == set()


def test_of_near_duplicates_validation_is_kept_before_train() -> None:
    validation = Stratum("1980s", "validation")
    posters = [poster("a", 1, 5), poster("b", 2, 5, validation)]
    assert kept(sample_of(posters, MANY | {validation: 9})) == {"b"}


def test_near_duplicate_of_a_rejected_poster_is_kept() -> None:
    chain = [poster("a", 1, 0), poster("b", 2, 2**12 - 1), poster("c", 3, 2**24 - 1)]
    assert kept(sample_of(chain)) == {"a", "c"}


def test_posters_without_a_phash_have_no_near_duplicates() -> None:
    assert kept(sample_of([poster("a", 1, None), poster("b", 2, None)])) == {"a", "b"}


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**30 - 1), max_size=12), st.randoms(use_true_random=False))
def test_sample_does_not_depend_on_the_order_of_arrival(
    phashes: list[int], chance: random.Random
) -> None:
    posters = [
        poster(str(rank), rank, phash, list(MANY)[rank % 3]) for rank, phash in enumerate(phashes)
    ]
    shuffled = posters.copy()
    chance.shuffle(shuffled)
    sample = sample_of(posters)
    assert sample == sample_of(shuffled)
    assert len(posters) == len(kept(sample)) + len(sample.rejections)
