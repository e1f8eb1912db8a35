"""Catalogue source: find the file on disk or on the network, and load it."""

import errno
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from datasets import DownloadManager
from datasets import config as datasets_config

from movie_posters_decade.catalogue.clean import Catalogue, parse_catalogue
from movie_posters_decade.catalogue.fetch import fetch
from movie_posters_decade.catalogue.unpack import MAX_BYTES, is_table, suffix_of, too_large, unpack
from movie_posters_decade.download import DownloadCache, Limits, RetryPolicy, paths_from_manager
from movie_posters_decade.download.session import FetchError, RefusedError
from movie_posters_decade.errors import (
    CatalogueError,
    CatalogueStorageError,
    CatalogueUnreachableError,
)
from movie_posters_decade.io import is_storage_fault, read_regular_file
from movie_posters_decade.options.configurations import KAGGLE_FILE, KAGGLE_PAGE
from movie_posters_decade.options.options import Options
from movie_posters_decade.records import is_url, lower_scheme

_REMEDY = f'download {KAGGLE_FILE} from {KAGGLE_PAGE} and pass data_files="{KAGGLE_FILE}".'


def load_catalogue(
    location: str,
    manager: DownloadManager,
    limits: Limits,
    options: Options | None = None,
    *,
    may_download: bool = True,
) -> Catalogue:
    """Load a catalogue from a path, or from a URL through the download manager.

    Args:
        location: the path or URL that `locate_catalogue` returned.
        manager: holds the download cache and its settings.
        limits: of requests; the catalogue has its own limits of size and time.
        options: as `parse_catalogue` takes them.
        may_download: False to send no request, and to read a remote catalogue from the cache only.

    Raises:
        CatalogueError: the catalogue cannot be downloaded or read, or is not a table of movies.
    """
    if not is_url(location):
        return read_catalogue(Path(location), options=options)
    path = _download(location, manager, limits, may_download=may_download)
    try:
        return read_catalogue(path, location, options)
    except CatalogueError:
        # A web page in the cache would be read again by every later build.
        DownloadCache.of(manager).remove(location)
        raise


def read_catalogue(
    path: Path, name: str | None = None, options: Options | None = None
) -> Catalogue:
    """Read a catalogue from a file: a table, or a zip or gzip that holds one.

    The name is for errors; by default it is the path.

    Raises:
        CatalogueError: the file cannot be read, is empty, is not a table, or lacks a column.
    """
    location = name or str(path)
    name, content, packed = unpack(path, location)
    return parse_catalogue(content, name, options, location=location, packed=packed)


def locate_catalogue(data_files: object, data_dir: str | None = None) -> str:
    """Return the URL of the catalogue, or the absolute path of its file, which exists.

    Args:
        data_files: a path or URL, or a list or mapping that holds only one, as in `datasets`.
        data_dir: the folder where a relative path starts; by default the current one.

    Raises:
        CatalogueError: there is more than one path or URL, or no such file.
    """
    locations = list(_flatten(data_files))
    if len(locations) != 1:
        raise CatalogueError(
            f"data_files: expected one catalogue, such as {KAGGLE_FILE}; found {len(locations)} "
            "files."
        )
    location = locations[0]
    if not location.strip():
        raise CatalogueError("data_files: expected the catalogue's path or URL; found no text.")
    if is_url(location):
        return lower_scheme(location)
    path = expand_home(data_dir or "") / expand_home(location)
    return str(find_catalogue_file(path).resolve())


def find_catalogue_file(path: Path) -> Path:
    """Return the catalogue file at a path: the file itself, or the only one in the folder."""
    if path.is_file():
        return path
    if path.exists() and not path.is_dir():
        raise CatalogueError(
            f"{path}: expected a file, such as {KAGGLE_FILE}; found a device or a pipe. Copy its "
            "content into a file."
        )
    if not path.is_dir():
        raise CatalogueError(
            f"{path}: expected a catalogue such as {KAGGLE_FILE}; found no file of that name. "
            f"Check the path, or download {KAGGLE_FILE} from {KAGGLE_PAGE}."
        )
    if (path / KAGGLE_FILE).is_file():
        return path / KAGGLE_FILE
    found = sorted(
        file for file in path.iterdir() if is_table(file.name) or suffix_of(file.name) == ".zip"
    )
    if len(found) == 1:
        return found[0]
    raise CatalogueError(
        f"{path}: expected {KAGGLE_FILE}, or one table or .zip file, in this folder; found "
        f"{', '.join(file.name for file in found) or 'none'}. Name the file with data_files."
    )


def expand_home(path: str) -> Path:
    """Return a path with "~" expanded to a home folder, or unchanged if there is no such home."""
    return Path(os.path.expanduser(path))  # noqa: PTH111, pathlib raises an error there


def catalogue_folder(location: str) -> Path | None:
    """Return the folder where relative poster links start; None for a remote catalogue."""
    return None if is_url(location) else Path(location).parent


def identify_catalogue(location: str) -> str:
    """Return the identity of a catalogue: the hash of its file, or its URL."""
    return location if is_url(location) else hash_file(Path(location))


def hash_file(path: Path) -> str:
    """Compute the SHA-256 of a catalogue, a lock file or a table."""
    try:
        return hashlib.sha256(read_regular_file(path, MAX_BYTES)).hexdigest()
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise too_large(str(path)) from error
        raise CatalogueError(f"{path}: expected a readable file; found: {error}.") from error


def _flatten(locations: object) -> list[str]:
    if isinstance(locations, Mapping):
        locations = list(locations.values())
    if isinstance(locations, Sequence) and not isinstance(locations, str):
        return [text for value in locations for text in _flatten(value)]
    return [str(locations)]


def _download(url: str, manager: DownloadManager, limits: Limits, *, may_download: bool) -> Path:
    """Return the path of a remote catalogue in the cache, after a download if it is not there."""
    cache = DownloadCache.of(manager)
    path = cache.path(url)
    if not may_download and not path.exists():
        raise CatalogueError(
            f"{url}: expected this catalogue in the cache {cache.folder}, as no request may be "
            f"sent; found none. Build first, which downloads it, or {_REMEDY}"
        )
    try:
        is_missing = manager.download_config.force_download or not path.exists()
        if may_download and is_missing and url.startswith(("http://", "https://")):
            _request(url, path, limits)
        return paths_from_manager(manager, [url]).get(url, path)
    except Exception as error:
        # For other schemes, fsspec's clients raise errors of their own, which nobody can list.
        found = str(error) or type(error).__name__
        raise _kind(error)(
            f"{url}: expected the catalogue; found: {found}. You can {_REMEDY}"
        ) from error


def _kind(error: Exception) -> type[CatalogueError]:
    """Return what an error of a download is about: the disk, the catalogue, or the network."""
    if isinstance(error, (RefusedError, FileNotFoundError, ValueError, ImportError)):
        return CatalogueError
    return CatalogueStorageError if is_storage_fault(error) else CatalogueUnreachableError


def _request(url: str, path: Path, limits: Limits) -> None:
    """Download a catalogue of at most 1 GiB to a path, in at most 15 minutes."""
    if datasets_config.HF_HUB_OFFLINE:
        raise FetchError("HF_HUB_OFFLINE forbids requests; unset it and build again")
    fetch(url, path, replace(limits, max_bytes=1024**3), RetryPolicy(total_timeout=900.0))
