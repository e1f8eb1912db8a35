"""A catalogue is got from where it lies, through the download manager if that is a URL."""

from dataclasses import replace
from pathlib import Path

from datasets import DownloadManager

from movie_posters_decade.catalogue.clean import Catalogue
from movie_posters_decade.catalogue.files import read_catalogue
from movie_posters_decade.config import KAGGLE_FILE, KAGGLE_PAGE, Options
from movie_posters_decade.download import (
    DownloadCache,
    Downloader,
    Limits,
    RetryPolicy,
    paths_from_manager,
)
from movie_posters_decade.errors import PRIVATE_HINT, CatalogueError
from movie_posters_decade.records import RejectReason, is_url

MAX_CATALOGUE_BYTES = 1024**3
"""The largest catalogue that is taken from the network."""

CATALOGUE_SECONDS = 900.0
"""How long a catalogue may take to come from there."""


def load_catalogue(
    place: str,
    manager: DownloadManager,
    limits: Limits,
    options: Options | None = None,
    *,
    may_download: bool = True,
) -> Catalogue:
    """Read the catalogue at a place, through the download manager if that is a URL.

    Args:
        place: what `locate` returned.
        manager: holds the cache and its settings.
        limits: who may be asked.
        options: as `read_catalogue` takes them.
        may_download: False to send no request, and take a remote catalogue from the cache alone.

    Raises:
        CatalogueError: the catalogue cannot be downloaded, read, or understood.
    """
    if not is_url(place):
        return read_catalogue(Path(place), options=options)
    path = _download(place, manager, limits, may_download=may_download)
    try:
        return read_catalogue(path, place, options)
    except CatalogueError:
        # What is no catalogue must not stay in the cache as if it were one.
        DownloadCache.of(manager).remove(place)
        raise


def _download(url: str, manager: DownloadManager, limits: Limits, *, may_download: bool) -> Path:
    cache = DownloadCache.of(manager)
    if not may_download and not cache.path(url).exists():
        raise CatalogueError(
            f"{url}: expected this catalogue in the cache {cache.folder}, as no request may be "
            f"sent; found none. Build first, which fetches it, or: {_remedy()}"
        )
    if url.startswith(("http://", "https://")) and may_download:
        downloader = Downloader(
            cache,
            limits=replace(limits, max_bytes=MAX_CATALOGUE_BYTES, respect_opt_out=False),
            policy=RetryPolicy(total_timeout=CATALOGUE_SECONDS),
            # Even if it was gone just now: nobody asks for one catalogue too often.
            refresh=bool(manager.download_config.force_download) or not cache.path(url).exists(),
        )
        [outcome] = downloader.download([url])
        if outcome.reason is not None:
            private = f"{PRIVATE_HINT} " if outcome.reason is RejectReason.PRIVATE_ADDRESS else ""
            status = f", HTTP status {outcome.status}" if outcome.status else ""
            raise CatalogueError(
                f"{url}: expected the catalogue; found no answer with it "
                f"({outcome.reason}{status}). {private}{_remedy()}"
            )
    try:
        return paths_from_manager(manager, [url]).get(url, cache.path(url))
    except Exception as error:
        # What other clients raise for other schemes is not ours to list.
        raise CatalogueError(
            f"{url}: expected the catalogue; found: {error or type(error).__name__}. {_remedy()}"
        ) from error


def _remedy() -> str:
    return f'Get {KAGGLE_FILE} from {KAGGLE_PAGE} and pass it: data_files="{KAGGLE_FILE}".'
