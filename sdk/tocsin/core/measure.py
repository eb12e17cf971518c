"""The life of a measure: what a thread's stop or freeze goes through, at the hub and at the bank alike.

 * ``NEXT`` is the specification: a pair (state, event) that is not in it is refused, and nothing changes.
 * A measure is in force only on the bank's report; its end is the bank's ``expires_us``. Orders ask, reports state, times end.
 * An extension or a freeze is asked of a stop that has not ended; a freeze is neither extended nor frozen again. A release may be
   asked in every state: the bank may hold money that we believe is free.
 * A report is never refused: in a state that no longer expects it, it is *late* and changes the state only where the money is
   in truth still held. ``DECLINED`` and ``RELEASED`` are left by no report and no time, only by one more release.
 * Letting go of some items of a list changes no state: what is left of it stays as it was.
 * An end never moves back, except when a freeze takes a stop's place: then it is the freeze's.
 * Times are microseconds since 1970 UTC, passed in.

::

    ORDERED ──executed──▶ IN_FORCE ──end passed──▶ LAPSED
       │ declined            │  ▲ extend/freeze executed: new end
       ▼                     ▼ release ordered
    DECLINED              RELEASING ──release executed──▶ RELEASED
       (ORDERED ──execution time passed──▶ UNEXECUTED)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from tocsin.core.errors import BusError, Reason, error
from tocsin.core.message import Message
from tocsin.core.profiles import Limits, Profile
from tocsin.core.times import Term, from_us

if TYPE_CHECKING:
    from tocsin.core.directory import Directory


class MeasureState(StrEnum):
    """Where the measure of a thread stands."""

    ORDERED = "ordered"
    DECLINED = "declined"
    IN_FORCE = "in-force"
    RELEASING = "releasing"
    RELEASED = "released"
    LAPSED = "lapsed"
    UNEXECUTED = "unexecuted"


class Event(StrEnum):
    """What happens to a measure: orders, reports on them, and times."""

    EXTEND_ORDERED = "extend-ordered"
    FREEZE_ORDERED = "freeze-ordered"
    RELEASE_ORDERED = "release-ordered"
    ROOT_EXECUTED = "root-executed"
    ROOT_DECLINED = "root-declined"
    CHANGE_EXECUTED = "change-executed"
    CHANGE_DECLINED = "change-declined"
    RELEASE_EXECUTED = "release-executed"
    RELEASE_DECLINED = "release-declined"
    LAPSE_REPORTED = "lapse-reported"
    END_PASSED = "end-passed"
    EXECUTION_PASSED = "execution-passed"
    WITHDRAW_ORDERED = "withdraw-ordered"
    WITHDRAW_EXECUTED = "withdraw-executed"
    WITHDRAW_DECLINED = "withdraw-declined"


_S, _E = MeasureState, Event

NEXT: Mapping[tuple[MeasureState, Event], MeasureState] = MappingProxyType({
    # not answered yet
    (_S.ORDERED, _E.ROOT_EXECUTED): _S.IN_FORCE,
    (_S.ORDERED, _E.ROOT_DECLINED): _S.DECLINED,
    (_S.ORDERED, _E.FREEZE_ORDERED): _S.ORDERED,
    (_S.ORDERED, _E.CHANGE_EXECUTED): _S.IN_FORCE,  # the freeze behind a stop took effect before the stop was answered
    (_S.ORDERED, _E.CHANGE_DECLINED): _S.ORDERED,
    (_S.ORDERED, _E.RELEASE_ORDERED): _S.RELEASING,
    (_S.ORDERED, _E.EXECUTION_PASSED): _S.UNEXECUTED,
    # in force
    (_S.IN_FORCE, _E.EXTEND_ORDERED): _S.IN_FORCE,
    (_S.IN_FORCE, _E.FREEZE_ORDERED): _S.IN_FORCE,
    (_S.IN_FORCE, _E.ROOT_EXECUTED): _S.IN_FORCE,
    (_S.IN_FORCE, _E.CHANGE_EXECUTED): _S.IN_FORCE,
    (_S.IN_FORCE, _E.CHANGE_DECLINED): _S.IN_FORCE,
    (_S.IN_FORCE, _E.RELEASE_ORDERED): _S.RELEASING,
    (_S.IN_FORCE, _E.LAPSE_REPORTED): _S.LAPSED,
    (_S.IN_FORCE, _E.END_PASSED): _S.LAPSED,
    # a release is on its way
    (_S.RELEASING, _E.ROOT_EXECUTED): _S.RELEASING,
    (_S.RELEASING, _E.ROOT_DECLINED): _S.RELEASING,
    (_S.RELEASING, _E.CHANGE_EXECUTED): _S.RELEASING,
    (_S.RELEASING, _E.CHANGE_DECLINED): _S.RELEASING,
    (_S.RELEASING, _E.RELEASE_ORDERED): _S.RELEASING,
    (_S.RELEASING, _E.RELEASE_EXECUTED): _S.RELEASED,
    (_S.RELEASING, _E.RELEASE_DECLINED): _S.RELEASING,
    (_S.RELEASING, _E.LAPSE_REPORTED): _S.LAPSED,
    (_S.RELEASING, _E.END_PASSED): _S.LAPSED,
    # a release asked once more, where the bank may hold money that we believe is free
    (_S.DECLINED, _E.RELEASE_ORDERED): _S.RELEASING,
    (_S.RELEASED, _E.RELEASE_ORDERED): _S.RELEASING,
    (_S.LAPSED, _E.RELEASE_ORDERED): _S.RELEASING,
    (_S.UNEXECUTED, _E.RELEASE_ORDERED): _S.RELEASING,
    # late reports that state a measure in force: the truth about money outranks the table above
    (_S.UNEXECUTED, _E.ROOT_EXECUTED): _S.IN_FORCE,
    (_S.UNEXECUTED, _E.ROOT_DECLINED): _S.DECLINED,
    (_S.UNEXECUTED, _E.CHANGE_EXECUTED): _S.IN_FORCE,
    (_S.LAPSED, _E.ROOT_EXECUTED): _S.IN_FORCE,
    (_S.LAPSED, _E.CHANGE_EXECUTED): _S.IN_FORCE,
    # the bank says what the hub's clock said already
    (_S.LAPSED, _E.LAPSE_REPORTED): _S.LAPSED,
    # letting go of some items of a list is asked and answered in every state, and changes none
    **{
        (state, event): state
        for state in _S
        for event in (_E.WITHDRAW_ORDERED, _E.WITHDRAW_EXECUTED, _E.WITHDRAW_DECLINED)
    },
})
"""Every step there is."""

ENDED = frozenset({_S.DECLINED, _S.RELEASED, _S.LAPSED, _S.UNEXECUTED})
"""States in which nothing is held as far as is known."""

TAKES_EFFECT = frozenset({_E.ROOT_EXECUTED, _E.CHANGE_EXECUTED})
"""Reports of a measure in force; each names when it took effect and when it ends."""

REPORTS = TAKES_EFFECT | {
    _E.ROOT_DECLINED, _E.CHANGE_DECLINED, _E.RELEASE_EXECUTED, _E.RELEASE_DECLINED, _E.LAPSE_REPORTED,
    _E.WITHDRAW_EXECUTED, _E.WITHDRAW_DECLINED,
}  # fmt: skip
"""Events that state a fact and are never refused."""

STOP, FREEZE = "stop-payment", "freeze"
"""The two instruments, by the names of their kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """The measure of one thread.

    Attributes:
        instrument: Kind in force or asked for: ``stop-payment`` or ``freeze``.
        terms: Terms of the stop that took effect.
        applied_us: When it took effect, by the bank's clock; 0 before.
        ends_us: Its legal end, by the bank's clock; 0 while none is in force.
    """

    state: MeasureState
    instrument: str
    terms: int = 0
    applied_us: int = 0
    ends_us: int = 0


