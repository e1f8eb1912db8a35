"""The near-duplicate index finds what a comparison of all pairs finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_posters_decade.sampling.dedup import NearDuplicateIndex

phashes = st.integers(0, 2**64 - 1)


@st.composite
def similar_phashes(draw: st.DrawFn) -> list[int]:
    """Draw phashes of which many are near each other."""
    base = draw(phashes)
    flips = draw(st.lists(st.lists(st.integers(0, 63), max_size=9, unique=True), max_size=20))
    return [base ^ sum(1 << bit for bit in bits) for bits in flips]


@given(similar_phashes() | st.lists(phashes), st.integers(0, 10))
def test_exactly_the_items_within_the_distance_are_found(added: list[int], distance: int) -> None:
    index: NearDuplicateIndex[int] = NearDuplicateIndex(distance)
    for number, phash in enumerate(added):
        near = [
            other
            for other, earlier in enumerate(added[:number])
            if (earlier ^ phash).bit_count() <= distance
        ]
        assert index.near(phash) == near
        index.add(number, phash)


@pytest.mark.parametrize("phash", [0, 2**64 - 1])
def test_equal_phashes_are_near_at_distance_zero(phash: int) -> None:
    index: NearDuplicateIndex[str] = NearDuplicateIndex(0)
    index.add("one", phash)
    assert index.near(phash) == ["one"]
