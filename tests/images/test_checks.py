"""The image check accepts usable posters, and rejects other bytes for the right reason."""

import io
import random
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from samples import encode, paint

from movie_posters_decade.images import checks
from movie_posters_decade.images.checks import (
    MIN_COLORFULNESS,
    MIN_SIDE,
    check_poster,
    check_version,
    colorfulness,
)
from movie_posters_decade.images.decode import decode_poster, reduce_image
from movie_posters_decade.records import Checksum, RejectReason
from movie_posters_decade.sampling.dedup import MAX_DISTANCE

COLOR = Image.open(io.BytesIO(paint("1990s", 7)))


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_color_poster_is_usable_in_any_format(image_format: str) -> None:
    assert check_poster(encode(COLOR, image_format)).reason is None


@pytest.mark.parametrize("mode", ["CMYK", "P", "RGBA"])
def test_color_poster_is_usable_in_any_mode(mode: str) -> None:
    assert check_poster(encode(COLOR.convert(mode), "TIFF")).reason is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "I;16"])
def test_grey_poster_is_rejected_as_grayscale_in_any_mode(mode: str) -> None:
    grey = COLOR.convert("L")
    content = encode(grey.convert(mode), "PNG")
    assert check_poster(content).reason is RejectReason.GRAYSCALE
    assert check_poster(content, keep_grayscale=True).reason is None


def test_transparent_poster_counts_as_white() -> None:
    invisible = COLOR.convert("RGBA")
    invisible.putalpha(0)
    assert check_poster(encode(invisible, "PNG")).reason is RejectReason.GRAYSCALE


def test_animation_is_judged_by_its_first_frame() -> None:
    grey = COLOR.convert("L").convert("RGB")
    animation = encode(grey, "GIF", save_all=True, append_images=[COLOR])
    assert check_poster(animation).reason is RejectReason.GRAYSCALE


def test_jpeg_noise_does_not_make_a_grey_poster_colored() -> None:
    grey = COLOR.convert("L").convert("RGB")
    assert check_poster(encode(grey, "JPEG", quality=10)).reason is RejectReason.GRAYSCALE


@pytest.mark.parametrize("size", [(7100, 7100), (10_000, 10_000), (20_000, 20_000)])
def test_image_too_large_to_decode_is_not_decoded(size: tuple[int, int]) -> None:
    """Beyond the limits at which Pillow itself would warn, or refuse."""
    png = encode(Image.new("1", (1, 1)), "PNG")
    header = b"IHDR" + struct.pack(">II", *size) + png[24:29]
    bomb = png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]
    assert check_poster(bomb).reason is RejectReason.TOO_MANY_PIXELS


