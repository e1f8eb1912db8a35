"""Values: the texts of a table become ids, years, genres, scores and links."""

import hashlib
import math
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from movie_posters_decade.records import is_url, lower_scheme
from movie_posters_decade.texts import MAX_YEAR, MIN_YEAR

NO_VALUE = frozenset(
    {"", r"\n", "nan", "na", "n/a", "#n/a", "<na>", "nat", "none", "null", "-", "--", "?"}
    | {"unknown", "(no genres listed)"}
)
"""What programs write where there is no value, in lower case."""

_IMDB_ID = re.compile(
    r"(?:tt)?([0-9]++|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.0)?", re.IGNORECASE | re.ASCII
)
_IMDB_ID_WITH_TT = re.compile(r"tt([0-9]++)", re.IGNORECASE | re.ASCII)
_IMDB_LINK = re.compile(r"https?://(?:www\.|m\.)?imdb\.com/title/tt([0-9]++).*", re.IGNORECASE)
_WHOLE = re.compile(r"([0-9]++)\.0", re.ASCII)
_EXACT = re.compile(r"([0-9]++)e\+?([0-9]{1,2})", re.ASCII)
_SCIENTIFIC = re.compile(r"[0-9]++(\.[0-9]+)?e\+?[0-9]+", re.IGNORECASE | re.ASCII)

# The last parenthesis that holds exactly four digits: "Blade Runner 2049 (2017)".
_TITLE_WITH_YEAR = re.compile(r"(.*)\(([0-9]{4})\)(.*)", re.DOTALL)
_YEAR = re.compile(r"(?<![0-9])([0-9]{4})(?![0-9])")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.IGNORECASE | re.ASCII)
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_MONTH = r"(?:0[1-9]|1[0-2])"
_YEAR_FIRST = re.compile(rf"([0-9]{{4}}){_MONTH}{_DAY}(?:(?:[0-9]{{2}}){{1,3}})?", re.ASCII)
_YEAR_LAST = re.compile(rf"(?:{_DAY}{_MONTH}|{_MONTH}{_DAY})([0-9]{{4}})", re.ASCII)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))
"""The largest number of a column of times since 1970 from which on it is in a unit."""

_LINK = re.compile(r"(https?:)?/\S+|\S+\.(jpe?g|png|webp|gif)", re.IGNORECASE)
_BARE_HOST = re.compile(r"www\.[^/]+/", re.IGNORECASE)
_WEB_PATH = re.compile(r"/[^/]+\.[a-z]{3,4}", re.IGNORECASE)

# Quotes, straight and curly, a zero-width space, a byte order mark, and white space.
_STRAY = "\"'\u201c\u201d\u2018\u2019\u200b\ufeff \t\r\n\xa0"


def is_missing(text: str) -> bool:
    """Return whether a text stands for a missing value, such as N/A."""
    return text.strip().casefold() in NO_VALUE


def parse_id(text: str, *, is_imdb: bool) -> str:
    r"""Parse an id; an empty text if it is missing.

    IMDb ids become "tt" and at least seven digits, as IMDb writes them: ``tt113497`` or a link to
    the movie's page, and ``113497`` too if the column is IMDb's. Other ids stay as they are.
    """
    text = text.strip()
    if is_imdb and text.isdigit() and text.isascii():
        return f"tt{text.lstrip('0'):0>7}"  # as most are, and there can be millions
    if is_imdb and (exact := _EXACT.fullmatch(text)):
        # R writes 100000 as 1e+05: no digit is lost.
        text = exact[1] + "0" * int(exact[2])
    pattern = _IMDB_ID if is_imdb else _IMDB_ID_WITH_TT
    found = pattern.fullmatch(text) or _IMDB_LINK.fullmatch(text)
    if found:
        return f"tt{found[1].replace(',', '').lstrip('0'):0>7}"
    if is_missing(text):
        return ""
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def is_damaged_id(text: str) -> bool:
    """Return whether an id lost digits, as a spreadsheet writes 114709 as 1.14E+05."""
    text = text.strip()
    return bool(_SCIENTIFIC.fullmatch(text)) and not _EXACT.fullmatch(text)


def is_number(text: str) -> bool:
    """Return whether a text is a number."""
    return bool(_NUMBER.fullmatch(text.strip()))


