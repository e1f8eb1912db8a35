"""Killed, or out of space: nothing false is left, nothing stored is downloaded twice."""

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from samples import DECADES, PosterHost, SampleCatalogue, make_sample

from movie_posters_decade import MoviePostersDecade

PROGRAM = [sys.executable, "-m", "movie_posters_decade"]


@pytest.fixture
def large_sample(tmp_path: Path, host: PosterHost) -> SampleCatalogue:
    return make_sample(tmp_path / "catalogue", host, dict.fromkeys(DECADES, 40))


def build_command(sample: SampleCatalogue, cache: Path) -> list[str]:
    source = ["--data-files", str(sample.path), "--cache-dir", str(cache)]
    return [
        *PROGRAM,
        "build",
        *source,
        "--allow-private-hosts",
        "--connections-per-host",
        "4",
        "--json",
    ]


def arrow_files(cache: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in cache.rglob("*.arrow")}


@pytest.mark.parametrize("after", [1, 60, 150])
def test_killed_build_goes_on_where_it_was(
    large_sample: SampleCatalogue, tmp_path: Path, after: int
) -> None:
    host, cache = large_sample.host, tmp_path / "cache"
    builder = MoviePostersDecade(
        str(tmp_path / "undisturbed"), data_files=large_sample.path, allow_private_hosts=True
    )
    builder.download_and_prepare()
    host.requests.clear()
    host.hold_after = after
    process = subprocess.Popen(
        build_command(large_sample, cache), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert host.holding.wait(30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    host.hold_after = None
    host.released.set()
    stored = [path for path in (cache / "downloads").glob("*") if not path.suffix]
    asked = set(host.requests)
    host.requests.clear()
    subprocess.run(build_command(large_sample, cache), capture_output=True, check=True)
    assert len(asked) >= len(stored)
    # A helper finishes what it was given before its parent died.
    # One that was under way when its asker died may be answered late, beside the new one for it.
    assert len({*host.requests}) <= 200 - len(stored)
    assert arrow_files(cache) == arrow_files(tmp_path / "undisturbed")


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (
            2000,
            "{cache}/downloads: a poster cannot be stored: [Errno 27] File too large. What was "
            "downloaded before is kept; mend this and build again.",
        ),
        (200_000, "An error occurred while generating the dataset: [Errno 27] File too large"),
    ],
)
def test_full_disk_is_one_error_and_leaves_a_sound_cache(
    large_sample: SampleCatalogue, tmp_path: Path, limit: int, sentence: str
) -> None:
    """A limit on the size of files stands for the disk: posters are larger, or the dataset is."""
    cache = tmp_path / "cache"
    finished = subprocess.run(
        build_command(large_sample, cache),
        capture_output=True,
        check=False,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert finished.returncode == 1
    assert finished.stdout == ""
    told = f"movie-posters-decade: {sentence.format(cache=cache)}"
    assert told in finished.stderr.splitlines()
    assert "Traceback" not in finished.stderr.split(told)[0]
    asked = len(large_sample.host.requests)
    again = subprocess.run(build_command(large_sample, cache), capture_output=True, check=True)
    assert json.loads(again.stdout)["kept"] == 200
    if limit > 2000:
        assert len(large_sample.host.requests) == asked


def test_two_builds_at_once_in_one_cache_do_not_harm_each_other(
    large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    commands = [
        build_command(large_sample, cache),
        [*build_command(large_sample, cache), "--seed=7"],
    ]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [json.loads(output)["kept"] for output in outputs] == [200, 200]
    assert not list((cache / "downloads").glob("*.incomplete"))
    downloads = [path for path in (cache / "downloads").iterdir() if path.suffix != ".looks"]
    assert len(downloads) == 200
