"""Baselines learn what can be learned, and their scores and intervals are right."""

import numpy as np
import pytest
from painted import Splits, make_splits, paint_lines
from sklearn.metrics import f1_score

from movie_posters_decade.analysis.baselines import (
    BaselineResult,
    evaluate_baselines,
    score_chance,
)
from movie_posters_decade.analysis.shortcuts import SEEDS


def evaluate_splits(splits: Splits) -> list[BaselineResult]:
    train, test = (split.measured() for split in splits)
    return evaluate_baselines(train, test, decades=4)


@pytest.fixture(scope="module")
def alike_results(alike: Splits) -> list[BaselineResult]:
    return evaluate_splits(alike)


def test_chance_guesses_with_the_frequencies_of_train() -> None:
    mostly_first = np.where(np.arange(240) < 220, 0, np.arange(240) % 4)
    all_first = np.zeros(120, int)
    assert score_chance(mostly_first, all_first, 4).accuracy.value > 0.85


def test_models_learn_colors_and_chance_does_not(by_color: Splits) -> None:
    chance, *models = evaluate_splits(by_color)
    assert (chance.name, chance.fits, chance.confusion) == ("chance", 0, None)
    assert chance.accuracy.low < 0.25 < chance.accuracy.high
    assert [(model.name, model.fits) for model in models] == [
        ("color histogram", SEEDS),
        ("thumbnail", 1),
        ("gradients and colors", 1),
    ]
    for model in models:
        assert model.accuracy.low > 0.9
        assert np.sum(model.confusion or []) == 80 * model.fits


def test_model_learns_shapes_that_have_the_same_colors() -> None:
    """Lines in one of four directions; compression colors diagonal ones a little."""
    results = {result.name: result for result in evaluate_splits(make_splits(paint_lines))}
    assert results["gradients and colors"].accuracy.low > 0.8
    assert results["color histogram"].accuracy.high < results["gradients and colors"].accuracy.low


def test_models_do_no_better_than_chance_where_nothing_depends_on_the_decade(
    alike_results: list[BaselineResult],
) -> None:
    for result in alike_results:
        assert result.accuracy.low <= 0.25


def test_scores_agree_with_the_confusion_matrix_and_lie_in_their_intervals(
    alike_results: list[BaselineResult],
) -> None:
    for result in alike_results[1:]:
        labels, predicted = (
            np.repeat(axis, np.ravel(result.confusion or []))
            for axis in map(np.ravel, np.indices((4, 4)))
        )
        assert result.accuracy.value == pytest.approx((labels == predicted).mean())
        assert result.mean_error.value == pytest.approx(abs(labels - predicted).mean())
        assert result.within_one.value == pytest.approx((abs(labels - predicted) <= 1).mean())
        # The mean of the fits' F1 is not that of their sum, but near it.
        f1 = f1_score(labels, predicted, average="macro")
        assert result.macro_f1.value == pytest.approx(f1, abs=1e-9 if result.fits == 1 else 0.02)
        for score in (result.accuracy, result.macro_f1, result.mean_error, result.within_one):
            assert score.low <= score.value <= score.high


def test_interval_holds_the_randomness_of_the_fits(alike_results: list[BaselineResult]) -> None:
    width = {result.name: result.accuracy.high - result.accuracy.low for result in alike_results}
    assert width["thumbnail"] == pytest.approx(0.19, abs=0.02)
    assert width["color histogram"] > width["thumbnail"] + 0.01
