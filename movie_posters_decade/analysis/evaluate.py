"""Evaluation of a build: scores of baselines, and the audit for shortcuts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import datasets
import numpy as np
from datasets.utils.tqdm import tqdm

from movie_posters_decade.analysis import require_libraries
from movie_posters_decade.analysis.baselines import (
    RESAMPLES,
    BaselineResult,
    MeasuredSplit,
    evaluate_baselines,
)
from movie_posters_decade.analysis.columns import measure_columns
from movie_posters_decade.analysis.features import PosterFeatures, measure_poster
from movie_posters_decade.analysis.intervals import CONFIDENCE
from movie_posters_decade.analysis.shortcuts import (
    SEEDS,
    AuditedSplit,
    Feature,
    Shortcut,
    audit_shortcuts,
)
from movie_posters_decade.analysis.traces import ImageFeature, measure_traces
from movie_posters_decade.analysis.wording import (
    RECOMMENDED,
    Remeasured,
    name_transform,
    write_findings,
)
from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.errors import AnalysisError
from movie_posters_decade.images.transform import transform_image
from movie_posters_decade.options.transform import ImageTransform
from movie_posters_decade.report.counts import format_table


@dataclass(frozen=True, repr=False)
class Evaluation:
    """The evaluation of a build.

    Attributes:
        decades: their names, in order.
        baselines: the results of simple models.
        shortcuts: the results of the audit, for features of the image and of the columns.
        features: of each poster, by split.
        after: the results for transformed posters; None if nothing was transformed.
    """

    decades: Sequence[str]
    baselines: Sequence[BaselineResult]
    shortcuts: Sequence[Shortcut]
    features: Mapping[str, Sequence[PosterFeatures]]
    after: Remeasured | None = None

    @property
    def findings(self) -> list[str]:
        """What the audit found, as sentences; at least one."""
        return write_findings(self.shortcuts, self.after)

    @property
    def has_image_warning(self) -> bool:
        """Whether a feature of the image is predictive, or nothing could be measured.

        If not, the first of the findings says so.
        """
        return any(one.is_predictive is not False for one in self.shortcuts if one.is_in_image)

    @property
    def is_measured(self) -> bool:
        """Whether there were enough posters to measure shortcuts."""
        return all(one.is_predictive is not None for one in self.shortcuts)

    @property
    def interval_note(self) -> str:
        """What the intervals mean, as text."""
        return (
            "Intervals are in brackets. Accuracies and shares have exact ones (Clopper-Pearson) at "
            f"{CONFIDENCE:.0%}; other scores have bootstrap intervals. For chance they hold "
            f"{CONFIDENCE:.0%} of {RESAMPLES:,} random guesses. For features that tell the decade "
            f"they are at {self.shortcuts[0].confidence:.1%}, so that all {len(self.shortcuts)} "
            f"together hold at {CONFIDENCE:.0%}. Where a model depends on a seed, the score is the "
            f"mean of {SEEDS} fits, and the interval reaches from the lowest end of theirs to the "
            "highest."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation in JSON's types, without the features."""
        in_image = [one.to_json() for one in self.shortcuts if one.is_in_image]
        after = self.after
        return {
            "posters": {split: len(features) for split, features in self.features.items()},
            "findings": self.findings,
            "decades": list(self.decades),
            "baselines": [asdict(result) for result in self.baselines],
            "shortcuts": in_image,
            "columns": [one.to_json() for one in self.shortcuts if not one.is_in_image],
            "transform": name_transform(after.transform) if after else None,
            "transformed": [one.to_json() for one in after.shortcuts] if after else None,
        }

    def to_text(self) -> str:
        """Return the evaluation as tables for a terminal, and the findings."""
        tables = (self._baseline_rows(), self._image_rows(), self._column_rows())
        return "\n\n".join([*map(format_table, tables), self.interval_note, *self.findings])

    __str__ = __repr__ = to_text

    def _baseline_rows(self) -> list[Sequence[object]]:
        scores = ("accuracy", "macro-F1", "mean error in decades", "within one decade")
        return [
            (f"on {len(self.features['test'])} posters of test", *scores),
            *(
                (model.name, model.accuracy, model.macro_f1, model.mean_error, model.within_one)
                for model in self.baselines
            ),
        ]

    def _image_rows(self) -> list[Sequence[object]]:
        rows = [("shortcut", *_HEADS), *map(_row, filter(_is_in_image, self.shortcuts))]
        if self.after is None:
            return rows
        after = {one.name: (one.measured, one.verdict) for one in self.after.shortcuts}
        after["shortcut"] = (f"after {name_transform(self.after.transform)}", "predictive")
        return [(*row, *after.get(str(row[0]), ("", ""))) for row in rows]

    def _column_rows(self) -> list[Sequence[object]]:
        columns = [one for one in self.shortcuts if not one.is_in_image]
        return [("column", *_HEADS), *map(_row, columns)]


