"""Bytes are a usable poster, or the reason why not is the right one."""

import io
import random

import datasets
import pytest
from PIL import Image, ImageFile
from samples import paint

from movie_posters_decade.images.checks import (
    MIN_COLORFULNESS,
    colorfulness,
    decode_poster,
    file_extension,
    inspect_poster,
    thumbnail,
)
from movie_posters_decade.records import RejectReason
from movie_posters_decade.sampling.dedup import MAX_DISTANCE

COLOR = Image.open(io.BytesIO(paint("1990s", 7)))


def encode(image: Image.Image, image_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_color_poster_is_usable_in_any_format(image_format: str) -> None:
    assert inspect_poster(encode(COLOR, image_format)).fault is None


@pytest.mark.parametrize("mode", ["CMYK", "P", "RGBA"])
def test_color_poster_is_usable_in_any_mode(mode: str) -> None:
    assert inspect_poster(encode(COLOR.convert(mode), "TIFF")).fault is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "I;16"])
def test_grey_poster_is_black_and_white_in_any_mode(mode: str) -> None:
    grey = COLOR.convert("L")
    content = encode(grey.convert(mode), "PNG")
    assert inspect_poster(content).fault is RejectReason.GRAYSCALE
    assert inspect_poster(content, color="any").fault is None


def test_what_is_transparent_counts_as_white() -> None:
    invisible = COLOR.convert("RGBA")
    invisible.putalpha(0)
    assert inspect_poster(encode(invisible, "PNG")).fault is RejectReason.GRAYSCALE


def test_animation_counts_as_its_first_frame() -> None:
    grey = COLOR.convert("L").convert("RGB")
    animation = encode(grey, "GIF", save_all=True, append_images=[COLOR])
    assert inspect_poster(animation).fault is RejectReason.GRAYSCALE


def test_jpeg_noise_does_not_make_a_grey_poster_colored() -> None:
    grey = COLOR.convert("L").convert("RGB")
    assert inspect_poster(encode(grey, "JPEG", quality=10)).fault is RejectReason.GRAYSCALE


@pytest.mark.parametrize(
    "content", [b"", b"<!doctype html><title>Sign in</title>", b"<svg/>", b"\0" * 500]
)
def test_what_no_decoder_knows_is_not_an_image(content: bytes) -> None:
    assert inspect_poster(content).fault is RejectReason.NOT_AN_IMAGE


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF"])
def test_poster_cut_short_is_truncated(image_format: str) -> None:
    content = encode(COLOR, image_format)
    assert inspect_poster(content[: len(content) * 2 // 3]).fault is RejectReason.TRUNCATED


def test_lenience_that_a_user_asked_pillow_for_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)
    assert inspect_poster(encode(COLOR, "JPEG")[:2000]).fault is RejectReason.TRUNCATED
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


@pytest.mark.parametrize("size", [(7100, 7100), (10_000, 10_000), (20_000, 20_000)])
def test_image_too_large_to_decode_is_not_decoded(size: tuple[int, int]) -> None:
    bomb = encode(Image.new("1", size), "PNG")
    assert len(bomb) < 100_000
    assert inspect_poster(bomb).fault is RejectReason.TOO_MANY_PIXELS


@pytest.mark.parametrize(("tint", "reason"), [(4, RejectReason.GRAYSCALE), (24, None)])
def test_faint_tint_is_black_and_white_and_a_clear_one_is_not(
    tint: int, reason: RejectReason | None
) -> None:
    red, green, blue = COLOR.convert("L").convert("RGB").split()
    warmer = red.point(lambda value: min(255, value + tint))
    assert inspect_poster(encode(Image.merge("RGB", (warmer, green, blue)), "PNG")).fault is reason


def test_colors_too_fine_for_a_thumbnail_count() -> None:
    stripes = Image.new("RGB", (60, 60), (150, 110, 110))
    for column in range(0, 60, 2):
        stripes.paste((110, 150, 150), (column, 0, column + 1, 60))
    assert colorfulness(thumbnail(stripes)) < MIN_COLORFULNESS
    assert inspect_poster(encode(stripes, "PNG")).fault is None


@pytest.mark.parametrize("image_format", ["EPS", "PPM", "ICO"])
def test_other_formats_are_no_posters(image_format: str) -> None:
    assert inspect_poster(encode(COLOR, image_format)).fault is RejectReason.NOT_AN_IMAGE


def test_rotation_makes_no_difference() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    assert inspect_poster(encode(COLOR, "JPEG", exif=turned)).fault is None


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF"])
def test_broken_data_ends_in_a_reason_and_never_in_an_error(image_format: str) -> None:
    content = encode(COLOR, image_format)
    for seed in range(60):
        chance = random.Random(seed)
        broken = bytearray(content)
        for _ in range(8):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        inspect_poster(bytes(broken))


@pytest.mark.parametrize("size", [(182, 268), (185, 273), (361, 529)])
def test_poster_looks_the_same_however_it_was_stored(size: tuple[int, int]) -> None:
    """A JPEG is decoded at a reduced scale, at which its size need not be a whole number."""
    apart = []
    for seed in range(20):
        blots = Image.frombytes("RGB", (13, 19), random.Random(seed).randbytes(13 * 19 * 3))
        poster = blots.resize(size, Image.Resampling.BICUBIC)
        jpeg = inspect_poster(encode(poster, "JPEG", quality=95)).phash
        png = inspect_poster(encode(poster, "PNG")).phash
        assert jpeg is not None
        assert png is not None
        apart.append((jpeg ^ png).bit_count())
    assert max(apart) <= MAX_DISTANCE


def test_colorfulness_is_zero_for_grey_and_grows_with_color() -> None:
    assert colorfulness(Image.new("L", (9, 9), 128)) == 0
    assert colorfulness(Image.new("RGB", (9, 9), (128, 128, 128))) == 0
    pale = colorfulness(Image.new("RGB", (9, 9), (130, 120, 120)))
    assert 0 < pale < colorfulness(Image.new("RGB", (9, 9), (255, 0, 0)))


@pytest.mark.parametrize(
    ("image_format", "extension"), [("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".webp")]
)
def test_extension_is_what_the_bytes_say(image_format: str, extension: str) -> None:
    assert file_extension(encode(COLOR, image_format)) == extension


def test_what_is_accepted_can_be_decoded_whatever_its_exif_data() -> None:
    """As a poster that cannot be turned upright would fail whoever loads it."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x011A] = 3, "a poster", 72.0
    file = io.BytesIO()
    Image.open(io.BytesIO(paint("1990s", 1))).save(file, "JPEG", exif=exif)
    content, chance = file.getvalue(), random.Random(0)
    begin = content.index(b"Exif")
    refused = 0
    for _ in range(400):
        broken = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            broken[begin + 6 + chance.randrange(len(exif.tobytes()) - 6)] = chance.randrange(256)
        if inspect_poster(bytes(broken)).fault is None:
            decode_poster(bytes(broken))
            datasets.Image(mode="RGB").decode_example({"bytes": bytes(broken), "path": None})
        else:
            refused += 1
    assert 0 < refused < 400
