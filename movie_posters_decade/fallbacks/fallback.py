"""Fallback: a source of other addresses of a poster whose link is dead."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from movie_posters_decade.records import Origin


class Answer(NamedTuple):
    """What a fallback says about one link."""

    link: str  # of the catalogue
    alternatives: tuple[Origin, ...] = ()  # in the order in which they are tried
    failure: str = ""  # why the fallback gave no answer; empty if it answered


class Fallback(Protocol):
    """A source of other addresses."""

    @property
    def name(self) -> str:
        """What the source is called in the dataset."""

    def find(self, links: Sequence[str]) -> Iterator[Answer]:
        """Yield an answer for each link, in their order."""
