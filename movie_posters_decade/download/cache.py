"""Download cache of datasets, with a negative cache for links not found and a cache of hashes."""

import copy
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datasets import DownloadManager
from datasets import config as datasets_config
from datasets.utils.file_utils import hash_url_to_filename

from movie_posters_decade.download.json_lines import append_lines, read_lines
from movie_posters_decade.records import Checksum, DownloadResult, ImageCheck, PerceptualHashes

NOT_FOUND_SECONDS = 7 * 24 * 3600
"""How long the negative cache keeps a link that was not found: seven days."""

LIST_LENGTH = 15
"""The longest list for the download manager, which requests the first URL of a longer one."""

_REQUESTED_ANYWAY = (str(datasets_config.HF_ENDPOINT), "https://drive.google.com")
_NOT_FOUND = {"404": 404, "410": 410}
"""The HTTP statuses that the negative cache holds, by the content of an entry."""

_CLOCK_SECONDS = 60
"""How far the clock of a file server may be ahead of this machine's."""

_SHA256 = re.compile("[0-9a-f]{64}")


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

        An entry older than seven days is removed, unless ``any_age`` is set. So is one from the
        future: the clock was put back, and it would count for longer.
        """
        entry = self._negative_entry(url)
        try:
            age = time.time() - entry.stat().st_mtime
            status = entry.read_text()
        except (OSError, UnicodeDecodeError):
            return None
        # A process that was killed can leave an empty entry.
        if status in _NOT_FOUND and (any_age or is_recent(age)):
            return _NOT_FOUND[status]
        with suppress(OSError):
            self.forget_not_found(url)
        return None

    def _negative_entry(self, url: str) -> Path:
        path = self.path(url)
        return path.with_name(f"{path.name}.not_found")


def is_recent(age: float) -> bool:
    """Return whether an entry of the negative cache counts, by its age in seconds."""
    return -_CLOCK_SECONDS < age < NOT_FOUND_SECONDS


class HashCache:
    """Cache of what the check found in usable posters, which are not decoded a second time.

    It is one file beside the downloads, with a JSON object a line: the checksum of a poster, and
    the hashes and the size that its check found. As the key is the checksum of the bytes, a file
    that changes is checked again. Each version of the check has its own file, as hashes differ.
    Several processes may append to one file at once. A line has a checksum of its own, as wrong
    hashes in a damaged one could make a good poster a near-duplicate in each build.
    """

    def __init__(self, folder: Path, version: str) -> None:
        self._path = folder / f"movie_posters_decade.{version}.hashes"
        self.checks = self._read()
        """The checks of usable posters, by SHA-256 in hexadecimal digits."""
        self._saved = len(self.checks)

    def add(self, result: DownloadResult) -> None:
        """Add the check of a download, if it is a usable poster with perceptual hashes and size."""
        check = result.check
        if check is None or check.reason is not None:
            return
        if check.phashes is not None and check.size is not None:
            self.checks.setdefault(check.checksum.sha256, check)

    def save(self) -> None:
        """Append the new checks to the file. An error is ignored: the cache only saves time."""
        append_lines(self._path, map(_to_json, islice(self.checks.values(), self._saved, None)))
        self._saved = len(self.checks)

    def _read(self) -> dict[str, ImageCheck]:
        checks = {}
        for line in read_lines(self._path):
            with suppress(ValueError, TypeError, KeyError, AttributeError):
                check = _from_json(line)
                checks[check.checksum.sha256] = check
        return checks


def _to_json(check: ImageCheck) -> dict[str, Any]:
    """Return the check of a usable poster as a JSON object, without what is None."""
    values = {name: getattr(check, name) for name in ("checksum", "phashes", "stored", "size")}
    return {name: value for name, value in values.items() if value is not None}


def _from_json(line: dict[str, Any]) -> ImageCheck:
    """Return the check that a line holds; any error means that it holds none."""
    stored = line.get("stored")
    return ImageCheck(
        read_checksum(line["checksum"]),
        phashes=read_phashes(line["phashes"]),
        stored=None if stored is None else read_checksum(stored),
        size=_size(line["size"]),
    )


def read_phashes(values: Any) -> PerceptualHashes:
    """Return the perceptual hashes that JSON holds; any error means that it holds none."""
    phashes = PerceptualHashes(*values)
    if not all(isinstance(phash, int) and 0 <= phash < 2**64 for phash in phashes):
        raise ValueError(values)
    return phashes


def read_checksum(values: Any) -> Checksum:
    """Return the checksum that JSON holds; any error means that it holds none."""
    sha256, size = values
    if not _SHA256.fullmatch(sha256) or not isinstance(size, int):
        raise ValueError(values)
    return Checksum(sha256, size)


def _size(values: Any) -> tuple[int, int]:
    width, height = values
    if not all(isinstance(length, int) and length > 0 for length in (width, height)):
        raise ValueError(values)
    return width, height


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


@contextmanager
def temporary_cache() -> Iterator[DownloadCache]:
    """Create a cache that is removed afterwards."""
    with TemporaryDirectory(prefix="movie_posters_decade-") as folder:
        yield DownloadCache(Path(folder))
