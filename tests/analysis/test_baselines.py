"""Baselines learn what can be learned, and their scores and intervals are right."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from movie_posters_decade.analysis.baselines import (
    BaselineResult,
    MeasuredSplit,
    evaluate_baselines,
)

Splits = tuple[MeasuredSplit, MeasuredSplit]


@pytest.fixture(scope="module")
def alike_results(alike: Splits) -> list[BaselineResult]:
    return evaluate_baselines(*alike, decades=4)


def test_chance_guesses_with_the_frequencies_of_train(alike: Splits) -> None:
    train, test = alike
    mostly_first = np.where(np.arange(240) < 220, 0, train.labels)
    all_first = np.zeros_like(test.labels)
    chance = evaluate_baselines(
        MeasuredSplit(train.features, mostly_first), MeasuredSplit(test.features, all_first), 4
    )[0]
    assert chance.accuracy.value > 0.85


def test_models_learn_colors_and_chance_does_not(by_color: Splits) -> None:
    chance, *models = evaluate_baselines(*by_color, decades=4)
    assert (chance.name, chance.confusion) == ("chance", None)
    assert chance.accuracy.low < 0.25 < chance.accuracy.high
    assert [model.name for model in models] == ["color histogram", "thumbnail"]
    for model in models:
        assert model.accuracy.low > 0.9
        assert np.sum(model.confusion or []) == 120


def test_models_do_no_better_than_chance_where_nothing_depends_on_the_decade(
    alike_results: list[BaselineResult],
) -> None:
    for result in alike_results:
        assert result.accuracy.low <= 0.25


def test_scores_agree_with_the_confusion_matrix_and_lie_in_their_intervals(
    alike_results: list[BaselineResult],
) -> None:
    for result in alike_results[1:]:
        confusion = np.array(result.confusion)
        labels, predicted = (
            np.repeat(axis, confusion.ravel()) for axis in map(np.ravel, np.indices((4, 4)))
        )
        assert result.accuracy.value == pytest.approx((labels == predicted).mean())
        assert result.macro_f1.value == pytest.approx(f1_score(labels, predicted, average="macro"))
        assert result.mean_error.value == pytest.approx(abs(labels - predicted).mean())
        assert result.within_one.value == pytest.approx((abs(labels - predicted) <= 1).mean())
        for score in (result.accuracy, result.macro_f1, result.mean_error, result.within_one):
            assert score.low <= score.value <= score.high
        assert result.accuracy.high - result.accuracy.low == pytest.approx(0.16, abs=0.06)


def test_same_posters_give_the_same_scores(
    alike: Splits, alike_results: list[BaselineResult]
) -> None:
    assert evaluate_baselines(*alike, decades=4) == alike_results
