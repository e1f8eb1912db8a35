"""Crop code: a link says whether a picture was cut from a landscape one, and how large it is."""

import csv
import re
from dataclasses import astuple
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_posters_decade.crop_code import (
    CropCode,
    is_landscape_crop,
    parse_crop_code,
    scale_link,
)

LINK = "http://host/images/M/MV5B@._V1"
LENGTHS = st.integers(0, 33_333)
NUMBERS = st.integers(0, 9999)
CODES = st.lists(
    st.one_of(
        st.sampled_from(["_AL", "_SX9", "._CR3.1,0,9,2"]),
        st.builds("_U{}{}".format, st.sampled_from("XY"), NUMBERS),
        st.builds("_U{}{}_CR{},{},{},{}".format, st.sampled_from("XY"), *[NUMBERS] * 5),
    ),
    max_size=4,
).map("".join)


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


@pytest.mark.parametrize(
    ("code", "twice"),
    [
        ("_UY268_CR84,0,182,268_AL_", "_UY536_CR168,0,364,536_AL_"),
        ("_UX182_CR0,0,182,268_AL_", "_UX364_CR0,0,364,536_AL_"),
        ("_QL75_UX190_CR0,2,190,281_", "_QL75_UX380_CR0,4,380,562_"),
        (".._UX182_CR0,0,182,268_AL_", ".._UX364_CR0,0,364,536_AL_"),
        ("_UX182_AL_", "_UX364_AL_"),
        ("_UY268", "_UY536"),
    ],
)
def test_lengths_and_crop_of_a_link_are_doubled(code: str, twice: str) -> None:
    assert scale_link(f"{LINK}{code}.jpg", 2) == f"{LINK}{twice}.jpg"


@pytest.mark.parametrize(
    "earlier",
    [
        "._CR31,53,450,616",
        "._CR35.45,54.5,1273,1948",
        "._CR34.7,48.3,341.3,511.7",
        "_UX99_CR0,0,99,99",
        "_UY77",
    ],
)
def test_earlier_crop_of_an_editor_stays(earlier: str) -> None:
    link = f"{LINK}{earlier}_UX182_CR0,0,182,268_AL_.jpg"
    assert scale_link(link, 3) == f"{LINK}{earlier}_UX546_CR0,0,546,804_AL_.jpg"


@pytest.mark.parametrize(
    "link",
    [
        "",
        "http://host/poster.jpg",
        "http://host/poster_UX182.jpg",
        "posters/1_UY268_AL_.jpg",
        f"{LINK}.jpg",
        f"{LINK}_SX300.jpg",
        f"{LINK}_UX182_CR0.5,0,182,268_AL_.jpg",
        f"{LINK}_UX182x_AL_.jpg",
        f"{LINK}_UX50000_CR0,0,182,268_AL_.jpg",
    ],
)
def test_link_without_a_code_that_can_be_scaled_is_unchanged(link: str) -> None:
    assert scale_link(link, 2) == link


@given(st.builds(CropCode, st.sampled_from("XY"), *[LENGTHS] * 5), CODES, st.integers(1, 3))
def test_crop_code_of_a_scaled_link_is_scaled(crop: CropCode, before: str, scale: int) -> None:
    side, length, *box = astuple(crop)
    link = f"{LINK}{before}_U{side}{length}_CR{','.join(map(str, box))}_AL_.jpg"
    scaled = scale_link(link, scale)
    assert parse_crop_code(link) == crop
    assert parse_crop_code(scaled) == CropCode(
        side, *(scale * number for number in astuple(crop)[1:])
    )
    assert scaled.startswith(f"{LINK}{before}_U{side}")


@given(CODES, st.integers(1, 3))
def test_whatever_a_link_holds_its_crop_code_is_scaled(codes: str, scale: int) -> None:
    crop, scaled = parse_crop_code(f"{LINK}{codes}.jpg"), scale_link(f"{LINK}{codes}.jpg", scale)
    lengths = () if crop is None else astuple(crop)[1:]
    found = parse_crop_code(scaled)
    assert found == (crop and CropCode(crop.side, *(scale * length for length in lengths)))


@given(st.text() | CODES)
def test_scale_of_one_changes_no_link(text: str) -> None:
    assert scale_link(text, 1) == text
    assert scale_link(f"{LINK}{text}", 1) == f"{LINK}{text}"


@pytest.mark.real
def test_every_link_of_the_catalogue_is_scaled_and_an_earlier_crop_stays(
    real_catalogue: Path,
) -> None:
    with real_catalogue.open(encoding="latin-1", newline="") as file:
        links = [row["Poster"] for row in csv.DictReader(file) if row["Poster"]]
    code = re.compile(r"(.*\._V1(.*))_U([XY])(182|268)_CR([0-9]+),([0-9]+),182,268_AL_\.jpg")
    found = [code.fullmatch(link) for link in links]
    earlier = [one[2] for one in found if one and one[2]]
    assert (len(links), len(earlier), earlier.count("..")) == (5159, 42, 2)
    for link, one in zip(links, found, strict=True):
        assert one is not None
        length, left, top = (2 * int(one[number]) for number in (4, 5, 6))
        twice = f"{one[1]}_U{one[3]}{length}_CR{left},{top},364,536_AL_.jpg"
        assert scale_link(link, 2) == twice
