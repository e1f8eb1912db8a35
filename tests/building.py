"""How the tests of the builder build."""

from pathlib import Path
from typing import Any

import datasets
from conftest import World
from datasets import load_dataset

from movie_posters_decade import MoviePostersDecade

NAME = "movie_posters_decade"


def load(world: World, cache: Path, *args: Any, **options: Any) -> Any:
    options = {"data_files": str(world.catalogue), "allow_private_hosts": True} | options
    return load_dataset(NAME, *args, cache_dir=cache, **options)


def builder_of(world: World, cache: Path, **options: Any) -> MoviePostersDecade:
    options.setdefault("allow_private_hosts", True)
    return MoviePostersDecade(str(cache), data_files=world.catalogue, **options)


def raw(dataset: datasets.DatasetDict) -> dict[str, list[dict[str, Any]]]:
    """Return all examples with the posters' bytes, by split."""
    return {
        split: list(examples.cast_column("image", datasets.Image(decode=False)))
        for split, examples in dataset.items()
    }
