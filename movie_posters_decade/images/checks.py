"""Bytes are a usable poster, or there is a reason why not."""

import hashlib
import io
import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from movie_posters_decade.records import Checksum, ImageCheck, RejectReason

MAX_PIXELS = 50_000_000
"""Width times height beyond which an image is not decoded."""

MIN_COLORFULNESS = 4.0
"""Colorfulness below which a poster counts as black-and-white.

Of 3,434 posters of the catalogue, 28 are pure grey stored as RGB (0.0) and 19 more lie below 4:
black-and-white photographs with white, black or barely tinted lettering. From 5 upwards come
posters with lettering in a clear colour, and from 8 tinted photographs.
"""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "JPEG2000", "TIFF", "BMP", "MPO")
"""The image formats that are opened, where Pillow was built with them.

Others that it knows are no posters, and one, EPS, would run a program.
"""

USUAL_FORMATS = ("JPEG", "PNG", "GIF", "BMP")
"""The formats that are tried first, as loading all decoders takes as long as many posters."""

_THUMBNAIL_SIZE = (16, 16)
_CLOSE_SIZE = (32, 32)
_GREY_MODES = {"1", "L", "LA", "La", "I", "F"}


class Verdict(NamedTuple):
    """What inspection found.

    Attributes:
        fault: why the content cannot be used, or None if it can.
        phash: of content that can be used, if it was looked at: 64 bits, of which near_duplicates
            differ in few.
    """

    fault: RejectReason | None = None
    phash: int | None = None


@cache
def inspector() -> str:
    """Return what tells this inspection from others, which may find otherwise: code and decoder."""
    code = Path(__file__).read_bytes()
    return hashlib.sha256(code + PIL.__version__.encode()).hexdigest()[:16]


def inspect_poster(content: bytes, color: str = "rgb") -> Verdict:
    """Find out whether ``content`` can be used as a poster, and what it looks like.

    Args:
        content: what a poster's link gave, in any format that Pillow opens.
        color: "rgb" to refuse black-and-white posters, "any" to accept them.
    """
    lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        with _opened(content) as image:
            if image.width * image.height > MAX_PIXELS:
                return Verdict(RejectReason.TOO_MANY_PIXELS)
            small = _pixels(thumbnail(image))
        if color == "rgb" and not _is_colorful(small, content):
            return Verdict(RejectReason.GRAYSCALE)
        return Verdict(phash=phash(small))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Verdict(RejectReason.TOO_MANY_PIXELS)
    except UnidentifiedImageError:
        return Verdict(RejectReason.NOT_AN_IMAGE)
    except Exception:  # noqa: BLE001, every decoder has errors of its own for broken data
        return Verdict(RejectReason.TRUNCATED)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=USUAL_FORMATS)
    except UnidentifiedImageError:
        return Image.open(io.BytesIO(content), formats=_formats())


@cache
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def decode_poster(content: bytes) -> Image.Image:
    """Return a usable poster as it looks: upright, over white where it is transparent, in RGB."""
    with _opened(content) as image:
        return _in_rgb(_upright(image))


def file_extension(content: bytes) -> str:
    """Return the usual file extension of an image's format, such as ".jpg"."""
    with _opened(content) as image:
        name = str(image.format).lower()
    return {"jpeg": ".jpg", "mpo": ".jpg", "tiff": ".tif", "jpeg2000": ".jp2"}.get(name, f".{name}")


def thumbnail(image: Image.Image) -> Image.Image:
    """Return an image as it looks at 16x16 pixels, upright and in RGB.

    Args:
        image: just opened, so that it can be decoded at a reduced scale.
    """
    # JPEG decoders shrink while they decode, and still read the file to its end.
    drafted = image.draft(None, _THUMBNAIL_SIZE)
    image.load()
    upright = _upright(image)
    # They round the size up, and so add an edge that is not the image's.
    box = drafted[1] if drafted and upright is image else None
    return _in_rgb(upright).resize(_THUMBNAIL_SIZE, Image.Resampling.BILINEAR, box)


def colorfulness(image: Image.Image) -> float:
    """Return how colourful an image looks, from 0 for pure grey to above 100 for vivid colours.

    The measure M of Hasler and Süsstrunk, "Measuring colourfulness in natural images" (2003), on
    the image at a reduced scale, over white where it is transparent.
    """
    if _is_grey(image):
        return 0.0
    return _colorfulness(_pixels(_reduced(_in_rgb(image))))


