"""A build that is killed or runs out of disk space leaves a sound cache, and goes on from there."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sample_builds import arrow_files, build_sample, make_builder
from samples import DECADES, PosterHost, SampleCatalogue, make_sample

from movie_posters_decade.download import DownloadCache


@pytest.fixture
def large_sample(tmp_path: Path, host: PosterHost) -> SampleCatalogue:
    """Two hundred movies, forty of each decade."""
    return make_sample(tmp_path / "catalogue", host, dict.fromkeys(DECADES, 40))


def build_command(sample: SampleCatalogue, cache: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "movie_posters_decade", "build"),
        *("--data-files", str(sample.path), "--cache-dir", str(cache), "--allow-private-hosts"),
        *("--connections-per-host", "4", "--json"),
    ]


def stored_downloads(cache: Path) -> list[Path]:
    """Return the downloaded posters in a cache, without the files of the cache itself."""
    return [path for path in (cache / "downloads").glob("*") if not path.suffix]


@pytest.mark.parametrize("after", [1, 60, 150])
def test_killed_build_continues_where_it_stopped(
    large_sample: SampleCatalogue, tmp_path: Path, after: int
) -> None:
    host, cache = large_sample.host, tmp_path / "cache"
    build_sample(large_sample, tmp_path / "undisturbed")
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
    stored = stored_downloads(cache)
    requested = set(host.requests)
    host.requests.clear()
    subprocess.run(build_command(large_sample, cache), capture_output=True, check=True)
    assert len(requested) >= len(stored)
    # A worker process finishes its task after its parent was killed, so more may be stored by now.
    # A request that was under way may be answered late: it then counts beside its repetition.
    assert len({*host.requests}) <= 200 - len(stored)
    assert arrow_files(cache) == arrow_files(tmp_path / "undisturbed")


def is_running(group: int) -> bool:
    """Return whether a process of a group is running."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("end", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_build_on_workers_that_is_ended_leaves_no_process_and_goes_on(
    large_sample: SampleCatalogue, tmp_path: Path, end: signal.Signals, code: int
) -> None:
    host, cache = large_sample.host, tmp_path / "cache"
    command = [*build_command(large_sample, cache), "--workers", "2"]
    command[command.index("--connections-per-host") + 1] = "64"
    build_sample(large_sample, tmp_path / "undisturbed")
    host.requests.clear()
    host.hold_after = 60
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert host.holding.wait(30)
    if end is signal.SIGINT:  # as from a terminal, to all of them
        os.killpg(process.pid, end)
    else:
        process.send_signal(end)
    host.hold_after = None
    host.released.set()
    assert process.wait(10) == code
    ending = time.monotonic()
    while is_running(process.pid):
        assert time.monotonic() - ending < 10
        time.sleep(0.05)
    stored = {path.name for path in stored_downloads(cache)}
    host.requests.clear()
    subprocess.run(command, capture_output=True, check=True)
    links = DownloadCache(cache / "downloads")
    assert not stored & {links.path(host.url + path).name for path in host.requests}
    assert arrow_files(cache) == arrow_files(tmp_path / "undisturbed")


def test_interrupted_build_prints_one_message(
    large_sample: SampleCatalogue, tmp_path: Path
) -> None:
    host = large_sample.host
    host.hold_after = 60
    command = build_command(large_sample, tmp_path / "cache")
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert host.holding.wait(30)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, printed = process.communicate(timeout=10)
    host.released.set()
    lines = [line for line in printed.splitlines() if line and "poster/s" not in line]
    assert lines == ["movie-posters-decade: interrupted; what was downloaded is kept."]


@pytest.mark.parametrize(("end", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("after", [1, 100, 199])
def test_build_that_is_ended_leaves_nothing_unfinished_within_two_seconds(
    large_sample: SampleCatalogue, tmp_path: Path, after: int, end: signal.Signals, code: int
) -> None:
    host, cache, temporary = large_sample.host, tmp_path / "cache", tmp_path / "temporary"
    temporary.mkdir()
    host.hold_after = after
    with subprocess.Popen(
        build_command(large_sample, cache),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    ) as process:
        assert host.holding.wait(30)
        process.send_signal(end)
        _, printed = process.communicate(timeout=2)
    host.released.set()
    assert process.returncode == code
    assert "Traceback" not in printed
    assert not is_running(process.pid)
    assert [*cache.rglob("*.incomplete"), *temporary.iterdir()] == []


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
        (200_000, "An error occurred while generating the dataset: [Errno 27] File too large"),
    ],
    ids=["posters", "dataset"],
)
def test_full_disk_is_one_error_and_leaves_a_sound_cache(
    large_sample: SampleCatalogue, tmp_path: Path, limit: int, sentence: str
) -> None:
    """A limit on file sizes stands for a full disk: posters exceed it, or the dataset does."""
    cache = tmp_path / "cache"
    finished = subprocess.run(
        build_command(large_sample, cache),
        capture_output=True,
        check=False,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert finished.returncode == 6
    assert json.loads(finished.stdout)["error"]["code"] == "storage"
    message = f"movie-posters-decade: {sentence.format(cache=cache)}"
    assert message in finished.stderr.splitlines()
    assert "Traceback" not in finished.stderr.split(message)[0]
    requests = len(large_sample.host.requests)
    again = subprocess.run(build_command(large_sample, cache), capture_output=True, check=True)
    assert json.loads(again.stdout)["kept"] == 200
    if limit > 2000:
        assert len(large_sample.host.requests) == requests


def test_two_builds_at_once_share_a_cache_without_harm(
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
    assert len(stored_downloads(cache)) == 200
    others = {path.suffix for path in (cache / "downloads").iterdir()} - {""}
    assert others <= {".hashes", ".json"}, "no file is left incomplete"
