"""From an order to its signed report: the private part opened, the law looked at, the handler asked, the measure moved on.

 * What the law answers by itself (``life.beforehand``) never reaches the handler: a stop behind its release, an order
   too old, a term too many, a drill the handler did not opt in to.
 * The handler's answer becomes the report; held money below what was ordered is *done-short*.
 * Times in the report are by this party's clock: applied when a handler first began, the end as the law counts from there.
"""

from dataclasses import dataclass, replace
from typing import Any

from tocsin.client import life
from tocsin.client.compose import Composer, Follow
from tocsin.client.handlers import Handler, checked_answer
from tocsin.client.identity import Identity
from tocsin.client.mark import mark_in
from tocsin.client.rows import MeasureRow, Outgoing
from tocsin.clock import Clock
from tocsin.core.directory import Directory
from tocsin.core.errors import Reason, error
from tocsin.core.measure import MeasureOrder
from tocsin.core.message import KINDS, Lane, Message, Part, delivered
from tocsin.core.money import Money
from tocsin.core.orders.report import ItemOutcome, Outcome
from tocsin.results import Executed, Refused
from tocsin.wire.convert import with_private


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """How an order came; see ``tocsin.core.message.Delivery``."""

    repeat: bool
    attempt: int
    accepted_us: int
    started_us: int
    ends_us: int
    key: str

    def mark(self, connection: Any) -> bool:
        """See ``Delivery``."""
        return mark_in(connection, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An order to be answered, with what the inbox knows of it."""

    order: MeasureOrder
    accepted_us: int
    started_us: int
    repeat: bool
    attempt: int
    begun: bool = False
    """For a release: a handler began on the order it releases and gave no answer."""


def open_private(message: Message, identity: Identity) -> Message:
    """``message`` with its private fields, when a part is sealed for us.

    Raises:
        SignatureInvalid: SEAL_INVALID when the part was changed or does not match its signed hash.
    """
    part = _our_part(message, identity)
    if part is None:
        return message
    from tocsin.crypto.sealing import open_part

    plaintext = open_part(
        part,
        bus=identity.bus,
        message_id=message.header.message_id,
        party=identity.party,
        key_id=identity.sealing_key_id,
        private_key_raw=identity.sealing_private,
    )
    return with_private(message, plaintext)


class Answerer:
    """Answers orders."""

    def __init__(self, *, identity: Identity, composer: Composer, clock: Clock) -> None:
        self._identity = identity
        self._composer = composer
        self._clock = clock

    async def answer(
        self, task: Task, handler: Handler, measure: MeasureRow | None, directory: Directory, terms_used: int
    ) -> tuple[Outgoing, MeasureRow]:
        """The report on an order, and the thread's measure after it.

        Args:
            task: The order and how it came.
            handler: Who carries it out.
            measure: The thread's measure as it stands here.
            directory: The verified directory.
            terms_used: Terms executed here for the account.

        Raises:
            Exception: Whatever the handler raises: no answer came of it.
        """
        order = open_private(task.order, self._identity)
        assert isinstance(order, MeasureOrder)
        row = measure or self.measure_of(order, directory)
        profile = directory.profile(row.profile)
        now_us = self._clock.now_us()
        ends_us = life.ends_us(order, measure, profile, task.started_us)
        given: Executed | Refused | None = None
        if order.header.exercise and not handler.exercise:
            given = Refused(Outcome.UNSUPPORTED, note="a drill, and the handler takes none")
        else:
            settled = life.beforehand(
                order, measure, profile, accepted_us=task.accepted_us, now_us=now_us, terms_used=terms_used,
                begun=task.begun,
            )
            if settled is not None:
                given = Executed(outcome=settled) if settled.executed else Refused(settled)
        if given is None:
            context = Context(
                repeat=task.repeat, attempt=task.attempt, accepted_us=task.accepted_us, started_us=task.started_us,
                ends_us=ends_us, key=order.id,
            )  # fmt: skip
            given = checked_answer(await handler.call(delivered(order, context), self._clock))
        return self.report(order, row, given, applied_us=task.started_us, ends_us=ends_us)

    def report(
        self, order: MeasureOrder, row: MeasureRow, given: Executed | Refused, *, applied_us: int, ends_us: int
    ) -> tuple[Outgoing, MeasureRow]:
        """The signed report for an answer, and the measure after it."""
        now_us = self._clock.now_us()
        outcome = _outcome(order, given)
        in_force = outcome.executed and ends_us > 0
        fields: dict[str, Any] = {"outcome": outcome, "reason": given.note}
        if in_force:
            fields |= {"applied_us": applied_us, "expires_us": ends_us}
        if isinstance(given, Executed):
            fields |= {"held": given.held, "balance": given.balance, "available": given.available}
            fields["not_applied"] = _items_left(order, given)
        follow = Follow(
            root_id=order.header.root_id, parent_id=order.header.message_id, recipient=order.header.sender,
            lane=order.header.lane, exercise=order.header.exercise, profile=row.profile,
        )  # fmt: skip
        message, envelope = self._composer.follow(KINDS["report"], follow, fields=fields)
        after = life.after_answer(row, order, outcome, applied_us=applied_us, expires_us=ends_us, now_us=now_us)
        return outgoing(message, envelope, now_us), after

    def lapse(self, row: MeasureRow, *, lane: Lane) -> tuple[Outgoing, MeasureRow]:
        """The report that a measure ended by itself, and the measure after it."""
        now_us = self._clock.now_us()
        follow = Follow(
            root_id=row.root_id, parent_id=row.root_id, recipient=row.origin, lane=lane, exercise=row.exercise,
            profile=row.profile,
        )  # fmt: skip
        message, envelope = self._composer.follow(KINDS["report"], follow, fields={"outcome": Outcome.LAPSED})
        return outgoing(message, envelope, now_us), life.lapsed(row, now_us)

    def measure_of(self, order: MeasureOrder, directory: Directory) -> MeasureRow:
        """The measure of a thread that is new here."""
        basis = order.header.legal_basis
        profile = directory.profile(basis.profile) if basis is not None else self._composer.profile()
        row = life.new_measure(
            order, profile=profile.name, subject=self._identity.subject_token(order.header.target), now_us=self._clock.now_us()
        )
        # A release may come before the stop it releases: the thread is kept under its root all the same.
        return replace(row, root_id=order.header.root_id)


def outgoing(message: Message, envelope: bytes, now_us: int) -> Outgoing:
    """An outbox row for a message."""
    header = message.header
    return Outgoing(
        message_id=header.message_id, lane=header.lane, root_id=header.root_id, kind=message.KIND.name,
        recipient=header.recipients[0] if header.recipients else "", envelope=envelope, now_us=now_us,
    )  # fmt: skip


def _items_left(order: MeasureOrder, given: Executed) -> tuple[ItemOutcome, ...]:
    places = {item: place for place, item in enumerate(order.items, start=1)}
    left = {item if isinstance(item, int) else places.get(item, 0): Outcome(why) for item, why in given.not_applied.items()}
    if any(not 1 <= place <= len(places) for place in left):
        raise error(Reason.HANDLER_RESULT_INVALID, field="not_applied", rule="items of the order")
    return tuple(ItemOutcome(position=place, outcome=left[place]) for place in sorted(left))


def _outcome(order: MeasureOrder, given: Executed | Refused) -> Outcome:
    if isinstance(given, Refused):
        return given.outcome
    wanted: Money | None = getattr(order, "amount", None)
    short = given.held is not None and wanted is not None and given.held < wanted
    short = short or bool(given.not_applied)
    return Outcome.DONE_SHORT if short and given.outcome is Outcome.DONE else given.outcome


def _our_part(message: Message, identity: Identity) -> Part | None:
    for part in message.header.parts:
        if any(w.party == identity.party and w.key_id == identity.sealing_key_id for w in part.wraps):
            return part
    return None
