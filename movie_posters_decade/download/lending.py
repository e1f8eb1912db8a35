"""Lending: which links go into which batch, so that workers never press one host together.

The driver lends a host, with all its connections, to one batch at a time. So the limit of
connections, Retry-After and the circuit breaker hold over all workers as they hold in one process.
Only a host that allows many connections is lent to several batches, each with a part of them.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from movie_posters_decade.download.hosts import Host, Loan
from movie_posters_decade.download.retry import Link

CONNECTIONS_PER_SHARE = 32
"""A host is lent to two batches from twice as many connections on, to three from thrice, ..."""

LINKS_PER_BATCH = 256
"""The largest number of links in a batch, about as many as it can download."""

MAX_LOSSES = 3
"""How often the worker of a single link may be lost before the link is given up."""


@dataclass
class Batch:
    """Loans that are out together, and how often their worker was lost."""

    loans: list[Loan]
    losses: int = 0

    @property
    def links(self) -> list[Link]:
        """The links of all its hosts."""
        return [link for loan in self.loans for link in loan.links]


@dataclass
class _Queue:
    """One host, and those of its links that are not lent."""

    host: Host
    ready: deque[Link]
    shares: int  # into how many batches it may be lent at a time
    waiting: list[tuple[float, int, Link]] = field(default_factory=list)  # a heap, by time
    out: int = 0  # how many shares are lent

    @property
    def connections(self) -> int:
        """How many connections a batch needs for a share."""
        links = len(self.ready) + len(self.waiting)
        return min(self.host.connections // self.shares, links)

    def next_due(self, now: float) -> float | None:
        """Return when a share can be lent; None if there is none, or no link for it."""
        if self.out >= self.shares or not (self.ready or self.waiting):
            return None
        return max(now if self.ready else self.waiting[0][0], now + self.host.pause(now))

    def lend(self, now: float, size: int) -> Loan:
        while self.waiting and self.waiting[0][0] <= now:
            self.ready.append(heapq.heappop(self.waiting)[2])
        part = -(-len(self.ready) // (self.shares - self.out))
        links = deque(self.ready.popleft() for _ in range(min(size, part)))
        self.out += 1
        return Loan(self.host if self.shares == 1 else self.host.share(self.shares), links)


class Lending:
    """The hosts of one download, with all links that are not done.

    Args:
        links: of each host.
        workers: how many batches can run at a time.
        max_connections: the largest number of connections of one worker.
    """

    def __init__(
        self, links: Iterable[tuple[Host, Sequence[Link]]], workers: int, max_connections: int
    ) -> None:
        self._queues = {
            host.origin: _Queue(host, deque(some), _shares(host, workers)) for host, some in links
        }
        self._workers = workers
        self._max_connections = max_connections
        self._out = 0
        self._suspects: list[Batch] = []
        self._numbers = itertools.count()

    def next_batch(self, now: float) -> Batch | None:
        """Lend hosts to one more batch, or return None if none can be lent now."""
        batch = self._lend_again(now) if self._suspects else self._lend(now)
        self._out += batch is not None
        return batch

    def next_due(self, now: float) -> float | None:
        """Return when the next host can be lent; None if that depends on what is out."""
        if self._suspects:
            return None if self._out else now + self._pause(self._suspects[0], now)
        due = [queue.next_due(now) for queue in self._queues.values()]
        return min((moment for moment in due if moment is not None), default=None)

    def take_back(self, loans: Sequence[Loan], now: float) -> None:
        """Take back the hosts of a batch that has ended, with the links that are left."""
        self._out -= 1
        for loan in loans:
            self._take_back(loan, now)

    def lose(self, batch: Batch) -> Link | None:
        """Take back a batch whose worker was lost. It runs again, halved if that happens again.

        Returns:
            the link of the batch, if it is a single one that has lost its worker too often. It is
            given up: whatever is behind it ends the process that downloads or decodes it.
        """
        self._out -= 1
        batch.losses += 1
        for origin in _origins(batch):
            self._queues[origin].host.count_lost_requests()
        links = batch.links
        if len(links) == 1 and batch.losses >= MAX_LOSSES:
            host = batch.loans[0].host
            self._take_back(Loan(host, deque()), 0.0)
            return links[0]
        self._suspects.append(batch)
        if len(links) > 1 and batch.losses > 1:
            second = _split_off_half(batch)
            self._suspects.append(second)
            for origin in _origins(batch) & _origins(second):
                self._queues[origin].out += 1
        return None

    def _lend_again(self, now: float) -> Batch | None:
        """Return a batch that lost its worker.

        One at a time, and nothing beside it, so that the next loss shows which is to blame.
        """
        if self._out or self._pause(self._suspects[0], now):
            return None
        batch = self._suspects.pop(0)
        for loan in batch.loans:
            loan.host.take_back(self._queues[loan.host.origin].host)
        return batch

    def _pause(self, batch: Batch, now: float) -> float:
        return max(self._queues[origin].host.pause(now) for origin in _origins(batch))

    def _lend(self, now: float) -> Batch | None:
        due = ((queue, queue.next_due(now)) for queue in self._queues.values())
        free = [queue for queue, moment in due if moment is not None and moment <= now]
        if not free:
            return None
        chosen = self._choose(free[: -(-len(free) // max(1, self._workers - self._out))])
        for queue in chosen:  # to the end, so that it is the others' turn
            self._queues[queue.host.origin] = self._queues.pop(queue.host.origin)
        return Batch([queue.lend(now, -(-LINKS_PER_BATCH // len(chosen))) for queue in chosen])

    def _choose(self, free: Sequence[_Queue]) -> list[_Queue]:
        """Return as many hosts as one worker has connections for, and at least one."""
        used = itertools.accumulate(queue.connections for queue in free)
        fitting = sum(connections <= self._max_connections for connections in used)
        return list(free[: max(1, fitting)])

    def _take_back(self, loan: Loan, now: float) -> None:
        queue = self._queues[loan.host.origin]
        queue.out -= 1
        queue.host.take_back(loan.host)
        for link in reversed(loan.links):
            if link.wait > 0:
                heapq.heappush(queue.waiting, (now + link.wait, next(self._numbers), link))
                link.wait = 0.0
            else:
                queue.ready.appendleft(link)


def _shares(host: Host, workers: int) -> int:
    if host.pace is not None:
        return 1  # as its requests are counted in one place
    return max(1, min(workers, host.connections // CONNECTIONS_PER_SHARE))


def _split_off_half(batch: Batch) -> Batch:
    """Remove the second half of a batch's links, and return it as a batch of its own."""
    pairs = [(loan.host, link) for loan in batch.loans for link in loan.links]
    middle = len(pairs) // 2
    batch.loans, batch.losses = _loans(pairs[:middle]), 1
    return Batch(_loans(pairs[middle:]), losses=1)


def _loans(pairs: Iterable[tuple[Host, Link]]) -> list[Loan]:
    loans: dict[str, Loan] = {}
    for host, link in pairs:
        loans.setdefault(host.origin, Loan(host.share(1), deque())).links.append(link)
    return list(loans.values())


def _origins(batch: Batch) -> set[str]:
    return {loan.host.origin for loan in batch.loans}
