"""Descriptors: downloads with few of them keep all posters, or end with one sentence."""

import errno
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from downloads import POSTER, download
from servers.faulty import serve_faulty

from movie_posters_decade.download.descriptors import MAX_CONNECTIONS, SPARE, connection_limit
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.io import is_out_of_resources, open_files, raise_open_files

resource = pytest.importorskip("resource", reason="descriptors are limited by the module resource")

MANY_HOSTS = """
import resource, sys
from pathlib import Path

port, cache, *cases = sys.argv[1:]
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (24, hard))
from movie_posters_decade.download import DownloadCache, Downloader, Limits

urls = [f"http://127.0.0.{host}:{port}/{poster}" for poster in range(2) for host in range(1, 101)]
for case in cases:
    limit, workers = map(int, case.split("-"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    settings = {"limits": Limits(allow_private_hosts=True), "workers": workers or None}
    try:
        with Downloader(DownloadCache(Path(cache, case)), **settings) as downloader:
            results = list(downloader.download(urls))
        print({str(result.reason) for result in results}, len(results))
    except Exception as error:
        print(type(error).__name__, error)
"""
"""Downloads 200 posters from 100 hosts, with few descriptors on workers, and with fewer here."""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
def test_few_descriptors_are_enough_for_many_hosts_and_too_few_end_with_one_sentence(
    tmp_path: Path,
) -> None:
    with serve_faulty(address="0.0.0.0") as host:  # noqa: S104
        host.handlers = {f"/{number}": lambda one: one.respond(POSTER) for number in range(2)}
        port = host.url.rpartition(":")[2]
        cases = ["128-2", "64-0", "24-0"]
        *enough, too_few = run(MANY_HOSTS, port, tmp_path, *cases).splitlines()
        assert enough == 2 * ["{'None'} 200"]
        assert too_few.startswith("DownloadError Open files: expected a limit of at least ")
        assert too_few.endswith("Run `ulimit -n 1024` and build again.")
        assert host.requests.total() >= 2 * 200


def run(code: str, *arguments: object) -> str:
    """Run a program, and return what it prints."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_soft_limit_is_raised_up_to_the_hard_one() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("the hard limit is low")
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        assert connection_limit() == MAX_CONNECTIONS
        assert raise_open_files(10) == resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 256
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


LIMITS_OF_CONNECTIONS = """
import resource, sys
from movie_posters_decade.io import open_files
from movie_posters_decade.download.descriptors import connection_limit, lookup_limit

for free in map(int, sys.argv[1:]):
    limit = open_files() + free
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    connections = connection_limit()
    print(connections, lookup_limit(connections))
"""


def test_connections_and_lookups_leave_descriptors_for_all_else() -> None:
    frees = [800, 200, 60, 20]
    lines = run(LIMITS_OF_CONNECTIONS, *frees).splitlines()
    for free, line in zip(frees, lines, strict=True):
        connections, lookups = map(int, line.split())
        assert connections >= 1
        assert 2 * connections + 2 * lookups + SPARE <= free


def test_open_files_are_counted() -> None:
    before = open_files()
    with socket.socket(), socket.socket():
        assert open_files() == before + 2


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (OSError(errno.EMFILE, "too many open files"), True),
        (OSError(errno.ENFILE, "too many open files"), True),
        (OSError(errno.ENOMEM, "no memory"), True),
        (OSError(errno.ENOSPC, "no space left"), True),
        (OSError(errno.ENOENT, "no such file"), False),
        (socket.gaierror(socket.EAI_NONAME, "not known"), False),
    ],
)
def test_what_a_machine_lacks_is_told_from_what_a_host_does(
    error: Exception, expected: bool
) -> None:
    assert is_out_of_resources(error) is expected


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("no memory"),
        socket.gaierror(socket.EAI_MEMORY, "no memory"),
        OSError(errno.EMFILE, "too many open files"),
    ],
)
def test_lookup_without_memory_or_descriptors_is_an_error_and_no_rejection(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(DownloadError, match=r"a poster cannot be stored: .*(no memory|too many)"):
        download(["http://a.example/b"])


def test_other_error_of_the_system_in_a_lookup_rejects_the_poster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "the name server refuses")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    [result] = download(["http://a.example/b"])
    assert result.reason is not None
    assert result.detail == "Could not look up a.example: the name server refuses"
