"""Memory: bodies share one room, and those that wait for it are neither lost nor blamed."""

import gzip
import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from downloads import POSTER, SHORT, download
from servers.faulty import FaultyHost, Request, serve_faulty

from movie_posters_decade.download import RetryPolicy
from movie_posters_decade.download.memory import MAPPED_BYTES, Body, BodyMemory
from movie_posters_decade.records import ImageCheck, accept_anything


def body(memory: BodyMemory, length: int) -> Body:
    """Return an empty body of some length."""
    body = Body(memory)
    body.length = length
    return body


def test_bytes_that_arrive_fill_half_of_the_room_and_then_whole_bodies_the_rest() -> None:
    memory = BodyMemory(100)
    first, second, third = (body(memory, 40) for _ in range(3))
    assert first.write(bytes(25))
    assert second.write(bytes(25))
    assert third.write(bytes(1))  # reserves 40 of the other half
    assert not first.write(bytes(1))
    first.wait(lambda: None)
    assert third.write(bytes(39))
    assert (first.size, second.size, third.size) == (25, 25, 40)


def test_body_goes_on_once_there_is_room_for_all_its_rest() -> None:
    memory, resumed = BodyMemory(100), []
    stored, other, waiting = body(memory, 50), body(memory, 30), body(memory, 50)
    assert stored.write(bytes(50))
    assert other.write(bytes(30))
    assert not waiting.write(bytes(50))
    waiting.wait(lambda: resumed.append("a"))
    other.clear()
    assert resumed == ["a"]
    assert waiting.write(bytes(50))
    assert not other.write(bytes(1))


def test_bodies_that_wait_go_on_in_their_order_and_nothing_overtakes_them() -> None:
    memory, resumed = BodyMemory(100), []
    stored = [body(memory, 50) for _ in range(2)]
    assert all(one.write(bytes(50)) for one in stored)
    for name in "ab":
        waiting = body(memory, 30)
        assert not waiting.write(bytes(30))
        waiting.wait(lambda name=name: resumed.append(name))  # type: ignore[misc]
    stored[0].clear()
    assert resumed == ["a"]
    assert not body(memory, 1).write(bytes(1))
    stored[1].clear()
    assert resumed == ["a", "b"]


def test_body_that_ends_while_it_waits_is_forgotten() -> None:
    memory, resumed = BodyMemory(100), []
    stored = [body(memory, 50) for _ in range(2)]
    assert all(one.write(bytes(50)) for one in stored)
    with body(memory, 30) as waiting:
        waiting.wait(lambda: resumed.append("a"))
    stored[0].clear()
    assert resumed == []
    assert body(memory, 50).write(bytes(50))


def test_body_larger_than_half_of_the_room_counts_as_half() -> None:
    memory = BodyMemory(100)
    assert body(memory, 500).write(bytes(500))
    assert body(memory, 50).write(bytes(50))
    assert not body(memory, 50).write(bytes(50))


def test_room_of_results_that_stay_is_refused_to_others() -> None:
    memory = BodyMemory(100, is_kept=True)
    assert all(body(memory, 50).write(bytes(50)) for _ in range(2))
    refused = body(memory, 1)
    assert not refused.write(bytes(1))
    assert refused.is_refused


@pytest.mark.parametrize("length", [0, 10, 2 * MAPPED_BYTES, 3 * MAPPED_BYTES])
def test_content_is_what_arrived_whatever_length_was_announced(length: int) -> None:
    chunks = [bytes([number]) * 100_000 for number in range(21)]
    one = body(BodyMemory(), length)
    assert all(one.write(chunk) for chunk in chunks)
    assert one.content == one.content == b"".join(chunks)
    one.clear()
    assert (one.content, one.size) == (b"", 0)
    assert one.write(b"again")
    assert one.content == b"again"


CALM = RetryPolicy(first_backoff=0.01)
"""Timeouts that a busy machine does not reach."""


def test_compressed_bodies_do_not_wait_for_each_other_for_ever() -> None:
    """Packed and unpacked together, they need more room than there is."""
    content = random.Random(1).randbytes(50_000) + bytes(50_000)
    packed = gzip.compress(content)
    with ExitStack() as stack:
        hosts = [stack.enter_context(serve_faulty()) for _ in range(3)]
        for host in hosts:
            host.handlers = {
                f"/{number}": lambda request: request.respond(
                    packed, more="Content-Encoding: gzip\r\n"
                )
                for number in range(8)
            }
        urls = [f"{host.url}/{number}" for host in hosts for number in range(8)]
        results = download(urls, check=accept_anything, body_memory=240_000)
    assert {(one.reason, one.check and one.check.checksum.size) for one in results} == {
        (None, 100_000)
    }


