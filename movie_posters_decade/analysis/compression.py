"""Compression traces: what the compression of a JPEG leaves in the decoded pixels.

A JPEG stores the cosine coefficients of blocks of 8 by 8 pixels as multiples of its quantization
steps. After decoding, the coefficients still gather at these multiples. Saving the same pixels
again, in any format, keeps that; another size moves the pixels off the blocks.
"""

import numpy as np
from numpy.typing import NDArray

BLOCK = 8
"""The side of a JPEG's blocks in pixels."""

MAGNITUDES = 16
"""How many absolute values of a coefficient are distinguished: 0 to 14, and all from 15."""

MAX_SIDE = 512
"""Pixels beyond this row or column are left out. Large posters have blocks enough before it."""


def compression_traces(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Measure the traces in the luminance of a poster, of shape (height, width), 0 to 255.

    Returns:
        For each of the 64 frequencies the share of blocks whose rounded coefficient has each
        absolute value, of shape (64 x 16,); each 16 values have the sum 1. All are 0 for a poster
        that is too small for one block.
    """
    rows, columns = (min(side, MAX_SIDE) // BLOCK for side in gray.shape)
    if rows * columns == 0:
        return np.zeros(BLOCK**2 * MAGNITUDES, dtype=np.float32)
    pixels = gray[: rows * BLOCK, : columns * BLOCK].astype(np.float32) - np.float32(128)
    blocks = pixels.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2).reshape(-1, BLOCK, BLOCK)
    coefficients = _COSINES @ blocks @ _COSINES.T
    magnitudes = np.minimum(np.abs(np.rint(coefficients)), MAGNITUDES - 1).astype(np.int64)
    bins = magnitudes.reshape(-1, BLOCK**2) + MAGNITUDES * np.arange(BLOCK**2)
    counts = np.bincount(bins.ravel(), minlength=BLOCK**2 * MAGNITUDES)
    return (counts / len(blocks)).astype(np.float32)


def _cosines() -> NDArray[np.float32]:
    """Return the orthonormal basis of the cosine transform, of shape (frequencies, pixels)."""
    places = np.arange(BLOCK)
    basis = np.cos(np.pi * np.outer(places, 2 * places + 1) / (2 * BLOCK))
    basis *= np.sqrt(2 / BLOCK)
    basis[0] /= np.sqrt(2)
    return basis.astype(np.float32)


_COSINES = _cosines()
