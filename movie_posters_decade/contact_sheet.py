"""Some posters of each decade in one picture."""

import io
from itertools import islice

import datasets
from PIL import Image, ImageDraw, ImageFont, ImageOps

from movie_posters_decade.inspection import decode_poster

POSTERS_A_ROW = 10
_CELL = (100, 148)
_GAP = 6
_TITLE_WIDTH = 84
_PAPER, _INK = (250, 250, 248), (40, 40, 40)


def draw_contact_sheet(dataset: datasets.Dataset, posters: int = POSTERS_A_ROW) -> bytes:
    """Draw a contact sheet.

    Args:
        dataset: one side of a built dataset.
        posters: how many of each decade, which are its first ones.

    Returns:
        A JPEG with a row for each decade: its name, and posters of 100 by 148 pixels.
    """
    decades = dataset.features["label"].names
    width = _TITLE_WIDTH + posters * (_CELL[0] + _GAP) + _GAP
    height = _GAP + len(decades) * (_CELL[1] + _GAP)
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=20)
    labels = dataset["label"]
    undecoded = dataset.cast_column("image", datasets.Image(decode=False))
    for row, decade in enumerate(decades):
        top = _GAP + row * (_CELL[1] + _GAP)
        draw.text((_GAP + 4, top + _CELL[1] / 2), decade, _INK, font, anchor="lm")
        places = (place for place, label in enumerate(labels) if label == row)
        for column, place in enumerate(islice(places, posters)):
            content = undecoded[place]["image"]["bytes"]
            thumbnail = ImageOps.pad(decode_poster(content), _CELL, color=_PAPER)
            sheet.paste(thumbnail, (_TITLE_WIDTH + column * (_CELL[0] + _GAP), top))
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=88)
    return file.getvalue()
