"""Decoding: open an image, orient it, flatten transparency, convert to RGB, shrink."""

import io
from threading import Lock

from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "JPEG2000", "TIFF", "BMP", "MPO")
"""The image formats that are opened, where Pillow was built with them.

Pillow's other formats are not used for posters, and one of them, EPS, would run a program.
"""

USUAL_FORMATS = ("JPEG", "PNG", "GIF", "BMP")
"""The formats that are tried first. Loading all decoders takes as long as checking many posters."""

THUMBNAIL_SIZE = (16, 16)
"""Width and height, in pixels, of the thumbnails that posters are compared by."""

_EXTENSIONS = {"jpeg": ".jpg", "mpo": ".jpg", "tiff": ".tif", "jpeg2000": ".jp2"}
"""The file extensions that differ from the format's name."""


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
    """Decode a usable poster: upright, in RGB, and white where it is transparent."""
    with open_image(content) as image:
        return to_rgb(_orient(image))


def file_extension(content: bytes) -> str:
    """Return the usual file extension of an image's format, such as ".jpg"."""
    with open_image(content) as image:
        name = str(image.format).lower()
    return _EXTENSIONS.get(name, f".{name}")


def thumbnail(image: Image.Image) -> Image.Image:
    """Return an image that was just opened at 16x16 pixels, upright and in RGB."""
    # JPEG decoders can shrink while they decode. They still read the file to its end.
    drafted = image.draft(None, THUMBNAIL_SIZE)
    image.load()
    upright = _orient(image)
    # They round the size up, which adds an edge that is not part of the image.
    box = drafted[1] if drafted and upright is image else None
    return to_rgb(upright).resize(THUMBNAIL_SIZE, Image.Resampling.BILINEAR, box)


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert an image of any mode to RGB, over white where it is transparent."""
    if image.mode.startswith("I"):
        # Scale 16 bits to 8. Pillow's own conversion would clip them instead.
        image = image.convert("I").point(lambda light: light * (1 / 256)).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _orient(image: Image.Image) -> Image.Image:
    """Rotate an image as its EXIF data say. Like `datasets`, this fails where they are broken."""
    if image.getexif().get(ExifTags.Base.Orientation) is None:
        return image
    return ImageOps.exif_transpose(image)
