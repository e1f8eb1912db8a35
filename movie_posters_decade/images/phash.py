"""Perceptual hashes: 64 bits that hardly change with scale, tint or compression of a poster.

Each bit says whether one of the lowest frequencies of the image's lightness is stronger than their
median, after Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010).
"""

import numpy as np
from numpy.typing import NDArray

from movie_posters_decade.records import PerceptualHashes

THUMBNAIL_SIZE = (16, 16)
"""Width and height, in pixels, of the thumbnails that are hashed."""

REGIONS = (1.0, 0.9, 0.8, 0.64)
"""The central parts of a poster that are hashed: the share of its width and height.

The first is the whole. A trimmed copy looks like one of the next two, and a banner spares the last.
"""

_LIGHTNESS = np.array([299.0, 587.0, 114.0])
"""The weights of red, green and blue in lightness, in thousandths: ITU-R BT.601."""

_FREQUENCY, _POINT = np.ogrid[:8, : THUMBNAIL_SIZE[0]]
_DCT = np.rint(2**14 * np.cos(np.pi * _FREQUENCY * (2 * _POINT + 1) / (2 * THUMBNAIL_SIZE[0])))
"""The lowest frequencies of the discrete cosine transform, as whole numbers.

They are large enough for a perceptual hash, and float64 holds each of their sums exactly.
"""

_MIRROR = np.where(np.arange(8) % 2, -1.0, 1.0)
"""What a mirror image does to each horizontal frequency: it turns the sign of the odd ones."""


def hash_regions(pixels: NDArray[np.float64]) -> PerceptualHashes:
    """Compute the perceptual hashes of a poster.

    Args:
        pixels: those of the thumbnail of each region, of shape (4, 256, 3), from 0 to 255.
    """
    light = (pixels @ _LIGHTNESS // 1000).reshape(-1, *THUMBNAIL_SIZE)
    strengths = _DCT @ light @ _DCT.T
    mirrored = strengths[:1] * _MIRROR
    flat = np.concatenate([strengths, mirrored]).reshape(-1, 64)
    # The median of all but the first, which is the mean lightness.
    medians = np.sort(flat[:, 1:], axis=1)[:, 31:32]
    bits = np.packbits(flat > medians, axis=1)
    return PerceptualHashes(*bits.view(">u8").ravel().tolist())
