"""Baselines: the scores of chance and of three simple models on test, with intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from movie_posters_decade.analysis.features import PosterFeatures
from movie_posters_decade.analysis.intervals import (
    Floats,
    Labels,
    Score,
    over_fits,
    proportion,
    quantiles,
)
from movie_posters_decade.analysis.shortcuts import SEEDS, predict_alike, random_forest

RESAMPLES = 1000
"""The number of bootstrap resamples of test for an interval, and of random guesses for chance."""


@dataclass(frozen=True)
class MeasuredSplit:
    """The features of a split's posters, and the numbers of their decades, of shape (posters,)."""

    features: Sequence[PosterFeatures] = field(repr=False)
    labels: Labels = field(repr=False)


@dataclass(frozen=True)
class BaselineResult:
    """The scores of one model, the means over its fits.

    Attributes:
        accuracy: the share of posters with the right decade, 0 to 1.
        macro_f1: the mean of the decades' F1, 0 to 1.
        mean_error: the mean distance from the right decade, in decades.
        within_one: the share of posters at most one decade off, 0 to 1.
        fits: how often the model was trained, each time with another seed; 0 for chance.
        confusion: counts of shape (decades, decades) over all fits, true decade by row and
            predicted decade by column; None for chance.
    """

    name: str
    accuracy: Score
    macro_f1: Score
    mean_error: Score
    within_one: Score
    fits: int = 0
    confusion: list[list[int]] | None = None


@dataclass(frozen=True)
class _Model:
    """A model: the features that it sees, how it is made from a seed, and how often it is fitted.

    A model without randomness needs one fit.
    """

    features: Sequence[str]
    make: Callable[[int], Any]
    fits: int

    def predict(self, trained: Any, features: Floats) -> Labels:
        """Predict decades, the same on any number of processors."""
        return predict_alike(trained, features) if self.fits > 1 else trained.predict(features)


def evaluate_baselines(
    train: MeasuredSplit, test: MeasuredSplit, decades: int
) -> list[BaselineResult]:
    """Train models on train, and score each fit once on test. The first result is chance."""
    models = {
        "color histogram": _Model(["histogram"], random_forest, SEEDS),
        "thumbnail": _Model(["thumbnail"], lambda _: _linear_model(0.003), 1),
        "gradients and colors": _Model(
            ["gradients", "layout", "histogram", "thumbnail"], lambda _: _linear_model(0.0003), 1
        ),
    }
    results = [score_chance(train.labels, test.labels, decades)]
    for name, model in models.items():
        known, new = (_to_array(split, model.features) for split in (train, test))
        trained = (model.make(seed).fit(known, train.labels) for seed in range(model.fits))
        predictions = [model.predict(one, new) for one in trained]
        results.append(_score_model(name, test.labels, predictions, decades))
    return results


def _linear_model(strength: float) -> Any:
    """Return a logistic regression; the less its strength, the more it is regularized."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))


def _to_array(split: MeasuredSplit, names: Sequence[str]) -> Floats:
    """Return some features of the posters side by side, of shape (posters, values)."""
    parts = [np.stack([getattr(one, name) for one in split.features]) for name in names]
    return np.hstack(parts)


def score_chance(train_labels: Labels, labels: Labels, decades: int) -> BaselineResult:
    """Score random guesses that follow the decades' frequencies in train."""
    guesses = np.random.default_rng(0).choice(train_labels, size=(RESAMPLES, len(labels)))
    scores = _scores(np.broadcast_to(labels, guesses.shape), guesses, decades)
    accuracy, macro_f1, mean_error, within_one = map(quantiles, scores.mean(axis=1), scores)
    return BaselineResult("chance", accuracy, macro_f1, mean_error, within_one)


def _score_model(
    name: str, labels: Labels, predictions: Sequence[Labels], decades: int
) -> BaselineResult:
    fits = [_score_fit(labels, predicted, decades) for predicted in predictions]
    confusion = _confusions(
        np.broadcast_to(labels, (len(fits), len(labels))), np.stack(predictions), decades
    ).sum(axis=0)
    accuracy, macro_f1, mean_error, within_one = map(over_fits, zip(*fits, strict=True))
    return BaselineResult(
        name, accuracy, macro_f1, mean_error, within_one, len(fits), confusion.tolist()
    )


def _score_fit(labels: Labels, predicted: Labels, decades: int) -> tuple[Score, ...]:
    """Return the four scores of one fit: two proportions, and two with bootstrap intervals."""
    resamples = np.random.default_rng(0).integers(len(labels), size=(RESAMPLES, len(labels)))
    values = _scores(labels[np.newaxis], predicted[np.newaxis], decades)[:, 0]
    resampled = _scores(labels[resamples], predicted[resamples], decades)
    distance = np.abs(predicted - labels)
    accuracy, within_one = (
        proportion(int(np.sum(distance <= most)), len(labels)) for most in (0, 1)
    )
    macro_f1, mean_error = map(quantiles, values[1:3], resampled[1:3])
    return accuracy, macro_f1, mean_error, within_one


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
