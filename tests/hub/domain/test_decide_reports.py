"""What a bank reports: a fact, never refused for what became of its order; late and alarmed where money is still held."""

import pytest

from tests.hub.domain.world import (
    ABC,
    EXECUTE_US,
    FREEZE_US,
    HELD,
    HOUR_US,
    ICBC,
    NOTHING,
    POLICE,
    STOP_US,
    World,
    in_force,
)
from tocsin.core.message import Message
from tocsin.core.orders.deadline_passed import Deadline
from tocsin.core.orders.report import Outcome

LATE = "late-report-money-held"


def test_a_report_brings_a_stop_into_force_ends_its_silence_and_sets_its_end(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    assert {timer.deadline for timer in world.timers.values()} == {
        Deadline.ANSWER_NOT_FETCHED.value, Deadline.EXECUTION.value,
    }  # fmt: skip
    told = world.accept(world.report(stop, held=HELD))
    assert (told.late, told.alarm, told.deliver_to) == (False, "", (POLICE,))
    thread = world.thread(stop)
    assert (thread.state, thread.terms, thread.ends_us) == ("in-force", 1, world.now_us + STOP_US)
    assert (world.order(stop).state, world.order(stop).decided_us) == ("done", world.now_us)
    end = world.timer(stop, Deadline.MEASURE_END)
    assert end is not None
    assert end.due_us == thread.ends_us
    assert len(world.timers) == 1


@pytest.mark.parametrize("outcome", [o for o in Outcome if not o.executed and o is not Outcome.LAPSED])
def test_a_refusal_by_the_bank_ends_the_thread_without_a_term(world: World, outcome: Outcome) -> None:
    stop = world.stop()
    world.accept(stop)
    told = world.accept(world.report(stop, outcome))
    assert (world.thread(stop).state, world.order(stop).state) == ("declined", outcome.name.lower())
    assert (told.late, told.alarm) == (False, "")
    assert world.timers == {}


def test_a_report_after_the_time_for_execution_is_late_and_brings_the_measure_into_force(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    world.pass_until(world.now_us + EXECUTE_US + HOUR_US)
    told = world.accept(world.report(stop, held=HELD, ends_us=world.now_us + HOUR_US))
    assert (told.late, told.alarm) == (True, LATE)
    assert world.thread(stop).state == "in-force"
    world.pass_until(world.now_us + HOUR_US)
    assert world.thread(stop).state == "lapsed"


def test_a_late_refusal_is_late_and_no_alarm(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    world.pass_until(world.now_us + EXECUTE_US)
    told = world.accept(world.report(stop, Outcome.OUT_OF_TERM, held=NOTHING))
    assert (told.late, told.alarm) == (True, "")
    assert world.thread(stop).state == "declined"


def test_a_report_of_a_term_that_is_over_leaves_the_measure_ended_and_alarms_while_money_is_held(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    world.now_us += EXECUTE_US - 1
    told = world.accept(world.report(stop, held=HELD, ends_us=world.now_us - 1))
    assert (told.late, told.alarm) == (True, LATE)
    assert (world.thread(stop).state, world.thread(stop).terms) == ("lapsed", 1)
    assert world.timer(stop, Deadline.MEASURE_END) is None


def test_what_is_held_after_the_lapse_is_alarmed_however_often_it_is_reported(world: World) -> None:
    stop = in_force(world)
    world.pass_until(world.now_us + STOP_US)
    for _ in range(2):
        told = world.accept(world.report(stop, held=HELD))
        assert (told.late, told.alarm) == (True, LATE)
        assert world.thread(stop).state == "lapsed"


def test_the_bank_s_own_word_of_the_lapse_is_expected_and_not_late(world: World) -> None:
    stop = in_force(world)
    world.pass_until(world.now_us + STOP_US)
    told = world.accept(world.report(stop, Outcome.LAPSED))
    assert (told.late, told.alarm) == (False, "")
    assert world.thread(stop).state == "lapsed"


def test_a_lapse_with_money_still_held_is_alarmed(world: World) -> None:
    stop = in_force(world)
    world.pass_until(world.now_us + STOP_US)
    assert world.accept(world.report(stop, Outcome.LAPSED, held=HELD)).alarm == "money-held-after-end"


def test_a_lapse_reported_before_any_answer_leaves_the_order_open_and_its_timers_running(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    told = world.accept(world.report(stop, Outcome.LAPSED))
    assert told.late
    assert (world.thread(stop).state, world.order(stop).state) == ("ordered", "open")
    assert [subject.terms_pending for subject in world.subjects()] == [1]
    world.pass_until(world.now_us + EXECUTE_US)
    assert world.order(stop).state == "unexecuted"


def test_a_bank_that_lapses_a_measure_before_the_hub_s_clock_ends_it_here_too(world: World) -> None:
    stop = in_force(world)
    world.now_us += STOP_US - 1
    told = world.accept(world.report(stop, Outcome.LAPSED, held=NOTHING))
    assert (told.late, told.alarm) == (False, "")
    assert world.thread(stop).state == "lapsed"
    assert world.timers == {}


def test_an_extension_moves_the_end_and_its_timer(world: World) -> None:
    stop = in_force(world)
    end = world.thread(stop).ends_us
    extend = world.extend(stop)
    world.accept(extend)
    world.accept(world.report(extend, ends_us=end + STOP_US))
    world.pass_until(end)
    assert world.thread(stop).state == "in-force"
    world.pass_until(end + STOP_US)
    assert world.thread(stop).state == "lapsed"


def test_a_refused_extension_leaves_the_end_where_it_was(world: World) -> None:
    stop = in_force(world)
    end = world.thread(stop).ends_us
    extend = world.extend(stop)
    world.accept(extend)
    world.accept(world.report(extend, Outcome.LIMIT_REACHED))
    assert (world.thread(stop).state, world.thread(stop).ends_us) == ("in-force", end)


def frozen(world: World, stop: Message) -> Message:
    freeze = world.freeze(stop)
    world.accept(freeze)
    world.accept(world.report(freeze, held=HELD, term_us=FREEZE_US))
    return freeze


def test_a_freeze_takes_the_stop_s_place_without_a_gap(world: World) -> None:
    stop = in_force(world)
    applied = world.thread(stop).applied_us
    world.now_us += HOUR_US
    frozen(world, stop)
    thread = world.thread(stop)
    assert (thread.state, thread.instrument, thread.applied_us) == ("in-force", "freeze", applied)
    assert thread.ends_us == world.now_us + FREEZE_US
    world.pass_until(world.now_us + STOP_US)
    assert world.thread(stop).state == "in-force"


def test_a_stop_answered_behind_its_freeze_takes_nothing_back(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    frozen(world, stop)
    told = world.accept(world.report(stop, held=HELD))
    thread = world.thread(stop)
    assert (thread.state, thread.instrument, thread.terms) == ("in-force", "freeze", 1)
    assert thread.ends_us == world.now_us + FREEZE_US
    assert (told.late, world.order(stop).state) == (False, "done")
    world.pass_until(world.now_us + STOP_US)
    assert world.thread(stop).state == "in-force"


def test_a_freeze_executed_in_time_and_reported_after_the_stop_s_end_is_in_force(world: World) -> None:
    stop = in_force(world)
    world.now_us += STOP_US - HOUR_US
    freeze = world.freeze(stop)
    world.accept(freeze)
    world.pass_until(world.now_us + 2 * HOUR_US)
    assert world.thread(stop).state == "lapsed"
    told = world.accept(world.report(freeze, held=HELD, term_us=FREEZE_US))
    assert (told.late, told.alarm) == (True, LATE)
    assert (world.thread(stop).state, world.thread(stop).instrument) == ("in-force", "freeze")


def test_an_answer_after_its_time_for_execution_is_late_though_the_measure_runs_and_the_lapse_is_not(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    frozen(world, stop)
    world.pass_until(world.now_us + EXECUTE_US)
    assert (world.order(stop).state, world.thread(stop).state) == ("unexecuted", "in-force")
    told = world.accept(world.report(stop, held=HELD))
    assert (told.late, told.alarm) == (True, LATE)
    assert world.thread(stop).state == "in-force"

    other = world.stop(2)
    world.accept(other)
    frozen(world, other)
    world.pass_until(world.now_us + EXECUTE_US)
    assert not world.accept(world.report(other, Outcome.LAPSED)).late


def test_a_root_freeze_lives_and_is_released(world: World) -> None:
    freeze = world.freeze()
    world.accept(freeze)
    world.accept(world.report(freeze, held=HELD, term_us=FREEZE_US))
    assert world.thread(freeze).instrument == "freeze"
    release = world.release(freeze)
    world.accept(release)
    world.accept(world.report(release, held=NOTHING))
    assert world.thread(freeze).state == "released"
    assert world.timers == {}


def test_a_release_is_delivered_past_what_is_parked_and_clears_the_end(world: World) -> None:
    stop = in_force(world)
    release = world.release(stop)
    told = world.accept(release)
    assert told.never_withheld
    assert world.thread(stop).state == "releasing"
    world.accept(world.report(release, held=NOTHING))
    assert (world.thread(stop).state, world.order(release).state) == ("released", "done")
    assert world.timers == {}


def brought_to(world: World, state: str) -> Message:
    """A stop whose measure is in ``state``."""
    stop = world.stop()
    world.accept(stop)
    if state in ("in-force", "releasing", "released", "lapsed"):
        world.accept(world.report(stop, held=HELD))
    if state in ("releasing", "released"):
        release = world.release(stop)
        world.accept(release)
        if state == "released":
            world.accept(world.report(release))
    if state == "declined":
        world.accept(world.report(stop, Outcome.MISMATCH))
    if state in ("lapsed", "unexecuted"):
        world.pass_until(world.now_us + EXECUTE_US + STOP_US)
    assert world.thread(stop).state == state
    return stop


STATES = ["ordered", "declined", "in-force", "releasing", "released", "lapsed", "unexecuted"]


@pytest.mark.parametrize("state", STATES)
def test_a_release_may_be_asked_in_every_state_and_ends_released(world: World, state: str) -> None:
    stop = brought_to(world, state)
    release = world.release(stop)
    world.accept(release)
    assert world.thread(stop).state == "releasing"
    world.accept(world.report(release, Outcome.ALREADY))
    assert world.thread(stop).state == "released"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_report_by_the_addressed_bank_is_accepted_in_every_state(world: World, state: str, outcome: Outcome) -> None:
    stop = brought_to(world, state)
    told = world.accept(world.report(stop, outcome, held=HELD))
    assert told.deliver_to == (POLICE,)
    if state in ("declined", "released"):
        assert world.thread(stop).state == state
        assert told.alarm == LATE


def test_a_release_that_failed_first_and_worked_then_is_released(world: World) -> None:
    stop = in_force(world)
    release = world.release(stop)
    world.accept(release)
    world.accept(world.report(release, Outcome.UNREACHABLE))
    assert world.thread(stop).state == "releasing"
    world.accept(world.report(release, Outcome.DONE))
    assert world.thread(stop).state == "released"


def test_a_release_refused_of_what_was_never_in_force_has_no_end_to_wait_for(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    release = world.release(stop)
    world.accept(release)
    world.accept(world.report(release, Outcome.UNREACHABLE))
    assert world.thread(stop).state == "releasing"
    assert world.timer(stop, Deadline.MEASURE_END) is None


def test_a_release_the_bank_refuses_lets_the_measure_end_at_its_time(world: World) -> None:
    stop = in_force(world)
    release = world.release(stop)
    world.accept(release)
    world.accept(world.report(release, Outcome.UNREACHABLE))
    world.pass_until(world.now_us + STOP_US)
    assert world.thread(stop).state == "lapsed"


def test_a_stop_that_its_release_overtook_is_superseded_and_free_of_charge(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    release = world.release(stop)
    world.accept(release)
    world.accept(world.report(release, Outcome.ALREADY))
    told = world.accept(world.report(stop, Outcome.SUPERSEDED))
    assert (world.thread(stop).state, world.order(stop).state) == ("released", "superseded")
    assert told.alarm == ""
    assert [s.terms_pending for s in world.subjects()] == [0]


def test_each_bank_s_thread_is_its_own(world: World) -> None:
    icbc, abc = in_force(world), in_force(world, to=ABC)
    world.accept(world.report(abc, Outcome.LAPSED, by=ABC))
    assert (world.thread(icbc).state, world.thread(abc).state) == ("in-force", "lapsed")
    assert world.thread(icbc).recipient == ICBC
