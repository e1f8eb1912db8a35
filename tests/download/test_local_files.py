"""Local files: links lead to regular files of the folder, and anything else is a rejection."""

import os
from pathlib import Path

from downloads import LIMITS, POSTER, download

from movie_posters_decade.records import RejectReason


def reasons(links: list[str], folder: Path, *, allow_outside: bool = False) -> dict[str, object]:
    results = download(links, folder=folder, allow_outside=allow_outside)
    return {result.url: result.reason for result in results}


def test_paths_lead_to_files_in_the_folder_alone(tmp_path: Path) -> None:
    folder, outside = tmp_path / "catalogue", tmp_path / "outside.jpg"
    folder.mkdir()
    outside.write_bytes(POSTER)
    (folder / "link.jpg").symlink_to(outside)
    (folder / "inside.jpg").symlink_to("poster.jpg")
    (folder / "poster.jpg").write_bytes(POSTER)
    ways_out = ["link.jpg", "../outside.jpg", str(outside), "/dev/zero", "/proc/self/environ"]
    found = reasons([*ways_out, "inside.jpg"], folder)
    assert found == dict.fromkeys(ways_out, RejectReason.OUTSIDE_FOLDER) | {"inside.jpg": None}
    allowed = reasons(["link.jpg", "../outside.jpg"], folder, allow_outside=True)
    assert list(allowed.values()) == [None, None]


def test_paths_of_what_is_no_file_are_rejected_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "large").open("wb") as file:
        file.truncate(30 * 10**9)
    links = ["pipe", "loop", "folder", "/dev/zero", "/proc/self/mem", "large"]
    found = reasons(links, tmp_path, allow_outside=True)
    assert found == dict.fromkeys(links, RejectReason.NOT_FOUND) | {
        "/proc/self/mem": RejectReason.NOT_AN_IMAGE,
        "large": RejectReason.TOO_LARGE,
    }


def test_file_may_be_as_large_as_a_download(tmp_path: Path) -> None:
    (tmp_path / "poster").write_bytes(POSTER)
    (tmp_path / "large").write_bytes(POSTER + bytes(LIMITS.max_bytes + 1 - len(POSTER)))
    assert reasons(["poster", "large"], tmp_path) == {
        "poster": None,
        "large": RejectReason.TOO_LARGE,
    }
