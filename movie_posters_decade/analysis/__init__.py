"""Analysis: scores of simple models on a build, an audit for shortcuts, and a report as a page.

Start at `evaluate.evaluate` and `report.write_report`. They need the libraries of the extra
"analysis", which are imported when they run.
"""

from importlib import import_module

from movie_posters_decade.errors import AnalysisError

__all__ = ["require_libraries"]


def require_libraries(*names: str) -> None:
    """Raise an `AnalysisError` unless these libraries of the extra "analysis" are installed."""
    for name in names:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            raise AnalysisError(
                f"Baselines and reports: expected {name} to be installed; found it is not. Install "
                "it with: pip install 'movie_posters_decade[analysis]'"
            ) from error
