"""Posters come from wherever their links lead: the network, or files beside a catalogue."""

from collections.abc import Generator, Sequence
from pathlib import Path

from samples import paint

from movie_posters_decade.records import Movie, Outcome, Poster, Rejection, RejectReason
from movie_posters_decade.sampling.collect import Posters


def no_network(urls: Sequence[str]) -> Generator[Outcome, None, None]:
    assert not urls
    yield from ()


def movie(link: str) -> Movie:
    return Movie("tt0000001", "A", 1990, ("Action",), 7.0, link, "1990s", 1, "train")


def bring(folder: Path | None, *links: str) -> list[Poster | Rejection]:
    return list(Posters(no_network, folder=folder).bring([movie(link) for link in links]))


def reasons(outcomes: list[Poster | Rejection]) -> list[RejectReason | None]:
    return [outcome.reason if isinstance(outcome, Rejection) else None for outcome in outcomes]


def test_links_of_a_local_catalogue_may_be_paths(tmp_path: Path) -> None:
    poster = tmp_path / "poster"
    poster.write_bytes(paint("1990s", 1))
    outcomes = bring(tmp_path, "poster", str(poster), "not-there", "x" * 5000)
    assert reasons(outcomes) == [None, None, RejectReason.NOT_FOUND, RejectReason.NOT_FOUND]
    assert isinstance(outcomes[0], Poster)
    assert outcomes[0].read() == poster.read_bytes()


def test_links_of_a_remote_catalogue_may_not_be_paths(tmp_path: Path) -> None:
    poster = tmp_path / "poster"
    poster.write_bytes(paint("1990s", 1))
    assert reasons(bring(None, str(poster))) == [RejectReason.PRIVATE_ADDRESS]


def test_posters_on_disk_are_examined_too(tmp_path: Path) -> None:
    (tmp_path / "grey").write_bytes(paint("1990s", 1, mode="L"))
    (tmp_path / "page").write_bytes(b"<html>")
    outcomes = bring(tmp_path, "grey", "page")
    assert reasons(outcomes) == [RejectReason.GRAYSCALE, RejectReason.NOT_AN_IMAGE]
    assert (tmp_path / "page").exists()
