"""Catalogue source: the file is found, identified, downloaded and loaded."""

import os
import zipfile
from pathlib import Path
from typing import Any

import fsspec
import pytest
from datasets import DownloadConfig, DownloadManager
from fsspec import AbstractFileSystem
from samples import PosterHost, SampleCatalogue, row, write_catalogue

from movie_posters_decade.catalogue.source import (
    catalogue_folder,
    find_catalogue_file,
    hash_file,
    identify_catalogue,
    load_catalogue,
    locate_catalogue,
)
from movie_posters_decade.catalogue.unpack import TABLE_SUFFIXES
from movie_posters_decade.download import Limits
from movie_posters_decade.errors import CatalogueError
from movie_posters_decade.options.configurations import KAGGLE_PAGE

JUMANJI = row(113497, "Jumanji (1995)", "Action|Adventure", "http://host/1.jpg", "6.9")
LOOPBACK = Limits(allow_private_hosts=True)
REMEDY = f'download MovieGenre.csv from {KAGGLE_PAGE} and pass data_files="MovieGenre.csv".'


@pytest.fixture
def manager(tmp_path: Path) -> DownloadManager:
    """A download manager with an empty cache."""
    return DownloadManager(
        download_config=DownloadConfig(cache_dir=tmp_path / "downloads", use_etag=False)
    )


@pytest.fixture
def remote(sample: SampleCatalogue, tmp_path: Path) -> str:
    """The URL of a zip that holds the catalogue, as at Kaggle: it has no suffix."""
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(sample.path, "MovieGenre.csv")
    sample.host.answers["/download/catalogue"] = (200, archive.read_bytes())
    return f"{sample.host.url}/download/catalogue"


