"""What usable posters look like is remembered from one build to the next."""

from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

from movie_posters_decade.inspection import inspector
from movie_posters_decade.outcomes import Fetched, Outcome
from movie_posters_decade.storing import write_whole

_LINE_LENGTH = 64 + 1 + 16


class Looks:
    """The fingerprints of posters that were found usable, in a file beside the downloads.

    Posters are known by the hash of their bytes, so that no file that changes is taken for what it
    was; and what another version of the inspection found is forgotten. Several processes may use
    one file at once.

    Args:
        folder: of the downloads.
        color: as `inspect_poster` takes it, or None if nothing is to be remembered.
    """

    def __init__(self, folder: Path, color: str | None) -> None:
        self._path = folder / f"movie_posters_decade.{color}.looks"
        found = self._read()
        self._is_ours = found is not None
        self._known = found or {}
        self._saved = len(self._known)

    @property
    def known(self) -> Mapping[str, int]:
        """The fingerprints by hash."""
        return self._known

    def learn(self, outcome: Outcome) -> None:
        """Take in what became of a poster."""
        if isinstance(outcome, Fetched) and outcome.fingerprint is not None:
            self._known.setdefault(outcome.content.sha256, outcome.fingerprint)

    def save(self) -> None:
        """Write down what was learnt, if that can be: it does nothing but save time."""
        new = islice(self._known.items(), self._saved, None)
        lines = "".join(f"{sha256} {look:016x}\n" for sha256, look in new)
        self._saved = len(self._known)
        with suppress(OSError):
            if lines and self._is_ours:
                with self._path.open("ab", buffering=0) as file:
                    # One that was killed may have left half a line.
                    file.write(f"\n{lines}".encode())
            elif lines:
                write_whole(str(self._path), f"{inspector()}\n{lines}".encode())
                self._is_ours = True

    def _read(self) -> dict[str, int] | None:
        """Return what was remembered; None if nothing was, or by another inspection."""
        try:
            head, *lines = self._path.read_text(encoding="ascii").split("\n")
            if head != inspector():
                return None
            whole = (line for line in lines if len(line) == _LINE_LENGTH)
            return {line[:64]: int(line[65:], 16) for line in whole}
        except (OSError, ValueError):
            return None
