"""The features of a poster are those of its pixels, its file and its link."""

import io

import numpy as np
import pytest
from PIL import Image

from movie_posters_decade.analysis.features import measure_poster


def encoded(image: Image.Image, encoding: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, encoding, **options)
    return file.getvalue()


@pytest.fixture
def poster() -> Image.Image:
    """Red above and blue below, 40 by 60 pixels."""
    image = Image.new("RGB", (40, 60), (255, 0, 0))
    image.paste((0, 0, 255), (0, 30, 40, 60))
    return image


def test_features_of_pixels_are_measured(poster: Image.Image) -> None:
    content = encoded(poster, "PNG")
    features = measure_poster(content, "")
    assert (features.width, features.height, features.size) == (40, 60, len(content))
    # Red and blue are the corners of a cube of 4 by 4 by 4 colors.
    assert {color: share for color, share in enumerate(features.histogram) if share} == {
        3: 0.5,
        48: 0.5,
    }
    thumbnail = features.thumbnail.reshape(18, 12, 3)
    assert np.array_equal(thumbnail[0, 0], [1, 0, 0])
    assert np.array_equal(thumbnail[17, 11], [0, 0, 1])
    border = features.shortcuts["border color"]
    assert (border["top red"], border["bottom blue"], border["left red"]) == (255, 255, 127.5)


def test_features_of_the_encoding_are_measured(poster: Image.Image) -> None:
    coarse = measure_poster(encoded(poster, quality=30, subsampling=2), "").shortcuts
    fine = measure_poster(encoded(poster, quality=95, subsampling=0), "").shortcuts
    assert coarse["quantization"]["table 0, 0"] != fine["quantization"]["table 0, 0"]
    assert len(fine["quantization"]) == 128
    assert coarse["chroma subsampling"] == {"subsampling": "4:2:0"}
    assert fine["chroma subsampling"] == {"subsampling": "4:4:4"}
    assert measure_poster(encoded(poster, "PNG"), "").shortcuts["quantization"] == {"format": "PNG"}


@pytest.mark.parametrize(
    ("link", "code"),
    [
        (
            "https://m.example/M/MV5B@._V1_UX182_CR0,0,182,268_AL_.jpg",
            {"fit": "UX182", "left": 0.0, "top": 0.0},
        ),
        (
            "https://m.example/M/MV5B@._V1_UY268_CR4,0,182,268_AL_.jpg",
            {"fit": "UY268", "left": 4.0, "top": 0.0},
        ),
        (
            "https://m.example/M/MV5B@._V1._CR2,2,330,423_UY268_CR13,0,182,268_AL_.jpg",
            {"fit": "UY268", "left": 13.0, "top": 0.0},
        ),
        (
            "https://m.example/M/MV5B@._V1.._UX182_CR0,3,182,268_AL_.jpg",
            {"fit": "UX182", "left": 0.0, "top": 3.0},
        ),
        ("https://m.example/M/MV5B@._V1_.jpg", {"fit": "none"}),
        ("https://m.example/1.jpg", {"fit": "none"}),
    ],
)
def test_crop_code_is_read_from_the_link(
    poster: Image.Image, link: str, code: dict[str, object]
) -> None:
    assert measure_poster(encoded(poster), link).shortcuts["crop code"] == code
