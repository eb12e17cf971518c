"""What orders, reports and times do to the measures a party keeps for itself: the bank that acts and the police that asked.

 * The bank judges by its own clock: an order too old to execute, a measure that has ended, a term too many or a stop behind its
   release is answered without the handler (``beforehand``).
 * What its law forbids, such as a protected domain, is refused without the handler.
 * A term runs from when a handler first began on the order, so that a repeat gives the same end; an extension from the end before.
 * Both sides use the one table of ``tocsin.core.measure``.
"""

from dataclasses import replace

from tocsin.client.rows import MeasureRow
from tocsin.core.errors import BusError
from tocsin.core.identifiers import masked
from tocsin.core.measure import NEXT, Event, Measure, MeasureOrder, MeasureState, passed, report_event, reported
from tocsin.core.message import KINDS, Nature
from tocsin.core.orders.deadline_passed import Deadline
from tocsin.core.orders.report import Outcome, Report
from tocsin.core.profiles import Profile


def new_measure(order: MeasureOrder, *, profile: str, subject: bytes, now_us: int) -> MeasureRow:
    """The measure a root order asks for, not in force yet."""
    header = order.header
    target = header.target
    return MeasureRow(
        root_id=header.message_id,
        kind=order.KIND.name,
        instrument=order.KIND.name,
        origin=header.sender,
        recipient=header.recipients[0],
        target_kind=target.kind if target is not None else "",
        target_masked=masked(target) if target is not None else "",
        subject=subject,
        state=MeasureState.ORDERED,
        terms=0,
        applied_us=0,
        ends_us=0,
        profile=profile,
        exercise=header.exercise,
        report=b"",
        changed_us=now_us,
    )


def ends_us(order: MeasureOrder, measure: MeasureRow | None, profile: Profile, started_us: int) -> int:
    """The legal end of what ``order`` asks for when carried out at ``started_us``; 0 when it sets none."""
    term = order.legal_term(profile.limits)
    if term is None:
        return 0
    prolongs = not order.KIND.starts_thread and measure is not None
    start = measure.ends_us if prolongs and measure is not None and measure.ends_us else started_us
    return term.end_after(start, profile.zone)


def beforehand(
    order: MeasureOrder,
    measure: MeasureRow | None,
    profile: Profile,
    *,
    accepted_us: int,
    now_us: int,
    terms_used: int,
    begun: bool = False,
) -> Outcome | None:
    """The answer that needs no handler, or None when the handler must act.

    Args:
        order: The order.
        measure: The thread's measure as this bank has it; None when the thread is new here.
        profile: The law it rests on.
        accepted_us: When the hub accepted the order.
        now_us: This bank's clock.
        terms_used: Terms this bank has executed for the account, in all threads.
        begun: Whether a handler began on the thread's first order and gave no answer: it may hold money all the same.
    """
    root = order.header.thread is None
    if root and measure is not None and measure.state in (MeasureState.RELEASING, MeasureState.RELEASED):
        return Outcome.SUPERSEDED
    if order.NEVER_WITHHELD:
        # RELEASING here: a release was asked before and the bank could not carry it out; the money is still held.
        held = measure is not None and measure.state in (MeasureState.IN_FORCE, MeasureState.RELEASING)
        return None if held or begun else Outcome.ALREADY
    if forbidden(order, profile):
        return Outcome.REFUSED_LEGAL
    if now_us >= profile.limits.execute_within.end_after(accepted_us, profile.zone):
        return Outcome.OUT_OF_TERM
    if not root and (measure is None or measure.state is not MeasureState.IN_FORCE or measure.ends_us <= now_us):
        return Outcome.OUT_OF_TERM
    if not root and measure is not None and not order.KIND.joins(measure.instrument):
        return Outcome.OUT_OF_TERM  # the stop it was meant for ended when a freeze took its place
    if order.COUNTS_AS_TERM and terms_used >= profile.limits.stop_max_terms:
        return Outcome.LIMIT_REACHED
    return None


