"""Shortcut audit: how well a feature that is not style tells the decade alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from movie_posters_decade.analysis.columns import COLUMNS, ColumnFeature
from movie_posters_decade.analysis.intervals import (
    CONFIDENCE,
    Labels,
    Score,
    mean_proportion,
    over_fits,
)
from movie_posters_decade.analysis.traces import ImageFeature

# An audit with fewer posters in test, or of any decade in train, measures nothing.
MIN_TEST_POSTERS = 50
MIN_TRAIN_POSTERS = 20

MARGIN = 0.0005
"""How far above chance an interval must lie: half of the last digit that is shown. What lies nearer
reads as chance, and may differ from it by rounding alone."""

SEEDS = 5
"""How many forests are grown for each feature, and for each forest among the baselines."""

TREES = 50
"""The number of trees of one forest in an audit."""

Feature = ImageFeature | ColumnFeature


@dataclass(frozen=True)
class AuditedSplit:
    """The features of a split's posters, by name, and their decades' numbers, of shape (posters,).

    The values of one feature are in the order of the posters.
    """

    features: Mapping[str, Sequence[Feature]] = field(repr=False)
    labels: Labels = field(repr=False)


@dataclass(frozen=True)
class Shortcut:
    """The result for one feature.

    Attributes:
        accuracy: of forests that see only this feature: the mean over the decades, so that a large
            decade counts no more than a small one, and over the forests. None if there were too
            few posters to measure it.
        chance: the same for guessing.
        confidence: the confidence level of the interval, corrected for the number of features.
    """

    name: str
    accuracy: Score | None
    chance: float
    confidence: float

    @property
    def is_in_image(self) -> bool:
        """Whether a network that sees only pixels may learn it, or what goes along with it."""
        return self.name not in COLUMNS

    @property
    def is_predictive(self) -> bool | None:
        """Whether the whole interval is above chance by more than `MARGIN`; None: not measured."""
        return None if self.accuracy is None else self.accuracy.low > self.chance + MARGIN

    @property
    def verdict(self) -> str:
        """Whether it is predictive: "yes", "no" or "not measured"."""
        return {None: "not measured", True: "yes", False: "no"}[self.is_predictive]

    @property
    def measured(self) -> str:
        """The accuracy with its interval, or "not measured"."""
        return str(self.accuracy or "not measured")

    def to_json(self) -> dict[str, Any]:
        """Return the result in JSON's types."""
        return asdict(self) | {"is_predictive": self.is_predictive, "verdict": self.verdict}


def audit_shortcuts(
    train: AuditedSplit, test: AuditedSplit, confidence: float | None = None
) -> list[Shortcut]:
    """Measure on test how well each feature alone tells the decade.

    By default the intervals of all features together hold with the usual confidence (Bonferroni).
    """
    names = list(train.features)
    confidence = confidence or 1 - (1 - CONFIDENCE) / len(names)
    chance = 1 / len(np.union1d(train.labels, test.labels))
    can_measure = has_enough_posters(train.labels, test.labels)
    return [
        Shortcut(
            name,
            _measure(name, train, test, confidence) if can_measure else None,
            chance,
            confidence,
        )
        for name in names
    ]


def has_enough_posters(train: Labels, test: Labels) -> bool:
    """Return whether there are enough posters, given the decades of each, to measure anything.

    Each decade must be in both splits, and there must be two.
    """
    decades, sizes = np.unique(train, return_counts=True)
    return (
        len(decades) > 1
        and np.array_equal(decades, np.unique(test))
        and len(test) >= MIN_TEST_POSTERS
        and bool(sizes.min() >= MIN_TRAIN_POSTERS)
    )


def random_forest(seed: int, trees: int = 100, class_weight: str | None = None) -> Any:
    """Return a random forest that has not been trained."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=trees,
        min_samples_leaf=5,
        class_weight=class_weight,
        random_state=seed,
        n_jobs=-1,
    )


def predict_alike(model: Any, features: Any) -> Labels:
    """Predict with a trained forest, on one processor: several add up votes in any order."""
    return np.asarray(model.set_params(n_jobs=1).predict(features))


def _measure(name: str, train: AuditedSplit, test: AuditedSplit, confidence: float) -> Score:
    """Return the accuracy of forests that see only one feature, one forest for each seed."""
    known, new = _to_arrays(train.features[name], test.features[name])
    sizes = np.bincount(test.labels)
    is_present = sizes > 0
    scores = []
    # On a feature that is the same for all posters, a tree can only name one decade for all.
    seeds, trees = (SEEDS, TREES) if np.ptp(known, axis=0).any() else (1, 1)
    for seed in range(seeds):
        forest = random_forest(seed, trees, class_weight="balanced").fit(known, train.labels)
        right = test.labels[predict_alike(forest, new) == test.labels]
        counts = np.bincount(right, minlength=len(sizes))
        scores.append(mean_proportion(counts[is_present], sizes[is_present], confidence))
    return over_fits(scores)


def _to_arrays(train: Sequence[Feature], test: Sequence[Feature]) -> tuple[Any, Any]:
    """Return a feature of the posters as arrays of shape (posters, values)."""
    from sklearn.feature_extraction import DictVectorizer

    if isinstance(train[0], np.ndarray):
        return np.asarray(train), np.asarray(test)
    vectorizer = DictVectorizer(sparse=False)
    return vectorizer.fit_transform(train), vectorizer.transform(test)
