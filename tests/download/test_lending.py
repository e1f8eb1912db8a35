"""Lending: whatever happens to the workers, each link is downloaded once and hosts are spared."""

import copy
import pickle
import random
from collections import Counter, deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_posters_decade.download.addresses import Address
from movie_posters_decade.download.hosts import Host, Loan
from movie_posters_decade.download.lending import LINKS_PER_BATCH, Batch, Lending
from movie_posters_decade.download.retry import Attempt, Link, RetryPolicy
from movie_posters_decade.records import RejectReason

POLICY = RetryPolicy()
ADDRESS = Address("http://a/", "http", "a", 80)


def hosts(*counts: int, connections: int = 32) -> list[tuple[Host, list[Link]]]:
    """Return a host with links for each count."""
    return [
        (
            Host(f"http://{number}", connections, POLICY),
            [Link(f"http://{number}/{link}", ADDRESS) for link in range(count)],
        )
        for number, count in enumerate(counts)
    ]


def origins(batch: Batch | None) -> list[str]:
    return [] if batch is None else [loan.host.origin for loan in batch.loans]


class Workers:
    """Workers of a test, which return batches in any order, half done, or never."""

    def __init__(self, chance: random.Random, lending: Lending, limits: dict[str, int]) -> None:
        self.chance, self.lending, self.limits = chance, lending, limits
        self.now = 100.0
        self.out: list[Batch] = []
        self.done: Counter[str] = Counter()
        self.paused: dict[str, float] = {}
        self.waiting: dict[str, float] = {}

    def step(self) -> None:
        batch = self.lending.next_batch(self.now)
        if batch is not None:
            self.begin(batch)
        elif self.out:
            self.end(self.out.pop(self.chance.randrange(len(self.out))))
        else:
            due = self.lending.next_due(self.now)
            assert due is not None
            assert due >= self.now
            self.now = due

    def begin(self, batch: Batch) -> None:
        self.out.append(batch)
        assert batch.links
        for loan in batch.loans:
            assert self.paused.get(loan.host.origin, 0) <= self.now
        for link in batch.links:
            assert self.waiting.get(link.url, 0) <= self.now
        used: Counter[str] = Counter()
        for loan in (loan for batch in self.out for loan in batch.loans):
            used[loan.host.origin] += loan.host.connections
        assert all(used[origin] <= self.limits[origin] for origin in used)
        urls = [link.url for batch in self.out for link in batch.links]
        assert len(set(urls)) == len(urls)

    def end(self, batch: Batch) -> None:
        self.now += self.chance.random()
        if self.chance.random() < 0.2:
            given_up = self.lending.lose(batch)
            if given_up is not None:  # by chance it lost its worker three times
                self.done[given_up.url] += 1
            return
        # As from another process: the driver's own objects have not changed.
        loans: list[Loan] = copy.deepcopy(batch.loans)
        for loan in loans:
            for _ in range(self.chance.randint(0, len(loan.links))):
                self.done[loan.links.popleft().url] += 1
            self.delay(loan)
        self.lending.take_back(loans, self.now)

    def delay(self, loan: Loan) -> None:
        for link in loan.links:
            link.wait = self.chance.choice([0.0, 0.0, 3.0])
            self.waiting[link.url] = self.now + link.wait
        if self.chance.random() < 0.2:
            loan.host._pause_until = self.now + 5
            self.paused[loan.host.origin] = self.now + 5


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 2**32),
    st.lists(st.integers(1, 40), min_size=1, max_size=8),
    st.integers(1, 5),
    st.sampled_from([1, 32, 64, 200]),
    st.sampled_from([1, 64, 1024]),
)
def test_each_link_is_done_once_and_no_host_gets_too_many_connections(
    seed: int, counts: list[int], workers: int, connections: int, most: int
) -> None:
    links = hosts(*counts, connections=connections)
    lending = Lending(links, workers, most)
    test = Workers(random.Random(seed), lending, {host.origin: connections for host, _ in links})
    while test.out or lending.next_due(test.now) is not None:
        test.step()
    urls = [link.url for _, some in links for link in some]
    assert test.done == Counter(urls)


def test_hosts_are_spread_over_the_workers() -> None:
    lending = Lending(hosts(*[10] * 8), 4, 1024)
    batches = [lending.next_batch(0.0) for _ in range(5)]
    assert [len(origins(batch)) for batch in batches] == [2, 2, 2, 2, 0]


def test_worker_gets_as_many_hosts_as_it_has_connections_for() -> None:
    lending = Lending(hosts(*[10] * 8, connections=2), 2, 6)
    assert [len(origins(lending.next_batch(0.0))) for _ in range(4)] == [3, 3, 2, 0]


def test_host_is_lent_to_one_batch_at_a_time() -> None:
    lending = Lending(hosts(2000), 4, 1024)
    first = lending.next_batch(0.0)
    assert first is not None
    assert len(first.links) == LINKS_PER_BATCH
    assert lending.next_batch(0.0) is None
    lending.take_back(first.loans, 0.0)
    assert origins(lending.next_batch(0.0)) == ["http://0"]


def test_host_with_many_connections_is_shared_by_several_batches() -> None:
    lending = Lending(hosts(2000, connections=100), 8, 1024)
    batches = [lending.next_batch(0.0) for _ in range(4)]
    assert [len(origins(batch)) for batch in batches] == [1, 1, 1, 0]
    assert [batch.loans[0].host.connections for batch in batches if batch] == [33, 33, 33]


def test_host_that_is_paused_is_lent_again_when_it_is_due() -> None:
    lending = Lending(hosts(5), 1, 1024)
    batch = lending.next_batch(0.0)
    assert batch is not None
    batch.loans[0].host._pause_until = 7.0
    lending.take_back(batch.loans, 1.0)
    assert lending.next_batch(6.9) is None
    assert lending.next_due(1.0) == 7.0
    assert origins(lending.next_batch(7.0)) == ["http://0"]


def test_batch_whose_worker_is_lost_runs_alone_and_is_halved_until_the_link_is_found() -> None:
    lending = Lending(hosts(3, 2), 4, 1024)
    losses: list[list[str]] = []
    given_up: list[str] = []
    done: list[str] = []

    def run(batch: Batch) -> None:
        if losses and not given_up:
            assert lending.next_batch(0.0) is None
        if any(link.url == "http://1/0" for link in batch.links):
            losses.append([link.url for link in batch.links])
            link = lending.lose(batch)
            given_up.extend([] if link is None else [link.url])
        else:
            done.extend(link.url for link in batch.links)
            lending.take_back([Loan(loan.host, deque()) for loan in batch.loans], 0.0)

    while (batch := lending.next_batch(0.0)) is not None:
        run(batch)
    assert losses[-2:] == [["http://1/0"], ["http://1/0"]]
    assert given_up == ["http://1/0"]
    assert sorted(done) == ["http://0/0", "http://0/1", "http://0/2", "http://1/1"]
    assert lending.next_due(0.0) is None


def test_host_keeps_its_state_on_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the clock there says."""
    host = Host("http://a", 4, POLICY)
    busy = Attempt("u", RejectReason.SERVER_ERROR, 429, is_transient=True, retry_after=9.0)
    host.record(busy, 0.0, 9.0)
    sent = pickle.dumps(host)
    monkeypatch.setattr("time.monotonic", lambda: 5e6)
    arrived = pickle.loads(sent)  # noqa: S301
    assert 8.9 < arrived.pause() <= 9
    assert (arrived.failures, arrived.limit) == (1, 2)