def make_id(title: str, year: int | None) -> str:
    """Make an id from title and year, for a table without ids.

    A movie that is listed twice gets the same id, so it cannot be in train and test.
    """
    key = f"{' '.join(title.casefold().split())}\n{year}"
    return f"title-{hashlib.blake2b(key.encode(), digest_size=8).hexdigest()}"


def parse_years(texts: Sequence[str]) -> list[int | None]:
    """Parse the years of a column of years or dates; None where there is no year.

    A date is a text with a year of four digits in it, eight digits (19951215 or 15121995), or a
    number of seconds, milliseconds, microseconds or nanoseconds since 1970. Years are from
    `MIN_YEAR` to `MAX_YEAR`.
    """
    numbers = {text: _parse_number(text) for text in set(texts)}
    found = [abs(number) for number in numbers.values() if number is not None]
    unit = _epoch_unit(found)
    years = {text: _parse_year(text, numbers[text], unit) for text in set(texts)}
    return [years[text] for text in texts]


def _parse_number(text: str) -> float | None:
    """Return the number that a text is; None if it is none, or one that no float can be."""
    number = float(text.strip()) if is_number(text) else math.inf
    return number if math.isfinite(number) else None


def _year_of_date(number: float) -> int | None:
    """Return the year of a number such as 19951215, or 199512151830 with hours and minutes."""
    found = _YEAR_FIRST.fullmatch(f"{number:.0f}")
    return _in_range(int(found[1])) if found else None


def _epoch_unit(numbers: Sequence[float]) -> float | None:
    """Return the units in a second, if most numbers are too large for years and are no dates."""
    large = [number for number in numbers if number >= 1e8]
    dates = sum(_year_of_date(number) is not None for number in large)
    if 2 * len(large) <= len(numbers) or 2 * dates > len(large):
        return None
    return next(unit for least, unit in _EPOCH_UNITS if max(large) >= least)


def _parse_year(text: str, number: float | None, epoch_unit: float | None) -> int | None:
    if number is None:
        found = _YEAR.search(text)
        return _in_range(int(found[1])) if found else None
    if epoch_unit is not None and _in_range(int(number)) is None:
        with suppress(OverflowError):
            return _in_range((_EPOCH + timedelta(seconds=number / epoch_unit)).year)
        return None
    if year := _year_of_date(number):
        return year
    found = _YEAR_LAST.fullmatch(f"{number:.0f}".zfill(8))
    return _in_range(int(found[1]) if found else int(number))


def _in_range(year: int) -> int | None:
    return year if MIN_YEAR <= year <= MAX_YEAR else None


def parse_score(text: str) -> float:
    """Parse a score from 0 to 10; NaN if it is anything else."""
    with suppress(ValueError):
        score = float(text)
        return score if 0 <= score <= 10 else math.nan
    return math.nan


def normalize_link(link: str, base_url: str) -> str:
    """Return a link in one canonical form, so that two forms of it are found to be duplicates."""
    link = link.strip(_STRAY)
    if link.startswith(("https://", "http://")):
        return link  # as nearly all are, and there can be millions
    if is_missing(link):
        return ""
    if is_url(link):
        return lower_scheme(link)
    if link.startswith("//"):  # relative to the scheme of a page
        return f"https:{link}"
    if _BARE_HOST.match(link):
        return f"http://{link}"
    return f"{base_url.rstrip('/')}/{link.lstrip('/')}" if base_url else os.path.normpath(link)


def looks_like_link(text: str) -> bool:
    """Return whether a text is a URL, or the path of a picture."""
    return bool(_LINK.fullmatch(text))


def is_web_path(link: str) -> bool:
    """Return whether a link is the path of a file on an image host, such as TMDB's /vgp.jpg."""
    return link.startswith("/") and bool(_WEB_PATH.fullmatch(link))


def split_year(title: str) -> tuple[str, str]:
    """Split a title such as "Heat (1995)" into title and year, which is empty if there is none."""
    if title[-6:-5] == "(" and title[-5:-1].isdigit() and title.isascii() and title[-1] == ")":
        return title[:-6].strip(), title[-5:-1]  # as most are, and there can be millions
    found = _TITLE_WITH_YEAR.match(title)
    if found is None:
        return title.strip(), ""
    before, year, after = found.groups()
    return f"{before.strip()} {after.strip()}".strip(), year
