"""Decoding: open an image, orient it, flatten transparency, convert to sRGB, shrink."""

import io
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from movie_posters_decade.images.profiles import Conversion, conversion_of

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP", "MPO")
"""The image formats that are opened, where Pillow was built with them.

Pillow's other formats are not used for posters. One of them, EPS, would run a program, and the
header of a JPEG 2000 can ask for any amount of memory in ways that only its decoder understands.
"""

USUAL_FORMATS = ("JPEG", "PNG", "GIF", "BMP")
"""The formats that are tried first. Loading all decoders takes as long as checking many posters."""

_EXTENSIONS = {"jpeg": ".jpg", "mpo": ".jpg", "tiff": ".tif"}
"""The file extensions that differ from the format's name."""

_SIDEWAYS = (5, 6, 7, 8)
"""The EXIF orientations that swap width and height."""

BAND_PIXELS = 1_000_000
"""About how many pixels of a large image are made opaque at a time."""


class _StrictDecoding:
    """Context in which Pillow rejects truncated images, even if its user set it to accept them.

    Threads share Pillow's setting: the first to enter saves it, the last to leave restores it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._setting = False

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                self._setting = ImageFile.LOAD_TRUNCATED_IMAGES
                ImageFile.LOAD_TRUNCATED_IMAGES = False
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                ImageFile.LOAD_TRUNCATED_IMAGES = self._setting


strict_decoding = _StrictDecoding()


def open_image(content: bytes) -> Image.Image:
    """Open an image of an allowed format; its pixels are not decoded yet."""
    try:
        return Image.open(io.BytesIO(content), formats=USUAL_FORMATS)
    except UnidentifiedImageError:
        Image.init()
        supported = [name for name in FORMATS if name in Image.OPEN]
        return Image.open(io.BytesIO(content), formats=supported)


def decode_poster(content: bytes) -> Image.Image:
    """Decode a usable poster: upright, in RGB and sRGB, and white where it is transparent."""
    with open_image(content) as image:
        # Some formats say only now how they are oriented, and a TIFF is turned now.
        image.load()
        return to_rgb(_orient(image))


def file_extension(content: bytes) -> str:
    """Return the usual file extension of an image's format, such as ".jpg"."""
    with open_image(content) as image:
        name = str(image.format).lower()
    return _EXTENSIONS.get(name, f".{name}")


@dataclass(frozen=True)
class ReducedImage:
    """An image that was decoded at a reduced scale, upright.

    Attributes:
        image: its pixels, with an edge that does not belong to it at the right and bottom.
        width, height: without that edge.
        full_size: width and height at the full scale.
    """

    image: Image.Image
    width: float
    height: float
    full_size: tuple[int, int]

    def lightness(self) -> "ReducedImage":
        """Return the image in grey."""
        return replace(self, image=self.image.convert("L"))

    def thumbnail(self, size: tuple[int, int], share: float = 1.0) -> Image.Image:
        """Return the image, or the central part with a share of width and height, at a size."""
        x, y = self.width * (1 - share) / 2, self.height * (1 - share) / 2
        box = (x, y, self.width - x, self.height - y)
        return self.image.resize(size, Image.Resampling.BILINEAR, box)


def reduce_image(image: Image.Image, size: tuple[int, int]) -> ReducedImage:
    """Decode an image that was just opened, in RGB, at a scale that is enough for a size."""
    opened = image.size
    # JPEG decoders can shrink while they decode. They still read the file to its end.
    drafted = image.draft(None, size)
    image.load()
    upright = _orient(image)
    # They round the size up, which adds the edge.
    width, height = drafted[1][2:] if drafted and upright is image else upright.size
    # Formats without a draft may know their size only now.
    full_size = _turn(opened, image) if drafted else upright.size
    return ReducedImage(to_rgb(upright), width, height, full_size)


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert an image of any mode to RGB, in sRGB and over white where it is transparent."""
    conversion = conversion_of(image)
    if is_deep(image):
        image = _to_8_bits(image)
    if conversion is None and not image.has_transparency_data:
        rgb = image.convert("RGB")
        # It no longer describes the colours.
        rgb.info.pop("icc_profile", None)
        return rgb
    # Each step makes a copy, so a large image goes through them a few rows at a time.
    rgb = Image.new("RGB", image.size)
    rows = max(1, BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        box = (0, top, image.width, min(top + rows, image.height))
        rgb.paste(_flatten(image.crop(box), conversion), box)
    rgb.info = {key: value for key, value in image.info.items() if key != "icc_profile"}
    return rgb


def _flatten(image: Image.Image, conversion: Conversion | None) -> Image.Image:
    """Convert a part of an image to RGB, over white where it is transparent."""
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    if conversion is not None:
        image = conversion.apply(image.convert(conversion.input_mode))
    if alpha is not None:
        image.putalpha(alpha)
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def is_deep(image: Image.Image) -> bool:
    """Return whether an image has more than 8 bits, which Pillow itself clips instead of scaling.

    Only images of grey do: of colours, Pillow reads the upper 8 bits.
    """
    return image.mode.startswith(("I", "F"))


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Scale an image of grey in 16 or 32 bits, or in floats, to 8 bits.

    Whole numbers have 32 bits if one of them needs more than 16, as older versions of Pillow give
    both the same mode. Floats are from 0 to 1, or, if one is larger, from 0 to 255.
    """
    levels = np.asarray(image)
    if image.mode == "F":
        floats = np.nan_to_num(levels).clip(0, 255)
        scaled = floats * (255 if floats.max() <= 1 else 1)
    else:
        if image.mode == "I":
            levels = levels.astype(np.uint32)  # Pillow reads them with a sign
        scaled = levels >> (8 if levels.max() < 2**16 else 24)
    grey = Image.fromarray(scaled.astype(np.uint8))
    if isinstance(image.info.get("transparency"), int):  # of a PNG: the level that is transparent
        opaque = levels != image.info["transparency"]
        grey.putalpha(Image.fromarray(np.where(opaque, 255, 0).astype(np.uint8)))
    return grey


def _turn(size: tuple[int, int], image: Image.Image) -> tuple[int, int]:
    """Swap width and height if that is what the EXIF data of an image say."""
    is_sideways = image.getexif().get(ExifTags.Base.Orientation) in _SIDEWAYS
    return size[::-1] if is_sideways else size


def _orient(image: Image.Image) -> Image.Image:
    """Rotate an image as its EXIF data say. Like `datasets`, this fails where they are broken."""
    if image.getexif().get(ExifTags.Base.Orientation) is None:
        return image
    return ImageOps.exif_transpose(image)
