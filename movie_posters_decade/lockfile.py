"""The lock file: which posters a build is made of, so that anyone can build the same or be told.

The first line holds what the build was made from, each other line a movie, in the order of their
ids; all are JSON. What was rejected has its reason there instead of a hash.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from movie_posters_decade.config import Options, shaping
from movie_posters_decade.errors import PRIVATE, LockError
from movie_posters_decade.records import (
    MOVIE_FIELDS,
    SPLITS,
    Content,
    Movie,
    Poster,
    Rejection,
    RejectReason,
)
from movie_posters_decade.version import __version__

T = TypeVar("T")

FORMAT = 1

ACCOUNTED = 20
"""How many movies are named one by one when they are not as a lock file says."""

_REMEDY = "Pass a file that a build wrote, whole and unchanged."


@dataclass(frozen=True)
class Lock:
    """Which posters a build is made of.

    Attributes:
        catalogue: the hash of the catalogue it was made from.
        options: the options that shape a dataset, by name.
        kept: the movies of the dataset, each with what its poster is known by.
        rejected: the movies that were tried in vain, each with the reason.
        package: the version that built it.
    """

    catalogue: str
    options: Mapping[str, Any]
    kept: Mapping[Movie, Content]
    rejected: Mapping[Movie, RejectReason]
    package: str = __version__

    def lines(self) -> Iterator[str]:
        """Yield the lines of the lock file."""
        head = {
            "movie_posters_decade": self.package,
            "format": FORMAT,
            "catalogue": self.catalogue,
            "options": self.options,
            "movies": len(self.kept) + len(self.rejected),
        }
        yield f"{json.dumps(head, ensure_ascii=False)}\n"
        for movie in sorted([*self.kept, *self.rejected], key=lambda movie: movie.imdb_id):
            line = _fields_of(movie)
            if movie in self.kept:
                content = self.kept[movie]
                line |= {"sha256": content.sha256, "size": content.size}
            else:
                line["rejected"] = self.rejected[movie].value
            yield f"{json.dumps(line, ensure_ascii=False)}\n"

    @classmethod
    def read(cls, path: Path) -> "Lock":
        """Read a lock file.

        Raises:
            LockError: it cannot be read, or is no lock file.
        """
        try:
            return _parse(path.read_text(encoding="utf-8"), str(path))
        except UnicodeDecodeError as error:
            raise LockError(f"{path}: expected a lock file; found no text. {_REMEDY}") from error
        except OSError as error:
            raise LockError(
                f"{path}: expected a lock file; found: {error.strerror}. {_REMEDY}"
            ) from error

    @property
    def movies(self) -> list[Movie]:
        """The kept movies in the order of rank."""
        return sorted(self.kept, key=lambda movie: movie.place)

    def without(self, rejections: Sequence[Rejection]) -> "Lock":
        """Return the lock of a build from this one, from which some posters were left out."""
        rejected = {rejection.movie: rejection.reason for rejection in rejections}
        kept = {movie: content for movie, content in self.kept.items() if movie not in rejected}
        return replace(self, kept=kept, rejected={**self.rejected, **rejected}, package=__version__)


def make_lock(
    catalogue: str, options: Options, posters: Iterable[Poster], rejections: Iterable[Rejection]
) -> Lock:
    """Return the lock of a build.

    Args:
        catalogue: the hash of its catalogue.
        options: its options.
        posters: what it keeps.
        rejections: what was tried in vain.
    """
    return Lock(
        catalogue,
        shaping(options),
        kept={poster.movie: poster.content for poster in posters},
        rejected={rejection.movie: rejection.reason for rejection in rejections},
    )


def differences(lock: Lock, outcomes: Sequence[Poster | Rejection]) -> list[Rejection]:
    """Return the rejections among what a lock's kept movies brought, and the posters that changed."""
    return [
        outcome
        if isinstance(outcome, Rejection)
        else Rejection(outcome.movie, RejectReason.HASH_MISMATCH)
        for outcome in outcomes
        if isinstance(outcome, Rejection) or outcome.content != lock.kept[outcome.movie]
    ]


