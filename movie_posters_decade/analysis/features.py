"""Features of one poster's pixels and file, for baselines and charts."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from movie_posters_decade.analysis.colors import color_histogram, color_layout
from movie_posters_decade.analysis.gradients import gradient_histograms
from movie_posters_decade.images import colorfulness, decode_poster

THUMBNAIL_SIZE = (12, 18)
"""Width and height of a thumbnail in pixels."""


@dataclass(frozen=True)
class PosterFeatures:
    """The features of one poster.

    Attributes:
        width, height: in pixels.
        size: of the file, in bytes.
        colorfulness: the value that the check for grayscale uses, from 0.
        histogram: the share of each color, of shape (64,), with the sum 1.
        thumbnail: the pixels at 12 by 18, of shape (648,), from 0 to 1.
        layout: what `color_layout` returns, of shape (400,).
        gradients: what `gradient_histograms` returns, of shape (969,).
    """

    width: int
    height: int
    size: int
    colorfulness: float
    histogram: NDArray[np.float32] = field(repr=False)
    thumbnail: NDArray[np.float32] = field(repr=False)
    layout: NDArray[np.float32] = field(repr=False)
    gradients: NDArray[np.float32] = field(repr=False)


def measure_poster(content: bytes) -> PosterFeatures:
    """Measure the features of a usable poster, given its bytes."""
    poster = decode_poster(content)
    small = poster.resize(THUMBNAIL_SIZE, Image.Resampling.BOX)
    return PosterFeatures(
        width=poster.width,
        height=poster.height,
        size=len(content),
        colorfulness=colorfulness(poster),
        histogram=color_histogram(np.asarray(poster)),
        thumbnail=np.asarray(small, dtype=np.float32).ravel() / np.float32(255),
        layout=color_layout(poster),
        gradients=gradient_histograms(poster),
    )
