"""One batch: decided and turned into what the store writes, inside the store's transaction.

 * Runs on the writer's thread, with the log head locked; it touches nothing but its arguments and the transaction.
 * Due deadlines come first, as messages the hub signs; then the offered messages in order.
 * Each accepted message gets the next log index, a salt, its leaf, and its place in the mailboxes; the batch gets one checkpoint.
 * Quotas are asked after the decision, so that a retry of a known id costs nothing, and before the effects are taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from tocsin.clock import Clock
from tocsin.core.directory import Directory
from tocsin.core.errors import BusError
from tocsin.core.identifiers import new_message_id
from tocsin.core.leaf import commitment, encode_leaf
from tocsin.core.merkle import leaf_hash
from tocsin.core.message import Lane, Message
from tocsin.core.watch import ListMessage, ListNotice, ListStep
from tocsin.wire.sequencing import Receipt, Sequencing
from tocsin_hub.bodies import BodyCipher
from tocsin_hub.domain.book import Accepted, Admitted, Book, Duplicate
from tocsin_hub.domain.deadlines import deadline_message
from tocsin_hub.domain.decide import decide
from tocsin_hub.domain.rows import (
    BatchRow,
    Changes,
    DirectoryRow,
    EntryRow,
    Loaded,
    MailboxKey,
    MessageRow,
    Needs,
    TimerKey,
    TimerRow,
    TokenKey,
)
from tocsin_hub.log.tree import Frontier
from tocsin_hub.service.limits import Gate
from tocsin_hub.store.base import WriteTx

_log = structlog.get_logger("batch")

MAX_DUE = 256
"""Deadlines recorded in one batch: a night's backlog is worked off in bites that urgent orders can pass."""

DECIDE_BUDGET_US = 5_000
"""A routine batch closes after this much deciding (DESIGN §3)."""

WHY_ADDRESSED = 1

END_OF_TIME_US = 2**62


@dataclass(slots=True, kw_only=True)
class Committed:
    """What one batch came to.

    Attributes:
        outcomes: One per offered message that was decided, in order: receipt, duplicate or refusal.
        entries: New mailbox entries with their envelopes, for delivery without a read.
        directory, frontier: The state after the batch.
        heads: Heads of the directory chain by version, for the entries' records.
        checkpoint: The signed tree head, or empty when nothing was accepted.
        next_due_us: The earliest deadline left.
        alarms: Stable words for the operator.
    """

    outcomes: list[Receipt | Duplicate | BusError]
    entries: list[tuple[EntryRow, MessageRow, bytes]]
    heads: dict[int, bytes]
    directory: Directory
    frontier: Frontier
    checkpoint: bytes
    next_due_us: int | None
    accepted_us: int
    alarms: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Batch:
    book: Book
    index: int
    at_us: int
    messages: list[MessageRow] = field(default_factory=list)
    envelopes: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    directory_rows: list[DirectoryRow] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)


class SignsCheckpoints(Protocol):
    """Signs tree heads: the hub's log key, or a record of what it signed."""

    def sign(self, size: int, root: bytes) -> bytes:
        """The signed note over a tree."""
        ...


