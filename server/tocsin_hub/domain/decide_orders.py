"""Decisions on orders, reports and deadlines: what each does to its thread, its account's terms and the timers.

 * An order opens an answer, a report closes it; a term of an account is pending until then and used once executed. An order that
   is not answered while it may be executed gives its term back.
 * Reports state facts: whatever became of the order, they are accepted, as late where they are. After a refusal the acting party
   may still report execution, and that counts; what it reports after an execution is kept in the log and moves nothing.
 * A thread has one lane, one law, one account, and is a drill or not, as its root says.
 * The end of a measure is the bank's ``expires_us``; the hub's timer only records that it went by.
"""

from dataclasses import replace

from tocsin.core.directory import Directory
from tocsin.core.errors import Reason, error
from tocsin.core.measure import (
    ENDED,
    TAKES_EFFECT,
    Measure,
    MeasureOrder,
    MeasureState,
    ordered,
    passed,
    report_event,
    reported,
)
from tocsin.core.measure import Event as MeasureEvent
from tocsin.core.message import KINDS, Message
from tocsin.core.orders.deadline_passed import Deadline, DeadlinePassed
from tocsin.core.orders.report import Outcome, Report
from tocsin.core.policy import KindRow, check_relation
from tocsin.core.profiles import Profile
from tocsin_hub.domain.book import OPEN, UNEXECUTED, Accepted, Admitted, Book
from tocsin_hub.domain.rows import Loaded, OrderRow, SubjectRow, ThreadRow, TimerKey, TimerRow


def decide_order(admitted: Admitted, message: MeasureOrder, row: KindRow, book: Book, *, at_us: int, index: int) -> Accepted:
    """An order that starts a thread or joins one.

    Raises:
        Rejected: See ``tocsin_hub.domain.decide``.
    """
    if message.header.thread is None:
        return _root_order(message, row, admitted.subject, book, at_us=at_us, index=index)
    return _thread_order(message, row, admitted.subject, book, at_us=at_us, index=index)


def _root_order(
    message: MeasureOrder, row: KindRow, subject: bytes, book: Book, *, at_us: int, index: int
) -> Accepted:
    header = message.header
    kind = type(message).KIND
    check_relation(row, sender=header.sender, origin=None, addressee=None)
    if not kind.starts_thread:
        raise error(Reason.FIELD_MISSING, field="thread.root_id", rule="the order this message belongs to")
    profile = _profile_of(message, book.directory)
    recipient = header.recipients[0]
    if not message.routes_to(recipient, book.directory):
        raise error(Reason.ROUTE_DIFFERS, field="recipients", party=recipient)
    measure = Measure(state=MeasureState.ORDERED, instrument=kind.name)
    thread = ThreadRow(
        root_id=header.message_id, kind=kind.name, origin=header.sender, recipient=recipient, lane=header.lane.value,
        subject=subject, profile=profile.name, exercise=header.exercise, state=measure.state, terms=0, applied_us=0,
        ends_us=0, instrument=measure.instrument, updated_index=index,
    )  # fmt: skip
    return _order_effects(message, thread, profile, book, at_us=at_us, index=index)


def _thread_order(
    message: MeasureOrder, row: KindRow, subject: bytes, book: Book, *, at_us: int, index: int
) -> Accepted:
    header = message.header
    thread = _thread_of(message, book)
    check_relation(row, sender=header.sender, origin=thread.origin, addressee=thread.recipient)
    if header.recipients[0] != thread.recipient:
        raise error(Reason.ROUTE_DIFFERS, field="recipients", party=header.recipients[0])
    _parent_of(message, thread, book)
    _check_same_thread(message, thread)
    if header.target is not None and subject != thread.subject:
        raise error(Reason.FIELD_INVALID, field="target", rule="the account of the thread's root")
    kind = type(message)
    if kind.EVENT is None or not kind.KIND.joins(thread.kind):
        raise error(Reason.FIELD_INVALID, field="thread", rule="this kind of order does not follow that one")
    profile = _profile_of(message, book.directory, thread=thread)
    measure = ordered(measure_of(thread), kind.EVENT, at_us=at_us)
    after = with_measure(thread, measure, index)
    return _order_effects(message, after, profile, book, at_us=at_us, index=index)


