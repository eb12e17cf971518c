"""What may be sent to whom: one subscription of one mailbox, in memory. No I/O, no clock.

* No loss: an entry leaves only by an ack of its present attempt or as a dead letter. The cursor never passes one
  that is open.
* One live lease per entry. The session is the lease; when it closes its entries are sent again after ``GRACE_US``.
  Until then, and until the next attempt, an ack with the old token still counts: the work was done, only the line
  was lost.
* Fencing: a token that is not the present attempt's changes nothing. A nack ends its attempt.
* Order: by seq, within a thread as ``tocsin_hub.domain.thread_order`` says.
* Nothing is sent beyond a session's credit in messages and bytes; an entry that exceeds the credit left waits, and
  no later one passes it.
* Bounded memory: bodies only of entries ready to be sent, at most ``window`` and (by one entry at most over)
  ``window_bytes``; none while no session is open. Open entries without bodies: at most ``max_open``; beyond,
  nothing newer is read until some resolve.
* Dead entries count as passed for the cursor; their rows stay. A replayed entry stays dead in the store, with no
  failed tries, until it is acked: a restart takes the replay up again.
* Steady state costs one cursor row per batch of acks. Attempt rows arise only for acks ahead of an open entry,
  delayed and dead.

How it is driven: ask ``wanted`` and ``offer`` what was read until it is None, then ``next_batch`` per session;
again after every change and at ``next_wake_us``. Rows of ``take_changes`` are stored before the next are taken; a
failed store is tried again with the same rows. A mailbox is built once per hub generation, or again when it was
``forgettable``: else repeats would go unmarked.
"""

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import Generic

from tocsin.core.message import Lane
from tocsin_hub.domain.attempts import (
    DEAD,
    DELAYED,
    MAX_REQUESTED_DELAY_MS,
    REPLAYING,
    Attempt,
    B,
    Item,
    Nacked,
    RepeatReason,
    Verdict,
    judge,
)
from tocsin_hub.domain.backoff import full_jitter_us
from tocsin_hub.domain.delivery_rows import DeliveryChanges, UnstoredChanges
from tocsin_hub.domain.queues import ReadyQueue, WaitQueue
from tocsin_hub.domain.rows import AttemptRow, MailboxKey
from tocsin_hub.domain.thread_order import OpenEntry, Session, State, Thread

GRACE_US = 2_000_000
"""Between a session's end and its entries being sent again: a broken line reconnects and acks within that."""

TOKEN_BYTES = 8
"""Fences mistakes among one party's own workers; it is no secret against them."""

WINDOW = 1024
"""Bodies held for one mailbox: sixteen frames of 64, more than any reading from the store takes to catch up."""

WINDOW_BYTES = 1024 * 1024
"""Their bytes: a thousand subscribers that stop reading all at once hold 1 GiB."""

MAX_OPEN = 16 * WINDOW
"""Open entries known without their bodies: a party whose handler fails on one kind still gets the others behind it."""

MAX_READ = 128
"""Entries of one reading: 32 MiB at the largest envelope, for as long as it takes to choose."""


