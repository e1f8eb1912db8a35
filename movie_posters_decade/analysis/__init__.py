"""Analysis: scores of simple models on a build, an audit for shortcuts, and a report as a page.

Start at `evaluate.evaluate` and `report.write_report`. Their modules need the libraries of the
extra "analysis", and raise an error that says how to install them.
"""

from movie_posters_decade.errors import AnalysisError

__all__ = ["missing_library"]


def missing_library(error: ModuleNotFoundError) -> AnalysisError:
    """Return the error to raise where a library of the extra "analysis" is not installed."""
    library = str(error.name).partition(".")[0]
    return AnalysisError(
        f"Baselines and reports: expected {library} to be installed; found it is not. Install it "
        "with: pip install 'movie_posters_decade[analysis]'"
    )
