"""What can be measured of a poster: of its pixels, of its file, and of its link."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from movie_posters_decade.images import colorfulness, decode_poster

THUMBNAIL = (12, 18)
"""Width and height of a thumbnail in pixels."""

HISTOGRAM_STEPS = 4
"""Into how many steps a histogram parts each of red, green and blue."""

Shortcut = Mapping[str, float | str]
"""Numbers and words by name."""

_SUBSAMPLINGS = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}
# As in "..._V1_UX182_CR0,0,182,268_AL_.jpg" of IMDb: which split was fitted, and where it was cut.
# A link can have been cropped before; the last crop is the poster's.
_CROP = re.compile(r"_(U[XY][0-9]+)_CR([0-9]+),([0-9]+),")
_TABLES = [[f"table {number}, {place}" for place in range(64)] for number in range(4)]


@dataclass(frozen=True)
class Traits:
    """What was measured of a poster.

    Attributes:
        width: in pixels.
        height: in pixels.
        size: of the file, in bytes.
        colorfulness: as the inspection has it, from 0.
        histogram: the shares of its colors, of shape (64,), which add up to 1.
        thumbnail: its pixels at 12 by 18, of shape (648,), from 0 to 1.
        shortcuts: what tells nothing of a poster's style, by what it is.
    """

    width: int
    height: int
    size: int
    colorfulness: float
    histogram: NDArray[np.float32]
    thumbnail: NDArray[np.float32]
    shortcuts: Mapping[str, Shortcut]


def measure(content: bytes, link: str) -> Traits:
    """Measure a usable poster.

    Args:
        content: its bytes.
        link: where it was.
    """
    poster = decode_poster(content)
    pixels = np.asarray(poster)
    return Traits(
        width=poster.width,
        height=poster.height,
        size=len(content),
        colorfulness=colorfulness(poster),
        histogram=_histogram(pixels),
        thumbnail=_thumbnail(poster),
        shortcuts={
            "file size": {"bytes": len(content)},
            "dimensions": {"width": poster.width, "height": poster.height},
            **_encoding(content),
            "crop code": _crop_code(link),
            "border color": _border(pixels),
        },
    )


def _histogram(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    steps = pixels.reshape(-1, 3).astype(np.int64) * HISTOGRAM_STEPS // 256
    bins = steps @ [HISTOGRAM_STEPS**2, HISTOGRAM_STEPS, 1]
    counts = np.bincount(bins, minlength=HISTOGRAM_STEPS**3)
    return counts.astype(np.float32) / np.float32(len(bins))


def _thumbnail(poster: Image.Image) -> NDArray[np.float32]:
    small = poster.resize(THUMBNAIL, Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32).ravel() / np.float32(255)


def _encoding(content: bytes) -> dict[str, Shortcut]:
    """Return how a file was encoded, of which only JPEG tells much."""
    with Image.open(io.BytesIO(content)) as image:
        if not isinstance(image, JpegImagePlugin.JpegImageFile):
            return {
                "quantization": {"format": str(image.format)},
                "chroma subsampling": {"format": str(image.format)},
            }
        tables = image.quantization
        subsampling = _SUBSAMPLINGS.get(JpegImagePlugin.get_sampling(image), image.mode)
    steps = {
        name: float(step)
        for number, table in tables.items()
        for name, step in zip(_TABLES[number], table, strict=True)
    }
    return {"quantization": steps, "chroma subsampling": {"subsampling": subsampling}}


def _crop_code(link: str) -> Shortcut:
    found = _CROP.findall(link)
    if not found:
        return {"fit": "none"}
    fit, left, top = found[-1]
    return {"fit": fit, "left": float(left), "top": float(top)}


def _border(pixels: NDArray[np.uint8]) -> Shortcut:
    edges = {
        "top": pixels[0],
        "bottom": pixels[-1],
        "left": pixels[:, 0],
        "right": pixels[:, -1],
    }
    return {
        f"{edge} {color}": float(mean)
        for edge, line in edges.items()
        for color, mean in zip(("red", "green", "blue"), line.mean(axis=0), strict=True)
    }
