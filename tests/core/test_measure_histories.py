"""The life of a measure through histories: ends, instruments, terms, lateness, and what no history may bring about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import Reason, WrongState
from tocsin.core.measure import (
    ENDED,
    NEXT,
    REPORTS,
    TAKES_EFFECT,
    Event,
    Measure,
    MeasureOrder,
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
NOW = 1_000 * HOUR
ASKS = (Event.EXTEND_ORDERED, Event.FREEZE_ORDERED, Event.RELEASE_ORDERED)
ITEMS = (Event.WITHDRAW_ORDERED, Event.WITHDRAW_EXECUTED, Event.WITHDRAW_DECLINED)
TIMES = (Event.END_PASSED, Event.EXECUTION_PASSED)
S = MeasureState


def stop_in(state: MeasureState = S.IN_FORCE, *, ends_us: int = NOW + HOUR, **values: int) -> Measure:
    return Measure(state=state, instrument="stop-payment", **{"terms": 1, "applied_us": NOW, "ends_us": ends_us} | values)


def after(measure: Measure, event: Event, order: type[MeasureOrder], ends_us: int) -> tuple[Measure, bool]:
    return reported(measure, event, order=order, applied_us=NOW + 1, expires_us=ends_us, at_us=NOW)


def test_every_event_is_an_order_a_report_or_a_time() -> None:
    assert set(Event) == {*ASKS, *REPORTS, *TIMES, Event.WITHDRAW_ORDERED}
    assert TAKES_EFFECT < REPORTS


def test_every_state_is_reached_and_a_release_may_be_asked_in_each() -> None:
    assert {state for state, _ in NEXT} | set(NEXT.values()) == set(S)
    assert all((state, Event.RELEASE_ORDERED) in NEXT for state in S)


def test_nothing_ends_by_an_order_and_nothing_begins_by_a_time() -> None:
    for (before, event), then in NEXT.items():
        if event in ITEMS:
            continue
        if event in ASKS:
            assert then not in ENDED
        if event in TIMES:
            assert then in (S.LAPSED, S.UNEXECUTED)
            assert before not in ENDED
        if then is S.IN_FORCE and before is not S.IN_FORCE:
            assert event in TAKES_EFFECT, "only the bank's word brings a measure into force"
        if then is S.RELEASED:
            assert (before, event) == (S.RELEASING, Event.RELEASE_EXECUTED)


@pytest.mark.parametrize("event", ITEMS)
@pytest.mark.parametrize("state", list(S))
def test_letting_go_of_items_changes_no_state_and_is_never_late(state: MeasureState, event: Event) -> None:
    before = stop_in(state)
    if event is Event.WITHDRAW_ORDERED:
        assert ordered(before, event, at_us=NOW + 99 * HOUR) == before
    else:
        assert after(before, event, UnblockDomains, NOW + 99 * HOUR) == (before, False)


@pytest.mark.parametrize("state", [S.DECLINED, S.RELEASED])
@pytest.mark.parametrize("event", sorted({*REPORTS, *TIMES} - {*ITEMS}))
def test_declined_and_released_are_left_by_no_report_and_no_time(state: MeasureState, event: Event) -> None:
    before = stop_in(state)
    if event in TIMES:
        assert passed(before, event) is before
        return
    made, late = after(before, event, StopPayment, NOW + 99 * HOUR)
    assert late
    assert (made.state, made.ends_us, made.instrument) == (before.state, before.ends_us, before.instrument)


@pytest.mark.parametrize("event", ASKS[:2])
@pytest.mark.parametrize("state", list(S))
def test_a_freeze_in_force_is_neither_extended_nor_frozen_again(state: MeasureState, event: Event) -> None:
    frozen = Measure(state=state, instrument="freeze", applied_us=NOW, ends_us=NOW + HOUR)
    with pytest.raises(WrongState):
        ordered(frozen, event, at_us=NOW)


@pytest.mark.parametrize(
    ("state", "named"),
    [(S.IN_FORCE, "lapsed"), (S.RELEASING, "lapsed"), (S.LAPSED, "lapsed"), (S.RELEASED, "released"), (S.DECLINED, "declined")],
)
def test_a_freeze_behind_the_end_is_refused_naming_where_the_measure_stands(state: MeasureState, named: str) -> None:
    with pytest.raises(WrongState) as refusal:
        ordered(stop_in(state, ends_us=NOW), Event.FREEZE_ORDERED, at_us=NOW)
    assert refusal.value.facts == {"state": named, "event": "freeze-ordered", "field": "thread"}


@pytest.mark.parametrize("state", [S.IN_FORCE, S.RELEASING, S.LAPSED, S.RELEASED])
def test_an_extension_behind_the_end_has_its_own_reason(state: MeasureState) -> None:
    with pytest.raises(WrongState) as refusal:
        ordered(stop_in(state, ends_us=NOW), Event.EXTEND_ORDERED, at_us=NOW)
    assert refusal.value.reason is Reason.EXTEND_AFTER_END
    if state is S.IN_FORCE:
        assert ordered(stop_in(state, ends_us=NOW + 1), Event.EXTEND_ORDERED, at_us=NOW).state is state


def test_a_measure_its_bank_lapsed_early_is_over_though_its_end_is_to_come() -> None:
    with pytest.raises(WrongState) as refusal:
        ordered(stop_in(S.LAPSED, ends_us=NOW + HOUR), Event.EXTEND_ORDERED, at_us=NOW)
    assert refusal.value.reason is Reason.EXTEND_AFTER_END


def test_an_execution_told_without_an_end_is_in_force_and_not_over() -> None:
    made, late = after(Measure(state=S.ORDERED, instrument="stop-payment"), Event.ROOT_EXECUTED, StopPayment, 0)
    assert (made.state, made.ends_us, late) == (S.IN_FORCE, 0, False)


def test_a_release_under_way_is_still_awaited_when_an_execution_told_late_is_over() -> None:
    made, _ = after(stop_in(S.RELEASING, ends_us=0), Event.ROOT_EXECUTED, StopPayment, NOW)
    assert (made.state, made.ends_us) == (S.RELEASING, NOW)


def test_an_extension_prolongs_and_never_shortens() -> None:
    made, late = after(stop_in(), Event.CHANGE_EXECUTED, Extend, NOW + 49 * HOUR)
    assert (made.ends_us, made.terms, made.applied_us, late) == (NOW + 49 * HOUR, 2, NOW, False)
    made, _ = after(stop_in(ends_us=NOW + 9 * HOUR), Event.CHANGE_EXECUTED, Extend, NOW + HOUR)
    assert made.ends_us == NOW + 9 * HOUR


def test_an_extension_reported_with_an_end_in_the_past_ends_nothing_that_still_runs() -> None:
    made, late = after(stop_in(), Event.CHANGE_EXECUTED, Extend, NOW - HOUR)
    assert (made.state, made.ends_us, late) == (S.IN_FORCE, NOW + HOUR, False)


def test_a_stop_reported_behind_its_freeze_leaves_the_freeze() -> None:
    frozen, _ = after(Measure(state=S.ORDERED, instrument="stop-payment"), Event.CHANGE_EXECUTED, Freeze, NOW + 999 * HOUR)
    made, late = after(frozen, Event.ROOT_EXECUTED, StopPayment, NOW + 48 * HOUR)
    assert (made.instrument, made.ends_us, made.terms, late) == ("freeze", NOW + 999 * HOUR, 1, False)


def test_a_freeze_in_a_stop_s_place_has_the_freeze_s_end_even_when_it_is_earlier() -> None:
    made, _ = after(stop_in(ends_us=NOW + 48 * HOUR), Event.CHANGE_EXECUTED, Freeze, NOW + 2 * HOUR)
    assert (made.instrument, made.ends_us) == ("freeze", NOW + 2 * HOUR)


def test_a_freeze_reported_without_an_end_keeps_the_one_there_is() -> None:
    made, _ = after(stop_in(), Event.CHANGE_EXECUTED, Freeze, 0)
    assert (made.instrument, made.ends_us) == ("freeze", NOW + HOUR)


@pytest.mark.parametrize("state", [S.UNEXECUTED, S.LAPSED])
@pytest.mark.parametrize(("event", "order"), [(Event.ROOT_EXECUTED, StopPayment), (Event.CHANGE_EXECUTED, Freeze)])
def test_a_late_execution_that_still_runs_is_in_force_and_one_that_is_over_is_not(
    state: MeasureState, event: Event, order: type[MeasureOrder]
) -> None:
    before = stop_in(state, ends_us=0 if state is S.UNEXECUTED else NOW - HOUR)
    running, late = after(before, event, order, NOW + HOUR)
    assert (running.state, running.ends_us, late) == (S.IN_FORCE, NOW + HOUR, True)
    over, late = after(before, event, order, NOW)
    assert (over.state, late) == (S.LAPSED, True)


def test_the_bank_s_word_that_a_measure_lapsed_is_late_only_where_it_could_not_have() -> None:
    for state in S:
        made, late = after(stop_in(state), Event.LAPSE_REPORTED, StopPayment, 0)
        expected = state in (S.IN_FORCE, S.RELEASING, S.LAPSED)
        assert late is not expected
        assert made.state is (S.LAPSED if expected else state)


def test_a_report_that_is_no_execution_leaves_end_instrument_and_terms() -> None:
    for state in S:
        for event in REPORTS - TAKES_EFFECT:
            made, _ = after(stop_in(state), event, StopPayment, NOW + 99 * HOUR)
            assert made == Measure(
                state=made.state, instrument="stop-payment", terms=1, applied_us=NOW, ends_us=NOW + HOUR
            )


@pytest.mark.parametrize(
    ("order", "is_root", "executed", "lapsed", "event"),
    [
        (StopPayment, True, True, False, Event.ROOT_EXECUTED), (StopPayment, True, False, False, Event.ROOT_DECLINED),
        (Freeze, True, True, False, Event.ROOT_EXECUTED), (Freeze, False, True, False, Event.CHANGE_EXECUTED),
        (Extend, False, True, False, Event.CHANGE_EXECUTED), (Extend, False, False, False, Event.CHANGE_DECLINED),
        (Release, False, True, False, Event.RELEASE_EXECUTED), (Release, False, False, False, Event.RELEASE_DECLINED),
        (Release, False, False, True, Event.LAPSE_REPORTED), (StopPayment, True, False, True, Event.LAPSE_REPORTED),
    ],
)  # fmt: skip
def test_each_report_is_the_event_of_its_order(
    order: type[MeasureOrder], is_root: bool, executed: bool, lapsed: bool, event: Event
) -> None:
    assert report_event(order, is_root=is_root, executed=executed, lapsed=lapsed) is event


STEPS = st.lists(
    st.tuples(
        st.sampled_from([*ASKS, *TIMES, *(
            (event, order) for event in sorted(REPORTS) for order in (StopPayment, Freeze, Extend, Release)
        )]),
        st.integers(-3, 200),
        st.integers(0, 30),
    ),
    max_size=40,
)  # fmt: skip


@given(STEPS)
def test_no_history_moves_an_end_back_but_a_freeze_in_a_stop_s_place(steps: list[tuple[object, int, int]]) -> None:
    now, held = NOW, Measure(state=S.ORDERED, instrument="stop-payment")
    for step, term, waited in steps:
        now += waited * HOUR
        before = held
        if isinstance(step, Event):
            if step in ASKS:
                try:
                    held = ordered(held, step, at_us=now)
                except WrongState:
                    assert held is before
            else:
                held = passed(held, step)
            assert (held.ends_us, held.instrument, held.terms) == (before.ends_us, before.instrument, before.terms)
        else:
            event, order = step
            held, _ = reported(held, event, order=order, applied_us=now, expires_us=max(1, now + term * HOUR), at_us=now)
            converted = (before.instrument, held.instrument) == ("stop-payment", "freeze")
            assert held.ends_us >= before.ends_us or converted
            assert held.terms - before.terms == (event in TAKES_EFFECT and order.COUNTS_AS_TERM)
            assert held.instrument == before.instrument or converted or not before.ends_us
        if held.state is S.IN_FORCE and before.state is not S.IN_FORCE:
            assert held.ends_us > now, "nothing comes into force behind its end"
        if before.state in (S.DECLINED, S.RELEASED) and step is not Event.RELEASE_ORDERED:
            assert held.state is before.state
