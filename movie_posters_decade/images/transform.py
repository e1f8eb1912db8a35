"""A poster is drawn anew, so that all have one size or one encoding."""

import io
from collections import defaultdict

import datasets
from PIL import Image, ImageDraw, ImageFont, ImageOps

from movie_posters_decade.config import ImageTransform
from movie_posters_decade.images.checks import decode_poster


def transform_image(content: bytes, transform: ImageTransform) -> bytes:
    """Draw a poster anew.

    Args:
        content: an image in any format that `inspect_poster` accepts.
        transform: how.

    Returns:
        An image that is upright, opaque (white shows through) and in RGB; or ``content`` itself if
        nothing is to change.
    """
    if not transform.changes:
        return content
    poster = decode_poster(content)
    # Profiles and comments of the original say nothing of the new file.
    poster.info.clear()
    if transform.image_size is not None:
        poster = _fitted(poster, transform.image_size, transform.resize_mode)
    file = io.BytesIO()
    encoding = transform.encode_format or "jpeg"
    if encoding == "png":
        poster.save(file, "PNG")
    else:
        # Without chroma subsampling, which small lettering suffers from.
        options = {"subsampling": 0} if encoding == "jpeg" else {}
        poster.save(file, encoding.upper(), quality=transform.encode_quality, **options)
    return file.getvalue()


def _fitted(poster: Image.Image, size: tuple[int, int], fit: str) -> Image.Image:
    if fit == "crop":
        return ImageOps.fit(poster, size, Image.Resampling.LANCZOS)
    if fit == "pad":
        return ImageOps.pad(poster, size, Image.Resampling.LANCZOS, color="black")
    return poster.resize(size, Image.Resampling.LANCZOS)


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
