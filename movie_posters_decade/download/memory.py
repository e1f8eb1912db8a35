"""Memory: one bound for the bodies of a process, however many hosts and connections there are.

A body takes room as its bytes arrive. Where none is left, its transfer is paused, and its host
waits as it does for any slow reader. Bodies that are half there must not wait for each other for
ever, so bytes as they arrive fill only half of the room. From then on a body goes on once there is
room for all the rest of it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from mmap import mmap
from typing import Self

BODY_MEMORY = 256 * 1024 * 1024
"""How many bytes of bodies a process holds, from their arrival until they are stored."""

BATCH_MEMORY = 64 * 1024 * 1024
"""The same for a batch, of which the build holds two of each worker at a time."""

MAPPED_BYTES = 1024 * 1024
"""From this length on a body has pages of its own, which the system gets back at once.

On the heap, the small pieces of large bodies leave holes that the next ones do not fit into.
"""


class BodyMemory:
    """The room for all bodies of a process, in bytes.

    Args:
        total: the size of the room. A body larger than half of it counts as half, so that it can
            always be accepted.
        is_kept: whether bodies stay until the end, as the results of a batch do. A body for which
            there is no room is then refused, and so are all that come after it.
    """

    def __init__(self, total: int = BODY_MEMORY, *, is_kept: bool = False) -> None:
        self.is_full = False
        """Whether bodies are refused."""
        self.is_kept = is_kept
        self._free = total
        self._half = total // 2
        self._waiting: deque[Body] = deque()
        self.overdraft = asyncio.Lock()
        """Held by the only content that may have more room than there is."""

    def take(self, body: "Body", size: int) -> bool:
        """Take room for the next bytes of a body; False if there is none."""
        if size <= body.reserved:
            body.reserved -= size
            return True
        if self.is_full:
            return False
        # Those that wait come first, or many small bodies would starve a large one.
        if not self._waiting and self._free - size >= self._half:
            self._free -= size
            body.taken += size
            return True
        if not self._waiting and self._reserve(body, size):
            body.reserved -= size
            return True
        self.is_full = self.is_kept
        return False

    def overdraw(self, body: "Body", size: int) -> None:
        """Take room for a body although there may be none."""
        self._free -= size
        body.taken += size

    def wait(self, body: "Body") -> None:
        """Let a body wait for room."""
        self._waiting.append(body)

    def give_back(self, body: "Body") -> None:
        """Take back the room of a body, and let those that wait go on."""
        if body in self._waiting:
            self._waiting.remove(body)
        self._free += body.taken
        body.taken = body.reserved = 0
        while self._waiting and self._reserve(self._waiting[0]):
            self._waiting.popleft().go_on()

    def _reserve(self, body: "Body", size: int = 0) -> bool:
        """Reserve room for the rest of a body, if there is as much; at least for its next bytes."""
        rest = max(size, body.length - body.size)
        taken = min(rest, self._half)
        if taken > self._free:
            return False
        self._free -= taken
        body.taken += taken
        body.reserved = rest
        return True


class Body:
    """The body of one response, in memory. As a context manager it gives its room back.

    Args:
        memory: where it takes its room.
    """

    def __init__(self, memory: BodyMemory) -> None:
        self.length = 0
        """How many bytes it will have, or at most."""
        self.taken = 0
        """How much of the room it has."""
        self.reserved = 0
        """For how many further bytes it has room."""
        self.paused = 0.0
        """For how many seconds its transfer has waited for room."""
        self._memory = memory
        self.size = 0
        """How many bytes there are."""
        self._chunks: list[bytes] = []
        self._map: mmap | None = None
        self.timeout: asyncio.Timeout | None = None
        """Of the attempt that is under way."""
        self._has_overdraft = False
        self._time_left = 0.0
        self._paused_at = 0.0
        self._resume: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    @property
    def is_refused(self) -> bool:
        """Whether there will be no room for more bytes."""
        return self._memory.is_full

    @property
    def content(self) -> bytes:
        """All bytes that have arrived."""
        self._unmap()
        if len(self._chunks) > 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0] if self._chunks else b""

    def write(self, chunk: bytes) -> bool:
        """Add bytes; False, and nothing is added, if there is no room for them now."""
        if not self._memory.take(self, len(chunk)):
            return False
        end = self.size + len(chunk)
        if self._map is None and self.size == 0 and self.length >= MAPPED_BYTES:
            self._map = mmap(-1, self.length)
        if self._map is not None and end > len(self._map):
            self._unmap()  # a host that sends more than it announced
        if self._map is None:
            self._chunks.append(chunk)
        else:
            self._map[self.size : end] = chunk
        self.size = end
        return True

    def wait(self, resume: Callable[[], None]) -> None:
        """Wait for room for all the rest, and then resume. The timeout stands still meanwhile."""
        self._resume = resume
        self._pause()
        self._memory.wait(self)

    def go_on(self) -> None:
        """End the wait."""
        self._end_pause()
        self._resume()

    def _pause(self) -> None:
        self._paused_at = time.monotonic()
        if self.timeout is not None:
            self._time_left = (self.timeout.when() or 0.0) - asyncio.get_running_loop().time()
            self.timeout.reschedule(None)

    def _end_pause(self) -> None:
        self.paused += time.monotonic() - self._paused_at
        if self.timeout is not None:
            self.timeout.reschedule(asyncio.get_running_loop().time() + self._time_left)

    async def make_room(self, size: int) -> bool:
        """Take room for a content that replaces this one; False if there will be none.

        Bodies that have arrived would wait for each other's room for ever. So one at a time may
        have more than there is: it needs nothing else until it is stored, and then gives it back.
        """
        self.length = size
        more = max(0, size - self.size)
        if self._memory.take(self, more):
            return True
        if self.is_refused:
            return False
        self._pause()
        try:
            await self._memory.overdraft.acquire()
        finally:
            self._end_pause()
        self._has_overdraft = True
        self._memory.overdraw(self, more)
        return True

    def replace(self, content: bytes) -> None:
        """Replace the content by one for which there is room."""
        self._unmap()
        self._chunks, self.size = [content], len(content)

    def hand_on(self) -> None:
        """Leave the content to the caller. In a batch its room stays taken."""
        if self._memory.is_kept:
            self.taken = 0

    def clear(self) -> None:
        """Remove the content, and give the room back."""
        if self._map is not None:
            self._map.close()
            self._map = None
        self._chunks, self.size = [], 0
        self._memory.give_back(self)
        if self._has_overdraft:
            self._has_overdraft = False
            self._memory.overdraft.release()

    def _unmap(self) -> None:
        if self._map is not None:
            self._chunks = [self._map[: self.size]]
            self._map.close()
            self._map = None
