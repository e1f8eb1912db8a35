"""Who may be asked, as whom, and how much is taken."""

from collections.abc import Mapping
from dataclasses import dataclass

from movie_posters_decade.version import __version__

AGENT = "movie_posters_decade"
USER_AGENT = f"{AGENT}/{__version__}"
MAX_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Who may be asked and what is taken.

    Attributes:
        allow_private_hosts: whether addresses that are not public may be asked.
        respect_opt_out: whether an ``X-Robots-Tag`` that opts out is honored.
        max_bytes: the largest content that is taken.
        user_agent: what the client calls itself.
        proxies: proxy URLs by scheme, before those of the environment.
    """

    allow_private_hosts: bool = False
    respect_opt_out: bool = True
    max_bytes: int = MAX_BYTES
    user_agent: str = USER_AGENT
    proxies: Mapping[str, str] | None = None


def user_agent(own: str | Mapping[str, str] | None) -> str:
    """Return what to call this client: the user's own name for it, where there is one.

    Args:
        own: as `datasets.DownloadConfig` has it, a text or names with versions.
    """
    if isinstance(own, Mapping):
        return "; ".join(f"{name}/{version}" for name, version in own.items())
    return own or USER_AGENT
