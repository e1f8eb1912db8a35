"""Round trips: what pandas writes is read back, and a damaged table is read right or refused."""

import csv
import io
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from movie_posters_decade.catalogue.clean import Catalogue, parse_catalogue
from movie_posters_decade.errors import CatalogueError

# Titles hold none of the letters that the first byte of a character in UTF-8 is read as, in
# Windows-1252: a title such as "\u00c2\u00ac" is repaired, and test_encoding says when. Nor do they
# hold backslashes, of which a file alone does not say what they mean: test_delimited has those. A
# title that starts with "=" is a formula in Excel, and some words are no title.
FIRST_BYTES = "".join(map(chr, range(0xC2, 0xF5)))
TEXT = st.text(
    st.characters(exclude_categories=["C"], exclude_characters=f"{FIRST_BYTES}\\"),
    min_size=1,
    max_size=12,
).filter(lambda text: text == text.strip() and not text.startswith(("=", "<NA>", "#N/A", "N/A")))
GENRES = ("Action", "Drama", "Sci-Fi", "Children's", "Science Fiction")


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Draw a table of movies with titles of any characters, and genres as a text."""
    count = draw(st.integers(1, 8))
    separator = draw(st.sampled_from(["|", ",", ", ", ";"]))
    genres = [
        draw(st.lists(st.sampled_from(GENRES), min_size=1, unique=True)) for _ in range(count)
    ]
    return pd.DataFrame(
        {
            "imdb_id": [f"tt{number:07}" for number in range(1, count + 1)],
            "title": [draw(TEXT) for _ in range(count)],
            "year": [draw(st.integers(1870, 2100)) for _ in range(count)],
            "genres": [separator.join(names) for names in genres],
            "poster_url": [f"http://host/{number}.jpg" for number in range(count)],
        }
    )


def csv_writer(**options: Any) -> Callable[[pd.DataFrame], bytes]:
    return lambda table: table.to_csv(index=False, **options).encode()


def write_to(method: str, **options: Any) -> Callable[[pd.DataFrame], bytes]:
    def write(table: pd.DataFrame) -> bytes:
        file = io.BytesIO()
        getattr(table, method)(file, **options)
        return file.getvalue()

    return write


WRITERS = {
    "minimal": csv_writer(),
    "all": csv_writer(quoting=csv.QUOTE_ALL),
    "nonnumeric": csv_writer(quoting=csv.QUOTE_NONNUMERIC),
    "none": csv_writer(quoting=csv.QUOTE_NONE, escapechar="\\"),
    "backslash": csv_writer(doublequote=False, escapechar="\\", quoting=csv.QUOTE_ALL),
    "semicolon": csv_writer(sep=";"),
    "tab": csv_writer(sep="\t"),
    "bar": csv_writer(sep="|"),
    "windows": csv_writer(lineterminator="\r\n"),
    "utf16": write_to("to_csv", index=False, encoding="utf-16"),
    "records": write_to("to_json", orient="records"),
    "table": write_to("to_json", orient="table", index=False),
    "lines": write_to("to_json", orient="records", lines=True),
    "parquet": write_to("to_parquet"),
    "excel": write_to("to_excel", index=False),
}


@pytest.mark.parametrize("writer", WRITERS)
@settings(max_examples=10, deadline=None)
@given(tables())
def test_table_that_pandas_wrote_is_read_back(writer: str, table: pd.DataFrame) -> None:
    # Without quoting, nothing says that a quote at the start of a title is part of it.
    assume(writer != "none" or not table["title"].str.startswith('"').any())
    catalogue = parse_catalogue(WRITERS[writer](table), writer)
    assert catalogue.steps[0].movies == len(table)
    movies = catalogue.movies.drop(columns=["imdb_score", "extra"])
    expected = table.assign(
        genres=pd.Series([tuple(map(str.strip, split(one))) for one in table["genres"]])
    )
    assert movies.to_dict("records") == expected.to_dict("records")


def split(genres: str) -> list[str]:
    return genres.replace(";", ",").replace("|", ",").split(",")


ROWS = [
    ("1", "http://imdb/1", "Heat (1995)", "8.2", "Action|Drama", "http://host/1.jpg"),
    ("2", "http://imdb/2", "Good, the Bad (1966)", "8.8", "Western", "http://host/2.jpg"),
    ("3", "http://imdb/3", 'The "Rope" (1948)', "7.9", "Crime|Drama", "http://host/3.jpg"),
    ("4", "http://imdb/4", "Am\u00e9lie (2001)", "8.3", "Comedy", "http://host/4.jpg"),
    ("5", "http://imdb/5", "Alien (1979)", "", "Horror|Sci-Fi", "http://host/5.jpg"),
]
HEADER = ("imdbId", "Imdb Link", "Title", "IMDB Score", "Genre", "Poster")


def small_table() -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([HEADER, *ROWS])
    return file.getvalue().encode()


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Drop a byte, add a quote, or cut a row, after the header."""
    place = chance.randrange(content.index(b"\n") + 1, len(content))
    kind = chance.randrange(3)
    if kind == 0:
        return content[:place] + content[place + 1 :]
    if kind == 1:
        return content[:place] + b'"' + content[place:]
    end = content.index(b"\r\n", place) if b"\r\n" in content[place:] else len(content)
    return content[:place] + content[end:]


@pytest.mark.parametrize("seed", range(200))
def test_damaged_table_gives_the_right_rows_or_a_sentence(seed: int) -> None:
    """Only the damaged row may differ, and no movie holds a value of another row."""
    damaged = mutate(small_table(), random.Random(seed))
    try:
        catalogue = parse_catalogue(damaged, "c.csv")
    except CatalogueError as error:
        assert str(error).startswith("c.csv")  # noqa: PT017, either outcome is right
        return
    rows, complete, unique = catalogue.steps
    lines = damaged.decode(errors="replace").splitlines()[1:]
    assert rows.movies == len(list(filter(None, lines)))
    dropped = sum(complete.dropped.values()) + sum(unique.dropped.values())
    assert len(catalogue.movies) == rows.movies - dropped
    found = texts(catalogue)
    assert len(intact_texts() - found) <= 1
    for movie in found:
        assert any(all(plain(value) in plain(line) for value in movie) for line in lines)


@cache
def intact_texts() -> set[tuple[str, ...]]:
    """Return the values of each movie of the table before it was damaged."""
    return texts(parse_catalogue(small_table()))


def texts(catalogue: Catalogue) -> set[tuple[str, ...]]:
    """Return the values of each movie, as they stand in its row."""
    return {
        (
            one["imdb_id"].removeprefix("tt").lstrip("0"),
            one["title"],
            "" if pd.isna(one["year"]) else str(one["year"]),
            "|".join(one["genres"]),
            one["poster_url"],
        )
        for one in catalogue.movies.to_dict("records")
    }


def plain(text: str) -> str:
    """Return a text without what is not compared: quotes, double slashes and accents."""
    ascii_text = text.encode("ascii", errors="ignore").decode()
    return ascii_text.replace('"', "").replace("//", "/")
