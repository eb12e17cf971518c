"""What the hub records when a time goes by, whom it tells, and that it never moves an end or frees money."""

from dataclasses import replace

import pytest

from tests.hub.domain.world import (
    ANSWER_US,
    BUS,
    EXECUTE_US,
    HELD,
    HOUR_US,
    ICBC,
    POLICE,
    POLICE_2,
    STOP_US,
    World,
    card,
    in_force,
    key_of,
)
from tocsin.core.directory import HUB
from tocsin.core.directory_messages import HolderKind, Purpose, Range
from tocsin.core.identifiers import IdentifierKind
from tocsin.core.message import Lane
from tocsin.core.orders.deadline_passed import Deadline, DeadlinePassed
from tocsin.core.orders.report import Outcome
from tocsin_hub.domain.deadlines import deadline_message
from tocsin_hub.domain.decide_orders import timer_deadline
from tocsin_hub.domain.rows import TimerKey, TimerRow


def recorded(world: World, at_us: int, *, fetched: bool = False) -> list[DeadlinePassed]:
    """The records made until ``at_us``, as messages."""
    made: list[DeadlinePassed] = []
    record = world.record

    def keep(timer: TimerRow, **how: bool) -> DeadlinePassed:
        message = record(timer, **how)
        assert isinstance(message, DeadlinePassed)
        made.append(message)
        return message

    world.record = keep  # type: ignore[method-assign, assignment]
    world.pass_until(at_us, fetched=fetched)
    return made


@pytest.mark.parametrize(
    ("fetched", "deadline"), [(False, Deadline.ANSWER_NOT_FETCHED), (True, Deadline.ANSWER_FETCHED)]
)
def test_silence_is_stated_as_what_it_was_and_ends_nothing(world: World, fetched: bool, deadline: Deadline) -> None:
    stop = world.stop()
    world.accept(stop)
    before = world.thread(stop), world.order(stop), world.terms(card(1))
    (record,) = recorded(world, world.now_us + ANSWER_US, fetched=fetched)
    assert (record.deadline, record.party, record.header.recipients) == (deadline, ICBC, (POLICE,))
    assert record.due_us == world.now_us
    assert (world.thread(stop), world.order(stop), world.terms(card(1))) == before
    assert world.timer(stop, Deadline.ANSWER_NOT_FETCHED) is None
    assert world.timer(stop, Deadline.EXECUTION) is not None


def test_silence_is_told_to_the_party_named_for_escalation_too(world: World) -> None:
    world.accept(world.enrol("bank.new", escalate_to=POLICE_2))
    world.accept(world.serve("bank.new", Range(kind=IdentifierKind.CARD, prefix="6224", length=19)))
    stop = world.stop(to="bank.new", target=card(1, "622400"))
    world.accept(stop)
    (record,) = recorded(world, world.now_us + ANSWER_US)
    assert record.header.recipients == (POLICE, POLICE_2)


