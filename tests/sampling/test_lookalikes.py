"""NearDuplicateIndex are found just as by comparing all with all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_posters_decade.sampling.dedup import NearDuplicateIndex

phashes = st.integers(0, 2**64 - 1)


@st.composite
def crowded(draw: st.DrawFn) -> list[int]:
    """Draw phashes of which many are near each other."""
    base = draw(phashes)
    flips = draw(st.lists(st.lists(st.integers(0, 63), max_size=9, unique=True), max_size=20))
    return [base ^ sum(1 << bit for bit in bits) for bits in flips]


@given(crowded() | st.lists(phashes), st.integers(0, 10))
def test_none_is_missed_and_none_too_many(found: list[int], distance: int) -> None:
    near_duplicates: NearDuplicateIndex[int] = NearDuplicateIndex(distance)
    for number, phash in enumerate(found):
        near = [
            other
            for other, before in enumerate(found[:number])
            if (before ^ phash).bit_count() <= distance
        ]
        assert near_duplicates.like(phash) == near
        near_duplicates.add(number, phash)


@pytest.mark.parametrize("phash", [0, 2**64 - 1])
def test_what_is_the_same_is_alike_at_any_distance(phash: int) -> None:
    near_duplicates: NearDuplicateIndex[str] = NearDuplicateIndex(0)
    near_duplicates.add("one", phash)
    assert near_duplicates.like(phash) == ["one"]
