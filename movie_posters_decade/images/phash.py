"""Perceptual hashes: 64 bits that hardly change with scale, tint or compression of a poster.

Each bit says whether one of the lowest frequencies of the image's lightness is stronger than their
median, after Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from movie_posters_decade.records import PerceptualHashes

Floats = NDArray[np.float64]

REGIONS = (1.0, 0.9, 0.8, 0.64)
"""The central parts of a poster that are hashed: the share of its width and height.

The first is the whole. A trimmed copy looks like one of the next two, and a banner spares the last.
"""

FREQUENCIES = 8
"""How many of the lowest frequencies count, in each direction."""

_MIRROR = np.where(np.arange(FREQUENCIES) % 2, -1.0, 1.0)
"""What a mirror image does to each horizontal frequency: it turns the sign of the odd ones."""


def hash_regions(light: Floats, width: float, height: float) -> PerceptualHashes:
    """Compute the perceptual hashes of a poster.

    Args:
        light: its lightness, of shape (rows, columns), from 0 to 255.
        width: of the poster in it, in pixels; what is beyond does not count.
        height: of the poster in it.
    """
    rows, columns = light.shape
    strengths = _waves(rows, height) @ light @ _waves(columns, width).T
    blocks = strengths.reshape(len(REGIONS), FREQUENCIES, len(REGIONS), FREQUENCIES)
    regions = [blocks[number, :, number] for number in range(len(REGIONS))]
    flat = np.stack([*regions, regions[0] * _MIRROR]).reshape(-1, FREQUENCIES**2)
    # The median of all but the first, which is the mean lightness.
    medians = np.sort(flat[:, 1:], axis=1)[:, FREQUENCIES**2 // 2 - 1, np.newaxis]
    bits = np.packbits(flat > medians, axis=1)
    return PerceptualHashes(*bits.view(">u8").ravel().tolist())


@lru_cache(maxsize=1024)
def _waves(pixels: int, length: float) -> Floats:
    """Return the cosine waves of each region, of shape (regions * frequencies, pixels).

    A wave has in each pixel its integral over what of the pixel is in the region. These are whole
    numbers, large enough for a hash, and small enough for float64 to hold all sums of products
    exactly, so that every processor gets the same hash.
    """
    waves = []
    for share in REGIONS:
        edges = (np.arange(pixels + 1) - length * (1 - share) / 2) / (length * share)
        places = np.pi * edges.clip(0, 1)
        waves.append(np.diff(places)[np.newaxis] / np.pi)
        frequencies = np.arange(1, FREQUENCIES)[:, np.newaxis]
        waves.append(np.diff(np.sin(frequencies * places)) / (np.pi * frequencies))
    return np.rint(2**14 * np.concatenate(waves))
