"""Some posters of each decade, small, in one picture or each by itself."""

import io
from collections import defaultdict

import datasets
from PIL import Image, ImageDraw, ImageFont, ImageOps

from movie_posters_decade.inspection import decode_poster

POSTERS_A_ROW = 10
_CELL = (100, 148)
_GAP = 6
_TITLE_WIDTH = 84
_PAPER, _INK = (250, 250, 248), (40, 40, 40)


def draw_contact_sheet(part: datasets.Dataset, posters: int = POSTERS_A_ROW) -> bytes:
    """Draw a contact sheet.

    Args:
        part: one split of a built dataset.
        posters: how many of each decade, which are its first ones.

    Returns:
        A JPEG with a row for each decade: its name, and posters of 100 by 148 pixels.
    """
    rows = first_places(part, posters)
    width = _TITLE_WIDTH + posters * (_CELL[0] + _GAP) + _GAP
    sheet = Image.new("RGB", (width, _GAP + len(rows) * (_CELL[1] + _GAP)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=20)
    undecoded = part.cast_column("image", datasets.Image(decode=False))
    for row, (decade, places) in enumerate(rows.items()):
        top = _GAP + row * (_CELL[1] + _GAP)
        draw.text((_GAP + 4, top + _CELL[1] / 2), decade, _INK, font, anchor="lm")
        for column, place in enumerate(places):
            small = _small(undecoded[place]["image"]["bytes"])
            sheet.paste(small, (_TITLE_WIDTH + column * (_CELL[0] + _GAP), top))
    return _to_jpeg(sheet)


def draw_thumbnail(content: bytes) -> bytes:
    """Return a poster as a JPEG of 100 by 148 pixels."""
    return _to_jpeg(_small(content))


def first_places(part: datasets.Dataset, count: int) -> dict[str, list[int]]:
    """Return by decade, in order, where in a split of a dataset its first posters are."""
    places: defaultdict[int, list[int]] = defaultdict(list)
    for place, label in enumerate(part["label"]):
        if len(places[label]) < count:
            places[label].append(place)
    return {decade: places[label] for label, decade in enumerate(part.features["label"].names)}


def _small(content: bytes) -> Image.Image:
    return ImageOps.pad(decode_poster(content), _CELL, color=_PAPER)


def _to_jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88)
    return file.getvalue()
