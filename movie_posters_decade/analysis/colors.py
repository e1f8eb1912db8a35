"""Color features: which colors a poster has, and where."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HISTOGRAM_STEPS = 4
"""The number of steps of red, green and blue in a histogram."""

HUES, SATURATIONS, VALUES = 16, 4, 4
"""The number of steps of hue, saturation and value in a histogram."""

SIZE = (96, 144)
"""Width and height in pixels at which hue, saturation and value are measured."""

CELL = 24
"""The side of a cell in pixels; both sides of `SIZE` are multiples of it."""


def color_histogram(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the share of each color, of shape (64,), of pixels in RGB, 0 to 255."""
    steps = pixels.reshape(-1, 3).astype(np.int64) * HISTOGRAM_STEPS // 256
    return _shares(steps, (HISTOGRAM_STEPS, HISTOGRAM_STEPS, HISTOGRAM_STEPS))


def color_layout(poster: Image.Image) -> NDArray[np.float32]:
    """Measure the hue, saturation and value of a poster.

    Returns:
        The share of each color, and the means and the standard deviations in each of 6 by 4 cells:
        of shape (16 x 4 x 4 + 2 x 6 x 4 x 3,), from 0 to 1.
    """
    small = np.asarray(poster.resize(SIZE, Image.Resampling.BOX).convert("HSV"))
    counts = (HUES, SATURATIONS, VALUES)
    steps = small.reshape(-1, 3).astype(np.int64) * counts // 256
    cells = small.reshape(SIZE[1] // CELL, CELL, SIZE[0] // CELL, CELL, 3) / np.float32(255)
    parts = (_shares(steps, counts), cells.mean(axis=(1, 3)), cells.std(axis=(1, 3)))
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32)


def _shares(steps: NDArray[np.int64], counts: tuple[int, int, int]) -> NDArray[np.float32]:
    """Return the share of each combination of steps, which have the shape (pixels, 3)."""
    _, second, third = counts
    bins = steps @ [second * third, third, 1]
    shares = np.bincount(bins, minlength=int(np.prod(counts))) / len(bins)
    return shares.astype(np.float32)
