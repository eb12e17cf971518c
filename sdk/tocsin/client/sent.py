"""An order that was sent, and who waits for it.

 * ``accepted`` ends with the hub's receipt or raises what the hub refused; ``outcome`` with the bank's answer, or the
   hub's signed word that there was none, or ``Pending`` when our own patience ends first.
 * What is known is on the disk: another process, or the same after a restart, asks again by id.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tocsin.client.answering import open_private
from tocsin.client.identity import Identity
from tocsin.client.rows import InboxState, OutboxRow, OutboxState, Settled
from tocsin.client.store import ClientStore
from tocsin.clock import LIVENESS, wait_for
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.measure import MeasureOrder
from tocsin.core.message import Message
from tocsin.core.orders.deadline_passed import Deadline, DeadlinePassed
from tocsin.core.orders.report import Outcome, Report
from tocsin.core.orders.watch_answer import WatchAnswered
from tocsin.core.times import from_us
from tocsin.results import Executed, NoAnswer, Pending, Refused, Result, WatchAnswer
from tocsin.wire.codec import open_envelope
from tocsin.wire.sequencing import Receipt, decode_receipt

if TYPE_CHECKING:
    from tocsin.client.participant import Participant

_SILENCES = (Deadline.ANSWER_NOT_FETCHED, Deadline.ANSWER_FETCHED, Deadline.EXECUTION)


class Waiters:
    """Wakes who waits for something that concerns one message."""

    def __init__(self) -> None:
        self._events: dict[bytes, asyncio.Event] = {}
        self._results: dict[bytes, Result] = {}
        self.closed = False

    def event(self, message_id: bytes) -> asyncio.Event:
        """Set whenever there is news of a message."""
        return self._events.setdefault(message_id, asyncio.Event())

    def settled(self, one: Settled) -> None:
        """The hub has answered."""
        self._ring(one.message_id)

    def informed(self, message: Message, late: bool) -> None:
        """A report or record came."""
        thread = message.header.thread
        result = result_of(message, late=late)
        if thread is None or result is None:
            return
        if not isinstance(result, NoAnswer) or thread.parent_id not in self._results:
            self._results[thread.parent_id] = result
        self._ring(thread.parent_id)

    def result(self, message_id: bytes) -> Result | None:
        """The latest answer known here."""
        return self._results.get(message_id)

    def ring_all(self) -> None:
        """Lets everybody look again: another process changed the file."""
        for event in self._events.values():
            event.set()

    def close(self) -> None:
        """Nobody will be told any more."""
        self.closed = True
        self.ring_all()

    def _ring(self, message_id: bytes) -> None:
        event = self._events.get(message_id)
        if event is not None:
            event.set()


class SentOrder:
    """An order on its way, or done."""

    def __init__(self, message: Message, participant: "Participant") -> None:
        self.message = message
        self._participant = participant

    @property
    def id(self) -> str:
        """The order's id."""
        return self.message.id

    @property
    def thread_id(self) -> str:
        """The id of its thread."""
        return self.message.thread_id

    @property
    def recipient(self) -> str:
        """The party it goes to."""
        return self.message.header.recipients[0]

    async def accepted(self, timeout: float | None = None) -> Receipt | None:
        """The hub's receipt; None when ``timeout`` seconds pass first: the order stays in the outbox.

        Raises:
            Rejected: The hub refused it.
        """
        async def answered(row: OutboxRow) -> bool:
            return row.state not in (OutboxState.QUEUED, OutboxState.SENT)

        row = await self._until(answered, timeout)
        if row is None:
            return None
        if row.state is OutboxState.ACCEPTED:
            return decode_receipt(row.receipt)
        raise _refusal(row)

    async def outcome(self, timeout: float | None = None) -> Result:
        """What came of it; ``Pending`` when ``timeout`` seconds pass first.

        Raises:
            Rejected: The hub refused it.
        """
        message_id = self.message.header.message_id
        found: Result | None = None

        async def known(row: OutboxRow) -> bool:
            nonlocal found
            if row.state in (OutboxState.REFUSED, OutboxState.PARKED):
                raise _refusal(row)
            found = self._participant.waiters.result(message_id)
            if found is None:  # another process of this party may have received the report
                found = await stored_result(self._participant.store, self._participant.identity, row)
            return found is not None

        await self._until(known, timeout)
        if isinstance(found, Executed) and found.not_applied and isinstance(self.message, MeasureOrder):
            items = dict(enumerate(self.message.items, start=1))
            return replace(found, not_applied={items.get(int(at), at): why for at, why in found.not_applied.items()})
        return found or Pending()

    async def _until(self, done: Callable[[OutboxRow], Awaitable[bool]], timeout: float | None) -> OutboxRow | None:
        message_id = self.message.header.message_id
        event = self._participant.waiters.event(message_id)
        deadline_us = None if timeout is None else LIVENESS.monotonic_us() + int(timeout * 1e6)
        while True:
            event.clear()
            row = await self._participant.store.get_outbox(message_id)
            if row is not None and await done(row):
                return row
            left = 3600.0 if deadline_us is None else (deadline_us - LIVENESS.monotonic_us()) / 1e6
            if left <= 0 or self._participant.waiters.closed:
                return None
            await wait_for(event, LIVENESS, left)

    def __repr__(self) -> str:
        return f"<SentOrder {self.message.KIND.name} {self.id}>"


def result_of(message: Message, *, late: bool) -> Result | None:
    """What a report or record means for who ordered; None when it answers nothing."""
    if isinstance(message, Report):
        if message.outcome is Outcome.LAPSED:
            return None
        if not message.outcome.executed:
            return Refused(message.outcome, note=message.reason, late=late)
        return Executed(
            held=message.held,
            balance=message.balance,
            available=message.available,
            outcome=message.outcome,
            applied_at=from_us(message.applied_us) if message.applied_us else None,
            expires_at=from_us(message.expires_us) if message.expires_us else None,
            note=message.reason,
            late=late,
            not_applied={one.position: one.outcome for one in message.not_applied},
        )
    if isinstance(message, WatchAnswered):
        return WatchAnswer(message.instruction, note=message.note, contact=message.header.contact)
    if isinstance(message, DeadlinePassed) and message.deadline in _SILENCES:
        fetched = message.deadline is Deadline.ANSWER_FETCHED
        return NoAnswer(party=message.party, fetched=fetched, due_at=from_us(message.due_us))
    return None


async def stored_result(store: ClientStore, identity: Identity, order: OutboxRow) -> Result | None:
    """The answer to one of our orders as the file has it; None before there is one.

    A report is late here when the hub had recorded before it that the time for executing this very order was over.
    """
    result: Result | None = None
    late = False
    for row in await store.inbox_thread(order.root_id):
        if row.state is InboxState.PARKED:
            continue  # a report by somebody who was not asked
        message = open_private(open_envelope(row.envelope).message, identity)
        thread = message.header.thread
        if thread is not None and thread.parent_id == order.message_id:
            late = late or (isinstance(message, DeadlinePassed) and message.deadline is Deadline.EXECUTION)
            one = result_of(message, late=late)
            if one is not None and (result is None or not isinstance(one, NoAnswer)):
                result = one
    return result


def _refusal(row: OutboxRow) -> BusError:
    return error(row.reason or Reason.INTERNAL, **row.facts)
