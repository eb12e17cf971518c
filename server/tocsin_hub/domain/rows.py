"""What the hub keeps, as plain rows; the stores persist them and ``decide`` reads and makes them.

 * Truth: ``MessageRow``, ``BatchRow``. Projections, rebuilt by a replay: ``ThreadRow``, ``OrderRow``, ``SubjectRow``, ``TimerRow``,
   ``ListRow``, ``WatchEntryRow``, ``WatchUseRow``, ``NoticeRow``, ``DirectoryRow``, ``EntryRow`` (its ``generation`` apart).
   Operational, not replayed: ``CursorRow``, ``AttemptRow``.
 * No clear identifier stands in a row: ``subject`` is a keyed token, ``body`` is encrypted.
 * Times are microseconds since 1970 UTC.
"""

from dataclasses import dataclass, field
from typing import NamedTuple


class MailboxKey(NamedTuple):
    """One lane of one party's mailbox; ``lane`` is the value of ``tocsin.core.message.Lane``."""

    party: str
    lane: int


@dataclass(slots=True, kw_only=True)
class MessageRow:
    """One accepted message and its sequencing record. Not frozen: its batch size is known only when the batch is complete."""

    log_index: int
    message_id: bytes
    sender: str
    message_hash: bytes
    kind: str
    root_id: bytes
    body: bytes
    """The envelope bytes, encrypted at rest."""
    salt: bytes
    accepted_us: int
    batch_size: int
    """Tree size of the checkpoint its receipt uses."""
    directory_version: int
    policy_version: int
    profile_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One committed batch: the tree size after it and its signed checkpoint."""

    tree_size: int
    first_index: int
    checkpoint: bytes


class NodeRow(NamedTuple):
    """One complete node of the Merkle tree; level 0 is the leaf hashes."""

    level: int
    index: int  # type: ignore[assignment]  # the field's proper name; a row is never searched
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    """A thread and the state of its measure (``tocsin.core.measure``)."""

    root_id: bytes
    kind: str
    origin: str
    recipient: str
    lane: int
    subject: bytes
    profile: str
    exercise: bool
    state: str
    terms: int
    applied_us: int
    ends_us: int
    instrument: str
    """Kind of the order whose measure is in force or asked for: ``stop-payment`` or ``freeze``."""
    updated_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order and the state of its answer."""

    order_id: bytes
    root_id: bytes
    kind: str
    sender: str
    recipient: str
    log_index: int
    accepted_us: int
    state: str
    decided_us: int
    exercise: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRow:
    """How many terms one account has used and has waiting, whoever asked."""

    subject: bytes
    terms_used: int
    terms_pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerRow:
    """A point in time at which the hub must record something; unique by (order_id, deadline)."""

    order_id: bytes
    root_id: bytes
    deadline: int
    due_us: int
    party: str


class TimerKey(NamedTuple):
    """Names a timer."""

    order_id: bytes
    deadline: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One epoch of a watchlist."""

    list_id: str
    epoch: int
    owner: str
    opened_index: int
    """Log index of the message that opened it: what its entries are kept under."""
    checkers: str
    """Party ids in order, with a space between them."""
    valid_until_us: int
    key_check: bytes
    live_index: int
    """Log index of the message that said it is complete; 0 before."""


class TokenKey(NamedTuple):
    """Names an entry of a watchlist: where its epoch was opened, and its token."""

    opened_index: int
    token: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEntryRow:
    """One entry of one epoch of a watchlist. Details and everything else stand in the message at ``log_index``."""

    opened_index: int
    token: bytes
    entry_no: int
    ends_us: int
    log_index: int
    position: int
    """Place in that message."""
    withdrawn_index: int
    """Log index of its withdrawal; 0 before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchUseRow:
    """How many tokens one party has asked about in the minute and the day (UTC) of its last check."""

    party: str
    minute: int
    minute_tokens: int
    day: int
    day_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A notice that may be answered: who told whom."""

    notice_id: bytes
    kind: str
    sender: str
    recipient: str
    lane: int
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRow:
    """One directory entry: which message it is and the head of the chain after it."""

    version: int
    log_index: int
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One place in a mailbox. ``seq`` is gapless from 1 within (party, lane); the store assigns it."""

    mailbox: MailboxKey
    seq: int
    log_index: int
    root_id: bytes
    urgent_exempt: bool
    """A release: never withheld behind a parked predecessor."""
    why: int
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorRow:
    """Where one subscription of a mailbox stands: all up to here is acked or given up."""

    mailbox: MailboxKey
    subscription: str
    acked_through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One entry past the cursor that is not simply waiting: acked out of order, to be tried later, or dead."""

    mailbox: MailboxKey
    subscription: str
    seq: int
    attempts: int
    state: str
    """``acked``, ``delayed`` or ``dead``."""
    not_before_us: int
    reason: str
    changed_us: int


@dataclass(slots=True, kw_only=True)
class Needs:
    """What ``decide`` must have read for a batch."""

    message_ids: set[bytes] = field(default_factory=set)
    roots: set[bytes] = field(default_factory=set)
    orders: set[bytes] = field(default_factory=set)
    subjects: set[bytes] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    tokens: set[TokenKey] = field(default_factory=set)
    checkers: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Known:
    """A message the hub already has, for duplicates."""

    message_id: bytes
    sender: str
    message_hash: bytes
    log_index: int
    kind: str = ""


@dataclass(slots=True, kw_only=True)
class Loaded:
    """What was read for ``Needs``; absent keys are absent in the store."""

    known: dict[bytes, Known] = field(default_factory=dict)
    threads: dict[bytes, ThreadRow] = field(default_factory=dict)
    orders: dict[bytes, OrderRow] = field(default_factory=dict)
    subjects: dict[bytes, SubjectRow] = field(default_factory=dict)
    lists: dict[tuple[str, int], ListRow] = field(default_factory=dict)
    """The two newest epochs of each list: no other is still of use."""
    watch_entries: dict[TokenKey, WatchEntryRow] = field(default_factory=dict)
    watch_uses: dict[str, WatchUseRow] = field(default_factory=dict)
    notices: dict[bytes, NoticeRow] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Changes:
    """What one batch writes, all in one transaction. ``entries`` come with seq 0; the store numbers them."""

    messages: list[MessageRow] = field(default_factory=list)
    batch: BatchRow | None = None
    nodes: list[NodeRow] = field(default_factory=list)
    threads: dict[bytes, ThreadRow] = field(default_factory=dict)
    orders: dict[bytes, OrderRow] = field(default_factory=dict)
    subjects: dict[bytes, SubjectRow] = field(default_factory=dict)
    timers_set: dict[TimerKey, TimerRow] = field(default_factory=dict)
    timers_cleared: set[TimerKey] = field(default_factory=set)
    lists: dict[tuple[str, int], ListRow] = field(default_factory=dict)
    watch_entries: dict[TokenKey, WatchEntryRow] = field(default_factory=dict)
    watch_uses: dict[str, WatchUseRow] = field(default_factory=dict)
    notices: dict[bytes, NoticeRow] = field(default_factory=dict)
    directory: list[DirectoryRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of the log."""

    log_size: int
    accepted_us: int
    directory_version: int
    directory_head: bytes
    epoch: int
