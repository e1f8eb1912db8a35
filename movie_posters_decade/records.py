"""The records that flow from catalogue to dataset, and the reasons why a movie is rejected.

A poster passes five of them: Movie -> DownloadResult -> ImageCheck -> Poster or Rejection.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

SPLITS = ("train", "validation", "test")
"""The splits in their order. Not every build has a validation split."""


class RejectReason(StrEnum):
    """Why a movie of the catalogue is not in the dataset. Each dropped movie has one reason."""

    DUPLICATE_ROW = "duplicate_row"
    MISSING_VALUE = "missing_value"
    PLACEHOLDER = "placeholder"
    DUPLICATE_URL = "duplicate_url"
    OTHER_GENRE = "other_genre"
    NO_YEAR = "no_year"
    YEAR_OUT_OF_RANGE = "year_out_of_range"
    DUPLICATE_ID = "duplicate_id"
    LANDSCAPE_CROP = "landscape_crop"
    NOT_SAMPLED = "not_sampled"

    NOT_FOUND = "not_found"
    ACCESS_DENIED = "access_denied"
    TIMEOUT = "timeout"
    CONNECTION_ERROR = "connection_error"
    SERVER_ERROR = "server_error"
    TOO_LARGE = "too_large"
    INVALID_URL = "invalid_url"
    PRIVATE_ADDRESS = "private_address"
    OUTSIDE_FOLDER = "outside_folder"
    INSECURE_REDIRECT = "insecure_redirect"
    OPTED_OUT = "opted_out"

    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    UNDECODABLE = "undecodable"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_COMPLEX = "too_complex"
    TOO_SMALL = "too_small"
    GRAYSCALE = "grayscale"
    NEAR_DUPLICATE = "near_duplicate"

    HASH_MISMATCH = "hash_mismatch"


TRANSIENT_REASONS = frozenset(
    {RejectReason.TIMEOUT, RejectReason.CONNECTION_ERROR, RejectReason.SERVER_ERROR}
)
"""Reasons that may not apply the next time. A truncated poster mostly stays truncated."""

NO_ANSWER = frozenset({RejectReason.CONNECTION_ERROR, RejectReason.TIMEOUT})
"""Reasons that are about the host and not about one URL."""

MEANINGS = {
    "complete": "rows with IMDb id, title, genre and poster",
    "unique": "rows whose poster link no other row has",
    "genre": "movies of the chosen genres",
    "years": "movies of the chosen years, once each",
    "portrait": "movies whose link does not show a strip of a landscape picture",
    "locked": "movies that a lock file names",
    RejectReason.PLACEHOLDER: "a picture that many links give, so that it is no poster",
    RejectReason.NOT_FOUND: "HTTP 404 or 410",
    RejectReason.ACCESS_DENIED: "HTTP 401, 403 or another refusal",
    RejectReason.TIMEOUT: "no answer in time",
    RejectReason.CONNECTION_ERROR: "no connection",
    RejectReason.SERVER_ERROR: "the host failed",
    RejectReason.TOO_LARGE: "larger than the size limit",
    RejectReason.INVALID_URL: "not a URL that can be requested",
    RejectReason.PRIVATE_ADDRESS: "not a public address",
    RejectReason.OUTSIDE_FOLDER: "a file outside the catalogue's folder",
    RejectReason.INSECURE_REDIRECT: "a redirect from https to http",
    RejectReason.OPTED_OUT: "the host opts out of datasets",
    RejectReason.NOT_AN_IMAGE: "not an image",
    RejectReason.TRUNCATED: "the image ends early",
    RejectReason.UNDECODABLE: "an image that no decoder reads",
    RejectReason.TOO_MANY_PIXELS: "more pixels than the limit",
    RejectReason.TOO_COMPLEX: "more work to decode than the limit",
    RejectReason.TOO_SMALL: "smaller than a thumbnail",
    RejectReason.GRAYSCALE: "black and white",
    RejectReason.NEAR_DUPLICATE: "looks like a poster that is kept",
    RejectReason.HASH_MISMATCH: "not the bytes that the lock file lists",
}
"""What each step of the funnel keeps, and each reason for a rejected poster, in a few words."""


def list_counts(counts: Mapping[Any, int]) -> str:
    """Return counts as text for a sentence, such as "not_found 2, timeout 1"."""
    return ", ".join(f"{name} {count}" for name, count in counts.items())


@dataclass(frozen=True)
class Step:
    """One step of the funnel from the catalogue to the candidates."""

    name: str  # such as "complete"
    movies: int  # how many remain after the step
    dropped: Mapping[RejectReason, int] = field(default_factory=dict)
    repaired: Mapping[str, int] = field(default_factory=dict)  # values by kind, such as "titles"


class Stratum(NamedTuple):
    """A stratum of the sample: one decade of one split, such as ("1970s", "train")."""

    decade: str
    split: str


@dataclass(frozen=True, slots=True)
class Movie:
    """A candidate: a movie of the catalogue that the sample may include."""

    imdb_id: str  # such as "tt0114709"
    title: str  # without the year
    year: int
    genres: tuple[str, ...]
    imdb_score: float  # 0 to 10, or NaN
    poster_url: str  # or a path, for a local file
    decade: str  # such as "1970s"
    rank: int  # a 64-bit hash that orders all movies
    split: str  # "train", "validation" or "test"
    extra: tuple[str, ...] = ()  # the values of the extra columns

    @property
    def stratum(self) -> Stratum:
        """The decade and the split."""
        return Stratum(self.decade, self.split)

    @property
    def sort_key(self) -> tuple[int, str]:
        """What orders candidates: rank, then link."""
        return self.rank, self.poster_url

    @property
    def output_key(self) -> bytes:
        """What shuffles the output: 16 bytes, a hash of the rank and the id."""
        return hashlib.blake2b(f"{self.rank}:{self.imdb_id}".encode(), digest_size=16).digest()


MOVIE_FIELDS = [field.name for field in fields(Movie)]


CATALOGUE = "catalogue"
"""The source of posters that come from the catalogue's own links."""


