"""Decisions on orders, reports and deadlines: what each does to its thread, its account's terms and the timers.

 * An order opens an answer, a report closes it; a term of an account is pending until then and used once executed.
 * Reports state facts: whatever became of the order, they are accepted, as late where they are.
 * The end of a measure is the bank's ``expires_us``; the hub's timer only records that it went by.
"""

from dataclasses import replace

from tocsin.core.directory import Directory
from tocsin.core.errors import Reason, error
from tocsin.core.measure import ENDED, Measure, MeasureOrder, MeasureState, ordered, passed, report_event, reported
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
    if header.target is None or book.directory.routing.route(header.target) != recipient:
        raise error(Reason.ROUTE_DIFFERS, field="recipients", party=recipient)
    measure = Measure(state=MeasureState.ORDERED, instrument=kind.name)
    thread = ThreadRow(
        root_id=header.message_id, kind=kind.name, origin=header.sender, recipient=recipient, lane=header.lane.value,
        subject=subject, profile=profile.name, exercise=header.exercise, state=measure.state, terms=0, applied_us=0,
        ends_us=0, instrument=measure.instrument, updated_index=index,
    )  # fmt: skip
    accepted = _order_effects(message, thread, profile, book, at_us=at_us, index=index)
    due = profile.limits.execute_within.end_after(at_us, profile.zone)
    accepted.timers_set.append(_timer(header.message_id, thread, Deadline.EXECUTION, due))
    return accepted


def _thread_order(
    message: MeasureOrder, row: KindRow, subject: bytes, book: Book, *, at_us: int, index: int
) -> Accepted:
    header = message.header
    thread = _thread_of(message, book)
    check_relation(row, sender=header.sender, origin=thread.origin, addressee=thread.recipient)
    if header.recipients[0] != thread.recipient:
        raise error(Reason.ROUTE_DIFFERS, field="recipients", party=header.recipients[0])
    if header.lane.value != thread.lane or header.exercise != thread.exercise:
        raise error(Reason.FIELD_INVALID, field="lane", rule="lane and exercise are those of the thread's root")
    if header.target is not None and subject != thread.subject:
        raise error(Reason.FIELD_INVALID, field="target", rule="the account of the thread's root")
    profile = _profile_of(message, book.directory, default=thread.profile)
    kind = type(message)
    if kind.EVENT is None or thread.kind not in kind.KIND.follows:
        raise error(Reason.TRANSITION_REFUSED, state=thread.kind, event=kind.KIND.name, field="thread")
    measure = ordered(measure_of(thread), kind.EVENT, at_us=at_us)
    after = with_measure(thread, measure, index)
    return _order_effects(message, after, profile, book, at_us=at_us, index=index)


