"""How the tests of the builder build."""

from pathlib import Path
from typing import Any

import datasets
from datasets import load_dataset
from samples import SampleCatalogue

from movie_posters_decade import MoviePostersDecade

NAME = "movie_posters_decade"


def load(sample: SampleCatalogue, cache: Path, *args: Any, **options: Any) -> Any:
    options = {"data_files": str(sample.path), "allow_private_hosts": True} | options
    return load_dataset(NAME, *args, cache_dir=cache, **options)


def builder_of(sample: SampleCatalogue, cache: Path, **options: Any) -> MoviePostersDecade:
    options.setdefault("allow_private_hosts", True)
    return MoviePostersDecade(str(cache), data_files=sample.path, **options)


def raw(dataset: datasets.DatasetDict) -> dict[str, list[dict[str, Any]]]:
    """Return all examples with the posters' bytes, by split."""
    return {
        split: list(examples.cast_column("image", datasets.Image(decode=False)))
        for split, examples in dataset.items()
    }
