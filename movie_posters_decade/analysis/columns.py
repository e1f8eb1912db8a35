"""Column features: what a row says of its decade without its image.

A network that sees only pixels cannot learn from them. One that is given the row can.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from movie_posters_decade.crop_code import parse_crop_code

ColumnFeature = Mapping[str, float | str]

ORDER = "position in the split"
"""The feature that is in no column, but in the order of the rows."""

COLUMNS = (
    "imdb_id",
    "title",
    "genres",
    "imdb_score",
    "name in the link",
    "host of the link",
    "crop code in the link",
    "source",
    ORDER,
)
"""The names of the features, as `measure_columns` returns them."""

NAME_CHARACTERS = 64
"""How many characters of a poster's name are looked at."""


_CHARACTERS = [f"character {place}" for place in range(NAME_CHARACTERS)]


def measure_columns(row: Mapping[str, Any], position: float) -> dict[str, ColumnFeature]:
    """Measure what the columns of a row may tell, by name, except year and label themselves.

    Args:
        row: an example of the dataset; columns that it lacks count as empty.
        position: of the row in its split, from 0 to 1.
    """
    link, title = str(row.get("poster_url") or ""), str(row.get("title") or "")
    score = row.get("imdb_score")
    values: tuple[ColumnFeature, ...] = (
        _number(str(row.get("imdb_id") or "")),
        _shape_of_title(title),
        _genres(row.get("genres") or ()),
        {"score": "none" if score is None else float(score)},
        _name(link),
        {"host": urlsplit(link).hostname or "none"},
        _crop_code(link),
        {"source": str(row.get("source") or "none")},
        {"position": position},
    )
    return dict(zip(COLUMNS, values, strict=True))


def _number(imdb_id: str) -> ColumnFeature:
    """Return the number in an id. IMDb counts up, so that later movies have larger ones."""
    digits = re.sub(r"[^0-9]", "", imdb_id)
    # No double holds more digits than these exactly.
    return {"number": float(digits[:15])} if digits else {"number": "none"}


def _shape_of_title(title: str) -> ColumnFeature:
    """Return the shape of a title. Its words would need more posters than most builds have."""
    digits = sum(character.isdigit() for character in title)
    return {
        "characters": float(len(title)),
        "words": float(len(title.split())),
        "digits": float(digits),
        "colons": float(title.count(":")),
    }


def _genres(genres: Sequence[str]) -> ColumnFeature:
    # The prefix keeps a genre that is called "number" apart.
    return {"number": float(len(genres)), **{f"genre {genre}": 1.0 for genre in genres}}


def _name(link: str) -> ColumnFeature:
    """Return the length and the characters of the poster's name, the last part of the path."""
    name = urlsplit(link).path.rpartition("/")[2]
    codes = (float(ord(character)) for character in name)
    characters = dict(zip(_CHARACTERS, codes, strict=False))
    return {"length": float(len(name)), **characters}


def _crop_code(link: str) -> ColumnFeature:
    crop = parse_crop_code(link)
    if crop is None:
        return {"fit": "none"}
    return {"fit": f"{crop.side}{crop.length}", "left": float(crop.left), "top": float(crop.top)}
