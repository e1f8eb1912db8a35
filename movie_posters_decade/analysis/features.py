"""Features of one poster: of its pixels, its file and its link."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from movie_posters_decade.images import colorfulness, decode_poster

THUMBNAIL_SIZE = (12, 18)
"""Width and height of a thumbnail in pixels."""

HISTOGRAM_STEPS = 4
"""The number of steps of each color channel in a histogram."""

ShortcutFeature = Mapping[str, float | str]

_SUBSAMPLINGS = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}
# Matches "..._V1_UX182_CR0,0,182,268_AL_.jpg" of IMDb: scaled to a width of 182, then cropped. A
# link may hold an earlier crop too, so the last one counts.
_CROP = re.compile(r"_(U[XY][0-9]+)_CR([0-9]+),([0-9]+),")


@dataclass(frozen=True)
class PosterFeatures:
    """The features of one poster.

    Attributes:
        width, height: in pixels.
        size: of the file, in bytes.
        colorfulness: the value that the check for grayscale uses, from 0.
        histogram: the share of each color, of shape (64,), with the sum 1.
        thumbnail: the pixels at 12 by 18, of shape (648,), from 0 to 1.
        shortcuts: features that have nothing to do with the poster's style, by name.
    """

    width: int
    height: int
    size: int
    colorfulness: float
    histogram: NDArray[np.float32]
    thumbnail: NDArray[np.float32]
    shortcuts: Mapping[str, ShortcutFeature]


def measure_poster(content: bytes, link: str) -> PosterFeatures:
    """Measure the features of a usable poster, given its bytes and its link in the catalogue."""
    poster = decode_poster(content)
    pixels = np.asarray(poster)
    small = poster.resize(THUMBNAIL_SIZE, Image.Resampling.BOX)
    return PosterFeatures(
        width=poster.width,
        height=poster.height,
        size=len(content),
        colorfulness=colorfulness(poster),
        histogram=_histogram(pixels),
        thumbnail=np.asarray(small, dtype=np.float32).ravel() / np.float32(255),
        shortcuts={
            "file size": {"bytes": len(content)},
            "dimensions": {"width": poster.width, "height": poster.height},
            **_encoding(content),
            "crop code": _crop_code(link),
            "border color": _border_color(pixels),
        },
    )


def _histogram(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    steps = pixels.reshape(-1, 3).astype(np.int64) * HISTOGRAM_STEPS // 256
    bins = steps @ [HISTOGRAM_STEPS**2, HISTOGRAM_STEPS, 1]
    counts = np.bincount(bins, minlength=HISTOGRAM_STEPS**3)
    return counts.astype(np.float32) / np.float32(len(bins))


def _encoding(content: bytes) -> dict[str, ShortcutFeature]:
    """Return the quantization tables and the subsampling of a JPEG, else only the format."""
    with Image.open(io.BytesIO(content)) as image:
        if not isinstance(image, JpegImagePlugin.JpegImageFile):
            file_format = {"format": str(image.format)}
            return {"quantization": file_format, "chroma subsampling": file_format}
        subsampling = _SUBSAMPLINGS.get(JpegImagePlugin.get_sampling(image), image.mode)
        quantization = {
            f"table {number}, {position}": float(step)
            for number, table in image.quantization.items()
            for position, step in enumerate(table)
        }
    return {"quantization": quantization, "chroma subsampling": {"subsampling": subsampling}}


def _crop_code(link: str) -> ShortcutFeature:
    crops = _CROP.findall(link)
    if not crops:
        return {"fit": "none"}
    fit, left, top = crops[-1]
    return {"fit": fit, "left": float(left), "top": float(top)}


def _border_color(pixels: NDArray[np.uint8]) -> ShortcutFeature:
    left, right = pixels[:, 0], pixels[:, -1]
    edges = {"top": pixels[0], "bottom": pixels[-1], "left": left, "right": right}
    return {
        f"{edge} {color}": float(mean)
        for edge, line in edges.items()
        for color, mean in zip(("red", "green", "blue"), line.mean(axis=0), strict=True)
    }
