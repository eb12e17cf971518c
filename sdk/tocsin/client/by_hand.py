"""An answer given by a person to an order that waits here: the same signed report a handler's answer becomes.

* Only what waits for a person, or was given up, is answered so; a running handler is never overtaken.
* Report, measure and end of the order are one commit. Whichever process receives acks the order afterwards.
* A report states a fact: it is made whatever the law says about the order; ``objection_of`` tells what the law would have answered.
"""

from tocsin.client import life
from tocsin.client.answering import Answerer
from tocsin.client.directory_copy import DirectoryCopy
from tocsin.client.rows import FINAL, InboxRow, InboxState, MeasureRow
from tocsin.client.store import ClientStore
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.measure import MeasureOrder
from tocsin.core.message import Message
from tocsin.core.orders.report import Outcome
from tocsin.results import Executed, Refused
from tocsin.v1 import envelope_pb2
from tocsin.wire.codec import open_envelope
from tocsin.wire.sequencing import Sequencing, sequencing_from_proto

ANSWERABLE = frozenset({InboxState.WAITING, InboxState.PARKED})
"""States in which an order is a person's to answer."""


async def by_hand(
    store: ClientStore,
    answerer: Answerer,
    copy: DirectoryCopy,
    order_id: bytes,
    given: Executed | Refused,
    now_us: int,
) -> Message:
    """Makes and stores the report; returns it.

    Raises:
        NotFound: NOT_FOUND when no such order came here.
        WrongState: TRANSITION_REFUSED when it is answered, or in a handler's hands.
    """
    row, order, measure = await _open(store, order_id)
    law = copy.as_of(_sequencing(row).directory_version)
    before = measure or answerer.measure_of(order, law)
    applied_us = row.started_us or now_us
    ends_us = life.ends_us(order, measure, law.profile(before.profile), applied_us)
    report, after = answerer.report(order, before, given, applied_us=applied_us, ends_us=ends_us)
    if not await store.finish(order_id, report, now_us, measure=after, urgent=True):
        raise _not_a_persons(InboxState.DONE)  # another process was quicker
    return open_envelope(report.envelope).message


async def objection_of(
    store: ClientStore, answerer: Answerer, copy: DirectoryCopy, order_id: bytes, now_us: int
) -> Outcome | None:
    """What the law answers to a waiting order by itself, such as OUT_OF_TERM; None when it leaves it to the bank.

    Raises:
        BusError: As ``by_hand``.
    """
    row, order, measure = await _open(store, order_id)
    sequencing = _sequencing(row)
    law = copy.as_of(sequencing.directory_version)
    before = measure or answerer.measure_of(order, law)
    terms = await store.terms_of(before.subject, exercise=order.header.exercise) if order.COUNTS_AS_TERM else 0
    root = await store.get_inbox(order.header.root_id)
    begun = root is not None and root.started_us > 0 and root.state not in FINAL
    return life.beforehand(
        order, measure, law.profile(before.profile), accepted_us=sequencing.accepted_us, now_us=now_us, terms_used=terms,
        begun=begun,
    )  # fmt: skip


def _sequencing(row: InboxRow) -> Sequencing:
    return sequencing_from_proto(envelope_pb2.Sequencing.FromString(row.sequencing))


async def _open(store: ClientStore, order_id: bytes) -> tuple[InboxRow, MeasureOrder, MeasureRow | None]:
    row = await store.get_inbox(order_id)
    if row is None:
        raise error(Reason.NOT_FOUND, kind="order")
    order = open_envelope(row.envelope).message
    if not isinstance(order, MeasureOrder):
        raise error(Reason.NOT_FOUND, kind="order")
    if row.state not in ANSWERABLE:
        raise _not_a_persons(row.state)
    return row, order, await store.get_measure(order.header.root_id)


def _not_a_persons(state: InboxState) -> BusError:
    shown = "answered" if state in FINAL else "being-handled"
    return error(Reason.TRANSITION_REFUSED, state=shown, event="answer-by-hand", field="id")
