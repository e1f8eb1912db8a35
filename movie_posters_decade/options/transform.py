"""Transform options: how posters are resized and re-encoded for an export or a measurement."""

from dataclasses import dataclass

from movie_posters_decade.options.validation import check_option, is_whole

RESIZE_MODES = ("crop", "pad", "stretch")
ENCODE_FORMATS = ("jpeg", "png", "webp")
MAX_IMAGE_SIZE = 8192
"""The largest width and height of a resized poster, in pixels."""


@dataclass(frozen=True)
class ImageTransform:
    """How posters are resized and re-encoded; by default they stay as they are.

    Attributes:
        image_size: width and height in pixels; None keeps each poster's own.
        resize_mode: "crop" cuts two opposite edges, "pad" adds black bars, "stretch" changes the
            proportions.
        encode_format: "jpeg", "png" or "webp"; None keeps the original bytes, or means JPEG if
            posters are resized.
        encode_quality: of JPEG and WebP, from 1 to 100.

    Raises:
        OptionError: a value is invalid.
    """

    image_size: tuple[int, int] | None = None
    resize_mode: str = "crop"
    encode_format: str | None = None
    encode_quality: int = 90

    def __post_init__(self) -> None:
        size = (1, 1) if self.image_size is None else self.image_size
        is_pair = isinstance(size, tuple) and len(size) == 2
        are_pixels = is_pair and all(is_whole(pixels, 1, MAX_IMAGE_SIZE) for pixels in size)
        check_option(self, "image_size", are_pixels, f"width and height from 1 to {MAX_IMAGE_SIZE}")
        is_mode = self.resize_mode in RESIZE_MODES
        check_option(self, "resize_mode", is_mode, " or ".join(RESIZE_MODES))
        is_format = self.encode_format in {None, *ENCODE_FORMATS}
        check_option(self, "encode_format", is_format, " or ".join(ENCODE_FORMATS))
        check_option(self, "encode_quality", is_whole(self.encode_quality, 1, 100), "1 to 100")

    @property
    def changes(self) -> bool:
        """Whether posters are changed at all."""
        return self.image_size is not None or self.encode_format is not None
