"""Intervals for scores on test: of a proportion, of a mean of proportions, and over several fits.

A proportion has the exact interval of C. J. Clopper and E. S. Pearson ("The Use of Confidence or
Fiducial Limits Illustrated in the Case of the Binomial", Biometrika 26, 1934). The mean of the
proportions of several decades has the same interval, with the effective sample size in place of the
number of posters, as E. L. Korn and B. I. Graubard proposed for surveys (Survey Methodology 24,
1998).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]

CONFIDENCE = 0.95
"""The confidence level of one interval, or of all intervals of an audit together."""


@dataclass(frozen=True)
class Score:
    """A score on test, with the two ends of its interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def proportion(right: int, total: int, confidence: float = CONFIDENCE) -> Score:
    """Return a proportion with its exact interval, given the counts."""
    return mean_proportion(np.array([right]), np.array([total]), confidence)


def mean_proportion(right: Labels, totals: Labels, confidence: float = CONFIDENCE) -> Score:
    """Return the mean of independent proportions, each counting the same, with its interval.

    The effective sample size is the size of one sample whose proportion would vary as much. For
    groups of one size it is the number of all posters, and the interval is exact where the groups'
    true proportions are the same. Where they differ, it errs on the safe side: no counts vary more
    than those of one binomial (W. Hoeffding, Annals of Mathematical Statistics 27, 1956). For
    groups of different sizes it is an approximation.

    Args:
        right: counts of shape (groups,).
        totals: the sizes of the groups, of shape (groups,), from 1.
        confidence: of the result, between 0 and 1.
    """
    from scipy.special import betaincinv

    value = float(np.mean(right / totals))
    size = len(totals) ** 2 / float(np.sum(1 / totals))
    hits, misses = value * size, (1 - value) * size
    tail = (1 - confidence) / 2
    # The inverse is undefined where all or none are right; the end is then the score itself.
    low = float(betaincinv(hits, misses + 1, tail)) if right.any() else 0.0
    high = float(betaincinv(hits + 1, misses, 1 - tail)) if (right < totals).any() else 1.0
    return Score(value, low, high)


def quantiles(value: float, resampled: Floats, confidence: float = CONFIDENCE) -> Score:
    """Return a score with its bootstrap interval: the quantiles of the scores of its resamples."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Score(float(value), float(low), float(high))


def over_fits(scores: Sequence[Score]) -> Score:
    """Return the mean of the scores of a model that was fitted with several seeds.

    Its interval reaches from the lowest end to the highest, so it holds the randomness of the fits.
    It misses the mean of the fits' true scores no more often than one interval misses its own: were
    it above that mean, the interval of the fit with the least true score would miss that score.
    """
    return Score(
        fmean(score.value for score in scores),
        min(score.low for score in scores),
        max(score.high for score in scores),
    )
