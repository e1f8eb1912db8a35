"""How well simple models tell the decade, and what they could cheat with."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from movie_posters_decade.traits import Traits

Labels = NDArray[np.int64]

RESAMPLES = 1000
"""How many times the test side is drawn anew for an interval."""

CONFIDENCE = 0.95
"""Of an interval; of all shortcuts' intervals together in an audit."""


@dataclass(frozen=True)
class Examples:
    """One side of a dataset, measured.

    Attributes:
        traits: of each poster.
        labels: the number of each one's decade, of shape (posters,).
    """

    traits: Sequence[Traits]
    labels: Labels


@dataclass(frozen=True)
class Figure:
    """A figure measured on test, with its bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Result:
    """How well a model tells the decade.

    Attributes:
        name: of the model, or of the shortcut.
        accuracy: the share of posters whose decade it tells.
        macro_f1: the mean of the decades' F1.
        mean_error: by how many decades it is off, on average.
        within_one: the share of posters that it is off by at most one decade.
        confusion: of shape (decades, decades): how many of a decade, by row, it takes for which;
            None for chance.
    """

    name: str
    accuracy: Figure
    macro_f1: Figure
    mean_error: Figure
    within_one: Figure
    confusion: list[list[int]] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the result in JSON's types."""
        return asdict(self)


@dataclass(frozen=True)
class Leak:
    """How well the decade can be told by a shortcut alone.

    Attributes:
        shortcut: what it is.
        accuracy: of a model that sees nothing else; the interval is as wide as the number of
            shortcuts asks for.
        chance: the accuracy of naming the most frequent decade.
    """

    shortcut: str
    accuracy: Figure
    chance: float

    @property
    def tells(self) -> bool:
        """Whether it tells more than chance does, beyond the interval."""
        return self.accuracy.low > self.chance

    def to_json(self) -> dict[str, Any]:
        """Return the leak in JSON's types."""
        return asdict(self) | {"tells": self.tells}


def baselines(train: Examples, test: Examples, decades: int) -> list[Result]:
    """Train simple models on train and measure each once on test.

    Args:
        train: what they learn from.
        test: what they are measured on.
        decades: how many there are.

    Returns:
        The results of chance, of the colors' histogram, and of thumbnails.
    """
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=2000))
    models = {
        "color histogram": (_forest(), _histograms),
        "thumbnail": (linear, _thumbnails),
    }
    results = [_chance(train.labels, test.labels, decades)]
    for name, (model, of) in models.items():
        told = model.fit(of(train), train.labels).predict(of(test))
        results.append(_measured(name, test.labels, told, decades))
    return results


def audit(train: Examples, test: Examples) -> list[Leak]:
    """Find out how well each shortcut alone tells the decade.

    Args:
        train: what a model for each learns from.
        test: what they are measured on.
    """
    names = list(train.traits[0].shortcuts)
    chance = float(np.bincount(test.labels).max() / len(test.labels))
    leaks = []
    for name in names:
        vectorizer = DictVectorizer(sparse=False)
        known = vectorizer.fit_transform([traits.shortcuts[name] for traits in train.traits])
        asked = vectorizer.transform([traits.shortcuts[name] for traits in test.traits])
        right = _forest().fit(known, train.labels).predict(asked) == test.labels
        # So wide that all of them together hold what they should with the usual confidence.
        confidence = 1 - (1 - CONFIDENCE) / len(names)
        accuracy = _with_interval(
            float(right.mean()), right[_draws(len(right))].mean(1), confidence
        )
        leaks.append(Leak(name, accuracy, chance))
    return leaks


def _forest() -> RandomForestClassifier:
    return RandomForestClassifier(n_estimators=100, min_samples_leaf=5, random_state=0, n_jobs=-1)


def _histograms(examples: Examples) -> NDArray[np.float32]:
    return np.stack([traits.histogram for traits in examples.traits])


def _thumbnails(examples: Examples) -> NDArray[np.float32]:
    return np.stack([traits.thumbnail for traits in examples.traits])


def _measured(name: str, labels: Labels, told: Labels, decades: int) -> Result:
    draws = _draws(len(labels))
    values = _scores(labels[np.newaxis], told[np.newaxis], decades)
    resampled = _scores(labels[draws], told[draws], decades)
    confusion = _confusions(labels[np.newaxis], told[np.newaxis], decades)[0]
    return _result(name, values[:, 0], resampled, confusion.tolist())


def _chance(known: Labels, labels: Labels, decades: int) -> Result:
    """Guess decades as often as train has them, again and again; the values are the means."""
    guesses = np.random.default_rng(0).choice(known, size=(RESAMPLES, len(labels)))
    guessed = _scores(np.broadcast_to(labels, guesses.shape), guesses, decades)
    return _result("chance", guessed.mean(axis=1), guessed)


def _result(
    name: str,
    values: NDArray[np.float64],
    resampled: NDArray[np.float64],
    confusion: list[list[int]] | None = None,
) -> Result:
    accuracy, macro_f1, mean_error, within_one = map(_with_interval, values, resampled)
    return Result(name, accuracy, macro_f1, mean_error, within_one, confusion)


def _scores(labels: Labels, told: Labels, decades: int) -> NDArray[np.float64]:
    """Return accuracy, macro-F1, mean error and share within one decade, of shape (4, draws).

    Args:
        labels: what is right, of shape (draws, posters).
        told: what a model says, of the same shape.
        decades: how many there are.
    """
    confusions = _confusions(labels, told, decades)
    right = np.diagonal(confusions, axis1=1, axis2=2)
    named = confusions.sum(axis=1) + confusions.sum(axis=2)
    f1 = np.divide(2 * right, named, out=np.zeros(named.shape), where=named > 0)
    off = np.abs(told - labels)
    return np.stack(
        [(off == 0).mean(axis=1), f1.mean(axis=1), off.mean(axis=1), (off <= 1).mean(axis=1)]
    )


def _confusions(labels: Labels, told: Labels, decades: int) -> Labels:
    """Return how often each decade is taken for each, of shape (draws, decades, decades)."""
    draws = np.arange(len(labels))[:, np.newaxis]
    cells = (draws * decades + labels) * decades + told
    counts = np.bincount(cells.ravel(), minlength=len(labels) * decades**2)
    return counts.reshape(len(labels), decades, decades)


def _draws(count: int) -> NDArray[np.int64]:
    """Return which of so many examples are drawn, for each of the resamples."""
    return np.random.default_rng(0).integers(count, size=(RESAMPLES, count))


def _with_interval(
    value: float, resampled: NDArray[np.float64], confidence: float = CONFIDENCE
) -> Figure:
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Figure(float(value), float(low), float(high))
