"""Image features that are not style: of a poster's file, its compression and its border.

A network that sees the pixels can learn them, or what goes along with them, instead of style.
"""

import io
from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from movie_posters_decade.analysis.compression import compression_traces
from movie_posters_decade.images import decode_poster

ImageFeature = Mapping[str, float | str] | NDArray[np.float32]

_SUBSAMPLINGS = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}


def measure_traces(content: bytes) -> dict[str, ImageFeature]:
    """Measure the features of a usable poster that have nothing to do with its style, by name."""
    poster = decode_poster(content)
    return {
        "file size": {"bytes": len(content)},
        "dimensions": {"width": poster.width, "height": poster.height},
        **_encoding(content),
        "compression left in the pixels": compression_traces(np.asarray(poster.convert("L"))),
        "border color": _border_color(np.asarray(poster)),
    }


def _encoding(content: bytes) -> dict[str, ImageFeature]:
    """Return the tables, subsampling and order of scans of a JPEG, else only the format."""
    with Image.open(io.BytesIO(content)) as image:
        names = ("quantization", "chroma subsampling", "progressive JPEG")
        if not isinstance(image, JpegImagePlugin.JpegImageFile):
            return {name: {"format": str(image.format)} for name in names}
        subsampling = _SUBSAMPLINGS.get(JpegImagePlugin.get_sampling(image), image.mode)
        quantization: dict[str, float | str] = {
            name: float(step)
            for number, table in image.quantization.items()
            for name, step in zip(_step_names(number), table, strict=False)
        }
        is_progressive = float("progressive" in image.info)
    features = (quantization, {"subsampling": subsampling}, {"progressive": is_progressive})
    return dict(zip(names, features, strict=True))


@cache
def _step_names(table: int) -> list[str]:
    """Return the names of a table's steps, which all posters share to save memory."""
    return [f"table {table}, {position}" for position in range(64)]


def _border_color(pixels: NDArray[np.uint8]) -> ImageFeature:
    left, right = pixels[:, 0], pixels[:, -1]
    edges = {"top": pixels[0], "bottom": pixels[-1], "left": left, "right": right}
    return {
        f"{edge} {color}": float(mean)
        for edge, line in edges.items()
        for color, mean in zip(("red", "green", "blue"), line.mean(axis=0), strict=True)
    }
