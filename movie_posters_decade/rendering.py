"""How posters can be drawn anew."""

from dataclasses import dataclass

from movie_posters_decade.errors import OptionError

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
