"""Delimited text: delimiters and quotes are understood, and no row is lost or joined to another."""

import csv
from typing import Any

import pytest

from movie_posters_decade.catalogue.clean import Catalogue, parse_catalogue
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.options.options import Options
from movie_posters_decade.texts import MAX_TITLE

HEADER = "imdbId,Title,Genre,Poster\n"


def parse(content: str | bytes, name: str = "c.csv", **options: Any) -> Catalogue:
    content = content.encode() if isinstance(content, str) else content
    return parse_catalogue(content, name, Options(**options).checked())


def titles(content: str, name: str = "c.csv", **options: Any) -> list[str]:
    return parse(content, name, **({"genres": None} | options)).movies["title"].tolist()


UNCLOSED = (
    "c.csv, line {}: expected a closing quote at the end of each field that begins with one; "
    "found: {}. Double the quotes that belong to a text, or remove them."
)


@pytest.mark.parametrize(
    ("rows", "line", "found"),
    [
        (
            '1,A (1990),Drama,x\n2,"B (1990),Drama,y\n3,C (1990),Drama,z\n',
            3,
            "unexpected end of data",
        ),
        (
            '1,A (1990),Drama,x\n2,"B (1990),Drama,y\n3,C (1990),Drama,z\n4,"D (1990),Drama,a\n',
            3,
            "',' expected after '\"'",
        ),
        ('1,"A" B (1990),Drama,x\n', 2, "',' expected after '\"'"),
        ('\n1,A (1990),"Dra\nma","x\n', 3, "unexpected end of data"),
    ],
)
def test_quote_that_is_not_closed_is_an_error_with_its_line(
    rows: str, line: int, found: str
) -> None:
    with pytest.raises(CatalogueError) as error:
        parse(HEADER + rows)
    assert str(error.value) == UNCLOSED.format(line, found)


LINKED = "id,Title,Year,Genre,Poster"


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (
            f'{LINKED}\n1,"Crocodile,1986,Comedy,http://host/1.jpg\n2,Heat,1985,Drama,http://host/2.jpg\n'
            '3,Dundee",1988,Comedy,http://host/3.jpg\n',
            2,
        ),
        (
            f'{LINKED}\n1,"Crocodile,1986,Comedy,http://host/1.jpg\n3,Dundee",1988,Comedy,/3.jpg\n',
            2,
        ),
        (
            f'{LINKED},Plot\n1,A,1986,Comedy,http://host/1.jpg,"It begins\n'
            '2,Heat,1985,Drama,http://host/2.jpg,"\n',
            2,
        ),
        (
            f"{LINKED},Plot\n9,A,1986,Comedy,http://host/9.jpg,One\n"
            '1,A,1986,Comedy,http://host/1.jpg,"It begins\n'
            "2,Heat,1985,Drama,http://host/2.jpg,Plot\n"
            '3,Heat,1985,Drama,http://host/3.jpg,"\n',
            3,
        ),
    ],
    ids=["rows between", "adjacent rows", "plots", "rows between plots"],
)
def test_quote_that_ends_rows_later_is_an_error_with_its_line(table: str, line: int) -> None:
    """The rows between two stray quotes would be one, with the first id and the last poster."""
    with pytest.raises(CatalogueError) as error:
        parse(table)
    assert str(error.value) == UNCLOSED.format(line, "a field that holds whole rows")


def test_text_of_several_lines_is_read() -> None:
    plot = 'One, two, three,\nfour, five, http://host/x.jpg,\n"six"\nseven'
    quoted = plot.replace('"', '""')
    table = f'{LINKED},Plot\n1,A,1986,"[\n""War"",\n""Drama""]",http://host/1.jpg,"{quoted}"\n'
    catalogue = parse(table, extra_columns=("Plot",))
    assert catalogue.movies["extra"].tolist() == [(plot,)]
    assert catalogue.movies["genres"].tolist() == [("War", "Drama")]


def test_quotes_are_doubled_or_escaped_or_mean_nothing() -> None:
    assert titles(f'{HEADER}1,"A ""big"" one (1990)",Drama,x\n') == ['A "big" one']
    assert titles(f'{HEADER}1,"A \\"big\\" one (1990)",Drama,x\n') == ['A "big" one']
    assert titles(f'{HEADER}1,A "big" one (1990),Drama,x\n') == ['A "big" one']
    assert titles(f"{HEADER}1,Good\\, bad (1990),Drama,x\n") == ["Good, bad"]
    assert parse(f'{HEADER}1,"A \\"big\\" one (1990)",Drama,x\n').reading.quoting == "backslash"


def test_backslash_before_a_closing_quote_is_text_where_quotes_are_doubled() -> None:
    catalogue = parse(f'{HEADER}1,"A (1990) \\",Drama,x\n2,"The ""B"" (1990)",Drama,y\n')
    assert catalogue.movies["title"].tolist() == ["A \\", 'The "B"']
    assert catalogue.reading.quoting == "doubled"


