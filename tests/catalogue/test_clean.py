"""Cleaning: a table becomes movies, and every dropped row is counted under one reason."""

from pathlib import Path

from samples import read_movies, row, write_catalogue

from movie_posters_decade.catalogue.clean import parse_catalogue
from movie_posters_decade.catalogue.source import read_catalogue
from movie_posters_decade.options.options import Options
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
            "extra": (),
        }
    ]


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


def test_title_may_be_a_word_for_a_missing_value() -> None:
    rows = "1,None (1990),Drama,http://a\n2,NaN (1991),Drama,http://b\n3,\\N,Drama,http://c\n"
    catalogue = parse_catalogue(f"imdbId,Title,Genre,Poster\n{rows}".encode())
    assert catalogue.movies["title"].tolist() == ["None", "NaN"]
    assert catalogue.reading.missing == {"title": 1, "year": 1}


def test_genres_with_the_value_none_are_not_counted() -> None:
    """As in IMDb's files: none of these is a genre."""
    genres = ["Drama", "\\N", "nan", "None", "N/A", "(no genres listed)", ""]
    rows = "".join(f"{n},A ({1990 + n}),{name},http://{n}\n" for n, name in enumerate(genres))
    catalogue = parse_catalogue(f"imdbId,Title,Genre,Poster\n{rows}".encode())
    assert catalogue.reading.genres == {"Drama": 1}
    assert catalogue.steps[1].dropped == {RejectReason.MISSING_VALUE: 6}


def test_ids_that_are_not_imdbs_are_named_where_most_are() -> None:
    rows = "tt0000001,A (1990),http://a\nx7,B (1990),http://b\ntt0000002,C (1990),http://c\n"
    catalogue = parse_catalogue(f"imdbId,Title,Poster\n{rows}".encode())
    assert str(catalogue.reading.odd_ids) == "1 (x7)"


def test_extra_columns_are_carried_along_as_texts() -> None:
    content = b"title,Plot,year,poster,runtime\nA,Long,1990,http://a,99\n"
    options = Options(extra_columns=("runtime", "plot"))
    catalogue = parse_catalogue(content, options=options)
    assert catalogue.movies["extra"].tolist() == [("99", "Long")]
