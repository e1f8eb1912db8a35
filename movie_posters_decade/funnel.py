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
