"""Lock file: the exact posters of a build, so that anyone can build the same dataset.

The file has one JSON object a line. The first line holds the options, the catalogue's hash and the
version; each other line holds a movie, in the order of their ids, with the checksums of its poster
or the reason for its rejection.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

from movie_posters_decade import __version__
from movie_posters_decade.errors import PRIVATE_HINT, LockFileError
from movie_posters_decade.io import read_regular_file
from movie_posters_decade.lock_lines import (
    Head,
    LockedPoster,
    UnexpectedValueError,
    parse_head,
    parse_movie,
    parse_version,
)
from movie_posters_decade.options.options import Options, dataset_options
from movie_posters_decade.records import (
    MOVIE_FIELDS,
    Checksum,
    Movie,
    Origin,
    Poster,
    Rejection,
    RejectReason,
)

T = TypeVar("T")

FORMAT = 2
"""Format number of lock files; version 0.1.0 wrote format 1."""

MAX_BYTES = 1024**3
"""The largest lock file: 1 GiB, which is about two million movies."""

LISTED_MISMATCHES = 20
"""How many posters an error lists that do not match the lock file."""

_REMEDY = "Pass a file that a build wrote, complete and unchanged."


@dataclass(frozen=True)
class LockFile:
    """The content of a lock file."""

    catalogue: str  # the SHA-256 of the catalogue
    options: Mapping[str, Any]  # those that shape the dataset, by name
    kept: Mapping[Movie, LockedPoster] = field(repr=False)  # and their posters' checksums
    rejected: Mapping[Movie, RejectReason] = field(repr=False)  # those that were tried
    package_version: str = __version__  # of the package that built it
    path: str = field(default="", compare=False)  # where it was read, for error messages

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        head = {
            "movie_posters_decade": self.package_version,
            "format": FORMAT,
            "catalogue": self.catalogue,
            "options": self.options,
            "movies": len(self.kept) + len(self.rejected),
        }
        yield f"{json.dumps(head, ensure_ascii=False)}\n"
        for movie in sorted([*self.kept, *self.rejected], key=lambda movie: movie.imdb_id):
            line = {name: getattr(movie, name) for name in MOVIE_FIELDS}
            if math.isnan(movie.imdb_score):
                line["imdb_score"] = None
            if not movie.extra:
                del line["extra"]
            if movie in self.kept:
                line |= self.kept[movie].to_json()
            else:
                line["rejected"] = self.rejected[movie].value
            yield f"{json.dumps(line, ensure_ascii=False)}\n"

    @property
    def movies(self) -> list[Movie]:
        """The kept movies in the order of rank."""
        return sorted(self.kept, key=lambda movie: movie.sort_key)

    @property
    def downloads(self) -> dict[str, Checksum]:
        """The checksum of the download of each kept poster's address."""
        return {
            movie.poster_url if locked.origin is None else locked.origin.url: locked.checksum
            for movie, locked in self.kept.items()
        }

    @property
    def origins(self) -> dict[str, Origin]:
        """Where each kept poster came from that did not come from the catalogue's link as it is."""
        return {
            movie.poster_url: locked.origin
            for movie, locked in self.kept.items()
            if locked.origin is not None
        }

    def without(self, rejections: Sequence[Rejection]) -> "LockFile":
        """Return the lock file of a build from this one that left some posters out."""
        rejected = {rejection.movie: rejection.reason for rejection in rejections}
        kept = {movie: locked for movie, locked in self.kept.items() if movie not in rejected}
        rejected = {**self.rejected, **rejected}
        return replace(self, kept=kept, rejected=rejected, package_version=__version__)


def make_lock_file(
    catalogue: str, options: Options, posters: Iterable[Poster], rejections: Iterable[Rejection]
) -> LockFile:
    """Create the lock file of a build."""
    kept = {poster.movie: LockedPoster.of(poster) for poster in posters}
    rejected = {rejection.movie: rejection.reason for rejection in rejections}
    return LockFile(catalogue, dataset_options(options), kept, rejected)


def read_lock_file(path: Path) -> LockFile:
    """Read a lock file.

    Raises:
        LockFileError: it cannot be read, is not a lock file, or has another format.
    """
    try:
        text = read_regular_file(path, MAX_BYTES).decode()
        return parse_lock_file(text, str(path))
    except UnicodeDecodeError as error:
        raise LockFileError(f"{path}: expected a lock file; found no text. {_REMEDY}") from error
    except OSError as error:
        raise LockFileError(
            f"{path}: expected a lock file; found: {error.strerror}. {_REMEDY}"
        ) from error


