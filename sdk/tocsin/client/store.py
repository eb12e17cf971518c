"""The durable file of one party: ``participant.db`` in its identity directory.

 * What an ``await`` of a writing method returned is on the disk (``tocsin.sqlitethread``); what it raised left nothing
   behind.
 * Several processes of one party may open the file at once (``tocsin send`` beside ``tocsin listen``).
 * Batches are cheap and single calls that wait together are merged; routine batches hold at most
   ``sqlitethread.MAX_ITEMS`` items.
 * Readers see what is committed and never hold up the writer. Times are microseconds since 1970 UTC, passed in.

The rules of each table stand in ``outbox``, ``inbox``, ``measures`` and ``records``; their functions also serve
``transact``, which joins several of them in one commit.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from tocsin.client import inbox, measures, outbox, records, schema, standing, watch_rows
from tocsin.client.rows import (
    Aside,
    Confirmed,
    DirectoryEntry,
    Finish,
    InboxRow,
    InboxState,
    Incoming,
    MeasureRow,
    OutboxRow,
    OutboxState,
    Outgoing,
    Received,
    Settled,
    Start,
    StartMark,
)
from tocsin.client.standing import Ask, Standing
from tocsin.client.watch_rows import EpochRow, OwnRow
from tocsin.core.errors import Reason, error
from tocsin.core.measure import MeasureState
from tocsin.core.message import MAX_FRAME_BYTES, Lane
from tocsin.sqlitecalls import Job, T
from tocsin.sqliteread import SqliteReaders
from tocsin.sqlitethread import Faults, SqliteThread

FILE_NAME = "participant.db"
"""Name of the file in the identity directory."""

LIST_LIMIT = 1_000
"""Rows of a listing unless asked otherwise: a screenful many times over, and short enough for one snapshot."""

SEND_LIMIT = 64
"""Messages of one frame unless asked otherwise."""


class ClientStore:
    """Outbox, inbox, measures and directory of one party. Make it with ``open``, end it with ``aclose``.

    Every method may raise StoreBusy (STORE_BUSY or STORE_FULL: nothing was written), LocalFault (CORRUPT) and, once
    closed, Draining; what more it raises stands with the function of the same name in ``outbox``, ``inbox``,
    ``measures`` or ``records``.
    """

    def __init__(self, writer: SqliteThread, readers: SqliteReaders) -> None:
        self._writer = writer
        self._readers = readers

    @classmethod
    async def open(cls, path: Path, *, faults: Faults | None = None) -> Self:
        """Opens or creates the file (0600) and brings it to the present layout.

        Raises:
            LocalFault: STORE_NEWER, CORRUPT, or IDENTITY_INVALID when its directory cannot be used.
            StoreBusy: STORE_BUSY or STORE_FULL.
        """
        try:
            writer = await SqliteThread.open(path, setup=schema.migrate, faults=faults)
        except OSError as exc:
            raise error(Reason.IDENTITY_INVALID, hint="its store cannot be opened") from exc
        return cls(writer, SqliteReaders(path))

    async def aclose(self) -> None:
        """Finishes what was queued and closes."""
        await self._readers.aclose()
        await self._writer.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def transact(self, job: Job[T], *, urgent: bool = False) -> T:
        """Runs ``job`` in one transaction: it may run twice, and does nothing but call functions on its connection."""
        return await self._writer.run(job, urgent=urgent)

    async def changed_elsewhere(self) -> bool:
        """Whether another process (or another opening of this file) has committed since this was last asked."""
        return await self._writer.changed_elsewhere()

    # Outbox

    async def enqueue(self, messages: Sequence[Outgoing], *, urgent: bool = False) -> Sequence[bool]:
        """Queues messages; False for those that stood here already with the same bytes."""
        return await self._writer.apply(outbox.enqueue, messages, urgent=urgent)

    async def next_to_send(
        self, lane: Lane, *, after: int = 0, limit: int = SEND_LIMIT, max_bytes: int = MAX_FRAME_BYTES
    ) -> list[OutboxRow]:
        """Unanswered messages behind ordinal ``after``, in order; begin with 0 after each reconnect."""
        return await self._readers.read(
            partial(outbox.next_to_send, lane=lane, after=after, limit=limit, max_bytes=max_bytes)
        )

    async def mark_sent(self, message_ids: Sequence[bytes], now_us: int) -> None:
        """Records that messages were offered to the hub: for people who look, not needed for sending them again."""
        await self._writer.apply(outbox.mark_sent, [(message_id, now_us) for message_id in message_ids])

    async def settle(self, answers: Sequence[Settled], *, urgent: bool = False) -> None:
        """Records the hub's answers."""
        await self._writer.apply(outbox.settle, answers, urgent=urgent)

    async def requeue(self, message_id: bytes, now_us: int) -> bool:
        """Queues a refused or parked message once more; False when it is neither."""
        return await self._writer.run(partial(outbox.requeue, message_id=message_id, now_us=now_us))

    async def outbox_list(self, state: OutboxState | None = None, limit: int = LIST_LIMIT) -> list[OutboxRow]:
        """The newest outgoing messages, newest first."""
        return await self._readers.read(partial(outbox.listed, state=state, limit=limit))

    async def outbox_counts(self) -> dict[OutboxState, int]:
        """How many outgoing messages stand in each state."""
        return await self._readers.read(outbox.counts)

    async def get_outbox(self, message_id: bytes) -> OutboxRow | None:
        """One outgoing message."""
        return await self._readers.read(partial(outbox.get, message_id=message_id))

    async def outbox_thread(self, root_id: bytes, limit: int = LIST_LIMIT) -> list[OutboxRow]:
        """Outgoing messages of one thread, oldest first."""
        return await self._readers.read(partial(outbox.of_thread, root_id=root_id, limit=limit))

    async def newest_receipts(self, limit: int) -> list[bytes]:
        """Receipts of the outgoing messages queued last."""
        return await self._readers.read(partial(outbox.newest_receipts, limit=limit))

    # Inbox

    async def receive(self, deliveries: Sequence[Incoming], *, urgent: bool = False) -> Sequence[Received]:
        """Stores deliveries; says of each whether it is new, unfinished or finished."""
        return await self._writer.apply(inbox.receive, deliveries, urgent=urgent)

    async def start(self, message_id: bytes, now_us: int, *, urgent: bool = False) -> StartMark:
        """Marks durably that the handler is about to run."""
        (mark,) = await self._writer.apply(inbox.start, [Start(message_id=message_id, now_us=now_us)], urgent=urgent)
        return mark

    async def finish(
        self,
        message_id: bytes,
        report: Outgoing | None,
        now_us: int,
        *,
        measure: MeasureRow | None = None,
        urgent: bool = False,
    ) -> bool:
        """Report into the outbox, measure into its table, message done: one commit. False when it was final already."""
        one = Finish(message_id=message_id, report=report, measure=measure, now_us=now_us)
        (taken,) = await self._writer.apply(inbox.finish, [one], urgent=urgent)
        return taken

    async def park(self, message_id: bytes, reason: str, now_us: int) -> bool:
        """Gives a message up for a person to decide; False when it was final already."""
        aside = Aside(message_id=message_id, state=InboxState.PARKED, reason=reason, now_us=now_us)
        (taken,) = await self._writer.apply(inbox.put_aside, [aside])
        return taken

    async def waiting(self, message_id: bytes, now_us: int) -> bool:
        """Leaves a message for an answer by hand; False when it was final already."""
        (taken,) = await self._writer.apply(
            inbox.put_aside, [Aside(message_id=message_id, state=InboxState.WAITING, now_us=now_us)]
        )
        return taken

    async def confirmed(self, epoch: int, lane: Lane, seqs: Sequence[int]) -> None:
        """Records acks the hub has made durable."""
        await self._writer.apply(inbox.confirm, [Confirmed(epoch=epoch, lane=lane, seq=seq) for seq in seqs])

    async def unfinished(self, lane: Lane, limit: int = LIST_LIMIT) -> list[InboxRow]:
        """Messages of a lane received or started and not ended, by position."""
        return await self._readers.read(partial(inbox.unfinished, lane=lane, limit=limit))

    async def inbox_list(self, state: InboxState | None = None, limit: int = LIST_LIMIT) -> list[InboxRow]:
        """The newest incoming messages, newest first."""
        return await self._readers.read(partial(inbox.listed, state=state, limit=limit))

    async def inbox_counts(self) -> dict[InboxState, int]:
        """How many incoming messages stand in each state."""
        return await self._readers.read(inbox.counts)

    async def get_inbox(self, message_id: bytes) -> InboxRow | None:
        """One incoming message."""
        return await self._readers.read(partial(inbox.get, message_id=message_id))

    async def inbox_thread(self, root_id: bytes, limit: int = LIST_LIMIT) -> list[InboxRow]:
        """Incoming messages of one thread, oldest first."""
        return await self._readers.read(partial(inbox.of_thread, root_id=root_id, limit=limit))

    # Measures

    async def put_measure(self, measure: MeasureRow, *, urgent: bool = False) -> None:
        """Inserts or replaces the measure of one thread."""
        await self._writer.apply(measures.put, [measure], urgent=urgent)

    async def get_measure(self, root_id: bytes) -> MeasureRow | None:
        """The measure of one thread."""
        return await self._readers.read(partial(measures.get, root_id=root_id))

    async def due_measures(self, now_us: int, limit: int = LIST_LIMIT) -> list[MeasureRow]:
        """Measures in force whose end has come, earliest first."""
        return await self._readers.read(partial(measures.due, now_us=now_us, limit=limit))

    async def measures_of_kind(self, kind: str, origin: str) -> list[MeasureRow]:
        """Measures that ``origin`` ordered by orders of one kind, in no order."""
        return await self._readers.read(partial(measures.of_kind, kind=kind, origin=origin))

    async def next_end_us(self) -> int | None:
        """When the next measure in force ends."""
        return await self._readers.read(measures.next_end_us)

    async def terms_of(self, subject: bytes, *, exercise: bool = False) -> int:
        """Terms used on one account, in all threads whoever asked."""
        return await self._readers.read(partial(measures.terms_of, subject=subject, exercise=exercise))

    async def measure_list(self, state: MeasureState | None = None, limit: int = LIST_LIMIT) -> list[MeasureRow]:
        """Measures last changed, newest first."""
        return await self._readers.read(partial(measures.listed, state=state, limit=limit))

    async def standing(self, asks: Sequence[Ask]) -> Standing:
        """What a frame of deliveries is judged on."""
        return await self._readers.read(partial(standing.read, asks=asks))

    # Watchlists

    async def watch_epochs(self, list_id: str) -> list[EpochRow]:
        """The epochs of a list known here, newest first."""
        return await self._readers.read(partial(watch_rows.epochs, list_id=list_id))

    async def watch_lists(self) -> list[EpochRow]:
        """The newest epoch of each list known here, by name."""
        return await self._readers.read(watch_rows.newest)

    async def watch_own(self, list_id: str, numbers: Sequence[int]) -> dict[int, OwnRow]:
        """Entries of a list of ours, by number."""
        return await self._readers.read(partial(watch_rows.own_by_number, list_id=list_id, numbers=numbers))

    async def watch_counts(self, list_id: str, now_us: int) -> tuple[int, int]:
        """Entries of a list of ours in force, and withdrawn."""
        return await self._readers.read(partial(watch_rows.counts, list_id=list_id, now_us=now_us))

    # Directory and named values

    async def append_directory(self, entries: Sequence[DirectoryEntry]) -> Sequence[bool]:
        """Appends directory entries; False for those that stood here already."""
        return await self._writer.apply(records.append, entries)

    async def directory(self, after: int = 0, limit: int = LIST_LIMIT) -> list[DirectoryEntry]:
        """Directory entries after a version, in order."""
        return await self._readers.read(partial(records.listed, after=after, limit=limit))

    async def directory_version(self) -> int:
        """The last version kept; 0 before the first."""
        return await self._readers.read(records.head_version)

    async def set_meta(self, key: str, value: bytes) -> None:
        """Stores a small named value: mailbox epoch."""
        await self._writer.apply(records.set_meta, [(key, value)])

    async def get_meta(self, key: str) -> bytes | None:
        """Reads a small named value."""
        return await self._readers.read(partial(records.get_meta, key=key))
