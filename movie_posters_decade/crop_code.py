"""Crop code: how IMDb's image host scaled and cut a picture, as its link says.

"..._V1_UY268_CR84,0,182,268_AL_.jpg" is a picture scaled to a height of 268 pixels, of which the
182x268 pixels from (84, 0) are shown.
"""

import re
from dataclasses import dataclass

# A link may hold an earlier crop too, so the last one counts.
_CROP = re.compile(r"_U([XY])([0-9]{1,5})_CR([0-9]{1,5}),([0-9]{1,5}),([0-9]{1,5}),([0-9]{1,5})")


@dataclass(frozen=True)
class CropCode:
    """The crop code of a link: all lengths in pixels.

    Attributes:
        side: the side that was scaled, "X" for the width or "Y" for the height.
        length: of that side.
        left, top: the corner of the part that is shown.
        width, height: of the part that is shown.
    """

    side: str
    length: int
    left: int
    top: int
    width: int
    height: int

    @property
    def is_landscape(self) -> bool:
        """Whether a picture that is wider than high was cut to a strip of its middle."""
        # The host cuts as much from the left as from the right.
        return self.side == "Y" and 2 * self.left + self.width > self.length


def parse_crop_code(link: str) -> CropCode | None:
    """Parse the crop code of a link; None if it has none."""
    found = _CROP.findall(link)
    if not found:
        return None
    side, *numbers = found[-1]
    return CropCode(side, *map(int, numbers))


def is_landscape_crop(link: str) -> bool:
    """Return whether a link shows a strip of a landscape picture."""
    crop = parse_crop_code(link)
    return crop is not None and crop.is_landscape
