"""Contact sheet: one picture with a labelled row of posters for each decade of a split."""

import io
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from movie_posters_decade.images.decode import to_rgb
from movie_posters_decade.text.terminal import visible

if TYPE_CHECKING:
    import datasets

POSTERS_A_ROW = 10
"""How many posters of each decade a contact sheet shows."""

_THUMBNAIL_SIZE = (100, 148)
_GAP = 6
_LABEL_WIDTH, _WIDEST_LABEL = 84, 300
_TITLE_HEIGHT = 36
_BACKGROUND, _TEXT_COLOR, _NOTE_COLOR = (250, 250, 248), (40, 40, 40), (120, 120, 120)
_QUALITY = 88


@dataclass(frozen=True)
class Section:
    """A part of a contact sheet: the rows of one split.

    Attributes:
        rows: the thumbnails of each decade, in the decades' order.
        title: above the rows; empty for none.
        note: what a row without any poster says instead.
    """

    rows: Mapping[str, Sequence[Image.Image]]
    title: str = ""
    note: str = ""

    @property
    def height(self) -> int:
        """Its height in pixels."""
        return _TITLE_HEIGHT * bool(self.title) + len(self.rows) * (_THUMBNAIL_SIZE[1] + _GAP)


def draw_contact_sheet(split: "datasets.Dataset", posters: int = POSTERS_A_ROW) -> bytes:
    """Draw a contact sheet: a JPEG with a row for each decade of a split.

    A row has the decade's name and its first posters, each of 100 by 148 pixels.
    """
    sheet = draw_sections([Section(thumbnails_of_each_decade(split, posters))], posters)
    return _encode(sheet)


def draw_sections(sections: Sequence[Section], columns: int) -> Image.Image:
    """Draw sections below each other, in rows of at most ``columns`` posters, as an RGB image."""
    font = ImageFont.load_default(size=20)
    labels = [_one_line(decade) for section in sections for decade in section.rows]
    width = min(_WIDEST_LABEL, max([_LABEL_WIDTH, *(_width(font, text) for text in labels)]))
    size = (
        width + columns * (_THUMBNAIL_SIZE[0] + _GAP) + _GAP,
        _GAP + sum(section.height for section in sections),
    )
    sheet, top = Image.new("RGB", size, _BACKGROUND), _GAP
    for section in sections:
        _draw_section(sheet, section, top, width, font)
        top += section.height
    return sheet


def _draw_section(
    sheet: Image.Image,
    section: Section,
    top: int,
    label_width: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    draw = ImageDraw.Draw(sheet)
    if section.title:
        draw.text((_GAP + 4, top + 4), _one_line(section.title), _TEXT_COLOR, font)
        top += _TITLE_HEIGHT
    for decade, posters in section.rows.items():
        middle = top + _THUMBNAIL_SIZE[1] / 2
        draw.text((_GAP + 4, middle), _one_line(decade), _TEXT_COLOR, font, anchor="lm")
        if not posters:
            draw.text((label_width + _GAP, middle), section.note, _NOTE_COLOR, font, anchor="lm")
        for column, poster in enumerate(posters):
            sheet.paste(poster, (label_width + column * (_THUMBNAIL_SIZE[0] + _GAP), top))
        top += _THUMBNAIL_SIZE[1] + _GAP


def _width(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, label: str) -> int:
    return math.ceil(font.getlength(label)) + 2 * _GAP + 8


def _one_line(text: str) -> str:
    """Return a text on one line, as Pillow aligns no other."""
    return " ".join(visible(text).split())


def thumbnail(poster: Image.Image) -> Image.Image:
    """Return a decoded poster in RGB at 100 by 148 pixels, with edges where it has another form."""
    return ImageOps.pad(to_rgb(poster), _THUMBNAIL_SIZE, color=_BACKGROUND)


def thumbnails_of_each_decade(
    split: "datasets.Dataset", count: int
) -> dict[str, list[Image.Image]]:
    """Return thumbnails of the first posters of each decade, in the decades' order."""
    rows = first_of_each_decade(split, count)
    posters = split.select_columns("image")
    shown = {decade: [posters[index]["image"] for index in rows[decade]] for decade in rows}
    return {
        decade: [thumbnail(poster) for poster in posters if poster is not None]
        for decade, posters in shown.items()
    }


def first_of_each_decade(split: "datasets.Dataset", count: int) -> dict[str, list[int]]:
    """Return the row numbers of the first posters of each decade, in the decades' order."""
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(split["label"]):
        if len(rows[label]) < count:
            rows[label].append(row)
    return {decade: rows[label] for label, decade in enumerate(split.features["label"].names)}


def first_of_a_stream(
    rows: Iterable[Mapping[str, Any]], decades: Sequence[str], count: int
) -> dict[str, list[Image.Image]]:
    """Return thumbnails of the first posters of each decade of a stream, in the decades' order.

    It reads no further than until every decade has ``count`` posters. ``rows`` have a decoded
    ``image`` and the number of the decade, ``label``.
    """
    found: list[list[Image.Image]] = [[] for _ in decades]
    for row in rows:
        label, image = row["label"], row["image"]
        # Rows without a label have None or -1.
        if label in range(len(found)) and image is not None and len(found[label]) < count:
            found[label].append(thumbnail(image))
        if all(len(posters) == count for posters in found):
            break
    return dict(zip(decades, found, strict=True))


def _encode(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "jpeg", quality=_QUALITY)
    return file.getvalue()
