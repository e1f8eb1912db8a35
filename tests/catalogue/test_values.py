"""Values: ids, years, genres and links are read right in every form that programs write."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_posters_decade.catalogue.genres import TMDB_GENRES, are_tmdb_numbers, parse_genres
from movie_posters_decade.catalogue.parse import LISTED_GENRES
from movie_posters_decade.catalogue.values import (
    NO_VALUE,
    is_damaged_id,
    normalize_link,
    parse_id,
    parse_score,
    parse_years,
    split_year,
)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Heat (1995)", ("Heat", "1995")),
        ("Airport (1975) (1970)", ("Airport (1975)", "1970")),
        ("Twelve Monkeys (Alternative) (1995) ", ("Twelve Monkeys (Alternative)", "1995")),
        ("Solaris (1972) (uncut)", ("Solaris (uncut)", "1972")),
        ("1984", ("1984", "")),
        ("Serial (2006-2011)", ("Serial (2006-2011)", "")),
        ("Two\nlines (1990)", ("Two\nlines", "1990")),
        (
            "Other digits (\u0661\u0669\u0669\u0660)",
            ("Other digits (\u0661\u0669\u0669\u0660)", ""),
        ),
    ],
)
def test_year_is_taken_from_the_last_parenthesis_with_four_digits(
    title: str, expected: tuple[str, str]
) -> None:
    assert split_year(title) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("76759", "tt0076759"),
        ("0076759", "tt0076759"),
        ("tt0076759", "tt0076759"),
        ("76759.0", "tt0076759"),
        ("12345678", "tt12345678"),
        ("TT0076759", "tt0076759"),
        ("https://m.imdb.com/title/tt0076759/", "tt0076759"),
        ("114e3", "tt0114000"),
        ("1e+05", "tt0100000"),
        ("113,497", "tt0113497"),
        ("my-own-7", "my-own-7"),
        ("\u0661\u0662\u0663", "\u0661\u0662\u0663"),
        (" N/A", ""),
        ("\\N", ""),
    ],
)
def test_imdb_id_has_tt_and_at_least_seven_digits(text: str, expected: str) -> None:
    assert parse_id(text, is_imdb=True) == expected


def test_other_ids_stay_as_they_are_but_for_a_float() -> None:
    ids = {"8844": "8844", "8844.0": "8844", "tt42": "tt0000042", "a7": "a7", "0012": "0012"}
    ids |= {"12e5": "12e5", "4E12": "4E12"}
    assert {text: parse_id(text, is_imdb=False) for text in ids} == ids


@pytest.mark.parametrize("text", ["1.14E+05", "1E+05", "1.14e5", "1.2345678901234567e+17"])
def test_id_that_lost_digits_is_damaged(text: str) -> None:
    assert is_damaged_id(text)


@pytest.mark.parametrize("text", ["114e3", "1e+05", "113497", "tt0113497", "e5", "1E5x", ""])
def test_id_with_all_its_digits_is_not_damaged(text: str) -> None:
    assert not is_damaged_id(text)


def test_id_of_many_zeros_is_read_at_once() -> None:
    assert parse_id("0" * 100_000, is_imdb=True) == "tt0000000"
    assert parse_id("0" * 100_000 + "x", is_imdb=True).endswith("0x")


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1995", 1995),
        (" 1995 ", 1995),
        ("1995.0", 1995),
        ("2e3", 2000),
        ("1.995e3", 1995),
        ("2E+03", 2000),
        ("1995-12-15", 1995),
        ("1995-12-15T00:00:00.000Z", 1995),
        ("15/12/1995", 1995),
        ("15 Dec 1995", 1995),
        ("19951215", 1995),
        ("15121995", 1995),
        ("12151995", 1995),
        ("5121995", 1995),
        ("20111912", 1912),
        ("19951215000000", 1995),
        ("199512151830", 1995),
        ("1e400", None),
        ("9" * 400, None),
        ("2006\u20132011", 2006),
        ("(1995)", 1995),
        ("\\N", None),
        ("0000-00-00", None),
        ("19951", None),
        ("1066", None),
        ("3001", None),
        ("-1995", None),
        ("99999999", None),
        ("soon", None),
        ("", None),
    ],
)
def test_year_or_date_is_read(text: str, year: int | None) -> None:
    assert parse_years([text, "1990", "1991", "1992"]) == [year, 1990, 1991, 1992]


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
def test_times_since_1970_are_read_in_any_unit(unit: int) -> None:
    # 1995-12-15, 1960-01-01, 2010-01-01
    texts = [str(seconds * unit) for seconds in (818_985_600, -315_619_200, 1_262_304_000)]
    assert parse_years([*texts, ""]) == [1995, 1960, 2010, None]
    assert parse_years([f"{float(text)!r}" for text in texts]) == [1995, 1960, 2010]


def test_column_of_dates_without_signs_is_no_column_of_times() -> None:
    assert parse_years(["1995121518", "200001021200", "20100102030405"]) == [1995, 2000, 2010]


def test_time_that_no_calendar_has_is_no_year() -> None:
    assert parse_years(["9e300", "1e30"]) == [None, None]


@given(st.lists(st.text()))
def test_years_of_any_texts_are_those_of_film_or_none(texts: list[str]) -> None:
    assert all(year is None or 1870 <= year <= 2100 for year in parse_years(texts))


@pytest.mark.parametrize("word", sorted(NO_VALUE - {""}))
def test_word_for_a_missing_value_is_no_value(word: str) -> None:
    assert parse_id(word.upper(), is_imdb=True) == ""
    assert parse_genres(f" {word} ", ",") == ()
    assert parse_genres(f"Drama,{word}", ",") == ("Drama",)
    assert parse_years([word]) == [None]
    assert normalize_link(word, "") == ""
    assert parse_score(word) != parse_score(word)


LISTS: list[tuple[Any, tuple[str, ...]]] = [
    ("['Action', 'Drama']", ("Action", "Drama")),
    ("['Action' 'Drama']", ("Action", "Drama")),
    ("['Action' 'Drama'\n 'War']", ("Action", "Drama", "War")),
    ("['Action'\"Children's\" 'Drama']", ("Action", "Children's", "Drama")),
    ("[\"Children's\", 'Drama']", ("Children's", "Drama")),
    ("['Action', nan, None, 'Drama']", ("Action", "Drama")),
    ('["Action", null]', ("Action",)),
    ("['nan', 'Drama']", ("Drama",)),
    ("('Action', 'Drama')", ("Action", "Drama")),
    ("('Action',)", ("Action",)),
    ("{'War', 'Action', 'Drama'}", ("War", "Action", "Drama")),
    ('{Action,"Science Fiction"}', ("Action", "Science Fiction")),
    ("[Action, Drama]", ("Action", "Drama")),
    ("array(['Action', 'Drama'], dtype=object)", ("Action", "Drama")),
    ("frozenset({'Action'})", ("Action",)),
    ("[{'id': 28, 'name': 'Action'}, {'id': 18, 'name': 'Drama'}]", ("Action", "Drama")),
    ('[{"id": 28, "name": "Action"}]', ("Action",)),
    ('{"/m/0lsxr": "Crime Fiction", "/m/07s9rl0": "Drama"}', ("Crime Fiction", "Drama")),
    ("{'id': 28, 'name': 'Action'}", ("Action",)),
    ("[]", ()),
    ("[None]", ()),
    ("[nan]", ()),
    ("[", ()),
    ("[{'id': 1, 'name': 'Drama'", ()),
    ("[{'id': 1, 'name': 'It's'}]", ()),
    ({"genre": [{"name": "Action"}]}, ("Action",)),
    ({"Action": True, "Drama": False}, ("Action",)),
    ('["\\ud83d"]', ("\ufffd",)),
    ([{"genre": "Drama"}], ("Drama",)),
    (("Action", None, {"id": 1}, {"name": "Drama"}), ("Action", "Drama")),
    ({"a": "Action"}, ("Action",)),
    ("Action, Drama,", ("Action", "Drama")),
    ("Action, Action", ("Action",)),
    ("(no genres listed)", ()),
]


@pytest.mark.parametrize(("value", "names"), LISTS)
def test_list_of_genres_is_read_in_every_form(value: Any, names: tuple[str, ...]) -> None:
    assert parse_genres(value, ",") == names


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=4))
def test_list_that_python_or_json_wrote_is_read_back(names: list[str]) -> None:
    clean = [name.strip() for name in names]
    kept = tuple(dict.fromkeys(name for name in clean if name.casefold() not in NO_VALUE))
    assert parse_genres(repr(names), None) == kept
    assert parse_genres(json.dumps(names), None) == kept


@given(st.text())
def test_any_text_gives_genres_without_an_error(text: str) -> None:
    for value in (text, f"[{text}]", f"{{{text}}}", f"({text})"):
        assert all(isinstance(name, str) for name in parse_genres(value, "|"))


def test_numbers_are_genres_of_tmdbs_api_if_most_are_known() -> None:
    assert are_tmdb_numbers([("28", 18), "[12, 1]", "80|53"], "|")
    assert not are_tmdb_numbers([(28,), ("Action",)], None)
    assert not are_tmdb_numbers([(1,), (2,), (28,)], None)
    assert parse_genres((28, "18", 1), None, numbers=True) == ("Action", "Drama", "1")
    assert parse_genres((28,), None) == ("28",)
    assert len(TMDB_GENRES) == 19 > LISTED_GENRES


@pytest.mark.parametrize("score", ["99", "-1", "inf", "nan", "good", ""])
def test_score_that_is_not_from_0_to_10_is_missing(score: str) -> None:
    assert parse_score(score) != parse_score(score)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ('\xa0 "http://host/a,b.jpg"\t', "http://host/a,b.jpg"),
        ("HTTP://host/1.jpg", "http://host/1.jpg"),
        ("//host/a.jpg", "https://host/a.jpg"),
        ("./c//c.jpg", "c/c.jpg"),
        ("b/../a.jpg", "a.jpg"),
        ("N/A", ""),
        ("www.host.com/a.jpg", "http://www.host.com/a.jpg"),
    ],
)
def test_link_has_one_form(link: str, expected: str) -> None:
    assert normalize_link(link, "") == expected


def test_link_without_a_scheme_may_be_relative_to_a_url() -> None:
    assert normalize_link("/a.jpg", "https://host/w185/") == "https://host/w185/a.jpg"
    assert normalize_link("//host/a.jpg", "https://other") == "https://host/a.jpg"
    assert normalize_link("http://host/a.jpg", "https://other") == "http://host/a.jpg"
