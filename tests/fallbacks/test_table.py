"""Fallback tables: any file that can be a catalogue, by IMDb id."""

import json
from pathlib import Path

import pytest

from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.fallbacks.fallback import Answer
from movie_posters_decade.fallbacks.table import read_fallback_table
from movie_posters_decade.records import Origin

IDS = {"http://dead.example/1.jpg": "tt0000001", "http://dead.example/2.jpg": "tt0000002"}
FIRST, SECOND = IDS


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_gives_the_addresses_of_an_id_in_the_order_of_its_rows(tmp_path: Path) -> None:
    text = "imdb_id,poster_url\ntt0000001,http://a.example/1\n1,http://a.example/2\n,http://b\n"
    table = read_fallback_table(write(tmp_path / "licensed.csv", text), IDS)
    addresses = ("http://a.example/1", "http://a.example/2")
    alternatives = tuple(Origin(address, "licensed") for address in addresses)
    assert list(table.find([SECOND, FIRST])) == [Answer(SECOND), Answer(FIRST, alternatives)]


def test_a_row_may_state_its_source_and_its_licence(tmp_path: Path) -> None:
    rows = [
        {"imdbId": 2, "Poster": "https://a.example/2", "License": "CC0", "source": "Archive X"},
        {"imdbId": 1, "Poster": "https://a.example/1", "License": None, "source": ""},
    ]
    table = read_fallback_table(write(tmp_path / "other.json", json.dumps(rows)), IDS)
    assert [answer.alternatives for answer in table.find([FIRST, SECOND])] == [
        (Origin("https://a.example/1", "other"),),
        (Origin("https://a.example/2", "Archive X", licence="CC0"),),
    ]


def test_ids_that_are_not_imdbs_are_compared_as_they_are(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "movie_id,poster_url\n862,http://a.example/862\n")
    table = read_fallback_table(path, {FIRST: "862"})
    assert next(table.find([FIRST])).alternatives[0].url == "http://a.example/862"


def test_three_addresses_of_an_id_are_tried_at_most(tmp_path: Path) -> None:
    rows = [f"1,http://a.example/{number}" for number in range(1000)]
    path = write(tmp_path / "a.csv", "\n".join(["imdb_id,poster_url", *rows]))
    [found] = read_fallback_table(path, IDS).find([FIRST])
    assert [one.url[-1] for one in found.alternatives] == ["0", "1", "2"]


def test_a_table_of_other_ids_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "a.csv", "imdb_id,poster_url\n77,http://a.example/77\n")
    read_fallback_table(path, IDS)
    assert f"{path}: none of its 1 ids is that of a candidate, such as tt0000001." in caplog.text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title,poster_url\nHeat,http://a.example\n", "the columns imdb_id and poster_url"),
        ("imdb_id,poster_url\n1,posters/1.jpg\n", "row 1: expected a link that begins with http"),
        ("imdb_id,poster_url\n1,ftp://a.example/1\n", "row 1: expected a link that begins with"),
        ("imdb_id,poster_url\n1,http://a.example/1\x0b\n", "row 1: expected a link that begins"),
        ("imdb_id,poster_url\n1,http://me:key@a.example/1\n", "row 1: .* without a password"),
        ("imdb_id,poster_url,source\n1,http://a,wayback\n", "row 1: expected in the column source"),
        (
            "imdb_id,poster_url,source\n1,http://a,b\n2,http://a,catalogue\n",
            "row 2: expected in the column source a text of at most 200 characters",
        ),
        (f"imdb_id,poster_url,licence\n1,http://a,{'x' * 201}\n", "row 1: expected in the column"),
        ("", "found no columns"),
    ],
)
def test_a_table_that_cannot_be_used_is_an_error_with_its_place(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = write(tmp_path / "table.csv", text)
    with pytest.raises(CatalogueError, match=sentence) as caught:
        read_fallback_table(path, IDS)
    assert str(path) in str(caught.value)
