"""A poster that cannot be decoded has the right reason, and the decoder's own words."""

import io
import re
import warnings
from zlib import compress, crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from samples import encode, paint

from movie_posters_decade.images.checks import check_poster
from movie_posters_decade.images.decode import FORMATS
from movie_posters_decade.images.diagnosis import MAX_DETAIL, SIGNATURES
from movie_posters_decade.records import RejectReason

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of broken metadata

Image.init()
COLOR = Image.open(io.BytesIO(paint("1990s", 7)))
TWO_FRAMES = {"save_all": True, "append_images": [COLOR]}
POSTERS = {
    name: encode(COLOR, name, **(TWO_FRAMES if name == "MPO" else {}))
    for name in FORMATS
    if name in Image.SAVE  # Pillow has AVIF since version 11.3 only
}
POSTERS |= {
    "JPEG, progressive": encode(COLOR, "JPEG", progressive=True),
    "PNG, profile": encode(COLOR, "PNG", icc_profile=b"profile" * 99, dpi=(72, 72)),
    "WEBP, lossless": encode(COLOR, "WEBP", lossless=True),
    "WEBP, extended": encode(COLOR, "WEBP", icc_profile=b"profile" * 99),
    "GIF, animated": encode(COLOR, "GIF", **TWO_FRAMES),
    "TIFF, LZW": encode(COLOR, "TIFF", compression="tiff_lzw"),
    "BMP, palette": encode(COLOR.convert("P"), "BMP"),
}
"""A usable poster of each format and of its main variants."""


def format_of(name: str) -> str:
    """Return the format that a detail names for a poster."""
    return "JPEG" if name == "MPO" else name.partition(",")[0]


def reason_and_detail(content: bytes) -> tuple[RejectReason | None, str]:
    check = check_poster(content)
    return check.reason, check.detail


def poster_of(name: str) -> bytes:
    if name not in POSTERS:
        pytest.skip(f"this Pillow cannot write {name}")
    return POSTERS[name]


def damaged(name: str, mark: bytes, skip: int, new: bytes) -> bytes:
    """Return a poster with some bytes replaced: those that many bytes after the start of a mark."""
    content = poster_of(name)
    begin = content.index(mark) + skip
    return content[:begin] + new + content[begin + len(new) :]


@pytest.mark.parametrize("name", POSTERS)
def test_poster_is_usable_while_it_is_whole(name: str) -> None:
    assert reason_and_detail(POSTERS[name]) == (None, "")


