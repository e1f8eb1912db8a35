"""Near-duplicates: pairs of posters that show the same picture, so that only one is kept.

Perceptual hashes propose pairs, cheaply and too many. A second look at the pictures decides.
"""

from collections import defaultdict
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from movie_posters_decade.records import PerceptualHashes, Poster

T = TypeVar("T")

MAX_DISTANCE = 12
"""Hamming distance of two phashes up to which their posters get a second look.

Of the 5.7 million pairs of 3,387 posters of the catalogue, 172 do. So do the copies of 300 posters
that were trimmed by up to 10 % at each edge, framed by 5 % of their width, mirrored, or have a
banner over 15 % of their height; and of copies trimmed at random sides, 96 % of those trimmed by
6 % in all and 71 % of those by 10 %.
"""

_COMPARED = [
    ("whole", "whole"),
    ("whole", "center_90"),  # a copy that was trimmed
    ("whole", "center_80"),
    ("center_90", "whole"),  # the reverse, or a frame
    ("center_80", "whole"),
    ("center_64", "center_64"),  # a banner at the top or bottom
]
"""Which phash of one poster is compared with which of the other."""

PLACEHOLDER_LINKS = 4
"""How many links give pictures that look alike if these stand for a missing poster.

In a sample of 3,350 posters of the catalogue, each with its own link, no two look alike. Two or
three can be parts of a series that share a poster.
"""


class SamePicture(Protocol):
    """The second look at a pair, in which the pictures themselves are compared."""

    def remember(self, poster: Poster) -> None:
        """Look at a poster now, as its file may be gone later."""

    def is_same(self, one: Poster, other: Poster, *, mirrored: bool) -> bool:
        """Return whether two posters show the same picture, or mirror images of one."""


class NearDuplicateIndex(Generic[T]):
    """Items with perceptual hashes, searched for those within a Hamming distance in bits."""

    def __init__(self, distance: int = MAX_DISTANCE) -> None:
        self._distance = distance
        self._items: list[T] = []
        self._phashes = np.empty((len(PerceptualHashes._fields), 1024), np.uint64)

    def add(self, item: T, phashes: PerceptualHashes) -> None:
        """Add an item."""
        if len(self._items) == self._phashes.shape[1]:
            self._phashes = np.concatenate([self._phashes, np.empty_like(self._phashes)], axis=1)
        self._phashes[:, len(self._items)] = phashes
        self._items.append(item)

    def near(self, phashes: PerceptualHashes) -> list[tuple[T, bool]]:
        """Return the items near these phashes in the order they were added.

        Each comes with whether only its mirror image is near.
        """
        # Comparing with all in numpy was faster than an index in Python, up to 100,000 items.
        is_near = np.zeros(len(self._items), np.bool_)
        for name, other in _COMPARED:
            is_near |= self._within(getattr(phashes, name), other)
        is_mirrored = self._within(phashes.mirrored, "whole") & ~is_near
        numbers = (is_near | is_mirrored).nonzero()[0].tolist()
        return [(self._items[number], bool(is_mirrored[number])) for number in numbers]

    def _within(self, phash: int, name: str) -> NDArray[np.bool_]:
        """Return whether each item's phash of a name is within the distance of one."""
        row = PerceptualHashes._fields.index(name)
        differing = self._phashes[row, : len(self._items)] ^ np.uint64(phash)
        return np.asarray(np.bitwise_count(differing) <= self._distance)


class NearDuplicates:
    """The near-duplicates among posters, whichever arrives first.

    Posters with the same bytes count as one picture, and pictures that look alike form groups. Once
    a group has `PLACEHOLDER_LINKS` posters, new ones are compared with one of its pictures alone: a
    host can give thousands of links the same picture.
    """

    def __init__(self, pictures: SamePicture) -> None:
        self._pictures = pictures
        self._index: NearDuplicateIndex[str] = NearDuplicateIndex()
        self._posters: defaultdict[str, list[Poster]] = defaultdict(list)  # by SHA-256
        self._alike: defaultdict[str, list[str]] = defaultdict(list)
        self._group: dict[str, list[str]] = {}  # the pictures of each picture's group

    def add(self, poster: Poster) -> None:
        """Add a poster. One without phashes has no near-duplicates."""
        if poster.phashes is None:
            return
        picture = poster.checksum.sha256
        if picture not in self._group:
            self._group[picture] = [picture]
            for other in self._find(poster, poster.phashes):
                self._alike[picture].append(other)
                self._alike[other].append(picture)
                self._join(picture, other)
            self._index.add(picture, poster.phashes)
        self._posters[picture].append(poster)

    def find(self, poster: Poster) -> list[Poster]:
        """Return the posters added so far that show the same picture as a new one."""
        if poster.phashes is None:
            return []
        picture = poster.checksum.sha256
        known = picture in self._group
        pictures = [picture, *self._alike[picture]] if known else self._find(poster, poster.phashes)
        return [other for one in pictures for other in self._posters[one]]

    def of(self, poster: Poster) -> list[Poster]:
        """Return the posters that show the same picture as one that was added."""
        return [other for other in self.find(poster) if other is not poster]

    def is_placeholder(self, poster: Poster) -> bool:
        """Return whether so many posters look like one that was added that it stands for none."""
        group = self._group.get(poster.checksum.sha256, ())
        return sum(len(self._posters[picture]) for picture in group) >= PLACEHOLDER_LINKS

    def _find(self, poster: Poster, phashes: PerceptualHashes) -> list[str]:
        """Return the pictures that look like a new poster."""
        found, placeholders = [], set()
        for picture, mirrored in self._index.near(phashes):
            other, group = self._posters[picture][0], self._group[picture]
            if id(group) in placeholders:
                continue
            if self.is_placeholder(other):
                placeholders.add(id(group))
            if self._pictures.is_same(poster, other, mirrored=mirrored):
                found.append(picture)
        return found

    def _join(self, one: str, other: str) -> None:
        """Make one group of the groups of two pictures."""
        group, others = self._group[one], self._group[other]
        if group is not others:
            group += others
            for picture in others:
                self._group[picture] = group
