"""Gradient histograms: which edges a poster has, and where.

They follow the histograms of oriented gradients of N. Dalal and B. Triggs (CVPR 2005), without
their overlapping blocks: each cell is normalized by itself.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = (96, 144)
"""Width and height in pixels at which edges are measured: no smaller than lettering needs."""

CELL = 12
"""The side of a cell in pixels; both sides of `SIZE` are multiples of it."""

ORIENTATIONS = 9
"""The number of steps of an edge's direction, over half a turn."""

_FAINT = 0.3
"""Keeps cells without edges from being scaled up to noise; gradients are of values 0 to 1."""


def gradient_histograms(poster: Image.Image) -> NDArray[np.float32]:
    """Measure the gradients of a poster's luminance.

    Returns:
        The normalized histogram of each of the 12 by 8 cells, the sum of each cell's gradients, and
        the histogram of the whole poster: of shape (12 x 8 x 9 + 12 x 8 + 9,), from 0.
    """
    gray = poster.convert("L").resize(SIZE, Image.Resampling.BOX)
    # The root makes edges in the dark count more, as the eye does.
    light = np.sqrt(np.asarray(gray, dtype=np.float32) / np.float32(255))
    down, right = np.gradient(light)
    turn = np.mod(np.arctan2(down, right) / np.pi, 1)
    steps = np.minimum((turn * ORIENTATIONS).astype(np.int64), ORIENTATIONS - 1)
    rows, columns = SIZE[1] // CELL, SIZE[0] // CELL
    cells = np.add.outer(np.arange(SIZE[1]) // CELL * columns, np.arange(SIZE[0]) // CELL)
    bins = (cells * ORIENTATIONS + steps).ravel()
    sums = np.bincount(bins, np.hypot(down, right).ravel(), rows * columns * ORIENTATIONS)
    histograms = sums.reshape(-1, ORIENTATIONS)
    normalized = histograms / (np.linalg.norm(histograms, axis=1, keepdims=True) + _FAINT)
    parts = (normalized.ravel(), histograms.sum(axis=1), histograms.sum(axis=0))
    return np.concatenate(parts).astype(np.float32)
