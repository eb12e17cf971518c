"""An order that was sent, and who waits for it.

 * ``accepted`` ends with the hub's receipt or raises what the hub refused; ``outcome`` with the bank's answer, or the hub's signed word
   that there was none, or ``Pending`` when our own patience ends first.
 * What is known is on the disk: another process, or the same after a restart, asks again by id.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from tocsin.client.rows import OutboxRow, OutboxState, Settled
from tocsin.clock import LIVENESS, wait_for
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.message import Message
from tocsin.core.orders.deadline_passed import Deadline, DeadlinePassed
from tocsin.core.orders.report import Outcome, Report
from tocsin.core.times import from_us
from tocsin.results import Executed, NoAnswer, Pending, Refused, Result
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
        row = await self._until(lambda row: row.state not in (OutboxState.QUEUED, OutboxState.SENT), timeout)
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
        waiters = self._participant.waiters

        def known(row: OutboxRow) -> bool:
            return waiters.result(message_id) is not None or row.state in (OutboxState.REFUSED, OutboxState.PARKED)

        row = await self._until(known, timeout)
        if row is not None and row.state in (OutboxState.REFUSED, OutboxState.PARKED):
            raise _refusal(row)
        return waiters.result(message_id) or Pending()

    async def _until(self, done: Callable[[OutboxRow], bool], timeout: float | None) -> OutboxRow | None:
        message_id = self.message.header.message_id
        event = self._participant.waiters.event(message_id)
        deadline_us = None if timeout is None else LIVENESS.monotonic_us() + int(timeout * 1e6)
        while True:
            event.clear()
            row = await self._participant.store.get_outbox(message_id)
            if row is not None and done(row):
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
        )
    if isinstance(message, DeadlinePassed) and message.deadline in _SILENCES:
        fetched = message.deadline is Deadline.ANSWER_FETCHED
        return NoAnswer(party=message.party, fetched=fetched, due_at=from_us(message.due_us))
    return None


def _refusal(row: OutboxRow) -> BusError:
    return error(row.reason or Reason.INTERNAL, **row.facts)
