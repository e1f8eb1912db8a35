"""How well simple models tell the decade, and what they could cheat with."""

from collections import Counter
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

from movie_posters_decade.analysis.features import Traits

Labels = NDArray[np.int64]

RESAMPLES = 1000
"""How many times the test split is drawn anew for an interval."""

AUDIT_RESAMPLES = 4000
"""The same in an audit, whose intervals reach further out."""

ENOUGH_ON_TEST, ENOUGH = 50, 20
"""How many posters an audit needs on test in all, and of each decade on train."""

CONFIDENCE = 0.95
"""Of an interval; of all shortcuts' intervals together in an audit."""


@dataclass(frozen=True)
class Examples:
    """One split of a dataset, measured.

    Attributes:
        traits: of each poster.
        labels: the number of each one's decade, of shape (posters,).
    """

    traits: Sequence[Traits]
    labels: Labels


@dataclass(frozen=True)
class Figure:
    """A figure measured on test.

    Attributes:
        value: what was measured.
        low: where its bootstrap interval begins.
        high: where it ends.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Result:
    """How well a model tells the decade.

    Attributes:
        name: of the model.
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
        accuracy: of a model that sees nothing else, the mean of the decades', so that a large
            decade counts no more than a small one.
        chance: the same of guessing.
        confidence: of the interval, which is as wide as the number of shortcuts asks for.
        is_enough: whether there are enough posters to tell.
    """

    shortcut: str
    accuracy: Figure
    chance: float
    confidence: float
    is_enough: bool

    @property
    def tells(self) -> bool:
        """Whether it tells more than chance does, beyond the interval."""
        return self.is_enough and self.accuracy.low > self.chance

    @property
    def verdict(self) -> str:
        """Whether it tells the decade, in words."""
        if not self.is_enough:
            return "too few posters"
        return "yes" if self.tells else "no"

    def to_json(self) -> dict[str, Any]:
        """Return the leak in JSON's types."""
        return asdict(self) | {"tells": self.tells, "verdict": self.verdict}


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
    # So wide that all of them together hold what they should with the usual confidence.
    confidence = 1 - (1 - CONFIDENCE) / len(names)
    present, sizes = np.unique(test.labels, return_counts=True)
    weights = 1 / (len(present) * sizes[np.searchsorted(present, test.labels)])
    draws = _draws_within(test.labels)
    is_enough = len(test.labels) >= ENOUGH_ON_TEST and min(Counter(train.labels).values()) >= ENOUGH
    leaks = []
    for name in names:
        right = _told_by(name, train, test) == test.labels
        value = float(right @ weights)
        accuracy = _with_interval(value, (right * weights)[draws].sum(axis=1), confidence)
        leaks.append(Leak(name, accuracy, 1 / len(present), confidence, is_enough))
    return leaks


def _told_by(shortcut: str, train: Examples, test: Examples) -> Labels:
    """Return the decades that a model says of test that sees nothing but a shortcut."""
    vectorizer = DictVectorizer(sparse=False)
    known = vectorizer.fit_transform([traits.shortcuts[shortcut] for traits in train.traits])
    asked = vectorizer.transform([traits.shortcuts[shortcut] for traits in test.traits])
    told: Labels = _forest(class_weight="balanced").fit(known, train.labels).predict(asked)
    return told


def _forest(class_weight: str | None = None) -> RandomForestClassifier:
    return RandomForestClassifier(
        n_estimators=100,
        min_samples_leaf=5,
        class_weight=class_weight,
        random_state=0,
        n_jobs=-1,
    )


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


def _draws_within(labels: Labels) -> Labels:
    """Return the same, with as many of each decade as there are in the examples."""
    chance = np.random.default_rng(0)
    draws = np.empty((AUDIT_RESAMPLES, len(labels)), dtype=np.int64)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        draws[:, places] = chance.choice(places, size=(AUDIT_RESAMPLES, len(places)))
    return draws


def _with_interval(
    value: float, resampled: NDArray[np.float64], confidence: float = CONFIDENCE
) -> Figure:
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Figure(float(value), float(low), float(high))
