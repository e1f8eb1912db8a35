"""Workers: the same results on local processes, threads and a Dask cluster, whatever is lost."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from downloads import LIMITS, POSTER, SHORT, download, downloader, stored
from samples import paint
from servers.cluster import Cluster
from servers.faulty import FaultyHost, Request, faulty_handlers, serve_faulty
from worker_checks import KILLER, check_or_die, fail_in_a_worker

from movie_posters_decade import __version__
from movie_posters_decade.download import DownloadCache, RetryPolicy
from movie_posters_decade.download.addresses import Address, parse_url
from movie_posters_decade.download.attempts import Budget
from movie_posters_decade.download.batch import Settings, download_batch
from movie_posters_decade.download.hosts import Host, Loan
from movie_posters_decade.download.retry import Link
from movie_posters_decade.download.workers import Workers, open_workers
from movie_posters_decade.errors import DownloadError
from movie_posters_decade.images import check_poster, check_version
from movie_posters_decade.records import DownloadResult, ImageCheck, RejectReason

CALM = RetryPolicy(first_backoff=0.01, throttle_limit=0)
"""Timeouts that a busy machine does not reach."""


def key(result: DownloadResult) -> tuple[Any, ...]:
    """What must be equal, whatever ran the download."""
    return result.url, result.check, result.reason, result.status, result.final_url


@pytest.fixture(scope="module")
def hosts() -> Iterator[list[FaultyHost]]:
    """Hosts with good posters and some faults."""
    with ExitStack() as stack:
        hosts = [stack.enter_context(serve_faulty()) for _ in range(4)]
        for number, host in enumerate(hosts):
            host.handlers = faulty_handlers(POSTER)
            for poster in range(12):
                content = paint("1990s", 100 * number + poster)
                host.handlers[f"/{poster}"] = lambda request, content=content: request.respond(  # type: ignore[misc]
                    content
                )
        yield hosts


def links(hosts: list[FaultyHost]) -> list[str]:
    paths = [*(f"/{number}" for number in range(12)), "/404", "/403", "/html", "/500", "/redirect"]
    return [host.url + path for host in hosts for path in paths]


@pytest.fixture
def expected(hosts: list[FaultyHost]) -> list[tuple[Any, ...]]:
    """The results in this process."""
    return sorted(map(key, download(links(hosts), policy=CALM)), key=lambda one: str(one[0]))


def test_local_processes_give_the_same_results(
    hosts: list[FaultyHost], expected: list[tuple[Any, ...]], cache: DownloadCache
) -> None:
    before = sum(host.requests["/3"] for host in hosts)
    settings: dict[str, Any] = {"policy": CALM, "check_version": check_version}
    with downloader(cache, workers=2, **settings) as started:
        results = list(started.download(links(hosts)))
    assert sorted(map(key, results), key=lambda one: str(one[0])) == expected
    assert sum(host.requests["/3"] for host in hosts) == before + 4
    kept = [result for result in results if result.path is not None]
    assert sorted(stored(cache)) == sorted(cache.path(result.url).name for result in kept)


def test_check_that_a_worker_cannot_load_is_an_error_and_blames_no_link(
    cache: DownloadCache, host: FaultyHost
) -> None:
    class Check:
        def __call__(self, content: bytes) -> ImageCheck:
            return check_poster(content)

        def __reduce__(self) -> tuple[Any, ...]:
            return fail_in_a_worker, (os.getpid(),)

    sentence = r"^Worker: expected movie_posters_decade with all it needs; found BrokenProcessPool"
    with (
        downloader(cache, workers=1, check=Check()) as started,
        pytest.raises(DownloadError, match=sentence),
    ):
        list(started.download([f"{host.url}/good"]))


def test_any_executor_gives_the_same_results(
    hosts: list[FaultyHost], expected: list[tuple[Any, ...]]
) -> None:
    with ThreadPoolExecutor(2) as executor:
        results = download(links(hosts), workers=executor, policy=CALM)
        assert executor.submit(int).result() == 0  # it is the caller's, and stays open
    assert sorted(map(key, results), key=lambda one: str(one[0])) == expected


def test_host_gets_no_more_connections_than_its_limit_from_all_workers(host: FaultyHost) -> None:
    def slow(request: Request) -> None:
        time.sleep(0.01)
        request.respond(POSTER)

    host.handlers |= {f"/{number}": slow for number in range(60)}
    urls = [f"{host.url}/{number}" for number in range(60)]
    with ThreadPoolExecutor(4) as executor:
        settings: dict[str, Any] = {"policy": RetryPolicy(), "workers": executor}
        assert all(one.path for one in download(urls, connections_per_host=2, **settings))
    assert host.max_concurrent == 2


def test_retry_after_brings_the_links_home_until_the_host_is_due(host: FaultyHost) -> None:
    moments: list[float] = []

    def busy_once(request: Request) -> None:
        moments.append(time.monotonic())
        if len(moments) == 1:
            request.respond(status="429 Too Many Requests", more="Retry-After: 2\r\n")
        else:
            request.respond(POSTER)

    host.handlers |= {f"/{number}": busy_once for number in range(5)}
    urls = [f"{host.url}/{number}" for number in range(5)]
    policy = RetryPolicy(max_backoff=1.2)
    with ThreadPoolExecutor(1) as executor:
        results = download(urls, policy=policy, workers=executor, connections_per_host=1)
    assert [result.reason for result in results] == [None] * 5
    assert moments[1] - moments[0] >= 1.2


def lend(host: FaultyHost, paths: list[str], connections: int = 1) -> Loan:
    """Return a loan of a host for some of its paths."""
    urls = [host.url + path for path in paths]
    addresses = [(url, parse_url(url)) for url in urls]
    links = [Link(url, address) for url, address in addresses if isinstance(address, Address)]
    return Loan(Host(host.url, connections, CALM), deque(links))


@pytest.mark.parametrize(
    "budget", [Budget(seconds=0.2), Budget(bytes=3 * len(POSTER)), Budget(wait=0.1)]
)
def test_batch_begins_no_link_beyond_its_budget(host: FaultyHost, budget: Budget) -> None:
    def answer(request: Request) -> None:
        time.sleep(0.06)
        if len(host.heads) == 3 and budget.wait < 1:
            request.respond(status="429 Too Many Requests", more="Retry-After: 5\r\n")
        else:
            request.respond(POSTER)

    paths = [f"/{number}" for number in range(40)]
    host.handlers |= dict.fromkeys(paths, answer)
    settings = Settings(limits=LIMITS, policy=replace(CALM, throttle_limit=60))
    begin = time.monotonic()
    result = download_batch([lend(host, paths)], settings, budget)
    assert time.monotonic() - begin < 2
    assert 2 <= len(result.downloads) <= 6
    assert len(result.downloads) + len(result.loans[0].links) == 40
    assert host.requests.total() <= 7


def test_downloads_of_one_batch_are_kept_when_another_fails(
    cache: DownloadCache, host: FaultyHost
) -> None:
    class HalfBroken(Executor):
        def submit(self, function: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
            future: Future[Any] = Future()
            if arguments[0][0].host.origin == host.url:
                future.set_result(function(*arguments))
            else:
                future.set_exception(OSError(28, "No space left on device"))
            return future

    urls = ["http://a.invalid/1", f"{host.url}/good"]
    with pytest.raises(DownloadError, match="No space left on device"):
        download(urls, cache, workers=HalfBroken())
    assert stored(cache) == [cache.path(f"{host.url}/good").name]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "tls://127.0.0.1:9"])
def test_scheduler_that_cannot_be_reached_is_an_error(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    monkeypatch.setattr("movie_posters_decade.download.workers.WAIT_SECONDS", 0.2)
    with pytest.raises(DownloadError, match=f"^{address}: expected a Dask scheduler with a worker"):
        open_workers(address)


def test_circuit_breaker_holds_over_all_batches(caplog: pytest.LogCaptureFixture) -> None:
    with serve_faulty() as silent, ThreadPoolExecutor(3) as executor:
        silent.handlers = {f"/{number}": Request.hang for number in range(100)}
        urls = [f"{silent.url}/{number}" for number in range(100)]
        policy = replace(SHORT, attempts=1)
        results = download(urls, policy=policy, workers=executor, connections_per_host=5)
        assert not any(result.path for result in results)
        assert silent.requests.total() < 60
    assert f"{silent.url} failed " in caplog.text


def test_poster_that_ends_its_worker_is_rejected_and_the_others_are_kept(
    cache: DownloadCache, host: FaultyHost
) -> None:
    paths = [f"/{number}" for number in range(6)]
    host.handlers |= dict.fromkeys(paths, host.handlers["/good"])
    host.handlers["/killer"] = lambda request: request.respond(KILLER)
    urls = [host.url + path for path in [*paths[:2], "/killer", *paths[2:]]]
    settings = {"workers": 2, "check": check_or_die, "limits": LIMITS, "policy": CALM}
    with downloader(cache, **settings) as started:
        results = list(started.download(urls))
    assert sorted(result.url for result in results) == sorted(urls)
    [rejected] = [result for result in results if result.path is None]
    assert rejected.url == f"{host.url}/killer"
    assert rejected.reason is RejectReason.UNDECODABLE
    assert rejected.detail == "3 workers ended while they downloaded or decoded it"
    assert len(stored(cache)) == 6


def test_workers_that_always_end_are_an_error_and_blame_no_link(
    cache: DownloadCache, host: FaultyHost
) -> None:
    class Ending(Executor):
        def submit(self, *_: Any, **__: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(BrokenExecutor())
            return future

    ending = Workers(Ending(), 1)
    with pytest.raises(DownloadError, match=r"^Workers: .* each ends, also without a poster"):
        download([f"{host.url}/good"], cache, workers=ending)


def test_executor_of_the_caller_that_breaks_is_an_error_and_blames_no_link(
    host: FaultyHost,
) -> None:
    class BrokenPool(Executor):
        def submit(self, *_: Any, **__: Any) -> Future[Any]:
            raise BrokenExecutor

    with pytest.raises(DownloadError, match=r"^Option executor: .* found that it is broken\."):
        download([f"{host.url}/good"], workers=BrokenPool())


def test_executor_that_takes_no_work_is_an_error(host: FaultyHost) -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    for unusable in (executor, object()):
        with pytest.raises(DownloadError, match=r"^Option executor: expected an open executor"):
            download([f"{host.url}/good"], workers=unusable)


def test_worker_of_another_version_is_refused() -> None:
    settings = Settings(check_version=lambda: "two", expected_versions=("0.1.0", "one"))
    with pytest.raises(DownloadError) as error:
        download_batch([], settings)
    assert str(error.value) == (
        "Worker: expected movie_posters_decade 0.1.0 with the image check one; found "
        f"{__version__} with two. Install the same versions of movie_posters_decade and Pillow for "
        "all workers."
    )


def test_worker_loads_neither_datasets_nor_pandas() -> None:
    code = (
        "import sys, movie_posters_decade.download.batch, movie_posters_decade.images;"
        "print({'datasets', 'pandas', 'pyarrow', 'loky', 'distributed'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    finished = subprocess.run(command, capture_output=True, check=True, text=True)
    assert finished.stdout == "set()\n"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A Dask cluster with two workers."""
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    cluster = Cluster(tmp_path)
    try:
        cluster.add_worker()
        cluster.add_worker()
        yield cluster
    finally:
        cluster.close()


