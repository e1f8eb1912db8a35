"""What bytes are known by."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import NamedTuple

from movie_posters_decade.io import read


class Content(NamedTuple):
    """What bytes are known by.

    Attributes:
        sha256: in hexadecimal digits.
        size: in bytes.
    """

    sha256: str
    size: int

    @classmethod
    def of(cls, data: bytes) -> "Content":
        """Return what some bytes are known by."""
        return cls(hashlib.sha256(data).hexdigest(), len(data))


class RejectReason(StrEnum):
    """Why a movie of the catalogue is not in the dataset; each dropped movie has one."""

    DUPLICATE_ROW = "duplicate_row"
    MISSING_VALUE = "missing_value"
    PLACEHOLDER = "placeholder"
    DUPLICATE_URL = "duplicate_url"
    OTHER_GENRE = "other_genre"
    NO_YEAR = "no_year"
    YEAR_OUT_OF_RANGE = "year_out_of_range"
    DUPLICATE_ID = "duplicate_id"
    NOT_SAMPLED = "not_sampled"

    NOT_FOUND = "not_found"
    ACCESS_DENIED = "access_denied"
    TIMEOUT = "timeout"
    CONNECTION_ERROR = "connection_error"
    SERVER_ERROR = "server_error"
    TOO_LARGE = "too_large"
    PRIVATE_ADDRESS = "private_address"
    OPTED_OUT = "opted_out"

    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too_many_pixels"
    GRAYSCALE = "grayscale"
    NEAR_DUPLICATE = "near_duplicate"

    HASH_MISMATCH = "hash_mismatch"


PASSING = frozenset(
    {RejectReason.TIMEOUT, RejectReason.CONNECTION_ERROR, RejectReason.SERVER_ERROR}
)
"""Why posters are rejected that may be had another time; one that ends early mostly always does."""

MEANINGS = {
    "complete": "rows with IMDb id, title, genre and poster",
    "unique": "rows whose poster no other row has",
    "genre": "movies of the wanted genres",
    "years": "movies of the wanted years, once each",
    "locked": "movies that a lock file names",
    RejectReason.NOT_FOUND: "HTTP 404 or 410",
    RejectReason.ACCESS_DENIED: "another answer that means no",
    RejectReason.TIMEOUT: "no answer in time",
    RejectReason.CONNECTION_ERROR: "no connection",
    RejectReason.SERVER_ERROR: "the host failed",
    RejectReason.TOO_LARGE: "more bytes than are taken",
    RejectReason.PRIVATE_ADDRESS: "an address that is not asked",
    RejectReason.OPTED_OUT: "the host asks to leave it out of datasets",
    RejectReason.NOT_AN_IMAGE: "something else than an image",
    RejectReason.TRUNCATED: "an image that ends early",
    RejectReason.TOO_MANY_PIXELS: "more pixels than are decoded",
    RejectReason.GRAYSCALE: "pixels without color",
    RejectReason.NEAR_DUPLICATE: "it looks like a poster that is kept",
    RejectReason.HASH_MISMATCH: "not the bytes that a lock file says",
}
"""What the steps leave, and why posters are rejected, in a few words."""


def listing(counts: Mapping[str, int]) -> str:
    """Return counts by reason as a sentence has them: "gone 2, timeout 1"."""
    return ", ".join(f"{reason} {count}" for reason, count in counts.items())


@dataclass(frozen=True)
class Step:
    """One step of the funnel from the catalogue to the candidates.

    Attributes:
        name: what the movies that are left have passed, e.g. "complete".
        movies: how many are left after the step.
        dropped: how many the step dropped, by reason.
        repaired: how many values were mended, by what they are, e.g. "titles".
    """

    name: str
    movies: int
    dropped: Mapping[RejectReason, int] = field(default_factory=dict)
    repaired: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What one try gave.

    Attributes:
        url: the URL that was asked last, after redirects.
        reason: why there is no content; None if there is.
        status: the HTTP status of the last answer, if there was one.
        is_passing: whether another try may do better.
        retry_after: how many seconds the server asks to wait before.
        detail: what the network says of it, if that says more than the reason.
    """

    url: str
    reason: RejectReason | None = None
    status: int | None = None
    is_passing: bool = False
    retry_after: float | None = None
    detail: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A URL's content, stored.

    Attributes:
        url: as it was asked for.
        path: the file that holds the content.
        content: what it is known by.
        phash: what it looks like, as `inspect_poster` says; None if it was not looked at.
        status: the HTTP status, if it was asked for just now.
        final_url: where redirects led, if it was asked for just now.
    """

    url: str
    path: str
    content: Content
    phash: int | None = None
    status: int | None = None
    final_url: str | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """A URL that gave nothing.

    Attributes:
        url: as it was asked for.
        reason: why there is no file.
        status: the HTTP status of the last answer, if there was one.
        final_url: where redirects led, if it was asked for just now.
    """

    url: str
    reason: RejectReason
    status: int | None = None
    final_url: str | None = None


Outcome = Fetched | Missed


class Examined(NamedTuple):
    """A content that was looked at.

    Attributes:
        content: what it is known by.
        fault: why it cannot be used; None if it can.
        phash: what it looks like, as `inspect_poster` says; None if that was not asked.
    """

    content: Content
    fault: RejectReason | None = None
    phash: int | None = None

    def outcome(
        self, url: str, path: str, status: int | None = None, final_url: str | None = None
    ) -> Outcome:
        """Return what became of the URL that gave the content, stored at a path if of use."""
        if self.fault is not None:
            return Missed(url, self.fault, status, final_url)
        return Fetched(url, path, self.content, self.phash, status, final_url)


SPLITS = ("train", "test")

Stratum = tuple[str, str]
"""The name of a stratum: decade and split, e.g. ("1970s", "train")."""


@dataclass(frozen=True, slots=True)
class Movie:
    """A candidate.

    Attributes:
        imdb_id: such as "tt0114709".
        title: without the year.
        year: of the movie.
        genres: their names.
        imdb_score: 0 to 10, or NaN.
        poster_url: a URL, or a path for a local file.
        decade: such as "1970s".
        rank: its place in the order of everything.
        split: "train" or "test".
    """

    imdb_id: str
    title: str
    year: int
    genres: tuple[str, ...]
    imdb_score: float
    poster_url: str
    decade: str
    rank: int
    split: str

    @property
    def stratum(self) -> Stratum:
        """The decade and the split."""
        return self.decade, self.split

    @property
    def place(self) -> tuple[int, str]:
        """What movies are sorted by."""
        return self.rank, self.poster_url


MOVIE_FIELDS = [field.name for field in fields(Movie)]


@dataclass(frozen=True, slots=True)
class Poster:
    """A movie whose poster can be used.

    Attributes:
        movie: the candidate.
        path: the file that holds the poster as it was downloaded.
        content: what its bytes are known by.
        phash: what it looks like: 64 bits, of which near_duplicates differ in few.
    """

    movie: Movie
    path: str
    content: Content
    phash: int | None = None

    def read(self) -> bytes:
        """Return the poster's bytes, as they were downloaded."""
        return read(self.path)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A movie whose poster was asked for and cannot be used.

    Attributes:
        movie: the candidate.
        reason: why its poster cannot be used.
        status: the HTTP status of the last answer, if there was one.
        final_url: where redirects led, if it was asked for just now.
        duplicate_of: the IMDb id of the movie that is kept with a poster that looks alike.
    """

    movie: Movie
    reason: RejectReason
    status: int | None = None
    final_url: str | None = None
    duplicate_of: str | None = None


def decade_names(min_year: int, max_year: int) -> list[str]:
    """Return the decades that the years touch, in order: 1970 and 1985 give 1970s and 1980s."""
    return [f"{decade}0s" for decade in range(min_year // 10, max_year // 10 + 1)]
