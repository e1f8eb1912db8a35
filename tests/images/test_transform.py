"""Transformed posters have the given size, resize mode and encoding."""

import io

import pytest
from PIL import Image, JpegImagePlugin
from samples import encode, paint

from movie_posters_decade.errors import OptionError
from movie_posters_decade.images.transform import transform_image
from movie_posters_decade.options.transform import ImageTransform

RED, BLUE = (200, 30, 30), (30, 30, 200)


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def top_left(content: bytes) -> object:
    """Return the colour of the top left pixel of a re-encoded poster."""
    return opened(transform_image(content, ImageTransform(encode_format="png"))).getpixel((0, 0))


@pytest.fixture
def tall() -> bytes:
    """A poster of 40 by 80 pixels, red above and blue below."""
    image = Image.new("RGB", (40, 80), RED)
    image.paste(BLUE, (0, 40, 40, 80))
    return encode(image, "PNG")


def test_poster_stays_as_it_is_without_size_and_format() -> None:
    assert transform_image(paint("1990s", 1), ImageTransform()) == paint("1990s", 1)


@pytest.mark.parametrize(
    ("resize_mode", "corner", "top"),
    [("crop", RED, RED), ("pad", (0, 0, 0), RED), ("stretch", RED, RED)],
)
def test_resize_mode_crops_pads_or_stretches(
    tall: bytes, resize_mode: str, corner: tuple[int, int, int], top: tuple[int, int, int]
) -> None:
    poster = opened(transform_image(tall, ImageTransform((32, 32), resize_mode, "png")))
    assert poster.size == (32, 32)
    assert poster.getpixel((0, 0)) == corner
    assert poster.getpixel((16, 1)) == top
    assert poster.getpixel((16, 30)) == BLUE


def test_crop_cuts_as_much_from_both_edges() -> None:
    image = Image.new("RGB", (40, 80), RED)
    image.paste(BLUE, (0, 20, 40, 60))
    poster = opened(transform_image(encode(image, "PNG"), ImageTransform((20, 20), "crop", "png")))
    assert poster.getpixel((10, 5)) == poster.getpixel((10, 14)) == BLUE


@pytest.mark.parametrize("encoding", ["jpeg", "png", "webp"])
def test_poster_is_encoded_in_the_given_format_without_metadata(encoding: str) -> None:
    source = encode(opened(paint("1990s", 1)), "PNG", icc_profile=b"profile", comment="by hand")
    poster = opened(transform_image(source, ImageTransform(encode_format=encoding)))
    assert not {"icc_profile", "comment"} & poster.info.keys()
    assert (poster.format, poster.size) == (encoding.upper(), (91, 134))


def test_all_jpegs_have_the_same_quantization_and_no_subsampling() -> None:
    posters = [opened(paint("1990s", 1)), opened(paint("1990s", 2))]
    contents = [encode(posters[0], quality=30), encode(posters[1], quality=95)]
    first, second = (
        opened(transform_image(content, ImageTransform((64, 96)))) for content in contents
    )
    assert getattr(first, "quantization") == getattr(second, "quantization")  # noqa: B009
    assert first.format == second.format == "JPEG"
    assert {JpegImagePlugin.get_sampling(image) for image in (first, second)} == {0}


def test_rotated_poster_becomes_upright(tall: bytes) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    upside_down = encode(opened(tall), "PNG", exif=exif)
    assert top_left(upside_down) == BLUE


def test_transparent_poster_becomes_white() -> None:
    clear = encode(Image.new("RGBA", (8, 8), (*RED, 0)), "PNG")
    assert top_left(clear) == (255, 255, 255)


def test_poster_of_16_bits_is_scaled_to_8() -> None:
    deep = encode(Image.new("I;16", (8, 8), 128 * 256), "PNG")
    assert top_left(deep) == (128, 128, 128)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        (
            "image_size",
            (0, 5),
            "Option image_size: expected width and height from 1 to 8192; found (0, 5).",
        ),
        (
            "resize_mode",
            "zoom",
            "Option resize_mode: expected crop or pad or stretch; found 'zoom'.",
        ),
        (
            "encode_format",
            "gif",
            "Option encode_format: expected jpeg or png or webp; found 'gif'.",
        ),
        (
            "image_size",
            224,
            "Option image_size: expected width and height from 1 to 8192; found 224.",
        ),
        ("encode_quality", 50.5, "Option encode_quality: expected 1 to 100; found 50.5."),
        ("encode_quality", 0, "Option encode_quality: expected 1 to 100; found 0."),
    ],
)
def test_invalid_value_is_an_error(option: str, value: object, message: str) -> None:
    with pytest.raises(OptionError) as error:
        ImageTransform(**{option: value})  # type: ignore[arg-type]
    assert str(error.value) == message
