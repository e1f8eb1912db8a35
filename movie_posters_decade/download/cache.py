"""The datasets download cache: posters under its own file names, and a memory of what is gone."""

import copy
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from datasets import DownloadManager
from datasets import config as datasets_config
from datasets.utils.file_utils import hash_url_to_filename

T = TypeVar("T")

GONE_FOR_SECONDS = 7 * 24 * 3600
"""How long a link that was gone is not asked for again: seven days."""

_ASKED_FOR_ANYWAY = (str(datasets_config.HF_ENDPOINT), "https://drive.google.com")

_GONE = ".gone"

# The manager asks for the first URL of a longer list, to learn its size, even if it is cached.
_LONGEST_SILENT_LIST = 15

# It takes the lists in a list one by one only if one of them is longer than the list they are in.
# A quarter of the time is saved so that as many calls would take.
_MOST_LISTS = _LONGEST_SILENT_LIST - 1


class DownloadCache:
    """A folder of downloads, as `datasets` keeps it.

    Several processes may use one folder at once.

    Args:
        folder: where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, manager: DownloadManager) -> "DownloadCache":
        """Return the cache of a download manager."""
        folder = manager.download_config.cache_dir or datasets_config.DOWNLOADED_DATASETS_PATH
        return cls(Path(folder))

    def path(self, url: str) -> Path:
        """Return where the content of a URL is, or would be."""
        return Path(self.name(url))

    def name(self, url: str) -> str:
        """Return the same as a text, which takes less time."""
        return f"{self.folder}{os.sep}{hash_url_to_filename(url)}"

    def has(self, url: str) -> bool:
        """Say whether a URL's content is there."""
        return os.path.exists(self.name(url))

    def make(self) -> None:
        """Make the folder, if it is not there."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def forget(self, url: str) -> None:
        """Remove a URL's content, as it is not what it should be."""
        self.path(url).unlink(missing_ok=True)

    def forget_gone(self, url: str) -> None:
        """Forget that a URL was gone."""
        with suppress(FileNotFoundError):
            os.unlink(self._memory(url))

    def remember_gone(self, url: str, status: int) -> None:
        """Remember that a URL was answered with 404 or 410, and forget what it was before."""
        self.forget(url)
        Path(self._memory(url)).write_text(str(status))

    def gone(self, url: str, *, at_any_time: bool = False) -> int | None:
        """Return the status that says a URL is gone; after seven days that is forgotten.

        Args:
            url: the URL.
            at_any_time: whether an older answer will do, and is kept.
        """
        memory = self._memory(url)
        try:
            age = time.time() - os.stat(memory).st_mtime
            status = Path(memory).read_text()
        except (OSError, UnicodeDecodeError):
            return None
        # A process that was killed can leave the memory empty.
        if status.isdigit() and (at_any_time or age < GONE_FOR_SECONDS):
            return int(status)
        with suppress(OSError):
            self.forget_gone(url)
        return None

    def _memory(self, url: str) -> str:
        return f"{self.name(url)}{_GONE}"


def hand_out(manager: DownloadManager, urls: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Let the download manager hand out URLs that are in its cache, and yield each with its path.

    It counts and checks them as it does with its own downloads, and sends no request: each as it
    is taken. Links to the Hub and to Google Drive are passed over: it would ask for them again, in
    its own way.
    """
    urls = [url for url in urls if not url.startswith(_ASKED_FOR_ANYWAY)]
    quiet = copy.copy(manager)
    quiet.download_config = manager.download_config.copy()
    quiet.download_config.use_etag = False
    quiet.download_config.force_download = False
    quiet.download_config.num_proc = None
    # It would remember the paths, to spare them when it removes what was extracted: nothing was.
    quiet.downloaded_paths = {}
    lists = _cut(urls, _LONGEST_SILENT_LIST)
    for some in _cut(lists, _MOST_LISTS):
        quiet.downloaded_paths.clear()
        with _no_search_for_a_client():
            handed_out = quiet.download(some) if len(some) > 1 else [quiet.download(some[0])]
        for asked, given in zip(some, handed_out, strict=True):
            yield from zip(asked, given, strict=True)


@contextmanager
def _no_search_for_a_client() -> Iterator[None]:
    """Let fsspec's own HTTP client be known not to be there, for a while, where it is not.

    The manager asks fsspec of each URL whether it is a path on this machine. For that fsspec loads
    its client, and where aiohttp is missing tries to for each URL again, which takes longer than
    all the rest.
    """
    if find_spec("aiohttp") is not None:
        yield
        return
    client = "fsspec.implementations.http"
    sys.modules[client] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.modules.pop(client, None)


def _cut(things: Sequence[T], length: int) -> list[Sequence[T]]:
    return [things[start : start + length] for start in range(0, len(things), length)]
