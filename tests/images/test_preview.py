"""Previews are the original bytes where these are few, and bounded otherwise."""

import io
import random

import pytest
from PIL import Image
from samples import encode, paint

from movie_posters_decade.images.preview import MAX_PREVIEW_BYTES, make_preview


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))


def test_small_poster_is_its_own_preview() -> None:
    assert make_preview(paint("1990s", 1)) == ("image/jpeg", paint("1990s", 1))
    png = encode(noise(20, 30), "PNG")
    assert make_preview(png) == ("image/png", png)


@pytest.mark.parametrize("size", [(1000, 1500), (2000, 50), (30, 3000)])
def test_preview_is_bounded_even_for_noise(size: tuple[int, int]) -> None:
    media_type, content = make_preview(encode(noise(*size), "PNG"))
    assert media_type == "image/jpeg"
    assert len(content) <= MAX_PREVIEW_BYTES
    with Image.open(io.BytesIO(content)) as preview:
        assert preview.width <= 400
        assert preview.height <= 600
        assert preview.width / preview.height == pytest.approx(size[0] / size[1], rel=0.2)


def test_preview_of_another_format_is_a_jpeg() -> None:
    media_type, content = make_preview(encode(noise(20, 30), "WEBP"))
    assert media_type == "image/jpeg"
    assert content.startswith(b"\xff\xd8")
