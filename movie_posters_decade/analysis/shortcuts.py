"""Shortcut audit: how well a feature that is not style predicts the decade alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from movie_posters_decade.analysis.baselines import (
    CONFIDENCE,
    Labels,
    MeasuredSplit,
    Score,
    random_forest,
    score_with_interval,
)

AUDIT_RESAMPLES = 4000
"""The number of resamples in an audit. Its wider intervals need more than those of baselines."""

# An audit with fewer posters in test, or of any decade in train, gives no verdict.
MIN_TEST_POSTERS = 50
MIN_TRAIN_POSTERS = 20


@dataclass(frozen=True)
class Shortcut:
    """The result for one shortcut feature.

    Attributes:
        accuracy: of a model that sees only this feature: the mean over the decades, so that a
            large decade counts no more than a small one.
        chance: the same for guessing.
        confidence: the confidence level of the interval, corrected for the number of features.
        has_enough_posters: whether there are enough posters for a verdict.
    """

    name: str
    accuracy: Score
    chance: float
    confidence: float
    has_enough_posters: bool

    @property
    def is_predictive(self) -> bool:
        """Whether the whole interval is above chance, given enough posters."""
        return self.has_enough_posters and self.accuracy.low > self.chance

    @property
    def verdict(self) -> str:
        """Whether it is predictive: "yes", "no" or "too few posters"."""
        if not self.has_enough_posters:
            return "too few posters"
        return "yes" if self.is_predictive else "no"

    def to_json(self) -> dict[str, Any]:
        """Return the result in JSON's types."""
        return asdict(self) | {"is_predictive": self.is_predictive, "verdict": self.verdict}


def audit_shortcuts(train: MeasuredSplit, test: MeasuredSplit) -> list[Shortcut]:
    """Measure on test how well each shortcut feature alone predicts the decade."""
    names = list(train.features[0].shortcuts)
    # Bonferroni: all intervals together hold with the usual confidence.
    confidence = 1 - (1 - CONFIDENCE) / len(names)
    present, sizes = np.unique(test.labels, return_counts=True)
    weights = 1 / (len(present) * sizes[np.searchsorted(present, test.labels)])
    resamples = _resample_within_decades(test.labels)
    smallest_decade = min(Counter(train.labels).values())
    has_enough = len(test.labels) >= MIN_TEST_POSTERS and smallest_decade >= MIN_TRAIN_POSTERS
    shortcuts = []
    for name in names:
        is_right = _predict(name, train, test) == test.labels
        resampled = (is_right * weights)[resamples].sum(axis=1)
        accuracy = score_with_interval(float(is_right @ weights), resampled, confidence)
        shortcuts.append(Shortcut(name, accuracy, 1 / len(present), confidence, has_enough))
    return shortcuts


def write_warnings(
    shortcuts: Sequence[Shortcut], transformed: Sequence[Shortcut] | None = None
) -> list[str]:
    """Return a warning for each predictive shortcut, or one if there were too few posters.

    The list is empty only if the shortcuts were measured and none is predictive. ``transformed``
    are the results for the same features of the re-encoded posters.
    """
    if not all(shortcut.has_enough_posters for shortcut in shortcuts):
        return [
            f"Too few posters to check for shortcuts: the check needs {MIN_TEST_POSTERS} in test "
            f"and {MIN_TRAIN_POSTERS} of each decade in train."
        ]
    after = [""] * len(shortcuts) if transformed is None else map(_after, transformed)
    return [
        f"{shortcut.name.capitalize()} alone predicts the decade with an accuracy of "
        f"{shortcut.accuracy}; chance is {shortcut.chance:.3f}. A network may learn it, or what "
        f"goes along with it, instead of style.{addition}"
        for shortcut, addition in zip(shortcuts, after, strict=True)
        if shortcut.is_predictive
    ]


def _after(shortcut: Shortcut) -> str:
    still = f"still does ({shortcut.accuracy})" if shortcut.is_predictive else "no longer does"
    return f" After re-encoding, it {still}."


def _predict(name: str, train: MeasuredSplit, test: MeasuredSplit) -> Labels:
    """Predict the decades of test with a model that sees only one shortcut feature."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(DictVectorizer(sparse=False), random_forest(class_weight="balanced"))
    model.fit([features.shortcuts[name] for features in train.features], train.labels)
    return np.asarray(model.predict([features.shortcuts[name] for features in test.features]))


def _resample_within_decades(labels: Labels) -> Labels:
    """Return resamples that keep the size of each decade, of shape (resamples, posters)."""
    random = np.random.default_rng(0)
    resamples = np.empty((AUDIT_RESAMPLES, len(labels)), dtype=np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        resamples[:, rows] = random.choice(rows, size=(AUDIT_RESAMPLES, len(rows)))
    return resamples
