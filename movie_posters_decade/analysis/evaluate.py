"""What speaks for a built dataset and against it: simple models, and what they could cheat with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import datasets
import numpy as np
from datasets.utils.tqdm import tqdm

from movie_posters_decade.analysis.baselines import (
    CONFIDENCE,
    RESAMPLES,
    Examples,
    Leak,
    Result,
    audit,
    baselines,
)
from movie_posters_decade.analysis.features import Traits, measure
from movie_posters_decade.config import ImageTransform
from movie_posters_decade.errors import AnalysisError
from movie_posters_decade.images.transform import transform_image
from movie_posters_decade.report import format_table


@dataclass(frozen=True)
class Evidence:
    """What was found out about a dataset.

    Attributes:
        decades: their names, in order.
        results: how well simple models tell them.
        leaks: how well each shortcut alone tells them.
        traits: what was measured of each poster, by split.
        drawn_anew: the leaks of posters drawn anew, if that was asked for.
    """

    decades: Sequence[str]
    results: Sequence[Result]
    leaks: Sequence[Leak]
    traits: Mapping[str, Sequence[Traits]]
    drawn_anew: Sequence[Leak] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the evidence in JSON's types."""
        drawn = self.drawn_anew
        return {
            "posters": {split: len(traits) for split, traits in self.traits.items()},
            "warnings": warnings(self.leaks, drawn),
            "decades": list(self.decades),
            "baselines": [result.to_json() for result in self.results],
            "shortcuts": [leak.to_json() for leak in self.leaks],
            "drawn_anew": None if drawn is None else [leak.to_json() for leak in drawn],
        }

    def to_text(self) -> str:
        """Return the evidence as tables to read in a terminal, and a warning of each shortcut."""
        rows: list[Sequence[object]] = [
            (
                f"on {len(self.traits['test'])} of test",
                "accuracy",
                "macro-F1",
                "mean error in decades",
                "within one decade",
            )
        ]
        rows += [
            (result.name, result.accuracy, result.macro_f1, result.mean_error, result.within_one)
            for result in self.results
        ]
        return "\n\n".join(
            [
                format_table(rows),
                format_table(self._shortcuts()),
                interval_note(self.leaks),
                *(f"Warning: {text}" for text in warnings(self.leaks, self.drawn_anew)),
            ]
        )

    def _shortcuts(self) -> list[Sequence[object]]:
        rows: list[Sequence[object]] = [("shortcut", "chance", "accuracy", "tells")]
        rows += [
            (leak.shortcut, f"{leak.chance:.3f}", leak.accuracy, leak.verdict)
            for leak in self.leaks
        ]
        if self.drawn_anew is None:
            return rows
        after: list[Sequence[object]] = [("drawn anew", "tells")]
        after += [(leak.accuracy, leak.verdict) for leak in self.drawn_anew]
        return [(*row, *more) for row, more in zip(rows, after, strict=True)]


def interval_note(leaks: Sequence[Leak]) -> str:
    """Return what the intervals in brackets are."""
    return (
        f"Intervals of models are at {CONFIDENCE:.0%}, of chance where {CONFIDENCE:.0%} of "
        f"{RESAMPLES:,} guesses lie, and of shortcuts at {leaks[0].confidence:.1%}, so that all "
        f"{len(leaks)} hold together at {CONFIDENCE:.0%}."
    )


def warnings(leaks: Sequence[Leak], drawn_anew: Sequence[Leak] | None = None) -> list[str]:
    """Return a sentence for each shortcut that tells the decade, and what drawing anew changes."""
    after = [""] * len(leaks) if drawn_anew is None else [_after(leak) for leak in drawn_anew]
    return [
        f"{leak.shortcut.capitalize()} alone tells the decade with an accuracy of {leak.accuracy}, "
        f"where chance has {leak.chance:.3f}; a network may learn that, or what goes with it, "
        f"instead of style.{more}"
        for leak, more in zip(leaks, after, strict=True)
        if leak.tells
    ]


def _after(leak: Leak) -> str:
    still = f"still does ({leak.accuracy})" if leak.tells else "no longer does"
    return f" Of posters drawn anew it {still}."


def find_shortcuts(dataset: datasets.DatasetDict) -> list[str]:
    """Return a sentence for each shortcut that tells the decade of a dataset's posters."""
    return warnings(
        audit(*(_measured(dataset[split], ImageTransform()) for split in ("train", "test")))
    )


def gather(dataset: datasets.DatasetDict, transform: ImageTransform | None = None) -> Evidence:
    """Measure the posters, train simple models on train, and measure each once on test.

    Args:
        dataset: as the builder gives it.
        transform: how to draw the posters anew, to see which shortcuts that removes.

    Raises:
        AnalysisError: there is only one decade.
    """
    if len(set(dataset["train"]["label"])) < 2:
        raise AnalysisError(
            "Baselines: expected at least two decades to tell apart; found one. Widen min_year and "
            "max_year."
        )
    train, test = (_measured(dataset[split], ImageTransform()) for split in ("train", "test"))
    decades = dataset["train"].features["label"].names
    drawn = None
    if transform is not None and transform.changes:
        drawn = audit(*(_measured(dataset[split], transform) for split in ("train", "test")))
    results = baselines(train, test, len(decades))
    traits = {"train": train.traits, "test": test.traits}
    return Evidence(decades, results, audit(train, test), traits, drawn)


def _measured(part: datasets.Dataset, transform: ImageTransform) -> Examples:
    undecoded = part.cast_column("image", datasets.Image(decode=False))
    traits = [
        measure(transform_image(example["image"]["bytes"], transform), example["poster_url"])
        for example in tqdm(undecoded, desc="Measure", unit="poster")
    ]
    return Examples(traits, np.asarray(part["label"]))
