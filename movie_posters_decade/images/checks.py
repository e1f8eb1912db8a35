"""Image check: whether bytes are a usable poster, or why not, and its perceptual hashes."""

import hashlib
import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, features

from movie_posters_decade.images.canonical import is_plain, stored_form
from movie_posters_decade.images.decode import (
    ReducedImage,
    open_image,
    reduce_image,
    strict_decoding,
    to_rgb,
)
from movie_posters_decade.images.diagnosis import DECODER_ERRORS, diagnose, is_machine_fault
from movie_posters_decade.images.limits import (
    MAX_PIXELS,
    Excess,
    find_excess,
    find_excess_of_metadata,
)
from movie_posters_decade.images.phash import hash_regions
from movie_posters_decade.records import Checksum, ImageCheck, PerceptualHashes, RejectReason

MIN_SIDE = 32
"""The smallest width and height of a poster, in pixels.

All 3,434 posters of the catalogue's sample have 182x268 pixels. The smallest thumbnails that image
hosts offer are about 45 wide. What is smaller is an icon, or the single pixel by which a web page
counts its visitors.
"""

MIN_COLORFULNESS = 4.0
"""Grayscale threshold: a poster of a lower colorfulness counts as black-and-white.

Of 3,434 posters of the catalogue, 28 are pure grey stored as RGB (0.0) and 19 more are below 4:
black-and-white photographs with white, black or barely tinted lettering. From 5 upwards there are
posters with lettering in a clear colour, and from 8 tinted photographs.
"""

THUMBNAIL_SIZE = (16, 16)
"""Width and height, in pixels, of the thumbnails that colorfulness is measured by first."""

MAX_HASHED = 64
"""The largest width and height, in pixels, at which perceptual hashes are computed."""

_REDUCED_SIZE = (32, 32)
"""The smallest scale, in pixels, at which colorfulness is measured."""


@cache
def check_version(folder: Path = Path(__file__).parent) -> str:
    """Return a hash of the code in a folder that decides what a check finds, and of Pillow.

    Another version may find something else, so the hashes that it cached must not be used. The same
    Pillow may come with other versions of the libraries that convert profiles and write PNGs.
    """
    libraries = (PIL.__version__, features.version("littlecms2"), features.version("zlib"))
    digest = hashlib.sha256(" ".join(map(str, libraries)).encode())
    for name in ("canonical", "checks", "decode", "diagnosis", "limits", "phash", "profiles"):
        digest.update((folder / f"{name}.py").read_bytes())
    return digest.hexdigest()[:16]


def check_poster(content: bytes, *, keep_grayscale: bool = False) -> ImageCheck:
    """Check whether downloaded bytes can be used as a poster, and compute their perceptual hashes.

    A poster has a format of `decode.FORMATS`, and is within the `limits` of decoding. With
    ``keep_grayscale`` it may be black and white. If the dataset stores it re-encoded, the checksum
    of its stored form is computed, too.

    Raises:
        OSError, MemoryError: if this machine lacks descriptors or memory, which says nothing about
            the poster.
    """
    checksum = Checksum.of(content)
    excess = find_excess(content)
    if excess is not None:
        reason, detail = excess
        return ImageCheck(checksum, reason, detail=detail)
    with strict_decoding:
        try:
            return _check(checksum, content, keep_grayscale)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            return ImageCheck(checksum, RejectReason.TOO_MANY_PIXELS)
        except DECODER_ERRORS as error:
            if is_machine_fault(error):
                raise
            reason, detail = diagnose(content, error)
            return ImageCheck(checksum, reason, detail=detail)


def _check(checksum: Checksum, content: bytes, keep_grayscale: bool) -> ImageCheck:
    found = _look_at(content)
    if isinstance(found, tuple):
        reason, detail = found
        return ImageCheck(checksum, reason, detail=detail)
    if not keep_grayscale and _is_grayscale(found.pixels, content):
        return ImageCheck(checksum, RejectReason.GRAYSCALE)
    stored = None if found.is_stored_as_it_is else _stored_checksum(content)
    return ImageCheck(checksum, phashes=found.phashes, stored=stored, size=found.size)


