"""Bounds: texts of a catalogue are short and without control characters; rows are counted."""

import json
import time
from pathlib import Path

import pytest
from samples import row, write_catalogue

from movie_posters_decade.catalogue import encoding, genres, read_catalogue, values
from movie_posters_decade.crop_code import is_landscape_crop
from movie_posters_decade.download.addresses import parse_url
from movie_posters_decade.options.options import Options
from movie_posters_decade.records import is_url
from movie_posters_decade.sampling.splits import title_stem
from movie_posters_decade.texts import MAX_GENRES, clean_text


def test_control_characters_become_spaces_and_long_texts_are_cut_or_missing(
    tmp_path: Path,
) -> None:
    movies = [
        {"id": "a\x1b[2J", "title": "Up\x07\ndown", "genres": "Action", "poster": "http://h/1"},
        {"id": "b", "title": "x" * 501, "genres": "Action|Sci\tFi", "poster": "http://h/2"},
        {"id": "c" * 201, "title": "C", "genres": "Action", "poster": "http://h/3"},
        {"id": "d", "title": "D", "genres": f"Action|{'x' * 101}", "poster": "http://h/4"},
        {"id": "e", "title": "E", "genres": "|".join(map(str, range(99))), "poster": "http://h/5"},
        {"id": "f", "title": "Amélie", "genres": "Action", "poster": "http://h/6"},
    ]
    path = tmp_path / "movies.json"
    path.write_text(json.dumps([movie | {"year": 1995, "plot": "p" * 10_001} for movie in movies]))
    catalogue = read_catalogue(path, options=Options())
    by_id = catalogue.movies.set_index("imdb_id")
    assert list(by_id.index) == ["a [2J", "b", "d", "e", "f"]
    assert list(by_id["title"]) == ["Up  down", "x" * 500, "D", "E", "Amélie"]
    assert list(by_id["genres"][["b", "d"]]) == [("Action", "Sci Fi"), ("Action",)]
    assert len(by_id["genres"]["e"]) == MAX_GENRES
    assert catalogue.reading.bounded is not None
    assert ("texts cut or cleaned in rows", "5 (1, 2, 3, 4, 5)") in catalogue.reading.rows()
    extra = read_catalogue(path, options=Options(extra_columns=("plot",)))
    assert {len(value) for values in extra.movies["extra"] for value in values} == {10_000}


def test_usual_texts_stay_as_they_are(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path / "c.csv", [row(1, "Heat (1995)", "Action", "http://h/1")])
    assert read_catalogue(path).reading.bounded is None
    assert clean_text("\u05d0\u200f ok", 9) == "\u05d0\u200f ok"


N = 30_000

LONG = {
    "zeros": "0" * N,
    "zeros with a tail": "0" * N + "x",
    "groups": ",000" * (N // 4),
    "scientific": "1." + "0" * N + "e",
    "quotes": "[" + "'" * N + "]",
    "escaped quotes": "[" + "\\'" * (N // 2) + "]",
    "numpy": "set(" + ",dtype=a" * (N // 8),
    "spaces": "array(" + ", " * (N // 2) + ")",
    "gaps": "[" + "'a' " * (N // 4) + "]",
    "parentheses": "(1995" * (N // 5),
    "brackets": "[" * N + "]" * N,
    "braces": "{" + '"a":{' * (N // 5) + "}",
    "path": "/" * N,
    "dots": "a." * (N // 2),
    "link": "http://" + "a." * (N // 2),
    "users": "http://" + "@" * N,
    "crops": "_UY1_CR1,1,1" * (N // 12),
    "roman": "a " + "i" * N + "a",
    "romans": "i " * (N // 2) + "a",
    "parts": "a" + ", part " * (N // 7),
    "colons": ": " * (N // 2) + "\n",
    "accents": "\xc3" * N,
}
"""Texts of 30,000 characters that a careless pattern would search again from each position."""


def read_as_everything(text: str) -> None:
    """Read a text as whatever a catalogue may hold."""
    for read in (
        values.is_damaged_id,
        values.is_number,
        values.parse_score,
        values.looks_like_link,
        values.is_web_path,
        values.split_year,
        is_landscape_crop,
        parse_url,
        is_url,
        title_stem,
    ):
        read(text)
    for is_imdb in (True, False):
        values.parse_id(text, is_imdb=is_imdb)
    values.parse_years([text])
    values.normalize_link(text, "")
    values.make_id(text, 1)
    genres.parse_genres(text, "|")
    genres.detect_separator({text: 1})
    genres.better_separator({text: 1}, None)
    encoding.repair_titles([text])


@pytest.mark.parametrize("name", LONG)
def test_no_text_of_a_catalogue_takes_more_than_linear_time(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Quadratic work on such a text takes seconds, and linear work a few hundredths of one."""
    monkeypatch.setattr(genres, "MAX_LIST", 2 * N)
    begin = time.process_time()
    read_as_everything(LONG[name])
    assert time.process_time() - begin < 1


@pytest.mark.parametrize("year", [0, 1869, 2101, 99999, -5])
def test_years_that_no_film_has_are_none(year: int, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    movie = {"id": "a", "title": "A", "genres": "B", "poster": "http://h/1"}
    path.write_text(json.dumps([movie | {"year": year}, movie | {"id": "b", "year": 1990}]))
    assert read_catalogue(path).reading.years == [1990, 1990]
