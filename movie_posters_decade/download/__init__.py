"""Download: many URLs at once, with retries, into the download cache of datasets."""

from movie_posters_decade.download.cache import DownloadCache, HashCache, paths_from_manager
from movie_posters_decade.download.client import user_agent
from movie_posters_decade.download.downloader import Downloader, temporary_cache
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
