"""The words for what is dropped, and the count of it: nothing disappears uncounted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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
