"""Movie posters labelled by decade, from a catalogue of links, as a Hugging Face dataset.

Importing this package makes the name "movie_posters_decade" known to `datasets`.
"""

import gc
from collections.abc import Callable
from typing import Any

# Loading datasets makes no garbage, and looking for it again and again takes a tenth of the time.
_collects_garbage = gc.isenabled()
gc.disable()

import datasets.inspect
import datasets.load
from datasets.load import DatasetModule

from movie_posters_decade.builder import NAME, MoviePostersDecade, code_hash
from movie_posters_decade.configurations import MoviePostersConfig
from movie_posters_decade.errors import MoviePostersError
from movie_posters_decade.version import __version__

if _collects_garbage:
    if not gc.get_freeze_count():
        # This takes what was loaded for old, so that it is not looked at now.
        gc.freeze()
        gc.unfreeze()
    gc.enable()

__all__ = ["MoviePostersConfig", "MoviePostersDecade", "MoviePostersError", "__version__"]


def _answering_for_us(find_module: Callable[..., DatasetModule]) -> Callable[..., DatasetModule]:
    """Let `datasets` find this package's builder by name, whatever the current folder holds.

    There is no plug-in mechanism, and loading scripts are not run any more.
    """

    def dataset_module_factory(path: str, *args: Any, **kwargs: Any) -> DatasetModule:
        if path != NAME:
            return find_module(path, *args, **kwargs)
        return DatasetModule(MoviePostersDecade.__module__, code_hash(), {"dataset_name": NAME})

    dataset_module_factory.knows_movie_posters_decade = True  # type: ignore[attr-defined]
    return dataset_module_factory


def _register() -> None:
    for module in (datasets.load, datasets.inspect):
        if not hasattr(module.dataset_module_factory, "knows_movie_posters_decade"):
            module.dataset_module_factory = _answering_for_us(module.dataset_module_factory)


_register()
