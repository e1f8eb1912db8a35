"""Similarity: whether two posters show the same picture, also trimmed, framed or mirrored.

This is the second look at near-duplicates, for the few pairs that perceptual hashes propose.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from movie_posters_decade.images.decode import open_image, reduce_image
from movie_posters_decade.records import Poster

Floats = NDArray[np.float32]

MIN_SIMILARITY = 0.83
"""The correlation from which on two posters count as the same picture.

Of the 172 pairs that perceptual hashes propose among 3,387 posters of the catalogue, none is the
same picture. One has 0.78: two covers of one series of discs, with other titles in the same places.
All others are below 0.5. All copies of 200 posters reach this value, saved as JPEG again, if they
are trimmed by up to 10 % at each edge, framed by 5 % of their width, mirrored, or have a banner
over 15 % of their height. The lowest has 0.84.
"""

SIZE = 48
"""Width and height, in pixels, of the thumbnails that are compared."""

_CENTER = 34
"""Width and height of the centre that is looked for. Banners and frames lie outside."""

_SHIFT = 3
"""How many pixels the centre may be off the middle."""

_SCALES = ((1.0, 0.91, 0.82), (0.97, 0.94, 0.88, 0.85, 0.79))
"""The scales at which it is looked for: a trimmed copy shows its part of the picture larger."""

_PROMISING = 0.55
"""The correlation at the first scales below which the others are not tried.

It is between that of the copies, at least 0.67, and that of the strangers, at most 0.46 but for the
two covers.
"""

_RADIUS = 4
"""Local contrast is that within so many pixels around."""

_NOISE = 400.0
"""The variance of lightness, of 65,025 at most, below which contrast stays below the usual."""


def similarity(one: Floats, other: Floats, *, mirrored: bool = False) -> float:
    """Return how well the centre of one thumbnail is found in the other, from -1 to 1.

    This is template matching by normalized cross-correlation, at several scales and in both
    directions, on thumbnails of equal local contrast. So neither tint nor brightness matters.
    From `MIN_SIMILARITY` on, the search may end before the best place.

    Args:
        one: a thumbnail as `equalize_contrast` returns it, of shape (48, 48).
        other: another one.
        mirrored: whether to compare with the mirror image of the other.
    """
    if mirrored:
        other = other[:, ::-1]
    best = -1.0
    for scales in _SCALES:
        for scale in scales:
            best = max(best, _find_center(one, other, scale), _find_center(other, one, scale))
        if not _PROMISING <= best < MIN_SIMILARITY:
            break
    return best


class PictureComparison:
    """Compares the pictures of posters, each of which is decoded once, when it is first needed."""

    def __init__(self) -> None:
        self._thumbnails: dict[str, NDArray[np.uint8]] = {}

    def remember(self, poster: Poster) -> None:
        """Decode a poster now, as its file may be gone later."""
        self._thumbnail(poster)

    def thumbnail(self, poster: Poster) -> bytes:
        """Return the lightness of a poster's 48 by 48 pixels, row by row, one byte each."""
        return self._thumbnail(poster).tobytes()

    def restore(self, poster: Poster, thumbnail: bytes) -> None:
        """Take a thumbnail for that of a poster whose file is gone."""
        pixels = np.frombuffer(thumbnail, np.uint8).reshape(SIZE, SIZE)
        self._thumbnails[poster.checksum.sha256] = pixels

    def is_same(self, one: Poster, other: Poster, *, mirrored: bool) -> bool:
        """Return whether two posters show the same picture, or mirror images of one."""
        if one.checksum == other.checksum:
            return True
        pictures = (equalize_contrast(self._thumbnail(poster)) for poster in (one, other))
        return similarity(*pictures, mirrored=mirrored) >= MIN_SIMILARITY

    def _thumbnail(self, poster: Poster) -> NDArray[np.uint8]:
        key = poster.checksum.sha256
        if key not in self._thumbnails:
            self._thumbnails[key] = read_lightness(poster.path.read_bytes())
        return self._thumbnails[key]


def read_lightness(content: bytes) -> NDArray[np.uint8]:
    """Return the lightness of a usable poster as a thumbnail of shape (48, 48), from 0 to 255."""
    with open_image(content) as image:
        reduced = reduce_image(image, (SIZE, SIZE))
    return np.asarray(reduced.lightness().thumbnail((SIZE, SIZE)))


def equalize_contrast(lightness: NDArray[np.uint8]) -> Floats:
    """Return a thumbnail of the same local contrast everywhere, of shape (48, 48)."""
    light = lightness.astype(np.float32)
    mean = _local_mean(light)
    variance = np.maximum(_local_mean(light**2) - mean**2, 0)
    return np.asarray((light - mean) / np.sqrt(variance + _NOISE), np.float32)


def _find_center(center_of: Floats, picture: Floats, scale: float) -> float:
    """Return the highest correlation of one thumbnail's centre with a part of the other."""
    edge = (SIZE - _CENTER) // 2
    center = Image.fromarray(center_of[edge : edge + _CENTER, edge : edge + _CENTER])
    size = round(scale * _CENTER)
    template = np.asarray(center.resize((size, size), Image.Resampling.BILINEAR)).ravel()
    template = template - template.mean()
    first = max(0, (SIZE - size) // 2 - _SHIFT)
    last = min(SIZE, first + size + 2 * _SHIFT)
    parts = sliding_window_view(picture[first:last, first:last], (size, size))
    parts = parts.reshape(-1, template.size)
    variances = np.einsum("ij,ij->i", parts, parts) - template.size * parts.mean(axis=1) ** 2
    lengths = np.sqrt(np.maximum(variances, 1e-6)) * max(float(np.linalg.norm(template)), 1e-6)
    return float((parts @ template / lengths).max())


def _local_mean(pixels: Floats) -> Floats:
    """Return the mean around each pixel; beyond the edges the picture is mirrored."""
    width = 2 * _RADIUS + 1
    padded = np.pad(pixels, _RADIUS, mode="symmetric")
    rows = sliding_window_view(padded, width, axis=0).mean(axis=-1)
    return np.asarray(sliding_window_view(rows, width, axis=1).mean(axis=-1), np.float32)