def mismatches(lock: LockFile, outcomes: Sequence[Poster | Rejection]) -> list[Rejection]:
    """Return a rejection for each movie whose poster does not match the lock file."""
    compared = (_compare(lock, outcome) for outcome in outcomes)
    return [rejection for rejection in compared if rejection is not None]


def _compare(lock: LockFile, outcome: Poster | Rejection) -> Rejection | None:
    if isinstance(outcome, Rejection):
        return outcome
    found, expected = LockedPoster.of(outcome), lock.kept[outcome.movie]
    if found == expected:
        return None
    is_same_download = found.checksum == expected.checksum
    detail = "this version of Pillow stores it in other bytes" if is_same_download else ""
    return Rejection(outcome.movie, RejectReason.HASH_MISMATCH, detail=detail)


def describe_mismatches(lock: LockFile, rejections: Sequence[Rejection]) -> str:
    """Return an error message on posters that do not match, with a line for each of the first."""
    in_order = sorted(rejections, key=lambda rejection: rejection.movie.imdb_id)
    lines = [_describe(rejection) for rejection in in_order[:LISTED_MISMATCHES]]
    if len(in_order) > LISTED_MISMATCHES:
        lines.append(f"  and {len(in_order) - LISTED_MISMATCHES} more")
    is_private = any(one.reason is RejectReason.PRIVATE_ADDRESS for one in rejections)
    hint = f"{PRIVATE_HINT} " if is_private else ""
    sentence = (
        f"{lock.path}: expected its {len(lock.kept)} posters, byte for byte; found "
        f"{len(rejections)} of them changed or unavailable. What was downloaded is kept. {hint}"
        "Build again later, or with allow_missing=True (--allow-missing) to leave these out:"
    )
    return "\n".join([sentence, *lines])


def _describe(rejection: Rejection) -> str:
    movie = rejection.movie
    status = f", HTTP status {rejection.status}" if rejection.status else ""
    is_mismatch = rejection.reason is RejectReason.HASH_MISMATCH
    detail = f", {rejection.detail}" if is_mismatch and rejection.detail else ""
    return (
        f"  {movie.imdb_id} ({movie.decade}, {movie.split}): {rejection.reason}{status}{detail}, "
        f"{movie.poster_url}"
    )


# The options of a build are read many times, and a lock file holds all of them.
@lru_cache(maxsize=1)
def parse_lock_file(text: str, path: str) -> LockFile:
    """Parse a lock file, and check that it is one that a build could have written.

    That ranks and splits are those of the seed and the options, `sampling.select_locked` checks.

    Raises:
        LockFileError: it is not.
    """
    first, *others = text.split("\n")
    head = _parse_line(first, f"{path}, line 1", partial(_head, path))
    movies = [
        _parse_line(line, f"{path}, line {number}", partial(parse_movie, options=head.options))
        for number, line in enumerate(others, start=2)
        if line
    ]
    kept = {movie: value for movie, value in movies if isinstance(value, LockedPoster)}
    rejected = {movie: value for movie, value in movies if isinstance(value, RejectReason)}
    if len(movies) != head.movies or not kept:
        raise LockFileError(
            f"{path}: expected a lock file of {head.movies} movies, as its first line says; found "
            f"{len(kept)} kept and {len(rejected)} rejected. {_REMEDY}"
        )
    for name in ("imdb_id", "poster_url"):
        value, count = Counter(getattr(movie, name) for movie, _ in movies).most_common(1)[0]
        if count > 1:
            raise LockFileError(
                f"{path}: expected each {name} once; found {count} times: {_shorten(value)}. "
                f"{_REMEDY}"
            )
    options = dataset_options(head.options)
    return LockFile(head.catalogue, options, kept, rejected, head.package_version, path)


def _parse_line(line: str, where: str, parse: Callable[[dict[str, Any]], T]) -> T:
    try:
        return parse(json.loads(line))
    except LockFileError:
        raise
    except UnexpectedValueError as error:
        raise LockFileError(
            f"{where}: expected {error.expected}; found {error.found}. {_REMEDY}"
        ) from error
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise LockFileError(
            f"{where}: expected a line of a lock file, in JSON; found {_shorten(line)!r}. {_REMEDY}"
        ) from error


def _head(path: str, line: dict[str, Any]) -> Head:
    version = parse_version(line)
    if line["format"] != FORMAT:
        raise LockFileError(
            f"{path}: expected a lock file of format {FORMAT}, which version {__version__} reads; "
            f"found format {_shorten(repr(line['format']))}, which version {version} wrote. "
            f"Install movie_posters_decade {version} to build from it, or build without it."
        )
    return parse_head(line)


def _shorten(text: str) -> str:
    return text if len(text) < 80 else f"{text[:80]}…"