@dataclass(frozen=True)
class _Look:
    """What a check remembers of a decoded image, which may be large and is not kept."""

    pixels: NDArray[np.float64]  # of a thumbnail
    phashes: PerceptualHashes
    is_stored_as_it_is: bool
    size: tuple[int, int]


def _look_at(content: bytes) -> _Look | Excess:
    """Decode an image unless its size or its EXIF data forbid it."""
    with open_image(content) as image:
        if image.width * image.height > MAX_PIXELS:
            return RejectReason.TOO_MANY_PIXELS, ""
        if min(image.size) < MIN_SIDE:
            return RejectReason.TOO_SMALL, ""
        excess = find_excess_of_metadata(image.info.get("exif"))
        if excess is not None:
            return excess
        reduced = reduce_image(image, THUMBNAIL_SIZE)
        is_stored_as_it_is = is_plain(image)
    pixels = _pixels(reduced.thumbnail(THUMBNAIL_SIZE))
    return _Look(pixels, _hash(reduced), is_stored_as_it_is, reduced.full_size)


def _hash(reduced: ReducedImage) -> PerceptualHashes:
    """Compute the perceptual hashes of a reduced image."""
    light = reduced.lightness()
    if max(light.image.size) > MAX_HASHED:
        small = light.thumbnail((MAX_HASHED, MAX_HASHED))
        light = replace(light, image=small, width=MAX_HASHED, height=MAX_HASHED)
    columns, rows = light.image.size
    pixels = np.frombuffer(light.image.tobytes(), np.uint8).reshape(rows, columns)
    return hash_regions(pixels.astype(np.float64), light.width, light.height)


def _stored_checksum(content: bytes) -> Checksum | None:
    """Return the checksum of a poster's stored form, or None if that is the content itself."""
    stored = stored_form(content)
    return None if stored is content else Checksum.of(stored)


def _is_grayscale(pixels: NDArray[np.float64], content: bytes) -> bool:
    # Shrinking only takes colour away. So only posters that look grey as a thumbnail are decoded
    # again at a larger scale.
    if _colorfulness(pixels) >= MIN_COLORFULNESS:
        return False
    with open_image(content) as image:
        image.draft(None, _REDUCED_SIZE)
        return colorfulness(image) < MIN_COLORFULNESS


def colorfulness(image: Image.Image) -> float:
    """Return how colourful an image looks, from 0 for pure grey to above 100 for vivid colours.

    This is the measure M of Hasler and Süsstrunk, "Measuring colourfulness in natural images"
    (2003), of the image at a reduced scale, over white where it is transparent.
    """
    if Image.getmodebase(image.mode) == "L":
        return 0.0
    rgb = to_rgb(image)
    factor = max(1, min(rgb.width // _REDUCED_SIZE[0], rgb.height // _REDUCED_SIZE[1]))
    return _colorfulness(_pixels(rgb.reduce(factor)))


def _pixels(image: Image.Image) -> NDArray[np.float64]:
    """Return the pixels of an image in RGB, of shape (pixels, 3), from 0 to 255."""
    return np.frombuffer(image.tobytes(), np.uint8).reshape(-1, 3).astype(np.float64)


def _colorfulness(pixels: NDArray[np.float64]) -> float:
    """Return the colorfulness of pixels, from exact sums, so that every processor agrees."""
    (rr, rg, rb), (_, gg, gb), (_, _, bb) = (pixels.T @ pixels).tolist()
    r, g, b = pixels.sum(axis=0).tolist()
    count = len(pixels)
    # The opponent colours: red minus green, and yellow minus blue. Yellow is half red, half green.
    red_green, yellow_blue = (r - g) / count, ((r + g) / 2 - b) / count
    squares = (rr - 2 * rg + gg) + ((rr + 2 * rg + gg) / 4 - rb - gb + bb)
    squared_means = red_green**2 + yellow_blue**2
    variances = squares / count - squared_means
    return math.sqrt(max(variances, 0.0)) + 0.3 * math.sqrt(squared_means)
