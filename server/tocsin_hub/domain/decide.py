"""What the hub decides about one admitted message: accept with effects, or refuse with a reason. Pure.

In this order:

1. a known id: the same bytes get their first receipt again, even if since expired or revoked; other bytes are refused;
2. time: not expired, not from the future;
3. author: party enrolled and not suspended, key good at this log index;
4. policy: the kind's row allows sender role, key purpose, recipient roles and the relation to the thread;
5. profile: the law named knows the kind; its limits hold;
6. state: the thread's measure allows the step (``tocsin.core.measure``), or the list does (``decide_lists``).

 * A refusal has no effects at all. An acceptance returns its effects as new rows; ``Book.take`` makes them the state the next
   message of the batch is judged on.
 * A report by the addressed party is never refused for what became of its order: it is recorded, as late where it is.
 * Hub-signed messages record that a time went by; they set, move and lift no measure.
 * A suspended party is sent no new orders; releases, reports and records still reach it.
"""

from tocsin.core.directory import GOVERNANCE, Directory, apply
from tocsin.core.directory_messages import Purpose, Role
from tocsin.core.errors import Reason, error
from tocsin.core.measure import MeasureOrder
from tocsin.core.message import MAX_CLOCK_AHEAD_US, Header, Message, Nature
from tocsin.core.orders.deadline_passed import DeadlinePassed
from tocsin.core.orders.report import Report
from tocsin.core.policy import KindRow, Policy, Relation
from tocsin.core.watch import ListMessage, Notice
from tocsin_hub.domain.book import Accepted, Admitted, Book, Duplicate
from tocsin_hub.domain.decide_lists import decide_list, decide_notice
from tocsin_hub.domain.decide_orders import decide_deadline, decide_order, decide_report


def decide(admitted: Admitted, book: Book, *, index: int, at_us: int) -> Accepted | Duplicate:
    """The decision on ``admitted``, as the message that would stand at log ``index``, accepted at ``at_us``.

    Raises:
        Rejected: Refused for good, with its reason; ``book`` is unchanged.
    """
    message = admitted.message
    header = message.header
    known = book.loaded.known.get(header.message_id)
    if known is not None:
        if known.message_hash == admitted.message_hash:
            return Duplicate(log_index=known.log_index)
        raise error(Reason.ID_REUSED, field="message_id")
    check_time(header, at_us)
    if admitted.objection is not None:
        raise admitted.objection
    row = _check_author(message, admitted.author_public_key, book.directory, index)
    _check_recipients(message, row, book.directory)
    nature = type(message).KIND.nature
    if nature in (Nature.DIRECTORY, Nature.GOVERNANCE):
        if header.exercise:
            raise error(Reason.FIELD_INVALID, field="exercise", rule="who is who cannot be rehearsed")
        after = apply(book.directory, message, message_hash=admitted.message_hash, index=index, at_us=at_us)
        return Accepted(root_id=header.message_id, directory=after)
    if isinstance(message, Report):
        return decide_report(message, row, book, at_us=at_us, index=index)
    if isinstance(message, DeadlinePassed):
        return decide_deadline(message, book, index=index)
    if isinstance(message, MeasureOrder):
        return decide_order(admitted, message, row, book, at_us=at_us, index=index)
    if isinstance(message, ListMessage):
        return decide_list(message, row, book, at_us=at_us, index=index)
    if isinstance(message, Notice):
        return decide_notice(message, row, book, index=index)
    raise error(Reason.POLICY_DENIED, row=row.name, rule="kind")


def check_time(header: Header, at_us: int) -> None:
    """Whether a message with this header may be admitted at ``at_us``.

    Raises:
        RuleBroken: EXPIRED or CREATED_IN_FUTURE.
    """
    if header.expires_us <= at_us:
        raise error(Reason.EXPIRED, field="expires")
    if header.created_us > at_us + MAX_CLOCK_AHEAD_US:
        raise error(Reason.CREATED_IN_FUTURE, field="created", limit=MAX_CLOCK_AHEAD_US // 1_000_000)


def _check_author(message: Message, verified_with: bytes, directory: Directory, index: int) -> KindRow:
    header = message.header
    key = directory.authority(message)
    if key.public_key != verified_with:
        raise error(Reason.SIGNATURE_INVALID, field="signature")
    if not key.good_at(index):
        raise error(Reason.KEY_REVOKED, party=header.sender, field="author_key")
    if header.sender == GOVERNANCE:
        role = Role.GOVERNANCE
    else:
        party = directory.party(header.sender)
        if party.suspended:
            raise error(Reason.PARTY_SUSPENDED, party=party.party)
        role = party.role
    if directory.policy is None and type(message).KIND.nature is Nature.GOVERNANCE and role is Role.GOVERNANCE:
        return GENESIS_ROW
    if directory.policy is None:
        raise error(Reason.POLICY_DENIED, row="genesis", rule="sender", field="sender")
    return directory.policy.check_kind(type(message).KIND.name, sender=role, purposes=key.purposes)


GENESIS_ROW = KindRow(
    name="genesis",
    senders=frozenset({Role.GOVERNANCE}),
    purpose=Purpose.ADMIN,
    recipients=frozenset(),
    relation=Relation.NONE,
)
"""Before the first policy only governance speaks: it brings the root and the policy itself."""


def _check_recipients(message: Message, row: KindRow, directory: Directory) -> None:
    kind = type(message).KIND
    asks = isinstance(message, MeasureOrder) and not message.NEVER_WITHHELD
    for name in message.header.recipients:
        party = directory.party(name)
        Policy.check_recipient(row, party.role)
        if asks and party.suspended:
            raise error(Reason.PARTY_SUSPENDED, party=name, field="recipients")
        # What the hub records goes to everybody: an end that one party cannot read must not stay unrecorded.
        if party.accepts and kind.payload_type not in party.accepts and kind.nature is not Nature.RECORD:
            raise error(Reason.TYPE_NOT_ACCEPTED, party=name, field="recipients")
