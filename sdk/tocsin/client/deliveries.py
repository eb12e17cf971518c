"""What happens to a delivery: verified, made durable, handled, reported, and only then acked.

 * A delivery that does not hold is refused for good with its reason; nothing of it is stored.
 * A finished message is acked again and handled no more. An unfinished one is handled again, marked as a repeat.
 * Orders go to their handler; without one they wait for an answer by hand. Reports and the hub's records change our measures.
 * The report and the end of a message are one commit; the ack follows it. A crash in between brings the message again, marked.
 * A handler that raises is asked again later; one that takes too long is left to a person and never run beside itself.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tocsin.client import life
from tocsin.client.answering import Answerer, Context, Task, open_private
from tocsin.client.directory_copy import DirectoryCopy
from tocsin.client.handlers import Handlers, HandlerTimeout
from tocsin.client.identity import Identity
from tocsin.client.notices import Notices
from tocsin.client.rows import InboxState, Incoming, MeasureRow, Received, Seen
from tocsin.client.session import LaneSession
from tocsin.client.standing import Ask, Standing
from tocsin.client.store import ClientStore
from tocsin.client.verify import Stale, verify_delivery, verify_relation
from tocsin.clock import LIVENESS, Clock
from tocsin.core.directory import Directory
from tocsin.core.errors import BusError, Reason, Unavailable, error
from tocsin.core.measure import Event, MeasureOrder
from tocsin.core.message import Lane, Message
from tocsin.core.orders.deadline_passed import DeadlinePassed
from tocsin.core.orders.report import Report
from tocsin.core.watch import ListMessage, Notice
from tocsin.results import ByHand, Park, Retry
from tocsin.v1 import bus_service_pb2 as pb
from tocsin.wire.codec import Opened
from tocsin.wire.sequencing import Sequencing, sequencing_from_proto

HANDLER_RETRY_SECONDS = 1.0
"""Least wait before an order whose handler failed is asked again; the hub doubles it."""

SLICE = 4
"""Routine deliveries taken before other work gets a turn: an urgent order does not wait for a frame of routine ones."""

_log = logging.getLogger("tocsin.deliveries")


@dataclass(slots=True)
class _Work:
    session: LaneSession
    delivery: pb.Delivery
    opened: Opened
    sequencing: Sequencing
    received_us: int


class Deliveries:
    """Takes the deliveries of both lanes.

    Args:
        refresh: Extends the directory copy from the hub.
        on_report: Told of every report and record that concerns an order of ours, with whether it was late.
        on_finished: Told of the measure a finished message left behind; its report, if any, stands in the outbox.
        on_stored: Told of messages that are new here, once they are on the disk.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        store: ClientStore,
        copy: DirectoryCopy,
        handlers: Handlers,
        answerer: Answerer,
        notices: Notices,
        clock: Clock,
        refresh: Callable[[], Awaitable[None]],
        on_report: Callable[[Message, bool], None],
        on_finished: Callable[[MeasureRow | None], None],
        on_stored: Callable[[Sequence[Incoming]], None],
    ) -> None:
        self._identity = identity
        self._store = store
        self._copy = copy
        self._handlers = handlers
        self._answerer = answerer
        self._notices = notices
        self._clock = clock
        self._refresh = refresh
        self._on_report = on_report
        self._on_finished = on_finished
        self._on_stored = on_stored
        self._running: dict[bytes, asyncio.Task[None]] = {}

    @property
    def idle(self) -> bool:
        """Whether no handler runs."""
        return not self._running

    async def take(self, session: LaneSession, deliveries: Sequence[pb.Delivery]) -> None:
        """Verifies a frame, makes it durable, and starts what has to be done."""
        works = []
        for place, delivery in enumerate(deliveries):
            if place and place % SLICE == 0 and session.lane is Lane.ROUTINE:
                await LIVENESS.sleep(0)
            try:
                works.append(await self._verified(session, delivery))
            except BusError as failure:
                _log.error("delivery refused: %s", failure)
                session.nack(delivery.seq, delivery.attempt_token, reason=failure.reason.value, permanent=True)
        rows = [self._incoming(work) for work in works]
        received = await self._store.receive(rows, urgent=session.lane is Lane.URGENT)
        standing = await self._store.standing([self._ask(work) for work in works])
        for place, (work, row, seen) in enumerate(zip(works, rows, received, strict=True)):
            if place and place % SLICE == 0 and session.lane is Lane.ROUTINE:
                await LIVENESS.sleep(0)
            self._begin(work, row, seen, standing)
        if fresh := [row for row, seen in zip(rows, received, strict=True) if seen.seen is Seen.NEW]:
            self._on_stored(fresh)

    async def finish(self) -> None:
        """Waits until no handler runs."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    async def _verified(self, session: LaneSession, delivery: pb.Delivery) -> _Work:
        sequencing = sequencing_from_proto(delivery.sequencing)
        for last_try in (False, True):
            try:
                opened = verify_delivery(
                    delivery.envelope, sequencing, party=self._identity.party, bus=self._identity.bus, copy=self._copy,
                    addressed=delivery.why == pb.WHY_ADDRESSED,
                )  # fmt: skip
            except Stale:
                if last_try:
                    raise error(Reason.PROOF_INVALID, field="directory_head", rule="one directory for all members") from None
                await self._refresh()
            else:
                break
        return _Work(session, delivery, opened, sequencing, self._clock.now_us())

    def _incoming(self, work: _Work) -> Incoming:
        message, delivery = work.opened.message, work.delivery
        header = message.header
        state = InboxState.RECEIVED
        if delivery.why != pb.WHY_ADDRESSED:
            state = InboxState.COPIED
        elif isinstance(message, MeasureOrder):
            # The start mark is made with the receipt, in one commit: the handler runs as soon as this is durable.
            state = InboxState.STARTED if self._handlers.get(type(message)) is not None else InboxState.WAITING
        elif isinstance(message, Notice) and message.AWAITS_ANSWER:
            state = InboxState.STARTED
        return Incoming(
            message_id=header.message_id,
            message_hash=work.opened.message_hash,
            epoch=work.session.epoch,
            lane=work.session.lane,
            seq=delivery.seq,
            root_id=header.root_id,
            kind=message.KIND.name,
            why=delivery.why,
            envelope=delivery.envelope,
            sequencing=delivery.sequencing.SerializeToString(deterministic=True),
            attempt=delivery.attempt,
            attempt_token=delivery.attempt_token,
            repeat=delivery.repeat,
            state=state,
            now_us=work.received_us,
        )

    def _ask(self, work: _Work) -> Ask:
        message = work.opened.message
        header = message.header
        counts = isinstance(message, MeasureOrder) and message.COUNTS_AS_TERM
        return Ask(
            root_id=header.root_id,
            subject=self._identity.subject_token(header.target) if counts else b"",
            exercise=header.exercise,
            order_id=header.thread.parent_id if isinstance(message, Report) and header.thread is not None else b"",
            releases=isinstance(message, MeasureOrder) and message.EVENT is Event.RELEASE_ORDERED,
        )

    def _begin(self, work: _Work, row: Incoming, received: Received, standing: Standing) -> None:
        session, delivery, message_id = work.session, work.delivery, row.message_id
        if received.seen is Seen.OTHER_CONTENT:
            session.nack(delivery.seq, delivery.attempt_token, reason=Reason.ID_REUSED.value, permanent=True)
        elif received.seen is Seen.FINISHED or received.state is InboxState.COPIED:
            session.ack(delivery.seq, delivery.attempt_token)
        elif received.state is InboxState.WAITING:
            session.release_credit(delivery.seq)
        elif received.state is InboxState.PARKED:
            session.nack(delivery.seq, delivery.attempt_token, reason="parked at the recipient", permanent=True)
        elif message_id in self._running:
            session.release_credit(delivery.seq)  # its handler is at work; the next delivery finds it finished
        else:
            task = asyncio.create_task(self._work(work, received, standing))
            self._running[message_id] = task
            task.add_done_callback(lambda _: self._running.pop(message_id, None))

    async def _work(self, work: _Work, received: Received, standing: Standing) -> None:
        session, delivery = work.session, work.delivery
        message = work.opened.message
        try:
            law = self._copy.as_of(work.sequencing.directory_version)
            verify_relation(message, standing.measures.get(message.header.root_id), law.policy)
            if isinstance(message, Notice) and message.header.thread is not None:
                await self._notices.check_answer(self._store, message)
            if isinstance(message, ListMessage):
                await self._notices.check_list(self._store, message)
        except Unavailable as failure:
            session.nack(
                delivery.seq, delivery.attempt_token, delay_s=HANDLER_RETRY_SECONDS, reason=failure.reason.value
            )
            return
        except BusError as failure:
            _log.error("delivery refused: %s", failure)
            await self._store.park(message.header.message_id, failure.reason.value, self._clock.now_us())
            session.nack(delivery.seq, delivery.attempt_token, reason=failure.reason.value, permanent=True)
            return
        try:
            if isinstance(message, MeasureOrder):
                await self._order(work, message, received, standing, law)
            elif isinstance(message, ListMessage):
                await self._notices.keep_list(self._store, message)
            elif isinstance(message, Notice):
                if not await self._notice(work, message, received):
                    return
            else:
                await self._inform(message, work.delivery.envelope, standing)
        except Retry as again:
            session.nack(delivery.seq, delivery.attempt_token, delay_s=again.after, reason=again.reason)
        except Park as given_up:
            _log.error("a handler gave up; its order is left to a person: kind %s", message.KIND.name)
            await self._store.park(message.header.message_id, given_up.reason, self._clock.now_us())
            session.nack(delivery.seq, delivery.attempt_token, reason=given_up.reason, permanent=True)
        except ByHand:
            await self._store.waiting(message.header.message_id, self._clock.now_us())
            session.release_credit(delivery.seq)
        except HandlerTimeout:
            _log.error("a handler took too long; its order is left to a person: kind %s", message.KIND.name)
            await self._store.park(message.header.message_id, "the handler took too long", self._clock.now_us())
            session.nack(delivery.seq, delivery.attempt_token, reason="the handler took too long", permanent=True)
        except asyncio.CancelledError:
            raise
        except Exception as failure:  # whatever the application raises is no answer: the order comes again
            _log.exception("a handler failed; its order comes again: kind %s", message.KIND.name)
            session.nack(
                delivery.seq, delivery.attempt_token, delay_s=HANDLER_RETRY_SECONDS, reason=type(failure).__name__
            )
        else:
            session.ack(delivery.seq, delivery.attempt_token)

    async def _order(
        self, work: _Work, order: MeasureOrder, received: Received, standing: Standing, law: Directory
    ) -> None:
        handler = self._handlers.get(type(order))
        if handler is None:
            raise Retry(reason="no handler for this kind here")
        message_id, urgent = order.header.message_id, work.session.lane is Lane.URGENT
        started_us = work.received_us
        if received.seen is not Seen.NEW:
            mark = await self._store.start(message_id, self._clock.now_us(), urgent=urgent)
            started_us = mark.started_us
        measure = standing.measures.get(order.header.root_id)
        subject = measure.subject if measure is not None else self._identity.subject_token(order.header.target)
        terms = standing.terms_of(subject, exercise=order.header.exercise) if order.COUNTS_AS_TERM else 0
        task = Task(
            order=order, accepted_us=work.sequencing.accepted_us, started_us=started_us, repeat=received.repeat,
            attempt=work.delivery.attempt, begun=order.header.root_id in standing.begun,
        )  # fmt: skip
        report, after = await self._answerer.answer(task, handler, measure, law, terms)
        await self._store.finish(message_id, report, self._clock.now_us(), measure=after, urgent=urgent)
        self._on_finished(after)

    async def _notice(self, work: _Work, message: Notice, received: Received) -> bool:
        """A notice: answered, taken note of, or left to a person (False)."""
        message_id, now_us = message.header.message_id, self._clock.now_us()
        if not message.AWAITS_ANSWER:
            await self._store.finish(message_id, None, now_us)
            self._on_report(open_private(message, self._identity), False)
            return True
        context = Context(
            repeat=received.repeat, attempt=work.delivery.attempt, accepted_us=work.sequencing.accepted_us,
            started_us=work.received_us, ends_us=0, key=message.id,
        )  # fmt: skip
        reply = await self._notices.answer(self._store, message, self._handlers.get(type(message)), context)
        if reply is None:
            await self._store.waiting(message_id, now_us)
            work.session.release_credit(work.delivery.seq)
            return False
        await self._store.finish(message_id, reply, self._clock.now_us(), urgent=True)
        self._on_finished(None)
        return True

    async def _inform(self, message: Message, envelope: bytes, standing: Standing) -> None:
        """A report or a record: our measure moves on, and who waits is told."""
        message = open_private(message, self._identity)
        row = standing.measures.get(message.header.root_id)
        now_us, late = self._clock.now_us(), False
        if row is not None and isinstance(message, Report) and message.header.thread is not None:
            kind = standing.kinds.get(message.header.thread.parent_id)
            if kind is not None:
                row, late = life.after_report(row, kind, message, envelope=envelope, now_us=now_us)
        elif row is not None and isinstance(message, DeadlinePassed) and row.recipient != self._identity.party:
            row = life.after_deadline(row, message.deadline, now_us)
        await self._store.finish(message.header.message_id, None, now_us, measure=row)
        self._on_finished(row)
        self._on_report(message, late)
