"""What is stored of a poster is decoded by datasets to the picture that was judged."""

import io
import warnings
from typing import Any
from zlib import crc32

import datasets
import numpy as np
import pytest
from color_profiles import (
    ADOBE_COLUMNS,
    SPACES,
    SRGB_COLUMNS,
    cmyk_profile,
    grey_profile,
    power,
    rgb_profile,
    srgb_curve,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from samples import encode

from movie_posters_decade.images.canonical import stored_form
from movie_posters_decade.images.checks import check_poster
from movie_posters_decade.images.decode import decode_poster
from movie_posters_decade.records import Checksum

# From `datasets`, of palettes with transparency.
pytestmark = pytest.mark.filterwarnings("ignore:Palette images with Transparency")

Image.init()

X, Y = np.meshgrid(np.linspace(0, 255, 64), np.linspace(0, 255, 96))
COLOR = Image.fromarray(np.stack([X, Y, 255 - X], axis=2).astype(np.uint8))
GREY = Image.fromarray(Y.astype(np.uint8))
ALPHA = Image.fromarray((255 - X).astype(np.uint8))

SRGB, ADOBE = rgb_profile(SRGB_COLUMNS, srgb_curve), rgb_profile(*SPACES["Adobe RGB"])
CMYK_ADOBE = encode(COLOR.convert("CMYK"), quality=95)


def transparent(image: Image.Image, mode: str) -> Image.Image:
    """Return an image in a mode with transparency, which grows from left to right."""
    image = image.convert(mode)
    image.putalpha(ALPHA)
    return image


def deep(levels: NDArray[Any]) -> Image.Image:
    """Return an image of grey with more than 8 bits."""
    return Image.fromarray(levels)


def with_transparent_level(png: bytes, level: int) -> bytes:
    """Return a PNG of grey in 16 bits in which a level is transparent. Old Pillow writes none."""
    chunk = b"tRNS" + level.to_bytes(2)
    chunk = (2).to_bytes(4) + chunk + crc32(chunk).to_bytes(4)
    after_header = png.index(b"IHDR") + 4 + 13 + 4
    return png[:after_header] + chunk + png[after_header:]


def turned(image_format: str, orientation: int, **options: object) -> bytes:
    """Return a poster that its EXIF data turn."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(COLOR, image_format, exif=exif, **options)


AS_THEY_ARE = {
    "JPEG": encode(COLOR),
    "JPEG, grey": encode(GREY),
    "JPEG, CMYK": CMYK_ADOBE,
    # The byte says how the four channels are coded: 2 is YCCK.
    "JPEG, YCCK": CMYK_ADOBE.replace(b"Adobe\0\x64\0\0\0\0\0", b"Adobe\0\x64\0\0\0\0\2", 1),
    "JPEG, turned": turned("JPEG", 6),
    "JPEG, mirrored": turned("JPEG", 5),
    "PNG, turned": turned("PNG", 3),
    "WEBP, turned": turned("WEBP", 8),
    "TIFF, turned": turned("TIFF", 6),
    "TIFF, turned, LZW": turned("TIFF", 8, compression="tiff_lzw"),
    "MPO": encode(COLOR, "MPO", save_all=True, append_images=[GREY.convert("RGB")]),
    "GIF, animated": encode(COLOR, "GIF", save_all=True, append_images=[GREY.convert("RGB")]),
    "PNG, palette": encode(COLOR.convert("P"), "PNG"),
    "PNG, one bit": encode(GREY.convert("1"), "PNG"),
    "PNG, opaque alpha": encode(COLOR.convert("RGBA"), "PNG"),
    "TIFF, CMYK": encode(COLOR.convert("CMYK"), "TIFF"),
    "BMP": encode(COLOR, "BMP"),
    "JPEG, sRGB": encode(COLOR, icc_profile=SRGB),
    "JPEG, broken profile": encode(COLOR, icc_profile=ADOBE[:300]),
    "PNG, no profile at all": encode(COLOR, "PNG", icc_profile=b"profile"),
    "JPEG, profile of grey in RGB": encode(COLOR, icc_profile=grey_profile(power(1.8))),
    "JPEG, profile of RGB in CMYK": encode(COLOR.convert("CMYK"), icc_profile=ADOBE),
    "JPEG, sRGB in grey": encode(GREY, icc_profile=SRGB),
}
"""Posters that everyone decodes alike."""

RE_ENCODED = {
    "PNG, RGBA": encode(transparent(COLOR, "RGB"), "PNG"),
    "PNG, LA": encode(transparent(GREY, "L"), "PNG"),
    "PNG, transparent colour": encode(COLOR, "PNG", transparency=COLOR.getpixel((5, 5))),
    "PNG, transparent grey": encode(GREY, "PNG", transparency=120),
    "PNG, transparent entry of a palette": encode(COLOR.convert("P"), "PNG", transparency=20),
    "PNG, palette with alpha": encode(COLOR.convert("P"), "PNG", transparency=bytes(range(256))),
    "TIFF, palette and alpha": encode(transparent(COLOR.convert("P"), "PA"), "TIFF"),
    "TIFF, RGBA": encode(transparent(COLOR, "RGB"), "TIFF"),
    "GIF, transparent": encode(COLOR.convert("P"), "GIF", transparency=20),
    "WEBP, RGBA": encode(transparent(COLOR, "RGB"), "WEBP", lossless=True, exact=True),
    "PNG, 16 bits": encode(deep((Y * 257).astype(np.uint16)), "PNG"),
    "PNG, 16 bits, transparent": with_transparent_level(
        encode(deep((Y * 257).astype(np.uint16)), "PNG"), 65535
    ),
    "TIFF, 16 bits": encode(deep((Y * 257).astype(np.uint16)), "TIFF"),
    "TIFF, 16 bits in 32": encode(deep((Y * 257).astype(np.int32)), "TIFF"),
    "TIFF, 32 bits": encode(deep((Y * 2**24).astype(np.uint32).view(np.int32)), "TIFF"),
    "TIFF, floats to 1": encode(deep((Y / 255).astype(np.float32)), "TIFF"),
    "TIFF, floats to 255": encode(deep(Y.astype(np.float32)), "TIFF"),
    "PNG, Adobe RGB, turned": turned("PNG", 6, icc_profile=ADOBE),
    "PNG, Adobe RGB, RGBA": encode(transparent(COLOR, "RGB"), "PNG", icc_profile=ADOBE),
    "PNG, Adobe RGB, palette": encode(COLOR.convert("P"), "PNG", icc_profile=ADOBE),
    "WEBP, Adobe RGB": encode(COLOR, "WEBP", icc_profile=ADOBE),
    "TIFF, Adobe RGB": encode(COLOR, "TIFF", icc_profile=ADOBE),
    "MPO, Adobe RGB": encode(COLOR, "MPO", save_all=True, append_images=[COLOR], icc_profile=ADOBE),
    "PNG, sRGB with an exponent": encode(
        COLOR, "PNG", icc_profile=rgb_profile(SRGB_COLUMNS, power(2.2))
    ),
    "JPEG, profile of grey": encode(GREY, icc_profile=grey_profile(power(1.8))),
    "PNG, LA, profile of grey": encode(
        transparent(GREY, "L"), "PNG", icc_profile=grey_profile(power(1.8))
    ),
    "PNG, 16 bits, profile of grey": encode(
        deep((Y * 257).astype(np.uint16)), "PNG", icc_profile=grey_profile(power(1.8))
    ),
    "JPEG, Adobe RGB in grey": encode(GREY, icc_profile=rgb_profile(ADOBE_COLUMNS, power(1.8))),
    "JPEG, CMYK with profile": encode(COLOR.convert("CMYK"), icc_profile=cmyk_profile()),
    "TIFF, CMYK with profile": encode(COLOR.convert("CMYK"), "TIFF", icc_profile=cmyk_profile()),
} | {f"JPEG, {name}": encode(COLOR, icc_profile=rgb_profile(*SPACES[name])) for name in SPACES}
"""Posters that `datasets` would show otherwise."""

if "AVIF" in Image.SAVE:
    AS_THEY_ARE["AVIF"] = encode(COLOR, "AVIF")
    RE_ENCODED["AVIF, RGBA"] = encode(transparent(COLOR, "RGB"), "AVIF")

POSTERS = AS_THEY_ARE | RE_ENCODED


def in_datasets(content: bytes) -> Image.Image:
    """Decode a poster as the dataset does."""
    image = datasets.Image(mode="RGB").decode_example({"bytes": content, "path": None})
    assert isinstance(image, Image.Image)
    return image


def apart(one: Image.Image, other: Image.Image) -> int:
    """Return the largest difference between two images of one size, of 255."""
    assert (one.size, one.mode) == (other.size, other.mode)
    return int(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).max())


@pytest.mark.parametrize("name", POSTERS)
def test_datasets_decodes_what_is_stored_to_the_picture_that_is_judged(name: str) -> None:
    stored, judged = stored_form(POSTERS[name]), decode_poster(POSTERS[name])
    assert apart(in_datasets(stored), judged) <= 2
    assert apart(decode_poster(stored), judged) == 0
    assert stored_form(stored) == stored


@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_poster_that_everyone_decodes_alike_is_stored_as_it_is(name: str) -> None:
    assert stored_form(AS_THEY_ARE[name]) is AS_THEY_ARE[name]
    assert check_poster(AS_THEY_ARE[name], keep_grayscale=True).stored is None


@pytest.mark.parametrize("name", RE_ENCODED)
def test_other_poster_is_stored_as_a_png_with_nothing_but_its_pixels(name: str) -> None:
    content = RE_ENCODED[name]
    if name != "TIFF, floats to 255":  # whatever the floats are, they are no poster to keep
        assert apart(in_datasets(content), decode_poster(content)) > 2
    stored = stored_form(content)
    with Image.open(io.BytesIO(stored)) as image:
        image.load()
        assert (image.format, image.mode) == ("PNG", "RGB")
        assert (image.info, dict(image.getexif())) == ({}, {})
    check = check_poster(content, keep_grayscale=True)
    assert (check.reason, check.stored) == (None, Checksum.of(stored))


@pytest.mark.parametrize("name", POSTERS)
def test_poster_and_its_stored_form_are_judged_alike(name: str) -> None:
    for keep in (True, False):
        one = check_poster(POSTERS[name], keep_grayscale=keep)
        other = check_poster(stored_form(POSTERS[name]), keep_grayscale=keep)
        assert one.reason == other.reason
    one = check_poster(POSTERS[name], keep_grayscale=True)
    other = check_poster(stored_form(POSTERS[name]), keep_grayscale=True)
    assert one.phashes is not None
    assert other.phashes is not None
    assert (one.phashes.whole ^ other.phashes.whole).bit_count() <= 6


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.data())
def test_damage_never_makes_the_dataset_show_another_picture(data: st.DataObject) -> None:
    content = bytearray(POSTERS[data.draw(st.sampled_from(sorted(POSTERS)))])
    places = st.integers(12, 300) | st.integers(12, len(content) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        content[min(place, len(content) - 1)] = data.draw(st.integers(0, 255))
    damaged = bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Pillow warns of broken metadata
        check = check_poster(damaged, keep_grayscale=True)
        if check.reason is None:
            stored = stored_form(damaged)
            assert check.stored == (None if stored is damaged else Checksum.of(stored))
            assert apart(in_datasets(stored), decode_poster(damaged)) <= 2
