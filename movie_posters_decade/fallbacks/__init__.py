"""Fallbacks: other addresses of posters whose link in the catalogue is dead."""

from movie_posters_decade.fallbacks.cdx import ARCHIVE
from movie_posters_decade.fallbacks.comparison import Agreement, compare_fallbacks
from movie_posters_decade.fallbacks.downloader import FallbackDownloader
from movie_posters_decade.fallbacks.fallback import Fallback
from movie_posters_decade.fallbacks.sources import ArchivePaces, estimate, open_fallbacks
from movie_posters_decade.fallbacks.wayback import Wayback

__all__ = [
    "ARCHIVE",
    "Agreement",
    "ArchivePaces",
    "Fallback",
    "FallbackDownloader",
    "Wayback",
    "compare_fallbacks",
    "estimate",
    "open_fallbacks",
]
