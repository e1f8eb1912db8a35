"""Download cache of datasets, with a negative cache for links not found and a cache of phashes."""

import copy
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from datasets import DownloadManager
from datasets import config as datasets_config
from datasets.utils.file_utils import hash_url_to_filename

from movie_posters_decade.records import DownloadResult

NOT_FOUND_SECONDS = 7 * 24 * 3600
"""How long the negative cache keeps a link that was not found: seven days."""

LIST_LENGTH = 15
"""The longest list for the download manager, which requests the first URL of a longer one."""

_REQUESTED_ANYWAY = (str(datasets_config.HF_ENDPOINT), "https://drive.google.com")
_PHASH_LINE = re.compile("[0-9a-f]{64} [0-9a-f]{16}")


@dataclass(frozen=True)
class DownloadCache:
    """A folder of downloads, with the file names that `datasets` gives them.

    Several processes may use one folder at once.
    """

    folder: Path

    @classmethod
    def of(cls, manager: DownloadManager) -> "DownloadCache":
        """Return the cache of a download manager."""
        folder = manager.download_config.cache_dir or datasets_config.DOWNLOADED_DATASETS_PATH
        return cls(Path(folder))

    def path(self, url: str) -> Path:
        """Return the path of a URL's content, whether it exists or not."""
        return self.folder / str(hash_url_to_filename(url))

    def remove(self, url: str) -> None:
        """Remove a URL's content, if it is there."""
        self.path(url).unlink(missing_ok=True)

    def remember_not_found(self, url: str, status: int) -> None:
        """Enter a URL into the negative cache, and remove its earlier content."""
        self.remove(url)
        self._negative_entry(url).write_text(str(status))

    def forget_not_found(self, url: str) -> None:
        """Remove a URL from the negative cache."""
        self._negative_entry(url).unlink(missing_ok=True)

    def not_found_status(self, url: str, *, any_age: bool = False) -> int | None:
        """Return the HTTP status of a URL in the negative cache, or None.

        An entry older than seven days is removed, unless ``any_age`` is set.
        """
        entry = self._negative_entry(url)
        try:
            age = time.time() - entry.stat().st_mtime
            status = entry.read_text()
        except (OSError, UnicodeDecodeError):
            return None
        # A process that was killed can leave an empty entry.
        if status.isdigit() and (any_age or age < NOT_FOUND_SECONDS):
            return int(status)
        with suppress(OSError):
            self.forget_not_found(url)
        return None

    def _negative_entry(self, url: str) -> Path:
        path = self.path(url)
        return path.with_name(f"{path.name}.not_found")


class HashCache:
    """Cache of perceptual hashes by checksum: a usable poster is not decoded a second time.

    It is one file beside the downloads. As the key is the checksum of the bytes, a file that
    changes is checked again. Each version of the check has its own file, as phashes differ. Several
    processes may append to one file at once.
    """

    def __init__(self, folder: Path, version: str) -> None:
        self._path = folder / f"movie_posters_decade.{version}.phashes"
        self.phashes = self._read()
        """The perceptual hashes, by SHA-256 in hexadecimal digits."""
        self._saved = len(self.phashes)

    def add(self, result: DownloadResult) -> None:
        """Add the phash of a download, if it is a usable poster."""
        check = result.check
        if check is not None and check.reason is None and check.phash is not None:
            self.phashes.setdefault(check.checksum.sha256, check.phash)

    def save(self) -> None:
        """Append the new phashes to the file. An error is ignored: the cache only saves time."""
        new = islice(self.phashes.items(), self._saved, None)
        lines = "".join(f"{sha256} {phash:016x}\n" for sha256, phash in new)
        self._saved = len(self.phashes)
        if lines:
            with suppress(OSError), self._path.open("ab", buffering=0) as file:
                # A killed process may have left half a line.
                file.write(f"\n{lines}".encode())

    def _read(self) -> dict[str, int]:
        try:
            lines = self._path.read_text(encoding="ascii").split("\n")
        except (OSError, UnicodeDecodeError):
            return {}
        return {line[:64]: int(line[65:], 16) for line in lines if _PHASH_LINE.fullmatch(line)}


def paths_from_manager(manager: DownloadManager, urls: Sequence[str]) -> dict[str, Path]:
    """Pass cached URLs through the download manager, and return the paths that it gives.

    The manager counts and checks them as its own downloads, and sends no request. Links to the Hub
    and to Google Drive are left out: it would request them again.
    """
    urls = [url for url in urls if not url.startswith(_REQUESTED_ANYWAY)]
    cached = copy.copy(manager)
    cached.download_config = manager.download_config.copy()
    cached.download_config.use_etag = False
    cached.download_config.force_download = False
    cached.download_config.num_proc = None
    paths: dict[str, Path] = {}
    for start in range(0, len(urls), LIST_LENGTH):
        some = urls[start : start + LIST_LENGTH]
        paths.update(zip(some, map(Path, cached.download(some)), strict=True))
    return paths
