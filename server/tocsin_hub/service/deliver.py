"""Delivery: from mailboxes to sessions, and acks back into the store.

 * One ``Mailbox`` (``domain.delivery``) per subscription in use holds a bounded window; what it lacks is read from the store.
 * Released batches are offered to the mailboxes in memory, so that a delivery needs no read while its subscriber keeps up.
 * Acks are saved together and confirmed to their session only once saved.
 * A routine delivery given up goes to the dead letters; an urgent one is escalated by a hub-signed record *and* stays.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import SystemRandom

import structlog

from tocsin.clock import LIVENESS, Clock, wait_for
from tocsin.core.errors import BusError
from tocsin.core.message import Lane
from tocsin.wire.sequencing import Sequencing
from tocsin_hub.bodies import BodyCipher
from tocsin_hub.domain.attempts import Attempt, Item
from tocsin_hub.domain.delivery import Mailbox
from tocsin_hub.domain.rows import AttemptRow, CursorRow, EntryRow, MailboxKey
from tocsin_hub.metrics import ACKS, DELIVERIES
from tocsin_hub.service.batch import Committed, sequencing_of
from tocsin_hub.service.receipts import ReceiptReader
from tocsin_hub.store.base import HubStore, WriteTx

MAIN = "main"
"""The subscription every party has."""

FRAME_DELIVERIES = 64
"""Deliveries of one frame: large enough to make the transport cheap, small enough to be handled in a few milliseconds."""

FRAME_BYTES = 1024 * 1024
"""Bytes of one frame of deliveries."""

WAKE_SECONDS = 0.01
"""What a woken session needs to take up what has become due, before it is looked at again."""

SAVE_SECONDS = 0.01
"""How long acks gather before they are saved: a few commits' time. Nobody waits for an ack's confirmation but its inbox row."""

FLUSH_SECONDS = 5.0
"""How long a hub that stops tries to save acks on a disk that takes nothing: well within what a service manager waits."""

_log = structlog.get_logger("deliver")
_random = SystemRandom()


@dataclass(slots=True)
class Body:
    """What an attempt sends: the envelope and its sequencing record."""

    envelope: bytes
    sequencing: Sequencing


class Queue:
    """One subscription of one mailbox with its sessions."""

    def __init__(self, mailbox: Mailbox[Body]) -> None:
        self.mailbox = mailbox
        self.sessions: dict[str, Seat] = {}
        self.reading = asyncio.Lock()

    def wake(self) -> None:
        """Lets every session look again."""
        for seat in self.sessions.values():
            seat.wake.set()


class Seat:
    """A session's place at a queue: what ``rpc`` holds.

    Attributes:
        wake: Set when there may be something to send.
        confirmed: Seqs whose acks are durable and not yet told; ``fenced`` those refused.
    """

    def __init__(self, session: str, queue: Queue, office: "PostOffice") -> None:
        self.session = session
        self.queue = queue
        self.wake = asyncio.Event()
        self.confirmed: list[int] = []
        self.fenced: list[int] = []
        self._office = office

    def credit(self, messages: int, size: int) -> None:
        """More room at the subscriber."""
        self.queue.mailbox.credit(self.session, messages, size)
        self.wake.set()

    def acks(self, acks: Iterable[tuple[int, bytes]]) -> None:
        """Handlers have finished, by seq and attempt token; each is confirmed once saved, or fenced."""
        ack = self.queue.mailbox.ack
        taken: list[int] = []
        for seq, token in acks:
            (taken if ack(seq, token) else self.fenced).append(seq)
        ACKS.labels("taken").inc(len(taken))
        ACKS.labels("fenced").inc(len(self.fenced))
        if taken:
            self._office.save_soon(self, taken)
        self.queue.wake()  # the next of a thread may go now, to whichever session has room

    def nack(self, seq: int, token: bytes, *, delay_ms: int, reason: str, permanent: bool) -> None:
        """The handler did not finish."""
        self._office.nack(self, seq, token, delay_ms=delay_ms, reason=reason, permanent=permanent)

    def extend(self, seq: int, token: bytes) -> None:
        """The handler is still at it. The session is the lease, so nothing changes; a stale attempt is told."""
        if not self.queue.mailbox.holds(seq, token):
            self.fenced.append(seq)
            self.wake.set()

    @property
    def in_flight(self) -> int:
        """Attempts this session holds."""
        return self.queue.mailbox.in_flight(self.session)

    async def next_frame(self) -> list[Attempt[Body]]:
        """What may be sent now; empty when there is nothing."""
        return await self._office.next_frame(self)

    def leave(self) -> None:
        """Ends the session; its leases are free after a grace."""
        self._office.leave(self)


class PostOffice:
    """All queues in use.

    Args:
        on_given_up: Called when a person must be told of an urgent delivery that cannot be made.
    """

    def __init__(
        self,
        *,
        store: HubStore,
        bodies: BodyCipher,
        clock: Clock,
        generation: int,
        random_bytes: Callable[[int], bytes],
        on_given_up: Callable[[EntryRow], None],
    ) -> None:
        self._store = store
        self._bodies = bodies
        self._clock = clock
        self._generation = generation
        self._random_bytes = random_bytes
        self._on_given_up = on_given_up
        self._receipts = ReceiptReader(store)
        self._queues: dict[tuple[MailboxKey, str], Queue] = {}
        self._opening = asyncio.Lock()
        self._unsaved: list[tuple[Seat, list[int]]] = []
        self._dirty: set[tuple[MailboxKey, str]] = set()
        self._taken_cursors: list[CursorRow] = []
        self._taken_attempts: list[AttemptRow] = []
        self._save = asyncio.Event()
        self._delays = asyncio.Event()
        self._numbers = 0
        self._heads: dict[MailboxKey, int] = {}
        self._cursors: dict[MailboxKey, int] = {}
        self._saving = False

    async def load(self) -> None:
        """Reads where every mailbox stands."""
        for mailbox, (head, cursor) in (await self._store.all_mailboxes()).items():
            self._heads[mailbox], self._cursors[mailbox] = head, cursor

    def now_us(self) -> int:
        """The clock of redelivery."""
        return self._clock.now_us()

    async def catch_up(self) -> None:
        """Takes up entries that stand in the store without our having been told: their commit seemed to fail."""
        for mailbox, (head, _) in (await self._store.all_mailboxes()).items():
            self._heads[mailbox] = max(head, self._heads.get(mailbox, 0))
        for (mailbox, _), queue in self._queues.items():
            queue.mailbox.head = max(queue.mailbox.head, self._heads.get(mailbox, 0))
            queue.wake()

    def backlog(self, mailbox: MailboxKey) -> int:
        """Entries not acked on the main subscription."""
        return self._heads.get(mailbox, 0) - self._cursors.get(mailbox, 0)

    def heads(self) -> dict[MailboxKey, int]:
        """Highest seq of every mailbox."""
        return dict(self._heads)

    def sessions(self) -> dict[MailboxKey, int]:
        """Open sessions by mailbox."""
        return {key: len(queue.sessions) for (key, _), queue in self._queues.items() if queue.sessions}

    def in_flight(self, mailbox: MailboxKey) -> int:
        """Attempts that open sessions of a mailbox hold."""
        return sum(seat.in_flight for (key, _), q in self._queues.items() if key == mailbox for seat in q.sessions.values())

    @property
    def quiet(self) -> bool:
        """Whether no ack waits to be saved and no session has something it could be sent."""
        if self._unsaved or self._dirty or self._saving:
            return False
        now_us = self._clock.now_us()
        return not any(q.mailbox.ready or q.mailbox.wanted(now_us) is not None for q in self._queues.values())

    async def enter(self, mailbox: MailboxKey, subscription: str) -> Seat:
        """A session's place at a subscription."""
        queue = await self._queue(mailbox, subscription)
        self._numbers += 1
        seat = Seat(str(self._numbers), queue, self)
        queue.mailbox.open_session(seat.session)
        self._delays.set()
        queue.sessions[seat.session] = seat
        return seat

    async def _queue(self, mailbox: MailboxKey, subscription: str) -> Queue:
        """The queue of a subscription, built from the store at first."""
        async with self._opening:
            queue = self._queues.get((mailbox, subscription))
            if queue is None:
                state = await self._store.mailbox_state(mailbox, subscription)
                box: Mailbox[Body] = Mailbox(
                    mailbox, subscription, cursor=state.cursor, head=max(state.head_seq, self._heads.get(mailbox, 0)),
                    attempts=state.attempts, generation=self._generation, random_bytes=self._random_bytes,
                )  # fmt: skip
                queue = self._queues[mailbox, subscription] = Queue(box)
        return queue

    def wake_all(self) -> None:
        """Lets every session look again."""
        for queue in self._queues.values():
            queue.wake()

    def leave(self, seat: Seat) -> None:
        """See ``Seat.leave``."""
        del seat.queue.sessions[seat.session]
        seat.queue.mailbox.close_session(seat.session, self._clock.now_us())
        self._delays.set()
        seat.queue.wake()

    def released(self, committed: Committed) -> None:
        """Offers the entries of a released batch."""
        touched: dict[MailboxKey, list[Item[Body]]] = {}
        for entry, row, envelope in committed.entries:
            self._heads[entry.mailbox] = max(entry.seq, self._heads.get(entry.mailbox, 0))
            if any(key[0] == entry.mailbox for key in self._queues):
                head = committed.heads[row.directory_version]
                item = Item(entry=entry, size=len(envelope), body=Body(envelope, sequencing_of(row, head)))
                touched.setdefault(entry.mailbox, []).append(item)
        for (mailbox, _), queue in self._queues.items():
            if mailbox in touched:
                queue.mailbox.offer(touched[mailbox])
                queue.wake()

    async def next_frame(self, seat: Seat) -> list[Attempt[Body]]:
        """See ``Seat.next_frame``."""
        mailbox = seat.queue.mailbox
        if mailbox.wanted(self._clock.now_us()) is not None:
            async with seat.queue.reading:
                while (wanted := mailbox.wanted(self._clock.now_us())) is not None:
                    await self._read(seat.queue, *wanted)
        attempts = mailbox.next_batch(seat.session, max_messages=FRAME_DELIVERIES, max_bytes=FRAME_BYTES)
        if attempts:
            lane, repeats = Lane(mailbox.key.lane).name.lower(), sum(1 for a in attempts if a.repeat)
            DELIVERIES.labels(lane, "false").inc(len(attempts) - repeats)
            DELIVERIES.labels(lane, "true").inc(repeats)
        return attempts

    async def _read(self, queue: Queue, after_seq: int, limit: int) -> None:
        stored = await self._store.entries(queue.mailbox.key, after_seq=after_seq, limit=limit)
        records = await self._receipts.sequencings([one.message for one in stored])
        items = []
        for one, record in zip(stored, records, strict=True):
            envelope = self._bodies.open(one.message.message_id, one.message.body)
            items.append(Item(entry=one.entry, size=len(envelope), body=Body(envelope, record)))
        queue.mailbox.offer(items)

    def nack(self, seat: Seat, seq: int, token: bytes, *, delay_ms: int, reason: str, permanent: bool) -> None:
        """See ``Seat.nack``."""
        mailbox = seat.queue.mailbox
        nacked = mailbox.nack(
            seq, token, delay_ms=delay_ms, reason=reason, permanent=permanent, now_us=self._clock.now_us(),
            random=_random.random,
        )  # fmt: skip
        if nacked.entry is None:
            seat.fenced.append(seq)
            seat.wake.set()
            return
        if nacked.verdict.is_dead or nacked.verdict.escalates:
            _log.warning(
                "delivery given up", action="given_up", party=mailbox.key.party, lane=mailbox.key.lane, seq=seq,
                verdict=nacked.verdict.value, reason=reason[:200],
            )  # fmt: skip
        if nacked.verdict.escalates:
            self._on_given_up(nacked.entry)
        self._delays.set()
        self._changed(seat.queue)
        seat.queue.wake()

    def save_soon(self, seat: Seat, seqs: list[int]) -> None:
        """Saves acks with the next save."""
        self._unsaved.append((seat, seqs))
        self._changed(seat.queue)

    def _changed(self, queue: Queue) -> None:
        self._dirty.add((queue.mailbox.key, queue.mailbox.subscription))
        self._save.set()

    async def revive(self, rows: list[AttemptRow]) -> None:
        """Offers dead letters again; their rows are all of one mailbox and subscription."""
        mailbox, subscription = rows[0].mailbox, rows[0].subscription
        queue = await self._queue(mailbox, subscription)
        queue.mailbox.revive(rows, self._clock.now_us())
        self._changed(queue)
        queue.wake()

    async def run(self) -> None:
        """Saves acks and wakes sessions for what was delayed, until cancelled."""
        waker = asyncio.create_task(self._wake_delayed())
        try:
            while True:
                await self._save.wait()
                await LIVENESS.sleep(SAVE_SECONDS)
                self._save.clear()
                await self._save_once()
        finally:
            waker.cancel()

    async def flush(self, seconds: float) -> None:
        """Saves what waits (at drain). What the disk does not take in time is not known to be acked: it comes again, marked."""
        try:
            async with asyncio.timeout(seconds):
                while self._dirty or self._taken_cursors or self._taken_attempts:
                    await self._save_once()
        except TimeoutError:
            _log.error("acks left unsaved", action="flush_failed", queues=len(self._dirty))

    async def _save_once(self) -> None:
        unsaved, self._unsaved = self._unsaved, []
        dirty, self._dirty = self._dirty, set()
        # Rows taken from a mailbox are kept until they are stored: a save that is cancelled is gone on with by the next.
        cursors, attempts = self._taken_cursors, self._taken_attempts
        for key in dirty:
            changes = self._queues[key].mailbox.take_changes(self._clock.now_us())
            cursors += [changes.cursor] if changes.cursor is not None else []
            attempts += changes.attempts

        def job(tx: WriteTx) -> None:
            tx.save_attempts(attempts)
            tx.save_cursors(cursors)

        self._saving = True
        try:
            while True:
                try:
                    await self._store.transact(job)
                    break
                except BusError as failure:
                    _log.error("acks not saved", action="save_failed", reason=failure.reason)
                    await LIVENESS.sleep(0.5)
        finally:
            self._saving = False
        self._taken_cursors, self._taken_attempts = [], []
        for cursor in cursors:
            if cursor.subscription == MAIN:
                self._cursors[cursor.mailbox] = cursor.acked_through
        for seat, seqs in unsaved:
            seat.confirmed += seqs
            seat.wake.set()

    async def _wake_delayed(self) -> None:
        """Wakes the sessions of a queue when a delay or a grace of it ends."""
        while True:
            self._delays.clear()
            dues = [due for q in self._queues.values() if (due := q.mailbox.next_wake_us()) is not None]
            left = (min(dues) - self._clock.now_us()) / 1e6 if dues else None
            if left is None or left > 0:
                await wait_for(self._delays, self._clock, left)
                continue
            for queue in self._queues.values():
                due_us = queue.mailbox.next_wake_us()
                if due_us is not None and due_us <= self._clock.now_us():
                    queue.wake()
            await LIVENESS.sleep(WAKE_SECONDS)
