"""What usable posters look like is remembered, and never for other posters than these."""

from pathlib import Path

import pytest
from movie_posters_decade.download.hash_cache import HashCache
from samples import paint

from movie_posters_decade.images.checks import inspector
from movie_posters_decade.records import Content, Fetched, Missed, RejectReason

CONTENTS = [Content.of(paint("1990s", number)) for number in range(4)]
FOUND = [Fetched("http://host/", "file", content, 2**63 + n) for n, content in enumerate(CONTENTS)]


def remember(folder: Path, *outcomes: Fetched | Missed, color: str | None = "rgb") -> None:
    looks = HashCache(folder, color)
    for outcome in outcomes:
        looks.learn(outcome)
    looks.save()


def remembered(folder: Path, color: str = "rgb") -> list[Fetched]:
    known = HashCache(folder, color).known
    found = [poster for poster in FOUND if poster.content.sha256 in known]
    assert all(known[poster.content.sha256] == poster.phash for poster in found)
    assert len(found) == len(known)
    return found


def test_what_was_learnt_is_known_the_next_time_and_added_to(tmp_path: Path) -> None:
    remember(tmp_path, *FOUND[:2])
    remember(tmp_path, *FOUND[1:3])
    assert remembered(tmp_path) == FOUND[:3]
    assert remembered(tmp_path, "any") == []
    [file] = tmp_path.iterdir()
    assert file.read_text().count(CONTENTS[1].sha256) == 1


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    one, other = HashCache(tmp_path, "rgb"), HashCache(tmp_path, "rgb")
    one.learn(FOUND[1])
    other.learn(FOUND[2])
    one.save()
    other.save()
    assert remembered(tmp_path) == FOUND[1:3]


@pytest.mark.parametrize("cut", [1, 10, 40, 80])
def test_line_that_a_killed_build_left_unfinished_is_passed_over(tmp_path: Path, cut: int) -> None:
    remember(tmp_path, *FOUND[:2])
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-cut])
    left = FOUND[:2] if cut == 1 else FOUND[:1]
    assert remembered(tmp_path) == left
    remember(tmp_path, FOUND[2])
    assert remembered(tmp_path) == [*left, FOUND[2]]


def test_what_another_inspection_found_is_not_taken(tmp_path: Path) -> None:
    remember(tmp_path, *FOUND[:2])
    [file] = tmp_path.iterdir()
    assert inspector() in file.name
    file.rename(tmp_path / file.name.replace(inspector(), "another"))
    assert remembered(tmp_path) == []


@pytest.mark.parametrize("look", ["-000000000000001", "0x00000000000001", "g" * 16, "1" * 17])
def test_what_is_no_line_is_passed_over(tmp_path: Path, look: str) -> None:
    remember(tmp_path, FOUND[0])
    [file] = tmp_path.iterdir()
    with file.open("a") as memory:
        memory.write(f"\n{CONTENTS[1].sha256} {look}\n")
    assert remembered(tmp_path) == [FOUND[0]]
    file.write_bytes(b"\xff\xfe")
    assert remembered(tmp_path) == []


def test_what_is_learnt_after_saving_is_saved_too(tmp_path: Path) -> None:
    looks = HashCache(tmp_path, "rgb")
    for poster in FOUND:
        looks.learn(poster)
        looks.save()
    assert remembered(tmp_path) == FOUND
    [file] = tmp_path.iterdir()
    assert len(file.read_text().split()) == 2 * len(FOUND)


def test_only_usable_posters_that_were_looked_at_are_remembered(tmp_path: Path) -> None:
    unseen = Fetched("http://host/", "file", CONTENTS[0])
    remember(tmp_path, unseen, Missed("http://host/", RejectReason.GRAYSCALE), color=None)
    remember(tmp_path, unseen, Missed("http://host/", RejectReason.GRAYSCALE))
    assert list(tmp_path.iterdir()) == []


def test_memory_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    remember(tmp_path / "not there", *FOUND)
    assert remembered(tmp_path / "not there") == []
