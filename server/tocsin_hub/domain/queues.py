"""The two queues of a mailbox: entries ready to be sent, by seq, and entries waiting for a time, by that time.

* Bodies are in memory only in the ready queue; it is full at so many entries, or once it holds so many bytes.
* What left a queue by another way is skipped when its turn comes, not searched for.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Generic

from tocsin_hub.domain.attempts import B, Item
from tocsin_hub.domain.thread_order import OpenEntry, State


class ReadyQueue(Generic[B]):
    """Entries with their bodies.

    Args:
        max_entries: No more than these.
        max_bytes: One entry at most goes beyond these.
    """

    __slots__ = ("_bytes", "_entries", "_last_size", "_max_bytes", "_max_entries", "_seqs")

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes = 0
        self._last_size = 1
        self._entries: dict[int, OpenEntry[B]] = {}
        self._seqs: list[int] = []

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def room(self) -> int:
        """Entries that may still be put in, as far as bytes go judged by the last one; 0 when full."""
        bytes_left = self._max_bytes - self._bytes
        if bytes_left <= 0:
            return 0
        return min(self._max_entries - len(self._entries), bytes_left // self._last_size + 1)

    @property
    def low(self) -> bool:
        """Whether it is time for another reading: a quarter is free."""
        return len(self._entries) * 4 <= self._max_entries * 3 and self._bytes * 4 <= self._max_bytes * 3

    def put(self, entry: OpenEntry[B], item: Item[B]) -> None:
        """Takes an entry in; the caller has seen that there is room."""
        entry.state = State.READY
        entry.item, entry.size = item, item.size
        self._bytes += item.size
        self._last_size = item.size or 1
        self._entries[entry.seq] = entry
        heappush(self._seqs, entry.seq)

    def first(self) -> OpenEntry[B] | None:
        """The entry of the lowest seq."""
        seqs, entries = self._seqs, self._entries
        while seqs:
            entry = entries.get(seqs[0])
            if entry is not None:
                return entry
            heappop(seqs)
        return None

    def remove(self, entry: OpenEntry[B], state: State) -> Item[B]:
        """Takes an entry out, which then is in ``state``, and gives its body away."""
        item = self._entries.pop(entry.seq).item
        assert item is not None, "a ready entry has its body"
        entry.state = state
        entry.item = None
        self._bytes -= item.size
        return item

    def clear(self, state: State) -> list[OpenEntry[B]]:
        """Takes all entries out, by seq; they then are in ``state``."""
        entries = [self._entries[seq] for seq in sorted(self._entries)]
        for entry in entries:
            self.remove(entry, state)
        self._seqs.clear()
        return entries


class WaitQueue(Generic[B]):
    """Entries that are delayed, or leased to a session that closed. One that is called away has a ``due_us`` of 0."""

    __slots__ = ("_due", "_puts")

    def __init__(self) -> None:
        self._puts = 0
        self._due: list[tuple[int, int, OpenEntry[B]]] = []

    def put(self, entry: OpenEntry[B], due_us: int) -> None:
        """Makes an entry wait until ``due_us``."""
        entry.due_us = due_us
        self._puts += 1
        heappush(self._due, (due_us, self._puts, entry))

    def next_us(self) -> int | None:
        """When the first wait ends."""
        while self._due and self._due[0][2].due_us != self._due[0][0]:
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def take_due(self, now_us: int) -> Iterator[OpenEntry[B]]:
        """Takes out the entries whose wait is over."""
        while self._due and self._due[0][0] <= now_us:
            first = heappop(self._due)
            if first[2].due_us == first[0]:
                yield first[2]
