"""Alternatives: what a fallback says about a link of the catalogue."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol


class Alternative(NamedTuple):
    """Another address of a poster."""

    address: str  # the URL to request
    source: str  # "wayback", or the name of a table
    sha1: str = ""  # the SHA-1 digest that its bytes must have, in base32; empty if any will do
    licence: str = ""  # as the source states it


class Answer(NamedTuple):
    """What a fallback says about one link."""

    link: str  # of the catalogue
    alternatives: tuple[Alternative, ...] = ()  # in the order in which they are tried
    failure: str = ""  # why the fallback gave no answer; empty if it answered


class Fallback(Protocol):
    """A source of other addresses."""

    @property
    def name(self) -> str:
        """What the source is called in the dataset."""

    def find(self, links: Sequence[str]) -> Iterator[Answer]:
        """Yield an answer for each link, in their order."""