def test_data_files_may_be_a_path_a_list_a_mapping_a_folder_or_a_url(
    sample: SampleCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(sample.path)
    assert locate_catalogue(path) == path
    assert locate_catalogue(sample.path) == path
    assert locate_catalogue([path]) == path
    assert locate_catalogue({"train": [path]}) == path
    assert locate_catalogue(sample.path.parent) == path
    monkeypatch.chdir(sample.path.parent)
    assert locate_catalogue("MovieGenre.csv") == path
    assert locate_catalogue("https://host/MovieGenre.csv") == "https://host/MovieGenre.csv"


def test_two_catalogues_are_an_error(sample: SampleCatalogue) -> None:
    with pytest.raises(CatalogueError) as error:
        locate_catalogue([sample.path, sample.path])
    assert str(error.value) == (
        "data_files: expected one catalogue, such as MovieGenre.csv; found 2 files."
    )


def test_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_catalogue(tmp_path / "a.csv", [JUMANJI])
    monkeypatch.setenv("HOME", str(tmp_path))
    assert locate_catalogue("~/a.csv") == str(path)
    assert locate_catalogue("a.csv", "~") == str(path)


def test_tilde_without_such_a_home_is_part_of_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_catalogue(tmp_path / "~MovieGenre.csv", [JUMANJI])
    assert locate_catalogue("~MovieGenre.csv") == str(path)


def test_scheme_of_a_url_becomes_lower_case() -> None:
    assert locate_catalogue("HTTPS://host/A.csv") == "https://host/A.csv"


@pytest.mark.parametrize("suffix", [*TABLE_SUFFIXES, ".csv.gz", ".zip"])
def test_folder_stands_for_the_one_catalogue_in_it(tmp_path: Path, suffix: str) -> None:
    path = write_catalogue(tmp_path / f"mine{suffix}", [JUMANJI])
    assert find_catalogue_file(tmp_path) == path


def test_folder_with_kaggles_file_stands_for_that_file(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "mine.csv", [JUMANJI])
    named = write_catalogue(tmp_path / "MovieGenre.csv", [JUMANJI])
    assert find_catalogue_file(tmp_path) == named


def test_folder_with_two_tables_is_an_error_that_names_both(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write_catalogue(tmp_path / name, [JUMANJI])
    with pytest.raises(CatalogueError) as error:
        find_catalogue_file(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: expected MovieGenre.csv, or one table or .zip file, in this folder; found "
        "a.csv, b.csv. Name the file with data_files."
    )


def test_missing_file_is_an_error_that_names_kaggles_page(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as error:
        find_catalogue_file(tmp_path / "MovieGenre.csv")
    assert str(error.value) == (
        f"{tmp_path}/MovieGenre.csv: expected a catalogue such as MovieGenre.csv; found no file "
        f"of that name. Check the path, or download MovieGenre.csv from {KAGGLE_PAGE}."
    )


def test_hash_changes_with_the_content_only(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path / "a.csv", [JUMANJI])
    before = hash_file(path)
    path.touch()
    assert hash_file(path) == before
    (tmp_path / "b").mkdir()
    assert hash_file(write_catalogue(tmp_path / "b" / "a.csv", [JUMANJI])) == before
    write_catalogue(path, [JUMANJI, row(2, "B (1990)", "Drama", "http://host/2.jpg")])
    assert hash_file(path) != before


def test_identity_does_not_change_with_the_name(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path / "a.csv", [JUMANJI])
    before = identify_catalogue(str(path))
    assert identify_catalogue(str(path.rename(tmp_path / "b.tsv"))) == before


def test_url_is_its_own_identity_and_has_no_folder() -> None:
    url = "https://host/MovieGenre.csv"
    assert identify_catalogue(url) == url
    assert catalogue_folder(url) is None


def test_remote_catalogue_is_downloaded_once(
    sample: SampleCatalogue, remote: str, manager: DownloadManager
) -> None:
    catalogue = load_catalogue(remote, manager, LOOPBACK)
    assert len(catalogue.movies) == 32
    assert len(load_catalogue(remote, manager, LOOPBACK).movies) == 32
    assert sample.host.requests == ["/download/catalogue"]


def test_failed_download_is_an_error_with_a_remedy_and_is_tried_again_next_time(
    host: PosterHost, manager: DownloadManager
) -> None:
    url = f"{host.url}/MovieGenre.csv"
    with pytest.raises(CatalogueError) as error:
        load_catalogue(url, manager, LOOPBACK)
    assert str(error.value) == (
        f"{url}: expected the catalogue; found: HTTP status 404 from {host.url}. You can {REMEDY}"
    )
    host.answers["/MovieGenre.csv"] = (200, b"imdbId,Title,Genre,Poster\n1,A (1990),Drama,x\n")
    assert len(load_catalogue(url, manager, LOOPBACK).movies) == 1


def test_forced_download_replaces_the_catalogue_or_keeps_it(
    sample: SampleCatalogue, remote: str, manager: DownloadManager
) -> None:
    load_catalogue(remote, manager, LOOPBACK)
    manager.download_config.force_download = True
    sample.host.answers["/download/catalogue"] = (404, b"")
    with pytest.raises(CatalogueError, match="HTTP status 404"):
        load_catalogue(remote, manager, LOOPBACK)
    assert len(load_catalogue(remote, manager, LOOPBACK, may_download=False).movies) == 32
    sample.host.answers["/download/catalogue"] = (
        200,
        b"imdbId,Title,Genre,Poster\n1,A (1990),Drama,x\n",
    )
    assert len(load_catalogue(remote, manager, LOOPBACK).movies) == 1


def test_offline_a_remote_catalogue_comes_from_the_cache(
    sample: SampleCatalogue,
    remote: str,
    manager: DownloadManager,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(CatalogueError) as error:
        load_catalogue(remote, manager, LOOPBACK)
    assert str(error.value) == (
        f"{remote}: expected the catalogue; found: HF_HUB_OFFLINE forbids requests; unset it and "
        f"build again. You can {REMEDY}"
    )
    assert sample.host.requests == []
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", False)
    load_catalogue(remote, manager, LOOPBACK)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    assert len(load_catalogue(remote, manager, LOOPBACK).movies) == 32
    manager.download_config.force_download = True
    with pytest.raises(CatalogueError, match="found: HF_HUB_OFFLINE forbids requests"):
        load_catalogue(remote, manager, LOOPBACK)


def test_unknown_scheme_is_an_error_with_a_remedy(manager: DownloadManager) -> None:
    with pytest.raises(CatalogueError) as error:
        load_catalogue("foo://host/a.csv", manager, LOOPBACK)
    assert str(error.value) == (
        f"foo://host/a.csv: expected the catalogue; found: Protocol not known: foo. You can "
        f"{REMEDY}"
    )


class SilentFileSystem(AbstractFileSystem):
    """A remote file system whose errors have no message."""

    def info(self, *_: Any, **__: Any) -> dict[str, Any]:
        raise TimeoutError

    def get_file(self, *_: Any, **__: Any) -> None:
        raise TimeoutError


def test_error_without_a_message_is_named_by_its_type(manager: DownloadManager) -> None:
    fsspec.register_implementation("silent", SilentFileSystem, clobber=True)
    with pytest.raises(CatalogueError, match=r"expected the catalogue; found: TimeoutError\. You"):
        load_catalogue("silent://host/a.csv", manager, LOOPBACK)


def test_catalogue_at_a_private_address_needs_allow_private_hosts(
    remote: str, manager: DownloadManager
) -> None:
    with pytest.raises(CatalogueError) as error:
        load_catalogue(remote, manager, Limits())
    assert str(error.value) == (
        f"{remote}: expected the catalogue; found: the private address 127.0.0.1, which needs "
        f"allow_private_hosts=True (--allow-private-hosts). You can {REMEDY}"
    )


def test_download_that_is_not_a_catalogue_leaves_the_cache(
    sample: SampleCatalogue, remote: str, manager: DownloadManager
) -> None:
    zipped = sample.host.answers["/download/catalogue"]
    sample.host.answers["/download/catalogue"] = (200, b"<html>sign in</html>")
    with pytest.raises(
        CatalogueError, match="download/catalogue: expected a table of movies; found a web"
    ):
        load_catalogue(remote, manager, LOOPBACK)
    sample.host.answers["/download/catalogue"] = zipped
    assert len(load_catalogue(remote, manager, LOOPBACK).movies) == 32


def test_without_requests_a_remote_catalogue_comes_from_the_cache(
    sample: SampleCatalogue, remote: str, manager: DownloadManager
) -> None:
    with pytest.raises(CatalogueError) as error:
        load_catalogue(remote, manager, LOOPBACK, may_download=False)
    folder = manager.download_config.cache_dir
    assert str(error.value) == (
        f"{remote}: expected this catalogue in the cache {folder}, as no request may be sent; "
        f"found none. Build first, which downloads it, or {REMEDY}"
    )
    assert sample.host.requests == []
    load_catalogue(remote, manager, LOOPBACK)
    assert len(load_catalogue(remote, manager, LOOPBACK, may_download=False).movies) == 32


@pytest.mark.parametrize("kind", ["device", "pipe", "pipe in a folder"])
def test_catalogue_that_is_no_file_is_one_sentence(kind: str, tmp_path: Path) -> None:
    path = Path("/dev/zero") if kind == "device" else tmp_path / "MovieGenre.csv"
    if kind != "device":
        os.mkfifo(path)
    with pytest.raises(CatalogueError) as error:
        hash_file(Path(locate_catalogue(tmp_path if kind == "pipe in a folder" else path)))
    assert str(error.value).startswith(f"{path}: expected a ")
    assert "found a device or a pipe" in str(error.value).replace("found: [Errno 22] ", "found ")


def test_catalogue_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "MovieGenre.csv"
    with path.open("wb") as file:
        file.truncate(30 * 10**9)
    with pytest.raises(CatalogueError, match=r"at most 1,073,741,824 bytes, unpacked; found a lar"):
        hash_file(path)
