"""Painted posters, in which the decade can be read from one thing or nothing."""

import pytest
from painted import Splits, make_splits, noise, paint_by_color


@pytest.fixture(scope="session")
def alike() -> Splits:
    """Nothing depends on the decade."""
    return make_splits(lambda rng, _: (noise(rng), rng.choice((60, 70, 80, 90))))


@pytest.fixture(scope="session")
def by_quality() -> Splits:
    """Only the JPEG quality depends on the decade."""
    return make_splits(lambda rng, label: (noise(rng), (60, 70, 80, 90)[label]))


@pytest.fixture(scope="session")
def by_color() -> Splits:
    """The hue depends on the decade."""
    return make_splits(paint_by_color)
