"""One poster downloaded with short timeouts, and what the cache then holds."""

from movie_posters_decade.download.limits import Limits
from samples import paint

from movie_posters_decade.download.cache import DownloadCache
from movie_posters_decade.download.downloader import Downloader
from movie_posters_decade.download.retry import Patience
from movie_posters_decade.records import Outcome

POSTER = paint("1990s", 1)
ANYONE = Limits(allow_private_hosts=True, max_bytes=1024 * 1024)
LITTLE = Patience(
    connect=0.5, read=0.15, whole=0.4, silence=0.1, first_wait=0.01, longest_wait=0.05
)


def download_one(cache: DownloadCache, url: str, limits: Limits = ANYONE) -> Outcome:
    downloader = Downloader(cache, color="rgb", limits=limits, patience=LITTLE)
    [outcome] = downloader.download([url])
    return outcome


def stored(cache: DownloadCache) -> list[str]:
    """Return the names of all contents in the cache, unfinished ones included."""
    if not cache.folder.exists():
        return []
    return [
        path.name
        for path in cache.folder.iterdir()
        if path.suffix not in {".json", ".gone", ".looks"}
    ]