def forbidden(order: MeasureOrder, profile: Profile) -> bool:
    """Whether the law forbids what is ordered: a hub that let it through is not followed."""
    try:
        order.check_law(profile)
    except BusError:
        return True
    return False


def after_answer(
    row: MeasureRow, order: MeasureOrder, outcome: Outcome, *, applied_us: int, expires_us: int, now_us: int
) -> MeasureRow:
    """The bank's measure after it answered ``order``."""
    measure = _measure(row)
    if order.EVENT is not None:
        # The order itself is an event first: a release moves the measure to RELEASING before it is carried out.
        measure = replace(measure, state=NEXT.get((measure.state, order.EVENT), measure.state))
    return _reported(row, measure, type(order), order.header.thread is None, outcome, applied_us, expires_us, now_us)


def after_report(row: MeasureRow, order_kind: str, report: Report, *, envelope: bytes, now_us: int) -> tuple[MeasureRow, bool]:
    """The origin's measure after a report on an order of ``order_kind``, and whether the report was late."""
    cls = KINDS[order_kind].cls
    assert issubclass(cls, MeasureOrder)  # the caller found the order among its own
    thread = report.header.thread
    is_root = thread is not None and thread.parent_id == row.root_id
    event = report_event(
        cls, is_root=is_root, executed=report.outcome.executed, lapsed=report.outcome is Outcome.LAPSED
    )
    measure, late = reported(
        _measure(row), event, order=cls, applied_us=report.applied_us, expires_us=report.expires_us, at_us=now_us
    )
    return replace(_row(row, measure, now_us), report=envelope), late


def after_order(row: MeasureRow, order: MeasureOrder, now_us: int) -> MeasureRow:
    """The origin's measure after it ordered a change."""
    measure = _measure(row)
    state = NEXT.get((measure.state, order.EVENT), measure.state) if order.EVENT is not None else measure.state
    return _row(row, replace(measure, state=state), now_us)


def after_deadline(row: MeasureRow, deadline: Deadline, now_us: int) -> MeasureRow:
    """The origin's measure after the hub recorded a deadline. It ends nothing that is in force here by our own clock.

    Who acts never takes an end from the hub: its own clock ends the measure, and its handler is asked until it has let go.
    """
    if deadline is Deadline.EXECUTION:
        return _row(row, passed(_measure(row), Event.EXECUTION_PASSED), now_us)
    if deadline is Deadline.MEASURE_END and row.ends_us <= now_us:
        return lapsed(row, now_us)
    return row


def lapsed(row: MeasureRow, now_us: int) -> MeasureRow:
    """The measure after its end has passed."""
    return _row(row, passed(_measure(row), Event.END_PASSED), now_us)


def is_order(kind: str) -> bool:
    """Whether a kind asks somebody to act."""
    return KINDS[kind].nature is Nature.ORDER


def _reported(
    row: MeasureRow,
    measure: Measure,
    cls: type[MeasureOrder],
    is_root: bool,
    outcome: Outcome,
    applied_us: int,
    expires_us: int,
    now_us: int,
) -> MeasureRow:
    event = report_event(cls, is_root=is_root, executed=outcome.executed, lapsed=outcome is Outcome.LAPSED)
    after, _ = reported(measure, event, order=cls, applied_us=applied_us, expires_us=expires_us, at_us=now_us)
    return _row(row, after, now_us)


def _measure(row: MeasureRow) -> Measure:
    return Measure(
        state=row.state, instrument=row.instrument, terms=row.terms, applied_us=row.applied_us, ends_us=row.ends_us
    )


def _row(row: MeasureRow, measure: Measure, now_us: int) -> MeasureRow:
    return replace(
        row, state=measure.state, instrument=measure.instrument, terms=measure.terms, applied_us=measure.applied_us,
        ends_us=measure.ends_us, changed_us=now_us,
    )  # fmt: skip
