"""Image transforms: resize and re-encode posters, and arrange them on a contact sheet."""

import io
from collections import defaultdict
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont, ImageOps

from movie_posters_decade.images.decode import decode_poster
from movie_posters_decade.transform_options import ImageTransform

if TYPE_CHECKING:
    import datasets

POSTERS_A_ROW = 10
"""How many posters of each decade a contact sheet shows."""

_THUMBNAIL_SIZE = (100, 148)
_GAP = 6
_LABEL_WIDTH = 84
_BACKGROUND, _TEXT_COLOR = (250, 250, 248), (40, 40, 40)


def transform_image(content: bytes, transform: ImageTransform) -> bytes:
    """Resize and re-encode a poster that `check_poster` accepts.

    Returns:
        An image in RGB, upright, and white where it was transparent; or ``content`` itself if the
        transform changes nothing.
    """
    if not transform.changes:
        return content
    poster = decode_poster(content)
    # Colour profiles and comments of the original do not describe the new file.
    poster.info.clear()
    if transform.image_size is not None:
        poster = _resize(poster, transform.image_size, transform.resize_mode)
    encode_format = transform.encode_format or "jpeg"
    # Chroma subsampling would blur small lettering in a JPEG. A PNG ignores these options.
    return _encode(poster, encode_format, quality=transform.encode_quality, subsampling=0)


def _resize(poster: Image.Image, size: tuple[int, int], mode: str) -> Image.Image:
    if mode == "crop":
        return ImageOps.fit(poster, size, Image.Resampling.LANCZOS)
    if mode == "pad":
        return ImageOps.pad(poster, size, Image.Resampling.LANCZOS, color="black")
    return poster.resize(size, Image.Resampling.LANCZOS)


def _encode(image: Image.Image, encode_format: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, encode_format, **options)
    return file.getvalue()


def draw_contact_sheet(split: "datasets.Dataset", posters: int = POSTERS_A_ROW) -> bytes:
    """Draw a contact sheet: a JPEG with a row for each decade of a split.

    A row has the decade's name and its first posters, each of 100 by 148 pixels.
    """
    import datasets  # noqa: PLC0415, a worker that checks posters does without it

    rows = first_of_each_decade(split, posters)
    width, height = (size + _GAP for size in _THUMBNAIL_SIZE)
    sheet_size = (_LABEL_WIDTH + posters * width + _GAP, _GAP + len(rows) * height)
    sheet = Image.new("RGB", sheet_size, _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=20)
    undecoded = split.cast_column("image", datasets.Image(decode=False))
    for row, (decade, indices) in enumerate(rows.items()):
        top = _GAP + row * height
        middle = top + _THUMBNAIL_SIZE[1] / 2
        draw.text((_GAP + 4, middle), decade, _TEXT_COLOR, font, anchor="lm")
        for column, index in enumerate(indices):
            poster = _thumbnail(undecoded[index]["image"]["bytes"])
            sheet.paste(poster, (_LABEL_WIDTH + column * width, top))
    return _encode(sheet, "jpeg", quality=88)


def draw_thumbnail(content: bytes) -> bytes:
    """Return a poster as a JPEG of 100 by 148 pixels."""
    return _encode(_thumbnail(content), "jpeg", quality=88)


def first_of_each_decade(split: "datasets.Dataset", count: int) -> dict[str, list[int]]:
    """Return the row numbers of the first posters of each decade, in the decades' order."""
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(split["label"]):
        if len(rows[label]) < count:
            rows[label].append(row)
    return {decade: rows[label] for label, decade in enumerate(split.features["label"].names)}


def _thumbnail(content: bytes) -> Image.Image:
    return ImageOps.pad(decode_poster(content), _THUMBNAIL_SIZE, color=_BACKGROUND)
