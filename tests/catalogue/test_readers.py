"""Readers: files of each type are read, and what is not a table is an error that says why."""

import csv
import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from samples import COLUMNS, read_movies, row, write_catalogue

from movie_posters_decade.catalogue.clean import parse_catalogue
from movie_posters_decade.catalogue.readers import READERS, suffix_of
from movie_posters_decade.catalogue.source import hash_file, read_catalogue
from movie_posters_decade.errors import CatalogueError

JUMANJI = row(113497, "Jumanji (1995)", "Action|Adventure", "http://host/1.jpg", "6.9")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig"])
def test_encoding_is_detected(tmp_path: Path, encoding: str) -> None:
    amelie = row(211915, "Amélie (2001)", "Comedy", "http://host/1.jpg")
    [movie] = read_movies(write_catalogue(tmp_path / "c.csv", [amelie], encoding))
    assert movie["title"] == "Amélie"


def test_rows_may_be_short_or_end_in_empty_fields() -> None:
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
            "Set the option columns if they have other names. Columns must be separated by "
            "commas.",
        ),
        (
            b"<!doctype html><title>Sign in</title>",
            f"c.csv: expected the columns {NEEDED}; found no {NEEDED} among "
            "<!doctype html><title>Sign in</title>. Set the option columns if they have other "
            "names. Columns must be separated by commas.",
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
            "c.csv: expected a text file in UTF-8 or latin-1; found zero bytes, as in a binary or "
            "UTF-16 file. Save it in UTF-8.",
        ),
    ],
)
def test_content_that_is_not_a_catalogue_is_an_error(content: bytes, sentence: str) -> None:
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
def test_catalogue_of_any_type_is_read_with_other_column_names(
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
        ("c.tsv", b"a,b\n", "Columns must be separated by tabs."),
    ],
)
def test_broken_table_is_an_error_that_begins_with_its_name(
    name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(CatalogueError) as error:
        parse_catalogue(content, name)
    assert str(error.value).startswith(name)
    assert sentence in str(error.value)


def test_file_types_are_csv_tsv_json_lines_and_parquet() -> None:
    assert set(READERS) == {".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet"}


def test_suffix_is_that_of_a_file_name_or_of_the_path_in_a_url() -> None:
    assert suffix_of("a#1/t.tsv") == ".tsv"
    assert suffix_of("https://host/t.tsv?size=1.csv#2.jsonl") == ".tsv"


def test_zip_is_read_as_the_catalogue_in_it(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path / "MovieGenre.csv", [JUMANJI])
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(path, "folder/MovieGenre.csv")
        file.writestr("other.csv", "x")
        file.writestr("__MACOSX/._MovieGenre.csv", "x")
    assert [movie["title"] for movie in read_movies(archive)] == ["Jumanji"]


@pytest.mark.parametrize("read", [hash_file, read_catalogue])
def test_file_that_cannot_be_read_is_an_error(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    with pytest.raises(CatalogueError, match=r"expected a readable catalogue; found: .*directory"):
        read(tmp_path)


def test_damaged_zip_is_an_error(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("MovieGenre.csv", "imdbId,Title,Genre,Poster\n" * 1000)
    content = bytearray(archive.read_bytes())
    content[60:70] = bytes(10)
    archive.write_bytes(content)
    with pytest.raises(CatalogueError, match="expected a readable catalogue; found: Error -"):
        read_catalogue(archive)


def test_zip_that_ends_early_is_an_error(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("MovieGenre.csv", "imdbId,Title,Genre,Poster\n")
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(CatalogueError) as error:
        read_catalogue(archive)
    assert str(error.value) == (
        f"{archive}: expected a table or a complete zip; found a zip that cannot be read. "
        "Download it again."
    )


def test_zip_without_a_table_is_an_error(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("readme.txt", "x")
    with pytest.raises(CatalogueError) as error:
        read_catalogue(archive)
    assert str(error.value) == (
        f"{archive}: expected MovieGenre.csv, or one table, in this zip; found none."
    )
