"""How posters can be drawn anew."""

from dataclasses import dataclass

from movie_posters_decade.errors import OptionError

RESIZE_MODES = ("crop", "pad", "stretch")
ENCODE_FORMATS = ("jpeg", "png", "webp")
MAX_SIDE = 8192
"""The longest side that posters are drawn at, in pixels."""


@dataclass(frozen=True)
class ImageTransform:
    """How posters are drawn anew; with neither size nor encoding they stay as they are.

    Attributes:
        image_size: width and height in pixels; None leaves each poster its own.
        resize_mode: how a poster gets that size: "crop" cuts off what is too much on two sides alike, "pad"
            adds black to two sides, "stretch" changes the proportions.
        encode_format: "jpeg", "png" or "webp"; None stands for the original bytes, or with a size for
            JPEG.
        encode_quality: of JPEG and WebP, from 1 to 100.

    Raises:
        OptionError: a value cannot be used.
    """

    image_size: tuple[int, int] | None = None
    resize_mode: str = "crop"
    encode_format: str | None = None
    encode_quality: int = 90

    def __post_init__(self) -> None:
        sides = (1, 1) if self.image_size is None else self.image_size
        is_pair = isinstance(sides, tuple) and len(sides) == 2
        if not is_pair or not all(_is_whole(side, MAX_SIDE) for side in sides):
            raise OptionError(
                f"Option image_size: expected width and height from 1 to {MAX_SIDE}; found {self.image_size!r}."
            )
        if self.resize_mode not in RESIZE_MODES:
            raise OptionError(
                f"Option resize_mode: expected {' or '.join(RESIZE_MODES)}; found {self.resize_mode!r}."
            )
        if self.encode_format not in {None, *ENCODE_FORMATS}:
            raise OptionError(
                f"Option encode_format: expected {' or '.join(ENCODE_FORMATS)}; found {self.encode_format!r}."
            )
        if not _is_whole(self.encode_quality, 100):
            raise OptionError(
                f"Option encode_quality: expected 1 to 100; found {self.encode_quality!r}."
            )

    @property
    def changes(self) -> bool:
        """Whether posters do not stay as they are."""
        return self.image_size is not None or self.encode_format is not None


def _is_whole(value: object, most: int) -> bool:
    return isinstance(value, int) and 1 <= value <= most
