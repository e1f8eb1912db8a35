"""Readers: files of each type are read, and what is not a table is an error that says why."""

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from samples import read_movies

from movie_posters_decade.catalogue import parquet as parquet_limits
from movie_posters_decade.catalogue import read_catalogue
from movie_posters_decade.catalogue.clean import parse_catalogue
from movie_posters_decade.errors import CatalogueError

MISSING = "expected a table of movies, with columns for titles and poster links; found none for"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("c.csv", b"", "c.csv: expected a table of movies; found an empty file."),
        ("c.csv", b" \n\n", "c.csv: expected a table of movies; found an empty file."),
        ("c.csv", b"x\n", f"c.csv: {MISSING} titles and poster links among x. Name the delimiter"),
        (
            "c.csv",
            b" <!doctype html><title>Sign in</title>",
            "c.csv: expected a table of movies; found a web page, or XML. Open the address in a "
            "browser: it may ask you to sign in. Then pass the downloaded file.",
        ),
        (
            "c.csv",
            b"imdbId,Title,Genre,Poster\n",
            "c.csv: expected a row for each movie; found only the header.",
        ),
        ("c.jsonl", b"{}\n{", "c.jsonl, line 2: expected an object in JSON; found: "),
        ("c.json", b"[{}, {", "c.json: expected JSON; found: "),
        (
            "c.json",
            b"[1]",
            "c.json: expected an array of objects, one for each movie; found 1 in it. Pandas "
            'writes such an array with to_json(orient="records").',
        ),
        (
            "c.json",
            b'{"columns": ["a"], "data": [[1]]}',
            "c.json: expected an array of objects in JSON, one for each movie; found {'columns': "
            "['a'], 'data': [[1]]}. Pandas writes such an array with to_json(orient=\"records\").",
        ),
        ("c.csv", b"SQLite format 3\0", "c.csv: expected CSV, TSV, JSON, Parquet or an Excel"),
        ("c.xls", b"\xd0\xcf\x11\xe0", "c.xls: expected CSV, TSV, JSON, Parquet or an Excel"),
        ("c.json", b"null", "c.json: expected an array of objects in JSON, one for each movie; "),
        ("c.json", b"[]", "c.json: expected a table of movies; found an empty file."),
        ("c.jsonl", b'{"imdbId": 1}', "c.jsonl: expected an array of objects in JSON"),
        (
            "c.jsonl",
            b'{"imdbId": 1}\n{"a": 2}',
            f"c.jsonl: {MISSING} titles and poster links among",
        ),
        ("c.parquet", b"PAR1", "c.parquet: expected a Parquet file; found: "),
        ("c.parquet", b"a,b\n", "c.parquet: expected a Parquet file; found: "),
        ("c.xlsx", b"PK\x03\x04", "c.xlsx: expected an Excel workbook (.xlsx); found: "),
        ("c.xls", b"\xd0\xcf\x11\xe0" + bytes(500), "c.xls: expected CSV, TSV, JSON, Parquet or"),
    ],
)
def test_content_that_is_not_a_catalogue_is_an_error(
    name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(CatalogueError) as error:
        parse_catalogue(content, name)
    assert str(error.value).startswith(sentence)


TMDB_ROWS: list[dict[str, Any]] = [
    {
        "id": 8844,
        "title": "Jumanji (extended)",
        "release_date": "1995-12-15",
        "genres": [{"id": 12, "name": "Adventure"}, {"id": 28, "name": "Action"}],
        "poster_path": "/vgp.jpg",
        "vote_average": 7.5,
    },
    {
        "id": 862,
        "title": "Undated",
        "release_date": None,
        "genres": [{"id": 16, "name": "Animation"}],
        "poster_path": "http://host/x.jpg",
        "vote_average": None,
    },
]


TMDB_MOVIES = [
    ("8844", "Jumanji (extended)", 1995, ("Adventure", "Action"), "https://img/w185/vgp.jpg", 7.5),
    ("862", "Undated", None, ("Animation",), "http://host/x.jpg", None),
]


def write_csv(path: Path, delimiter: str = ",") -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(TMDB_ROWS[0]), delimiter=delimiter)
        table.writeheader()
        table.writerows(TMDB_ROWS)


