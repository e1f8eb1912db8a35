"""A catalogue's file is found in its folder, told from others, and read out of a zip."""

import zipfile
from pathlib import Path

import pytest
from conftest import row, write_catalogue

from movie_posters_decade.catalogue import KAGGLE_PAGE
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.files import find_catalogue, hash_file, read_catalogue

JUMANJI = row(113497, "Jumanji (1995)", "Action|Adventure", "http://host/1.jpg", "6.9")


def read_one(path: Path) -> dict[str, object]:
    [movie] = read_catalogue(path).movies.to_dict("records")
    return {str(column): value for column, value in movie.items()}


def test_zip_gives_the_file_that_it_holds(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path / "MovieGenre.csv", [JUMANJI])
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(path, "folder/MovieGenre.csv")
        file.writestr("other.csv", "x")
        file.writestr("__MACOSX/._MovieGenre.csv", "x")
    assert read_one(archive)["title"] == "Jumanji"


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


@pytest.mark.parametrize("read", [hash_file, read_catalogue])
def test_file_that_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, read: object) -> None:
    with pytest.raises(CatalogueError, match=r"expected a readable catalogue; found: .*directory"):
        read(tmp_path)  # type: ignore[operator]


def test_broken_zip_is_told_in_a_sentence(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("MovieGenre.csv", "imdbId,Title,Genre,Poster\n" * 1000)
    content = bytearray(archive.read_bytes())
    content[60:70] = bytes(10)
    archive.write_bytes(content)
    with pytest.raises(CatalogueError, match="expected a readable catalogue; found: Error -"):
        read_catalogue(archive)


def test_zip_without_a_table_says_so(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("readme.txt", "x")
    with pytest.raises(CatalogueError) as error:
        read_catalogue(archive)
    assert str(error.value) == (
        f"{archive}: expected MovieGenre.csv, or one table, in this zip; found none."
    )
