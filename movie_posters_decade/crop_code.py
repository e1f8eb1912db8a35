"""Crop code: how IMDb's image host scaled and cut a picture, as its link says.

"..._V1_UY268_CR84,0,182,268_AL_.jpg" is a picture scaled to a height of 268 pixels, of which the
182x268 pixels from (84, 0) are shown. With all its numbers doubled, it shows the same part of the
picture at twice the scale.
"""

import re
from dataclasses import dataclass

# A link may hold an earlier crop too, so the last one counts.
_CROP = re.compile(r"_U([XY])([0-9]{1,5})_CR([0-9]{1,5}),([0-9]{1,5}),([0-9]{1,5}),([0-9]{1,5})")

# A link may scale and not cut.
_SCALE = re.compile(r"_U[XY][0-9]{1,5}(?=[_.])(?!.*_CR)")

_VERSION = "._V1"
"""What the host's codes follow. Before it, a file's own name may look like one."""


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


def scale_link(link: str, scale: int) -> str:
    """Return the link of the same picture at a larger scale, from the same host.

    The last scaled length and all four numbers of its crop are multiplied: with a scale of 2,
    "..._V1_UY268_CR84,0,182,268_AL_.jpg" becomes "..._V1_UY536_CR168,0,364,536_AL_.jpg". An earlier
    crop, which an editor made, stays. What the host sends may still be smaller, as its picture is.

    Args:
        link: a URL, or a path.
        scale: a factor, from 1 to 3.

    Returns:
        the link unchanged if it holds no such code, or one of a picture that is too large for it.
    """
    found = _last_code(link)
    if found is None or scale == 1:
        return link
    code = re.sub("[0-9]+", lambda length: str(int(length[0]) * scale), found[0])
    is_too_large = re.search("[0-9]{6}", code)
    return link if is_too_large else link[: found.start()] + code + link[found.end() :]


def stated_size(link: str) -> tuple[int, int] | None:
    """Return the width and height of the picture that a link asks for, in pixels.

    A link that only scales states one of them, and the other is 0. None if it states neither.
    """
    crop = parse_crop_code(link)
    if crop is not None:
        return crop.width, crop.height
    found = _last_code(link)
    if found is None:
        return None
    length = int(re.sub("[^0-9]", "", found[0]))
    return (length, 0) if "X" in found[0] else (0, length)


def _last_code(link: str) -> re.Match[str] | None:
    """Return the last crop code of a link, or else the last code that only scales."""
    codes = list(_CROP.finditer(link))
    if not codes and _VERSION in link:
        codes = list(_SCALE.finditer(link, link.index(_VERSION)))
    return codes[-1] if codes else None
