"""What usable posters look like is remembered from one build to the next."""

import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

from movie_posters_decade.images.checks import inspector
from movie_posters_decade.records import Fetched, Outcome

_LINE = re.compile("[0-9a-f]{64} [0-9a-f]{16}")


class HashCache:
    """The phashes of posters that were found usable, in a file beside the downloads.

    Posters are known by the hash of their bytes, so that no file that changes is taken for what it
    was; and each version of the inspection has a file of its own. Several processes may use one at
    once.

    Args:
        folder: of the downloads.
        color: as `inspect_poster` takes it, or None if nothing is to be remembered.
    """

    def __init__(self, folder: Path, color: str | None) -> None:
        self._path = folder / f"movie_posters_decade.{color}.{inspector()}.looks"
        self._known = self._read()
        self._saved = len(self._known)

    @property
    def known(self) -> Mapping[str, int]:
        """The phashes by hash."""
        return self._known

    def learn(self, outcome: Outcome) -> None:
        """Take in what became of a poster."""
        if isinstance(outcome, Fetched) and outcome.phash is not None:
            self._known.setdefault(outcome.content.sha256, outcome.phash)

    def save(self) -> None:
        """Write down what was learnt, if that can be: it does nothing but save time."""
        new = islice(self._known.items(), self._saved, None)
        lines = "".join(f"{sha256} {look:016x}\n" for sha256, look in new)
        self._saved = len(self._known)
        if lines:
            with suppress(OSError), self._path.open("ab", buffering=0) as file:
                # One that was killed may have left half a line.
                file.write(f"\n{lines}".encode())

    def _read(self) -> dict[str, int]:
        try:
            lines = self._path.read_text(encoding="ascii").split("\n")
        except (OSError, UnicodeDecodeError):
            return {}
        return {line[:64]: int(line[65:], 16) for line in lines if _LINE.fullmatch(line)}