def test_missing_value_of_mysql_is_missing_where_quotes_are_escaped() -> None:
    rows = '1,"A \\"B\\" (1990)",Drama,x\n2,C (1990),\\N,y\n3,D (1990),Drama,\\N\n'
    catalogue = parse(HEADER + rows)
    assert catalogue.movies["title"].tolist() == ['A "B"']
    assert catalogue.reading.missing["genres"] == catalogue.reading.missing["poster_url"] == 1


IMDB = "tconst\tprimaryTitle\tstartYear\tgenres\tposter\n"


def test_imdbs_files_have_no_quotes() -> None:
    rows = 'tt0000001\t"Swing" time\t1936\tMusic\tx\ntt0000002\t"Rope"\t1948\tCrime\ty\n'
    assert titles(IMDB + rows, "c.tsv") == ['"Swing" time', '"Rope"']


def test_other_files_with_tabs_have_quotes_or_none() -> None:
    header = IMDB.replace("tconst", "imdb_id")
    rows = '1\t"Rope"\t1948\tCrime\tx\n2\t"A ""B"""\t1990\tDrama\ty\n'
    assert titles(header + rows) == ["Rope", 'A "B"']
    rows = '1\t"Swing" time\t1936\tMusic\tx\n2\tRope\t1948\tCrime\ty\n'
    assert titles(header + rows) == ['"Swing" time', "Rope"]


def test_file_with_tabs_and_an_unclosed_quote_is_an_error_if_a_row_is_short() -> None:
    header = IMDB.replace("tconst", "imdb_id")
    with pytest.raises(CatalogueError, match="line 2: expected a closing quote"):
        parse(f'{header}1\t"Swing" time\t1936\tMusic\tx\n2\tRope\n')


def test_row_that_is_too_long_is_an_error_with_its_line() -> None:
    with pytest.raises(CatalogueError) as error:
        parse(f"{HEADER}1,A (1990),Drama,x\n1,2,3,4,5,6\n")
    assert str(error.value) == (
        "c.csv, line 3: expected 4 fields, as in the header; found 6. Put fields that hold the "
        "delimiter in quotes."
    )


def test_empty_fields_at_the_end_of_a_row_are_ignored_and_so_are_empty_lines() -> None:
    assert titles(f"{HEADER}1,A (1990),Drama,x,,\n\n   \n2,B (1990),Drama,y\n") == ["A", "B"]


@pytest.mark.parametrize("rows", ["", "1,A (1990),Drama,http://a,\n,,,,,,\n"])
def test_row_that_is_shifted_by_a_delimiter_is_an_error(rows: str) -> None:
    """Its last field is empty, so only the number of fields shows it."""
    header = "imdbId,Title,Genre,Poster,Plot\n1,A (1990),Drama,http://a,\n"
    with pytest.raises(CatalogueError, match="expected 5 fields, as in the header; found 6"):
        parse(f"{header}{rows}2,Good, the Bad (1966),Western,http://b,\n")


def test_blank_rows_before_the_header_are_no_header() -> None:
    assert titles(f"\n,,,\n{HEADER}1,A (1990),Drama,x\n") == ["A"]


def test_backslashes_that_escape_nothing_stay() -> None:
    rows = '1,"A \\"B\\" (1990)",Drama,posters\\1.jpg\n'
    movies = parse(HEADER + rows).movies
    assert movies["poster_url"].tolist() == ["posters\\1.jpg"]


def test_row_that_is_too_short_is_counted_and_none_of_its_fields_is_used() -> None:
    """Nothing says which delimiter is missing, so each field may be in the wrong column."""
    catalogue = parse(
        "imdbId,Title,Genre,Poster,IMDB Score\n"
        "1,A (1990),Drama,http://a,7\n2,B (1990)Drama,http://b,7\n3,C (1990)\n"
    )
    assert catalogue.movies["title"].tolist() == ["A"]
    assert [step.movies for step in catalogue.steps] == [3, 1, 1]
    short = catalogue.reading.short_rows
    assert short is not None
    assert (short.count, short.first) == (2, [3, 4])


def test_field_of_any_length_is_read() -> None:
    limit = csv.field_size_limit()
    long = "A" * 200_000
    rows = f"1,A (1990),Drama,x,{long}\n2,{long} (1990),Drama,y,\n"
    assert titles(f"imdbId,Title,Genre,Poster,Plot\n{rows}") == ["A", long[:MAX_TITLE]]
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("delimiter", ["^", "\\t", "tab"])
def test_delimiter_may_be_named(delimiter: str) -> None:
    sign = "^" if delimiter == "^" else "\t"
    content = HEADER.replace(",", sign) + sign.join(["1", "A (1990)", "Drama", "x"])
    assert titles(content, delimiter=delimiter) == ["A"]


def test_reading_names_the_delimiter_and_the_columns() -> None:
    reading = parse("Title;year;Poster\nA;1990;http://a\n").reading
    assert (reading.kind, reading.encoding, reading.delimiter) == ("CSV", "UTF-8", ";")
    assert reading.columns == {"title": "Title", "year": "year", "poster_url": "Poster"}