class Mailbox(Generic[B]):
    """One subscription of one mailbox.

    Args:
        key: Party and lane; the urgent lane escalates instead of giving up.
        cursor: All entries up to here are acked or dead.
        head: Highest seq committed.
        attempts: The stored attempt rows.
        generation: The hub's present life; entries of earlier ones are repeats.
        random_bytes: Makes tokens.
    """

    def __init__(
        self,
        key: MailboxKey,
        subscription: str,
        *,
        cursor: int,
        head: int,
        attempts: Iterable[AttemptRow],
        generation: int,
        random_bytes: Callable[[int], bytes],
        window: int = WINDOW,
        window_bytes: int = WINDOW_BYTES,
        max_open: int = MAX_OPEN,
    ) -> None:
        self.key = key
        self.subscription = subscription
        self.head = head
        self.cursor = cursor
        self._urgent = key.lane == Lane.URGENT.value
        self._generation = generation
        self._random_bytes = random_bytes
        self._max_open = max_open
        self._sessions: dict[str, Session] = {}
        self._open: dict[int, OpenEntry[B]] = {}
        self._threads: dict[bytes, Thread[B]] = {}
        self._read_through = cursor
        self._ready: ReadyQueue[B] = ReadyQueue(window, window_bytes)
        self._waiting: WaitQueue[B] = WaitQueue()
        self._unread: list[int] = []
        self._settled: set[int] = set()
        self._delayed_rows: dict[int, AttemptRow] = {}
        self._replays: set[int] = set()
        self._changes: UnstoredChanges[B] = UnstoredChanges(key, subscription, cursor)
        for row in attempts:
            if row.state == DELAYED:
                self._delayed_rows[row.seq] = row
                continue
            if row.seq > cursor:
                self._settled.add(row.seq)
            if row.state == DEAD and row.attempts == REPLAYING:
                self._replay(row.seq)
        self._skip_settled()

    @property
    def backlog(self) -> int:
        """Entries past the cursor."""
        return self.head - self.cursor

    @property
    def ready(self) -> int:
        """Entries that wait for nothing but a session with credit."""
        return len(self._ready)

    @property
    def forgettable(self) -> bool:
        """Whether the store knows all that this object knows, so that it may be built again later."""
        if self._sessions or self._changes.any:
            return False
        return all(e.sends == 0 or (e.state is State.DELAYED and not e.replayed) for e in self._open.values())

    def in_flight(self, session_id: str) -> int:
        """Attempts a session holds."""
        return len(self._sessions[session_id].leased)

    def open_session(self, session_id: str) -> None:
        """Starts a session without credit.

        Raises:
            ValueError: It is open already.
        """
        if session_id in self._sessions:
            raise ValueError("this session is open already")
        self._sessions[session_id] = Session()

    def credit(self, session_id: str, messages: int, size: int) -> None:
        """Adds to what a session can take: ``messages`` and ``size`` in bytes, neither negative.

        Raises:
            KeyError: No such session.
        """
        session = self._sessions[session_id]
        session.messages += max(0, messages)
        session.bytes += max(0, size)

    def close_session(self, session_id: str, now_us: int) -> None:
        """Ends a session; what it holds is sent again after the grace.

        Raises:
            KeyError: No such session.
        """
        session = self._sessions.pop(session_id)
        for seq in session.leased:
            entry = self._open[seq]
            entry.session = None
            entry.reason = RepeatReason.SESSION_CLOSED
            self._waiting.put(entry, now_us + GRACE_US)
        if not self._sessions:
            for entry in self._ready.clear(State.UNREAD):
                heappush(self._unread, entry.seq)

    def wanted(self, now_us: int) -> tuple[int, int] | None:
        """What to read next from the store, as ``(after_seq, limit)``; None for nothing, or when nobody listens."""
        if not self._sessions:
            return None
        self._expire(now_us)
        limit = min(self._ready.room, MAX_READ)
        if limit <= 0:
            return None
        while self._unread:
            first = self._unread[0]
            if self._is_unread(first):
                last = first
                while last - first + 1 < limit and self._is_unread(last + 1):
                    last += 1
                return first - 1, last - first + 1
            heappop(self._unread)
        if self._read_through >= self.head or len(self._open) >= self._max_open:
            return None
        if not self._ready.low:
            return None  # one larger reading later instead of many small ones
        return self._read_through, min(limit, self.head - self._read_through)

    def offer(self, items: Sequence[Item[B]]) -> None:
        """Takes entries in the order of their seq: committed just now at the head, or read as ``wanted``.

        What does not follow on, does not fit, is settled or is known already is passed over; ``wanted`` asks for it
        when it is needed.
        """
        if not items:
            return
        self.head = max(self.head, items[-1].entry.seq)
        if not self._sessions:
            return
        for item in items:
            if self._ready.room <= 0:
                return
            seq = item.entry.seq
            if seq == self._read_through + 1:
                if len(self._open) >= self._max_open:
                    return
                self._read_through = seq
                self._admit(item)
                if self._settled:
                    self._skip_settled()
            elif seq in self._replays:
                self._replays.discard(seq)
                self._admit(item, replayed=True)
            elif (entry := self._open.get(seq)) is not None and entry.state is State.UNREAD:
                self._ready.put(entry, item)

    def revive(self, rows: Iterable[AttemptRow], now_us: int) -> None:
        """Offers dead letters again, given their stored rows; others, and those open again, are passed over."""
        for row in rows:
            if row.state == DEAD and row.seq not in self._open:
                self._changes.replaying(row, now_us)
                self._replay(row.seq)

    def next_batch(self, session_id: str, *, max_messages: int, max_bytes: int) -> list[Attempt[B]]:
        """Leases to a session what may be sent to it now, in order of seq; none for a session that is closed.

        A batch keeps within ``max_bytes`` but for its first entry, which must be sent sometime.
        """
        session = self._sessions.get(session_id)
        if session is None:
            return []
        batch: list[Attempt[B]] = []
        limit = min(max_messages, session.messages, len(self._ready))
        if limit <= 0:
            return batch
        tokens = self._random_bytes(limit * TOKEN_BYTES)
        bytes_left = min(max_bytes, session.bytes)
        while len(batch) < limit and (entry := self._ready.first()) is not None:
            size = entry.size
            if size > bytes_left and (batch or size > session.bytes):
                break
            if entry.thread.leased is not None:  # ready to pass a delayed one, which has gone first after all
                self._ready.remove(entry, State.HELD)
                continue
            start = len(batch) * TOKEN_BYTES
            batch.append(self._lease(entry, session, tokens[start : start + TOKEN_BYTES]))
            bytes_left -= size
        return batch

    def holds(self, seq: int, token: bytes) -> bool:
        """Whether ``token`` is the present attempt's. A lease extension needs no more: the session is the lease."""
        return self._present(seq, token) is not None

    def ack(self, seq: int, token: bytes) -> bool:
        """Takes an entry as done; False when fenced. Durable once its row is stored and it was ``confirmed``."""
        entry = self._present(seq, token)
        if entry is None:
            return False
        self._resolve(entry)
        self._changes.acked(entry)
        return True

    def nack(
        self,
        seq: int,
        token: bytes,
        *,
        delay_ms: int,
        reason: str,
        permanent: bool,
        now_us: int,
        random: Callable[[], float],
    ) -> Nacked:
        """Takes a try as failed.

        Args:
            seq: The entry.
            token: Of the attempt that failed.
            reason: For the operator; kept to ``MAX_REASON`` characters.
            now_us: The present time.
            delay_ms: The recipient's wish not to be asked before; the wait is never shorter (up to a day).
            permanent: The recipient says that no try makes sense.
            random: Draws evenly from 0 to 1.
        """
        entry = self._present(seq, token)
        if entry is None:
            return Nacked(Verdict.FENCED)
        entry.failures += 1
        verdict = judge(entry.failures, urgent=self._urgent, permanent=permanent)
        if verdict.is_dead:
            self._resolve(entry)
            self._changes.dead(entry, reason, now_us)
            return Nacked(verdict, entry.entry)
        self._leave(entry, State.DELAYED)
        entry.token = b""
        entry.reason = RepeatReason.NACKED
        requested_us = min(delay_ms, MAX_REQUESTED_DELAY_MS) * 1000
        self._waiting.put(entry, now_us + max(requested_us, full_jitter_us(entry.failures, random)))
        self._changes.delayed(entry, reason, now_us)
        self._promote(entry.thread)
        return Nacked(verdict, entry.entry, entry.due_us)

    def next_wake_us(self) -> int | None:
        """When waiting alone makes something ready: the end of a delay or of a grace. None while nobody listens."""
        return self._waiting.next_us() if self._sessions else None

    def take_changes(self, now_us: int) -> DeliveryChanges:
        """What acks, nacks and replays since the last call changed."""
        while self.cursor < self._read_through and self.cursor + 1 not in self._open:
            self.cursor += 1
        return self._changes.take(self.cursor, now_us)

    def _present(self, seq: int, token: bytes) -> OpenEntry[B] | None:
        entry = self._open.get(seq)
        return entry if entry is not None and token and entry.token == token else None

    def _is_unread(self, seq: int) -> bool:
        entry = self._open.get(seq)
        return seq in self._replays if entry is None else entry.state is State.UNREAD

    def _replay(self, seq: int) -> None:
        self._replays.add(seq)
        heappush(self._unread, seq)

    def _skip_settled(self) -> None:
        while self._read_through + 1 in self._settled:
            self._read_through += 1
            self._settled.discard(self._read_through)

    def _admit(self, item: Item[B], *, replayed: bool = False) -> None:
        row_of = item.entry
        thread = self._threads.get(row_of.root_id)
        if thread is None:
            thread = self._threads[row_of.root_id] = Thread()
        fresh = row_of.generation == self._generation
        entry = OpenEntry(row_of, thread, RepeatReason.NONE if fresh else RepeatReason.HUB_RESTARTED)
        self._open[entry.seq] = entry
        thread.add(entry)
        if replayed:
            entry.replayed = True
            entry.reason = RepeatReason.REPLAYED
        elif self._delayed_rows and (row := self._delayed_rows.pop(entry.seq, None)) is not None:
            entry.failures = entry.sends = row.attempts
            entry.reason = RepeatReason.NACKED
            entry.state = State.DELAYED
            self._waiting.put(entry, row.not_before_us)
            return
        if thread.next_to_send() is entry:
            self._ready.put(entry, item)

    def _lease(self, entry: OpenEntry[B], session: Session, token: bytes) -> Attempt[B]:
        item = self._ready.remove(entry, State.LEASED)
        entry.thread.leased = entry
        entry.session = session
        entry.token = token
        entry.sends += 1
        session.leased.add(entry.seq)
        session.messages -= 1
        session.bytes -= item.size
        return Attempt(entry.seq, token, entry.sends, entry.reason, item.entry, item.size, item.body)

    def _leave(self, entry: OpenEntry[B], state: State) -> None:
        """Takes an entry out of its lease, its wait or the ready queue."""
        if entry.session is not None:
            entry.session.leased.discard(entry.seq)
            entry.session = None
        if entry.thread.leased is entry:
            entry.thread.leased = None
        entry.due_us = 0
        if entry.state is State.READY:
            self._ready.remove(entry, state)
        entry.state = state

    def _resolve(self, entry: OpenEntry[B]) -> None:
        self._leave(entry, State.HELD)
        del self._open[entry.seq]
        thread = entry.thread
        thread.entries.remove(entry)
        if thread.entries:
            self._promote(thread)
        else:
            del self._threads[entry.entry.root_id]

    def _promote(self, thread: Thread[B]) -> None:
        entry = thread.next_to_send()
        if entry is not None:
            entry.state = State.UNREAD
            heappush(self._unread, entry.seq)

    def _expire(self, now_us: int) -> None:
        for entry in self._waiting.take_due(now_us):
            self._leave(entry, State.HELD)
            self._promote(entry.thread)
