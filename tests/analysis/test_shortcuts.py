"""The audit finds shortcuts where they are, and only there."""

import numpy as np
import pytest
from painted import Posters, Splits

from movie_posters_decade.analysis.intervals import Score
from movie_posters_decade.analysis.shortcuts import (
    MARGIN,
    AuditedSplit,
    Shortcut,
    audit_shortcuts,
)

IN_IMAGE = [
    "file size",
    "dimensions",
    "quantization",
    "chroma subsampling",
    "progressive JPEG",
    "compression left in the pixels",
    "border color",
]


def select(split: Posters, rows: np.ndarray) -> Posters:
    return Posters([split.contents[row] for row in rows.tolist()], split.labels[rows])


def audit(splits: Splits, *names: str) -> list[Shortcut]:
    train, test = (split.audited(*names) for split in splits)
    return audit_shortcuts(train, test)


@pytest.fixture(scope="module")
def alike_shortcuts(alike: Splits) -> list[Shortcut]:
    return audit(alike)


def test_shortcut_is_found_where_only_the_quality_depends_on_the_decade(by_quality: Splits) -> None:
    others = set(IN_IMAGE) - {"border color"}  # it is not predictive here, as in `alike`
    predictive = {one.name: one for one in audit(by_quality, *others) if one.is_predictive}
    # A file of a better quality is larger.
    assert set(predictive) == {"quantization", "file size", "compression left in the pixels"}
    quantization = predictive["quantization"]
    assert quantization.accuracy is not None
    assert quantization.accuracy.value == 1
    assert (quantization.chance, quantization.verdict) == (0.25, "yes")


def test_no_shortcut_is_found_where_nothing_depends_on_the_decade(
    alike_shortcuts: list[Shortcut],
) -> None:
    assert [shortcut.name for shortcut in alike_shortcuts] == IN_IMAGE
    assert {shortcut.verdict for shortcut in alike_shortcuts} == {"no"}


@pytest.mark.parametrize("decades", [3, 7])
def test_feature_that_is_the_same_for_all_is_never_predictive(decades: int) -> None:
    """Its accuracy is chance, but a sum of shares may round to a little more."""
    labels = np.arange(30 * decades) % decades
    constant = AuditedSplit({"file size": [{"bytes": 1.0}] * len(labels)}, labels)
    [shortcut] = audit_shortcuts(constant, constant)
    assert str(shortcut.accuracy).startswith(f"{1 / decades:.3f} ")
    assert shortcut.verdict == "no"


def test_interval_that_reads_as_chance_is_not_above_it() -> None:
    chance = 1 / 3
    nearly = Shortcut("file size", Score(chance, chance + 1e-9, 0.5), chance, 0.95)
    above = Shortcut("file size", Score(0.4, chance + 2 * MARGIN, 0.5), chance, 0.95)
    assert (nearly.is_predictive, above.is_predictive) == (False, True)


def test_shortcut_is_found_among_decades_of_unequal_size(by_quality: Splits) -> None:
    """Although naming the largest decade is right more often."""
    train, test = (
        select(split, np.flatnonzero((split.labels == 3) | (np.arange(len(split.labels)) % 8 < 4)))
        for split in by_quality
    )
    [shortcut] = audit((train, test), "quantization")
    assert shortcut.chance == 0.25
    assert shortcut.verdict == "yes"


def test_intervals_are_wider_because_there_are_several_features(
    alike: Splits, alike_shortcuts: list[Shortcut]
) -> None:
    assert alike_shortcuts[0].confidence == pytest.approx(1 - 0.05 / len(IN_IMAGE))
    [alone] = audit(alike, "file size")
    assert alone.confidence == pytest.approx(0.95)
    several = alike_shortcuts[0].accuracy
    assert alone.accuracy is not None
    assert several is not None
    assert several.value == alone.accuracy.value
    assert several.low < alone.accuracy.low
    assert several.high > alone.accuracy.high


def test_few_posters_are_not_measured(by_quality: Splits) -> None:
    train, test = by_quality
    few_tests = select(test, np.arange(49))
    few_of_a_decade = select(train, np.flatnonzero((train.labels > 0) | (np.arange(160) < 76)))
    no_test_of_a_decade = select(test, np.flatnonzero(test.labels > 0))
    one_decade = select(train, np.flatnonzero(train.labels == 0))
    for splits in (
        (train, few_tests),
        (few_of_a_decade, test),
        (train, no_test_of_a_decade),
        (one_decade, one_decade),
    ):
        for shortcut in audit(splits, "quantization", "file size"):
            assert shortcut.accuracy is None
            assert shortcut.is_predictive is None
            assert shortcut.verdict == shortcut.measured == "not measured"
            assert shortcut.to_json()["accuracy"] is None
