"""Response headers: Retry-After, X-Robots-Tag, Content-Encoding. They hold no state."""

import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ROBOTS_HEADERS = ("X-Robots-Tag", "X-Archive-Orig-X-Robots-Tag")
"""Where a host opts out; the Wayback Machine sends what the original host sent under the second."""

_OPT_OUTS = frozenset({"noai", "noimageai", "noindex", "noimageindex", "none"})
_DIRECTIVES_WITH_VALUES = frozenset(
    {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Parse a ``Retry-After`` header into seconds; None without a usable one.

    It holds a whole number of seconds or an HTTP date (RFC 9110, section 10.2.3).
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
    """Return whether ``X-Robots-Tag`` headers opt out of use in datasets.

    Args:
        headers: their values, such as "noai, noimageai" or, for one agent, "agent: noai".
        agent: the name of this client.
    """
    return any(_directives(header, agent) & _OPT_OUTS for header in headers)


def _directives(header: str, agent: str) -> set[str]:
    """Return the directives of a header that apply to all agents or to this one."""
    directives, applies = set(), True
    for part in header.lower().split(","):
        name, colon, directive = part.strip().partition(":")
        names_agent = colon and name not in _DIRECTIVES_WITH_VALUES
        if names_agent:
            applies = name in {"*", agent.lower()}
        if applies:  # "max-image-preview: none" is no "none"
            directives.add(directive.strip() if names_agent else name)
    return directives


def decompress(content: bytes, encoding: str | None, max_bytes: int) -> bytes | None:
    """Decompress a body that a host sent compressed, though that was not wanted.

    A body that is not compressed as its ``Content-Encoding`` says stays as it is.

    Returns:
        None if it would be larger than the limit.
    """
    if (encoding or "").lower() not in {"gzip", "x-gzip", "deflate"}:
        return content
    try:
        # One byte more than is allowed tells that there is more.
        content = zlib.decompressobj(wbits=47).decompress(content, max_bytes + 1)
    except zlib.error:
        return content
    return content if len(content) <= max_bytes else None
