"""Host names become addresses, and none holds up another."""

import asyncio
import socket
import threading
from collections import Counter
from typing import Any

import pytest

from movie_posters_decade.download.resolver import Names, known_as


class Resolver:
    """Stands in for the system's resolver, which a test cannot make slow."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, list[str]] = {}
        self.may_answer = threading.Event()

    def getaddrinfo(self, host: str, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        self.asked[host] += 1
        if host.startswith("slow"):
            self.may_answer.wait(20)
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [(None, None, None, "", (address, 0)) for address in self.answers[host]]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    resolver = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver.getaddrinfo)
    return resolver


def test_name_is_looked_up_once_for_all_who_ask(resolver: Resolver) -> None:
    resolver.answers["a.example"] = ["1.2.3.4", "2001:db8::1"]

    async def ask() -> list[list[str]]:
        names = Names()
        first = await asyncio.gather(*(names.addresses("a.example") for _ in range(5)))
        return [*first, await names.addresses("a.example")]

    assert asyncio.run(ask()) == 6 * [["1.2.3.4", "2001:db8::1"]]
    assert resolver.asked["a.example"] == 1


def test_name_that_is_not_known_is_looked_up_again(resolver: Resolver) -> None:
    async def ask() -> list[str]:
        names = Names()
        with pytest.raises(OSError, match="not known"):
            await names.addresses("a.example")
        resolver.answers["a.example"] = ["1.2.3.4"]
        await asyncio.sleep(0)
        return await names.addresses("a.example")

    assert asyncio.run(ask()) == ["1.2.3.4"]


def test_slow_name_holds_up_neither_another_nor_the_end(resolver: Resolver) -> None:
    resolver.answers |= {"slow.example": ["1.1.1.1"], "a.example": ["1.2.3.4"]}

    async def ask() -> list[str]:
        names = Names()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await names.addresses("slow.example")
        found = await names.addresses("a.example")
        await names.aclose()
        return found

    assert asyncio.run(ask()) == ["1.2.3.4"]
    assert not resolver.may_answer.is_set()
    resolver.may_answer.set()


def test_one_who_gives_up_does_not_take_the_answer_from_others(resolver: Resolver) -> None:
    resolver.answers["slow.example"] = ["1.2.3.4"]

    async def ask() -> list[str]:
        names = Names()
        patient = asyncio.create_task(names.addresses("slow.example"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await names.addresses("slow.example")
        resolver.may_answer.set()
        return await patient

    assert asyncio.run(ask()) == ["1.2.3.4"]


def test_addresses_are_told_as_libcurl_reads_them() -> None:
    assert known_as("a.example", 80, ["1.2.3.4", "2001:db8::1"]) == (
        "a.example:80:1.2.3.4,[2001:db8::1]"
    )