def _order_effects(
    message: MeasureOrder, thread: ThreadRow, profile: Profile, book: Book, *, at_us: int, index: int
) -> Accepted:
    header = message.header
    subject = _count_term(message, thread, profile, book)
    order = OrderRow(
        order_id=header.message_id, root_id=thread.root_id, kind=type(message).KIND.name, sender=header.sender,
        recipient=thread.recipient, log_index=index, accepted_us=at_us, state=OPEN, decided_us=0, exercise=header.exercise,
    )  # fmt: skip
    answer_due = profile.limits.answer_within.end_after(at_us, profile.zone)
    return Accepted(
        root_id=thread.root_id,
        profile_version=profile.version,
        thread=thread,
        order=order,
        subject=subject,
        timers_set=[_timer(header.message_id, thread, Deadline.ANSWER_NOT_FETCHED, answer_due)],
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
    """A report; refused only when its author was never asked.

    Raises:
        NotPermitted: NOT_ADDRESSEE.
        NotRoutable: ROUTE_DIFFERS when it is not sent to the origin of the order.
        WrongState: THREAD_UNKNOWN.
    """
    header = message.header
    thread = _thread_of(message, book)
    check_relation(row, sender=header.sender, origin=thread.origin, addressee=thread.recipient)
    order = book.loaded.orders.get(header.thread.parent_id if header.thread else b"")
    if order is None or order.root_id != thread.root_id:
        raise error(Reason.THREAD_UNKNOWN, field="thread.parent_id")
    if header.recipients != (thread.origin,):
        raise error(Reason.ROUTE_DIFFERS, field="recipients", party=header.recipients[0])
    lapsed = message.outcome is Outcome.LAPSED
    executed = message.outcome.executed
    order_class = KINDS[order.kind].cls
    if not issubclass(order_class, MeasureOrder):
        raise error(Reason.THREAD_UNKNOWN, field="thread.parent_id")
    event = report_event(order_class, is_root=order.order_id == thread.root_id, executed=executed, lapsed=lapsed)
    before = measure_of(thread)
    first_answer = order.state in (OPEN, UNEXECUTED)
    measure, late = before, False
    if first_answer or lapsed:
        measure, late = reported(
            before, event, order=order_class, applied_us=message.applied_us, expires_us=message.expires_us, at_us=at_us
        )
    subject = None
    if order_class.COUNTS_AS_TERM and thread.subject and first_answer and not lapsed:
        counted = subject_of(thread.subject, book.loaded)
        subject = replace(
            counted,
            terms_used=counted.terms_used + executed,
            terms_pending=counted.terms_pending - (order.state == OPEN),
        )
    decided = order if lapsed else replace(order, state=message.outcome.name.lower(), decided_us=at_us)
    money_held = message.held is not None and message.held.minor > 0
    return Accepted(
        root_id=thread.root_id,
        profile_version=book.directory.profile(thread.profile).version,
        thread=with_measure(thread, measure, index),
        order=decided,
        subject=subject,
        timers_set=_end_timer(thread, measure),
        timers_cleared=_cleared(order, thread, measure),
        deliver_to=(thread.origin,),
        late=late,
        alarm="late-report-money-held" if late and money_held else "",
    )


def decide_deadline(message: DeadlinePassed, book: Book, *, index: int) -> Accepted:
    """A deadline that went by.

    Raises:
        WrongState: THREAD_UNKNOWN.
    """
    thread = _thread_of(message, book)
    order = book.loaded.orders.get(message.header.thread.parent_id if message.header.thread else b"")
    if order is None or order.root_id != thread.root_id:
        raise error(Reason.THREAD_UNKNOWN, field="thread.parent_id")
    accepted = Accepted(root_id=thread.root_id, deliver_to=message.header.recipients)
    accepted.timers_cleared = [TimerKey(order.order_id, timer_deadline(message.deadline).value)]
    if message.deadline is Deadline.MEASURE_END:
        accepted.thread = with_measure(thread, passed(measure_of(thread), MeasureEvent.END_PASSED), index)
    elif message.deadline is Deadline.EXECUTION and order.state == OPEN:
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


def _profile_of(message: Message, directory: Directory, default: str = "") -> Profile:
    basis = message.header.legal_basis
    profile = directory.profile(basis.profile if basis is not None and basis.profile else default)
    profile.check_kind(type(message).KIND.name)
    amount = getattr(message, "amount", None)
    if profile.currency and amount is not None and amount.currency != profile.currency:
        raise error(Reason.FIELD_INVALID, field="amount.currency", rule=f"{profile.currency} under profile {profile.name}")
    return profile


def _timer(order_id: bytes, thread: ThreadRow, deadline: Deadline, due_us: int) -> TimerRow:
    return TimerRow(
        order_id=order_id, root_id=thread.root_id, deadline=deadline.value, due_us=due_us, party=thread.recipient
    )


def _end_timer(thread: ThreadRow, measure: Measure) -> list[TimerRow]:
    if measure.ends_us and measure.state in (MeasureState.IN_FORCE, MeasureState.RELEASING):
        return [_timer(thread.root_id, thread, Deadline.MEASURE_END, measure.ends_us)]
    return []


def _cleared(order: OrderRow, thread: ThreadRow, measure: Measure) -> list[TimerKey]:
    cleared = [TimerKey(order.order_id, Deadline.ANSWER_NOT_FETCHED.value)]
    if order.order_id == thread.root_id:
        cleared.append(TimerKey(order.order_id, Deadline.EXECUTION.value))
    if measure.state in ENDED:
        cleared.append(TimerKey(thread.root_id, Deadline.MEASURE_END.value))
    return cleared


def _counts(kind: str) -> bool:
    cls = KINDS[kind].cls
    return issubclass(cls, MeasureOrder) and cls.COUNTS_AS_TERM
