"""The audit finds shortcuts where they are, and only there."""

import numpy as np
import pytest

from movie_posters_decade.analysis.baselines import MeasuredSplit, evaluate_baselines
from movie_posters_decade.analysis.shortcuts import audit_shortcuts, write_warnings

Splits = tuple[MeasuredSplit, MeasuredSplit]


def select(split: MeasuredSplit, rows: np.ndarray) -> MeasuredSplit:
    return MeasuredSplit([split.features[row] for row in rows.tolist()], split.labels[rows])


def test_shortcut_is_found_where_only_the_quality_depends_on_the_decade(by_quality: Splits) -> None:
    shortcuts = audit_shortcuts(*by_quality)
    predictive = {shortcut.name: shortcut for shortcut in shortcuts if shortcut.is_predictive}
    # A file of a better quality is larger.
    assert set(predictive) == {"quantization", "file size"}
    assert predictive["quantization"].accuracy.value == pytest.approx(1.0)
    assert predictive["quantization"].chance == 0.25


def test_no_shortcut_is_found_where_nothing_depends_on_the_decade(alike: Splits) -> None:
    shortcuts = audit_shortcuts(*alike)
    assert [shortcut.name for shortcut in shortcuts if shortcut.is_predictive] == []
    assert [shortcut.name for shortcut in shortcuts] == [
        "file size",
        "dimensions",
        "quantization",
        "chroma subsampling",
        "crop code",
        "border color",
    ]
    assert write_warnings(shortcuts) == []


def test_shortcut_is_found_among_decades_of_unequal_size(by_quality: Splits) -> None:
    """Although naming the largest decade is right more often."""
    splits = [
        select(split, np.flatnonzero((split.labels == 3) | (np.arange(len(split.labels)) % 8 < 4)))
        for split in by_quality
    ]
    [shortcut] = [found for found in audit_shortcuts(*splits) if found.name == "quantization"]
    assert shortcut.chance == 0.25
    assert shortcut.verdict == "yes"


def test_intervals_are_wider_because_there_are_several_shortcuts(alike: Splits) -> None:
    shortcut = audit_shortcuts(*alike)[0]
    assert shortcut.confidence == pytest.approx(1 - 0.05 / 6)
    histogram = evaluate_baselines(*alike, decades=4)[1].accuracy
    width = histogram.high - histogram.low
    assert shortcut.accuracy.high - shortcut.accuracy.low > 1.15 * width


def test_few_posters_give_no_verdict_but_a_warning(by_quality: Splits) -> None:
    train, test = by_quality
    shortcuts = audit_shortcuts(train, select(test, np.arange(20)))
    assert {shortcut.verdict for shortcut in shortcuts} == {"too few posters"}
    assert not any(shortcut.is_predictive for shortcut in shortcuts)
    assert write_warnings(shortcuts, shortcuts) == [
        "Too few posters to check for shortcuts: the check needs 50 in test and 20 of each decade "
        "in train."
    ]
