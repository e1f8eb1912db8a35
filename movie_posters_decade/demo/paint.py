"""Painted posters, each decade in its own style."""

import io
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

SIZE = (182, 268)
"""Width and height in pixels, as the posters of Kaggle's catalogue have them."""

_Color = tuple[int, int, int]
_Style = Callable[[ImageDraw.ImageDraw, random.Random], None]


def paint_poster(title: str, year: int, seed: int) -> Image.Image:
    """Paint a poster in the style of a year's decade, as an RGB image of 182 by 268 pixels."""
    poster = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(poster)
    paint, color = _STYLES.get(year // 10 * 10, (_paint_frame, (120, 30, 30)))
    chance = random.Random(seed)
    paint(draw, chance)
    _scatter(draw, color, chance)
    _write(draw, title)
    return poster


def encode_jpeg(poster: Image.Image, quality: int = 85) -> bytes:
    """Return the bytes of a poster as a JPEG file, of a quality from 1 to 95."""
    file = io.BytesIO()
    poster.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _paint_frame(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    """Before 1970: an oval in a frame."""
    _fill(draw, (232, 220, 188))
    draw.rectangle((10, 10, 172, 258), outline=_vary((120, 30, 30), chance), width=4)
    draw.ellipse((40, 40, 142, 180), fill=_vary((60, 80, 110), chance))


def _paint_rings(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    """The 1970s: rings in brown, orange and mustard."""
    _fill(draw, _vary((96, 52, 24), chance))
    x, y = chance.randint(50, 130), chance.randint(70, 130)
    colors = [(214, 92, 28), (236, 170, 48), (150, 70, 30), (244, 214, 140)]
    for index, radius in enumerate(range(100, 10, -18)):
        color = _vary(colors[index % len(colors)], chance)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)


def _paint_sunset(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    """The 1980s: a neon sun over a grid."""
    _fill(draw, _vary((30, 10, 60), chance))
    horizon = chance.randint(130, 160)
    draw.ellipse((46, horizon - 90, 136, horizon), fill=_vary((255, 80, 160), chance))
    for y in range(horizon - 40, horizon, 10):
        draw.line((46, y, 136, y), fill=(30, 10, 60), width=3)
    neon = _vary((0, 220, 230), chance)
    for step in range(7):
        y = horizon + step * step * 3
        draw.line((0, y, 182, y), fill=neon)
        draw.line((91, horizon, (step - 3) * 90 + 91, 268), fill=neon)


def _paint_diagonal(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    """The 1990s: two halves, two faces."""
    _fill(draw, _vary((20, 60, 140), chance))
    cut = chance.randint(80, 180)
    draw.polygon(
        [(0, cut), (182, cut - 70), (182, 268), (0, 268)], fill=_vary((190, 24, 36), chance)
    )
    for x, y in ((52, cut - 60), (124, cut + 20)):
        draw.ellipse((x - 24, y - 30, x + 24, y + 30), fill=_vary((230, 190, 160), chance))


def _paint_glow(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    """The 2000s: an orange glow between dark teal towers."""
    for y in range(268):
        share = y / 268
        draw.line((0, y, 182, y), fill=(int(20 + 220 * share), int(50 + 80 * share), 70))
    for x in range(0, 182, 14):
        height = chance.randint(40, 170)
        draw.rectangle((x, 268 - height, x + 10, 268), fill=_vary((8, 40, 46), chance))


def _paint_shape(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    """The 2010s: one flat shape on a pale ground."""
    _fill(draw, _vary((206, 232, 214), chance))
    x, y, radius = chance.randint(70, 112), chance.randint(90, 140), chance.randint(30, 54)
    corners = chance.choice([3, 4, 6])
    color = _vary((40, 160, 110), chance)
    draw.regular_polygon((x, y, radius), corners, rotation=chance.randrange(90), fill=color)


_STYLES: dict[int, tuple[_Style, _Color]] = {
    1970: (_paint_rings, (236, 150, 48)),
    1980: (_paint_sunset, (200, 60, 220)),
    1990: (_paint_diagonal, (110, 40, 90)),
    2000: (_paint_glow, (220, 110, 60)),
    2010: (_paint_shape, (120, 200, 160)),
}
"""The style of each decade, and the color of its patches."""


def _scatter(draw: ImageDraw.ImageDraw, color: _Color, chance: random.Random) -> None:
    """Scatter bright and dark patches of a color, so that no two posters look alike."""
    red, green, blue = color
    dark = (red // 4, green // 4, blue // 4)
    for number in range(12):
        x, y = chance.randrange(SIZE[0]), chance.randrange(SIZE[1])
        width, height = chance.randint(14, 50), chance.randint(14, 70)
        box = (x - width, y - height, x + width, y + height)
        draw.rectangle(box, fill=_vary(dark if number % 2 else color, chance))


def _fill(draw: ImageDraw.ImageDraw, color: _Color) -> None:
    draw.rectangle((0, 0, *SIZE), fill=color)


def _vary(color: _Color, chance: random.Random) -> _Color:
    red, green, blue = (min(255, max(0, part + chance.randint(-16, 16))) for part in color)
    return red, green, blue


def _write(draw: ImageDraw.ImageDraw, title: str) -> None:
    font = ImageFont.load_default(size=17)
    for line, word in enumerate(title.split()[-4:]):
        point = (SIZE[0] / 2, SIZE[1] - 74 + 18 * line)
        draw.text(point, word, "white", font, anchor="mt", stroke_width=2, stroke_fill="black")