@pytest.mark.parametrize("size", [(1, 1), (MIN_SIDE - 1, 134), (91, MIN_SIDE - 1)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("keep_grayscale", [True, False])
def test_icon_or_tracking_pixel_is_no_poster(
    size: tuple[int, int], mode: str, keep_grayscale: bool
) -> None:
    content = encode(COLOR.convert(mode).resize(size), "PNG")
    check = check_poster(content, keep_grayscale=keep_grayscale)
    assert check.reason is RejectReason.TOO_SMALL


def test_smallest_poster_is_usable() -> None:
    assert check_poster(encode(COLOR.resize((MIN_SIDE, MIN_SIDE)), "PNG")).reason is None


@pytest.mark.parametrize(("tint", "reason"), [(4, RejectReason.GRAYSCALE), (24, None)])
def test_faint_tint_is_grayscale_and_a_clear_one_is_not(
    tint: int, reason: RejectReason | None
) -> None:
    red, green, blue = COLOR.convert("L").convert("RGB").split()
    warmer = red.point(lambda value: min(255, value + tint))
    assert check_poster(encode(Image.merge("RGB", (warmer, green, blue)), "PNG")).reason is reason


def test_colors_too_fine_for_a_thumbnail_are_seen() -> None:
    stripes = Image.new("RGB", (60, 60), (150, 110, 110))
    for column in range(0, 60, 2):
        stripes.paste((110, 150, 150), (column, 0, column + 1, 60))
    small = reduce_image(stripes, (16, 16)).thumbnail((16, 16))
    assert colorfulness(small) < MIN_COLORFULNESS
    assert check_poster(encode(stripes, "PNG")).reason is None


def test_rotated_poster_is_usable() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    assert check_poster(encode(COLOR, "JPEG", exif=turned)).reason is None


@pytest.mark.parametrize("image_format", ["JPEG", "MPO", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_is_that_of_the_poster_as_it_is_shown(image_format: str, orientation: int) -> None:
    """Whatever the scale at which it is decoded."""
    turned = Image.Exif()
    turned[0x0112] = orientation
    content = encode(COLOR.resize((361, 529)), image_format, exif=turned)
    size = (529, 361) if orientation > 4 else (361, 529)
    assert check_poster(content).size == decode_poster(content).size == size


@pytest.mark.parametrize("content", [paint("1990s", 1, "L"), encode(COLOR)[:-500], b"no image"])
def test_bytes_that_are_no_usable_poster_have_no_size(content: bytes) -> None:
    check = check_poster(content)
    assert check.reason is not None
    assert check.size is None


@pytest.mark.parametrize("size", [(182, 268), (185, 273), (361, 529)])
def test_phashes_of_jpeg_and_png_of_one_poster_are_near(size: tuple[int, int]) -> None:
    """A JPEG is decoded at a reduced scale, at which its size need not be a whole number."""
    apart = []
    for seed in range(8):
        blots = Image.frombytes("RGB", (13, 19), random.Random(seed).randbytes(13 * 19 * 3))
        poster = blots.resize(size, Image.Resampling.BICUBIC)
        jpeg = check_poster(encode(poster, "JPEG", quality=95)).phashes
        png = check_poster(encode(poster, "PNG")).phashes
        assert jpeg is not None
        assert png is not None
        apart += [(one ^ other).bit_count() for one, other in zip(jpeg, png, strict=True)]
    assert max(apart) <= MAX_DISTANCE


def test_phash_of_a_mirror_image_is_known_without_it() -> None:
    poster = Image.open(io.BytesIO(paint("1990s", 1)))
    one = check_poster(encode(poster, "PNG")).phashes
    other = check_poster(encode(ImageOps.mirror(poster), "PNG")).phashes
    assert one is not None
    assert other is not None
    assert (one.mirrored ^ other.whole).bit_count() <= 2
    assert (one.whole ^ other.whole).bit_count() > MAX_DISTANCE


def test_phash_of_a_trimmed_poster_is_that_of_its_center() -> None:
    poster = Image.open(io.BytesIO(paint("1990s", 1))).resize((200, 300))
    one = check_poster(encode(poster, "PNG")).phashes
    for share, name in ((0.05, "center_90"), (0.1, "center_80"), (0.18, "center_64")):
        edges = (200 * share, 300 * share, 200 * (1 - share), 300 * (1 - share))
        other = check_poster(encode(poster.resize((200, 300), box=edges), "PNG")).phashes
        assert other is not None
        assert (getattr(one, name) ^ other.whole).bit_count() <= 4


def test_colorfulness_is_zero_for_grey_and_grows_with_color() -> None:
    assert colorfulness(Image.new("L", (9, 9), 128)) == 0
    assert colorfulness(Image.new("RGB", (9, 9), (128, 128, 128))) == 0
    pale = colorfulness(Image.new("RGB", (9, 9), (130, 120, 120)))
    assert 0 < pale < colorfulness(Image.new("RGB", (9, 9), (255, 0, 0)))


@pytest.mark.parametrize("content", [paint("1990s", 1), paint("1990s", 1, "L"), b"no image"])
def test_checksum_is_returned_whatever_the_check_finds(content: bytes) -> None:
    assert check_poster(content).checksum == Checksum.of(content)


@pytest.mark.parametrize("name", ["canonical.py", "decode.py", "profiles.py"])
def test_version_changes_with_the_code_of_the_check(tmp_path: Path, name: str) -> None:
    code = shutil.copytree(Path(checks.__file__).parent, tmp_path / "images")
    assert check_version(code) == check_version()
    changed = shutil.copytree(code, tmp_path / "changed")
    with (changed / name).open("a") as file:
        file.write("# changed\n")
    assert check_version(changed) != check_version()


def test_version_changes_with_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    version = check_version()
    monkeypatch.setattr("PIL.__version__", "0.0")
    assert check_version.__wrapped__() != version
