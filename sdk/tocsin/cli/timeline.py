"""A thread as this party's file has it: orders, reports and the hub's records in the order they came."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tocsin.cli.show import rfc3339
from tocsin.client.rows import InboxRow, MeasureRow, OutboxRow
from tocsin.core.identifiers import message_id_text

if TYPE_CHECKING:
    from tocsin.client.identity import Identity
    from tocsin.client.store import ClientStore
    from tocsin.core.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message of a thread.

    Attributes:
        message_id: Its id.
        kind: Its kind.
        sent: Whether this party sent it.
        party: The other party.
        at_us: When it was made or received here.
        state: State of the outbox or inbox.
        detail: Outcome of a report, deadline of a record; empty otherwise.
        log_index: Its place in the log; None before the hub accepted it.
        accepted_us: When the hub accepted it; 0 before.
        message: The message, private fields included when they are sealed for us.
    """

    message_id: bytes
    kind: str
    sent: bool
    party: str
    at_us: int
    state: str
    detail: str
    log_index: int | None
    accepted_us: int
    message: "Message"

    def to_json(self) -> dict[str, Any]:
        """The entry with stable keys, without the message's content."""
        return {
            "id": message_id_text(self.message_id),
            "kind": self.kind,
            "direction": "out" if self.sent else "in",
            "party": self.party,
            "at": rfc3339(self.at_us),
            "state": self.state,
            "detail": self.detail,
            "log_index": self.log_index,
            "accepted_at": rfc3339(self.accepted_us),
        }


async def entries_of(store: "ClientStore", identity: "Identity", root_id: bytes) -> list[Entry]:
    """The messages of a thread, oldest first."""
    made = [_sent(row, identity) for row in await store.outbox_thread(root_id)]
    made += [_received(row, identity) for row in await store.inbox_thread(root_id)]
    return sorted(made, key=lambda entry: (entry.at_us, entry.message_id))


def measure_json(row: MeasureRow | None) -> dict[str, Any] | None:
    """The measure of a thread, with stable keys."""
    if row is None:
        return None
    return {
        "instrument": row.instrument,
        "state": row.state.value,
        "origin": row.origin,
        "recipient": row.recipient,
        "target": row.target_masked,
        "terms": row.terms,
        "applied_at": rfc3339(row.applied_us),
        "ends_at": rfc3339(row.ends_us),
        "profile": row.profile,
        "exercise": row.exercise,
    }


def _sent(row: OutboxRow, identity: "Identity") -> Entry:
    from tocsin.wire.sequencing import decode_receipt

    message = _opened(row.envelope, identity)
    sequencing = decode_receipt(row.receipt).sequencing if row.receipt else None
    return Entry(
        message_id=row.message_id, kind=row.kind, sent=True, party=row.recipient, at_us=row.created_us,
        state=row.state.value, detail=_detail(message), message=message,
        log_index=sequencing.log_index if sequencing is not None else None,
        accepted_us=sequencing.accepted_us if sequencing is not None else 0,
    )  # fmt: skip


def _received(row: InboxRow, identity: "Identity") -> Entry:
    from tocsin.v1 import envelope_pb2
    from tocsin.wire.sequencing import sequencing_from_proto

    message = _opened(row.envelope, identity)
    sequencing = sequencing_from_proto(envelope_pb2.Sequencing.FromString(row.sequencing))
    return Entry(
        message_id=row.message_id, kind=row.kind, sent=False, party=message.header.sender, at_us=row.received_us,
        state=row.state.value, detail=_detail(message), message=message, log_index=sequencing.log_index,
        accepted_us=sequencing.accepted_us,
    )  # fmt: skip


def _opened(envelope: bytes, identity: "Identity") -> "Message":
    from tocsin.client.answering import open_private
    from tocsin.wire.codec import open_envelope

    return open_private(open_envelope(envelope).message, identity)


def _detail(message: "Message") -> str:
    from tocsin.core.orders.deadline_passed import DeadlinePassed
    from tocsin.core.orders.report import Report
    from tocsin.wire.json_keys import enum_key

    if isinstance(message, Report):
        return enum_key(message.outcome)
    return enum_key(message.deadline) if isinstance(message, DeadlinePassed) else ""


def logged(envelope: bytes, record: Any, identity: "Identity") -> Entry:
    """An entry from an envelope and its sequencing record, as the hub holds them."""
    from tocsin.wire.sequencing import sequencing_from_proto

    message = _opened(envelope, identity)
    sequencing = sequencing_from_proto(record)
    header = message.header
    sent = header.sender == identity.party
    return Entry(
        message_id=header.message_id, kind=message.KIND.name, sent=sent, at_us=sequencing.accepted_us, state="accepted",
        party=(header.recipients[0] if header.recipients else "") if sent else header.sender, detail=_detail(message),
        log_index=sequencing.log_index, accepted_us=sequencing.accepted_us, message=message,
    )  # fmt: skip
