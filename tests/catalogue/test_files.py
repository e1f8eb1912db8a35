"""A catalogue's file is read, out of a zip if need be."""

import zipfile
from pathlib import Path

import pytest
from samples import row, write_catalogue

from movie_posters_decade.catalogue.files import read_catalogue
from movie_posters_decade.catalogue.locate import hash_file
from movie_posters_decade.errors import CatalogueError

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


def test_zip_that_ends_early_says_so(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("MovieGenre.csv", "imdbId,Title,Genre,Poster\n")
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(CatalogueError) as error:
        read_catalogue(archive)
    assert str(error.value) == (
        f"{archive}: expected a table, or a zip that is whole; found a zip that is not read. Get "
        "it again."
    )


def test_zip_without_a_table_says_so(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("readme.txt", "x")
    with pytest.raises(CatalogueError) as error:
        read_catalogue(archive)
    assert str(error.value) == (
        f"{archive}: expected MovieGenre.csv, or one table, in this zip; found none."
    )
