"""Near-duplicates: pairs of posters that show the same picture, so that only one is kept.

Perceptual hashes propose pairs, cheaply and too many. A second look at the pictures decides.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from movie_posters_decade.records import PHASH_REGIONS, Poster, mirror_phash

T = TypeVar("T")

MAX_DISTANCE = 12
"""Hamming distance of two phashes up to which their posters get a second look.

Of the 5.7 million pairs of 3,387 posters of the catalogue, 164 do. So do all of 300 copies that were
trimmed by up to 10 % at each edge, framed by 5 % of their width, mirrored, or have a banner over 15 %
of their height; and of copies trimmed at one side, 97 % of those by 6 % and 75 % of those by 10 %.
"""

_WHOLE, _MIDDLE = 0, len(PHASH_REGIONS) - 1
_COMPARED = [
    *((_WHOLE, region) for region in range(_MIDDLE)),  # a copy that was trimmed
    *((region, _WHOLE) for region in range(1, _MIDDLE)),  # the reverse, or a frame
    (_MIDDLE, _MIDDLE),  # a banner at the top or bottom
]
"""Which region of one poster is compared with which of the other."""

SamePicture = Callable[[Poster, Poster, bool], bool]
"""Decides whether two posters show the same picture, or mirrored, one is the other's mirror image."""


class NearDuplicateIndex(Generic[T]):
    """Items with perceptual hashes, searched for those within a Hamming distance in bits."""

    def __init__(self, distance: int = MAX_DISTANCE) -> None:
        self._distance = distance
        self._items: list[T] = []
        self._phashes = np.empty((len(PHASH_REGIONS), 1024), np.uint64)

    def add(self, item: T, phashes: Sequence[int]) -> None:
        """Add an item, given its phash of each region."""
        if len(self._items) == self._phashes.shape[1]:
            self._phashes = np.concatenate([self._phashes, np.empty_like(self._phashes)], axis=1)
        self._phashes[:, len(self._items)] = phashes
        self._items.append(item)

    def near(self, phashes: Sequence[int]) -> list[tuple[T, bool]]:
        """Return the items near these phashes in the order they were added.

        Each comes with whether only its mirror image is near.
        """
        # Comparing with all in numpy was faster than an index in Python, up to 100,000 items.
        added = self._phashes[:, : len(self._items)]
        is_near = np.zeros(len(self._items), np.bool_)
        for region, other in _COMPARED:
            is_near |= self._within(added[other], phashes[region])
        is_mirrored = self._within(added[_WHOLE], mirror_phash(phashes[_WHOLE])) & ~is_near
        numbers = (is_near | is_mirrored).nonzero()[0].tolist()
        return [(self._items[number], bool(is_mirrored[number])) for number in numbers]

    def _within(self, phashes: NDArray[np.uint64], phash: int) -> NDArray[np.bool_]:
        return np.bitwise_count(phashes ^ np.uint64(phash)) <= self._distance


class NearDuplicates:
    """The near-duplicates among posters, whichever arrives first."""

    def __init__(self, is_same: SamePicture) -> None:
        self._is_same = is_same
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
        near = self._index.near(poster.phashes)
        return [other for other, mirrored in near if self._is_same(poster, other, mirrored)]

    def of(self, poster: Poster) -> list[Poster]:
        """Return the posters that show the same picture as one that was added."""
        return self._of.get(poster.movie.imdb_id, [])