_HEADS = ("chance", "accuracy", "predictive")


def _row(shortcut: Shortcut) -> Sequence[object]:
    return (shortcut.name, f"{shortcut.chance:.3f}", shortcut.measured, shortcut.verdict)


def _is_in_image(shortcut: Shortcut) -> bool:
    return shortcut.is_in_image


def evaluate(
    build: Build,
    *,
    image_size: tuple[int, int] | None = None,
    resize_mode: str = "crop",
    encode_format: str | None = None,
    encode_quality: int = 90,
    check_recommended: bool = False,
) -> Evaluation:
    """Train simple models on train, score them on test, and audit the shortcuts.

    With ``image_size`` or ``encode_format`` all shortcuts in the image are measured a second time,
    on posters that are resized or re-encoded. These and the options beside them are those of
    `export`. With ``check_recommended`` instead, only the predictive ones are, after resizing to
    224x224.

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
    train, test = map(_measure_posters, _splits(build))
    decades = build.dataset["train"].features["label"].names
    shortcuts = _audit(build)
    names = _names(shortcuts, only_predictive=not transform.changes)
    again = transform if transform.changes else RECOMMENDED if check_recommended else None
    return Evaluation(
        decades=decades,
        baselines=evaluate_baselines(train, test, len(decades)),
        shortcuts=shortcuts,
        features={"train": train.features, "test": test.features},
        after=_measure_again(build, again, names, shortcuts[0].confidence) if again else None,
    )


def find_shortcuts(build: Build) -> list[str]:
    """Return what an audit of a build for shortcuts found, as sentences; at least one.

    Shortcuts in the image that are predictive are measured again after resizing to 224x224.

    Raises:
        AnalysisError: scikit-learn is missing.
    """
    require_libraries("sklearn")
    shortcuts = _audit(build)
    names = _names(shortcuts, only_predictive=True)
    after = _measure_again(build, RECOMMENDED, names, shortcuts[0].confidence)
    return write_findings(shortcuts, after)


def _audit(build: Build) -> list[Shortcut]:
    train, test = (
        _audited_split(
            [
                measure_traces(row["image"]["bytes"]) | measure_columns(row, place / len(examples))
                for place, row in enumerate(_undecoded(examples))
            ],
            examples,
        )
        for examples in _splits(build)
    )
    return audit_shortcuts(train, test)


def _measure_again(
    build: Build, transform: ImageTransform, names: Sequence[str], confidence: float
) -> Remeasured | None:
    """Measure some features of the image once more, after a transform; None without any."""
    if not names:
        return None
    train, test = (
        _audited_split(
            [_transformed_traces(row, transform, names) for row in _undecoded(examples)], examples
        )
        for examples in _splits(build)
    )
    return Remeasured(transform, audit_shortcuts(train, test, confidence))


def _transformed_traces(
    row: Mapping[str, Any], transform: ImageTransform, names: Sequence[str]
) -> dict[str, ImageFeature]:
    features = measure_traces(transform_image(row["image"]["bytes"], transform))
    return {name: features[name] for name in names}


def _names(shortcuts: Sequence[Shortcut], *, only_predictive: bool) -> list[str]:
    """Return the names of the features of the image that are to be measured again."""
    in_image = [one for one in shortcuts if one.is_in_image]
    return [one.name for one in in_image if one.is_predictive or not only_predictive]


def _measure_posters(examples: datasets.Dataset) -> MeasuredSplit:
    features = [measure_poster(row["image"]["bytes"]) for row in _undecoded(examples)]
    return MeasuredSplit(features, np.asarray(examples["label"]))


def _audited_split(rows: Sequence[Mapping[str, Feature]], examples: Any) -> AuditedSplit:
    names = rows[0] if rows else ()
    features = {name: [row[name] for row in rows] for name in names}
    return AuditedSplit(features, np.asarray(examples["label"]))


def _splits(build: Build) -> list[datasets.Dataset]:
    return [build.dataset[split] for split in ("train", "test")]


def _undecoded(examples: datasets.Dataset) -> Iterator[dict[str, Any]]:
    """Yield the rows of a split, with the bytes of the image instead of its pixels."""
    undecoded = examples.cast_column("image", datasets.Image(decode=False))
    yield from tqdm(undecoded, desc="Measure", unit="poster")
