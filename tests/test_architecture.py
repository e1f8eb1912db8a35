"""The rooms keep their doors: who imports whom, who prints, what an import costs."""

import subprocess
import sys
from pathlib import Path

import movie_posters_decade

PACKAGE = Path(movie_posters_decade.__file__).parent


def test_all_that_is_offered_is_there() -> None:
    assert movie_posters_decade.__all__ == sorted(movie_posters_decade.__all__)
    assert all(hasattr(movie_posters_decade, name) for name in movie_posters_decade.__all__)


def test_import_loads_nothing_large() -> None:
    """As `datasets` is told of the builder once it is loaded."""
    large = "{'datasets', 'matplotlib', 'pandas', 'PIL', 'pyarrow', 'pycurl', 'sklearn'}"
    code = f"import sys, movie_posters_decade; print({large} & set(sys.modules))"
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert finished.stdout == "set()\n"


def test_types_are_shipped() -> None:
    assert (PACKAGE / "py.typed").exists()


def test_builders_module_is_not_named_like_the_package() -> None:
    """As datasets would take that for a loading script, and refuse it."""
    assert not (PACKAGE / "movie_posters_decade.py").exists()
