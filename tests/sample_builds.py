"""Helpers for tests that build: from a sample catalogue, with the loopback host allowed."""

from pathlib import Path
from typing import Any, ClassVar

import datasets
from samples import SampleCatalogue

from movie_posters_decade import MoviePostersDecade
from movie_posters_decade.download.pace import Pace
from movie_posters_decade.fallbacks import ArchivePaces

NAME = "movie_posters_decade"
FAST = Pace(requests=10_000, seconds=1.0, connections=4)


class QuickBuilder(MoviePostersDecade):
    """The builder, at a pace for archives that makes no test wait."""

    ARCHIVE_PACES: ClassVar = ArchivePaces(FAST, FAST)


def load_sample(sample: SampleCatalogue, cache: Path, *args: Any, **options: Any) -> Any:
    """Load the dataset by name."""
    options = {"data_files": str(sample.path), "allow_private_hosts": True} | options
    return datasets.load_dataset(NAME, *args, cache_dir=cache, **options)


def make_builder(sample: SampleCatalogue, cache: Path, **options: Any) -> MoviePostersDecade:
    """Return a builder that has not built yet."""
    defaults: dict[str, Any] = {
        "cache_dir": str(cache),
        "data_files": sample.path,
        "allow_private_hosts": True,
    }
    return MoviePostersDecade(**defaults | options)


def build_sample(sample: SampleCatalogue, cache: Path, **options: Any) -> MoviePostersDecade:
    """Build the dataset, and return its builder."""
    builder = make_builder(sample, cache, **options)
    builder.download_and_prepare()
    return builder


def encoded_examples(dataset: datasets.DatasetDict) -> dict[str, list[dict[str, Any]]]:
    """Return the examples of each split, with the posters' bytes instead of images."""
    return {
        split: list(examples.cast_column("image", datasets.Image(decode=False)))
        for split, examples in dataset.items()
    }


def arrow_files(cache: str | Path) -> dict[str, bytes]:
    """Return the content of all Arrow files below a folder, by name."""
    return {path.name: path.read_bytes() for path in sorted(Path(cache).rglob("*.arrow"))}
