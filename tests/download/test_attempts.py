"""Attempts: what counts against a link, and what is the fault of this machine instead."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from downloads import POSTER, SHORT, download
from servers.faulty import FaultyHost, Request, serve_faulty

from movie_posters_decade.download import DownloadCache
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.records import ImageCheck, RejectReason

pytest.importorskip("resource", reason="descriptors are limited by the module resource")

ONE_LINK = """
import sys
from collections import deque
from movie_posters_decade.download.addresses import parse_url
from movie_posters_decade.download.batch import Settings, download_batch
from movie_posters_decade.download.hosts import Host, Loan
from movie_posters_decade.download.retry import Link, RetryPolicy
from movie_posters_decade.download.transfer import Limits

policy = RetryPolicy(total_timeout=0.4, attempts=1)
settings = Settings(limits=Limits(allow_private_hosts=True), policy=policy, clock_jump=0.2)
loan = Loan(Host("http://a", 1, policy), deque([Link(sys.argv[1], parse_url(sys.argv[1]))]))
[download] = download_batch([loan], settings).downloads
print(download.attempt.reason, download.attempt.status)
"""

FEW_DESCRIPTORS = """
import json, resource, sys
from pathlib import Path
from movie_posters_decade.download import DownloadCache, Downloader, Limits

cache, folder, cases = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
for number, (spare, urls) in enumerate(json.loads(cases)):
    downloader = Downloader(
        DownloadCache(Path(cache, str(number))),
        limits=Limits(allow_private_hosts=True),
        connections_per_host=128,
        folder=Path(folder),
    )
    taken = []
    try:
        while True:
            taken.append(open("/dev/null"))
    except OSError:
        for _ in range(min(spare, len(taken))):
            taken.pop().close()
    try:
        print({str(result.reason) for result in downloader.download(urls)})
    except Exception as error:
        print(type(error).__name__, error)
    for file in taken:
        file.close()
"""
"""Downloads some links with each of some numbers of descriptors that are left."""


def run(code: str, *arguments: object) -> str:
    """Run a program, and return what it prints."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_link_that_was_under_way_while_the_process_was_suspended_is_tried_again(
    host: FaultyHost,
) -> None:
    def slow_once(request: Request) -> None:
        if request.number == 1:
            request.hang()
        request.respond(POSTER)

    host.handlers["/a"] = slow_once
    command = [sys.executable, "-c", ONE_LINK, f"{host.url}/a"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while not host.requests["/a"]:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(0.6)
        os.kill(process.pid, signal.SIGCONT)
        printed, _ = process.communicate()
    assert printed == "None 200\n"
    assert host.requests["/a"] == 2


def test_waiting_for_a_connection_of_our_own_does_not_use_up_the_time_of_a_link() -> None:
    policy = replace(SHORT, total_timeout=0.3, attempts=2)
    with serve_faulty() as silent, serve_faulty() as busy:
        silent.handlers = {f"/{number}": Request.hang for number in range(8)}
        busy.handlers = {
            "/a": lambda request: request.respond(
                POSTER, "200 OK" if request.number > 1 else "500 Internal Server Error"
            )
        }
        urls = [f"{busy.url}/a", *(f"{silent.url}/{number}" for number in range(8))]
        results = {one.url: one.reason for one in download(urls, policy=policy, max_connections=1)}
    assert results.pop(f"{busy.url}/a") is None
    assert set(results.values()) == {RejectReason.TIMEOUT}


def test_error_about_one_link_rejects_that_link_alone(host: FaultyHost) -> None:
    def check(content: bytes) -> ImageCheck:
        raise ZeroDivisionError(f"{len(content)} bytes")

    [result] = download([f"{host.url}/good"], check=check)
    assert result.reason is RejectReason.CONNECTION_ERROR
    assert result.detail == f"ZeroDivisionError: {len(POSTER)} bytes"


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left on device")])
def test_fault_of_this_machine_in_the_check_ends_the_download(
    host: FaultyHost, error: Exception
) -> None:
    def check(_: bytes) -> ImageCheck:
        raise error

    with pytest.raises(DownloadError, match=r"a poster cannot be stored: .*(memory|space left)"):
        download([f"{host.url}/good"], check=check)


def test_without_enough_descriptors_there_is_an_error_and_no_rejection(
    cache: DownloadCache, host: FaultyHost, tmp_path: Path
) -> None:
    (tmp_path / "poster.jpg").write_bytes(POSTER)
    link = f"{host.url}/good"
    to_look_up = link.replace("127.0.0.1", "localhost")
    # Each ends at another step, so the next is the first to go further.
    cases: list[tuple[int, list[str]]] = [
        (0, ["poster.jpg"]),
        *((spare, [to_look_up]) for spare in (2, 5, 7)),
        (4, [link]),
    ]
    with ExitStack() as stack:
        hosts = [stack.enter_context(serve_faulty()) for _ in range(8)]
        paths = [f"/{number}" for number in range(20)]
        for one in hosts:
            one.handlers = dict.fromkeys(paths, lambda request: request.respond(POSTER))
        cases.append((128, [one.url + path for one in hosts for path in paths]))
        printed = run(FEW_DESCRIPTORS, cache.folder, tmp_path, json.dumps(cases)).splitlines()
    *some, none_left, bounded = printed
    assert len(some) == 4
    for line in some:
        assert line.startswith(
            (
                f"StorageError {cache.folder}/",
                f"DownloadError {cache.folder}/",
                "DownloadError Open files: ",
                "{'None'}",
            )
        ), line
    assert {*some} != {"{'None'}"}
    assert re.fullmatch(
        r"DownloadError Open files: expected a limit of at least \d+; found 128, of which \d+ are "
        r"open\. Run `ulimit -n 1024` and build again\.",
        none_left,
    )
    assert bounded == "{'None'}"