@pytest.mark.parametrize("name", POSTERS)
@pytest.mark.parametrize("tenths", range(1, 10))
def test_poster_that_ends_early_is_truncated(name: str, tenths: int) -> None:
    content = POSTERS[name]
    if name in {"MPO", "GIF, animated"}:  # only their first frame is decoded
        content = content[: len(content) // 2]
    reason, detail = reason_and_detail(content[: len(content) * tenths // 10])
    assert reason is RejectReason.TRUNCATED
    assert detail.startswith(f"{format_of(name)}: ")


def test_png_whose_pixels_end_early_is_truncated() -> None:
    content = POSTERS["PNG"]
    header, end = content[:33], content[-12:]
    pixels = b"IDAT" + compress(bytes(500))
    chunk = (len(pixels) - 4).to_bytes(4) + pixels + crc32(pixels).to_bytes(4)
    detail = "PNG: image file is truncated (0 bytes not processed)"
    assert reason_and_detail(header + chunk + end) == (RejectReason.TRUNCATED, detail)


@pytest.mark.parametrize(
    ("name", "mark", "skip", "new", "detail"),
    [
        ("JPEG", b"\xff\xc0", 4, b"\x09", "JPEG: cannot handle 9-bit layers"),
        ("JPEG", b"\xff\xdb", 4, b"\x0f", "JPEG: broken data stream when reading image file"),
        ("JPEG, progressive", b"\xff\xc2", 9, b"\x07", "JPEG: cannot handle 7-layer images"),
        ("MPO", b"\xff\xc0", 4, b"\x09", "JPEG: cannot handle 9-bit layers"),
        ("PNG", b"IHDR", 0, b"IHDX", "PNG: broken PNG file (bad header checksum in b'IHDX')"),
        ("PNG", b"IDAT", 0, b"\0\0\0\0", "PNG: broken PNG file (chunk b'\\x00\\x00\\x00\\x00')"),
        ("PNG", b"IDAT", 20, bytes(60), "PNG: broken data stream when reading image file"),
        ("PNG, profile", b"pHYs", 4, b"\1", "PNG: broken PNG file (bad header checksum in b'p"),
        ("WEBP", b"VP8 ", 8, bytes(9), "WEBP: could not create decoder object"),
        ("WEBP, lossless", b"VP8L", 13, b"\xff" * 40, "WEBP: failed to read next frame"),
        ("WEBP, extended", b"VP8X", 0, b"VP8Z", "WEBP: "),
        ("GIF", b",\0\0\0\0", 400, b"\xff" * 60, "GIF: broken data stream when reading image file"),
        ("AVIF", b"pitm", 0, b"xxxx", "AVIF: Failed to decode image: "),
        ("AVIF", b"mdat", 4, bytes(40), "AVIF: Failed to decode frame 0: "),
        ("TIFF", b"\x06\x01\x03\0", 8, b"\x63", "TIFF: unknown pixel mode"),
        ("TIFF, LZW", b"II*\0", 100, bytes(900), "TIFF: "),
        ("BMP", b"BM", 28, b"\x63", "BMP: Unsupported BMP pixel depth (99)"),
        ("BMP, palette", b"BM", 30, b"\x63", "BMP: Unsupported BMP compression (99)"),
    ],
)
def test_damaged_poster_is_undecodable(
    name: str, mark: bytes, skip: int, new: bytes, detail: str
) -> None:
    reason, found = reason_and_detail(damaged(name, mark, skip, new))
    assert (reason, found[: len(detail)]) == (RejectReason.UNDECODABLE, detail)


def test_wrong_checksum_of_a_text_makes_a_png_undecodable() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "Movie 7")
    content = encode(COLOR, "PNG", pnginfo=text).replace(b"Movie 7", b"Movie 8")
    detail = "PNG: broken PNG file (bad header checksum in b'tEXt')"
    assert reason_and_detail(content) == (RejectReason.UNDECODABLE, detail)


def test_png_with_two_megabytes_of_xmp_is_undecodable() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", " " * 2_000_000, zip=True)
    reason, detail = reason_and_detail(encode(COLOR, "PNG", pnginfo=text))
    assert reason is RejectReason.UNDECODABLE
    assert detail.lower().startswith("png: decompressed data too large")


def test_poster_with_broken_exif_data_is_undecodable() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x011A] = 3, 72.0
    content = encode(COLOR, exif=exif)
    entry = content.index(b"\x01\x1a\0\x05")  # the resolution, which becomes a text
    broken = content[: entry + 3] + b"\x02" + content[entry + 4 :]
    assert reason_and_detail(broken) == (
        RejectReason.UNDECODABLE,
        "JPEG: TypeError: bad operand type for abs(): 'str'",
    )


@pytest.mark.parametrize("entry", [None, (dict, lambda _: "AVIF support not installed")])
def test_poster_of_a_format_that_pillow_was_built_without_is_undecodable(
    monkeypatch: pytest.MonkeyPatch, entry: object
) -> None:
    if entry is None:
        monkeypatch.delitem(Image.OPEN, "AVIF", raising=False)
    else:
        monkeypatch.setitem(Image.OPEN, "AVIF", entry)
    content = b"\0\0\0\x10ftypavif" + bytes(500)
    detail = "AVIF: this Pillow has no decoder for it"
    assert reason_and_detail(content) == (RejectReason.UNDECODABLE, detail)


@pytest.mark.parametrize(
    "content", [b"", b"<!doctype html><title>Sign in</title>", b"<svg/>", b"\0" * 500, b"\xff\xd8"]
)
def test_content_without_the_signature_of_a_format_is_not_an_image(content: bytes) -> None:
    assert reason_and_detail(content) == (RejectReason.NOT_AN_IMAGE, "")


def test_webp_of_any_size_has_its_signature() -> None:
    content = b"RIFF\n\0\0\0WEBPVP8 " + bytes(40)
    assert reason_and_detail(content)[0] is RejectReason.UNDECODABLE


@pytest.mark.parametrize("image_format", ["EPS", "PPM", "ICO"])
def test_other_image_formats_are_not_opened(image_format: str) -> None:
    content = encode(COLOR, image_format)
    assert reason_and_detail(content) == (RejectReason.NOT_AN_IMAGE, "")


def test_each_format_has_a_signature() -> None:
    assert {*SIGNATURES} | {"MPO"} == {*FORMATS}


def signature_size(name: str) -> int:
    matched = re.match(SIGNATURES[format_of(name)], POSTERS[name], re.DOTALL)
    assert matched is not None
    return matched.end()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
@pytest.mark.parametrize("warnings_are", ["ignore", "error"])
def test_any_damage_after_the_signature_gives_a_reason_with_detail_and_no_error(
    warnings_are: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(POSTERS)))
    content = bytearray(POSTERS[name])
    begin = signature_size(name)
    # Headers are short, and damage there has the most effects.
    places = st.integers(begin, 400) | st.integers(begin, len(content) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=8)):
        content[min(place, len(content) - 1)] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter(warnings_are, UserWarning)  # type: ignore[arg-type]
        check = check_poster(bytes(content))
    assert check.reason is not RejectReason.NOT_AN_IMAGE
    has_detail = {RejectReason.TRUNCATED, RejectReason.UNDECODABLE, RejectReason.TOO_COMPLEX}
    assert bool(check.detail) is (check.reason in has_detail)
    assert len(check.detail) <= MAX_DETAIL
