"""What a decision is made on and what it makes: the admitted message, the state of the batch, the effects.

 * ``Book`` is the stored state plus the effects of the batch's earlier messages; only ``take`` changes it.
 * An order's answer is ``open``, ``unexecuted``, or the outcome of its report in lower case.
"""

from dataclasses import dataclass, field

from tocsin.core.directory import Directory
from tocsin.core.errors import BusError
from tocsin.core.message import Message
from tocsin_hub.domain.rows import (
    Changes,
    Known,
    ListRow,
    Loaded,
    NoticeRow,
    OrderRow,
    SubjectRow,
    ThreadRow,
    TimerKey,
    TimerRow,
    TokenKey,
    WatchEntryRow,
    WatchUseRow,
)

OPEN = "open"
UNEXECUTED = "unexecuted"
"""States of an order's answer; the others are the outcome of its report, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A message whose bytes and signature are good.

    Attributes:
        subject: Keyed token of the target; empty when there is none or in a drill.
        author_public_key: The key the signature was checked with.
        envelope: The exact bytes.
        objection: What ``Message.guard`` says against a message that is new; a replay asks it nothing.
    """

    message: Message
    message_hash: bytes
    signature: bytes
    envelope: bytes
    subject: bytes
    author_public_key: bytes
    objection: BusError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """The message is in the log already."""

    log_index: int


@dataclass(slots=True, kw_only=True)
class Accepted:
    """What accepting a message does.

    Attributes:
        deliver_to: Parties whose mailbox gets it.
        never_withheld: Whether delivery lets it pass predecessors that are parked.
        directory: The directory after it, when it is a directory message.
        late: A report that came after its order or its measure had ended.
        alarm: Something an operator or officer must see, as a stable word: ``late-report-money-held`` or ``money-held-after-end``.
    """

    root_id: bytes
    profile_version: int = 0
    thread: ThreadRow | None = None
    order: OrderRow | None = None
    subject: SubjectRow | None = None
    watch_list: ListRow | None = None
    watch_entries: list[WatchEntryRow] = field(default_factory=list)
    watch_use: WatchUseRow | None = None
    notice: NoticeRow | None = None
    timers_set: list[TimerRow] = field(default_factory=list)
    timers_cleared: list[TimerKey] = field(default_factory=list)
    deliver_to: tuple[str, ...] = ()
    directory: Directory | None = None
    never_withheld: bool = False
    late: bool = False
    alarm: str = ""


class Book:
    """The state a batch is judged on: what was loaded, with the effects of the batch's earlier messages."""

    def __init__(self, loaded: Loaded, directory: Directory, changes: Changes) -> None:
        self.loaded = loaded
        self.directory = directory
        self.changes = changes

    def take(self, admitted: Admitted, accepted: Accepted, index: int) -> None:
        """Makes the effects of ``accepted`` part of the state and of the changes to write."""
        header = admitted.message.header
        loaded, changes = self.loaded, self.changes
        loaded.known[header.message_id] = Known(
            message_id=header.message_id, sender=header.sender, message_hash=admitted.message_hash, log_index=index,
            kind=type(admitted.message).KIND.name,
        )  # fmt: skip
        if (thread := accepted.thread) is not None:
            loaded.threads[thread.root_id] = changes.threads[thread.root_id] = thread
        if (order := accepted.order) is not None:
            loaded.orders[order.order_id] = changes.orders[order.order_id] = order
        if (subject := accepted.subject) is not None:
            loaded.subjects[subject.subject] = changes.subjects[subject.subject] = subject
        if (one := accepted.watch_list) is not None:
            loaded.lists[one.list_id, one.epoch] = changes.lists[one.list_id, one.epoch] = one
        for entry in accepted.watch_entries:
            key = TokenKey(entry.opened_index, entry.token)
            loaded.watch_entries[key] = changes.watch_entries[key] = entry
        if (use := accepted.watch_use) is not None:
            loaded.watch_uses[use.party] = changes.watch_uses[use.party] = use
        if (notice := accepted.notice) is not None:
            loaded.notices[notice.notice_id] = changes.notices[notice.notice_id] = notice
        for timer_key in accepted.timers_cleared:
            changes.timers_set.pop(timer_key, None)
            changes.timers_cleared.add(timer_key)
        for timer in accepted.timers_set:
            changes.timers_set[TimerKey(timer.order_id, timer.deadline)] = timer
        if accepted.directory is not None:
            self.directory = accepted.directory