def account(place: str, lock: Lock, different: Sequence[Rejection]) -> str:
    """Return a sentence on what is not as a lock file says, and a line each for some movies."""
    in_order = sorted(different, key=lambda rejection: rejection.movie.imdb_id)
    lines = [
        f"  {rejection.movie.imdb_id} ({rejection.movie.decade}, {rejection.movie.split}): {rejection.reason}"
        + (f", HTTP status {rejection.status}" if rejection.status else "")
        + f", {rejection.movie.poster_url}"
        for rejection in in_order[:ACCOUNTED]
    ]
    if len(in_order) > ACCOUNTED:
        lines.append(f"  and {len(in_order) - ACCOUNTED} more")
    is_private = any(rejection.reason is RejectReason.PRIVATE_ADDRESS for rejection in different)
    remedy = f"{PRIVATE} " if is_private else ""
    sentence = (
        f"{place}: expected its {len(lock.kept)} posters, byte for byte; found {len(different)} of "
        f"them changed or not to be had. What was downloaded is kept. {remedy}"
        "Build with --force-redownload to ask for all anew, or with allow_missing=True "
        "(--allow-missing) to leave these out:"
    )
    return "\n".join([sentence, *lines])


def _fields_of(movie: Movie) -> dict[str, Any]:
    values = {name: getattr(movie, name) for name in MOVIE_FIELDS}
    return values | {"imdb_score": None if math.isnan(movie.imdb_score) else movie.imdb_score}


# The options of a build are asked for many times, and all are in its lock file.
@lru_cache(maxsize=1)
def _parse(text: str, place: str) -> Lock:
    first, *others = text.split("\n")
    head = _understood(first, f"{place}, line 1", _head)
    if head is None:
        raise LockError(
            f"{place}: expected a lock file of format {FORMAT}; found another format. Use the "
            "version of this package that wrote it."
        )
    lock, count = head
    movies = [
        _understood(line, f"{place}, line {number}", _outcome)
        for number, line in enumerate(others, start=2)
        if line
    ]
    kept = {movie: fate for movie, fate in movies if isinstance(fate, Content)}
    rejected = {movie: fate for movie, fate in movies if isinstance(fate, RejectReason)}
    if len({movie.imdb_id for movie, _ in movies}) != count or not kept:
        raise LockError(
            f"{place}: expected a lock file of {count} movies, as its first line says; found "
            f"{len(kept)} kept and {len(rejected)} rejected. {_REMEDY}"
        )
    return replace(lock, kept=kept, rejected=rejected)


def _understood(line: str, where: str, read: Callable[[dict[str, Any]], T]) -> T:
    try:
        return read(json.loads(line))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        found = line if len(line) < 80 else f"{line[:80]}…"
        raise LockError(
            f"{where}: expected a line of a lock file, in JSON; found {found!r}. {_REMEDY}"
        ) from error


def _head(line: dict[str, Any]) -> tuple[Lock, int] | None:
    """Return a lock without movies and how many it should have; None if of another format."""
    if line["format"] != FORMAT:
        return None
    # Read as options, so that what is no option is found here.
    options = shaping(Options(**line["options"]).checked())
    lock = Lock(str(line["catalogue"]), options, {}, {}, str(line["movie_posters_decade"]))
    return lock, int(line["movies"])


def _outcome(line: dict[str, Any]) -> tuple[Movie, Content | RejectReason]:
    values = {name: line[name] for name in MOVIE_FIELDS}
    score = math.nan if values["imdb_score"] is None else float(values["imdb_score"])
    movie = Movie(**values | {"genres": tuple(values["genres"]), "imdb_score": score})
    texts = (movie.imdb_id, movie.title, movie.poster_url, movie.decade, *movie.genres)
    are_texts = all(isinstance(text, str) for text in texts)
    are_whole = all(isinstance(number, int) for number in (movie.year, movie.rank))
    if not are_texts or not are_whole or movie.split not in SPLITS:
        raise TypeError(line)
    if "rejected" in line:
        return movie, RejectReason(line["rejected"])
    return movie, Content(str(line["sha256"]), int(line["size"]))