class Origin(NamedTuple):
    """Where a poster comes from, or may come from while a fallback's address is tried."""

    url: str  # that is requested: the catalogue's link, a larger picture's, or a fallback's
    source: str = CATALOGUE  # or "wayback", or the name of a table
    licence: str = ""  # as a table states it
    sha1: str = ""  # the SHA-1 digest that its bytes must have, in base32, until it is downloaded


class Try(NamedTuple):
    """What another address of a poster gave, if it was no usable poster."""

    source: str  # the fallback's name, or "larger" for the larger picture of a link
    found: str  # such as "not there", or a reason for a rejection
    is_transient: bool = False  # whether it may give something else the next time

    def __str__(self) -> str:
        return f"{self.source}: {self.found}"


class Checksum(NamedTuple):
    """SHA-256 checksum, in hexadecimal digits, and size in bytes of some content."""

    sha256: str
    size: int

    @classmethod
    def of(cls, content: bytes) -> "Checksum":
        """Compute the checksum of some bytes."""
        return cls(hashlib.sha256(content).hexdigest(), len(content))


class PerceptualHashes(NamedTuple):
    """The perceptual hashes of a poster, 64 bits each: of the whole, and of parts of its middle."""

    whole: int
    center_90: int  # of 90 % of its width and height
    center_80: int
    center_64: int
    mirrored: int  # of the mirror image of the whole


@dataclass(frozen=True, slots=True)
class ImageCheck:
    """What a check of downloaded bytes found."""

    checksum: Checksum
    reason: RejectReason | None = None  # why they cannot be used as a poster; None if they can
    phashes: PerceptualHashes | None = None  # None where they were not computed
    detail: str = ""  # what the decoder said about an image that it could not read
    stored: Checksum | None = None  # of the PNG that is stored instead; None for nearly all posters
    size: tuple[int, int] | None = None  # width and height as shown, in pixels; None if not usable


Check = Callable[[bytes], ImageCheck]
"""Checks downloaded bytes. The downloader is given one and knows nothing of images itself."""


def accept_anything(content: bytes) -> ImageCheck:
    """Accept any bytes: the check for downloads that are not posters."""
    return ImageCheck(Checksum.of(content))


@dataclass(frozen=True, slots=True)
class DownloadResult:
    """The result of one download: a stored file and what its check found, or a reason."""

    url: str  # the link, as it was given
    path: Path | None = None  # None if the download or the check failed
    check: ImageCheck | None = None  # None if no bytes came
    reason: RejectReason | None = None  # why there is no usable file; None if there is one
    status: int | None = None  # of the last response, if there was one now
    final_url: str | None = None  # after redirects, if a request was sent now
    detail: str = ""  # what the network or the decoder said
    origin: Origin | None = None  # None: the link itself
    tried: tuple[Try, ...] = ()  # a larger picture, and fallbacks, that gave no usable file


@dataclass(frozen=True, slots=True)
class Poster:
    """A movie with a usable poster."""

    movie: Movie
    path: Path  # of the poster, as it was downloaded
    checksum: Checksum  # of the poster, as it was downloaded
    phashes: PerceptualHashes | None = None  # None where they were not computed
    stored: Checksum | None = None  # of the PNG that is stored instead; None for nearly all posters
    size: tuple[int, int] | None = None  # width and height as shown, in pixels; None if not known
    origin: Origin | None = None  # None: the catalogue's link, as it is
    tried: tuple[Try, ...] = ()  # the larger picture, if it gave no usable file

    @property
    def source(self) -> str:
        """The source: "catalogue", "wayback", or the name of a table."""
        return CATALOGUE if self.origin is None else self.origin.source

    @property
    def downloaded_url(self) -> str:
        """The URL or path that the poster was requested by."""
        return self.movie.poster_url if self.origin is None else self.origin.url


@dataclass(frozen=True, slots=True)
class Rejection:
    """A movie whose poster was tried and cannot be used."""

    movie: Movie
    reason: RejectReason
    status: int | None = None  # of the last response, if there was one now
    final_url: str | None = None  # after redirects, if a request was sent now
    duplicate_of: str | None = None  # the IMDb id of the kept movie whose poster looks alike
    detail: str = ""  # what the network or the decoder said
    tried: tuple[Try, ...] = ()  # the fallbacks


def decade_names(min_year: int, max_year: int) -> list[str]:
    """Return the decades of a range of years: 1970 and 1985 give 1970s and 1980s."""
    return [decade_of(10 * tens) for tens in range(min_year // 10, max_year // 10 + 1)]


def decade_of(year: int) -> str:
    """Return the decade of a year, such as 1970s."""
    return f"{year // 10}0s"


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


def is_url(link: str) -> bool:
    """Return whether a link has a scheme and so is not a path. "C:" is a drive, not a scheme."""
    return _SCHEME.match(link) is not None


def without_secrets(url: str) -> str:
    """Return a URL without user, password, query and fragment, which may hold a key."""
    scheme, colon, rest = url.partition("://")
    authority, slash, path = re.split("[?#]", rest, maxsplit=1)[0].partition("/")
    return f"{scheme}{colon}{authority.rpartition('@')[2]}{slash}{path}"


def lower_scheme(url: str) -> str:
    """Return a URL with its scheme in lower case, as other libraries expect it."""
    scheme, colon, rest = url.partition(":")
    return f"{scheme.lower()}{colon}{rest}"
