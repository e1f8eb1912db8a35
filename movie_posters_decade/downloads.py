"""URLs become files in the datasets download cache, or there is a reason why not.

The only room with a socket. It knows URLs and bytes, nothing of movies.
"""

import copy
import json
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests
from datasets import DownloadManager
from datasets import config as datasets_config
from datasets.utils.file_utils import hash_url_to_filename
from datasets.utils.tqdm import tqdm

from movie_posters_decade.funnel import Reason

CONNECTIONS = 16
TIMEOUT_SECONDS = (5.0, 10.0)
"""How long to wait for a connection, and for each part of an answer."""

MAX_BYTES = 20 * 1024 * 1024
CHUNK_BYTES = 64 * 1024

# The manager asks for the first URL of a longer list, to learn its size, even if it is cached.
_LONGEST_SILENT_LIST = 15

_REASONS_BY_STATUS = {404: Reason.GONE, 408: Reason.TIMEOUT, 410: Reason.GONE, 504: Reason.TIMEOUT}


@dataclass(frozen=True)
class Fetched:
    """A URL's content, stored.

    Attributes:
        url: as it was asked for.
        path: the file that holds the content.
    """

    url: str
    path: Path


@dataclass(frozen=True)
class Missed:
    """A URL that gave nothing.

    Attributes:
        url: as it was asked for.
        reason: why there is no file.
        status: the HTTP status of the last answer, if there was one.
    """

    url: str
    reason: Reason
    status: int | None = None


def is_url(link: str) -> bool:
    """Say whether a link starts with a scheme, and so is no path; "C:" is a drive."""
    return re.match(r"[a-z][a-z0-9+.-]+:", link, re.IGNORECASE) is not None


class Fetcher:
    """Fetches URLs into one folder, under the names that the datasets download cache uses.

    Args:
        folder: where the files go; made if it is not there.
        proxies: proxy URLs by scheme, before those of the environment.
        max_bytes: the largest content that is accepted.
        refresh: fetch again what the folder already holds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        proxies: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
        refresh: bool = False,
    ) -> None:
        self.folder = folder
        self._proxies = dict(proxies or {})
        self._max_bytes = max_bytes
        self._refresh = refresh
        self._threads = threading.local()

    def fetch(self, urls: Sequence[str], description: str = "Posters") -> list[Fetched | Missed]:
        """Fetch all the URLs at once and return an outcome for each, in their order."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            outcomes = pool.map(self._fetch_one, urls)
            return list(tqdm(outcomes, total=len(urls), desc=description, unit="poster"))

    def _fetch_one(self, url: str) -> Fetched | Missed:
        path = cache_path(url, self.folder)
        if path.exists() and not self._refresh:
            return Fetched(url, path)
        if not url.lower().startswith(("http://", "https://")):
            return Missed(url, Reason.FORBIDDEN_ADDRESS)
        try:
            return self._get(url, path)
        except requests.Timeout:
            reason = Reason.TIMEOUT
        except requests.exceptions.ChunkedEncodingError:
            reason = Reason.TRUNCATED
        except (requests.RequestException, UnicodeError):
            reason = Reason.UNREACHABLE
        return Missed(url, reason)

    def _get(self, url: str, path: Path) -> Fetched | Missed:
        session = self._session()
        with session.get(
            url, stream=True, timeout=TIMEOUT_SECONDS, proxies=self._proxies
        ) as answer:
            if not answer.ok:
                return Missed(url, _reason_of(answer.status_code), answer.status_code)
            if not _store(answer.iter_content(CHUNK_BYTES), url, path, self._max_bytes):
                return Missed(url, Reason.TOO_LARGE, answer.status_code)
        return Fetched(url, path)

    def _session(self) -> requests.Session:
        if not hasattr(self._threads, "session"):
            self._threads.session = requests.Session()
        return self._threads.session  # type: ignore[no-any-return]


@contextmanager
def temporary_fetcher(proxies: Mapping[str, str] | None = None) -> Iterator[Fetcher]:
    """Give a fetcher whose files are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield Fetcher(Path(folder), proxies=proxies)


def cache_path(url: str, folder: Path) -> Path:
    """Return where the datasets download cache in ``folder`` keeps the content of ``url``."""
    return folder / str(hash_url_to_filename(url))


def cache_folder(manager: DownloadManager) -> Path:
    """Return the folder of a download manager's cache."""
    return Path(manager.download_config.cache_dir or datasets_config.DOWNLOADED_DATASETS_PATH)


def hand_out(manager: DownloadManager, urls: Sequence[str]) -> dict[str, Path]:
    """Let the download manager return the paths of URLs that are in its cache.

    It counts and checks them as it does with its own downloads, and sends no request.
    """
    quiet = copy.copy(manager)
    quiet.download_config = manager.download_config.copy()
    quiet.download_config.use_etag = False
    quiet.download_config.force_download = False
    quiet.download_config.num_proc = None
    paths: dict[str, Path] = {}
    for start in range(0, len(urls), _LONGEST_SILENT_LIST):
        some = list(urls[start : start + _LONGEST_SILENT_LIST])
        paths.update(zip(some, map(Path, quiet.download(some)), strict=True))
    return paths


def _reason_of(status: int) -> Reason:
    if status in _REASONS_BY_STATUS:
        return _REASONS_BY_STATUS[status]
    return Reason.SERVER_ERROR if status >= 500 or status == 429 else Reason.REFUSED


def _store(chunks: Iterable[bytes], url: str, path: Path, max_bytes: int) -> bool:
    """Write the content under its final name once it is whole; say if it was small enough."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".incomplete")
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                if file.tell() + len(chunk) > max_bytes:
                    return False
                file.write(chunk)
        path.with_name(path.name + ".json").write_text(json.dumps({"url": url, "etag": None}))
        Path(unfinished).replace(path)
        return True
    finally:
        with suppress(FileNotFoundError):
            Path(unfinished).unlink()
