"""The DNS resolver: one lookup for all who wait, and no lookup delays another."""

import asyncio
import socket
import threading
from collections import Counter
from typing import Any

import pytest
from downloads import download

from movie_posters_decade.download import RetryPolicy
from movie_posters_decade.download.addresses import Address, Resolver, curl_entry
from movie_posters_decade.records import RejectReason


class SystemResolver:
    """Stands in for the system's resolver, which a test cannot slow down."""

    def __init__(self) -> None:
        self.lookups: Counter[str] = Counter()
        self.addresses: dict[str, list[str]] = {}
        self.may_answer = threading.Event()

    def getaddrinfo(self, host: str, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        self.lookups[host] += 1
        if host.startswith("slow"):
            self.may_answer.wait(20)
        if host not in self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [(None, None, None, "", (address, 0)) for address in self.addresses[host]]


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> SystemResolver:
    """A system resolver that knows no name yet."""
    system = SystemResolver()
    monkeypatch.setattr(socket, "getaddrinfo", system.getaddrinfo)
    return system


def test_name_is_looked_up_once_for_all_tasks(system: SystemResolver) -> None:
    system.addresses["a.example"] = ["1.2.3.4", "2001:db8::1"]

    async def resolve() -> list[list[str]]:
        resolver = Resolver(5.0, 8)
        first = await asyncio.gather(*(resolver.addresses("a.example") for _ in range(5)))
        return [*first, await resolver.addresses("a.example")]

    assert asyncio.run(resolve()) == 6 * [["1.2.3.4", "2001:db8::1"]]
    assert system.lookups["a.example"] == 1


def test_unknown_name_is_looked_up_again(system: SystemResolver) -> None:
    async def resolve() -> list[str]:
        resolver = Resolver(5.0, 8)
        with pytest.raises(OSError, match="not known"):
            await resolver.addresses("a.example")
        system.addresses["a.example"] = ["1.2.3.4"]
        await asyncio.sleep(0)
        return await resolver.addresses("a.example")

    assert asyncio.run(resolve()) == ["1.2.3.4"]


def test_url_of_an_unknown_host_is_a_connection_error(system: SystemResolver) -> None:
    [result] = download(["http://nowhere.example/"], policy=RetryPolicy(attempts=1))
    assert result.reason is RejectReason.CONNECTION_ERROR
    assert system.lookups == {"nowhere.example": 1}


def test_url_of_a_host_whose_lookup_takes_too_long_is_a_timeout(system: SystemResolver) -> None:
    policy = RetryPolicy(attempts=1, connect_timeout=0.05)
    [result] = download(["http://slow.example/"], policy=policy)
    assert result.reason is RejectReason.TIMEOUT
    system.may_answer.set()


def test_lookup_that_hangs_counts_until_its_thread_has_ended(system: SystemResolver) -> None:
    async def resolve() -> None:
        resolver = Resolver(0.01, 2)
        names = [f"slow{number}.example" for number in range(6)]
        lookups = [asyncio.create_task(resolver.addresses(name)) for name in names]
        await asyncio.sleep(0.1)
        assert system.lookups.total() == 2
        system.may_answer.set()
        await asyncio.gather(*lookups, return_exceptions=True)
        assert system.lookups.total() == 6

    asyncio.run(resolve())


def test_slow_lookup_delays_neither_another_nor_the_end(system: SystemResolver) -> None:
    system.addresses |= {"slow.example": ["1.1.1.1"], "a.example": ["1.2.3.4"]}

    async def resolve() -> list[str]:
        resolver = Resolver(5.0, 8)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await resolver.addresses("slow.example")
        addresses = await resolver.addresses("a.example")
        await resolver.aclose()
        return addresses

    assert asyncio.run(resolve()) == ["1.2.3.4"]
    assert not system.may_answer.is_set()
    system.may_answer.set()


def test_task_that_stops_waiting_does_not_cancel_the_lookup_for_others(
    system: SystemResolver,
) -> None:
    system.addresses["slow.example"] = ["1.2.3.4"]

    async def resolve() -> list[str]:
        resolver = Resolver(5.0, 8)
        waiting = asyncio.create_task(resolver.addresses("slow.example"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await resolver.addresses("slow.example")
        system.may_answer.set()
        return await waiting

    assert asyncio.run(resolve()) == ["1.2.3.4"]


def test_addresses_are_written_as_libcurl_reads_them() -> None:
    address = Address("http://a.example/", "http", "a.example", 80)
    assert curl_entry(address, ["1.2.3.4", "2001:db8::1"]) == "a.example:80:1.2.3.4,[2001:db8::1]"
