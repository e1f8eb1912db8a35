"""A poster is drawn anew, so that all have one size or one encoding."""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from movie_posters_decade.errors import OptionError
from movie_posters_decade.inspection import decode_poster

FITS = ("crop", "pad", "stretch")
ENCODINGS = ("jpeg", "png", "webp")
MAX_SIDE = 8192
"""The longest side that posters are drawn at, in pixels."""


@dataclass(frozen=True)
class Rendering:
    """How posters are drawn anew; with neither size nor encoding they stay as they are.

    Attributes:
        size: width and height in pixels; None leaves each poster its own.
        fit: how a poster gets that size: "crop" cuts off what is too much on two sides alike, "pad"
            adds black to two sides, "stretch" changes the proportions.
        encoding: "jpeg", "png" or "webp"; None stands for the original bytes, or with a size for
            JPEG.
        quality: of JPEG and WebP, from 1 to 100.

    Raises:
        OptionError: a value cannot be used.
    """

    size: tuple[int, int] | None = None
    fit: str = "crop"
    encoding: str | None = None
    quality: int = 90

    def __post_init__(self) -> None:
        sides = (1, 1) if self.size is None else self.size
        is_pair = isinstance(sides, tuple) and len(sides) == 2
        if not is_pair or not all(_is_whole(side, MAX_SIDE) for side in sides):
            raise OptionError(
                f"Option size: expected width and height from 1 to {MAX_SIDE}; found {self.size!r}."
            )
        if self.fit not in FITS:
            raise OptionError(f"Option fit: expected {' or '.join(FITS)}; found {self.fit!r}.")
        if self.encoding not in {None, *ENCODINGS}:
            raise OptionError(
                f"Option encode: expected {' or '.join(ENCODINGS)}; found {self.encoding!r}."
            )
        if not _is_whole(self.quality, 100):
            raise OptionError(f"Option quality: expected 1 to 100; found {self.quality!r}.")

    @property
    def changes(self) -> bool:
        """Whether posters do not stay as they are."""
        return self.size is not None or self.encoding is not None


def _is_whole(value: object, most: int) -> bool:
    return isinstance(value, int) and 1 <= value <= most


def render(content: bytes, rendering: Rendering) -> bytes:
    """Draw a poster anew.

    Args:
        content: an image in any format that `inspect_poster` accepts.
        rendering: how.

    Returns:
        An image that is upright, opaque (white shows through) and in RGB; or ``content`` itself if
        nothing is to change.
    """
    if not rendering.changes:
        return content
    poster = decode_poster(content)
    # Profiles and comments of the original say nothing of the new file.
    poster.info.clear()
    if rendering.size is not None:
        poster = _fitted(poster, rendering.size, rendering.fit)
    file = io.BytesIO()
    encoding = rendering.encoding or "jpeg"
    if encoding == "png":
        poster.save(file, "PNG")
    else:
        # Without chroma subsampling, which small lettering suffers from.
        options = {"subsampling": 0} if encoding == "jpeg" else {}
        poster.save(file, encoding.upper(), quality=rendering.quality, **options)
    return file.getvalue()


def _fitted(poster: Image.Image, size: tuple[int, int], fit: str) -> Image.Image:
    if fit == "crop":
        return ImageOps.fit(poster, size, Image.Resampling.LANCZOS)
    if fit == "pad":
        return ImageOps.pad(poster, size, Image.Resampling.LANCZOS, color="black")
    return poster.resize(size, Image.Resampling.LANCZOS)