def _order_effects(
    message: MeasureOrder, thread: ThreadRow, profile: Profile, book: Book, *, at_us: int, index: int
) -> Accepted:
    header = message.header
    message.check_law(profile)
    subject = _count_term(message, thread, profile, book)
    order = OrderRow(
        order_id=header.message_id, root_id=thread.root_id, kind=type(message).KIND.name, sender=header.sender,
        recipient=thread.recipient, log_index=index, accepted_us=at_us, state=OPEN, decided_us=0, exercise=header.exercise,
    )  # fmt: skip
    limits, zone = profile.limits, profile.zone
    timers = [_timer(header.message_id, thread, Deadline.ANSWER_NOT_FETCHED, limits.answer_within.end_after(at_us, zone))]
    if not message.NEVER_WITHHELD:
        timers.append(_timer(header.message_id, thread, Deadline.EXECUTION, limits.execute_within.end_after(at_us, zone)))
    return Accepted(
        root_id=thread.root_id,
        profile_version=profile.version,
        thread=thread,
        order=order,
        subject=subject,
        timers_set=timers,
        deliver_to=(thread.recipient,),
        never_withheld=message.NEVER_WITHHELD,
    )


def _count_term(message: MeasureOrder, thread: ThreadRow, profile: Profile, book: Book) -> SubjectRow | None:
    if not message.COUNTS_AS_TERM or not thread.subject:
        return None
    before = subject_of(thread.subject, book.loaded)
    limit = profile.limits.stop_max_terms
    if before.terms_used + before.terms_pending >= limit:
        raise error(
            Reason.TERMS_EXHAUSTED, field="target", limit=limit, source=profile.sources["stop_max_terms"].text
        )
    return replace(before, terms_pending=before.terms_pending + 1)


def decide_report(message: Report, row: KindRow, book: Book, *, at_us: int, index: int) -> Accepted:
    """A report; refused only when its author was never asked, or when it does not say what a report must.

    Raises:
        NotPermitted: NOT_ADDRESSEE.
        WrongState: THREAD_UNKNOWN.
        Malformed: FIELD_INVALID when it is not sent to the origin of the order or leaves its lane or drill; FIELD_MISSING
            for an execution without its end.
    """
    header = message.header
    thread = _thread_of(message, book)
    check_relation(row, sender=header.sender, origin=thread.origin, addressee=thread.recipient)
    order = _parent_of(message, thread, book)
    if header.recipients != (thread.origin,):
        raise error(Reason.FIELD_INVALID, field="recipients", rule="the party that issued the order")
    _check_same_thread(message, thread)
    lapsed = message.outcome is Outcome.LAPSED
    executed = message.outcome.executed
    order_class = KINDS[order.kind].cls
    if not issubclass(order_class, MeasureOrder):
        raise error(Reason.THREAD_UNKNOWN, field="thread.parent_id")
    event = report_event(order_class, is_root=order.order_id == thread.root_id, executed=executed, lapsed=lapsed)
    if event in TAKES_EFFECT and not (message.applied_us and message.expires_us):
        raise error(Reason.FIELD_MISSING, field="expires_us", rule="when it took effect and when it ends")
    before = measure_of(thread)
    counts = lapsed or not executed_already(order)
    measure, late = before, before.state in ENDED
    if counts:
        measure, late = reported(
            before, event, order=order_class, applied_us=message.applied_us, expires_us=message.expires_us, at_us=at_us
        )
    late = late or (order.state == UNEXECUTED and not lapsed)
    subject = None
    if order_class.COUNTS_AS_TERM and thread.subject and counts and not lapsed:
        counted = subject_of(thread.subject, book.loaded)
        subject = replace(
            counted,
            terms_used=counted.terms_used + executed,
            terms_pending=counted.terms_pending - (order.state == OPEN),
        )
    if not lapsed and not executed_already(order):
        order = replace(order, state=message.outcome.name.lower(), decided_us=at_us)
    return Accepted(
        root_id=thread.root_id,
        profile_version=book.directory.profile(thread.profile).version,
        thread=with_measure(thread, measure, index),
        order=order,
        subject=subject,
        timers_set=_end_timer(thread, measure),
        timers_cleared=_cleared(order, thread, measure, answered=not lapsed),
        deliver_to=(thread.origin,),
        late=late,
        alarm=_alarm(message, measure, late=late),
    )


def executed_already(order: OrderRow) -> bool:
    """Whether a report said before that ``order`` took effect."""
    return order.state in _EXECUTED


_EXECUTED = frozenset(outcome.name.lower() for outcome in Outcome if outcome.executed)


def _alarm(report: Report, measure: Measure, *, late: bool) -> str:
    if report.held is None or report.held.minor <= 0:
        return ""
    if late:
        return "late-report-money-held"
    return "money-held-after-end" if measure.state in ENDED else ""