@pytest.mark.parametrize("kind", ["length", "no length", "gzip"])
def test_posters_that_do_not_fit_into_memory_together_all_arrive(kind: str) -> None:
    content = POSTER.ljust(500_000, b"\0")
    packed = gzip.compress(content)

    def respond(request: Request) -> None:
        if kind == "length":
            request.respond(content)
        elif kind == "gzip":
            request.respond(packed, more="Content-Encoding: gzip\r\n")
        else:
            request.send(b"HTTP/1.1 200 OK\r\n\r\n" + content)
            request.hang_up()

    with ExitStack() as stack:
        hosts = [stack.enter_context(serve_faulty()) for _ in range(3)]
        for host in hosts:
            host.handlers = {f"/{number}": respond for number in range(8)}
        urls = [f"{host.url}/{number}" for host in hosts for number in range(8)]
        results = download(urls, check=accept_anything, policy=CALM, body_memory=1_200_000)
        assert {str(result.reason) for result in results} == {"None"}
        assert {result.check.checksum.size for result in results if result.check} == {500_000}
        assert [host.requests.total() for host in hosts] == [8, 8, 8]


def test_wait_for_memory_counts_against_no_timeout(host: FaultyHost) -> None:
    content = POSTER.ljust(500_000, b"\0")
    host.handlers = {f"/{number}": lambda request: request.respond(content) for number in range(6)}

    def slow(content: bytes) -> ImageCheck:
        time.sleep(0.12)
        return accept_anything(content)

    policy = replace(SHORT, total_timeout=0.4, read_timeout=10.0)
    urls = [f"{host.url}/{number}" for number in range(6)]
    results = download(urls, check=slow, policy=policy, body_memory=600_000)
    assert [str(result.reason) for result in results] == 6 * ["None"]
    assert host.requests.total() == 6


def test_host_that_hangs_up_while_its_poster_waits_for_memory_is_asked_again() -> None:
    arrived, hung_up = threading.Event(), threading.Event()

    def large(request: Request) -> None:
        request.respond(POSTER.ljust(500_000, b"\0"))
        if request.path == "/1":
            arrived.set()

    def impatient(request: Request) -> None:
        if request.number == 1:
            arrived.wait(20)
            time.sleep(0.05)  # until the client has read it, too
            request.respond(bytes(100_000), length=400_000)
            time.sleep(0.05)
            hung_up.set()
            request.reset()
        request.respond(POSTER)

    def check(content: bytes) -> ImageCheck:
        hung_up.wait(20)
        return accept_anything(content)

    with serve_faulty() as one, serve_faulty() as two:
        one.handlers, two.handlers = {"/0": large, "/1": large}, {"/a": impatient}
        urls = [f"{one.url}/0", f"{one.url}/1", f"{two.url}/a"]
        policy = replace(CALM, attempts=1)
        results = download(urls, check=check, policy=policy, body_memory=1_000_000)
        assert [str(result.reason) for result in results] == 3 * ["None"]
        assert two.requests["/a"] == 2


def test_batches_on_workers_return_no_more_than_their_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What does not fit goes back, and is downloaded in a later batch."""
    monkeypatch.setattr("movie_posters_decade.download.batch.BATCH_MEMORY", 1_000_000)
    monkeypatch.setattr("movie_posters_decade.download.attempts.BATCH_MEMORY", 1_000_000)
    content, sizes = POSTER.ljust(300_000, b"\0"), []

    class Threads(ThreadPoolExecutor):
        """Workers in this process, which note what their batches return."""

        def submit(self, call: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
            def run() -> Any:
                result = call(*arguments, **options)
                sizes.append(sum(len(one.content or b"") for one in result.downloads))
                return result

            return super().submit(run)

    with ExitStack() as stack:
        workers = stack.enter_context(Threads(2))
        hosts = [stack.enter_context(serve_faulty()) for _ in range(4)]
        for host in hosts:
            host.handlers = dict.fromkeys(
                ["/0", "/1", "/2", "/3"], lambda one: one.respond(content)
            )
        urls = [f"{host.url}/{number}" for host in hosts for number in range(4)]
        results = download(urls, check=accept_anything, policy=CALM, workers=workers)
        requests = sum(host.requests.total() for host in hosts)
    assert [str(result.reason) for result in results] == 16 * ["None"]
    assert max(sizes) <= 1_000_000
    assert requests <= 2 * 16 + 4
