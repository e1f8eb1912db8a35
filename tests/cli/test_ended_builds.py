"""A build that is killed or runs out of disk space leaves a sound cache, and goes on from there."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import (
    INTERRUPTED,
    full_disk,
    run_json,
    sample_arguments,
    start_build,
    unfinished_files,
)
from sample_builds import arrow_files, build_sample, make_builder
from samples import SampleCatalogue

from movie_posters_decade.cli.main import main
from movie_posters_decade.download import DownloadCache


def stored_downloads(cache: Path) -> list[Path]:
    """Return the downloaded posters in a cache, without the files of the cache itself."""
    return [path for path in (cache / "downloads").glob("*") if not path.suffix]


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, for ten seconds at most."""
    begin = time.monotonic()
    while not is_so():
        assert time.monotonic() - begin < 10
        time.sleep(0.02)


def is_running(group: int) -> bool:
    """Return whether a process of a group is running."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_killed_build_continues_where_it_stopped(
    fifty_movies: SampleCatalogue, tmp_path: Path
) -> None:
    host, cache = fifty_movies.host, tmp_path / "cache"
    build_sample(fifty_movies, tmp_path / "undisturbed")
    host.hold_after = 30
    with start_build(fifty_movies, tmp_path, "--connections-per-host", "4") as process:
        assert host.holding.wait(30)
        wait_for(lambda: bool(stored_downloads(cache)))
        process.kill()
    host.release()
    stored, requested = stored_downloads(cache), set(host.requests)
    host.requests.clear()
    build_sample(fifty_movies, cache)
    assert len(requested) >= len(stored)
    # A request that was under way may be answered late: it then counts beside its repetition.
    assert len({*host.requests}) <= 50 - len(stored)
    assert arrow_files(cache) == arrow_files(tmp_path / "undisturbed")


@pytest.mark.parametrize(
    ("end", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_build_on_workers_that_is_ended_leaves_no_process_and_goes_on(
    fifty_movies: SampleCatalogue, tmp_path: Path, end: signal.Signals, code: int
) -> None:
    host, cache = fifty_movies.host, tmp_path / "cache"
    build_sample(fifty_movies, tmp_path / "undisturbed")
    host.hold_after = 20
    flags = ("--workers", "2", "--connections-per-host", "64")
    with start_build(fifty_movies, tmp_path, *flags) as process:
        assert host.holding.wait(30)
        if end is signal.SIGINT:  # as from a terminal, to all of them
            os.killpg(process.pid, end)
        else:
            process.send_signal(end)
        host.release()
        _, printed = process.communicate(timeout=10)
    assert process.returncode == code
    wait_for(lambda: not is_running(process.pid))
    if end is not signal.SIGKILL:
        assert printed == INTERRUPTED
        assert unfinished_files(tmp_path) == []
    stored = {path.name for path in stored_downloads(cache)}
    host.requests.clear()
    build_sample(fifty_movies, cache)
    links = DownloadCache(cache / "downloads")
    assert not stored & {links.path(host.url + path).name for path in host.requests}
    assert arrow_files(cache) == arrow_files(tmp_path / "undisturbed")


def test_build_removes_what_killed_builds_left_a_day_ago(
    sample: SampleCatalogue, tmp_path: Path
) -> None:
    builder = make_builder(sample, tmp_path / "cache")
    ours = Path(builder.cache_dir + ".incomplete") / "part.arrow"
    others = ours.parents[3] / "drama" / "0.2.0" / "0123.incomplete" / "part.arrow"
    download = tmp_path / "cache" / "downloads" / "0123.4567.incomplete"
    files = [ours, others, download]
    recent = [file.with_name(f"recent-{file.name}") for file in files]
    for file in [*files, *recent]:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"half")
    for file in files:
        os.utime(file, (0, time.time() - 25 * 3600))
    builder.download_and_prepare()
    assert not any(file.exists() for file in files)
    assert all(file.exists() for file in recent[1:])


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (
            2000,
            "{cache}/downloads: a poster cannot be stored: [Errno 27] File too large. What was "
            "downloaded before is kept. Fix this and build again.",
        ),
        (100_000, "An error occurred while generating the dataset: [Errno 27] File too large"),
    ],
    ids=["posters", "dataset"],
)
def test_full_disk_is_one_error_and_leaves_a_sound_cache(
    sample: SampleCatalogue,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    limit: int,
    sentence: str,
) -> None:
    """Posters exceed the limit, or the dataset does."""
    command = ("build", *sample_arguments(sample, tmp_path))
    with full_disk(limit):
        assert main([*command, "--json"]) == 6
    printed = capsys.readouterr()
    assert json.loads(printed.out)["error"]["code"] == "storage"
    message = sentence.format(cache=tmp_path / "cache")
    assert printed.err == f"movie-posters-decade: {message}\n"
    sample.host.requests.clear()
    assert run_json(capsys, *command)["kept"] == 30
    assert bool(sample.host.requests) is (limit == 2000)


def test_two_builds_at_once_share_a_cache_without_harm(
    sample: SampleCatalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.host.hold_after = 0
    with start_build(sample, tmp_path, "--seed", "7") as process:
        assert sample.host.holding.wait(30)
        sample.host.release()
        kept = run_json(capsys, "build", *sample_arguments(sample, tmp_path))["kept"]
        output, _ = process.communicate()
    assert (kept, json.loads(output)["kept"]) == (30, 30)
    assert len(stored_downloads(tmp_path / "cache")) == 30
    others = {path.suffix for path in (tmp_path / "cache" / "downloads").iterdir()} - {""}
    assert others <= {".hashes", ".json"}, "no file is left incomplete"
