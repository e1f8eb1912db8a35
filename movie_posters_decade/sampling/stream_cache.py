"""Cache of a stream: what one iteration learned, so that the next ones send fewer requests."""

import hashlib
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from movie_posters_decade.download.cache import is_recent, read_checksum, read_phashes
from movie_posters_decade.download.json_lines import append_lines, read_lines
from movie_posters_decade.options.options import Options
from movie_posters_decade.records import (
    Checksum,
    Movie,
    PerceptualHashes,
    Rejection,
    RejectReason,
    is_url,
)

LASTING_REASONS = frozenset(
    {
        RejectReason.NOT_FOUND,
        RejectReason.TOO_LARGE,
        RejectReason.INSECURE_REDIRECT,
        RejectReason.OPTED_OUT,
        RejectReason.TRUNCATED,
        RejectReason.UNDECODABLE,
        RejectReason.TOO_MANY_PIXELS,
        RejectReason.TOO_COMPLEX,
        RejectReason.TOO_SMALL,
        RejectReason.GRAYSCALE,
        RejectReason.NEAR_DUPLICATE,
    }
)
"""Reasons that are remembered. They are about the link.

The others cost no request, or can be about this machine at this time: a host that refuses everybody
for an hour, or a hotel's network that answers with its own page, would empty the stream for a week.
"""


class KeptPoster(NamedTuple):
    """A kept poster of a checked split: what posters of the next splits are compared with."""

    link: str
    checksum: Checksum
    phashes: PerceptualHashes
    thumbnail: bytes  # as the comparison of pictures gives it


def is_lasting(rejection: Rejection) -> bool:
    """Return whether another request would most probably end with a rejection too."""
    may_change = any(one.is_transient for one in rejection.tried)
    return rejection.reason in LASTING_REASONS and not may_change


class StreamCache:
    """Cache of the links that a stream rejected, and of the splits that it checked to their end.

    It is one file for each stream, beside the downloads, to which several processes may append.
    An entry counts for seven days, as long as a link that was not found does in the negative cache.
    """

    def __init__(
        self, folder: Path, identity: Sequence[object], now: Callable[[], float] = time.time
    ) -> None:
        """Read the cache.

        Args:
            folder: of the downloads; it need not exist.
            identity: JSON values that tell this stream apart from all whose result can differ.
            now: the clock, in seconds.
        """
        digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
        self._path = folder / f"movie_posters_decade.{digest}.stream"
        self._now = now
        self._rejected: dict[str, tuple[RejectReason, str | None]] = {}  # by link
        self._splits: dict[str, list[KeptPoster]] = {}
        self._new: list[dict[str, Any]] = []
        for line in read_lines(self._path):
            with suppress(ValueError, TypeError, KeyError, AttributeError):
                self._enter(line)

    def rejection(self, movie: Movie) -> Rejection | None:
        """Return the rejection of a movie, if its link was rejected."""
        if movie.poster_url not in self._rejected:
            return None
        reason, duplicate_of = self._rejected[movie.poster_url]
        return Rejection(movie, reason, duplicate_of=duplicate_of)

    def split(self, name: str) -> Sequence[KeptPoster] | None:
        """Return the kept posters of a split in their order, or None if it was not checked."""
        return self._splits.get(name)

    def add_rejection(self, rejection: Rejection) -> None:
        """Add a rejection, if another request would most probably end with it too."""
        link = rejection.movie.poster_url
        if not is_lasting(rejection) or not is_url(link) or link in self._rejected:
            return
        self._rejected[link] = rejection.reason, rejection.duplicate_of
        self._append(rejected=link, reason=rejection.reason, duplicate_of=rejection.duplicate_of)

    def add_split(self, name: str, kept: Sequence[KeptPoster]) -> None:
        """Add the kept posters of a split that was checked to its end, in their order."""
        if self._splits.get(name) != list(kept):
            self._splits[name] = list(kept)
            values = [(*one[:3], b64encode(one.thumbnail).decode()) for one in kept]
            self._append(split=name, kept=values)

    def save(self) -> None:
        """Append what is new to the file. An error is ignored: the cache only saves time."""
        if self._new:
            with suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
            append_lines(self._path, self._new)
            self._new = []

    def _append(self, **values: Any) -> None:
        self._new.append(values | {"time": self._now()})

    def _enter(self, line: dict[str, Any]) -> None:
        """Enter what a line holds; any error means that it holds nothing."""
        if not is_recent(self._now() - line["time"]):
            return
        if "split" in line:
            self._splits[line["split"]] = [_kept_poster(*values) for values in line["kept"]]
        else:
            self._rejected[line["rejected"]] = RejectReason(line["reason"]), line["duplicate_of"]


def open_stream_cache(folder: Path, options: Options, versions: Sequence[str]) -> StreamCache:
    """Open the cache of the streams that have these versions in common, and what is permitted.

    Args:
        folder: of the downloads.
        options: of which those count that give no build of their own, but change what links give.
        versions: of the build, the catalogue and the check.
    """
    permitted = options.allow_private_hosts, options.allow_outside_files, options.user_agent
    return StreamCache(folder, [*versions, *permitted])


def _kept_poster(link: str, checksum: Any, phashes: Any, thumbnail: str) -> KeptPoster:
    pixels = b64decode(thumbnail, validate=True)
    return KeptPoster(link, read_checksum(checksum), read_phashes(phashes), pixels)
