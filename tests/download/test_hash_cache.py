"""The cache of hashes: what was found in usable posters, by the checksum of their bytes."""

import json
from pathlib import Path
from typing import Any

import pytest
from samples import paint

from movie_posters_decade.download import HashCache
from movie_posters_decade.download.json_lines import line_checksum
from movie_posters_decade.records import (
    Checksum,
    DownloadResult,
    ImageCheck,
    PerceptualHashes,
    RejectReason,
)

URL = "http://host/"
CHECKSUMS = [Checksum.of(paint("1990s", number)) for number in range(4)]
PNG = Checksum.of(b"a PNG")


def hashes(whole: int) -> PerceptualHashes:
    return PerceptualHashes(whole, 1, 2, 3, 4)


CHECKS = [
    ImageCheck(
        sha,
        phashes=hashes(2**63 + number),
        stored=PNG if number == 1 else None,
        size=(182, 268 + number),
    )
    for number, sha in enumerate(CHECKSUMS)
]
"""Checks of usable posters; one of them is stored as a PNG."""


def save(folder: Path, *checks: ImageCheck, version: str = "1") -> None:
    """Add the results of these checks to the cache, and save it."""
    cache = HashCache(folder, version)
    for check in checks:
        cache.add(downloaded(check))
    cache.save()


def downloaded(check: ImageCheck) -> DownloadResult:
    path = Path("file") if check.reason is None else None
    return DownloadResult(URL, path, check, check.reason)


def saved(folder: Path, version: str = "1") -> list[ImageCheck]:
    """Return the checks in the cache."""
    checks = HashCache(folder, version).checks
    assert list(checks) == [check.checksum.sha256 for check in checks.values()]
    return list(checks.values())


def test_checks_are_there_the_next_time_and_written_once(tmp_path: Path) -> None:
    save(tmp_path, *CHECKS[:2])
    save(tmp_path, *CHECKS[1:3])
    assert saved(tmp_path) == CHECKS[:3]
    [file] = tmp_path.iterdir()
    assert file.read_text().count(CHECKSUMS[1].sha256) == 1


def test_two_processes_at_once_overwrite_nothing(tmp_path: Path) -> None:
    one, other = HashCache(tmp_path, "1"), HashCache(tmp_path, "1")
    one.add(downloaded(CHECKS[1]))
    other.add(downloaded(CHECKS[2]))
    one.save()
    other.save()
    assert saved(tmp_path) == CHECKS[1:3]


@pytest.mark.parametrize("cut", [1, 2, 10, 40, 80, 200])
def test_unfinished_line_of_a_killed_build_is_ignored(tmp_path: Path, cut: int) -> None:
    save(tmp_path, *CHECKS[:2])
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-cut])
    left = CHECKS[:2] if cut == 1 else CHECKS[:1]
    assert saved(tmp_path) == left
    save(tmp_path, CHECKS[2])
    assert saved(tmp_path) == [*left, CHECKS[2]]


def test_each_version_of_the_check_has_its_own_file(tmp_path: Path) -> None:
    save(tmp_path, *CHECKS[:2])
    assert saved(tmp_path, "2") == []
    [file] = tmp_path.iterdir()
    assert "1" in file.name
    file.rename(tmp_path / file.name.replace("1", "2"))
    assert saved(tmp_path) == []
    assert saved(tmp_path, "2") == CHECKS[:2]


@pytest.mark.parametrize(
    ("found", "damaged"),
    [
        (str(2**63), str(2**63 + 1)),
        (CHECKSUMS[0].sha256, CHECKSUMS[2].sha256),
        (", 4]", ", 5]"),
        ("[182, 268]", "[182, 267]"),
    ],
    ids=["phash", "checksum", "mirrored", "size"],
)
def test_line_that_was_damaged_is_ignored(tmp_path: Path, found: str, damaged: str) -> None:
    """Wrong hashes could make a good poster a near-duplicate in each build."""
    save(tmp_path, *CHECKS[:2])
    [file] = tmp_path.iterdir()
    text = file.read_text()
    assert found in text
    file.write_text(text.replace(found, damaged, 1))
    assert saved(tmp_path) == CHECKS[1:2]
    save(tmp_path, CHECKS[0])
    assert saved(tmp_path) == [CHECKS[1], CHECKS[0]]


@pytest.mark.parametrize(
    "change",
    [
        {"phashes": [-1, 1, 2, 3, 4]},
        {"phashes": [2**64, 1, 2, 3, 4]},
        {"phashes": ["1", 1, 2, 3, 4]},
        {"phashes": [0, 1, 2, 3]},
        {"phashes": None},
        {"checksum": ["0", 1]},
        {"checksum": [CHECKSUMS[1].sha256]},
        {"checksum": CHECKSUMS[1].sha256},
        {"stored": [CHECKSUMS[1].sha256, "1"]},
        {"stored": 5},
        {"size": None},
        {"size": 182},
        {"size": [182]},
        {"size": [182, 268, 3]},
        {"size": ["182", 268]},
        {"size": [0, 268]},
        {"size": [182.5, 268]},
    ],
)
def test_invalid_line_is_ignored(tmp_path: Path, change: dict[str, Any]) -> None:
    save(tmp_path, CHECKS[0])
    [file] = tmp_path.iterdir()
    line = {"checksum": CHECKSUMS[1], "phashes": hashes(0), "size": [182, 268]} | change
    line["line"] = line_checksum(line)
    with file.open("a") as lines:
        lines.write(f"\n{json.dumps(line)}\n[]\n7\n")
    assert saved(tmp_path) == [CHECKS[0]]
    file.write_bytes(b"\xff\xfe")
    assert saved(tmp_path) == []


@pytest.mark.parametrize(("size", "known"), [({}, 0), ({"size": [182, 268]}, 1)])
def test_line_without_a_size_is_unknown_so_that_its_poster_is_checked_again(
    tmp_path: Path, size: dict[str, Any], known: int
) -> None:
    save(tmp_path, CHECKS[0])
    [file] = tmp_path.iterdir()
    line = {"checksum": CHECKSUMS[1], "phashes": hashes(0)} | size
    file.write_text(json.dumps(line | {"line": line_checksum(line)}))
    assert len(saved(tmp_path)) == known


def test_checks_added_after_saving_are_saved_too(tmp_path: Path) -> None:
    cache = HashCache(tmp_path, "1")
    for check in CHECKS:
        cache.add(downloaded(check))
        cache.save()
    assert saved(tmp_path) == CHECKS
    [file] = tmp_path.iterdir()
    assert len([line for line in file.read_text().split("\n") if line]) == len(CHECKS)


def test_only_usable_posters_with_phashes_and_size_are_saved(tmp_path: Path) -> None:
    cache = HashCache(tmp_path, "1")
    cache.add(downloaded(ImageCheck(CHECKSUMS[0])))
    cache.add(downloaded(ImageCheck(CHECKSUMS[0], size=(182, 268))))
    cache.add(downloaded(ImageCheck(CHECKSUMS[0], phashes=hashes(1))))
    cache.add(downloaded(ImageCheck(CHECKSUMS[1], RejectReason.GRAYSCALE)))
    cache.add(downloaded(ImageCheck(CHECKSUMS[2], RejectReason.GRAYSCALE, phashes=hashes(1))))
    cache.add(DownloadResult(URL, reason=RejectReason.NOT_FOUND))
    cache.save()
    assert list(tmp_path.iterdir()) == []


def test_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    save(tmp_path / "missing", *CHECKS)
    assert saved(tmp_path / "missing") == []
