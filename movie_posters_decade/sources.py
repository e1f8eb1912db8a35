"""Where a catalogue lies, on this machine or on the network, and how it is got from there."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets import DownloadManager

from movie_posters_decade.catalogue import (
    KAGGLE_FILE,
    KAGGLE_PAGE,
    Catalogue,
    find_catalogue,
    fingerprint,
    read_catalogue,
)
from movie_posters_decade.downloads import (
    Fetcher,
    Missed,
    cache_folder,
    cache_path,
    hand_out,
    is_url,
)
from movie_posters_decade.errors import CatalogueError

MAX_CATALOGUE_BYTES = 1024**3


def locate(data_files: object) -> str:
    """Return the one place that ``data_files`` names: a URL, or the path of an existing file.

    Args:
        data_files: a path or URL, or a list or mapping that holds just one, as `datasets` takes.

    Raises:
        CatalogueError: there are several places, or no such file.
    """
    places = list(_flatten(data_files))
    if len(places) != 1:
        raise CatalogueError(
            f"data_files: expected one catalogue, such as {KAGGLE_FILE}; found {len(places)} files."
        )
    return places[0] if is_url(places[0]) else str(find_catalogue(Path(places[0])).resolve())


def _flatten(places: object) -> list[str]:
    if isinstance(places, Mapping):
        return [place for value in places.values() for place in _flatten(value)]
    if isinstance(places, Sequence) and not isinstance(places, str):
        return [place for value in places for place in _flatten(value)]
    return [str(places)]


def identify(place: str) -> str:
    """Return what tells a catalogue from another: its content's hash, or its URL."""
    return place if is_url(place) else fingerprint(Path(place))


def folder_of(place: str) -> Path | None:
    """Return the folder that relative links of the catalogue start from; None if it is remote."""
    return None if is_url(place) else Path(place).parent


def load_catalogue(place: str, manager: DownloadManager, *, may_fetch: bool = True) -> Catalogue:
    """Read the catalogue at a place, through the download manager if that is a URL.

    Args:
        place: what `locate` returned.
        manager: holds the cache and its settings.
        may_fetch: False to send no request, and take a remote catalogue from the cache alone.

    Raises:
        CatalogueError: the catalogue cannot be fetched, read, or understood.
    """
    if not is_url(place):
        return read_catalogue(Path(place))
    path = _fetch(place, manager, may_fetch=may_fetch)
    try:
        return read_catalogue(path, name=place)
    except CatalogueError:
        # What is no catalogue must not stay in the cache as if it were one.
        path.unlink()
        raise


def _fetch(url: str, manager: DownloadManager, *, may_fetch: bool) -> Path:
    folder = cache_folder(manager)
    if not may_fetch and not cache_path(url, folder).exists():
        raise CatalogueError(
            f"{url}: expected this catalogue in the cache {folder}, as no request may be sent; "
            f"found none. {_remedy()}"
        )
    if url.startswith(("http://", "https://")) and may_fetch:
        refresh = bool(manager.download_config.force_download)
        fetcher = Fetcher(folder, max_bytes=MAX_CATALOGUE_BYTES, refresh=refresh)
        [outcome] = fetcher.fetch([url], description="Catalogue")
        if isinstance(outcome, Missed):
            status = f", HTTP status {outcome.status}" if outcome.status else ""
            raise CatalogueError(
                f"{url}: expected the catalogue; found no answer with it "
                f"({outcome.reason}{status}). {_remedy()}"
            )
    return hand_out(manager, [url])[url]


def _remedy() -> str:
    return f'Get {KAGGLE_FILE} from {KAGGLE_PAGE} and pass it: data_files="{KAGGLE_FILE}".'