def _is_colorful(small: NDArray[np.float64], content: bytes) -> bool:
    # Shrinking takes colour away and adds none, so that only what looks grey when it is small
    # needs a closer look.
    if _colorfulness(small) >= MIN_COLORFULNESS:
        return True
    with _opened(content) as image:
        image.draft(None, _CLOSE_SIZE)
        return colorfulness(image) >= MIN_COLORFULNESS


def _pixels(image: Image.Image) -> NDArray[np.float64]:
    """Return the pixels of an image in RGB, of shape (pixels, 3), from 0 to 255."""
    return np.frombuffer(image.tobytes(), np.uint8).reshape(-1, 3).astype(np.float64)


def _colorfulness(pixels: NDArray[np.float64]) -> float:
    """Return how colourful pixels look, from exact sums, the same on any processor."""
    (rr, rg, rb), (_, gg, gb), (_, _, bb) = (pixels.T @ pixels).tolist()
    r, g, b = pixels.sum(axis=0).tolist()
    count = len(pixels)
    # The opponent colours: red against green, and yellow, which is both by halves, against blue.
    red_green, yellow_blue = (r - g) / count, ((r + g) / 2 - b) / count
    squares = (rr - 2 * rg + gg) + ((rr + 2 * rg + gg) / 4 - rb - gb + bb)
    offset = red_green**2 + yellow_blue**2
    # The variances of both, which is what their means are taken off for.
    spread = squares / count - offset
    return math.sqrt(max(spread, 0.0)) + 0.3 * math.sqrt(offset)


def phash(pixels: NDArray[np.float64]) -> int:
    """Return 64 bits that change little when an image is cropped, scaled, tinted or compressed.

    A bit says whether one of the slowest waves in the image's lightness is stronger than their
    median: the perceptual hash of Zauner, "Implementation and benchmarking of perceptual image
    hash functions" (2010).

    Args:
        pixels: those of a thumbnail, of shape (256, 3), from 0 to 255.
    """
    light = (pixels @ _LIGHTNESS // 1000).reshape(_THUMBNAIL_SIZE)
    strengths = (_WAVES @ light @ _WAVES.T).ravel()
    median = sorted(strengths[1:].tolist())[len(strengths) // 2 - 1]
    return int.from_bytes(np.packbits(strengths > median).tobytes(), "big")


def _cosine_waves(count: int, points: int) -> NDArray[np.float64]:
    """Return the first rows of the matrix of the discrete cosine transform, as whole numbers.

    They are large enough for a phash, and small enough that float64 holds every sum exactly.
    """
    waves, places = np.ogrid[:count, :points]
    matrix: NDArray[np.float64] = np.cos(np.pi * waves * (2 * places + 1) / (2 * points))
    return np.rint(2**14 * matrix)


_LIGHTNESS = np.array([299.0, 587.0, 114.0])
"""What red, green and blue add to lightness, in thousandths: ITU-R BT.601."""

_WAVES = _cosine_waves(8, _THUMBNAIL_SIZE[0])


def _is_grey(image: Image.Image) -> bool:
    return image.mode in _GREY_MODES or image.mode.startswith("I;")


def _in_rgb(image: Image.Image) -> Image.Image:
    return _opaque(_in_bytes(image)).convert("RGB")


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def _upright(image: Image.Image) -> Image.Image:
    """Turn an image as its EXIF data say, as `datasets` does; both fail where these are broken."""
    if image.getexif().get(ExifTags.Base.Orientation) is None:
        return image
    return ImageOps.exif_transpose(image)


def _in_bytes(image: Image.Image) -> Image.Image:
    """Return an image of 16 bits as one of 8, which Pillow would cut off instead."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point(lambda light: light * (1 / 256)).convert("L")


def _reduced(image: Image.Image) -> Image.Image:
    factor = max(1, min(image.width // _CLOSE_SIZE[0], image.height // _CLOSE_SIZE[1]))
    return image.reduce(factor)


def check_poster(content: bytes, *, keep_grayscale: bool = False) -> ImageCheck:
    """Check."""
    verdict = inspect_poster(content, "any" if keep_grayscale else "rgb")
    return ImageCheck(Checksum.of(content), verdict.fault, verdict.phash)


check_version = inspector
