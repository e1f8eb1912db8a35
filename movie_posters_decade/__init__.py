"""Movie posters labelled by decade, from a catalogue of links, as a Hugging Face dataset.

Importing this package registers the name "movie_posters_decade" with `datasets`, at once or as
soon as `datasets` is imported. The import itself is light; the names below load what they need.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wrapt import when_imported

__version__ = "0.2.0"

from movie_posters_decade.errors import MoviePostersError

if TYPE_CHECKING:
    from movie_posters_decade.analysis.evaluate import evaluate
    from movie_posters_decade.analysis.report import write_report
    from movie_posters_decade.builder import MoviePostersDecade
    from movie_posters_decade.builds.builder_config import MoviePostersConfig
    from movie_posters_decade.builds.cache import list_builds
    from movie_posters_decade.exports.exporter import export
    from movie_posters_decade.hub.push import push
    from movie_posters_decade.showing import show

__all__ = [
    "MoviePostersConfig",
    "MoviePostersDecade",
    "MoviePostersError",
    "__version__",
    "evaluate",
    "export",
    "list_builds",
    "push",
    "show",
    "write_report",
]

_LAZY = {
    "MoviePostersConfig": "builds.builder_config",
    "MoviePostersDecade": "builder",
    "evaluate": "analysis.evaluate",
    "export": "exports.exporter",
    "list_builds": "builds.cache",
    "push": "hub.push",
    "show": "showing",
    "write_report": "analysis.report",
}
"""The module of each name that is loaded when it is first used."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return __all__


def _find_our_builder(find_module: Callable[..., Any]) -> Callable[..., Any]:
    def dataset_module_factory(path: str, *args: Any, **kwargs: Any) -> Any:
        if path != __name__:
            return find_module(path, *args, **kwargs)
        from datasets.load import DatasetModule  # noqa: PLC0415, it is loaded by now

        from movie_posters_decade.builds.artifacts import code_version  # noqa: PLC0415

        return DatasetModule(f"{__name__}.builder", code_version(), {"dataset_name": __name__})

    dataset_module_factory.knows_movie_posters_decade = True  # type: ignore[attr-defined]
    return dataset_module_factory


if "datasets" in sys.modules:
    # Another thread may be importing it; this waits until that is complete.
    import_module("datasets")


@when_imported("datasets.inspect")
@when_imported("datasets.load")
def _register(module: ModuleType) -> None:
    """Register the builder by name with `datasets`, whatever the current folder holds.

    `datasets` has no plug-in mechanism, and no longer runs loading scripts.
    """
    if not hasattr(module.dataset_module_factory, "knows_movie_posters_decade"):
        module.dataset_module_factory = _find_our_builder(module.dataset_module_factory)  # type: ignore[attr-defined]