def test_dask_cluster_may_lose_a_worker_and_is_an_error_without_its_scheduler(
    cluster: Cluster, hosts: list[FaultyHost], expected: list[tuple[Any, ...]], host: FaultyHost
) -> None:
    lose_a_worker(cluster, hosts, expected, host)
    lose_the_scheduler(cluster, host)


def lose_a_worker(
    cluster: Cluster, hosts: list[FaultyHost], expected: list[tuple[Any, ...]], host: FaultyHost
) -> None:
    """Kill a worker during a download, which gives the same results."""
    first = threading.Event()

    def slow(request: Request) -> None:
        first.set()
        time.sleep(0.05)
        request.respond(POSTER)

    slow_links = [f"{host.url}/{number}" for number in range(40)]
    host.handlers |= {f"/{number}": slow for number in range(40)}

    def kill_one() -> None:
        first.wait(60)
        cluster.workers[0].send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    settings: dict[str, Any] = {"policy": CALM, "check_version": check_version}
    urls = [*slow_links, *links(hosts)]
    results = download(urls, connections_per_host=2, workers=cluster.address, **settings)
    killer.join()
    assert all(result.path for result in results if result.url in slow_links)
    others = [result for result in results if result.url not in slow_links]
    assert sorted(map(key, others), key=lambda one: str(one[0])) == expected
    # The host may still be answering two requests of the worker that was killed.
    assert host.max_concurrent <= 4


def lose_the_scheduler(cluster: Cluster, host: FaultyHost) -> None:
    """Kill the scheduler during a download, which is an error."""

    def kill(request: Request) -> None:
        cluster.scheduler.kill()
        request.hang()

    host.handlers["/a"] = kill
    with pytest.raises(DownloadError, match=r"the Dask scheduler to go on; found that it is lost"):
        download([f"{host.url}/a"], workers=cluster.address, policy=RetryPolicy())


def test_reasons_are_the_same_in_a_worker(host: FaultyHost) -> None:
    paths = ["/ends-early", "/redirect-loop", "/opted-out", "/endless"]
    urls = [host.url + path for path in paths]
    with ThreadPoolExecutor(2) as executor:
        reasons = {one.url: one.reason for one in download(urls, workers=executor, policy=CALM)}
    assert list(map(reasons.get, urls)) == [
        RejectReason.TRUNCATED,
        RejectReason.CONNECTION_ERROR,
        RejectReason.OPTED_OUT,
        RejectReason.TOO_LARGE,
    ]
