"""Histories drawn at random: whatever is ordered, reported and left undone, in whatever order, these hold after every step.

* An order that counts as a term is accepted only while the terms used and pending stay within the law's limit.
* No account has a negative number of pending terms, and each pending term belongs to an order that still waits.
* A thread has at most one timer of its end, only while it is in force or being released, due at its end.
* DECLINED and RELEASED are left by nothing but a further release.
* A refusal changes nothing (``World.refuse`` compares).
"""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.hub.domain.world import (
    ABC,
    CENTRE,
    CN,
    FREEZE_US,
    HELD,
    HOUR_US,
    ICBC,
    POLICE,
    POLICE_2,
    STOP_US,
    World,
    fresh,
)
from tocsin.core.errors import Reason, Rejected
from tocsin.core.measure import ENDED, MeasureOrder
from tocsin.core.message import KINDS, Message
from tocsin.core.orders.deadline_passed import Deadline
from tocsin.core.orders.release import Release
from tocsin.core.orders.report import Outcome

LIMIT = CN.limits.stop_max_terms
PICK = st.integers(0, 2**16)
ORDERS = ("extend", "freeze", "release")


class Histories(RuleBasedStateMachine):
    world: World

    @initialize()
    def begin(self) -> None:
        self.world = fresh()
        self.orders: list[MeasureOrder] = []
        self.states: dict[bytes, str] = {}

    def offered(self, message: Message) -> bool:
        world, before = self.world, self.world.snapshot()
        try:
            world.offer(message)
        except Rejected as refusal:
            assert world.snapshot() == before
            if refusal.reason is Reason.TERMS_EXHAUSTED:
                assert isinstance(message, MeasureOrder)
                assert message.COUNTS_AS_TERM
            return False
        if isinstance(message, MeasureOrder):
            self.orders.append(message)
            if message.COUNTS_AS_TERM and not message.header.exercise:
                subject = world.book.loaded.subjects[world.thread(message).subject]
                assert subject.terms_used + subject.terms_pending <= LIMIT
        return True

    @rule(n=st.integers(1, 2), by=st.sampled_from([POLICE, POLICE_2, CENTRE]), to=st.sampled_from([ICBC, ABC]), drill=st.booleans())
    def stop(self, n: int, by: str, to: str, drill: bool) -> None:
        self.offered(self.world.stop(n, by=by, to=to, exercise=drill))

    @rule(n=st.integers(1, 2))
    def freeze(self, n: int) -> None:
        self.offered(self.world.freeze(n=n))

    @precondition(lambda self: self.orders)
    @rule(pick=PICK, verb=st.sampled_from(ORDERS), by=st.sampled_from([POLICE, POLICE_2, CENTRE, ""]))
    def follow(self, pick: int, verb: str, by: str) -> None:
        of = self.orders[pick % len(self.orders)]
        root = next(o for o in self.orders if o.header.message_id == of.header.root_id)
        message = getattr(self.world, verb)(root, by=by or root.header.sender)
        before = self.world.thread(root).state
        taken = self.offered(message)
        if isinstance(message, Release) and message.header.sender == root.header.sender:
            assert taken, "a release is never refused to who ordered"
        if taken and before in ("declined", "released"):
            assert isinstance(message, Release)

    @precondition(lambda self: self.orders)
    @rule(
        pick=PICK,
        outcome=st.sampled_from(list(Outcome)),
        by_addressee=st.integers(0, 9),
        term_us=st.sampled_from([-HOUR_US, HOUR_US, STOP_US, FREEZE_US]),
        held=st.booleans(),
    )
    def report(self, pick: int, outcome: Outcome, by_addressee: int, term_us: int, held: bool) -> None:
        order = self.orders[pick % len(self.orders)]
        world, addressee = self.world, order.header.recipients[0]
        by = addressee if by_addressee else {ICBC: ABC, ABC: ICBC}[addressee]
        before, ends = world.thread(order).state, world.thread(order).ends_us
        taken = self.offered(world.report(order, outcome, by=by, term_us=term_us, held=HELD if held else None))
        assert taken is (by == addressee), "a report by the addressed party, and by nobody else"
        if before in ("declined", "released"):
            assert world.thread(order).state == before
        if order.KIND.name != "freeze":
            assert world.thread(order).ends_us >= ends

    @rule(hours=st.sampled_from([0.1, 1, 20, 47, 49, 24 * 181]))
    def wait(self, hours: float) -> None:
        before = {root: thread.state for root, thread in self.world.book.loaded.threads.items()}
        self.world.pass_until(self.world.now_us + int(hours * HOUR_US))
        for root, state in before.items():
            if state in ("declined", "released"):
                assert self.world.book.loaded.threads[root].state == state

    @rule()
    def commit(self) -> None:
        self.world.next_batch()

    @invariant()
    def pending_terms_are_those_of_orders_that_wait(self) -> None:
        waiting: Counter[bytes] = Counter()
        for row in self.world.book.loaded.orders.values():
            cls = KINDS[row.kind].cls
            if row.state == "open" and issubclass(cls, MeasureOrder) and cls.COUNTS_AS_TERM and not row.exercise:
                waiting[self.world.book.loaded.threads[row.root_id].subject] += 1
        for subject in self.world.subjects():
            assert subject.terms_pending == waiting[subject.subject] >= 0
            assert subject.terms_used >= 0

    @invariant()
    def an_end_has_one_timer_while_money_is_held_and_none_after(self) -> None:
        ends = [t for t in self.world.timers.values() if t.deadline == Deadline.MEASURE_END.value]
        by_root = Counter(t.root_id for t in ends)
        assert all(n == 1 for n in by_root.values())
        for timer in ends:
            thread = self.world.book.loaded.threads[timer.root_id]
            assert thread.state in ("in-force", "releasing")
            assert timer.due_us == thread.ends_us
        for thread in self.world.book.loaded.threads.values():
            if thread.state in ENDED:
                assert thread.root_id not in by_root
            if thread.state == "in-force":
                assert thread.root_id in by_root
                assert thread.ends_us > 0

    @invariant()
    def what_no_longer_waits_has_no_timer_of_its_own(self) -> None:
        for timer in self.world.timers.values():
            if timer.deadline in (Deadline.ANSWER_NOT_FETCHED.value, Deadline.EXECUTION.value):
                assert self.world.book.loaded.orders[timer.order_id].state == "open"

    @invariant()
    def terms_used_are_those_of_executed_orders(self) -> None:
        used: Counter[bytes] = Counter()
        for row in self.world.book.loaded.orders.values():
            cls = KINDS[row.kind].cls
            executed = row.state in ("done", "done_short", "already")
            if executed and issubclass(cls, MeasureOrder) and cls.COUNTS_AS_TERM and not row.exercise:
                used[self.world.book.loaded.threads[row.root_id].subject] += 1
        assert {s.subject: s.terms_used for s in self.world.subjects() if s.terms_used} == used


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
