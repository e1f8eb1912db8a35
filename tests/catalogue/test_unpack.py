"""Unpack: a table in a zip or gzip is found, and what cannot be read is an error that says why."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from samples import read_movies, row, write_catalogue

from movie_posters_decade.catalogue import unpack
from movie_posters_decade.catalogue.source import hash_file, read_catalogue
from movie_posters_decade.catalogue.unpack import is_table, suffix_of
from movie_posters_decade.errors import CatalogueError

JUMANJI = row(113497, "Jumanji (1995)", "Action|Adventure", "http://host/1.jpg", "6.9")


def test_suffix_is_that_of_a_file_name_or_of_the_path_in_a_url() -> None:
    assert suffix_of("a#1/t.tsv") == ".tsv"
    assert suffix_of("https://host/t.tsv?size=1.csv#2.jsonl") == ".tsv"


def test_zip_is_read_as_the_catalogue_in_it(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path / "MovieGenre.csv", [JUMANJI])
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(path, "folder/MovieGenre.csv")
        file.writestr("other.csv", "x")
        file.writestr("__MACOSX/._MovieGenre.csv", "x")
    assert [movie["title"] for movie in read_movies(archive)] == ["Jumanji"]


@pytest.mark.parametrize("read", [hash_file, read_catalogue])
def test_file_that_cannot_be_read_is_an_error(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    with pytest.raises(CatalogueError, match=r"expected a readable file; found: .*directory"):
        read(tmp_path)


def test_damaged_zip_is_an_error(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("MovieGenre.csv", "imdbId,Title,Genre,Poster\n" * 1000)
    content = bytearray(archive.read_bytes())
    content[60:70] = bytes(10)
    archive.write_bytes(content)
    with pytest.raises(CatalogueError, match="expected a readable file; found: Error -"):
        read_catalogue(archive)


def test_zip_that_ends_early_is_an_error(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("MovieGenre.csv", "imdbId,Title,Genre,Poster\n")
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(CatalogueError) as error:
        read_catalogue(archive)
    assert str(error.value) == (
        f"{archive}: expected a table or a complete zip; found a zip that cannot be read. "
        "Download it again."
    )


@pytest.mark.parametrize(("members", "found"), [([], "none"), (["b.txt", "a.png"], "a.png, b.txt")])
def test_zip_without_a_table_is_an_error(tmp_path: Path, members: list[str], found: str) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for member in members:
            file.writestr(member, "x")
    with pytest.raises(CatalogueError) as error:
        read_catalogue(archive)
    assert str(error.value) == (
        f"{archive}: expected MovieGenre.csv, or one table, in this zip; found {found}. Unpack it, "
        "and name the table with data_files (--data-files)."
    )


def test_zip_of_one_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path / "movies.jsonl.csv", [JUMANJI])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.write(path, "folder/movies.dat")
    assert [movie["title"] for movie in read_movies(tmp_path / "a.zip")] == ["Jumanji"]


def test_zip_of_two_tables_is_an_error_that_names_both(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("b.csv", "x")
        file.writestr("a.tsv.gz", "x")
    with pytest.raises(CatalogueError) as error:
        read_catalogue(tmp_path / "a.zip")
    assert str(error.value) == (
        f"{tmp_path}/a.zip: expected MovieGenre.csv, or one table, in this zip; found a.tsv.gz, "
        "b.csv. Unpack it, and name the table with data_files (--data-files)."
    )


def test_gzip_is_read_under_any_name_and_in_a_zip(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path / "c.csv", [JUMANJI])
    content = gzip.compress(path.read_bytes())
    (tmp_path / "download").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("c.csv.gz", content)
    for name in ("download", "a.zip"):
        assert [movie["title"] for movie in read_movies(tmp_path / name)] == ["Jumanji"]


def test_gzip_that_ends_early_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.csv.gz"
    path.write_bytes(gzip.compress(b"imdbId,Title,Genre,Poster\n" * 99)[:-12])
    with pytest.raises(CatalogueError, match=r"c\.csv\.gz: expected a readable file; found: "):
        read_catalogue(path)


@pytest.mark.parametrize("pack", ["zip", "gzip", "none"])
def test_file_that_becomes_too_large_is_an_error(
    pack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "MAX_BYTES", 1000)
    content, path = b"a" * 1001, tmp_path / "c.csv"
    path.write_bytes(gzip.compress(content) if pack == "gzip" else content)
    if pack == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("c.csv", content)
    with pytest.raises(CatalogueError) as error:
        read_catalogue(path)
    assert str(error.value) == (
        f"{path}: expected a table of at most 1,000 bytes, unpacked; "
        "found a larger one. Split it, or leave columns out."
    )


def test_table_is_known_by_its_name_also_in_a_gzip() -> None:
    assert all(map(is_table, ["a.csv", "A.CSV", "b.tsv.gz", "c.json", "d.parquet", "e.xlsx"]))
    assert not any(map(is_table, ["a.txt", "readme.md", "__MACOSX/._a.csv", "gz"]))
