"""The contact sheet has a row for each decade, with posters of that decade only."""

import io

import datasets
from PIL import Image
from samples import DECADES, paint

from movie_posters_decade.images.contact_sheet import draw_contact_sheet, first_of_each_decade


def make_split(counts: dict[str, int]) -> datasets.Dataset:
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(DECADES))}
    )
    rows = [
        {"image": {"bytes": paint(decade, number), "path": None}, "label": DECADES.index(decade)}
        for decade, count in counts.items()
        for number in range(count)
    ]
    return datasets.Dataset.from_list(rows, features)


def test_each_row_shows_its_decade() -> None:
    split = make_split(dict.fromkeys(DECADES, 3)).shuffle(seed=1)
    sheet = Image.open(io.BytesIO(draw_contact_sheet(split, posters=3)))
    for row, decade in enumerate(DECADES):
        for column in range(3):
            # In the band that `paint` paints at the top, whose red is the decade's.
            pixel = sheet.getpixel((84 + 106 * column + 50, 6 + 154 * row + 15))
            assert isinstance(pixel, tuple)
            assert abs(pixel[0] - (40 + 40 * DECADES.index(decade))) < 12
            assert pixel[2] > 200


def test_decade_with_few_posters_leaves_the_rest_of_its_row_empty() -> None:
    split = make_split({"1970s": 1, "1980s": 3})
    sheet = Image.open(io.BytesIO(draw_contact_sheet(split, posters=3))).convert("RGB")
    assert sheet.size == (84 + 3 * 106 + 6, 6 + 5 * 154)
    empty = sheet.crop((84 + 106, 6, sheet.width, 6 + 148))
    assert min(empty.tobytes()) > 235


def test_first_posters_of_each_decade_are_found() -> None:
    split = make_split({"1970s": 4, "1980s": 2})
    assert first_of_each_decade(split, 3) == {
        "1970s": [0, 1, 2],
        "1980s": [4, 5],
        "1990s": [],
        "2000s": [],
        "2010s": [],
    }
