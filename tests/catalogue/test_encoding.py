"""Text encoding: it is detected, broken bytes are counted, and damaged titles are repaired."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_posters_decade.catalogue.clean import Catalogue, parse_catalogue
from movie_posters_decade.catalogue.encoding import repair_titles
from movie_posters_decade.errors import CatalogueError

HEADER = b"imdbId,Title,Genre,Poster\n"


def parse(*titles: bytes, encoding: str | None = None) -> Catalogue:
    rows = (b"%d,%s (1990),Drama,http://%d\n" % (n, title, n) for n, title in enumerate(titles))
    content = HEADER + b"".join(rows)
    return parse_catalogue(content.decode().encode(encoding) if encoding else content, "c.csv")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_encoding_is_detected(encoding: str) -> None:
    title = "L\u2019\u00e9t\u00e9 \u201cfou\u201d \u2013 \u20ac\u2026"
    catalogue = parse(title.encode(), encoding=encoding)
    assert catalogue.movies["title"].tolist() == [title]
    names = {"cp1252": "Windows-1252", "utf-16": "UTF-16"}
    assert catalogue.reading.encoding == names.get(encoding, "UTF-8")


def test_broken_byte_does_not_change_the_encoding_and_is_counted_with_its_line() -> None:
    catalogue = parse("Am\u00e9lie".encode(), b"Br\xfccke", "\u00c6on".encode())
    assert catalogue.movies["title"].tolist() == ["Am\u00e9lie", "Br\ufffdcke", "\u00c6on"]
    assert catalogue.reading.encoding == "UTF-8"
    assert str(catalogue.reading.broken_bytes) == "1 (3)"


def test_zero_byte_is_counted_as_broken() -> None:
    catalogue = parse(*[b"A long title with a number"] * 9, b"B\0C")
    assert catalogue.movies["title"].tolist()[-1] == "B\ufffdC"
    assert str(catalogue.reading.broken_bytes) == "1 (11)"


def test_bytes_that_windows_1252_does_not_have_are_counted() -> None:
    catalogue = parse(b"Caf\xe9", b"\x8d\x90", b"Stra\xdfe")
    assert str(catalogue.reading.broken_bytes) == "2 (3, …)"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-32"])
def test_binary_file_and_utf16_without_its_mark_are_errors(encoding: str) -> None:
    with pytest.raises(CatalogueError) as error:
        parse_catalogue(HEADER.decode().encode(encoding), "c.csv")
    assert str(error.value) == (
        "c.csv: expected CSV, TSV, JSON, Parquet or an Excel workbook (.xlsx); found a file with "
        "many zero bytes, which is another binary file, or a text in UTF-16 without its byte order "
        "mark. Save it as one of these, in UTF-8."
    )


TITLES = [
    "Les mis\u00e9rables",
    "\u00c6on Flux",
    "A la playa ma\u00f1ana",
    "\u00bfQui\u00e9n diablos?",
    "Der ganz gro\u00dfe Traum",
]


def misread(title: str, rounds: int) -> str:
    """Decode a title wrongly, as in Kaggle's catalogue, with some rounds of Mac Roman."""
    text = title.encode("utf-8").decode("cp1252")
    for _ in range(rounds):
        text = text.encode("mac_roman").decode("latin-1")
    return text


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_garbled_titles_are_repaired(rounds: int) -> None:
    assert repair_titles([misread(title, rounds) for title in TITLES]) == TITLES


@pytest.mark.parametrize("rounds", [0, 1])
@pytest.mark.parametrize("title", TITLES)
def test_title_that_shows_its_damage_is_repaired_alone(title: str, rounds: int) -> None:
    others = ["\u0141\u00f3d\u017a", "Andr\u00e9"]
    if title != TITLES[1] or rounds == 0:
        assert repair_titles([misread(title, rounds), *others]) == [title, *others]


@pytest.mark.parametrize(
    "title",
    [
        *TITLES,
        "\u0141\u00f3d\u017a",
        "L\u2019\u00e9t\u00e9 \u2013 \u00e0 Paris",
        # These would become other letters.
        "BEYONC\u00c9\u2019S",
        "CAF\u00c9\u2122",
        "AMANH\u00c3\u2026",
        # A character of these titles is missing.
        "H\u00ed_xan",
        "Sal\u00ed_, or the 120 Days of Sodom",
        "Cube\u0152_: Hypercube",
    ],
)
def test_title_stays_as_it_is_where_the_repair_is_uncertain(title: str) -> None:
    assert repair_titles([title]) == [title]


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_title_is_never_changed(title: str) -> None:
    assert repair_titles([title, misread(TITLES[0], 0)]) == [title, TITLES[0]]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="cp1252"), max_size=12), max_size=5))
def test_title_becomes_shorter_or_stays_as_it_is(titles: list[str]) -> None:
    for title, repaired in zip(titles, repair_titles(titles), strict=True):
        assert repaired == title or len(repaired) < len(title)