def ordered(measure: Measure, event: Event, *, at_us: int) -> Measure:
    """``measure`` after an order of its thread was accepted at ``at_us``.

    Raises:
        WrongState: EXTEND_AFTER_END when the term is over; TRANSITION_REFUSED when the table has no such step.
    """
    after = NEXT.get((measure.state, event))
    changes = event in (Event.EXTEND_ORDERED, Event.FREEZE_ORDERED)
    if changes and (measure.state is MeasureState.LAPSED or 0 < measure.ends_us <= at_us):
        if event is Event.EXTEND_ORDERED:
            raise error(Reason.EXTEND_AFTER_END, field="thread")
        raise _refused(measure.state if measure.state in ENDED else MeasureState.LAPSED, event)
    if after is None or (changes and measure.instrument != STOP):
        raise _refused(measure.state, event)
    return replace(measure, state=after)


def reported(
    measure: Measure, event: Event, *, order: "type[MeasureOrder]", applied_us: int, expires_us: int, at_us: int
) -> tuple[Measure, bool]:
    """``measure`` after a report on an order of class ``order``, and whether the report is late. Never refused.

    A report of something in force sets the end; where that end is already past at ``at_us``, the measure has ended. The bank's
    word that a measure lapsed is not late when our clock said so first.
    """
    after = NEXT.get((measure.state, event))
    late = after is None or (measure.state in ENDED and after is not measure.state)
    if event not in TAKES_EFFECT:
        return (measure if after is None else replace(measure, state=after)), late
    terms = measure.terms + order.COUNTS_AS_TERM
    if after is None:
        return replace(measure, terms=terms), late
    # A kind that can start a thread brings a measure of its own. A stop that is answered behind its freeze takes nothing back.
    brings = order.KIND.name if order.KIND.starts_thread else measure.instrument
    replaces = brings == FREEZE and measure.instrument == STOP
    ends_us = expires_us or measure.ends_us if replaces else max(measure.ends_us, expires_us)
    over = after is MeasureState.IN_FORCE and 0 < ends_us <= at_us
    made = Measure(
        state=MeasureState.LAPSED if over else after,
        instrument=brings if replaces else measure.instrument,
        terms=terms,
        applied_us=measure.applied_us or applied_us,
        ends_us=ends_us,
    )
    return made, late or over


