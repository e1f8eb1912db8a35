"""Baselines: the scores of chance and of two simple models on test, with bootstrap intervals."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from movie_posters_decade.analysis.features import PosterFeatures

Labels = NDArray[np.int64]

RESAMPLES = 1000
"""The number of bootstrap resamples of test for an interval."""

CONFIDENCE = 0.95
"""The confidence level of an interval."""


@dataclass(frozen=True)
class MeasuredSplit:
    """The features and labels of one split.

    Attributes:
        features: of each poster.
        labels: the number of each poster's decade, of shape (posters,).
    """

    features: Sequence[PosterFeatures]
    labels: Labels


@dataclass(frozen=True)
class Score:
    """A score on test.

    Attributes:
        value: the score itself.
        low: the lower end of its bootstrap interval.
        high: the upper end.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class BaselineResult:
    """The scores of one model.

    Attributes:
        name: of the model.
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

    def to_json(self) -> dict[str, Any]:
        """Return the result in JSON's types."""
        return asdict(self)


def evaluate_baselines(
    train: MeasuredSplit, test: MeasuredSplit, decades: int
) -> list[BaselineResult]:
    """Train simple models on train, and score each once on test.

    Args:
        train: the posters to learn from.
        test: the posters to score on.
        decades: the number of decades.

    Returns:
        The results of chance, of color histograms, and of thumbnails.
    """
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=2000))
    models = {
        "color histogram": (random_forest(), _histograms),
        "thumbnail": (linear, _thumbnails),
    }
    results = [_chance(train.labels, test.labels, decades)]
    for name, (model, inputs) in models.items():
        predicted = model.fit(inputs(train), train.labels).predict(inputs(test))
        results.append(_score_model(name, test.labels, predicted, decades))
    return results


def random_forest(class_weight: str | None = None) -> RandomForestClassifier:
    """Return a random forest with a fixed seed."""
    return RandomForestClassifier(
        n_estimators=100,
        min_samples_leaf=5,
        class_weight=class_weight,
        random_state=0,
        n_jobs=-1,
    )


def score_with_interval(
    value: float, resampled: NDArray[np.float64], confidence: float = CONFIDENCE
) -> Score:
    """Return a score with its interval: the quantiles of the resampled scores.

    Args:
        value: the score.
        resampled: the score of each resample, of shape (resamples,).
        confidence: the confidence level of the interval, 0 to 1.
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Score(float(value), float(low), float(high))


def _histograms(split: MeasuredSplit) -> NDArray[np.float32]:
    return np.stack([features.histogram for features in split.features])


def _thumbnails(split: MeasuredSplit) -> NDArray[np.float32]:
    return np.stack([features.thumbnail for features in split.features])


def _chance(train_labels: Labels, labels: Labels, decades: int) -> BaselineResult:
    """Score random guesses that follow the decades' frequencies in train."""
    guesses = np.random.default_rng(0).choice(train_labels, size=(RESAMPLES, len(labels)))
    scores = _scores(np.broadcast_to(labels, guesses.shape), guesses, decades)
    return _result("chance", scores.mean(axis=1), scores)


def _score_model(name: str, labels: Labels, predicted: Labels, decades: int) -> BaselineResult:
    count = len(labels)
    resamples = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
    values = _scores(labels[np.newaxis], predicted[np.newaxis], decades)
    resampled = _scores(labels[resamples], predicted[resamples], decades)
    confusion = _confusions(labels[np.newaxis], predicted[np.newaxis], decades)[0]
    return _result(name, values[:, 0], resampled, confusion.tolist())


def _result(
    name: str,
    values: NDArray[np.float64],
    resampled: NDArray[np.float64],
    confusion: list[list[int]] | None = None,
) -> BaselineResult:
    accuracy, macro_f1, mean_error, within_one = map(score_with_interval, values, resampled)
    return BaselineResult(name, accuracy, macro_f1, mean_error, within_one, confusion)


def _scores(labels: Labels, predicted: Labels, decades: int) -> NDArray[np.float64]:
    """Return accuracy, macro-F1, mean error and share within one decade, of shape (4, resamples).

    Args:
        labels: the true decades, of shape (resamples, posters).
        predicted: the predicted decades, of the same shape.
        decades: the number of decades.
    """
    confusions = _confusions(labels, predicted, decades)
    right = np.diagonal(confusions, axis1=1, axis2=2)
    # Of a decade: the true posters plus the predicted ones.
    total = confusions.sum(axis=1) + confusions.sum(axis=2)
    f1 = np.divide(2 * right, total, out=np.zeros(total.shape), where=total > 0)
    distance = np.abs(predicted - labels)
    return np.stack(
        [
            (distance == 0).mean(axis=1),
            f1.mean(axis=1),
            distance.mean(axis=1),
            (distance <= 1).mean(axis=1),
        ]
    )


def _confusions(labels: Labels, predicted: Labels, decades: int) -> Labels:
    """Return the confusion matrix of each resample, of shape (resamples, decades, decades)."""
    resamples = np.arange(len(labels))[:, np.newaxis]
    cells = (resamples * decades + labels) * decades + predicted
    counts = np.bincount(cells.ravel(), minlength=len(labels) * decades**2)
    return counts.reshape(len(labels), decades, decades)
