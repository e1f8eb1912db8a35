"""Layouts: the tables of movies that people have are read right, or refused with what to do."""

import codecs
import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from movie_posters_decade.catalogue.clean import Catalogue, parse_catalogue
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.options.options import Options

Movie = tuple[str, str, int | None, tuple[str, ...], str]

HEAT: Movie = ("tt0113277", "Heat", 1995, ("Action", "Drama"), "http://host/1.jpg")
ALIEN: Movie = ("tt0078748", "Alien", 1979, ("Horror",), "http://host/2.jpg")
BOTH = [HEAT, ALIEN]


def movies(catalogue: Catalogue) -> list[Movie]:
    """Return the movies of a catalogue, without their scores."""
    return [
        (one["imdb_id"], one["title"], year, one["genres"], one["poster_url"])
        for one in catalogue.movies.to_dict("records")
        for year in [None if pd.isna(one["year"]) else int(one["year"])]
    ]


def parse(content: str | bytes, name: str = "c.csv", **options: Any) -> Catalogue:
    """Parse a table of any type."""
    content = content.encode() if isinstance(content, str) else content
    return parse_catalogue(content, name, Options(**options))


LAYOUTS: dict[str, tuple[str, str]] = {
    "Kaggle, MovieGenre.csv": (
        "c.csv",
        "imdbId,Imdb Link,Title,IMDB Score,Genre,Poster\n"
        "113277,http://www.imdb.com/title/tt113277,Heat (1995),8.2,Action|Drama,http://host/1.jpg\n"
        "78748,http://www.imdb.com/title/tt78748,Alien (1979),8.5,Horror,http://host/2.jpg\n",
    ),
    "our own names": (
        "c.csv",
        "imdb_id,title,year,genres,imdb_score,poster_url\n"
        "tt0113277,Heat,1995,Action|Drama,8.2,http://host/1.jpg\n"
        "tt0078748,Alien,1979,Horror,,http://host/2.jpg\n",
    ),
    "the manifest of an export": (
        "c.csv",
        "file,sha256,split,decade,label,imdb_id,title,year,genres,imdb_score,poster_url\n"
        "a.jpg,0,train,1990s,2,tt0113277,Heat,1995,Action|Drama,8.2,http://host/1.jpg\n"
        "b.jpg,0,test,1970s,0,tt0078748,Alien,1979,Horror,8.5,http://host/2.jpg\n",
    ),
    "OMDb": (
        "c.csv",
        "imdbID,Title,Year,Rated,Genre,imdbRating,Poster\n"
        'tt0113277,Heat,1995,R,"Action, Drama",8.2,http://host/1.jpg\n'
        "tt0078748,Alien,1979,R,Horror,N/A,http://host/2.jpg\n",
    ),
    "OMDb's API": (
        "c.jsonl",
        '{"Title": "Heat", "Year": "1995", "Genre": "Action, Drama", "imdbID": "tt0113277", '
        '"Ratings": [{"Source": "a", "Value": "b"}], "Poster": "http://host/1.jpg"}\n'
        '{"Title": "Alien", "Year": "1979", "Genre": "Horror", "imdbID": "tt0078748", '
        '"Ratings": [], "Poster": "http://host/2.jpg"}\n',
    ),
    "a dump of TMDB": (
        "c.csv",
        "id,imdb_id,original_title,title,release_date,genres,vote_average,poster_path\n"
        "949,tt0113277,Heat,Heat,1995-12-15,"
        "\"[{'id': 28, 'name': 'Action'}, {'id': 18, 'name': 'Drama'}]\",7.9,http://host/1.jpg\n"
        "348,tt0078748,Alien,Alien,1979-05-25,\"[{'id': 27, 'name': 'Horror'}]\",8.1,"
        "http://host/2.jpg\n",
    ),
    "a dump of TMDB with names": (
        "c.csv",
        "id,title,genres,imdb_id,release_date,poster_path\n"
        '1,Heat,"Action, Drama",tt0113277,1995-12-15,http://host/1.jpg\n'
        "2,Alien,Horror,tt0078748,1979-05-25,http://host/2.jpg\n",
    ),
    "a list with a name, in JSON": (
        "c.json",
        '{"id": 10, "name": "Best of 1999", "year": 2020, "poster_path": "http://host/9.jpg", '
        '"items": [{"id": "tt0113277", "title": "Heat", "year": 1995, "genres": ["Action", '
        '"Drama"], "poster": "http://host/1.jpg"}, {"id": "tt0078748", "title": "Alien", "year": '
        '1979, "genres": {"name": "Horror"}, "poster": "http://host/2.jpg"}]}',
    ),
    "a page of TMDB's API": (
        "c.json",
        '{"page": 1, "results": ['
        '{"id": "tt0113277", "title": "Heat", "release_date": "1995-12-15", '
        '"genre_ids": [28, 18], "poster_path": "http://host/1.jpg"}, '
        '{"id": "tt0078748", "title": "Alien", "release_date": "1979-05-25", '
        '"genre_ids": [27], "poster_path": "http://host/2.jpg"}]}',
    ),
    "IMDb's title.basics, with posters": (
        "c.tsv",
        "tconst\ttitleType\tprimaryTitle\tstartYear\tgenres\tposter\n"
        "tt0113277\tmovie\tHeat\t1995\tAction,Drama\thttp://host/1.jpg\n"
        "tt0078748\tmovie\tAlien\t1979\tHorror\thttp://host/2.jpg\n"
        "tt0000003\tmovie\tNameless\t\\N\t\\N\thttp://host/3.jpg\n",
    ),
    "IMDb's lists": (
        "c.csv",
        "Position,Const,Title,IMDb Rating,Year,Genres,Poster\n"
        '1,tt0113277,Heat,8.2,1995,"Action, Drama",http://host/1.jpg\n'
        "2,tt0078748,Alien,8.5,1979,Horror,http://host/2.jpg\n",
    ),
    "letters, spaces and underscores that differ": (
        "c.csv",
        "IMDB_ID,TITLE,Release Year,GENRE,Poster-Link\n"
        "tt0113277,Heat,1995,Action|Drama,http://host/1.jpg\n"
        "tt0078748,Alien,1979,Horror,http://host/2.jpg\n",
    ),
    "semicolons": (
        "c.csv",
        "imdbId;Title;Genre;Poster\n"
        "113277;Heat (1995);Action|Drama;http://host/1.jpg\n"
        "78748;Alien (1979);Horror;http://host/2.jpg\n",
    ),
    "bars, and genres with commas": (
        "c.txt",
        "imdbId|Title|Genre|Poster\n"
        "113277|Heat (1995)|Action,Drama|http://host/1.jpg\n"
        "78748|Alien (1979)|Horror|http://host/2.jpg\n",
    ),
    "tabs in a file called CSV": (
        "c.csv",
        "imdbId\tTitle\tGenre\tPoster\n"
        "113277\tHeat (1995)\tAction;Drama\thttp://host/1.jpg\n"
        "78748\tAlien (1979)\tHorror\thttp://host/2.jpg\n",
    ),
    "Excel's line with the delimiter": (
        "c.csv",
        "sep=;\nimdbId;Title;Genre;Poster\n"
        "113277;Heat (1995);Action|Drama;http://host/1.jpg\n"
        "78748;Alien (1979);Horror;http://host/2.jpg\n",
    ),
    "spaces after commas, before quotes": (
        "c.csv",
        '"imdbId", "Title", "Genre", "Poster"\n'
        '113277, "Heat (1995)", "Action|Drama", "http://host/1.jpg"\n'
        '78748, "Alien (1979)", "Horror", "http://host/2.jpg"\n',
    ),
    "an index without a name": (
        "c.csv",
        ",imdbId,Title,Genre,Poster\n"
        "0,113277,Heat (1995),Action|Drama,http://host/1.jpg\n"
        "1,78748,Alien (1979),Horror,http://host/2.jpg\n",
    ),
    "numbers that pandas made floats": (
        "c.csv",
        "imdbId,Title,year,Genre,Poster\n"
        "113277.0,Heat,1995.0,Action|Drama,http://host/1.jpg\n"
        "78748.0,Alien,1979.0,Horror,http://host/2.jpg\n",
    ),
    "lists as datasets and NumPy write them": (
        "c.csv",
        "imdb_id,title,year,genres,poster_url\n"
        "tt0113277,Heat,1995,['Action' 'Drama'],http://host/1.jpg\n"
        "tt0078748,Alien,1979,['Horror'],http://host/2.jpg\n",
    ),
    "lists as Python writes them": (
        "c.csv",
        "imdb_id,title,year,genres,poster_url\n"
        "tt0113277,Heat,1995,\"['Action', nan, 'Drama']\",http://host/1.jpg\n"
        "tt0078748,Alien,1979,\"('Horror',)\",http://host/2.jpg\n",
    ),
    "sets, and lists of Java and PostgreSQL": (
        "c.csv",
        "imdb_id,title,year,genres,poster_url\n"
        "tt0113277,Heat,1995,\"{'Action', 'Drama'}\",http://host/1.jpg\n"
        "tt0078748,Alien,1979,[Horror],http://host/2.jpg\n",
    ),
    "lists as JSON writes them": (
        "c.csv",
        "imdb_id,title,year,genres,poster_url\n"
        'tt0113277,Heat,1995,"[""Action"", null, ""Drama""]",http://host/1.jpg\n'
        'tt0078748,Alien,1979,"[""Horror""]",http://host/2.jpg\n',
    ),
    "links of IMDb's pages as ids": (
        "c.csv",
        "imdb_id,title,year,genres,poster_url\n"
        "https://www.imdb.com/title/tt0113277/,Heat,1995,Action|Drama,http://host/1.jpg\n"
        "http://imdb.com/title/tt78748/?ref_=x,Alien,1979,Horror,http://host/2.jpg\n",
    ),
    "a JSON array": (
        "c.json",
        json.dumps(
            [
                {"imdb_id": "tt0113277", "title": "Heat", "year": 1995.0}
                | {"genres": ["Action", "Drama"], "poster_url": "http://host/1.jpg"},
                {"imdb_id": "tt0078748", "title": "Alien", "year": 1979}
                | {"genres": "Horror", "poster_url": "http://host/2.jpg"},
            ],
            indent=1,
        ),
    ),
    "JSON Lines with dates of pandas": (
        "c.jsonl",
        '{"imdb_id":"tt0113277","title":"Heat","release_date":819072000000,'
        '"genres":["Action","Drama"],"poster_url":"http://host/1.jpg"}\n'
        '{"imdb_id":"tt0078748","title":"Alien","release_date":296438400000,'
        '"genres":["Horror"],"poster_url":"http://host/2.jpg"}\n',
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_is_read_without_any_option(layout: str) -> None:
    name, content = LAYOUTS[layout]
    assert movies(parse(content, name)) == BOTH


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_is_read_from_utf16_gzip_and_with_other_line_ends(
    layout: str, tmp_path: Path
) -> None:
    from movie_posters_decade.catalogue import read_catalogue

    name, content = LAYOUTS[layout]
    utf16 = codecs.BOM_UTF16_LE + content.replace("\n", "\r\n").encode("utf-16-le")
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(utf16))
    catalogue = read_catalogue(path)
    assert movies(catalogue) == BOTH
    assert catalogue.reading.encoding == "UTF-16"


def test_imdbs_top_1000_has_no_ids_and_a_year_that_is_none() -> None:
    catalogue = parse(
        "Poster_Link,Series_Title,Released_Year,Certificate,Runtime,Genre,IMDB_Rating\n"
        'http://host/1.jpg,Heat,1995,A,170 min,"Action, Drama",8.2\n'
        'http://host/2.jpg,Apollo 13,PG,U,140 min,"Adventure, Drama",7.6\n'
    )
    heat, apollo = movies(catalogue)
    assert heat[1:] == HEAT[1:]
    assert apollo[1:3] == ("Apollo 13", None)
    assert heat[0] != apollo[0]
    assert catalogue.reading.missing == {"year": 1}


def test_without_ids_title_and_year_identify_a_movie() -> None:
    rows = "Heat,1995,http://host/1\nHEAT ,1995,http://host/2\nHeat,1986,http://host/3\n"
    ids = [one[0] for one in movies(parse(f"title,year,poster\n{rows}"))]
    assert ids[0] == ids[1] != ids[2]
    assert ids == [one[0] for one in movies(parse(f"title,year,poster\n{rows}"))]


def test_any_unique_id_is_an_id() -> None:
    catalogue = parse("id,title,year,poster\n8844.0,Jumanji,1995,http://host/1\n")
    assert movies(catalogue) == [("8844", "Jumanji", 1995, (), "http://host/1")]


def test_imdb_id_is_preferred_to_another_id() -> None:
    catalogue = parse("id,imdb_id,title,year,poster\n949,tt0113277,Heat,1995,http://host/1\n")
    assert movies(catalogue)[0][0] == "tt0113277"


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (
            "imdbId,Title,Genre\n1,A (1990),Drama\n",
            {},
            "c.csv: expected a table of movies, with columns for titles and poster links; found "
            "none for poster links among imdbId, Title, Genre. Name them: movie-posters-decade "
            "plan --data-files c.csv --config all --columns poster_url=COLUMN",
        ),
        (
            "tconst\ttitleType\tprimaryTitle\tstartYear\tgenres\ntt0000001\tshort\tA\t1894\tShort\n",
            {},
            "c.csv: expected a table of movies, with columns for titles and poster links; found "
            "none for poster links among tconst, titleType, primaryTitle, startYear, genres. Name "
            "them: movie-posters-decade plan --data-files c.csv --config all --columns "
            "poster_url=COLUMN",
        ),
        (
            "Date,Name,Year,Letterboxd URI,Rating\n2020-01-01,Heat,1995,https://boxd.it/a,5\n",
            {},
            "c.csv: expected a table of movies, with columns for titles and poster links; found "
            "none for poster links among Date, Name, Year, Letterboxd URI, Rating. Name them: "
            "movie-posters-decade plan --data-files c.csv --config all --columns "
            "'poster_url=Letterboxd URI'",
        ),
        (
            "tt,what,when,kind,picture\ntt0113277,Heat,1995,Drama,http://host/1.jpg\n",
            {"genres": ("drama",)},
            "c.csv: expected a table of movies, with columns for titles and poster links; found "
            "none for titles and poster links among tt, what, when, kind, picture. Name them: "
            "movie-posters-decade plan --data-files c.csv --config drama --columns title=COLUMN "
            "poster_url=picture",
        ),
        (
            "film\n1\n",
            {"columns": {"title": "movie"}},
            "c.csv: expected the column movie; found only film. Name another one: "
            "movie-posters-decade plan --data-files c.csv --config all --columns title=film "
            "poster_url=COLUMN",
        ),
        (
            "title,year,genres,poster\n"
            + 9 * "Heat,1995,Action|Drama,http://host/1.jpg\n"
            + "Rope,1948,Action;Drama,http://host/2.jpg\n",
            {},
            "c.csv: expected one separator between genres in the column genres; found '|' in most "
            "values, but ';' in others, such as 'Action;Drama'. Write all values with the same, or "
            "name the one to split at: movie-posters-decade plan --data-files c.csv --config all "
            "--genre-separator '|'",
        ),
        (
            "title,year,poster_url\nHeat,1995,\nRope,1948,\nJaws,1975,/a.jpg\n",
            {"max_year": 1990},
            "c.csv: expected URLs, or paths of files, in the column poster_url; found paths on an "
            "image host, such as /a.jpg. Say where they start: movie-posters-decade plan "
            "--data-files c.csv --config all --max-year 1990 --base-url https://HOST/FOLDER",
        ),
        (
            "title,released,poster_url\nHeat,15-Dec-95,http://host/1.jpg\n",
            {},
            "c.csv: expected years, or dates with a year of four digits, in the column released; "
            "found '15-Dec-95'. Write years with four digits, or name another column: "
            "movie-posters-decade plan --data-files c.csv --config all --columns year=COLUMN",
        ),
        (
            "Heat,1995,http://host/1.jpg\nRope,1948,http://host/2.jpg\n",
            {},
            "c.csv: expected the names of the columns in the first line; found Heat, 1995, "
            "http://host/1.jpg, which holds a link. Add a line with names.",
        ),
        (
            "title,year,poster\nHeat,1995,http://host/1.jpg\n",
            {"genres": ("action",)},
            "c.csv: expected a column for genres; found none among title, year, poster. Name it "
            "with the option columns (--columns genres=NAME), or build movies of any genre: "
            "movie-posters-decade plan --data-files c.csv --config all",
        ),
        (
            "title,poster\nHeat,http://host/1.jpg\n",
            {},
            "c.csv: expected a column for years, or titles with a year, such as Heat (1995); found "
            "neither among title, poster. Name the column of years: movie-posters-decade plan "
            "--data-files c.csv --config all --columns year=COLUMN",
        ),
        (
            "title,year,poster_path\nHeat,1995,/a1.jpg\nAlien,1979,/b2.jpg\n",
            {},
            "c.csv: expected URLs, or paths of files, in the column poster_path; found paths on an "
            "image host, such as /a1.jpg. Say where they start: movie-posters-decade plan "
            "--data-files c.csv --config all --base-url https://HOST/FOLDER",
        ),
        (
            'title,year,genres,poster\nHeat,1995,"Action, Drama",http://host/1.jpg\n',
            {"genre_separator": "|"},
            "c.csv: expected genres separated by '|' in the column genres; found that most values "
            "hold ',' instead. Name it: movie-posters-decade plan --data-files c.csv --config all "
            "--genre-separator ,",
        ),
        (
            "title,year,genres,poster\nHeat,1995,Action Crime Drama,http://host/1.jpg\n",
            {},
            "c.csv: expected genres separated by a sign such as '|' or ',' in the column genres; "
            "found that most values hold ' ' instead. Name it: movie-posters-decade plan "
            "--data-files c.csv --config all --genre-separator ' '",
        ),
        (
            "imdb_id,title,year,poster\n1.14E+05,A,1995,http://a\n2,B,1995,http://b\n1E+05,C,1995,c",
            {},
            "c.csv: expected whole ids in the column imdb_id; found 2 that lost digits, as "
            "spreadsheets write large numbers: 1.14E+05 in row 1, 1E+05 in row 3. Export the table "
            "again with that column as text.",
        ),
    ],
)
def test_layout_that_cannot_be_read_is_refused_with_the_command_to_try(
    content: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CatalogueError) as error:
        parse(content, **options)
    assert str(error.value) == sentence


