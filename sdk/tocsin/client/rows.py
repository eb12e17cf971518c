"""What a party keeps in its durable file, as plain values.

* Message ids and root ids are 16 bytes; envelopes, receipts and sequencing records are the encoded messages of the
  wire, kept exactly as they came or went.
* Times are microseconds since 1970 UTC, passed in; 0 means not yet.
* No account or card number stands here in clear outside an envelope: ``subject`` is a keyed token, ``target_masked`` a
  mask.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tocsin.core.errors import Reason
from tocsin.core.measure import MeasureState
from tocsin.core.message import Lane


class OutboxState(StrEnum):
    """Where an outgoing message stands."""

    QUEUED = "queued"
    """Durable here; not offered since."""
    SENT = "sent"
    """Offered to the hub; its answer is not known."""
    ACCEPTED = "accepted"
    """The hub gave its receipt. Final."""
    REFUSED = "refused"
    """The hub refused it."""
    PARKED = "parked"
    """Given up here; a person decides."""


class InboxState(StrEnum):
    """Where an incoming message stands."""

    RECEIVED = "received"
    """Durable here; no handler has begun."""
    STARTED = "started"
    """A handler has begun, and may have had its effect."""
    WAITING = "waiting"
    """Left for a person to answer."""
    DONE = "done"
    """Its report is in the outbox, or it needs none. Final."""
    PARKED = "parked"
    """Given up here; a person decides."""
    COPIED = "copied"
    """For information only. Final."""


FINAL = frozenset({InboxState.DONE, InboxState.COPIED})
"""States of the inbox that nothing leaves: a message in them is acked again and never handled again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A signed message to be sent."""

    message_id: bytes
    lane: Lane
    root_id: bytes
    kind: str
    recipient: str
    envelope: bytes
    now_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """An outgoing message as stored.

    Attributes:
        ordinal: Order of sending, ascending; requeued messages get a new one.
        attempts: How often it was marked sent.
        receipt: The hub's receipt; empty before.
        reason: Why it was refused or parked; None otherwise.
    """

    ordinal: int
    message_id: bytes
    lane: Lane
    root_id: bytes
    kind: str
    recipient: str
    envelope: bytes
    state: OutboxState
    receipt: bytes
    reason: Reason | None
    facts: Mapping[str, str]
    created_us: int
    changed_us: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of an outgoing message: ACCEPTED with its receipt, REFUSED or PARKED with reason and facts."""

    message_id: bytes
    state: OutboxState
    receipt: bytes = b""
    reason: Reason | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    now_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A verified delivery to be stored.

    Attributes:
        why: Value of the wire's ``Why``: addressed, copy or escalated.
        repeat: Whether the hub says that it may have been delivered before.
        state: Where a new message begins: RECEIVED; STARTED when its handler runs as soon as this is durable (start
            mark and delivery in one commit); WAITING, COPIED, or PARKED with ``park_reason``.
    """

    message_id: bytes
    message_hash: bytes
    epoch: int
    lane: Lane
    seq: int
    root_id: bytes
    kind: str
    why: int
    envelope: bytes
    sequencing: bytes
    attempt: int
    attempt_token: bytes
    repeat: bool
    state: InboxState = InboxState.RECEIVED
    park_reason: str = ""
    now_us: int


class Seen(StrEnum):
    """What the inbox knew of a delivery."""

    NEW = "new"
    """Never seen: stored now."""
    UNFINISHED = "unfinished"
    """Stored before and not finished: handle it, marked as a repeat when ``Received.repeat`` says so."""
    FINISHED = "finished"
    """Finished before: ack it again, call no handler."""
    OTHER_CONTENT = "other-content"
    """The id is known with another message hash: nothing was stored. Someone equivocates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The inbox's answer to one delivery, with the row's state after it."""

    seen: Seen
    state: InboxState
    repeat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A handler is about to run."""

    message_id: bytes
    now_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartMark:
    """The durable mark that a handler may have had its effect.

    Attributes:
        first: No handler had begun before.
        repeat: What ``order.repeat`` must say: not first, or the hub said so.
        finished: The message is finished: do not run the handler.
        started_us: When the first handler began; 0 when it finished without one.
    """

    first: bool
    repeat: bool
    finished: bool
    started_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRow:
    """A thread and its measure as this party knows it: the bank that carries it out and the police behind it alike.

    Attributes:
        instrument: Kind in force or asked for, see ``tocsin.core.measure``.
        target_kind: Kind of the identifier.
        target_masked: The identifier as it may be shown.
        subject: Keyed token of the account, for counting terms; the caller makes it.
        report: Envelope of the last report; empty before.
    """

    root_id: bytes
    kind: str
    instrument: str
    origin: str
    recipient: str
    target_kind: str
    target_masked: str
    subject: bytes
    state: MeasureState
    terms: int
    applied_us: int
    ends_us: int
    profile: str
    exercise: bool
    report: bytes
    changed_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """A handler has finished: its report (None for kinds that need none) and the thread's measure after it."""

    message_id: bytes
    report: Outgoing | None
    measure: MeasureRow | None = None
    now_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A message put aside: WAITING for a person, or PARKED for a reason (never an identifier)."""

    message_id: bytes
    state: InboxState
    reason: str = ""
    now_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """An ack the hub has made durable."""

    epoch: int
    lane: Lane
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """An incoming message as stored.

    Attributes:
        repeat: The hub said at least once that it may have been delivered before.
        confirmed: The hub has made its ack durable.
        report_id: Message id of its report in the outbox; empty before.
    """

    message_id: bytes
    message_hash: bytes
    epoch: int
    lane: Lane
    seq: int
    root_id: bytes
    kind: str
    why: int
    envelope: bytes
    sequencing: bytes
    attempt: int
    attempt_token: bytes
    state: InboxState
    received_us: int
    started_us: int
    finished_us: int
    report_id: bytes
    repeat: bool
    confirmed: bool
    park_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """One signed directory entry; ``version`` counts from 1 without a gap."""

    version: int
    envelope: bytes
    sequencing: bytes
