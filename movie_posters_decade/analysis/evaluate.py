"""Evaluation of a build: scores of baselines, and the audit for shortcuts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import datasets
import numpy as np
from datasets.utils.tqdm import tqdm

from movie_posters_decade.analysis import require_libraries
from movie_posters_decade.analysis.baselines import (
    CONFIDENCE,
    RESAMPLES,
    BaselineResult,
    MeasuredSplit,
    evaluate_baselines,
)
from movie_posters_decade.analysis.features import PosterFeatures, measure_poster
from movie_posters_decade.analysis.shortcuts import Shortcut, audit_shortcuts, write_warnings
from movie_posters_decade.artifacts import Build
from movie_posters_decade.errors import AnalysisError
from movie_posters_decade.images.transform import transform_image
from movie_posters_decade.report import format_table
from movie_posters_decade.transform_options import ImageTransform


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of a build.

    Attributes:
        decades: their names, in order.
        baselines: the results of simple models.
        shortcuts: the results of the audit.
        features: of each poster, by split.
        transformed: the results of the audit for re-encoded posters; None without a transform.
    """

    decades: Sequence[str]
    baselines: Sequence[BaselineResult]
    shortcuts: Sequence[Shortcut]
    features: Mapping[str, Sequence[PosterFeatures]]
    transformed: Sequence[Shortcut] | None = None

    @property
    def warnings(self) -> list[str]:
        """A sentence for each predictive shortcut, or one if there were too few posters."""
        return write_warnings(self.shortcuts, self.transformed)

    @property
    def interval_note(self) -> str:
        """What the intervals mean, as text."""
        return (
            "Intervals are in brackets. For models they are bootstrap intervals at "
            f"{CONFIDENCE:.0%}. For chance they hold {CONFIDENCE:.0%} of {RESAMPLES:,} random "
            "guesses. For shortcuts they are bootstrap intervals at "
            f"{self.shortcuts[0].confidence:.1%}, so that all {len(self.shortcuts)} together hold "
            f"at {CONFIDENCE:.0%}."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation in JSON's types, without the features."""
        return {
            "posters": {split: len(features) for split, features in self.features.items()},
            "warnings": self.warnings,
            "decades": list(self.decades),
            "baselines": [asdict(result) for result in self.baselines],
            "shortcuts": [result.to_json() for result in self.shortcuts],
            "transformed": self.transformed and [one.to_json() for one in self.transformed],
        }

    def to_text(self) -> str:
        """Return the evaluation as tables for a terminal, and the warnings."""
        warnings = (f"Warning: {warning}" for warning in self.warnings)
        tables = (format_table(self._baseline_rows()), format_table(self._shortcut_rows()))
        return "\n\n".join([*tables, self.interval_note, *warnings])

    __str__ = to_text

    def _baseline_rows(self) -> list[Sequence[object]]:
        scores = ("accuracy", "macro-F1", "mean error in decades", "within one decade")
        return [
            (f"on {len(self.features['test'])} posters of test", *scores),
            *(
                (model.name, model.accuracy, model.macro_f1, model.mean_error, model.within_one)
                for model in self.baselines
            ),
        ]

    def _shortcut_rows(self) -> list[Sequence[object]]:
        rows: list[Sequence[object]] = [("shortcut", "chance", "accuracy", "predictive")]
        rows += [
            (shortcut.name, f"{shortcut.chance:.3f}", shortcut.accuracy, shortcut.verdict)
            for shortcut in self.shortcuts
        ]
        if self.transformed is None:
            return rows
        after = [(shortcut.accuracy, shortcut.verdict) for shortcut in self.transformed]
        added = [("re-encoded", "predictive"), *after]
        return [(*row, *more) for row, more in zip(rows, added, strict=True)]


def evaluate(
    build: Build,
    *,
    image_size: tuple[int, int] | None = None,
    resize_mode: str = "crop",
    encode_format: str | None = None,
    encode_quality: int = 90,
) -> Evaluation:
    """Train simple models on train, score each once on test, and audit the shortcuts.

    With ``image_size`` or ``encode_format`` the shortcuts are audited a second time, on posters
    that are re-encoded. These and the options beside them are those of `export`.

    Raises:
        AnalysisError: the build has only one decade, or scikit-learn is missing.
        OptionError: a value cannot be used.
    """
    transform = ImageTransform(image_size, resize_mode, encode_format, encode_quality)
    require_libraries("sklearn")
    if len(set(build.dataset["train"]["label"])) < 2:
        raise AnalysisError(
            "Baselines: expected at least two decades; found one. Widen min_year and max_year."
        )
    train, test = _measure_splits(build, ImageTransform())
    decades = build.dataset["train"].features["label"].names
    again = audit_shortcuts(*_measure_splits(build, transform)) if transform.changes else None
    return Evaluation(
        decades=decades,
        baselines=evaluate_baselines(train, test, len(decades)),
        shortcuts=audit_shortcuts(train, test),
        features={"train": train.features, "test": test.features},
        transformed=again,
    )


def find_shortcuts(build: Build) -> list[str]:
    """Return a warning for each shortcut that predicts the decade of a build's posters.

    If there are too few posters to measure that, one warning says so.

    Raises:
        AnalysisError: scikit-learn is missing.
    """
    require_libraries("sklearn")
    return write_warnings(audit_shortcuts(*_measure_splits(build, ImageTransform())))


def _measure_splits(build: Build, transform: ImageTransform) -> list[MeasuredSplit]:
    measured = []
    for split in ("train", "test"):
        examples = build.dataset[split].cast_column("image", datasets.Image(decode=False))
        features = [
            measure_poster(transform_image(one["image"]["bytes"], transform), one["poster_url"])
            for one in tqdm(examples, desc="Measure", unit="poster")
        ]
        measured.append(MeasuredSplit(features, np.asarray(examples["label"])))
    return measured
