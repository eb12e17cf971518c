"""Terms of an account: two in all, whoever asks; pending until the bank answers, counted once whatever it says again."""

import pytest

from tests.hub.domain.world import (
    CENTRE,
    EXECUTE_US,
    HELD,
    HOUR_US,
    POLICE,
    POLICE_2,
    STOP_US,
    World,
    card,
    in_force,
)
from tocsin.core.errors import Reason
from tocsin.core.message import LegalBasis
from tocsin.core.orders.deadline_passed import Deadline
from tocsin.core.orders.report import Outcome


def exhausted(world: World, order: object) -> None:
    refusal = world.refuse(order, Reason.TERMS_EXHAUSTED)  # type: ignore[arg-type]
    assert refusal.facts["field"] == "target"
    assert refusal.facts["limit"] == "2"
    assert "银发〔2016〕86号" in refusal.facts["source"]
    assert "2" in refusal.text("zh")


def test_a_stop_and_its_extension_are_the_two_terms_of_an_account(world: World) -> None:
    stop = in_force(world)
    assert world.terms(card(1)) == (1, 0)
    extend = world.extend(stop)
    world.accept(extend)
    assert world.terms(card(1)) == (1, 1)
    exhausted(world, world.extend(stop))
    world.accept(world.report(extend, ends_us=world.thread(stop).ends_us + STOP_US))
    assert world.terms(card(1)) == (2, 0)
    assert world.thread(stop).terms == 2
    exhausted(world, world.extend(stop))
    exhausted(world, world.stop())


@pytest.mark.parametrize("third", [POLICE, POLICE_2, CENTRE])
def test_a_third_term_is_refused_whoever_asks_also_after_all_has_ended(world: World, third: str) -> None:
    stop = in_force(world, by=POLICE_2)
    extend = world.extend(stop, by=POLICE_2)
    world.accept(extend)
    world.accept(world.report(extend, ends_us=world.thread(stop).ends_us + STOP_US))
    world.pass_until(world.now_us + 3 * STOP_US)
    assert world.thread(stop).state == "lapsed"
    exhausted(world, world.stop(by=third))
    world.accept(world.stop(2, by=third))


def test_terms_still_unanswered_count_too(world: World) -> None:
    world.accept(world.stop(by=POLICE))
    world.accept(world.stop(by=CENTRE))
    assert world.terms(card(1)) == (0, 2)
    exhausted(world, world.stop(by=POLICE_2))


def test_stops_for_one_account_in_one_batch_are_judged_on_each_other_s_effect(world: World) -> None:
    world.next_batch()
    for _ in range(2):
        world.accept(world.stop())
    exhausted(world, world.stop())
    assert len(world.book.changes.orders) == 2
    (counted,) = world.book.changes.subjects.values()
    assert (counted.terms_used, counted.terms_pending) == (0, 2)


def test_a_term_the_bank_refused_is_free_again(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    world.accept(world.report(stop, Outcome.MISMATCH))
    assert world.terms(card(1)) == (0, 0)
    in_force(world)
    world.accept(world.stop())


def test_a_stop_the_bank_never_answered_gives_its_term_back_when_its_time_is_over(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    world.pass_until(world.now_us + EXECUTE_US)
    assert (world.order(stop).state, world.thread(stop).state) == ("unexecuted", "unexecuted")
    assert world.terms(card(1)) == (0, 0)


def test_an_extension_the_bank_never_answered_gives_its_term_back_and_leaves_the_measure_alone(world: World) -> None:
    stop = in_force(world)
    world.now_us += HOUR_US
    extend = world.extend(stop)
    world.accept(extend)
    assert world.timer(extend, Deadline.EXECUTION) is not None
    world.pass_until(world.now_us + EXECUTE_US)
    assert world.order(extend).state == "unexecuted"
    assert world.thread(stop).state == "lapsed"
    assert world.terms(card(1)) == (1, 0)
    world.accept(world.stop())


def test_a_freeze_and_a_drill_that_nobody_answered_give_back_what_they_never_took(world: World) -> None:
    world.accept(world.stop())
    world.accept(world.freeze(n=1, by=POLICE_2))
    world.accept(world.stop(exercise=True))
    world.accept(world.stop(by=POLICE_2))
    assert world.terms(card(1)) == (0, 2)
    world.pass_until(world.now_us + EXECUTE_US)
    assert world.terms(card(1)) == (0, 0)
    assert len(list(world.subjects())) == 1


def test_a_release_has_no_time_for_execution_because_it_is_never_too_late(world: World) -> None:
    stop = in_force(world)
    release = world.release(stop)
    world.accept(release)
    assert world.timer(release, Deadline.EXECUTION) is None
    assert world.timer(release, Deadline.ANSWER_NOT_FETCHED) is not None


@pytest.mark.parametrize("again", [Outcome.DONE, Outcome.DONE_SHORT, Outcome.ALREADY, Outcome.MISMATCH, Outcome.LAPSED])
def test_a_second_report_on_an_executed_order_counts_no_second_term(world: World, again: Outcome) -> None:
    stop = in_force(world)
    world.accept(world.report(stop, again))
    world.accept(world.report(stop, Outcome.DONE))
    assert world.terms(card(1)) == (1, 0)
    assert world.thread(stop).terms == 1
    assert world.order(stop).state == "done"


def test_a_term_refused_at_first_and_executed_after_all_is_used(world: World) -> None:
    stop = world.stop()
    world.accept(stop)
    world.accept(world.report(stop, Outcome.UNREACHABLE))
    told = world.accept(world.report(stop, Outcome.DONE, held=HELD))
    assert world.terms(card(1)) == (1, 0)
    assert world.order(stop).state == "done"
    assert (told.late, told.alarm) == (True, "late-report-money-held")


def test_an_extension_refused_at_first_and_executed_after_all_extends(world: World) -> None:
    stop = in_force(world)
    extend = world.extend(stop)
    world.accept(extend)
    world.accept(world.report(extend, Outcome.UNREACHABLE))
    assert world.terms(card(1)) == (1, 0)
    end = world.thread(stop).ends_us + STOP_US
    world.accept(world.report(extend, Outcome.DONE, ends_us=end))
    assert world.thread(stop).ends_us == end
    assert world.terms(card(1)) == (2, 0)


def test_a_freeze_is_no_term_and_needs_none_left(world: World) -> None:
    stop = in_force(world)
    extend = world.extend(stop)
    world.accept(extend)
    world.accept(world.report(extend, ends_us=world.thread(stop).ends_us + STOP_US))
    world.accept(world.freeze(stop))
    world.accept(world.freeze(n=1, by=POLICE_2))
    assert world.terms(card(1)) == (2, 0)


def test_drills_count_no_terms_and_use_none(world: World) -> None:
    for _ in range(5):
        drill = world.stop(exercise=True)
        world.accept(drill)
        world.accept(world.report(drill, held=HELD))
        world.accept(world.extend(drill))
    assert world.terms(card(1)) == (0, 0)
    assert list(world.subjects()) == []
    in_force(world)


def test_the_limit_is_the_profile_s_and_not_the_code_s(world: World) -> None:
    from tocsin.core.profiles import default_document

    five = default_document("generic").replace(b"version = 1", b"version = 2").replace(b"value = 2", b"value = 5")
    world.accept(world.profile("generic", 2, five))
    law = LegalBasis(profile="generic")
    for _ in range(5):
        world.accept(world.stop(legal_basis=law))
    refusal = world.refuse(world.stop(legal_basis=law), Reason.TERMS_EXHAUSTED)
    assert refusal.facts["limit"] == "5"
    exhausted(world, world.stop())
