"""Download with fallbacks: which address a poster comes from, and what is requested for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from downloads import LIMITS, SHORT
from samples import PosterHost, paint

from movie_posters_decade.download import DownloadCache, Downloader
from movie_posters_decade.fallbacks import FallbackDownloader
from movie_posters_decade.fallbacks.downloader import sha1_digest
from movie_posters_decade.fallbacks.table import FallbackTable
from movie_posters_decade.images import check_poster
from movie_posters_decade.records import DownloadResult, Origin, RejectReason, Try

POSTER = paint("1970s", 1)
OTHER = paint("1970s", 2)
GRAY = paint("1970s", 3, mode="L")
CODE = "_V1_UX182_CR0,0,182,268_AL_.jpg"
LARGER_CODE = "_V1_UX364_CR0,0,364,536_AL_.jpg"


def table(name: str, addresses: Mapping[str, Sequence[Origin]]) -> FallbackTable:
    """Return a table in which the id of each movie is its link."""
    return FallbackTable(name, addresses, {link: link for link in addresses})


@pytest.fixture
def downloader(tmp_path: Path) -> Downloader:
    cache = DownloadCache(tmp_path / "downloads")
    # A busy machine must not make a host look slow.
    policy = replace(SHORT, read_timeout=5.0, total_timeout=20.0)
    return Downloader(cache, check_poster, limits=LIMITS, policy=policy)


def download(posters: FallbackDownloader, *links: str) -> dict[str, DownloadResult]:
    return {result.url: result for result in posters.download(links)}


def test_a_dead_link_is_recovered_from_a_fallback(host: PosterHost, downloader: Downloader) -> None:
    link, other = f"{host.url}/dead.jpg", f"{host.url}/other.jpg"
    host.answers["/other.jpg"] = (200, POSTER)
    fallback = table("licensed", {link: [Origin(other, "licensed", licence="CC BY 4.0")]})
    found = download(FallbackDownloader(downloader, fallbacks=[fallback]), link)[link]
    assert found.path is not None
    assert found.path.read_bytes() == POSTER
    assert found.origin == Origin(other, "licensed", "CC BY 4.0")


@pytest.mark.parametrize(
    "answer", [(200, POSTER), (200, GRAY), (403, b"no"), (500, b"no"), (200, b"<html>")]
)
def test_a_link_that_is_not_dead_is_not_looked_up(
    host: PosterHost, downloader: Downloader, answer: tuple[int, bytes]
) -> None:
    link = f"{host.url}/poster.jpg"
    host.answers["/poster.jpg"] = answer
    host.answers["/other.jpg"] = (200, OTHER)
    fallback = table("licensed", {link: [Origin(f"{host.url}/other.jpg", "licensed")]})
    found = download(FallbackDownloader(downloader, fallbacks=[fallback]), link)[link]
    assert found.origin is None
    assert "/other.jpg" not in host.requests


def test_fallbacks_and_their_addresses_are_tried_in_order(
    host: PosterHost, downloader: Downloader
) -> None:
    link = f"{host.url}/dead.jpg"
    host.answers["/gray.jpg"] = (200, GRAY)
    host.answers["/good.jpg"] = (200, POSTER)
    host.answers["/late.jpg"] = (200, OTHER)

    def of(name: str, *paths: str) -> FallbackTable:
        return table(name, {link: [Origin(host.url + path, name) for path in paths]})

    fallbacks = [of("a", "/gray.jpg", "/gone.jpg"), of("b"), of("c", "/good.jpg", "/late.jpg")]
    found = download(FallbackDownloader(downloader, fallbacks=fallbacks), link)[link]
    assert found.origin == Origin(f"{host.url}/good.jpg", "c")
    assert host.requests == ["/dead.jpg", "/gray.jpg", "/gone.jpg", "/good.jpg"]


def test_a_rejection_says_what_each_fallback_gave(host: PosterHost, downloader: Downloader) -> None:
    link = f"{host.url}/dead.jpg"
    host.answers["/gray.jpg"] = (200, GRAY)
    host.answers["/busy.jpg"] = (500, b"")
    paths = ("/gray.jpg", "/busy.jpg")
    one = table("a", {link: [Origin(host.url + path, "a") for path in paths]})
    posters = FallbackDownloader(downloader, fallbacks=[one])
    found = download(posters, link)[link]
    assert found.reason is RejectReason.NOT_FOUND
    assert found.tried == (Try("a", "grayscale"), Try("a", "server_error", is_transient=True))


def test_where_an_address_gives_no_answer_the_next_waits_for_another_build(
    host: PosterHost, downloader: Downloader
) -> None:
    """Otherwise a failure of the moment would decide which picture is in the dataset."""
    link = f"{host.url}/dead.jpg"
    host.answers["/busy.jpg"] = (500, b"")
    host.answers["/next.jpg"] = host.answers["/other.jpg"] = (200, POSTER)
    addresses = [Origin(f"{host.url}/{name}.jpg", "a") for name in ("busy", "next")]
    other = table("b", {link: [Origin(f"{host.url}/other.jpg", "b")]})
    posters = FallbackDownloader(downloader, fallbacks=[table("a", {link: addresses}), other])
    assert download(posters, link)[link].tried == (Try("a", "server_error", is_transient=True),)
    host.answers["/busy.jpg"] = (200, OTHER)
    assert download(posters, link)[link].origin == Origin(addresses[0].url, "a")


def test_a_fallback_that_has_no_address_is_noted(host: PosterHost, downloader: Downloader) -> None:
    link = f"{host.url}/dead.jpg"
    fallbacks = [table("a", {link: []}), table("b", {link: []})]
    found = download(FallbackDownloader(downloader, fallbacks=fallbacks), link)[link]
    assert found.tried == (Try("a", "not there"), Try("b", "not there"))


def test_bytes_without_the_expected_digest_are_rejected_and_not_kept(
    host: PosterHost, downloader: Downloader
) -> None:
    link, wrong, right = (f"{host.url}/{name}.jpg" for name in ("dead", "wrong", "right"))
    host.answers["/wrong.jpg"] = host.answers["/right.jpg"] = (200, POSTER)
    alternatives = [
        Origin(wrong, "a", sha1=sha1_digest(OTHER)),
        Origin(right, "a", sha1=sha1_digest(POSTER)),
    ]
    posters = FallbackDownloader(downloader, fallbacks=[table("a", {link: alternatives})])
    found = download(posters, link)[link]
    assert found.origin == Origin(right, "a")
    assert not downloader.cache.path(wrong).exists()


def test_an_address_that_several_links_have_is_requested_once(
    host: PosterHost, downloader: Downloader
) -> None:
    links = [f"{host.url}/{number}.jpg" for number in range(3)]
    same = Origin(f"{host.url}/same.jpg", "a")
    host.answers["/same.jpg"] = (200, POSTER)
    fallback = table("a", {link: [same] for link in links})
    posters = FallbackDownloader(downloader, fallbacks=[fallback])
    found = download(posters, *links)
    assert [found[link].path for link in links] == [downloader.cache.path(same.url)] * 3
    assert host.requests.count("/same.jpg") == 1
    posters.remove(links[0])
    assert downloader.cache.path(same.url).exists()
    posters.remove(links[1])
    posters.remove(links[2])
    assert not downloader.cache.path(same.url).exists()


def test_a_larger_picture_is_requested_first(host: PosterHost, downloader: Downloader) -> None:
    link = f"{host.url}/poster.{CODE}"
    host.answers[f"/poster.{CODE}"] = (200, POSTER)
    host.answers[f"/poster.{LARGER_CODE}"] = (200, OTHER)
    found = download(FallbackDownloader(downloader, scale=2), link)[link]
    assert found.path is not None
    assert found.path.read_bytes() == OTHER
    assert found.origin == Origin(f"{host.url}/poster.{LARGER_CODE}")
    assert host.requests == [f"/poster.{LARGER_CODE}"]


@pytest.mark.parametrize("answer", [(404, b""), (500, b""), (200, b"<html>"), (200, POSTER[:500])])
def test_the_link_itself_is_requested_if_the_larger_picture_cannot_be_used(
    host: PosterHost, downloader: Downloader, answer: tuple[int, bytes]
) -> None:
    link = f"{host.url}/poster.{CODE}"
    host.answers[f"/poster.{CODE}"] = (200, POSTER)
    host.answers[f"/poster.{LARGER_CODE}"] = answer
    found = download(FallbackDownloader(downloader, scale=2), link)[link]
    assert found.path == downloader.cache.path(link)
    assert found.origin is None
    assert [one.is_transient for one in found.tried] == [answer[0] == 500]


def test_paths_of_files_are_not_scaled(downloader: Downloader, tmp_path: Path) -> None:
    for code, content in ((CODE, POSTER), (LARGER_CODE, OTHER)):
        (tmp_path / f"poster.{code}").write_bytes(content)
    downloader.folder = tmp_path
    found = download(FallbackDownloader(downloader, scale=2), f"poster.{CODE}")
    assert found[f"poster.{CODE}"].origin is None


def test_a_grayscale_poster_is_not_requested_a_second_time_in_another_size(
    host: PosterHost, downloader: Downloader
) -> None:
    link = f"{host.url}/poster.{CODE}"
    host.answers[f"/poster.{LARGER_CODE}"] = (200, GRAY)
    found = download(FallbackDownloader(downloader, scale=2), link)[link]
    assert found.reason is RejectReason.GRAYSCALE
    assert host.requests == [f"/poster.{LARGER_CODE}"]


def test_a_link_is_requested_at_its_pinned_address_alone(
    host: PosterHost, downloader: Downloader
) -> None:
    link, pinned = f"{host.url}/poster.jpg", Origin(f"{host.url}/pinned.jpg", "wayback")
    host.answers["/poster.jpg"] = (200, POSTER)
    found = download(FallbackDownloader(downloader, pinned={link: pinned}), link)[link]
    assert found.reason is RejectReason.NOT_FOUND
    assert host.requests == ["/pinned.jpg"]
