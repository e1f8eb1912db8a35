"""Configuration of the builder: the options, the catalogue and the lock file of one build."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import Any

import datasets
from fsspec.core import url_to_fs

from movie_posters_decade import __version__
from movie_posters_decade.builds.artifacts import INFO_FILE
from movie_posters_decade.builds.record import PERMISSIONS
from movie_posters_decade.catalogue import (
    catalogue_folder,
    expand_home,
    has_file_links,
    hash_file,
    identify_catalogue,
    locate_catalogue,
)
from movie_posters_decade.errors import OptionError
from movie_posters_decade.lockfile import LockFile, read_lock_file
from movie_posters_decade.options.configurations import CONFIGURATIONS, DEFAULT, DEMO, KAGGLE_URL
from movie_posters_decade.options.options import (
    WAYBACK,
    Options,
    dataset_options,
    fallback_name,
    options_from_json,
)
from movie_posters_decade.records import is_url, without_secrets
from movie_posters_decade.text.terminal import visible

_CHANGE_NOTHING = (
    *PERMISSIONS,
    "connections_per_host",
    "lock_file",
    "min_per_decade",
    "user_agent",
    "workers",
)
"""Options that permit something, change no result, or only by what is in a file."""

_MAX_NAME_LENGTH = 100
"""In letters: a lock file may name many genres."""


@dataclass
class MoviePostersConfig(Options, datasets.BuilderConfig):
    """Configuration of a build: the options, and the catalogue they apply to.

    ``data_files`` or ``data_dir`` name the catalogue: a table, a zip that holds one, or a folder
    that holds either. Without them it is Kaggle's.
    """

    name: str = DEFAULT
    version: str = __version__
    builds: Path | None = field(default=None, repr=False, compare=False)  # the folder of builds

    def __repr__(self) -> str:
        # Only what differs from the defaults, as most of the options do not.
        values = ((one, getattr(self, one.name)) for one in fields(self) if one.repr)
        shown = [f"{one.name}={value!r}" for one, value in values if value != one.default]
        return visible(f"{type(self).__name__}({', '.join(shown)})")

    def create_config_id(self, config_kwargs: Any, custom_features: Any = None) -> str:  # noqa: ARG002
        """Return a name for the cache that changes with all that shapes the dataset."""
        content = asdict(self.checked())
        for name in _CHANGE_NOTHING:
            del content[name]
        content |= {**self.inputs(), "features": repr(custom_features)}
        anywhere = self._config_id(content)
        here = self._config_id(content | {"folder": str(self.folder())})
        # A build that exists says what its links are, without another look at the catalogue.
        built = next(filter(self._is_built, (anywhere, here)), None)
        return built or (here if self._has_file_links() else anywhere)

    def _config_id(self, content: dict[str, Any]) -> str:
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        name = self.name if self.lock_file is None else self.title()[:_MAX_NAME_LENGTH]
        return f"{name}-{digest[:16]}"

    def _is_built(self, config_id: str) -> bool:
        return self.builds is not None and any(self.builds.glob(f"{config_id}/*/*/{INFO_FILE}"))

    def _has_file_links(self) -> bool:
        """Return whether the dataset depends on the folder where links that are paths start."""
        lock = self.lock()
        if lock is not None:
            return not all(map(is_url, lock.downloads))
        if self.folder() is None:
            return False
        return has_file_links(Path(self.location()), self.identity(), self.checked())

    def _fallbacks(self) -> list[str]:
        """Return what distinguishes the fallbacks: the names and the contents of tables."""
        # A lock file states each address.
        names = self.checked().fallbacks or () if self.lock_file is None else ()
        return [name if name == WAYBACK else _table_identity(name) for name in names]

    def checked(self) -> Options:
        """Return the options alone, validated; with a lock file, the options of that file."""
        options = super().checked()
        if self.name == DEMO and options.fallbacks:
            raise OptionError(
                "Configuration demo: expected no fallbacks, as the demo uses no network; found "
                f"{', '.join(options.fallbacks)}. Leave the option out."
            )
        lock = self.lock()
        if lock is None:
            return options
        if self.name == DEMO:
            raise OptionError(
                "Configuration demo: expected no lock file, as the demo's posters are nowhere "
                f"else; found {self.lock_file}. Leave it out: the demo is always the same."
            )
        # A value of the default configuration is not one that the user chose.
        default = dataset_options(Options(genres=CONFIGURATIONS[DEFAULT]["genres"]).checked())
        for name, value in dataset_options(options).items():
            if value not in (default[name], lock.options[name]):
                also = " and the configuration" if name == "genres" else ""
                raise OptionError(
                    f"Option {name}: expected {lock.options[name]!r}, as in the lock file "
                    f"{self.lock_file}; found {value!r}. Leave the option{also} out."
                )
        locked = options_from_json(lock.options)
        return replace(options, **{name: getattr(locked, name) for name in lock.options})

    def lock(self) -> LockFile | None:
        """Read the lock file, if there is one."""
        return None if self.lock_file is None else read_lock_file(expand_home(self.lock_file))

    def location(self) -> str:
        """Return the catalogue's path or URL, or "demo" for the painted one."""
        if self.name == DEMO:
            if self.data_files is not None or self.data_dir:
                raise OptionError(
                    "Configuration demo: expected no data_files and no data_dir, as the demo "
                    "paints its own catalogue; found one. Choose another configuration for it."
                )
            return DEMO
        if self.data_files is not None:
            return locate_catalogue(self.data_files, self.data_dir)
        return locate_catalogue(self.data_dir) if self.data_dir else KAGGLE_URL

    def folder(self) -> Path | None:
        """Return the folder where links that are paths start; None if links must not be paths."""
        if self.name == DEMO:
            return None
        if self.lock_file is not None and self.data_files is None and not self.data_dir:
            return expand_home(self.lock_file).resolve().parent
        return catalogue_folder(self.location())

    def title(self) -> str:
        """Return the name of the published dataset: its genres, which are the usual name too."""
        if self.name == DEMO:
            return DEMO
        genres = self.checked().genres
        return "-".join(re.sub(r"[^\w-]", "_", name) for name in genres) if genres else "all"

    def source(self) -> str:
        """Return the URL or file name of the catalogue or lock file, without a local folder."""
        if self.lock_file is not None:
            return Path(self.lock_file).name
        location = self.location()
        return without_secrets(location) if is_url(location) else Path(location).name

    def identity(self) -> str:
        """Return what distinguishes the catalogue's content from any other."""
        if self.lock_file is not None:
            return hash_file(expand_home(self.lock_file))
        location = self.location()
        return location if location == DEMO else identify_catalogue(location)

    def inputs(self) -> dict[str, Any]:
        """Return what distinguishes the content of the files that are read from any other."""
        return {"catalogue": self.identity(), "fallbacks": self._fallbacks()}


