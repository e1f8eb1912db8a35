"""Near-duplicates: hashes propose the pairs that a comparison of all finds, and pictures decide."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import NamedPictures, first_letter

from movie_posters_decade.records import Checksum, Movie, PerceptualHashes, Poster
from movie_posters_decade.sampling.dedup import MAX_DISTANCE, NearDuplicateIndex, NearDuplicates

SAME = Checksum.of(b"the same bytes")

FAR = PerceptualHashes(0xFF, 0xFF00, 0xFF0000, 0xFF000000, 0xFF00000000)
"""Hashes of which no two are near each other at a distance of 10."""


@st.composite
def similar_hashes(draw: st.DrawFn) -> list[PerceptualHashes]:
    """Draw hashes of which many are near each other."""
    base = draw(st.integers(0, 2**64 - 1))
    flips = st.lists(st.integers(0, 63), max_size=9, unique=True)
    return [
        PerceptualHashes(*(base ^ sum(1 << bit for bit in draw(flips)) for _ in range(5)))
        for _ in range(draw(st.integers(0, 8)))
    ]


@settings(max_examples=50, deadline=None)
@given(similar_hashes(), st.integers(0, 10))
def test_exactly_the_items_within_the_distance_are_found(
    added: list[PerceptualHashes], distance: int
) -> None:
    index: NearDuplicateIndex[int] = NearDuplicateIndex(distance)
    for number, new in enumerate(added):
        near = {}
        for other, old in enumerate(added[:number]):
            pairs = [(new.whole, old.whole), (new.center_64, old.center_64)]
            pairs += [(new.whole, old.center_90), (new.whole, old.center_80)]
            pairs += [(new.center_90, old.whole), (new.center_80, old.whole)]
            if any((one ^ two).bit_count() <= distance for one, two in pairs):
                near[other] = False
            elif (new.mirrored ^ old.whole).bit_count() <= distance:
                near[other] = True
        assert index.near(new) == list(near.items())
        index.add(number, new)


def test_index_grows_with_its_items() -> None:
    index: NearDuplicateIndex[int] = NearDuplicateIndex(0)
    for number in range(3000):
        index.add(number, PerceptualHashes(number, 0, 0, 0, 0))
    assert [item for item, _ in index.near(FAR._replace(whole=2999))] == [2999]


def poster(name: str, phashes: PerceptualHashes | None) -> Poster:
    movie = Movie(name, "A", 1990, ("Action",), 7.0, name, "1990s", 1, "train")
    return Poster(movie, Path(name), Checksum.of(name.encode()), phashes)


def test_second_look_decides_about_proposed_pairs_alone() -> None:
    pictures = NamedPictures(first_letter)
    near_duplicates = NearDuplicates(pictures)
    same, stranger, far = poster("a1", FAR), poster("b", FAR), poster("a2", None)
    for one in (same, stranger, far):
        near_duplicates.add(one)
    copy = poster("a3", FAR)
    near_duplicates.add(copy)
    assert near_duplicates.of(copy) == [same]
    assert near_duplicates.of(same) == [copy]
    assert near_duplicates.of(stranger) == near_duplicates.of(far) == []
    assert pictures.compared == [("b", "a1", False), ("a3", "a1", False), ("a3", "b", False)]


@pytest.mark.parametrize("bits", [MAX_DISTANCE, MAX_DISTANCE + 1])
def test_mirrored_pair_is_proposed_as_such(bits: int) -> None:
    pictures = NamedPictures(first_letter)
    near_duplicates = NearDuplicates(pictures)
    near_duplicates.add(
        poster("a1", PerceptualHashes(0, 2**20 - 1, 2**20 - 1, 2**20 - 1, 2**20 - 1))
    )
    other = 2**40 - 2**20
    near_duplicates.add(poster("a2", PerceptualHashes(other, other, other, other, 2**bits - 1)))
    assert pictures.compared == ([("a2", "a1", True)] if bits == MAX_DISTANCE else [])


def test_copies_of_one_picture_are_compared_with_one_of_them() -> None:
    """A host can give thousands of links the same picture, each compressed in its own way."""
    pictures = NamedPictures(first_letter)
    near_duplicates = NearDuplicates(pictures)
    posters = [poster(f"a{number}", FAR) for number in range(50)]
    for one in posters:
        near_duplicates.add(one)
    assert all(map(near_duplicates.is_placeholder, posters))
    # Among the first four each pair is looked at.
    assert len(pictures.compared) == 6 + 46


def test_copies_with_the_same_bytes_are_not_compared_at_all() -> None:
    pictures = NamedPictures(first_letter)
    near_duplicates = NearDuplicates(pictures)
    posters = [replace(poster(f"a{number}", FAR), checksum=SAME) for number in range(5)]
    for number, one in enumerate(posters):
        near_duplicates.add(one)
        assert near_duplicates.of(one) == posters[:number]
        assert near_duplicates.is_placeholder(one) is (number >= 3)
    assert pictures.compared == []


def test_placeholder_is_a_whole_group_although_not_all_pairs_are_alike() -> None:
    """Copies that were trimmed in different ways need only look like the original."""
    pictures = NamedPictures(lambda name: name[0])
    near_duplicates = NearDuplicates(pictures)
    apart = [0, 0xFFF, 0xFFF000, 0xFFF000000]
    hashes = [PerceptualHashes(bits, *4 * (FAR.whole << 40,)) for bits in apart]
    hashes = [one._replace(center_64=1 << (40 + 4 * n)) for n, one in enumerate(hashes)]
    posters = [poster(f"a{number}", one) for number, one in enumerate(hashes)]
    for one in posters:
        near_duplicates.add(one)
    assert all(map(near_duplicates.is_placeholder, posters))
