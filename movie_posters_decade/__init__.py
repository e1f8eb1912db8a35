"""Movie posters labelled by decade, from a catalogue of links, as a Hugging Face dataset.

Importing this package makes the name "movie_posters_decade" known to `datasets`, now or once it is
loaded.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wrapt import when_imported

from movie_posters_decade.errors import MoviePostersError
from movie_posters_decade.version import NAME, __version__, code_hash

if TYPE_CHECKING:
    from movie_posters_decade.builder import MoviePostersConfig, MoviePostersDecade

__all__ = ["MoviePostersConfig", "MoviePostersDecade", "MoviePostersError", "__version__"]


def __getattr__(name: str) -> Any:
    """Load the builder, and `datasets` with it, where it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from movie_posters_decade import builder  # noqa: PLC0415

    return getattr(builder, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _answering_for_us(find_module: Callable[..., Any]) -> Callable[..., Any]:
    def dataset_module_factory(path: str, *args: Any, **kwargs: Any) -> Any:
        if path != NAME:
            return find_module(path, *args, **kwargs)
        from datasets.load import DatasetModule  # noqa: PLC0415, it calls us

        return DatasetModule(f"{__name__}.builder", code_hash(), {"dataset_name": NAME})

    dataset_module_factory.knows_movie_posters_decade = True  # type: ignore[attr-defined]
    return dataset_module_factory


if "datasets" in sys.modules:
    # Another thread may be half through with it, for which this waits.
    import_module("datasets")


@when_imported("datasets.inspect")
@when_imported("datasets.load")
def _register(module: ModuleType) -> None:
    """Let `datasets` find this package's builder by name, whatever the current folder holds.

    There is no plug-in mechanism, and loading scripts are not run any more.
    """
    if not hasattr(module.dataset_module_factory, "knows_movie_posters_decade"):
        module.dataset_module_factory = _answering_for_us(module.dataset_module_factory)  # type: ignore[attr-defined]
