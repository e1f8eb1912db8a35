"""Colour profiles: which colours the numbers of an image stand for, and how they become sRGB."""

import io
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageCms

Conversion: TypeAlias = ImageCms.ImageCmsTransform
"""Converts an image of its ``input_mode`` to RGB, in sRGB."""

TOLERANCE = 2
"""The largest difference, of 255, up to which a profile counts as sRGB.

Profiles of sRGB by different makers are rounded differently. With an exponent of 2.2 instead of the
curve of sRGB, dark colours already differ by 6.
"""

_BLACK_POINT_COMPENSATION = 0x2000
"""The flag of the library Little CMS, for which Pillow has a name only from version 10.2 on."""

_INPUT_MODES = {
    ("L", b"GRAY"): "L",
    ("L", b"RGB "): "RGB",
    ("RGB", b"RGB "): "RGB",
    ("CMYK", b"CMYK"): "CMYK",
}
"""The mode in which an image is converted, by its own kind and the colour space of its profile."""


def conversion_of(image: Image.Image) -> Conversion | None:
    """Return the conversion of an opened image's colours to sRGB, or None if it needs none.

    It needs none without a profile, with one of sRGB, and with one that is broken or is for other
    colours than the image has, such as a profile of grey in an image of RGB.
    """
    profile = image.info.get("icc_profile")
    # In a TIFF, broken data can make it a number or a text.
    if not profile or not isinstance(profile, bytes):
        return None
    return _conversion(profile, _kind(image.mode))


def _kind(mode: str) -> str:
    if mode == "CMYK":
        return mode
    return "L" if Image.getmodebase(mode) == "L" else "RGB"


# Posters of one host often have the same profile. A few are kept, as they can be large.
@lru_cache(maxsize=8)
def _conversion(profile: bytes, kind: str) -> Conversion | None:
    color_space = profile[16:20]
    mode = _INPUT_MODES.get((kind, color_space))
    if mode is None:
        return None
    try:
        conversion = ImageCms.ImageCmsTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            mode,
            "RGB",
            # Colours that sRGB has stay exactly the same. The perceptual intent would change them
            # too, by tables that most profiles of screens and cameras lack.
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            # Printed black is a dark grey. Without this, posters from a printing press look faded.
            flags=_BLACK_POINT_COMPENSATION,  # type: ignore[arg-type]
        )
    except (OSError, ValueError):
        return None
    return None if mode != "CMYK" and _changes_little(conversion) else conversion


def _changes_little(conversion: Conversion) -> bool:
    """Return whether a conversion changes no colour by more than the tolerance."""
    before = _SAMPLES[conversion.input_mode]
    after = conversion.apply(before)
    difference = np.asarray(after, np.int16) - np.asarray(before.convert("RGB"), np.int16)
    return int(np.abs(difference).max()) <= TOLERANCE


_STEPS = range(0, 256, 17)
_SAMPLES = {
    "L": Image.frombytes("L", (256, 1), bytes(range(256))),
    "RGB": Image.frombytes(
        "RGB", (64, 64), bytes(v for r in _STEPS for g in _STEPS for b in _STEPS for v in (r, g, b))
    ),
}
"""Colours from all over each colour space, in steps of 17 of 255, and all levels of grey."""