def write_json_lines(path: Path) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in TMDB_ROWS))


def write_json(path: Path) -> None:
    path.write_text(json.dumps({"page": 1, "results": TMDB_ROWS}, indent=2))


def write_parquet(path: Path) -> None:
    pd.DataFrame(TMDB_ROWS).to_parquet(path)


def write_excel(path: Path) -> None:
    pd.DataFrame(TMDB_ROWS).to_excel(path, index=False)


@pytest.mark.parametrize("name", ["c", "c.csv"])
@pytest.mark.parametrize(
    ("suffix", "write"),
    [
        (".csv", write_csv),
        (".tsv", partial(write_csv, delimiter="\t")),
        (".jsonl", write_json_lines),
        (".json", write_json),
        (".parquet", write_parquet),
        (".xlsx", write_excel),
    ],
)
def test_catalogue_of_any_type_is_known_by_its_content(
    tmp_path: Path, suffix: str, write: Callable[[Path], None], name: str
) -> None:
    path = tmp_path / f"written{suffix}"
    write(path)
    movies = read_movies(path.rename(tmp_path / name), base_url="https://img/w185/")
    found = [
        (
            movie["imdb_id"],
            movie["title"],
            None if pd.isna(movie["year"]) else movie["year"],
            movie["genres"],
            movie["poster_url"],
            None if pd.isna(movie["imdb_score"]) else movie["imdb_score"],
        )
        for movie in movies
    ]
    assert found == TMDB_MOVIES


def parquet(**columns: list[Any]) -> bytes:
    file = io.BytesIO()
    pd.DataFrame(columns).to_parquet(file)
    return file.getvalue()


def test_columns_of_parquet_have_their_types() -> None:
    content = parquet(
        imdb_id=[113277, 78748],
        title=["Heat", None],
        release_date=[pd.Timestamp("1995-12-15"), pd.NaT],
        genres=[["Action", None], ["Horror"]],
        poster=[b"http://host/1.jpg", b"http://host/2.jpg"],
    )
    catalogue = parse_catalogue(content, "c")
    assert catalogue.reading.kind == "Parquet"
    assert catalogue.reading.missing == {"title": 1, "year": 1}
    [movie] = catalogue.movies.drop(columns=["imdb_score", "extra"]).to_dict("records")
    assert movie == {
        "imdb_id": "tt0113277",
        "title": "Heat",
        "year": 1995,
        "genres": ("Action",),
        "poster_url": "http://host/1.jpg",
    }


def test_parquet_that_becomes_too_large_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_limits, "MAX_BYTES", 1000)
    content = parquet(title=["A" * 2000], year=[1990], poster=["x"], plot=["B" * 9000])
    with pytest.raises(CatalogueError) as error:
        parse_catalogue(content, "c.parquet")
    # Not the 27,000 bytes of the column that is not read.
    pattern = (
        r"c.parquet: expected columns of at most 1,000 bytes, unpacked; found \d,\d{3}\. Split"
    )
    assert re.match(pattern, str(error.value))


def test_column_of_one_field_may_not_be_a_list() -> None:
    rows = [{"Title": ["A"], "year": 1990, "Poster": "http://a/b"}]
    with pytest.raises(CatalogueError) as error:
        parse_catalogue(json.dumps(rows).encode(), "c.json")
    assert str(error.value) == (
        "c.json: expected one value for each movie in the column Title; found a list. Only genres "
        "may be lists or objects."
    )


def test_half_of_a_character_in_json_is_replaced() -> None:
    rows = r'[{"Title": "A \ud83d", "year": 1990, "Genre": ["\udc00"], "Poster": "http://a"}]'
    catalogue = parse_catalogue(rows.encode(), "c.json")
    [movie] = catalogue.movies.to_dict("records")
    assert (movie["title"], movie["genres"]) == ("A \ufffd", ("\ufffd",))


def test_excel_without_its_package_is_an_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_excel(tmp_path / "c.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(CatalogueError) as error:
        read_catalogue(tmp_path / "c.xlsx", "c.xlsx")
    assert str(error.value) == (
        "c.xlsx: expected openpyxl to read Excel workbooks; found no such package. Install it "
        "with: pip install 'movie_posters_decade[excel]'"
    )
