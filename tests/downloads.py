"""Downloads in tests: posters are checked, timeouts are short, private hosts are allowed.

All download tests use these functions, so that the HTTP client can be exchanged under them.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from samples import paint

from movie_posters_decade.download import (
    DownloadCache,
    Downloader,
    HashCache,
    Limits,
    RetryPolicy,
    temporary_cache,
)
from movie_posters_decade.images import check_poster
from movie_posters_decade.records import Checksum, DownloadResult, ImageCheck, RejectReason

POSTER = paint("1990s", 1)
LIMITS = Limits(allow_private_hosts=True, max_bytes=1024 * 1024)
SHORT = RetryPolicy(
    connect_timeout=0.5,
    read_timeout=0.15,
    total_timeout=0.4,
    silence_limit=0.1,
    first_backoff=0.01,
    max_backoff=0.05,
    throttle_limit=0.0,
)


ODD_HOSTS = [
    "http://127%2e0%2e0%2e1/good",
    "http://%31%32%37.0.0.1/good",
    "http://loc%61lhost/good",
    "http:///127.0.0.1/good",
    "http:127.0.0.1/good",
    "http://public.example\\@127.0.0.1/good",
    "http://\uff11\uff12\uff17.0.0.1/good",
    "http://127.0.0.1%2f.public.example/good",
    "http://a\0b/good",
]
"""Links to this machine whose host is spelt in an odd way, so that parsers may disagree."""


def downloader(cache: DownloadCache, **settings: Any) -> Downloader:
    """Return a downloader, with the settings of these tests unless others are given."""
    defaults: dict[str, Any] = {
        "check": check_poster,
        "hashes": HashCache(cache.folder, "test"),
        "limits": LIMITS,
        "policy": SHORT,
    }
    return Downloader(cache, **defaults | settings)


def download(
    urls: Sequence[str], cache: DownloadCache | None = None, **settings: Any
) -> list[DownloadResult]:
    """Download URLs into a cache, by default a temporary one, which is removed again.

    Args:
        urls: in any number.
        cache: where the content goes.
        settings: of the downloader.
    """
    with temporary_cache() if cache is None else nullcontext(cache) as used:
        return list(downloader(used, **settings).download(urls))


def rejected_by_check(
    url: str, content: bytes, reason: RejectReason, *, was_requested: bool = True
) -> DownloadResult:
    """Return the result for content that arrived and failed its check."""
    check = ImageCheck(Checksum.of(content), reason)
    status, final_url = (200, url) if was_requested else (None, None)
    return DownloadResult(url, None, check, reason, status, final_url)


def stored(cache: DownloadCache) -> list[str]:
    """Return the names of the contents in the cache, partial files included."""
    if not cache.folder.exists():
        return []
    return [
        path.name
        for path in cache.folder.iterdir()
        if path.suffix not in {".json", ".not_found", ".hashes", ".wayback"}
    ]