def decide_deadline(message: DeadlinePassed, book: Book, *, index: int) -> Accepted:
    """A deadline that went by.

    Raises:
        WrongState: THREAD_UNKNOWN.
    """
    thread = _thread_of(message, book)
    order = _parent_of(message, thread, book)
    accepted = Accepted(root_id=thread.root_id, deliver_to=message.header.recipients)
    if message.deadline is Deadline.MEASURE_END and message.due_us < thread.ends_us:
        return accepted  # an end that has been moved since: the timer of the new one stays
    accepted.timers_cleared = [TimerKey(order.order_id, timer_deadline(message.deadline).value)]
    if message.deadline is Deadline.MEASURE_END:
        accepted.thread = with_measure(thread, passed(measure_of(thread), MeasureEvent.END_PASSED), index)
    elif message.deadline is Deadline.EXECUTION and order.state == OPEN:
        if order.order_id == thread.root_id:
            accepted.thread = with_measure(thread, passed(measure_of(thread), MeasureEvent.EXECUTION_PASSED), index)
        accepted.order = replace(order, state=UNEXECUTED)
        if thread.subject and _counts(order.kind):
            counted = subject_of(thread.subject, book.loaded)
            accepted.subject = replace(counted, terms_pending=counted.terms_pending - 1)
    return accepted


def timer_deadline(deadline: Deadline) -> Deadline:
    """The deadline a timer is kept under: both statements of silence share one timer."""
    return Deadline.ANSWER_NOT_FETCHED if deadline is Deadline.ANSWER_FETCHED else deadline


def measure_of(thread: ThreadRow) -> Measure:
    """The measure a thread row holds."""
    return Measure(
        state=MeasureState(thread.state), instrument=thread.instrument, terms=thread.terms,
        applied_us=thread.applied_us, ends_us=thread.ends_us,
    )  # fmt: skip


def with_measure(thread: ThreadRow, measure: Measure, index: int) -> ThreadRow:
    """The thread row holding ``measure``, changed by the message at log ``index``."""
    return replace(
        thread, state=measure.state, instrument=measure.instrument, terms=measure.terms,
        applied_us=measure.applied_us, ends_us=measure.ends_us, updated_index=index,
    )  # fmt: skip


def subject_of(subject: bytes, loaded: Loaded) -> SubjectRow:
    """The term count of an account, zero when never asked for."""
    return loaded.subjects.get(subject) or SubjectRow(subject=subject, terms_used=0, terms_pending=0)


def _thread_of(message: Message, book: Book) -> ThreadRow:
    thread = book.loaded.threads.get(message.header.root_id)
    if thread is None:
        raise error(Reason.THREAD_UNKNOWN, field="thread.root_id")
    return thread


def _parent_of(message: Message, thread: ThreadRow, book: Book) -> OrderRow:
    order = book.loaded.orders.get(message.header.thread.parent_id if message.header.thread else b"")
    if order is None or order.root_id != thread.root_id:
        raise error(Reason.THREAD_UNKNOWN, field="thread.parent_id")
    return order


def _check_same_thread(message: Message, thread: ThreadRow) -> None:
    rule = "lane and exercise are those of the thread's root"
    if message.header.lane.value != thread.lane:
        raise error(Reason.FIELD_INVALID, field="lane", rule=rule)
    if message.header.exercise != thread.exercise:
        raise error(Reason.FIELD_INVALID, field="exercise", rule=rule)


def _profile_of(message: Message, directory: Directory, *, thread: ThreadRow | None = None) -> Profile:
    basis = message.header.legal_basis
    named = basis.profile if basis is not None else ""
    if thread is not None and named not in ("", thread.profile):
        raise error(Reason.FIELD_INVALID, field="legal_basis.profile", rule="the profile of the thread's root")
    profile = directory.profile(named if thread is None else thread.profile)
    profile.check_kind(type(message).KIND.name)
    amount = getattr(message, "amount", None)
    if profile.currency and amount is not None and amount.currency != profile.currency:
        raise error(Reason.FIELD_INVALID, field="amount.currency", rule=profile.currency)
    return profile


def _timer(order_id: bytes, thread: ThreadRow, deadline: Deadline, due_us: int) -> TimerRow:
    return TimerRow(
        order_id=order_id, root_id=thread.root_id, deadline=deadline.value, due_us=due_us, party=thread.recipient
    )


def _end_timer(thread: ThreadRow, measure: Measure) -> list[TimerRow]:
    if measure.ends_us and measure.state in (MeasureState.IN_FORCE, MeasureState.RELEASING):
        return [_timer(thread.root_id, thread, Deadline.MEASURE_END, measure.ends_us)]
    return []


def _cleared(order: OrderRow, thread: ThreadRow, measure: Measure, *, answered: bool) -> list[TimerKey]:
    cleared = []
    if answered:
        cleared = [TimerKey(order.order_id, d.value) for d in (Deadline.ANSWER_NOT_FETCHED, Deadline.EXECUTION)]
    if measure.state in ENDED:
        cleared.append(TimerKey(thread.root_id, Deadline.MEASURE_END.value))
    return cleared


def _counts(kind: str) -> bool:
    cls = KINDS[kind].cls
    return issubclass(cls, MeasureOrder) and cls.COUNTS_AS_TERM
