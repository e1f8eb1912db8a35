"""Baselines: the scores of chance and of two simple models on test, with bootstrap intervals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movie_posters_decade.analysis.features import PosterFeatures

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]

# The number of bootstrap resamples of test for an interval, and its confidence level.
RESAMPLES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class MeasuredSplit:
    """The features of a split's posters, and the numbers of their decades, of shape (posters,)."""

    features: Sequence[PosterFeatures]
    labels: Labels


@dataclass(frozen=True)
class Score:
    """A score on test, with the two ends of its bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class BaselineResult:
    """The scores of one model.

    Attributes:
        accuracy: the share of posters with the right decade, 0 to 1.
        macro_f1: the mean of the decades' F1, 0 to 1.
        mean_error: the mean distance from the right decade, in decades.
        within_one: the share of posters at most one decade off, 0 to 1.
        confusion: counts of shape (decades, decades), true decade by row and predicted decade by
            column; None for chance.
    """

    name: str
    accuracy: Score
    macro_f1: Score
    mean_error: Score
    within_one: Score
    confusion: list[list[int]] | None = None


def evaluate_baselines(
    train: MeasuredSplit, test: MeasuredSplit, decades: int
) -> list[BaselineResult]:
    """Train models on train, and score each once on test: chance, histograms and thumbnails."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=2000))
    histograms, thumbnails = (
        [[getattr(poster, name) for poster in split.features] for split in (train, test)]
        for name in ("histogram", "thumbnail")
    )
    models = {"color histogram": (random_forest(), histograms), "thumbnail": (linear, thumbnails)}
    results = [_score_chance(train.labels, test.labels, decades)]
    for name, (model, (known, new)) in models.items():
        predicted = model.fit(known, train.labels).predict(new)
        results.append(_score_model(name, test.labels, predicted, decades))
    return results


def random_forest(class_weight: str | None = None) -> Any:
    """Return a random forest with a fixed seed."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=100, min_samples_leaf=5, class_weight=class_weight, random_state=0, n_jobs=-1
    )


def score_with_interval(value: float, resampled: Floats, confidence: float = CONFIDENCE) -> Score:
    """Return a score with its interval: the quantiles of the scores of its resamples."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Score(float(value), float(low), float(high))


def _score_chance(train_labels: Labels, labels: Labels, decades: int) -> BaselineResult:
    """Score random guesses that follow the decades' frequencies in train."""
    guesses = np.random.default_rng(0).choice(train_labels, size=(RESAMPLES, len(labels)))
    scores = _scores(np.broadcast_to(labels, guesses.shape), guesses, decades)
    return _result("chance", scores.mean(axis=1), scores)


def _score_model(name: str, labels: Labels, predicted: Labels, decades: int) -> BaselineResult:
    resamples = np.random.default_rng(0).integers(len(labels), size=(RESAMPLES, len(labels)))
    values = _scores(labels[np.newaxis], predicted[np.newaxis], decades)
    resampled = _scores(labels[resamples], predicted[resamples], decades)
    confusion = _confusions(labels[np.newaxis], predicted[np.newaxis], decades)[0]
    return replace(_result(name, values[:, 0], resampled), confusion=confusion.tolist())


def _result(name: str, values: Floats, resampled: Floats) -> BaselineResult:
    accuracy, macro_f1, mean_error, within_one = map(score_with_interval, values, resampled)
    return BaselineResult(name, accuracy, macro_f1, mean_error, within_one)


def _scores(labels: Labels, predicted: Labels, decades: int) -> Floats:
    """Return accuracy, macro-F1, mean error and share within one decade, of shape (4, resamples).

    ``labels`` and ``predicted`` are decades of shape (resamples, posters).
    """
    confusions = _confusions(labels, predicted, decades)
    right = np.diagonal(confusions, axis1=1, axis2=2)
    # Of a decade: the true posters plus the predicted ones.
    total = confusions.sum(axis=1) + confusions.sum(axis=2)
    f1 = np.divide(2 * right, total, out=np.zeros(total.shape), where=total > 0)
    distance = np.abs(predicted - labels)
    scores = (distance == 0, f1, distance, distance <= 1)
    return np.stack([values.mean(axis=1) for values in scores])


def _confusions(labels: Labels, predicted: Labels, decades: int) -> Labels:
    """Return the confusion matrix of each resample, of shape (resamples, decades, decades)."""
    resamples = np.arange(len(labels))[:, np.newaxis]
    cells = (resamples * decades + labels) * decades + predicted
    counts = np.bincount(cells.ravel(), minlength=len(labels) * decades**2)
    return counts.reshape(len(labels), decades, decades)
