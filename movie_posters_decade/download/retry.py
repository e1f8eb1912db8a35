"""How long to wait, how often to try, when to stop: pure decisions about an answer."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from movie_posters_decade.records import RejectReason

PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses that may be another one soon."""

_DIRECTIVES_WITH_VALUES = frozenset(
    {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
)

_REASONS = {
    404: RejectReason.NOT_FOUND,
    410: RejectReason.NOT_FOUND,
    408: RejectReason.TIMEOUT,
    504: RejectReason.TIMEOUT,
}


@dataclass(frozen=True)
class Patience:
    """What is put up with; all times in seconds.

    Attributes:
        connect: for a connection to be made.
        read: for a byte of an answer, rounded up to whole seconds.
        whole: for everything about one URL, all tries and the waits between them.
        tries: how often one URL is asked for, at most.
        first_wait: before the second try; each further wait is twice the one before.
        longest_wait: the cap of every wait, also of one that a server asks for.
        silence: how long a host must have given no answer at all before it is given up.
        refusal: the same for a host that answers, but only to put everything off.
    """

    connect: float = 5.0
    read: float = 10.0
    whole: float = 60.0
    tries: int = 3
    first_wait: float = 0.5
    longest_wait: float = 30.0
    silence: float = 20.0
    refusal: float = 120.0

    def wait(self, tries: int, chance: float, retry_after: float | None = None) -> float:
        """Return how long to wait after so many failed tries, in seconds.

        Args:
            tries: how many have failed, from 1.
            chance: a random number from 0 to 1, that spreads the tries of many.
            retry_after: what the server asked for, in seconds.
        """
        if retry_after is not None:
            return min(max(retry_after, 0.0), self.longest_wait)
        doubled: float = self.first_wait * 2 ** (tries - 1)
        return min(doubled * (0.5 + chance), self.longest_wait)


def reason_for_status(status: int) -> RejectReason:
    """Return why an answer with a status other than 200 is no poster."""
    if status in _REASONS:
        return _REASONS[status]
    if 400 <= status < 500 and status not in PASSING_STATUSES:
        return RejectReason.ACCESS_DENIED
    return RejectReason.SERVER_ERROR


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for, or None without a usable one.

    Args:
        value: a whole number of seconds, or an HTTP date.
        now: the time to count from, with a time zone.
    """
    if value is None:
        return None
    if value.isascii() and value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        return (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    except (ValueError, OverflowError):
        return None


def opts_out(headers: list[str], agent: str) -> bool:
    """Say whether ``X-Robots-Tag`` headers ask that a dataset leave the answer alone.

    Args:
        headers: their values, such as "noai, noimageai" or, for some agents only, "agent: noai".
        agent: the name that this client answers to.
    """
    return any(
        _named(header, agent) & {"noai", "noimageai", "noindex", "noimageindex"}
        for header in headers
    )


def _named(header: str, agent: str) -> set[str]:
    """Return the directives of a header that are for everybody or for this agent."""
    directives, applies = set(), True
    for part in header.lower().split(","):
        name, colon, directive = part.strip().partition(":")
        if colon and name not in _DIRECTIVES_WITH_VALUES:
            applies = name in {"*", agent.lower()}
        if applies:
            directives.add(directive.strip() if colon else name)
    return directives
