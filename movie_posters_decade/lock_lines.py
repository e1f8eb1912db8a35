"""Lines of a lock file: each is checked whole, as the file may be a stranger's.

What a line holds becomes paths, requests, rows of the dataset and text of its card, without another
look at it. So a line that no build would write is refused.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from movie_posters_decade.crop_code import scale_link
from movie_posters_decade.options.options import Options, options_from_json
from movie_posters_decade.options.validation import is_whole
from movie_posters_decade.records import (
    CATALOGUE,
    MOVIE_FIELDS,
    Checksum,
    Movie,
    Origin,
    Poster,
    RejectReason,
    decade_of,
    is_url,
)
from movie_posters_decade.texts import (
    MAX_EXTRA,
    MAX_GENRE,
    MAX_GENRES,
    MAX_ID,
    MAX_LINK,
    MAX_SOURCE,
    MAX_TITLE,
    is_clean,
    is_unicode,
)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,49}")


class LockedPoster(NamedTuple):
    """The checksums of a kept poster, and where it came from."""

    checksum: Checksum  # as it was downloaded
    stored: Checksum | None  # of the PNG that is stored instead; None if there is none
    origin: Origin | None = None  # None: the catalogue's link, as it is

    @classmethod
    def of(cls, poster: Poster) -> "LockedPoster":
        """Return what a lock file holds of a poster."""
        return cls(poster.checksum, poster.stored, poster.origin)

    def to_json(self) -> dict[str, Any]:
        """Return the values in a line of the file."""
        values = self.checksum._asdict()
        if self.stored is not None:
            values |= {f"stored_{name}": value for name, value in self.stored._asdict().items()}
        if self.origin is not None:
            values |= {"downloaded_url": self.origin.url, "source": self.origin.source}
            values |= {"licence": self.origin.licence} if self.origin.licence else {}
        return values

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> "LockedPoster":
        """Return what a line of the file holds of a poster."""
        stored = _checksum(line, "stored_") if "stored_sha256" in line else None
        return cls(_checksum(line, ""), stored, _origin(line))

    @property
    def in_dataset(self) -> Checksum:
        """The checksum of the bytes that the dataset holds."""
        return self.stored or self.checksum


class Head(NamedTuple):
    """The first line of a lock file, without the format."""

    package_version: str
    catalogue: str  # its SHA-256
    options: Options
    movies: int  # how many lines follow


def parse_version(line: Mapping[str, Any]) -> str:
    """Return the version of the package that wrote a lock file, given its first line.

    Raises:
        ValueError, KeyError, TypeError: the line is not as a build writes it.
    """
    version = line["movie_posters_decade"]
    _expect(isinstance(version, str) and _VERSION.fullmatch(version), "a version", version)
    return str(version)


def parse_head(line: Mapping[str, Any]) -> Head:
    """Return the first line of a lock file.

    Raises:
        ValueError, KeyError, TypeError: the line is not as a build writes it.
    """
    catalogue, count = line["catalogue"], line["movies"]
    _expect(_is_sha256(catalogue), "the SHA-256 of a catalogue, of 64 digits", catalogue)
    _expect(is_whole(count, 1), "a whole number of movies from 1", count)
    _expect(isinstance(line["options"], dict), "options by name", line["options"])
    options = options_from_json(line["options"])
    text = json.dumps(line["options"], ensure_ascii=False)
    _expect(is_unicode(text), "options without halves of characters", text)
    return Head(parse_version(line), catalogue, options, count)


def parse_movie(
    line: Mapping[str, Any], options: Options
) -> tuple[Movie, LockedPoster | RejectReason]:
    """Return the movie of a line, and the checksums of its poster or why it was rejected.

    Raises:
        ValueError, KeyError, TypeError: the line is not as a build with these options writes it.
    """
    values = {"extra": []} | {name: line[name] for name in MOVIE_FIELDS if name in line}
    for name in ("genres", "extra"):
        found = values[name]
        is_list = isinstance(found, list) and all(isinstance(text, str) for text in found)
        _expect(is_list, f"{name} in a list", found)
        values[name] = tuple(found)
    score = values["imdb_score"]
    is_score = isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 10
    _expect(score is None or is_score, "an imdb_score from 0 to 10, or null", score)
    movie = Movie(**values | {"imdb_score": math.nan if score is None else float(score)})
    _check_texts(movie, options, is_kept="rejected" not in line)
    _check_place(movie, options)
    if "rejected" in line:
        return movie, RejectReason(line["rejected"])
    locked = LockedPoster.from_json(line)
    _check_origin(movie, locked.origin, options)
    return movie, locked


def _check_origin(movie: Movie, origin: Origin | None, options: Options) -> None:
    """Check that a poster of the catalogue has the catalogue's link, at the options' scale."""
    if origin is not None and origin.source == CATALOGUE:
        larger = scale_link(movie.poster_url, options.poster_scale)
        expected = f"the downloaded_url {larger} for the source {CATALOGUE}"
        _expect(origin.url == larger != movie.poster_url, expected, origin.url)


def _check_texts(movie: Movie, options: Options, *, is_kept: bool) -> None:
    link = movie.poster_url
    _expect(isinstance(link, str) and link and is_unicode(link), "a link in poster_url", link)
    bounds = {
        "imdb_id": ((movie.imdb_id,), MAX_ID),
        "title": ((movie.title,), MAX_TITLE),
        "genres": (movie.genres, MAX_GENRE),
        # Links that no request accepts are rejected, whatever they hold; a file has any name.
        "poster_url": ((link,) if is_kept and is_url(link) else (), MAX_LINK),
    }
    for name, (texts, longest) in bounds.items():
        are_good = all(isinstance(text, str) and text and is_clean(text, longest) for text in texts)
        expected = f"{name} of 1 to {longest} characters without control characters"
        _expect(are_good, expected, texts)
    _expect(len(movie.genres) <= MAX_GENRES, f"at most {MAX_GENRES} genres", len(movie.genres))
    columns = options.extra_columns or ()
    are_good = all(is_clean(text, MAX_EXTRA, keep_lines=True) for text in movie.extra)
    expected = f"a text of at most {MAX_EXTRA} characters for each of {len(columns)} extra columns"
    _expect(are_good and len(movie.extra) == len(columns), expected, movie.extra)


def _check_place(movie: Movie, options: Options) -> None:
    """Check the values that say where a movie belongs: year, decade, split and rank."""
    first, last = options.min_year, options.max_year
    is_year = is_whole(movie.year, first, last)
    _expect(is_year, f"a year from {first} to {last}, as the options say", movie.year)
    decade = decade_of(movie.year)
    _expect(movie.decade == decade, f"the decade {decade} for the year {movie.year}", movie.decade)
    splits = " or ".join(options.splits)
    _expect(movie.split in options.splits, f"the split {splits}", movie.split)
    _expect(is_whole(movie.rank, 0, 2**64 - 1), "a rank from 0 to 2**64 - 1", movie.rank)


def _origin(line: Mapping[str, Any]) -> Origin | None:
    """Return where the poster of a line came from; None if it is the catalogue's link, as it is."""
    if "downloaded_url" not in line:
        return None
    origin = Origin(line["downloaded_url"], line["source"], line.get("licence", ""))
    is_link = isinstance(origin.url, str) and is_url(origin.url)
    _expect(is_link and is_clean(origin.url, MAX_LINK), "a URL in downloaded_url", origin.url)
    texts = (origin.source, origin.licence)
    are_texts = all(isinstance(text, str) and is_clean(text, MAX_SOURCE) for text in texts)
    expected = f"a source and a licence of at most {MAX_SOURCE} characters"
    _expect(origin.source and are_texts, expected, texts)
    return origin


def _checksum(line: Mapping[str, Any], prefix: str) -> Checksum:
    sha256, size = line[f"{prefix}sha256"], line[f"{prefix}size"]
    _expect(_is_sha256(sha256), f"a {prefix}sha256 of 64 digits", sha256)
    _expect(is_whole(size, 1), f"a {prefix}size in bytes from 1", size)
    return Checksum(sha256, size)


def _is_sha256(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _expect(holds: object, expected: str, found: object) -> None:
    if not holds:
        text = ascii(found)
        raise UnexpectedValueError(expected, text if len(text) <= 80 else f"{text[:80]}…")


class UnexpectedValueError(ValueError):
    """A value of a line is none that a build writes.

    Attributes:
        expected: what a build writes.
        found: what the line holds, in ASCII.
    """

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected, self.found = expected, found
