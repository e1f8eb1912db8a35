"""Showing: the first posters of each decade of a dataset, as one picture."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count, islice
from typing import TYPE_CHECKING, Any

import datasets

from movie_posters_decade.build_warnings import BuildWarning
from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.errors import OptionError
from movie_posters_decade.images import (
    Section,
    draw_sections,
    first_of_a_stream,
    thumbnails_of_each_decade,
)
from movie_posters_decade.options.validation import is_whole
from movie_posters_decade.text.terminal import get_logger

if TYPE_CHECKING:
    from PIL import Image

MAX_A_ROW = 100
"""The largest number of posters in a row: ten thousand pixels."""

MAX_ROWS = 200
"""The largest number of rows on a picture: thirty thousand pixels."""

MAX_READ = 500
"""The largest number of posters of a stream that are read for a picture, by default."""

_ACCEPTED = (
    "Pass a Dataset, a DatasetDict, a stream of either or a Build, with the columns image (Image) "
    "and label (ClassLabel)."
)

logger = get_logger(__name__)


def show(dataset: Any, per_decade: int = 8, *, max_read: int = MAX_READ) -> "Image.Image":
    """Show a dataset: one picture with a labelled row of posters for each decade.

    A row has the first posters of its decade, in the order of the dataset, each of 100 by 148
    pixels. The splits of a dataset are below each other, each under its name. A notebook displays
    the picture, and its ``save`` writes it.

    Args:
        dataset: a `Build`, or a Dataset, DatasetDict, IterableDataset or IterableDatasetDict with
            the columns ``image`` and ``label``, a ClassLabel: also one that was loaded from the
            Hub or from an export.
        per_decade: the largest number of posters in a row, from 1 to 100.
        max_read: of a stream, the largest number of posters of each split that are read. Reading
            ends sooner where every row is full. A warning names the decades without any poster.

    Returns:
        An RGB image of Pillow, ``per_decade`` times 106 pixels wide and 90 more for the labels.

    Raises:
        OptionError: the dataset is something else or lacks these columns, it has more than 200
            rows to show, or a number is out of its range.
    """
    _check_number("per_decade", per_decade, MAX_A_ROW)
    _check_number("max_read", max_read)
    splits = _splits(dataset)
    decades = {split: _decades(examples, split) for split, examples in splits.items()}
    rows = sum(map(len, decades.values()))
    if rows > MAX_ROWS:
        raise OptionError(
            f"show: expected at most {MAX_ROWS} rows, one for each class of each split; found "
            f"{rows}. Pass a single split, or a dataset with fewer classes."
        )
    sections = [
        _section(examples, split, decades[split], per_decade, max_read)
        for split, examples in splits.items()
    ]
    return draw_sections(sections, per_decade)


def _check_number(name: str, value: object, largest: float = math.inf) -> None:
    if not is_whole(value, 1, largest):
        to = "" if largest == math.inf else f" to {largest}"
        raise OptionError(f"Option {name}: expected a whole number from 1{to}; found {value!r}.")


def _splits(dataset: Any) -> Mapping[str, Any]:
    """Return the splits to show by their titles, which are empty for a single split."""
    if isinstance(dataset, Build):
        dataset = dataset.dataset
    if isinstance(dataset, datasets.Dataset | datasets.IterableDataset):
        return {"": dataset}
    if not isinstance(dataset, datasets.DatasetDict | datasets.IterableDatasetDict):
        kind = type(dataset).__name__
        raise OptionError(f"show: expected a dataset of posters; found a {kind}. {_ACCEPTED}")
    if not dataset:
        raise OptionError(f"show: expected a dataset with a split; found none. {_ACCEPTED}")
    return {str(split): examples for split, examples in dataset.items()}


def _decades(examples: Any, split: str) -> list[str]:
    """Return the names of the classes of a split."""
    features = examples.features or {}
    image, label = features.get("image"), features.get("label")
    if not isinstance(image, datasets.Image) or not isinstance(label, datasets.ClassLabel):
        columns = ", ".join(f"{name} ({_kind(features[name])})" for name in features)
        of_split = f" in split {split}" if split else ""
        raise OptionError(
            f"show: expected the columns image (Image) and label (ClassLabel){of_split}; found "
            f"{columns or 'no known columns'}. Name and cast them, with rename_columns and cast."
        )
    return list(label.names)


def _kind(feature: object) -> str:
    return str(getattr(feature, "dtype", None) or type(feature).__name__)


def _section(
    examples: Any, split: str, decades: Sequence[str], per_decade: int, max_read: int
) -> Section:
    if isinstance(examples, datasets.IterableDataset):
        return _section_of_stream(examples, split, decades, per_decade, max_read)
    rows = thumbnails_of_each_decade(_decoded(examples), per_decade)
    title = f"{split}: {len(examples):,} posters" if split else ""
    return Section(rows, title, "no poster")


def _section_of_stream(
    examples: Any, split: str, decades: Sequence[str], per_decade: int, max_read: int
) -> Section:
    read = count()
    with _reading(_decoded(examples)) as rows:
        counted = (row for row, _ in zip(islice(rows, max_read), read, strict=False))
        found = first_of_a_stream(counted, decades, per_decade)
    among = f"the first {next(read):,} posters"
    missing = [decade for decade, posters in found.items() if not posters]
    if missing:
        stream = split or "the stream"
        message = f"Decades without a poster among {among} of {stream}: {', '.join(missing)}."
        cure = "Where there are more, a larger max_read reads further."
        logger.warning(BuildWarning("decades_not_shown", message, cure))
    return Section(found, split, f"none among {among}")


@contextmanager
def _reading(examples: Any) -> Iterator[Iterator[dict[str, Any]]]:
    """Iterate over a stream, and end its downloads with the block."""
    iterator = iter(examples)
    with closing(iterator):
        yield iterator


def _decoded(examples: Any) -> Any:
    """Return image and label alone, decoded by `datasets` and without a format or transform."""
    image = replace(examples.features["image"], decode=True)
    plain = examples.with_format(None).select_columns(["image", "label"])
    return plain.cast_column("image", image)
