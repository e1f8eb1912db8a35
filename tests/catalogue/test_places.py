"""A catalogue is found in its folder or by its name in any form, and told from others."""

from pathlib import Path

import pytest
from samples import SampleCatalogue, row, write_catalogue

from movie_posters_decade.catalogue.locate import (
    find_catalogue,
    folder_of,
    hash_file,
    identify,
    locate,
    suffix_of,
)
from movie_posters_decade.config import KAGGLE_PAGE
from movie_posters_decade.errors import CatalogueError

JUMANJI = row(113497, "Jumanji (1995)", "Action|Adventure", "http://host/1.jpg", "6.9")


def test_data_files_name_one_place_in_any_form(
    sample: SampleCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(sample.path)
    assert locate(path) == locate(sample.path) == locate([path]) == path
    assert locate({"train": [path]}) == path
    assert locate(sample.path.parent) == path
    monkeypatch.chdir(sample.path.parent)
    assert locate("MovieGenre.csv") == path
    assert locate("https://host/MovieGenre.csv") == "https://host/MovieGenre.csv"


def test_several_catalogues_are_too_many(sample: SampleCatalogue) -> None:
    with pytest.raises(CatalogueError) as error:
        locate([sample.path, sample.path])
    assert str(error.value) == (
        "data_files: expected one catalogue, such as MovieGenre.csv; found 2 files."
    )


def test_folder_gives_the_catalogue_in_it(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path / "mine.csv", [JUMANJI])
    assert find_catalogue(tmp_path) == path
    named = write_catalogue(tmp_path / "MovieGenre.csv", [JUMANJI])
    assert find_catalogue(tmp_path) == named


def test_hash_changes_with_content_and_folder_only(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path / "a.csv", [JUMANJI])
    before = hash_file(path)
    path.touch()
    assert hash_file(path) == before
    (tmp_path / "b").mkdir()
    assert hash_file(write_catalogue(tmp_path / "b" / "a.csv", [JUMANJI])) != before
    write_catalogue(path, [JUMANJI, row(2, "B (1990)", "Drama", "http://host/2.jpg")])
    assert hash_file(path) != before


def test_missing_file_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as error:
        find_catalogue(tmp_path / "MovieGenre.csv")
    assert str(error.value) == (
        f"{tmp_path}/MovieGenre.csv: expected a catalogue such as MovieGenre.csv, found no file "
        f"of that name. It can be downloaded from {KAGGLE_PAGE}."
    )


def test_folder_with_two_tables_asks_which(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write_catalogue(tmp_path / name, [JUMANJI])
    with pytest.raises(CatalogueError) as error:
        find_catalogue(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: expected MovieGenre.csv, or one table or .zip file, in this folder; found "
        "a.csv, b.csv. Name the file with data_files."
    )


def test_type_of_a_file_tells_it_from_others(tmp_path: Path) -> None:
    one = write_catalogue(tmp_path / "a.csv", [JUMANJI])
    before = identify(str(one))
    assert identify(str(one.rename(tmp_path / "b.csv"))) == before
    assert identify(str((tmp_path / "b.csv").rename(tmp_path / "b.tsv"))) != before


def test_place_may_start_at_home_and_a_scheme_be_in_capitals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_catalogue(tmp_path / "a.csv", [JUMANJI])
    monkeypatch.setenv("HOME", str(tmp_path))
    assert locate("~/a.csv") == str(path)
    assert locate("a.csv", "~") == str(path)
    assert locate("HTTPS://host/A.csv") == "https://host/A.csv"


def test_tilde_that_is_no_home_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_catalogue(tmp_path / "~MovieGenre.csv", [JUMANJI])
    assert locate("~MovieGenre.csv") == str(path)


def test_type_is_told_by_the_name_of_a_file_and_the_path_of_a_url() -> None:
    assert suffix_of("a#1/t.tsv") == ".tsv"
    assert suffix_of("https://host/t.tsv?size=1.csv#2.jsonl") == ".tsv"


def test_place_on_the_network_is_its_own_identity_and_no_folder() -> None:
    url = "https://host/MovieGenre.csv"
    assert identify(url) == url
    assert folder_of(url) is None
