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
    """The near-duplicates among posters, whichever arrives first."""

    def __init__(self, pictures: SamePicture) -> None:
        self._pictures = pictures
        self._index: NearDuplicateIndex[Poster] = NearDuplicateIndex()
        self._of: defaultdict[str, list[Poster]] = defaultdict(list)

    def add(self, poster: Poster) -> None:
        """Add a poster. One without phashes has no near-duplicates."""
        for other in self.find(poster):
            self._of[poster.movie.imdb_id].append(other)
            self._of[other.movie.imdb_id].append(poster)
        if poster.phashes is not None:
            self._index.add(poster, poster.phashes)

    def find(self, poster: Poster) -> list[Poster]:
        """Return the posters added so far that show the same picture as one."""
        if poster.phashes is None:
            return []
        return [
            other
            for other, mirrored in self._index.near(poster.phashes)
            if self._pictures.is_same(poster, other, mirrored=mirrored)
        ]

    def of(self, poster: Poster) -> list[Poster]:
        """Return the posters that show the same picture as one that was added."""
        return self._of.get(poster.movie.imdb_id, [])