def passed(measure: Measure, event: Event) -> Measure:
    """``measure`` after a time went by; unchanged where that time no longer matters."""
    after = NEXT.get((measure.state, event))
    return measure if after is None else replace(measure, state=after)


def report_event(order: "type[MeasureOrder]", *, is_root: bool, executed: bool, lapsed: bool) -> Event:
    """The event a report on an order of class ``order`` is."""
    if lapsed:
        return Event.LAPSE_REPORTED
    if order.EVENT is Event.RELEASE_ORDERED:
        return Event.RELEASE_EXECUTED if executed else Event.RELEASE_DECLINED
    if order.EVENT is Event.WITHDRAW_ORDERED:
        return Event.WITHDRAW_EXECUTED if executed else Event.WITHDRAW_DECLINED
    if is_root:
        return Event.ROOT_EXECUTED if executed else Event.ROOT_DECLINED
    return Event.CHANGE_EXECUTED if executed else Event.CHANGE_DECLINED


def _refused(state: MeasureState, event: Event) -> BusError:
    return error(Reason.TRANSITION_REFUSED, state=state, event=event, field="thread")


class MeasureOrder(Message):
    """Base of the orders that create or change a measure; the class variables are the kind's place in its life.

    Attributes:
        EVENT: What the order is to the thread it joins; ``None`` for a kind that only starts threads.
        COUNTS_AS_TERM: Whether it is one of the terms an account may be stopped for.
        NEVER_WITHHELD: Whether it lets go of something: delivery lets it pass predecessors that are parked, quotas let it
            through, and no order of its kind is ever too old to be carried out.
        BY_TARGET: Whether the header's target says which party it goes to.
    """

    EVENT: ClassVar[Event | None] = None
    COUNTS_AS_TERM: ClassVar[bool] = False
    NEVER_WITHHELD: ClassVar[bool] = False
    BY_TARGET: ClassVar[bool] = True

    def routes_to(self, party: str, directory: "Directory") -> bool:
        """Whether ``party`` is the one this order, as root of a thread, may go to.

        Raises:
            NotRoutable: TARGET_NOT_SERVED.
            NotPermitted: PARTY_UNKNOWN.
        """
        return self.header.target is not None and directory.routing.route(self.header.target) == party

    def check_law(self, profile: Profile) -> None:
        """Rules of the law it rests on, beyond its kind, currency and limits.

        Raises:
            RuleBroken: The law forbids it.
        """

    @property
    def items(self) -> tuple[str, ...]:
        """What it lists, where the answer is given per item; else empty."""
        return ()

    def legal_term(self, limits: Limits) -> Term | None:
        """How long the measure lasts that this order asks for; ``None`` when it asks for none."""
        return None

    @property
    def account(self) -> str:
        """The target in its canonical form; empty for an order that follows another."""
        return self.header.target.value if self.header.target is not None else ""

    @property
    def ends_at(self) -> datetime | None:
        """The legal end of the measure when the order is carried out now (UTC); ``None`` when it sets none.

        Raises:
            LocalFault: HANDLER_RESULT_INVALID outside a handler.
        """
        ends_us = self.delivery.ends_us
        return from_us(ends_us) if ends_us else None


def require_thread(message: Message) -> None:
    """The message must name its thread and what it follows.

    Raises:
        Malformed: FIELD_MISSING.
    """
    thread = message.header.thread
    if thread is None or not thread.root_id:
        raise error(Reason.FIELD_MISSING, field="thread.root_id", rule="the order this message belongs to")
    if not thread.parent_id:
        raise error(Reason.FIELD_MISSING, field="thread.parent_id", rule="the message this one follows")


def require_one_recipient(message: Message) -> None:
    """A measure is one party's to carry out.

    Raises:
        Malformed: FIELD_INVALID.
    """
    if len(message.header.recipients) != 1:
        raise error(Reason.FIELD_INVALID, field="recipients", rule="exactly one")


def require_recipient_and_target(message: Message) -> None:
    """An order on money names one recipient and its target.

    Raises:
        Malformed: FIELD_MISSING or FIELD_INVALID.
    """
    require_one_recipient(message)
    if message.header.target is None:
        raise error(Reason.FIELD_MISSING, field="target", rule="the card or account")


def require_remedies(message: Message) -> None:
    """Whoever is held must be able to ask and object: contact, remedy, legal basis, and what the holder may be told.

    Raises:
        Malformed: FIELD_MISSING.
    """
    header = message.header
    for name in ("contact", "remedy"):
        if not getattr(header, name):
            raise error(Reason.FIELD_MISSING, field=name, rule="every measure carries it")
    if header.legal_basis is None or not header.legal_basis.profile:
        raise error(Reason.FIELD_MISSING, field="legal_basis.profile", rule="the profile whose limits apply")
    if header.holder_notice is None:
        raise error(Reason.FIELD_MISSING, field="holder_notice", rule="what the holder may be told")
