"""Catalogue download: retries, limits, files that are whole or not there, progress."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest
from downloads import LIMITS
from servers.faulty import FaultyHost, Request, faulty_handlers, redirect, serve_faulty

from movie_posters_decade.catalogue.fetch import fetch
from movie_posters_decade.download import Limits, RetryPolicy
from movie_posters_decade.download.session import FetchError

CONTENT = bytes(range(256)) * 100
POLICY = RetryPolicy(total_timeout=30.0, first_backoff=0.01, max_backoff=0.05)


@pytest.fixture
def host() -> Iterator[FaultyHost]:
    """A host with another fault at each path."""
    with serve_faulty() as host:
        host.handlers = faulty_handlers(CONTENT)
        host.handlers["/chunks"] = lambda request: respond_in_chunks(request, end=b"0\r\n\r\n")
        host.handlers["/chunk-ends-early"] = lambda request: respond_in_chunks(
            request, end=b"9\r\n"
        )
        yield host


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of the file, in a folder that does not exist yet."""
    return tmp_path / "downloads" / "file"


def download(url: str, path: Path, limits: Limits = LIMITS, **policy: Any) -> bytes:
    """Download a file with a short backoff, and return its content."""
    fetch(url, path, limits, replace(POLICY, **policy))
    return path.read_bytes()


def failure(url: str, path: Path, limits: Limits = LIMITS, **policy: Any) -> str:
    """Return the text of the error of a download. It leaves no file."""
    with pytest.raises(FetchError) as error:
        download(url, path, limits, **policy)
    assert not path.parent.exists() or list(path.parent.iterdir()) == []
    return str(error.value)


def respond_in_chunks(request: Request, end: bytes) -> None:
    """Respond with the content in chunks, of which the last are given."""
    request.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    request.send(b"%x\r\n%b\r\n" % (len(CONTENT), CONTENT) + end)
    request.hang_up()


def test_file_is_downloaded_whole(host: FaultyHost, path: Path) -> None:
    limits = replace(LIMITS, user_agent="tester/1")
    assert download(f"{host.url}/good", path, limits) == CONTENT
    assert [file.name for file in path.parent.iterdir()] == ["file"]
    assert b"User-Agent: tester/1\r\n" in host.heads[0]


def test_file_without_a_content_length_is_downloaded_whole(host: FaultyHost, path: Path) -> None:
    assert download(f"{host.url}/chunks", path) == CONTENT


@pytest.mark.parametrize("fault", ["busy-first", "500-first", "reset-first", "ends-early-first"])
def test_temporary_failure_is_retried(host: FaultyHost, path: Path, fault: str) -> None:
    assert download(f"{host.url}/{fault}", path) == CONTENT
    assert host.requests[f"/{fault}"] == 2


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("503", "HTTP status 503 from {host}"),
        ("ends-early", "ProtocolError: IncompleteRead(25590 bytes read, 10 more expected)"),
        ("chunk-ends-early", "ProtocolError: IncompleteRead(0 bytes read)"),
        ("reset-midway", "ProtocolError: [Errno 104] Connection reset by peer"),
    ],
)
def test_attempts_are_limited(host: FaultyHost, path: Path, fault: str, text: str) -> None:
    assert failure(f"{host.url}/{fault}", path) == text.format(host=host.url)
    assert host.requests[f"/{fault}"] == POLICY.attempts


@pytest.mark.parametrize("fault", ["403", "404", "410"])
def test_lasting_failure_is_not_retried(host: FaultyHost, path: Path, fault: str) -> None:
    assert failure(f"{host.url}/{fault}", path) == f"HTTP status {fault} from {host.url}"
    assert host.requests[f"/{fault}"] == 1


def test_redirects_are_followed_in_each_attempt(host: FaultyHost, path: Path) -> None:
    host.handlers["/start"] = redirect("/ends-early-first")
    assert download(f"{host.url}/start", path) == CONTENT
    assert host.requests["/start"] == 2


def test_error_does_not_repeat_a_signed_url(host: FaultyHost, path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"http://127.0.0.1:{server.getsockname()[1]}"
    host.handlers["/start"] = redirect(f"{closed}/a?signature=secret")
    assert failure(f"{host.url}/start", path) == "ConnectionError: [Errno 111] Connection refused"
    host.handlers["/start"] = redirect("/404?signature=secret")
    assert failure(f"{host.url}/start", path) == f"HTTP status 404 from {host.url}"


@pytest.mark.parametrize("fault", ["huge", "endless", "gzip-bomb"])
def test_file_above_the_size_limit_is_an_error(host: FaultyHost, path: Path, fault: str) -> None:
    text = failure(f"{host.url}/{fault}", path)
    assert text == "more than 1,048,576 bytes"
    assert host.requests[f"/{fault}"] == 1


def test_slow_host_meets_the_time_limit(host: FaultyHost, path: Path) -> None:
    start = time.monotonic()
    text = failure(f"{host.url}/byte-by-byte", path, total_timeout=0.2)
    assert text == "no complete answer within the time limit"
    assert time.monotonic() - start < 5
    assert host.requests["/byte-by-byte"] == 1


def test_failure_keeps_the_earlier_file(host: FaultyHost, path: Path) -> None:
    download(f"{host.url}/good", path)
    with pytest.raises(FetchError):
        fetch(f"{host.url}/ends-early", path, LIMITS, POLICY)
    assert [file.read_bytes() for file in path.parent.iterdir()] == [CONTENT]


def test_file_that_cannot_be_stored_is_an_error(host: FaultyHost, path: Path) -> None:
    path.parent.write_text("not a folder")
    with pytest.raises(FetchError, match=r"FileExistsError: .*downloads'"):
        fetch(f"{host.url}/good", path, LIMITS, POLICY)


def test_interrupted_download_leaves_no_file(host: FaultyHost, path: Path) -> None:
    main_thread = threading.get_ident()

    def interrupt(request: Request) -> None:
        request.respond(CONTENT, length=2 * len(CONTENT))
        while not any(file.stat().st_size for file in path.parent.glob("*.incomplete")):
            time.sleep(0.01)
        signal.pthread_kill(main_thread, signal.SIGINT)
        request.hang()

    host.handlers["/interrupt"] = interrupt
    # A shell lets a background process ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            download(f"{host.url}/interrupt", path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert list(path.parent.iterdir()) == []


def test_progress_bar_is_shown_unless_it_is_disabled(
    host: FaultyHost, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download(f"{host.url}/good", path)
    assert capsys.readouterr().err == ""
    datasets.enable_progress_bars()
    try:
        download(f"{host.url}/good", path)
    finally:
        datasets.disable_progress_bars()
    last = capsys.readouterr().err.split("\r")[-1]
    assert last.startswith("Downloading the catalogue: 100%")
    assert "25.6k/25.6k" in last
