"""Crop code: a link says whether a picture was cut from a landscape one."""

import pytest

from movie_posters_decade.crop_code import CropCode, is_landscape_crop, parse_crop_code


@pytest.mark.parametrize(
    ("code", "is_landscape"),
    [
        ("UY268_CR84,0,182,268", True),  # a picture of 350x268
        ("UY268_CR44,0,182,268", True),  # a picture of 270x268
        ("UY268_CR43,0,182,268", False),  # a square
        ("UY268_CR3,0,182,268", False),
        ("UX182_CR0,0,182,268", False),
        ("UX182_CR0,0,182,268_UY268_CR84,0,182,268", True),
        ("SX300", False),
    ],
)
def test_landscape_pictures_are_told_by_their_crop_code(code: str, is_landscape: bool) -> None:
    assert is_landscape_crop(f"http://host/M/MV5B@._V1_{code}_AL_.jpg") is is_landscape


def test_crop_code_has_side_length_and_box() -> None:
    link = "http://host/M/MV5B@._V1_UY268_CR84,1,182,267_AL_.jpg"
    assert parse_crop_code(link) == CropCode("Y", 268, 84, 1, 182, 267)
    assert parse_crop_code("http://host/poster.jpg") is None
