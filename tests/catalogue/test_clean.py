"""Cleaning: a table becomes movies, and every dropped row is counted under one reason."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import read_movies, row, write_catalogue

from movie_posters_decade.catalogue.clean import parse_catalogue, repair_title
from movie_posters_decade.catalogue.source import read_catalogue
from movie_posters_decade.config import Options
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.records import RejectReason, Step

JUMANJI = row(113497, "Jumanji (1995)", "Action|Adventure", "http://host/1.jpg", "6.9")


def test_row_becomes_a_movie(tmp_path: Path) -> None:
    assert read_movies(write_catalogue(tmp_path / "c.csv", [JUMANJI])) == [
        {
            "imdb_id": "tt0113497",
            "title": "Jumanji",
            "year": 1995,
            "genres": ("Action", "Adventure"),
            "imdb_score": 6.9,
            "poster_url": "http://host/1.jpg",
        }
    ]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Heat (1995)", ("Heat", 1995)),
        ("Airport (1975) (1970)", ("Airport (1975)", 1970)),
        ("Twelve Monkeys (Alternative) (1995) ", ("Twelve Monkeys (Alternative)", 1995)),
        ("Solaris (1972) (uncut)", ("Solaris (uncut)", 1972)),
        ("1984", ("1984", None)),
        ("Serial (2006-2011)", ("Serial (2006-2011)", None)),
        ("Two\nlines (1990)", ("Two\nlines", 1990)),
        ("Other digits (١٩٩٠)", ("Other digits (١٩٩٠)", None)),
    ],
)
def test_year_is_taken_from_the_last_parenthesis_with_four_digits(
    title: str, expected: tuple[str, int | None]
) -> None:
    content = f'imdbId,Title,Genre,Poster\n1,"{title}",Drama,http://host/1.jpg\n'.encode()
    [movie] = parse_catalogue(content).movies.to_dict("records")
    assert (movie["title"], None if pd.isna(movie["year"]) else movie["year"]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("76759", "tt0076759"),
        ("0076759", "tt0076759"),
        ("tt0076759", "tt0076759"),
        ("76759.0", "tt0076759"),
        ("12345678", "tt12345678"),
        ("TT0076759", "tt0076759"),
        ("my-own-7", "my-own-7"),
        ("١٢٣", "١٢٣"),
    ],
)
def test_imdb_id_has_tt_and_at_least_seven_digits(text: str, expected: str) -> None:
    content = f"imdbId,Title,Genre,Poster\n{text},A (1990),Drama,http://host/1.jpg\n".encode()
    assert parse_catalogue(content).movies["imdb_id"].tolist() == [expected]


def test_white_space_and_quotes_around_a_link_are_removed(tmp_path: Path) -> None:
    path = write_catalogue(
        tmp_path / "c.csv", [row(1, "A (1990)", "Drama", '\xa0 "http://host/a,b.jpg"\t')]
    )
    [movie] = read_movies(path)
    assert movie["poster_url"] == "http://host/a,b.jpg"


def test_incomplete_rows_and_all_rows_with_one_link_are_dropped(tmp_path: Path) -> None:
    catalogue = read_catalogue(
        write_catalogue(
            tmp_path / "c.csv",
            [
                JUMANJI,
                row(2, "No poster (1990)", "Drama", " "),
                row(3, "No genre (1990)", "", "http://host/3.jpg"),
                row(4, "", "Drama", "http://host/4.jpg"),
                ("", "", "No id (1990)", "7", "Drama", "http://host/5.jpg"),
                row(6, "One (1990)", "Drama", "http://host/6.jpg"),
                row(7, "Two (1991)", "Drama", "http://host/6.jpg"),
                row(8, "No score (1990)", "Drama", "http://host/8.jpg", score=""),
            ],
        )
    )
    assert catalogue.movies["imdb_id"].tolist() == ["tt0113497", "tt0000008"]
    assert catalogue.steps == (
        Step("rows", 8),
        Step("complete", 4, {RejectReason.MISSING_VALUE: 4}),
        Step("unique", 2, {RejectReason.DUPLICATE_URL: 2}),
    )


def test_two_paths_to_one_file_are_duplicates(tmp_path: Path) -> None:
    rows = [row(1, "A (1990)", "Drama", "./a.jpg"), row(2, "B (1990)", "Drama", "b/../a.jpg")]
    rows += [row(3, "C (1990)", "Drama", "c//c.jpg")]
    movies = read_catalogue(write_catalogue(tmp_path / "c.csv", rows)).movies
    assert movies["poster_url"].tolist() == [str(Path("c") / "c.jpg")]


@pytest.mark.parametrize("score", ["99", "-1", "inf", "nan", "good", ""])
def test_score_that_is_not_from_0_to_10_is_missing(tmp_path: Path, score: str) -> None:
    path = write_catalogue(tmp_path / "c.csv", [row(1, "A (1990)", "Drama", "http://a/b", score)])
    assert read_catalogue(path).movies["imdb_score"].isna().all()


def test_omdbs_columns_separator_and_missing_links_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "omdb.csv"
    path.write_text(
        "imdbID,Title,Year,Genre,Poster\n"
        'tt113497,Jumanji,1995,"Action, Comedy",http://host/1.jpg\n'
        "tt0000002,None,1990,Drama,N/A\n"
    )
    columns = {"imdb_id": "imdbID", "year": "Year"}
    [movie] = read_movies(path, columns=columns, genre_separator=",")
    assert (movie["imdb_id"], movie["year"]) == ("tt0113497", 1995)
    assert movie["genres"] == ("Action", "Comedy")


def test_one_column_may_be_read_as_two_fields(tmp_path: Path) -> None:
    [movie] = read_movies(write_catalogue(tmp_path / "c.csv", [JUMANJI]), columns={"year": "Title"})
    assert (movie["title"], movie["year"]) == ("Jumanji (1995)", 1995)


def test_only_genres_may_be_lists_and_those_without_a_name_are_left_out() -> None:
    line = '{"imdbId": 1, "Title": %s, "Genre": [{"id": 1}, null, "Drama"], "Poster": "http://a/b"}'
    catalogue = parse_catalogue((line % '"A (1990)"').encode(), "c.jsonl")
    assert catalogue.movies["genres"].tolist() == [("Drama",)]
    with pytest.raises(CatalogueError) as error:
        parse_catalogue((line % '["A"]').encode(), "c.jsonl")
    assert str(error.value) == (
        "c.jsonl: expected one value for each movie in the column Title; found a list. Only genres "
        "may be lists."
    )


def test_merge_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = [row(1, f"A ({year})", "Drama", "http://host/1.jpg") for year in (1990, 1989)]
    years = set()
    for order in (rows, rows[::-1]):
        path = write_catalogue(tmp_path / "c.csv", order)
        [movie] = read_movies(path, duplicate_rows="merge")
        years.add(movie["year"])
    assert len(years) == 1


def test_rows_with_the_same_id_and_link_are_dropped_or_merged(tmp_path: Path) -> None:
    other = row(2, "Other (1990)", "Drama", "http://host/2.jpg")
    thief = row(3, "Thief (1991)", "Drama", "http://host/2.jpg")
    path = write_catalogue(tmp_path / "c.csv", [JUMANJI, JUMANJI, other, thief])
    assert read_movies(path) == []
    merged = read_catalogue(path, options=Options(duplicate_rows="merge"))
    assert [movie["imdb_id"] for movie in merged.movies.to_dict("records")] == ["tt0113497"]
    assert merged.steps[1] == Step("complete", 3, {RejectReason.DUPLICATE_ROW: 1})
    assert merged.steps[2] == Step("unique", 1, {RejectReason.DUPLICATE_URL: 2})


def test_imdbs_picture_for_movies_without_a_poster_is_a_placeholder(tmp_path: Path) -> None:
    link = "http://ia.media-imdb.com/images/G/01/imdb/images/nopicture/large/film.png"
    path = write_catalogue(tmp_path / "c.csv", [JUMANJI, row(2, "A (1990)", "Drama", link)])
    catalogue = read_catalogue(path)
    assert catalogue.steps[1] == Step("complete", 1, {RejectReason.PLACEHOLDER: 1})


def test_repaired_titles_are_counted(tmp_path: Path) -> None:
    garbled = row(2, "Les Mis\u00ed\u00a9rables (1998)", "Drama", "http://host/2.jpg")
    catalogue = read_catalogue(write_catalogue(tmp_path / "c.csv", [JUMANJI, garbled]))
    assert catalogue.movies["title"].tolist() == ["Jumanji", "Les Mis\u00e9rables"]
    assert catalogue.steps[0] == Step("rows", 2, repaired={"titles": 1})


def test_links_that_differ_in_the_case_of_the_scheme_are_duplicates() -> None:
    rows = "1,A (1990),Drama,HTTP://host/1.jpg\n2,B (1991),Drama,http://host/1.jpg\n"
    catalogue = parse_catalogue(f"imdbId,Title,Genre,Poster\n{rows}".encode())
    assert catalogue.steps[-1].dropped == {RejectReason.DUPLICATE_URL: 2}


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
@pytest.mark.parametrize("title", TITLES)
def test_garbled_title_is_repaired(title: str, rounds: int) -> None:
    assert repair_title(misread(title, rounds)) == title


@pytest.mark.parametrize(
    "title",
    [
        *TITLES,
        "\u0141\u00f3d\u017a",
        "L\u2019\u00e9t\u00e9 \u2013 \u00e0 Paris",
        # A character of these titles is missing.
        "H\u00ed_xan",
        "Sal\u00ed_, or the 120 Days of Sodom",
        "Cube\u008c_: Hypercube",
    ],
)
def test_title_stays_as_it_is_where_the_repair_is_uncertain(title: str) -> None:
    assert repair_title(title) == title


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_title_is_never_changed(title: str) -> None:
    assert repair_title(title) == title
