"""Intervals are exact where they say so, and hold the true value as often as they say."""

import math

import numpy as np
import pytest

from movie_posters_decade.analysis.intervals import (
    Score,
    mean_proportion,
    over_fits,
    proportion,
)


@pytest.mark.parametrize(("right", "total"), [(0, 20), (1, 29), (81, 263), (94, 94)])
def test_ends_of_a_proportions_interval_are_as_unlikely_as_the_confidence_says(
    right: int, total: int
) -> None:
    """That defines the exact interval; binomial probabilities are summed here."""
    score = proportion(right, total, 0.95)
    assert score.value == right / total
    if right > 0:
        assert at_least(right, total, score.low) == pytest.approx(0.025)
    if right < total:
        assert 1 - at_least(right + 1, total, score.high) == pytest.approx(0.025)


def at_least(right: int, total: int, share: float) -> float:
    """Return the probability of so many right ones or more."""
    counts = range(right, total + 1)
    return sum(
        math.comb(total, count) * share**count * (1 - share) ** (total - count) for count in counts
    )


def test_interval_of_a_mean_stays_between_0_and_1_and_has_a_width() -> None:
    all_right = mean_proportion(np.array([20, 20]), np.array([20, 20]))
    assert (all_right.value, all_right.high) == (1, 1)
    assert 0.85 < all_right.low < 0.95
    assert mean_proportion(np.array([0, 0]), np.array([20, 20])).low == 0


def test_mean_over_groups_of_one_size_has_the_interval_of_all_their_posters() -> None:
    mean = mean_proportion(np.array([3, 9, 18]), np.array([30, 30, 30]), 0.99)
    assert (mean.value, mean.low, mean.high) == pytest.approx(vars_of(proportion(30, 90, 0.99)))


def vars_of(score: Score) -> tuple[float, float, float]:
    return score.value, score.low, score.high


@pytest.mark.parametrize("sizes", [[94] * 5, [10] * 5, [5, 20, 60, 94, 94]])
@pytest.mark.parametrize("shares", [[0.2] * 5, [0.02, 0.3, 0.6, 0.95, 0.25]])
def test_intervals_lie_above_the_true_mean_no_more_often_than_they_may(
    sizes: list[int], shares: list[float]
) -> None:
    """At the level of an audit, where other approximations fail: 1 in 600 may lie above."""
    random = np.random.default_rng(0)
    rights = random.binomial(sizes, shares, size=(3000, 5))
    scores = [mean_proportion(right, np.array(sizes), 1 - 1 / 300) for right in rights]
    assert sum(score.low > np.mean(shares) for score in scores) <= 12
    assert sum(score.high < np.mean(shares) for score in scores) <= 12


def test_interval_over_fits_holds_all_of_theirs() -> None:
    joined = over_fits([Score(0.3, 0.25, 0.35), Score(0.4, 0.33, 0.5)])
    assert vars_of(joined) == pytest.approx((0.35, 0.25, 0.5))