def test_the_time_for_execution_ends_what_was_not_executed_and_tells_both_sides(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    records = recorded(world, world.now_us + EXECUTE_US)
    assert [r.deadline for r in records] == [Deadline.ANSWER_NOT_FETCHED, Deadline.EXECUTION]
    assert records[1].header.recipients == (ICBC, POLICE)
    assert (world.thread(stop).state, world.order(stop).state) == ("unexecuted", "unexecuted")
    assert world.terms(card(1)) == (0, 0)
    assert world.timers == {}


def test_the_end_of_a_measure_is_recorded_once_and_tells_both_sides(world: World) -> None:
    stop = in_force(world)
    (record,) = recorded(world, world.now_us + STOP_US)
    assert (record.deadline, record.header.recipients) == (Deadline.MEASURE_END, (ICBC, POLICE))
    assert record.due_us == world.thread(stop).ends_us
    assert world.thread(stop).state == "lapsed"
    assert world.order(stop).state == "done"
    assert world.terms(card(1)) == (1, 0)
    assert world.timers == {}


def test_a_record_carries_lane_and_drill_of_its_thread_and_may_be_sequenced_at_once(world: World) -> None:
    drill = world.stop(exercise=True, lane=Lane.ROUTINE)
    world.accept(drill)
    (record,) = recorded(world, world.now_us + ANSWER_US)
    header = record.header
    assert (header.lane, header.exercise, header.sender) == (Lane.ROUTINE, True, HUB)
    assert (header.created_us, header.audience) == (world.now_us, BUS)
    assert header.expires_us > world.now_us


def test_a_release_asked_in_vain_ends_with_the_measure(world: World) -> None:
    stop = in_force(world)
    world.accept(world.release(stop))
    world.pass_until(world.now_us + STOP_US)
    assert world.thread(stop).state == "lapsed"


def test_the_time_for_execution_passing_after_a_release_was_asked_frees_the_term_only(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    world.accept(world.release(stop))
    world.pass_until(world.now_us + EXECUTE_US)
    assert (world.thread(stop).state, world.order(stop).state) == ("releasing", "unexecuted")
    assert world.terms(card(1)) == (0, 0)


def stale(world: World, stop: object, deadline: Deadline, due_us: int) -> DeadlinePassed:
    timer = TimerRow(
        order_id=stop.header.message_id, root_id=stop.header.message_id, deadline=deadline.value, due_us=due_us, party=ICBC
    )  # type: ignore[attr-defined]
    made = world.record(timer)
    assert isinstance(made, DeadlinePassed)
    return made


def test_a_record_of_an_end_that_was_moved_lapses_nothing_and_leaves_the_new_end_s_timer(world: World) -> None:
    stop = in_force(world)
    end = world.thread(stop).ends_us
    extend = world.extend(stop)
    world.accept(extend)
    world.accept(world.report(extend, ends_us=end + STOP_US))
    told = world.accept(stale(world, stop, Deadline.MEASURE_END, end))
    assert told.timers_cleared == []
    assert world.thread(stop).state == "in-force"
    assert world.timer(stop, Deadline.MEASURE_END) is not None


def test_a_record_that_comes_behind_the_answer_changes_nothing(world: World) -> None:
    stop = in_force(world)
    before = world.thread(stop), world.order(stop), world.terms(card(1))
    world.accept(stale(world, stop, Deadline.EXECUTION, world.now_us))
    world.accept(stale(world, stop, Deadline.DELIVERY, world.now_us))
    assert (world.thread(stop), world.order(stop), world.terms(card(1))) == before


def test_an_end_is_recorded_even_when_the_bank_reads_only_orders(world: World) -> None:
    accepts = tuple(f"application/vnd.tocsin.{kind}.v1+protobuf" for kind in ("release", "stop-payment"))
    bank = "bank.new"
    world.accept(world.enrol(bank, accepts=accepts))
    world.accept(world.add_key(bank, "admin", (Purpose.ADMIN,), by="join"))
    world.accept(world.add_key(bank, "agent", (Purpose.REPORT,)))
    world.accept(world.serve(bank, Range(kind=IdentifierKind.CARD, prefix="6224", length=19)))
    stop = world.stop(to=bank, target=card(1, "622400"))
    world.accept(stop)
    world.accept(world.report(stop, by=bank, held=HELD))
    world.pass_until(world.now_us + STOP_US)
    assert world.thread(stop).state == "lapsed"


def test_a_delivery_given_up_is_told_to_who_is_named_or_to_the_operator(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    assert stale(world, stop, Deadline.DELIVERY, world.now_us).header.recipients == (HUB,)
    directory = world.book.directory
    named = replace(directory.parties[ICBC], escalate_to=POLICE_2)
    made = deadline_message(
        TimerRow(
            order_id=stop.header.message_id, root_id=stop.header.message_id, deadline=Deadline.DELIVERY.value, due_us=1,
            party=ICBC,
        ),
        world.thread(stop), replace(directory, parties={**directory.parties, ICBC: named}), fetched=False, bus=BUS,
        author_key=key_of(HUB), message_id=world.new_id(), at_us=world.now_us,
    )  # fmt: skip
    assert made.header.recipients == (POLICE_2,)


def test_both_statements_of_silence_share_one_timer() -> None:
    assert timer_deadline(Deadline.ANSWER_FETCHED) is Deadline.ANSWER_NOT_FETCHED
    assert all(timer_deadline(d) is d for d in Deadline if d is not Deadline.ANSWER_FETCHED)


def test_a_follower_s_silence_is_recorded_of_the_follower(world: World) -> None:
    stop = in_force(world)
    world.now_us += HOUR_US
    extend = world.extend(stop)
    world.accept(extend)
    (record,) = recorded(world, world.now_us + ANSWER_US)
    assert record.header.thread is not None
    assert record.header.thread.parent_id == extend.header.message_id
    assert TimerKey(extend.header.message_id, Deadline.EXECUTION.value) in world.timers
    world.accept(world.report(extend, Outcome.LIMIT_REACHED))
    assert TimerKey(extend.header.message_id, Deadline.EXECUTION.value) not in world.timers


def test_the_hub_s_key_for_records_signs_nothing_else(world: World) -> None:
    purposes = world.book.directory.key(HUB, key_of(HUB)).purposes
    assert purposes == {Purpose.REPORT}
    assert world.book.directory.key(HUB, key_of(HUB)).holder_kind is HolderKind.AGENT
