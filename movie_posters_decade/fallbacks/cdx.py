"""CDX index of the Wayback Machine: the query for a link, and the captures in an answer.

The fields and parameters are those of the Wayback CDX Server API. It sends no request.
"""

import json
import re
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode

from movie_posters_decade.download.addresses import Address, parse_url

ARCHIVE = "https://web.archive.org"

MAX_CAPTURES = 3
"""How many captures with different content are kept of a link."""

_FIELDS = ("timestamp", "original", "mimetype", "statuscode", "digest")
_QUERY = [
    ("output", "json"),
    ("fl", ",".join(_FIELDS)),
    ("matchType", "exact"),
    ("filter", "statuscode:200"),
    ("filter", "mimetype:image/.*"),
    ("collapse", "digest"),  # of captures in a row with the same content, the first
    ("limit", "10"),  # more than are kept, as other pages may be among them
]
_TIMESTAMP = re.compile(r"[0-9]{14}")
_SHA1 = re.compile(r"[A-Z2-7]{32}")


class Capture(NamedTuple):
    """What the archive holds of a link, at one time."""

    timestamp: str  # 14 digits, from the year to the second
    sha1: str  # the SHA-1 digest of its bytes, in base32

    @classmethod
    def checked(cls, timestamp: Any, sha1: Any) -> "Capture":
        """Return a capture.

        Raises:
            ValueError: a value is not what it must be.
        """
        for value, pattern in ((timestamp, _TIMESTAMP), (sha1, _SHA1)):
            if not isinstance(value, str) or not pattern.fullmatch(value):
                raise ValueError("a capture without a valid timestamp and digest")
        return cls(timestamp, sha1)

    def address(self, url: str) -> str:
        """Return the address of this capture of a URL, with its bytes as they were."""
        return f"{ARCHIVE}/web/{self.timestamp}id_/{url}"


def index_address(url: str) -> str:
    """Return the address where the index lists the captures of a URL that are images."""
    return f"{ARCHIVE}/cdx/search/cdx?{urlencode([('url', url), *_QUERY])}"


def parse_captures(content: bytes, url: str) -> tuple[Capture, ...]:
    """Parse an answer of the index: the earliest captures of a URL that are images, or none.

    Captures of other URLs are left out: the index ignores upper and lower case.

    Args:
        content: of the answer, which may be anything.
        url: of which the captures are.

    Raises:
        ValueError: it is no valid answer. The text says what it is.
    """
    images = [row for row in _rows(content) if _is_image(row)]
    captures: dict[str, Capture] = {}
    error = None
    for row in sorted(images, key=lambda row: row["timestamp"]):
        try:
            capture = Capture.checked(row["timestamp"], row["digest"])
            if _resource(row["original"]) == _resource(url):
                captures.setdefault(capture.sha1, capture)
        except ValueError as found:
            error = found
    if error is not None and not captures:
        raise error
    return tuple(captures.values())[:MAX_CAPTURES]


def _rows(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a table in JSON, whose first row names the columns, by column."""
    try:
        table = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("an answer that is not JSON") from None
    if not isinstance(table, list) or not all(map(_is_row, table)):
        raise ValueError("an answer that is not a table of captures")
    if not table:
        return []
    header, *rows = table
    missing = [name for name in _FIELDS if name not in header]
    if missing or any(len(row) != len(header) for row in rows):
        raise ValueError(f"a table without the columns {', '.join(missing or _FIELDS)}")
    return [dict(zip(header, row, strict=True)) for row in rows]


def _is_row(row: object) -> bool:
    return isinstance(row, list) and all(isinstance(cell, str) for cell in row)


def _is_image(row: dict[str, str]) -> bool:
    return row["statuscode"] == "200" and row["mimetype"].startswith("image/")


def _resource(url: str) -> tuple[str, ...]:
    """Return what a URL names, however it is spelt: without scheme, port and "www."."""
    address = parse_url(url)
    if not isinstance(address, Address):
        raise ValueError("a capture of something that is not a URL")
    rest = address.url.partition("://")[2].partition("/")[2]
    path, question, query = rest.partition("?")
    return address.host.removeprefix("www."), unquote(path), question, unquote(query)
