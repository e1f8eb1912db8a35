"""The words for what is dropped, and the count of it: nothing disappears uncounted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """Why a movie of the catalogue is not in the dataset; each dropped movie has one."""

    REPEATED_ROW = "repeated_row"
    INCOMPLETE = "incomplete"
    PLACEHOLDER = "placeholder"
    SHARED_POSTER = "shared_poster"
    GENRE = "genre"
    NO_YEAR = "no_year"
    YEARS = "years"
    REPEATED_MOVIE = "repeated_movie"
    SURPLUS = "surplus"

    GONE = "gone"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    SERVER_ERROR = "server_error"
    TOO_LARGE = "too_large"
    FORBIDDEN_ADDRESS = "forbidden_address"
    OPTED_OUT = "opted_out"

    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too_many_pixels"
    BLACK_AND_WHITE = "black_and_white"
    DUPLICATE = "duplicate"

    CHANGED = "changed"


PASSING = frozenset({Reason.TIMEOUT, Reason.UNREACHABLE, Reason.SERVER_ERROR})
"""Why posters are lost that may be had another time; one that ends early mostly always does."""

MEANINGS = {
    "complete": "rows with IMDb id, title, genre and poster",
    "unshared": "rows whose poster no other row has",
    "genre": "movies of the wanted genres",
    "years": "movies of the wanted years, once each",
    "locked": "movies that a lock file names",
    Reason.GONE: "HTTP 404 or 410",
    Reason.REFUSED: "another answer that means no",
    Reason.TIMEOUT: "no answer in time",
    Reason.UNREACHABLE: "no connection",
    Reason.SERVER_ERROR: "the host failed",
    Reason.TOO_LARGE: "more bytes than are taken",
    Reason.FORBIDDEN_ADDRESS: "an address that is not asked",
    Reason.OPTED_OUT: "the host asks to leave it out of datasets",
    Reason.NOT_AN_IMAGE: "something else than an image",
    Reason.TRUNCATED: "an image that ends early",
    Reason.TOO_MANY_PIXELS: "more pixels than are decoded",
    Reason.BLACK_AND_WHITE: "pixels without color",
    Reason.DUPLICATE: "it looks like a poster that is kept",
    Reason.CHANGED: "not the bytes that a lock file says",
}
"""What the steps leave, and why posters are lost, in a few words."""


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
    dropped: Mapping[Reason, int] = field(default_factory=dict)
    repaired: Mapping[str, int] = field(default_factory=dict)
