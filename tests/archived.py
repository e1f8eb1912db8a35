"""A dead link whose poster an archive holds, and how tests query the archive."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from samples import paint

from movie_posters_decade.download import DownloadCache, RetryPolicy
from movie_posters_decade.download.pace import Pace
from movie_posters_decade.fallbacks.fallback import Answer
from movie_posters_decade.fallbacks.wayback import Wayback
from movie_posters_decade.records import Origin

POSTER = paint("1970s", 7)
LINK = "http://posters.movie-posters-decade.org/M/MV5Bxyz@@._V1_UX182_CR0,0,182,268_AL_.jpg"
LINKS = [f"http://posters.movie-posters-decade.org/{number}.jpg" for number in range(8)]
"""Links that the archive does not hold, all of one host."""

POLICY = RetryPolicy(first_backoff=0.01, max_backoff=0.05)
FAST = Pace(requests=1000, seconds=60.0, connections=1)


def sha1(content: bytes) -> str:
    """Return the SHA-1 digest of bytes as the index gives it."""
    return base64.b32encode(hashlib.sha1(content).digest()).decode()  # noqa: S324


def alternative(timestamp: str, content: bytes, link: str = LINK) -> Origin:
    """Return the alternative that a capture is."""
    address = f"https://web.archive.org/web/{timestamp}id_/{link}"
    return Origin(address, "wayback", sha1=sha1(content))


FOUND = Answer(LINK, (alternative("20150314092653", POSTER),))
"""What the archive of these tests says about the dead link."""


def wayback(cache: DownloadCache, **settings: Any) -> Wayback:
    """Return the fallback, at a pace that makes no test wait unless another one is given."""
    defaults: dict[str, Any] = {"policy": POLICY, "pace": FAST, "sleep": no_sleep}
    return Wayback(cache, **defaults | settings)


def find(links: Sequence[str], cache: DownloadCache, **settings: Any) -> list[Answer]:
    """Return what the fallback says about links."""
    return list(wayback(cache, **settings).find(links))


def no_sleep(seconds: float) -> None:
    """Stand for a wait that no test expects."""
    raise AssertionError(f"a wait of {seconds} seconds")
