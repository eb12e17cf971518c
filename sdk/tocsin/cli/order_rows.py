"""Rows of ``orders list``: from this party's file, or from what the hub says."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tocsin.cli.show import rfc3339
from tocsin.cli.timeline import Entry
from tocsin.core.errors import Reason, error
from tocsin.core.identifiers import message_id_text

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.client.identity import Identity
    from tocsin.client.rows import MeasureRow
    from tocsin.client.store import ClientStore


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order of a list."""

    id: str
    thread: str
    kind: str
    sent: bool
    party: str
    target: str
    state: str
    measure: str
    at_us: int
    ends_us: int
    exercise: bool

    def to_json(self) -> dict[str, Any]:
        """The row with stable keys; the target is masked."""
        return {
            "id": self.id,
            "thread": self.thread,
            "kind": self.kind,
            "direction": "out" if self.sent else "in",
            "party": self.party,
            "target": self.target,
            "state": self.state,
            "measure": self.measure,
            "at": rfc3339(self.at_us),
            "ends_at": rfc3339(self.ends_us),
            "exercise": self.exercise,
        }


async def local_rows(settings: "Settings", state: str | None, limit: int) -> tuple[list[OrderRow], str]:
    """The newest orders of the file, and the zone of the bus's first profile.

    Raises:
        Malformed: FIELD_INVALID for a state there is not.
    """
    async with settings.view() as view:
        rows = await _local(view.store, state)
        profile = next(iter(view.copy.directory.profiles.values()), None)
        return rows[:limit], profile.zone if profile is not None else "UTC"


async def _local(store: "ClientStore", state: str | None) -> list[OrderRow]:
    from tocsin.client.rows import InboxState, OutboxState
    from tocsin.core.measure import MeasureState
    from tocsin.core.orders import report  # noqa: F401  (fills KINDS)

    known = {one.value for cls in (InboxState, OutboxState, MeasureState) for one in cls}
    if state is not None and state not in known:
        raise error(Reason.FIELD_INVALID, field="state", rule=f"one of {', '.join(sorted(known))}")
    by_measure = state is not None and state in set(MeasureState)
    sends = await store.outbox_list(OutboxState(state) if state in set(OutboxState) else None)
    receives = await store.inbox_list(InboxState(state) if state in set(InboxState) else None)
    rows = []
    for out in sends:
        if _is_order(out.kind) and (state is None or by_measure or out.state.value == state):
            row = await store.get_measure(out.root_id)
            rows.append(_row(out.message_id, out.root_id, out.kind, row, out.state.value, out.created_us, out.recipient))
    for one in receives:
        if _is_order(one.kind) and (state is None or by_measure or one.state.value == state):
            row = await store.get_measure(one.root_id)
            rows.append(_received(one.message_id, one.root_id, one.kind, row, one.state.value, one.received_us, one.envelope))
    rows.sort(key=lambda row: row.at_us, reverse=True)
    return [row for row in rows if not by_measure or row.measure == state]


def _is_order(kind: str) -> bool:
    from tocsin.client.life import is_order

    return is_order(kind)


def _row(
    message_id: bytes, root_id: bytes, kind: str, measure: "MeasureRow | None", state: str, at_us: int, party: str
) -> OrderRow:
    return OrderRow(
        id=message_id_text(message_id), thread=message_id_text(root_id), kind=kind, sent=True, party=party,
        target=measure.target_masked if measure is not None else "", state=state,
        measure=measure.state.value if measure is not None else "", at_us=at_us,
        ends_us=measure.ends_us if measure is not None else 0, exercise=measure.exercise if measure is not None else False,
    )  # fmt: skip


def _received(
    message_id: bytes, root_id: bytes, kind: str, measure: "MeasureRow | None", state: str, at_us: int, envelope: bytes
) -> OrderRow:
    """A row of the inbox; an order that nobody has answered has no measure yet, and is read itself."""
    from tocsin.core.identifiers import masked
    from tocsin.wire.codec import open_envelope

    header = open_envelope(envelope).message.header
    target = masked(header.target) if header.target is not None else measure.target_masked if measure is not None else ""
    return OrderRow(
        id=message_id_text(message_id), thread=message_id_text(root_id), kind=kind, sent=False, party=header.sender,
        target=target, state=state, measure=measure.state.value if measure is not None else "", at_us=at_us,
        ends_us=measure.ends_us if measure is not None else 0, exercise=header.exercise,
    )  # fmt: skip


async def hub_rows(settings: "Settings", state: str | None, limit: int) -> tuple[list[OrderRow], str]:
    """The newest orders as the hub has them; it knows no targets that it may show.

    Raises:
        Unavailable: The hub cannot be reached.
    """
    from tocsin.client.channel import CALL_SECONDS, HubConnection, calling
    from tocsin.client.renewal import fresh
    from tocsin.v1 import order_service_pb2 as pb

    identity = await fresh(settings.load())
    connection = HubConnection(identity)
    try:
        request = pb.ListOrdersRequest(state=state or "", page_size=limit)
        answer = await calling(connection.orders.ListOrders(request, timeout=CALL_SECONDS))
    finally:
        await connection.aclose()
    async with settings.view() as view:
        profile = next(iter(view.copy.directory.profiles.values()), None)
    rows = [
        OrderRow(
            id=message_id_text(one.order_id), thread=message_id_text(one.root_id), kind=one.kind,
            sent=one.sender == identity.party, party=one.recipient if one.sender == identity.party else one.sender,
            target="", state=one.state, measure=one.measure_state, at_us=one.accepted_us, ends_us=one.ends_us,
            exercise=one.exercise,
        )
        for one in answer.orders
    ]  # fmt: skip
    return rows, profile.zone if profile is not None else "UTC"


async def hub_thread(identity: "Identity", order_id: bytes) -> list[Entry]:
    """The messages of an order's thread as the hub has them, in log order.

    Raises:
        NotFound: NOT_FOUND when there is none, or none of ours.
        Unavailable: The hub cannot be reached.
    """
    from tocsin.cli.timeline import logged
    from tocsin.client.channel import CALL_SECONDS, HubConnection, calling
    from tocsin.client.renewal import fresh
    from tocsin.v1 import order_service_pb2 as pb

    connection = HubConnection(await fresh(identity))
    try:
        answer = await calling(connection.orders.GetOrder(pb.GetOrderRequest(order_id=order_id), timeout=CALL_SECONDS))
    finally:
        await connection.aclose()
    return [logged(one.envelope, one.sequencing, identity) for one in answer.messages]
