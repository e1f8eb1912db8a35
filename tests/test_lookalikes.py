"""Lookalikes are found just as by comparing all with all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_posters_decade.lookalikes import Lookalikes

fingerprints = st.integers(0, 2**64 - 1)


@st.composite
def crowded(draw: st.DrawFn) -> list[int]:
    """Draw fingerprints of which many are near each other."""
    base = draw(fingerprints)
    flips = draw(st.lists(st.lists(st.integers(0, 63), max_size=9, unique=True), max_size=20))
    return [base ^ sum(1 << bit for bit in bits) for bits in flips]


@given(crowded() | st.lists(fingerprints), st.integers(0, 10))
def test_none_is_missed_and_none_too_many(found: list[int], distance: int) -> None:
    lookalikes: Lookalikes[int] = Lookalikes(distance)
    for number, fingerprint in enumerate(found):
        near = [
            other
            for other, before in enumerate(found[:number])
            if (before ^ fingerprint).bit_count() <= distance
        ]
        assert lookalikes.like(fingerprint) == near
        lookalikes.add(number, fingerprint)


@pytest.mark.parametrize("fingerprint", [0, 2**64 - 1])
def test_what_is_the_same_is_alike_at_any_distance(fingerprint: int) -> None:
    lookalikes: Lookalikes[str] = Lookalikes(0)
    lookalikes.add("one", fingerprint)
    assert lookalikes.like(fingerprint) == ["one"]
