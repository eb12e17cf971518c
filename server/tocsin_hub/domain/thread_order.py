"""Which entry of a thread may be sent next.

* One entry of a thread is in flight at a time, in one mailbox.
* An entry waits until all before it are acked or dead. One that is delayed, however often it failed, still holds
  back those after it: a freeze must not pass the stop it converts.
* A release waits for nothing that is parked: it passes entries that are delayed and those waiting behind them. It
  never passes one in flight, nor one that could be sent itself.
"""

from bisect import insort
from enum import Enum
from operator import attrgetter
from typing import Generic

from tocsin_hub.domain.attempts import B, Item, RepeatReason
from tocsin_hub.domain.rows import EntryRow


class State(Enum):
    """Where an entry that is neither acked nor dead stands."""

    HELD = "held"
    """Not its turn in its thread."""
    UNREAD = "unread"
    """Its turn; its body must be read again."""
    READY = "ready"
    """To be sent; the only state in which the body is in memory."""
    LEASED = "leased"
    """Sent, to a session or, after that closed, within the grace."""
    DELAYED = "delayed"


class Session:
    """One subscriber's stream: what it can still take, and what it holds. Neither credit is ever negative."""

    __slots__ = ("bytes", "leased", "messages")

    def __init__(self) -> None:
        self.messages = 0
        self.bytes = 0
        self.leased: set[int] = set()


class OpenEntry(Generic[B]):
    """An entry past the cursor that is neither acked nor dead."""

    __slots__ = (
        "due_us", "entry", "failures", "item", "reason", "replayed", "sends", "seq", "session", "size", "state",
        "thread",
        "token",
    )  # fmt: skip

    def __init__(self, entry: EntryRow, thread: "Thread[B]", reason: RepeatReason) -> None:
        self.entry = entry
        self.seq = entry.seq
        self.thread = thread
        self.reason = reason
        self.state = State.HELD
        self.token = b""
        self.session: Session | None = None
        self.sends = 0
        self.failures = 0
        self.due_us = 0
        self.replayed = False
        self.size = 0
        self.item: Item[B] | None = None


class Thread(Generic[B]):
    """The open entries of one thread in one mailbox, by seq."""

    __slots__ = ("entries", "leased")

    def __init__(self) -> None:
        self.entries: list[OpenEntry[B]] = []
        self.leased: OpenEntry[B] | None = None

    def add(self, entry: OpenEntry[B]) -> None:
        """Takes an entry in; only a replayed one may be older than those here."""
        if self.entries and entry.seq < self.entries[-1].seq:
            insort(self.entries, entry, key=attrgetter("seq"))
        else:
            self.entries.append(entry)

    def next_to_send(self) -> OpenEntry[B] | None:
        """The held entry whose turn it has become, if any."""
        if self.leased is not None:
            return None
        behind_parked = False
        for entry in self.entries:
            if entry.state is State.DELAYED:
                behind_parked = True
            elif entry.state is not State.HELD:
                return None
            elif not behind_parked or entry.entry.urgent_exempt:
                return entry
        return None
