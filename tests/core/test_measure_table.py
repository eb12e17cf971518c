"""The life of a measure: every pair of state and event, and histories drawn at random."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import Reason, WrongState
from tocsin.core.measure import (
    NEXT,
    REPORTS,
    Event,
    Measure,
    MeasureState,
    ordered,
    passed,
    report_event,
    reported,
)
from tocsin.core.orders.extend import Extend
from tocsin.core.orders.freeze import Freeze
from tocsin.core.orders.release import Release
from tocsin.core.orders.stop_payment import StopPayment
from tocsin.core.orders.unblock_domains import UnblockDomains

HOUR = 3_600_000_000
ORDERS = {Event.EXTEND_ORDERED, Event.FREEZE_ORDERED, Event.RELEASE_ORDERED, Event.WITHDRAW_ORDERED}
CLASS_OF = {
    Event.ROOT_EXECUTED: StopPayment,
    Event.ROOT_DECLINED: StopPayment,
    Event.CHANGE_EXECUTED: Extend,
    Event.CHANGE_DECLINED: Extend,
    Event.RELEASE_EXECUTED: Release,
    Event.RELEASE_DECLINED: Release,
    Event.LAPSE_REPORTED: StopPayment,
    Event.WITHDRAW_EXECUTED: UnblockDomains,
    Event.WITHDRAW_DECLINED: UnblockDomains,
}


def measure(state: MeasureState, **values: int) -> Measure:
    return Measure(state=state, instrument="stop-payment", **values)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(MeasureState, sorted(ORDERS))))
def test_an_order_takes_the_step_of_the_table_or_is_refused_and_nothing_changes(state, event):
    before = measure(state)
    if (state, event) in NEXT:
        assert ordered(before, event, at_us=HOUR).state is NEXT[state, event]
        return
    with pytest.raises(WrongState) as refused:
        ordered(before, event, at_us=HOUR)
    assert refused.value.reason in (Reason.TRANSITION_REFUSED, Reason.EXTEND_AFTER_END)
    assert before == measure(state)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(MeasureState, sorted(REPORTS))))
def test_a_report_is_never_refused(state, event):
    after, late = reported(
        measure(state), event, order=CLASS_OF[event], applied_us=HOUR, expires_us=49 * HOUR, at_us=2 * HOUR
    )
    assert after.state is NEXT.get((state, event), state)
    assert late or (state, event) in NEXT


@pytest.mark.parametrize(
    ("state", "event"), list(itertools.product(MeasureState, [Event.END_PASSED, Event.EXECUTION_PASSED]))
)
def test_a_time_that_no_longer_matters_changes_nothing(state, event):
    before = measure(state)
    assert passed(before, event).state is NEXT.get((state, event), state)


def test_a_stop_in_force_ends_when_the_bank_says():
    after, late = reported(
        measure(MeasureState.ORDERED),
        Event.ROOT_EXECUTED,
        order=StopPayment,
        applied_us=HOUR,
        expires_us=49 * HOUR,
        at_us=HOUR,
    )
    assert not late
    assert (after.terms, after.applied_us, after.ends_us) == (1, HOUR, 49 * HOUR)


def test_a_report_of_something_already_over_leaves_it_ended():
    after, late = reported(
        measure(MeasureState.UNEXECUTED),
        Event.ROOT_EXECUTED,
        order=StopPayment,
        applied_us=HOUR,
        expires_us=2 * HOUR,
        at_us=3 * HOUR,
    )
    assert late
    assert (after.state, after.terms) == (MeasureState.LAPSED, 1)


def test_a_late_report_of_something_in_force_brings_it_into_force():
    after, late = reported(
        measure(MeasureState.UNEXECUTED),
        Event.ROOT_EXECUTED,
        order=StopPayment,
        applied_us=HOUR,
        expires_us=49 * HOUR,
        at_us=3 * HOUR,
    )
    assert late
    assert after.state is MeasureState.IN_FORCE


def test_an_extension_after_the_end_is_refused_by_its_own_reason():
    with pytest.raises(WrongState) as refused:
        ordered(measure(MeasureState.IN_FORCE, ends_us=HOUR), Event.EXTEND_ORDERED, at_us=HOUR)
    assert refused.value.reason is Reason.EXTEND_AFTER_END


def test_a_freeze_after_the_end_is_refused():
    with pytest.raises(WrongState):
        ordered(measure(MeasureState.IN_FORCE, ends_us=HOUR), Event.FREEZE_ORDERED, at_us=HOUR)


def test_a_frozen_measure_is_not_extended_as_a_stop():
    frozen = Measure(state=MeasureState.IN_FORCE, instrument="freeze", ends_us=9 * HOUR)
    with pytest.raises(WrongState):
        ordered(frozen, Event.EXTEND_ORDERED, at_us=HOUR)


def test_a_freeze_takes_the_stop_s_place_without_a_gap():
    before = measure(MeasureState.IN_FORCE, ends_us=49 * HOUR, applied_us=HOUR, terms=1)
    after, _ = reported(
        before, Event.CHANGE_EXECUTED, order=Freeze, applied_us=2 * HOUR, expires_us=900 * HOUR, at_us=2 * HOUR
    )
    assert (after.state, after.instrument, after.terms) == (MeasureState.IN_FORCE, "freeze", 1)
    assert (after.applied_us, after.ends_us) == (HOUR, 900 * HOUR)


def test_each_report_is_the_event_of_its_order():
    assert report_event(StopPayment, is_root=True, executed=True, lapsed=False) is Event.ROOT_EXECUTED
    assert report_event(StopPayment, is_root=True, executed=False, lapsed=True) is Event.LAPSE_REPORTED
    assert report_event(Release, is_root=False, executed=False, lapsed=False) is Event.RELEASE_DECLINED
    assert report_event(Extend, is_root=False, executed=False, lapsed=False) is Event.CHANGE_DECLINED


@given(st.lists(st.tuples(st.sampled_from(list(Event)), st.integers(1, 200)), max_size=40))
def test_released_and_declined_are_left_by_no_report_and_no_time_and_an_end_never_moves_back(history):
    now, held = HOUR, measure(MeasureState.ORDERED)
    for event, hours in history:
        now += HOUR
        before = held
        if event in ORDERS:
            try:
                held = ordered(held, event, at_us=now)
            except WrongState:
                assert held == before
        elif event in REPORTS:
            held, _ = reported(
                held, event, order=CLASS_OF[event], applied_us=now, expires_us=now + hours * HOUR, at_us=now
            )
        else:
            held = passed(held, event)
        if before.state in (MeasureState.RELEASED, MeasureState.DECLINED) and event is not Event.RELEASE_ORDERED:
            assert held.state is before.state
        if event is not Event.ROOT_EXECUTED:
            assert held.ends_us >= before.ends_us