def _table_identity(name: str) -> str:
    """Return what distinguishes a fallback's table: its name and its content."""
    path = expand_home(name)
    if not path.exists():
        raise OptionError(
            f"Option fallbacks: expected {WAYBACK}, or the path of a table; found {name!r}, and no "
            f"such file.{_meant(name, [WAYBACK])}"
        )
    return f"{fallback_name(name)} {hash_file(path)}"


def check_names(config_name: str | None, options: Collection[str]) -> None:
    """Check that a configuration and the options of a builder exist.

    `datasets` says so, too, but not which name is meant.

    Raises:
        OptionError: one of them does not.
    """
    if config_name is not None and config_name not in CONFIGURATIONS:
        raise OptionError(
            f"Option config_name: expected one of {', '.join(CONFIGURATIONS)}; found "
            f"{config_name!r}.{_meant(config_name, CONFIGURATIONS)}"
        )
    of_datasets = signature(datasets.DatasetBuilder.__init__).parameters
    known = [*(option.name for option in fields(MoviePostersConfig)), *of_datasets]
    for name in options:
        if name not in known:
            raise OptionError(
                f"Option {name}: expected an option of docs/options.md; found no option of that "
                f"name.{_meant(name, known)}"
            )


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(str(name), known, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def check_cache_dir(cache_dir: str | None) -> None:
    """Check that a cache is in a folder, or at a URL that fsspec knows.

    Raises:
        OptionError: it is not, or it is the name of a configuration, as `load_dataset` takes one.
    """
    if cache_dir in CONFIGURATIONS:
        raise OptionError(
            f"Option cache_dir: expected a folder; found {cache_dir!r}, which is a configuration. "
            f'Did you mean config_name="{cache_dir}"? A folder of that name is "./{cache_dir}".'
        )
    try:
        url_to_fs(str(cache_dir or ""))
    except (ImportError, ValueError, OSError) as error:
        raise OptionError(
            f"Option cache_dir: expected a folder; found {cache_dir!r}, which cannot be used: "
            f"{error}."
        ) from error
