"""Posters that are drawn anew have the size, the fit and the encoding that were asked for."""

import io

import pytest
from PIL import Image, JpegImagePlugin
from samples import paint

from movie_posters_decade.config import ImageTransform
from movie_posters_decade.errors import OptionError
from movie_posters_decade.images.transform import transform_image

RED, BLUE = (200, 30, 30), (30, 30, 200)


def encoded(image: Image.Image, encoding: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, encoding, **options)
    return file.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.fixture
def tall() -> bytes:
    """A poster of 40 by 80 pixels, red above and blue below."""
    image = Image.new("RGB", (40, 80), RED)
    image.paste(BLUE, (0, 40, 40, 80))
    return encoded(image)


def test_poster_stays_as_it_is_unless_asked_for() -> None:
    assert transform_image(paint("1990s", 1), ImageTransform()) == paint("1990s", 1)


@pytest.mark.parametrize(
    ("resize_mode", "corner", "top"),
    [("crop", RED, RED), ("pad", (0, 0, 0), RED), ("stretch", RED, RED)],
)
def test_fit_says_how_a_size_is_reached(
    tall: bytes, resize_mode: str, corner: tuple[int, int, int], top: tuple[int, int, int]
) -> None:
    drawn = opened(transform_image(tall, ImageTransform((32, 32), resize_mode, "png")))
    assert drawn.size == (32, 32)
    assert drawn.getpixel((0, 0)) == corner
    assert drawn.getpixel((16, 1)) == top
    assert drawn.getpixel((16, 30)) == BLUE


def test_crop_cuts_two_sides_alike() -> None:
    image = Image.new("RGB", (40, 80), RED)
    image.paste(BLUE, (0, 20, 40, 60))
    drawn = opened(transform_image(encoded(image), ImageTransform((20, 20), "crop", "png")))
    assert drawn.getpixel((10, 5)) == drawn.getpixel((10, 14)) == BLUE


@pytest.mark.parametrize("encoding", ["jpeg", "png", "webp"])
def test_encoding_is_the_one_asked_for(encoding: str) -> None:
    source = encoded(opened(paint("1990s", 1)), icc_profile=b"profile", comment="by hand")
    drawn = opened(transform_image(source, ImageTransform(encode_format=encoding)))
    assert not {"icc_profile", "comment"} & drawn.info.keys()
    assert (drawn.format, drawn.size) == (encoding.upper(), (91, 134))


def test_all_jpegs_have_one_quantization() -> None:
    posters = [opened(paint("1990s", 1)), opened(paint("1990s", 2))]
    contents = [
        encoded(poster, "JPEG", quality=q) for poster, q in zip(posters, (30, 95), strict=True)
    ]
    drawn = [opened(transform_image(content, ImageTransform((64, 96)))) for content in contents]
    assert getattr(drawn[0], "quantization") == getattr(drawn[1], "quantization")  # noqa: B009
    assert drawn[0].format == drawn[1].format == "JPEG"
    assert {JpegImagePlugin.get_sampling(image) for image in drawn} == {0}


def test_poster_is_drawn_as_it_looks(tall: bytes) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    upside_down = encoded(opened(tall), exif=exif)
    assert (
        opened(transform_image(upside_down, ImageTransform(encode_format="png"))).getpixel((0, 0))
        == BLUE
    )
    clear = encoded(Image.new("RGBA", (8, 8), (*RED, 0)))
    assert opened(transform_image(clear, ImageTransform(encode_format="png"))).getpixel((0, 0)) == (
        255,
        255,
        255,
    )
    deep = encoded(Image.new("I;16", (8, 8), 128 * 256))
    assert opened(transform_image(deep, ImageTransform(encode_format="png"))).getpixel((0, 0)) == (
        128,
        128,
        128,
    )


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
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
def test_unusable_value_is_told(option: str, value: object, sentence: str) -> None:
    with pytest.raises(OptionError) as error:
        ImageTransform(**{option: value})  # type: ignore[arg-type]
    assert str(error.value) == sentence
