"""What the hub asks of a store. One conformance suite (``tests/store``) holds for every implementation.

* Everything that changes goes through ``transact``: one job, one transaction, one writer, in the order of the calls.
  When the job raises, or the commit is not known good, nothing is written and nothing may be released.
* A job runs once, to its end, on the writer's thread, even when its caller is cancelled; it is given the transaction and no
  event loop.
* Readers see committed state only, on connections of their own, and are never blocked by the writer.
* Drivers' errors of the environment never pass: they become ``StoreBusy`` (STORE_BUSY: nothing written, retry), ``StoreBusy``
  (STORE_FULL: disk full, failing or read-only) or ``LocalFault`` (CORRUPT).
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from tocsin_hub.domain.rows import (
    AttemptRow,
    BatchRow,
    Changes,
    CursorRow,
    DirectoryRow,
    EntryRow,
    Head,
    ListRow,
    Loaded,
    MailboxKey,
    MessageRow,
    Needs,
    OrderRow,
    ThreadRow,
    TimerRow,
    WatchEntryRow,
)

T = TypeVar("T")


class WriteTx(Protocol):
    """One open write transaction."""

    def head(self) -> Head:
        """The end of the log as this transaction sees it (the log-head row is locked)."""
        ...

    def load(self, needs: Needs) -> Loaded:
        """The rows a batch needs, in a constant number of queries."""
        ...

    def due_timers(self, until_us: int, limit: int) -> list[TimerRow]:
        """Timers due at or before ``until_us``, earliest first, ties by (order_id, deadline)."""
        ...

    def acked(self, mailbox: MailboxKey, log_index: int) -> bool:
        """Whether the entry of that message in that mailbox was acked on subscription ``main``; given up is not acked."""
        ...

    def write(self, changes: Changes) -> list[EntryRow]:
        """Writes a batch; returns its entries with their seq, in the order given. Timers cleared first, then set.

        Messages must continue the log and directory rows the directory; ids must be new. Threads, orders, subjects and timers
        are inserted or replaced.

        Raises:
            LocalFault: CORRUPT, the batch does not continue what is stored.
        """
        ...

    def save_cursors(self, cursors: Iterable[CursorRow]) -> None:
        """Moves cursors forward (never back) and drops attempt rows at or below them unless dead."""
        ...

    def save_attempts(self, attempts: Iterable[AttemptRow]) -> None:
        """Inserts or replaces attempt rows."""
        ...

    def drop_attempts(self, mailbox: MailboxKey, subscription: str, seqs: Iterable[int]) -> None:
        """Deletes attempt rows (dead letters offered again)."""
        ...

    def set_meta(self, key: str, value: bytes) -> None:
        """Stores a small named value (bus, generation, …)."""
        ...

    def get_meta(self, key: str) -> bytes | None:
        """Reads a small named value."""
        ...


class StoredEntry(NamedTuple):
    """A mailbox entry with its message."""

    entry: EntryRow
    message: MessageRow


class MailboxState(NamedTuple):
    """Where a mailbox and one of its subscriptions stand."""

    head_seq: int
    cursor: int
    attempts: list[AttemptRow]


class StoreReader(Protocol):
    """The reading half: what is committed, whoever writes."""

    async def mailbox_state(self, mailbox: MailboxKey, subscription: str) -> MailboxState:
        """Head, cursor and attempt rows; zeros and none for a mailbox never used."""
        ...

    async def entries(self, mailbox: MailboxKey, *, after_seq: int, limit: int) -> list[StoredEntry]:
        """Entries with ``seq > after_seq``, in order. A hole below the head raises LocalFault CORRUPT."""
        ...

    async def messages(self, log_indexes: Sequence[int]) -> list[MessageRow]:
        """Messages by log index, in the order asked; absent ones are left out."""
        ...

    async def message_range(self, first: int, limit: int) -> list[MessageRow]:
        """Messages from a log index on, in log order."""
        ...

    async def by_id(self, message_id: bytes) -> MessageRow | None:
        """One message by its id."""
        ...

    async def thread_messages(self, root_id: bytes) -> list[MessageRow]:
        """All messages of a thread, in log order."""
        ...

    async def thread(self, root_id: bytes) -> ThreadRow | None:
        """One thread."""
        ...

    async def order(self, order_id: bytes) -> OrderRow | None:
        """One order."""
        ...

    async def orders_of(
        self, party: str, *, state: str, before_index: int, limit: int
    ) -> list[tuple[OrderRow, ThreadRow]]:
        """Orders the party sent or received with ``log_index < before_index``, newest first; ``state`` empty means all."""
        ...

    async def orders_to(self, party: str, *, after_index: int, limit: int) -> list[tuple[OrderRow, ThreadRow]]:
        """Orders addressed to the party with ``log_index > after_index``, oldest first, each with its thread."""
        ...

    async def nodes(self, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """Merkle nodes by (level, index)."""
        ...

    async def batch(self, tree_size: int) -> BatchRow | None:
        """The batch that ended at ``tree_size``."""
        ...

    async def newest_batch(self) -> BatchRow | None:
        """The last committed batch."""
        ...

    async def watch_match(
        self, list_id: str, epoch: int, tokens: Sequence[bytes]
    ) -> tuple[dict[tuple[str, int], ListRow], dict[bytes, WatchEntryRow]]:
        """The two newest epochs of a watchlist, by (list id, epoch), and of one of them the entries of ``tokens``.

        One snapshot, a few indexed reads; absent entries are left out, and there are none of an epoch that is not among the two.
        """
        ...

    async def directory_rows(self, after_version: int, limit: int) -> list[DirectoryRow]:
        """Directory entries after a version, in order."""
        ...

    async def directory_heads(self, versions: Sequence[int]) -> dict[int, bytes]:
        """Heads of the directory chain by version; version 0 is 32 zero bytes, absent ones are left out."""
        ...

    async def next_due_us(self) -> int | None:
        """When the earliest timer is due."""
        ...

    async def dead_letters(self, party: str) -> list[tuple[AttemptRow, MessageRow]]:
        """Entries given up, of one party or (empty) of all, by mailbox and seq."""
        ...

    async def pending(self, party: str) -> dict[int, int]:
        """Entries not yet acked or given up on ``main``, by lane; lanes never used are left out."""
        ...

    async def all_mailboxes(self) -> dict[MailboxKey, tuple[int, int]]:
        """(head, cursor of ``main``) of every mailbox."""
        ...

    async def dump(self, table: str) -> list[tuple[object, ...]]:
        """All rows of one projection in a stable order, for ``replay --verify``.

        ``table`` is one of threads, orders, subjects, timers, watch-lists, watch-entries, watch-uses, notices, directory,
        entries, nodes, batches. Left out are the
        ``generation`` of entries, the ``checkpoint`` of batches (whose root the nodes give) and subjects at zero.

        Raises:
            ValueError: There is no such projection.
        """
        ...

    async def aclose(self) -> None:
        """Finishes what was queued and closes. Calls after it raise Draining."""
        ...


class HubStore(StoreReader, Protocol):
    """A store of the hub."""

    async def transact(self, job: Callable[[WriteTx], T], *, urgent: bool = False) -> T:
        """Runs ``job`` in one transaction on the writer and returns its value once the commit is durable.

        ``urgent`` jobs overtake waiting others, never one that runs.

        Raises:
            StoreBusy: STORE_BUSY or STORE_FULL; nothing was written.
            LocalFault: CORRUPT.
            Draining: The store was closed.
        """
        ...

    async def backup(self, path: Path) -> int:
        """Writes a consistent copy (0600, on the disk when this returns) while the hub runs; returns its bytes.

        Raises:
            Malformed: FIELD_INVALID, ``path`` exists or cannot be made.
            StoreBusy: STORE_BUSY or STORE_FULL; no copy is left.
        """
        ...

    async def facts(self) -> dict[str, str]:
        """What the store says of itself when asked: schema version, ``synchronous``, journal mode, library version."""
        ...
