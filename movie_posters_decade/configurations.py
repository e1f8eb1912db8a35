"""The configurations to choose from by name, and what tells one build in the cache from another."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from movie_posters_decade.catalogue.locate import expanded, folder_of, hash_file, identify, locate
from movie_posters_decade.config import GENRES, KAGGLE_URL, Options, shaping
from movie_posters_decade.download.addresses import is_url
from movie_posters_decade.errors import OptionError
from movie_posters_decade.lockfile import Lock

DEFAULT = "action"
"""The configuration that is taken where none is named."""

DEMO = "demo"

LONGEST_NAME = 100
"""How many letters of its genres a locked build is called by, as some have many."""


@dataclass
class Configuration(Options):
    """What a build is asked for: the options, and the catalogue to apply them to.

    ``data_files`` or ``data_dir`` name the catalogue: a CSV file in Kaggle's columns, a zip that
    holds it, or a folder that holds either. Without them it is Kaggle's.

    Attributes:
        name: what it is chosen by.
        description: what is in it.
        data_files: a path or URL, in any shape that `datasets` takes.
        data_dir: a folder.
    """

    name: str = DEFAULT
    description: str = ""
    data_files: Any = None
    data_dir: str | None = None

    def checked(self) -> Options:
        """Return the options alone, checked, and shaped by the lock file if there is one.

        Raises:
            OptionError: an option has a value that cannot be used, or is not the lock file's.
            LockError: the lock file cannot be used.
        """
        options = super().checked()
        lock = self.lock()
        if lock is None:
            return options
        if self.name == DEMO:
            raise OptionError(
                "Configuration demo: expected no lock file, as its posters are nowhere else; found "
                f"{self.lock_file}. Leave it out: a demo is always the same."
            )
        # What nobody need say beside a lock file is not taken for the user's word.
        unsaid = shaping(Options.checked(CONFIGURATIONS[DEFAULT]))
        for name, value in shaping(options).items():
            if value not in (unsaid[name], lock.options[name]):
                also = " and the configuration" if name == "genres" else ""
                raise OptionError(
                    f"Option {name}: expected {lock.options[name]!r}, as in the lock file "
                    f"{self.lock_file}; found {value!r}. Leave it{also} out."
                )
        genres = lock.options["genres"] and tuple(lock.options["genres"])
        return replace(options, **{**lock.options, "genres": genres})

    def lock(self) -> Lock | None:
        """Return what the lock file holds, if there is one.

        Raises:
            LockError: it cannot be used.
        """
        return None if self.lock_file is None else Lock.read(expanded(self.lock_file))

    def folder(self) -> Path | None:
        """Return where links that are paths start from; None if they may not be paths."""
        if self.name == DEMO:
            return None
        if self.lock_file is not None and self.data_files is None and not self.data_dir:
            return expanded(self.lock_file).resolve().parent
        return folder_of(self.place())

    def place(self) -> str:
        """Return where the catalogue is: a path, a URL, or "demo" for the painted one.

        Raises:
            OptionError: the demo is given another catalogue.
            CatalogueError: it is on this machine, and not to be found or not the only one.
        """
        if self.name == DEMO:
            if self.data_files is not None or self.data_dir:
                raise OptionError(
                    "Configuration demo: expected no data_files and no data_dir, as it paints its "
                    "own catalogue; found one. Choose another configuration for that catalogue."
                )
            return DEMO
        if self.data_files is not None:
            return locate(self.data_files, self.data_dir)
        return locate(self.data_dir) if self.data_dir else KAGGLE_URL

    def title(self) -> str:
        """Return what to call the dataset where it is published: by its genres.

        That is the configuration's name, unless other genres were asked for or a lock file has
        them.
        """
        if self.name == DEMO:
            return DEMO
        genres = self.checked().genres
        return "-".join(re.sub(r"[^\w-]", "_", name) for name in genres) if genres else "all"

    def source(self) -> str:
        """Return where the movies are from, without naming a folder of this machine."""
        if self.lock_file is not None:
            return Path(self.lock_file).name
        place = self.place()
        return place if is_url(place) else Path(place).name

    def identity(self) -> str:
        """Return what tells the catalogue's content from any other.

        Raises:
            CatalogueError: it is on this machine, and not to be read.
        """
        if self.lock_file is not None:
            return f"{hash_file(expanded(self.lock_file))}{self.folder()}"
        place = self.place()
        return place if place == DEMO else identify(place)

    def build_id(self, features: object = None) -> str:
        """Return a name for the build that changes with all that its content depends on.

        Args:
            features: those that were asked for instead of the usual ones.

        Raises:
            OptionError: an option has a value that cannot be used.
            CatalogueError: the catalogue is on this machine, and not to be found.
            LockError: the lock file cannot be used.
        """
        content = asdict(self.checked())
        del content["connections_per_host"], content["lock_file"]
        content |= {"catalogue": self.identity(), "features": repr(features)}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        name = self.name if self.lock_file is None else self.title()[:LONGEST_NAME]
        return f"{name}-{digest[:16]}"


_OF_GENRES = [
    Configuration(
        name=genre.lower(), description=f"{genre} movies of the catalogue", genres=(genre,)
    )
    for genre in GENRES
]
_ALL = Configuration(name="all", description="movies of any genre")
_PAINTED = Configuration(
    name=DEMO,
    description="painted Action movies, without any network",
    genres=("Action",),
    allow_private_hosts=True,
)

CONFIGURATIONS = {one.name: one for one in (*_OF_GENRES, _ALL, _PAINTED)}
"""The configurations to choose from, by name: one a genre, all of them, and the demo."""
