"""Download: many URLs at once, with retries, into the download cache of datasets.

The names are loaded when they are first used, as workers need neither the cache nor `datasets`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from movie_posters_decade.download.cache import (
        DownloadCache,
        HashCache,
        paths_from_manager,
        temporary_cache,
    )
    from movie_posters_decade.download.client import user_agent
    from movie_posters_decade.download.downloader import Downloader
    from movie_posters_decade.download.retry import RetryPolicy
    from movie_posters_decade.download.transfer import Limits

__all__ = [
    "DownloadCache",
    "Downloader",
    "HashCache",
    "Limits",
    "RetryPolicy",
    "paths_from_manager",
    "temporary_cache",
    "user_agent",
]

_LAZY = {
    "DownloadCache": "cache",
    "Downloader": "downloader",
    "HashCache": "cache",
    "Limits": "transfer",
    "RetryPolicy": "retry",
    "paths_from_manager": "cache",
    "temporary_cache": "cache",
    "user_agent": "client",
}
"""The module of each name."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
