"""Builds from other people's tables: extra columns, sparse decades, moved files, odd folders."""

import csv
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from command_line import run_json, sample_arguments
from sample_builds import arrow_files, build_sample, load_sample, make_builder
from samples import SampleCatalogue, paint, read_movies

from movie_posters_decade import MoviePostersDecade, export, write_report
from movie_posters_decade.cli.main import main
from movie_posters_decade.errors import CatalogueError, CollectionError, OptionError, SelectionError
from movie_posters_decade.options.options import Options
from movie_posters_decade.report.counts import Report


def write_table(sample: SampleCatalogue, years: Mapping[int, int], **columns: str) -> None:
    """Write a table of some movies of each year in columns of our own, in place of the sample."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["Title", "Year", "Genres", "Poster URL", *columns])
    for year, count in years.items():
        for number in range(count):
            path = f"/{year}/{number}.jpg"
            sample.host.answers[path] = (200, paint("1970s", 100 * year + number))
            link = sample.host.url + path
            writer.writerow([f"Movie {number}", year, "Action", link, *columns.values()])
    sample.path.write_text(file.getvalue())


def test_extra_columns_are_in_dataset_manifest_and_lock_file(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    write_table(sample, {1985: 5, 1995: 5}, Runtime="99", Plot="A, b")
    years = {"min_year": 1980, "max_year": 1999}
    options = years | {"extra_columns": ["Runtime", "Plot"]}
    builder = build_sample(sample, tmp_path / "one", **options)
    train = builder.as_dataset()["train"]
    assert train.column_names[-2:] == ["Runtime", "Plot"]
    assert (set(train["Runtime"]), set(train["Plot"])) == ({"99"}, {"A, b"})
    export(builder.built(), tmp_path / "folders")
    with (tmp_path / "folders/manifest.csv").open(newline="") as file:
        assert {(row["Runtime"], row["Plot"]) for row in csv.DictReader(file)} == {("99", "A, b")}
    lock_file = builder.files.lock_path
    again = build_sample(sample, tmp_path / "two", lock_file=lock_file, data_files=None)
    assert again.info.features == builder.info.features
    assert arrow_files(again.cache_dir) == arrow_files(builder.cache_dir)


@pytest.mark.parametrize("name", ["label", "image", "split", "file_name", ""])
def test_extra_column_must_not_have_a_name_of_the_dataset(name: str) -> None:
    with pytest.raises(OptionError, match="Option extra_columns: expected names of columns"):
        Options(extra_columns=(name,)).checked()


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "a", "\n"])
def test_delimiter_must_be_one_character(delimiter: str) -> None:
    with pytest.raises(OptionError, match="Option delimiter: expected one character, such as"):
        Options(delimiter=delimiter).checked()


@pytest.mark.parametrize("columns", ["title", "name=Title", ["title=A", "title=B"], {"title": 3}])
def test_columns_name_fields_of_a_movie(columns: Any) -> None:
    with pytest.raises(OptionError, match="Option columns: expected names for some of imdb_id, "):
        Options(columns=columns).checked()


def test_columns_are_a_mapping_or_texts(sample: SampleCatalogue, tmp_path: Path) -> None:
    sample.path.write_text(sample.path.read_text().replace("Title", "Film"))
    as_mapping, as_texts = {"title": "Film"}, ["title=Film", "genres=Genre"]
    one, other = [make_builder(sample, tmp_path, columns=one) for one in (as_mapping, as_texts)]
    assert one.plan().splits == other.plan().splits


def test_manifest_of_an_export_is_a_catalogue(
    shared_sample: SampleCatalogue, shared_build: MoviePostersDecade, tmp_path: Path
) -> None:
    build = shared_build.built()
    export(build, tmp_path / "folders")
    movies = read_movies(tmp_path / "folders/manifest.csv")
    assert {movie["imdb_id"] for movie in movies} == set(shared_sample.paths)
    again = build_sample(
        shared_sample, tmp_path, data_files=tmp_path / "folders/manifest.csv"
    ).built()
    assert again.report.splits == build.report.splits


@pytest.mark.parametrize(
    ("years", "options", "sentence"),
    [
        (
            {1975: 9, 1985: 9, 1995: 9, 2005: 9},
            {},
            "The 2010s have no movie of the chosen genres within 1970 to 2017, so no poster can "
            "have that label. Choose the years that have movies: max_year=2009 (--max-year 2009).",
        ),
        (
            {1995: 9},
            {},
            "The 1970s, 1980s, 2000s, 2010s have no movie of the chosen genres within 1970 to "
            "2017, so no poster can have that label. Choose the years that have movies: "
            "min_year=1990, max_year=1999 (--min-year 1990 --max-year 1999).",
        ),
        (
            {1965: 9},
            {},
            "No movie of the chosen genres is within 1970 to 2017; the 9 with a year are of 1965 "
            "to 1965. Choose the years that have movies: min_year=1965, max_year=1965 (--min-year "
            "1965 --max-year 1965).",
        ),
        (
            {1985: 9, 1995: 2},
            {"min_year": 1980, "max_year": 1999},
            "The 1990s have too few movies for a test split: 2, with a test_size of 0.2.",
        ),
    ],
    ids=["last", "several", "all", "smallest"],
)
def test_decade_that_has_too_few_movies_is_named(
    sample: SampleCatalogue,
    tmp_path: Path,
    years: dict[int, int],
    options: dict[str, Any],
    sentence: str,
) -> None:
    write_table(sample, years)
    with pytest.raises(SelectionError) as error:
        make_builder(sample, tmp_path, **options).plan()
    assert str(error.value).startswith(sentence)


def test_decade_of_one_movie_is_built_if_decades_need_not_be_equal(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    write_table(sample, {1975: 1, 1985: 10, 1995: 10})
    options = {"max_year": 1999, "balance": "none"}
    builder = build_sample(sample, tmp_path, **options)
    report = builder.report()
    assert report.splits["train"] == {"1970s": 1, "1980s": 8, "1990s": 8}
    assert report.splits["test"] == {"1970s": 0, "1980s": 2, "1990s": 2}
    write_report(builder.built(), tmp_path / "report")
    export(builder.built(), tmp_path / "folders")
    stream = load_sample(sample, tmp_path / "s", streaming=True, **options)
    assert len(list(stream["train"])) == 17


def test_refusal_to_select_shows_how_the_catalogue_was_read(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    text = sample.path.read_text().replace(f"{sample.host.url}/1990s/", "N/A,")
    sample.path.write_text(text.replace("N/A,", "N/A#"))
    with pytest.raises(SelectionError) as error:
        make_builder(sample, tmp_path, max_year=2029).plan()
    sentence, *lines = str(error.value).split("\n")
    assert sentence.endswith("The catalogue was read as follows:")
    assert "  years: 1950 to 2017" in lines
    assert any(line.startswith("  links to files: 6 (N/A#") for line in lines)
    assert lines[-1] == "  unique: 32 (none dropped)"


def test_catalogue_without_a_usable_row_is_an_error(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    write_table(sample, {1985: 2})
    sample.path.write_text(sample.path.read_text().replace("/1985/1.jpg", "/1985/0.jpg"))
    with pytest.raises(SelectionError) as error:
        make_builder(sample, tmp_path).plan()
    assert str(error.value).startswith("No movie of the catalogue has all values and a link of its")
    assert str(error.value).endswith("  unique: 0 (duplicate_url 2)")


def test_encoding_may_be_named(sample: SampleCatalogue, tmp_path: Path) -> None:
    text = sample.path.read_text().replace("Movie", "\u0424\u0438\u043b\u044c\u043c")
    sample.path.write_bytes(text.encode("cp1251"))
    [movie, *_] = read_movies(sample.path, encoding="cp1251")[2:]
    assert movie["title"] == "\u0424\u0438\u043b\u044c\u043c 1002"
    with pytest.raises(OptionError, match="Option encoding: expected the name of a text encoding"):
        make_builder(sample, tmp_path, encoding="hex").plan()


def test_moved_catalogue_is_an_error_that_names_the_path(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    text = sample.path.read_text().replace(f"{sample.host.url}/", "posters/")
    sample.path.write_text(text)
    with pytest.raises(CollectionError) as error:
        load_sample(sample, tmp_path)
    assert "(100% not_found)" in str(error.value)
    assert "There is no file posters/1970s/" in str(error.value)
    assert str(error.value).endswith("Links to the web start with http:// or https://.")


def test_folder_may_have_any_name(sample: SampleCatalogue, tmp_path: Path) -> None:
    """As with a folder from another system, of which the name is not UTF-8."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("the file system takes no names that are not UTF-8")
    path = folder / sample.path.name
    path.write_bytes(sample.path.read_bytes())
    assert len(load_sample(sample, tmp_path / "cache", data_files=str(path))["train"]) == 25


