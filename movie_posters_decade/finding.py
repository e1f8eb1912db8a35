"""A build is found again where `datasets` keeps it, without loading `datasets`."""

import json
import os
import posixpath

from fsspec.implementations.local import LocalFileSystem

from movie_posters_decade.artifacts import INFO_FILE, Records
from movie_posters_decade.catalogue.locate import expanded
from movie_posters_decade.configurations import Configuration
from movie_posters_decade.errors import BuildError
from movie_posters_decade.report import Report
from movie_posters_decade.version import NAME, __version__, code_hash


def find_build(
    configuration: Configuration, cache_dir: str | None = None
) -> tuple[Records, Report] | None:
    """Return the files beside a build and its report, if it is where `datasets` keeps it.

    To load it takes longer than all else. Whatever is not as it should be is left to it.

    Args:
        configuration: what was asked for.
        cache_dir: where builds are kept; by default where `datasets` keeps its own.

    Raises:
        OptionError: an option has a value that cannot be used.
        CatalogueError: the catalogue is on this machine, and not to be found.
        LockError: the lock file cannot be used.
    """
    root = expanded(cache_dir or usual_cache()).absolute()
    folder = root / NAME / configuration.build_id() / __version__ / code_hash()
    records = Records(LocalFileSystem(), folder.as_posix())
    try:
        info = json.loads((folder / INFO_FILE).read_text(encoding="utf-8"))
        return (records, records.report()) if info["splits"] else None
    except (BuildError, OSError, ValueError, LookupError, TypeError):
        return None


def usual_cache() -> str:
    """Return where `datasets` keeps builds, as it reads that from the environment."""
    usual = posixpath.join(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "huggingface")
    home = os.environ.get("HF_HOME", usual)
    return os.environ.get("HF_DATASETS_CACHE", posixpath.join(home, "datasets"))
