"""A catalogue is got from where it lies, and where it cannot be got the error says what to do."""

import zipfile
from pathlib import Path

import pytest
from datasets import DownloadConfig, DownloadManager
from movie_posters_decade.download.limits import Limits
from samples import PosterHost, SampleCatalogue

from movie_posters_decade.catalogue.source import load_catalogue
from movie_posters_decade.config import KAGGLE_PAGE
from movie_posters_decade.errors import CatalogueError

ANYONE = Limits(allow_private_hosts=True)
REMEDY = f'Get MovieGenre.csv from {KAGGLE_PAGE} and pass it: data_files="MovieGenre.csv".'


@pytest.fixture
def manager(tmp_path: Path) -> DownloadManager:
    return DownloadManager(
        download_config=DownloadConfig(cache_dir=tmp_path / "downloads", use_etag=False)
    )


@pytest.fixture
def remote(sample: SampleCatalogue, tmp_path: Path) -> str:
    """The URL of a zip that holds the catalogue, as Kaggle's download address is."""
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(sample.path, "MovieGenre.csv")
    sample.host.answers["/download/catalogue"] = (200, archive.read_bytes())
    return f"{sample.host.url}/download/catalogue"


def test_remote_catalogue_is_fetched_once(
    sample: SampleCatalogue, remote: str, manager: DownloadManager
) -> None:
    catalogue = load_catalogue(remote, manager, ANYONE)
    assert len(catalogue.movies) == 32
    assert len(load_catalogue(remote, manager, ANYONE).movies) == 32
    assert sample.host.requests == ["/download/catalogue"]


def test_catalogue_that_cannot_be_fetched_says_how_to_get_it(
    host: PosterHost, manager: DownloadManager
) -> None:
    url = f"{host.url}/MovieGenre.csv"
    with pytest.raises(CatalogueError) as error:
        load_catalogue(url, manager, ANYONE)
    assert str(error.value) == (
        f"{url}: expected the catalogue; found no answer with it (not_found, HTTP status 404). {REMEDY}"
    )
    host.answers["/MovieGenre.csv"] = (200, b"imdbId,Title,Genre,Poster\n1,A (1990),Drama,x\n")
    assert len(load_catalogue(url, manager, ANYONE).movies) == 1


def test_other_client_that_fails_is_one_sentence(manager: DownloadManager) -> None:
    with pytest.raises(CatalogueError) as error:
        load_catalogue("foo://host/a.csv", manager, ANYONE)
    assert str(error.value) == (
        f"foo://host/a.csv: expected the catalogue; found: Protocol not known: foo. {REMEDY}"
    )


def test_private_address_of_a_catalogue_has_to_be_allowed(
    remote: str, manager: DownloadManager
) -> None:
    with pytest.raises(CatalogueError, match=r"\(private_address\)\. .*allow_private_hosts=True"):
        load_catalogue(remote, manager, Limits())


def test_answer_that_is_no_catalogue_is_not_kept(
    sample: SampleCatalogue, remote: str, manager: DownloadManager
) -> None:
    zipped = sample.host.answers["/download/catalogue"]
    sample.host.answers["/download/catalogue"] = (200, b"<html>sign in</html>")
    with pytest.raises(CatalogueError, match="download/catalogue: expected the columns"):
        load_catalogue(remote, manager, ANYONE)
    sample.host.answers["/download/catalogue"] = zipped
    assert len(load_catalogue(remote, manager, ANYONE).movies) == 32


def test_without_requests_a_remote_catalogue_must_be_in_the_cache(
    sample: SampleCatalogue, remote: str, manager: DownloadManager
) -> None:
    with pytest.raises(CatalogueError) as error:
        load_catalogue(remote, manager, ANYONE, may_download=False)
    folder = manager.download_config.cache_dir
    assert str(error.value) == (
        f"{remote}: expected this catalogue in the cache {folder}, as no request may be sent; "
        f"found none. Build first, which fetches it, or: {REMEDY}"
    )
    assert sample.host.requests == []
    load_catalogue(remote, manager, ANYONE)
    assert len(load_catalogue(remote, manager, ANYONE, may_download=False).movies) == 32
