"""Colour profiles are converted to sRGB, and what is no usable profile is left alone."""

import numpy as np
import pytest
from color_profiles import (
    SPACES,
    SRGB_COLUMNS,
    as_srgb,
    cmyk_profile,
    grey_profile,
    power,
    rgb_profile,
    srgb_curve,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from samples import encode

from movie_posters_decade.images.checks import check_poster
from movie_posters_decade.images.decode import decode_poster

STEPS = np.arange(0, 256, 15)
COLORS = np.stack(np.meshgrid(STEPS, STEPS, STEPS), axis=-1).reshape(18 * 9, 36, 3).astype(np.uint8)
"""Colours from all over a colour space."""

LCMS_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def decoded(pixels: np.ndarray, profile: bytes, image_format: str = "PNG") -> np.ndarray:
    """Return how a poster of these pixels is decoded."""
    content = encode(Image.fromarray(pixels), image_format, icc_profile=profile)
    return np.asarray(decode_poster(content), np.float64)


@pytest.mark.parametrize("name", SPACES)
def test_wide_gamut_becomes_the_same_colors_in_srgb(name: str) -> None:
    expected = as_srgb(COLORS, *SPACES[name])
    assert np.abs(expected - COLORS).max() > 30
    assert np.abs(decoded(COLORS, rgb_profile(*SPACES[name])) - expected).max() < 2


def test_grey_of_another_curve_becomes_the_same_grey() -> None:
    levels = np.tile(np.arange(256, dtype=np.uint8), (40, 1))
    expected = as_srgb(np.stack([levels] * 3, axis=-1), SRGB_COLUMNS, power(1.8))
    assert np.abs(decoded(levels, grey_profile(power(1.8))) - expected).max() < 2


@pytest.mark.parametrize("profile", [rgb_profile(SRGB_COLUMNS, srgb_curve), LCMS_SRGB])
def test_srgb_changes_no_pixel(profile: bytes) -> None:
    assert np.array_equal(decoded(COLORS, profile), COLORS)


def test_inks_have_the_colors_that_the_profile_gives_them() -> None:
    inks = [(0, 0, 0, 0), (255, 255, 255, 255), (255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0)]
    image = Image.new("CMYK", (40, 40 * len(inks)))
    for number, ink in enumerate(inks):
        image.paste(ink, (0, 40 * number, 40, 40 * number + 40))
    poster = decode_poster(encode(image, "TIFF", icc_profile=cmyk_profile()))
    found = [poster.getpixel((20, 40 * number + 20)) for number in range(len(inks))]
    white, black, cyan, magenta, yellow = np.array(found, int)
    assert white.min() >= 254
    # Without black point compensation, it would be a dark grey of 14.
    assert black.max() <= 2
    # Pillow's own cyan has no red, and its magenta no green.
    assert 0 <= cyan[0] < cyan[1] < cyan[2]
    assert magenta[0] > magenta[2] > magenta[1] > 0
    assert yellow[0] > yellow[2] + 100


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_no_damage_to_a_profile_is_an_error(data: st.DataObject) -> None:
    """A profile that cannot be used is taken for sRGB."""
    kinds = [rgb_profile(*SPACES["Adobe RGB"]), grey_profile(power(1.8)), cmyk_profile()]
    profile = bytearray(data.draw(st.sampled_from(kinds)))
    places = st.integers(0, 400) | st.integers(0, len(profile) - 1)
    for place in data.draw(st.lists(places, max_size=8)):
        profile[min(place, len(profile) - 1)] = data.draw(st.integers(0, 255))
    del profile[data.draw(st.integers(1, len(profile))) :]
    for mode in ("RGB", "L", "CMYK"):
        content = encode(Image.new(mode, (40, 40)), "TIFF", icc_profile=bytes(profile))
        assert check_poster(content, keep_grayscale=True).reason is None