def test_reading_is_in_the_plan_the_report_and_their_json(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.path.write_text(sample.path.read_text().replace(",", ";"), encoding="utf-16")
    planned = run_json(capsys, "plan", *sample_arguments(sample, tmp_path))
    assert planned["reading"]["encoding"] == "UTF-16"
    assert planned["reading"]["delimiter"] == ";"
    assert planned["reading"]["columns"]["genres"] == "Genre"
    assert planned["reading"]["genres"] == {"Action": 31, "Drama": 31}
    built = run_json(capsys, "build", *sample_arguments(sample, tmp_path))
    assert built["reading"] == planned["reading"]
    assert Report.from_json(json.loads(json.dumps(planned))).reading is not None


def test_command_of_a_refusal_works(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = sample.path.read_text().replace("Title", "Was").replace("Poster", "Picture")
    sample.path.write_text(text)
    arguments = ["--data-files", str(sample.path), "--cache-dir", str(tmp_path)]
    assert main(["plan", *arguments]) == 3
    sentence = capsys.readouterr().err
    command = sentence.split("movie-posters-decade ")[-1].replace("title=COLUMN", "title=Was")
    assert main(command.split()) == 0


def test_refusal_does_not_build(sample: SampleCatalogue, tmp_path: Path) -> None:
    with sample.path.open("a") as file:
        file.write('9,http://imdb/9,"Open (1999),7,Action,http://host/9.jpg\n')
    with pytest.raises(CatalogueError, match=r"MovieGenre\.csv, line 34: expected a closing quote"):
        load_sample(sample, tmp_path)
    assert sample.host.requests == []