def test_command_to_try_works() -> None:
    """The options that a refusal names are those that read the table."""
    content = "tt,what,when,kind,picture\ntt0113277,Heat,1995,Drama,http://host/1.jpg\n"
    columns = ("title=what", "poster_url=picture", "year=when", "imdb_id=tt", "genres=kind")
    [movie] = movies(parse(content, columns=columns))
    assert movie == ("tt0113277", "Heat", 1995, ("Drama",), "http://host/1.jpg")
    spaced = "title,year,genres,poster\nHeat,1995,Action Crime Drama,http://host/1.jpg\n"
    assert movies(parse(spaced, genre_separator=" "))[0][3] == ("Action", "Crime", "Drama")
    paths = "title,year,poster_path\nHeat,1995,/a1.jpg\nAlien,1979,/b2.jpg\n"
    links = [one[4] for one in movies(parse(paths, base_url="https://host/w185"))]
    assert links == ["https://host/w185/a1.jpg", "https://host/w185/b2.jpg"]


def test_column_that_occurs_twice_is_refused() -> None:
    with pytest.raises(CatalogueError) as error:
        parse("Title,title,year,poster\nA,B,1995,http://host/1.jpg\n")
    assert str(error.value) == (
        "c.csv: expected the column Title once; found it 2 times. Rename or remove the others."
    )


def test_named_column_comes_before_one_that_is_found() -> None:
    content = "title,Titel,year,poster\nThe Boat,Das Boot,1981,http://host/1.jpg\n"
    assert movies(parse(content, columns={"title": "Titel"}))[0][1] == "Das Boot"
    assert movies(parse(content, columns="title=titel"))[0][1] == "Das Boot"


def test_all_columns_are_listed_where_one_is_missing() -> None:
    header = ",".join(f"column {number}" for number in range(59)) + ",poster"
    with pytest.raises(CatalogueError, match=r"column 58, poster\. Name them"):
        parse(f"{header}\n")
