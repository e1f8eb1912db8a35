"""Cache of what the archive's index said about each link, beside the downloads."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from movie_posters_decade.download import DownloadCache
from movie_posters_decade.download.cache import is_recent
from movie_posters_decade.fallbacks.cdx import MAX_CAPTURES, Capture
from movie_posters_decade.io import read_regular_file, write_atomically

MAX_BYTES = 64 * 1024
"""The largest entry that is read; one has some 200 bytes."""


@dataclass(frozen=True)
class CaptureCache:
    """A file for each link, with its captures. Several processes may use one folder at once.

    Captures are kept for good, as they do not change. That there are none counts for as long as
    the download cache keeps a link that was not found.
    """

    downloads: DownloadCache

    def read(self, link: str, *, any_age: bool = False) -> tuple[Capture, ...] | None:
        """Return the captures of a link, or None if they are not known.

        Args:
            link: of the catalogue.
            any_age: whether "none" counts however old it is.
        """
        path = self._path(link)
        try:
            age = time.time() - path.stat().st_mtime
            captures = _from_json(read_regular_file(path, MAX_BYTES))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None  # there is none, or a damaged one
        return captures if captures or any_age or is_recent(age) else None

    def write(self, link: str, captures: tuple[Capture, ...]) -> None:
        """Enter the captures of a link.

        Raises:
            OSError: the entry cannot be written.
        """
        self.downloads.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path(link), json.dumps({"captures": captures}).encode())

    def _path(self, link: str) -> Path:
        path = self.downloads.path(link)
        return path.with_name(f"{path.name}.wayback")


def _from_json(content: bytes) -> tuple[Capture, ...]:
    captures = [Capture.checked(*values) for values in json.loads(content)["captures"]]
    return tuple(captures[:MAX_CAPTURES])