class BatchMaker:
    """Makes batches for one bus.

    Args:
        sign_record: Admits a record of the hub's own: signs it and returns it as an admitted message.
        record_key: Key id of the hub's own key.
        random: Source of salts and ids.
    """

    def __init__(
        self,
        *,
        bus: str,
        clock: Clock,
        signer: SignsCheckpoints,
        bodies: BodyCipher,
        gate: Gate,
        generation: int,
        record_key: str,
        sign_record: Callable[[Message], Admitted],
        random: Callable[[int], bytes],
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._signer = signer
        self._bodies = bodies
        self._gate = gate
        self._generation = generation
        self._record_key = record_key
        self._sign_record = sign_record
        self._random = random

    def make(
        self, tx: WriteTx, offered: Sequence[Admitted], *, directory: Directory, frontier: Frontier, with_deadlines: bool
    ) -> Committed:
        """Decides and writes one batch; trailing routine messages may be left undecided when the time budget is spent."""
        head = tx.head()
        at_us = max(head.accepted_us, self._clock.now_us())
        due = tx.due_timers(at_us, MAX_DUE) if with_deadlines else []
        changes = Changes()
        book = Book(_load(tx, offered, due), directory, changes)
        batch = _Batch(book=book, index=head.log_size, at_us=at_us)
        for timer in due:
            try:
                self._record(tx, batch, timer)
            except BusError as failure:
                # A record that cannot be made must not stand in the way of every order behind it.
                _log.error("deadline not recorded", action="deadline_failed", reason=failure.reason, deadline=timer.deadline)
                changes.timers_cleared.add(TimerKey(timer.order_id, timer.deadline))
                batch.alarms.append("deadline-not-recorded")
        outcomes: list[int | Duplicate | BusError] = []
        started = self._clock.monotonic_us()
        for admitted in offered:
            routine = admitted.message.header.lane is Lane.ROUTINE
            if outcomes and routine and self._clock.monotonic_us() - started > DECIDE_BUDGET_US:
                break
            outcomes.append(self._one(tx, batch, admitted))
        return self._write(tx, batch, changes, outcomes, frontier)

    def _one(self, tx: WriteTx, batch: _Batch, admitted: Admitted) -> int | Duplicate | BusError:
        try:
            if isinstance(admitted.message, ListMessage):
                _load_entries(tx, admitted.message, batch.book.loaded)
            decision = decide(admitted, batch.book, index=batch.index, at_us=batch.at_us)
            if isinstance(decision, Duplicate):
                return decision
            self._gate.check(admitted.message, decision, at_us=batch.at_us)
        except BusError as refusal:
            return refusal
        return self._accept(batch, admitted, decision)

    def _accept(self, batch: _Batch, admitted: Admitted, accepted: Accepted) -> int:
        header = admitted.message.header
        before = batch.book.directory
        salt = self._random(32)
        leaf = encode_leaf(
            batch.at_us, before.version, before.head, commitment(salt, admitted.message_hash, admitted.signature)
        )
        row = MessageRow(
            log_index=batch.index,
            message_id=header.message_id,
            sender=header.sender,
            message_hash=admitted.message_hash,
            kind=type(admitted.message).KIND.name,
            root_id=accepted.root_id,
            body=self._bodies.seal(header.message_id, admitted.envelope),
            salt=salt,
            accepted_us=batch.at_us,
            batch_size=0,
            directory_version=before.version,
            policy_version=before.policy_version,
            profile_version=accepted.profile_version,
        )
        batch.messages.append(row)
        batch.envelopes.append(admitted.envelope)
        batch.leaves.append(leaf_hash(leaf))
        batch.heads.append(before.head)
        batch.entries += [
            EntryRow(
                mailbox=MailboxKey(party, header.lane.value), seq=0, log_index=batch.index, root_id=accepted.root_id,
                urgent_exempt=accepted.never_withheld, why=WHY_ADDRESSED, generation=self._generation,
            )
            for party in accepted.deliver_to
        ]  # fmt: skip
        if accepted.alarm:
            batch.alarms.append(accepted.alarm)
        if accepted.directory is not None:
            after = accepted.directory
            batch.directory_rows.append(DirectoryRow(version=after.version, log_index=batch.index, head=after.head))
        batch.book.take(admitted, accepted, batch.index)
        batch.index += 1
        return len(batch.messages) - 1

    def _record(self, tx: WriteTx, batch: _Batch, timer: TimerRow) -> None:
        thread = batch.book.loaded.threads[timer.root_id]
        order = batch.book.loaded.orders[timer.order_id]
        message = deadline_message(
            timer,
            thread,
            batch.book.directory,
            fetched=tx.acked(MailboxKey(thread.recipient, thread.lane), order.log_index),
            bus=self._bus,
            author_key=self._record_key,
            message_id=new_message_id(batch.at_us // 1000, self._random),
            at_us=batch.at_us,
        )
        admitted = self._sign_record(message)
        decision = decide(admitted, batch.book, index=batch.index, at_us=batch.at_us)
        if isinstance(decision, Accepted):
            self._accept(batch, admitted, decision)

    def _write(
        self,
        tx: WriteTx,
        batch: _Batch,
        changes: Changes,
        outcomes: Sequence[int | Duplicate | BusError],
        frontier: Frontier,
    ) -> Committed:
        paths: list[tuple[bytes, ...]] = []
        checkpoint = b""
        entries: list[EntryRow] = []
        if batch.messages:
            grown = frontier.append(batch.leaves)
            paths = grown.proofs()
            checkpoint = self._signer.sign(grown.size, grown.root)
            frontier = grown.frontier
            for row in batch.messages:
                row.batch_size = grown.size
            changes.messages = batch.messages
            changes.batch = BatchRow(tree_size=grown.size, first_index=grown.first, checkpoint=checkpoint)
            changes.nodes = grown.nodes()
            changes.entries = batch.entries
            changes.directory = batch.directory_rows
            entries = tx.write(changes)
        elif changes.timers_cleared:
            tx.write(changes)
        first = batch.messages[0].log_index if batch.messages else 0
        earliest = tx.due_timers(END_OF_TIME_US, 1)
        receipts = [
            self.receipt(batch.messages[o], batch.heads[o], paths[o], checkpoint) if isinstance(o, int) else o
            for o in outcomes
        ]
        return Committed(
            outcomes=receipts,
            entries=[(e, changes.messages[e.log_index - first], batch.envelopes[e.log_index - first]) for e in entries],
            heads={row.directory_version: head for row, head in zip(batch.messages, batch.heads, strict=True)},
            directory=batch.book.directory,
            frontier=frontier,
            checkpoint=checkpoint,
            next_due_us=earliest[0].due_us if earliest else None,
            accepted_us=batch.at_us,
            alarms=batch.alarms,
        )

    @staticmethod
    def receipt(row: MessageRow, directory_head: bytes, path: tuple[bytes, ...], checkpoint: bytes) -> Receipt:
        """The receipt of a message: the same bytes whenever it is asked for."""
        return Receipt(sequencing=sequencing_of(row, directory_head), inclusion_path=path, checkpoint=checkpoint)


def sequencing_of(row: MessageRow, directory_head: bytes) -> Sequencing:
    """The sequencing record of a stored message."""
    return Sequencing(
        log_index=row.log_index,
        accepted_us=row.accepted_us,
        salt=row.salt,
        directory_version=row.directory_version,
        directory_head=directory_head,
        policy_version=row.policy_version,
        profile_version=row.profile_version,
    )


def _load(tx: WriteTx, offered: Sequence[Admitted], due: Sequence[TimerRow]) -> Loaded:
    """What the batch is judged on: first by what the messages name, then the accounts of the threads found."""
    needs = Needs()
    for timer in due:
        needs.roots.add(timer.root_id)
        needs.orders.add(timer.order_id)
    for admitted in offered:
        header = admitted.message.header
        needs.message_ids.add(header.message_id)
        if admitted.subject:
            needs.subjects.add(admitted.subject)
        message = admitted.message
        if isinstance(message, ListMessage | ListNotice):
            needs.lists.add(message.list_id)
        if isinstance(message, ListMessage) and message.STEP is ListStep.CHECK:
            needs.checkers.add(header.sender)
        if isinstance(message, ListNotice):
            needs.message_ids.add(message.check_id)
        if header.thread is not None:
            needs.roots.add(header.root_id)
            needs.orders.add(header.thread.parent_id)
    loaded = tx.load(needs)
    more = {t.subject for t in loaded.threads.values() if t.subject} - needs.subjects
    if more:
        loaded.subjects.update(tx.load(Needs(subjects=more)).subjects)
    return loaded


def _load_entries(tx: WriteTx, message: ListMessage, loaded: Loaded) -> None:
    """Entries of a list are read when their message is decided: a batch may be offered far more of them than it decides."""
    tokens = message.tokens_named()
    epoch = loaded.lists.get((message.list_id, message.epoch))
    if not tokens or epoch is None or epoch.owner != message.header.sender:
        return
    keys = {TokenKey(epoch.opened_index, token) for token in tokens} - loaded.watch_entries.keys()
    loaded.watch_entries.update(tx.load(Needs(tokens=keys)).watch_entries)
