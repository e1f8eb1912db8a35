"""The cache of streams: rejected links and checked splits, for seven days."""

from pathlib import Path

import pytest

from movie_posters_decade.records import (
    Checksum,
    Movie,
    PerceptualHashes,
    Rejection,
    RejectReason,
    Try,
)
from movie_posters_decade.sampling.stream_cache import KeptPoster, StreamCache

WEEK = 7 * 24 * 3600.0
KEPT = [
    KeptPoster(
        f"http://host/{number}",
        Checksum.of(bytes([number])),
        PerceptualHashes(2**64 - 1, 1, 2, 3, number),
        bytes(range(256)) * 9,
    )
    for number in range(3)
]


def movie(link: str) -> Movie:
    return Movie("tt0000001", "A", 1990, ("Action",), 7.0, link, "1990s", 1, "train")


DEAD = Rejection(movie("http://host/dead"), RejectReason.NOT_FOUND)
COPY = Rejection(movie("http://host/copy"), RejectReason.NEAR_DUPLICATE, duplicate_of="tt0000007")


def opened(folder: Path, stream: str = "a", now: float = 0.0) -> StreamCache:
    return StreamCache(folder, [stream], now=lambda: now)


def save(folder: Path, *rejections: Rejection, now: float = 0.0) -> None:
    cache = opened(folder, now=now)
    for rejection in rejections:
        cache.add_rejection(rejection)
    cache.save()


def test_rejections_and_splits_are_there_the_next_time(tmp_path: Path) -> None:
    save(tmp_path / "new", DEAD, COPY)
    cache = opened(tmp_path / "new")
    cache.add_split("test", KEPT)
    cache.save()
    again = opened(tmp_path / "new")
    assert [again.rejection(one.movie) for one in (DEAD, COPY)] == [DEAD, COPY]
    assert again.rejection(movie("http://host/other")) is None
    assert again.split("test") == KEPT
    assert again.split("validation") is None
    other = opened(tmp_path / "new", stream="b")
    assert other.rejection(DEAD.movie) is None
    assert other.split("test") is None


def test_what_is_known_is_not_written_again(tmp_path: Path) -> None:
    for _ in range(2):
        cache = opened(tmp_path)
        cache.add_rejection(DEAD)
        cache.add_split("test", KEPT)
        cache.save()
        [file] = tmp_path.iterdir()
        size = file.stat().st_size if cache.split("test") else 0
    lines = [line for line in file.read_bytes().split(b"\n") if line]
    assert (len(lines), size) == (2, file.stat().st_size)


def test_split_that_changed_replaces_what_was_known(tmp_path: Path) -> None:
    for kept in (KEPT, KEPT[:2]):
        cache = opened(tmp_path)
        cache.add_split("test", kept)
        cache.save()
    assert opened(tmp_path).split("test") == KEPT[:2]


@pytest.mark.parametrize(("age", "is_known"), [(WEEK - 1, True), (WEEK + 1, False), (-3600, False)])
def test_entries_count_for_seven_days(tmp_path: Path, age: float, is_known: bool) -> None:
    cache = opened(tmp_path, now=WEEK)
    cache.add_rejection(DEAD)
    cache.add_split("test", KEPT)
    cache.save()
    later = opened(tmp_path, now=WEEK + age)
    assert (later.rejection(DEAD.movie) is not None) is is_known
    assert (later.split("test") is not None) is is_known


@pytest.mark.parametrize(
    "rejection",
    [
        Rejection(movie("http://host/1"), RejectReason.TIMEOUT),
        Rejection(movie("http://host/1"), RejectReason.SERVER_ERROR),
        Rejection(movie("http://host/1"), RejectReason.ACCESS_DENIED),
        Rejection(movie("http://host/1"), RejectReason.PRIVATE_ADDRESS),
        Rejection(movie("posters/1.jpg"), RejectReason.NOT_FOUND),
        Rejection(
            movie("http://host/1"),
            RejectReason.NOT_FOUND,
            tried=(Try("wayback", "timeout", is_transient=True),),
        ),
    ],
)
def test_rejection_that_may_not_apply_the_next_time_is_not_stored(
    tmp_path: Path, rejection: Rejection
) -> None:
    save(tmp_path, rejection)
    assert list(tmp_path.iterdir()) == []


def test_damaged_lines_are_ignored(tmp_path: Path) -> None:
    save(tmp_path, DEAD)
    save(tmp_path, COPY)
    [file] = tmp_path.iterdir()
    content = file.read_bytes().replace(b"dead", b"d\xffad")
    file.write_bytes(b'[1]\n{"time": 1}\n' + content + b'{"split": "test", "kept"')
    save(tmp_path, DEAD)
    again = opened(tmp_path)
    assert [again.rejection(one.movie) for one in (DEAD, COPY)] == [DEAD, COPY]
    assert again.split("test") is None


def test_two_processes_at_once_overwrite_nothing(tmp_path: Path) -> None:
    one, other = opened(tmp_path), opened(tmp_path)
    one.add_rejection(DEAD)
    other.add_rejection(COPY)
    one.save()
    other.save()
    again = opened(tmp_path)
    assert [again.rejection(rejection.movie) for rejection in (DEAD, COPY)] == [DEAD, COPY]


def test_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    save(tmp_path / "file", DEAD)
    assert opened(tmp_path / "file").rejection(DEAD.movie) is None
