"""A table is read by the type that its name says, or told why it is none."""

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from samples import COLUMNS, read_movies

from movie_posters_decade.catalogue import readers as tables
from movie_posters_decade.catalogue.clean import parse_catalogue
from movie_posters_decade.catalogue.locate import TABLE_SUFFIXES
from movie_posters_decade.errors import CatalogueError


def test_rows_may_end_in_empty_fields_or_be_short() -> None:
    content = (
        b"imdbId,Title,Genre,Poster,IMDB Score\n"
        b"1,A (1990),Drama,http://host/1,7.5,,\n\n2,B (1990),Drama,http://host/2\n"
    )
    movies = parse_catalogue(content).movies
    assert movies["imdb_id"].tolist() == ["tt0000001", "tt0000002"]
    assert movies["imdb_score"].fillna(-1).tolist() == [7.5, -1]


NEEDED = "imdbId, Title, Genre, Poster"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", f"c.csv: expected a table with {NEEDED}; found an empty file."),
        (b" \n\n", f"c.csv: expected a table with {NEEDED}; found an empty file."),
        (
            b"imdbId,Title,Poster\n1,A,x\n",
            f"c.csv: expected the columns {NEEDED}; found no Genre among imdbId, Title, Poster. "
            "Other names can be given with the "
            "option columns. Columns are separated by commas.",
        ),
        (
            b"<!doctype html><title>Sign in</title>",
            f"c.csv: expected the columns {NEEDED}; found no {NEEDED} among "
            "<!doctype html><title>Sign in</title>. Other names can be given with the "
            "option columns. Columns are separated by commas.",
        ),
        (
            b"imdbId,Title,Genre,Poster\n1,A,Drama,x\n1,2,3,4,5,6\n",
            "c.csv, line 3: expected 4 fields, as in the header; found 6. Put fields that hold a "
            "comma in quotes.",
        ),
        (
            b"imdbId,Title,Title ,Genre,Poster\n1,A,B,Drama,x\n",
            f"c.csv: expected the columns {NEEDED} once each; found Title 2 times.",
        ),
        (
            b"imdbId,Title,Genre,Poster\n1," + b"A" * 200_000 + b",Drama,x\n",
            "c.csv, line 2: expected a row of a CSV table; found: field larger than field limit "
            "(131072).",
        ),
        (
            b"imdbId,Title,Genre,Poster\n",
            "c.csv: expected a row for each movie; found only the header.",
        ),
        (
            ",".join(COLUMNS).encode("utf-16"),
            "c.csv: expected a CSV table in UTF-8 or latin-1; found zero bytes, as in a binary or "
            "UTF-16 file. Save it as CSV in UTF-8.",
        ),
    ],
)
def test_what_is_no_catalogue_is_told_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(CatalogueError) as error:
        parse_catalogue(content, name="c.csv")
    assert str(error.value) == sentence


TMDB = {
    "imdb_id": "id",
    "title": "title",
    "year": "release_date",
    "genres": "genres",
    "poster_url": "poster_path",
    "imdb_score": "vote_average",
}


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


def write_parquet(path: Path) -> None:
    pd.DataFrame(TMDB_ROWS).to_parquet(path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("c.csv", write_csv),
        ("c.tsv", partial(write_csv, delimiter="\t")),
        ("c.jsonl", write_json_lines),
        ("c.parquet", write_parquet),
    ],
)
def test_other_catalogues_are_read_by_their_type_and_columns(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)
    movies = read_movies(tmp_path / name, columns=TMDB, base_url="https://img/w185/")
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


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("c.jsonl", b"{}\n{", ", line 2: expected an object in JSON; found: "),
        ("c.jsonl", b"[1]", ", line 1: expected an object in JSON; found [1]."),
        ("c.jsonl", b'{"imdbId": 1}', ": expected the columns imdbId, Title, Genre, Poster; found"),
        ("c.parquet", b"PAR1", ": expected a Parquet file; found: "),
        ("c.tsv", b"a,b\n", "Columns are separated by tabs."),
    ],
)
def test_broken_tables_of_other_types_are_told_in_a_sentence(
    name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(CatalogueError) as error:
        parse_catalogue(content, name)
    assert str(error.value).startswith(name)
    assert sentence in str(error.value)


def test_tables_that_are_looked_for_can_be_read() -> None:
    assert set(TABLE_SUFFIXES) == {".csv", *tables._PARSERS}
