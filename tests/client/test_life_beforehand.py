"""What the law answers before a bank's handler is asked."""

from dataclasses import replace
from typing import Any

import pytest

from tests.wire.samples import NOW_US, header, stop_payment
from tocsin.client import life
from tocsin.client.rows import MeasureRow
from tocsin.core.measure import MeasureOrder, MeasureState
from tocsin.core.message import Thread
from tocsin.core.orders.extend import Extend
from tocsin.core.orders.freeze import Freeze
from tocsin.core.orders.release import Release
from tocsin.core.orders.report import Outcome
from tocsin.core.profiles import Profile, default_document

CN = Profile.parse(default_document("cn"))
HOUR_US = 3_600_000_000
STOP = stop_payment()
WITHIN = header(target=None, thread=Thread(root_id=STOP.header.message_id, parent_id=STOP.header.message_id))


def measure(state: MeasureState = MeasureState.IN_FORCE, **changed: Any) -> MeasureRow:
    made = life.new_measure(STOP, profile="cn", subject=b"s", now_us=NOW_US)
    return replace(made, **{"state": state, "terms": 1, "applied_us": NOW_US, "ends_us": NOW_US + 48 * HOUR_US} | changed)


def answer(order: MeasureOrder, row: MeasureRow | None, *, now_us: int = NOW_US + HOUR_US, terms: int = 0) -> Outcome | None:
    return life.beforehand(order, row, CN, accepted_us=NOW_US, now_us=now_us, terms_used=terms)


def test_a_stop_that_may_be_executed_goes_to_the_handler() -> None:
    assert answer(STOP, None) is None
    assert answer(STOP, measure(MeasureState.ORDERED)) is None


@pytest.mark.parametrize("state", [MeasureState.RELEASING, MeasureState.RELEASED])
def test_a_stop_behind_its_release_is_superseded(state: MeasureState) -> None:
    assert answer(STOP, measure(state)) is Outcome.SUPERSEDED


@pytest.mark.parametrize("state", [MeasureState.IN_FORCE, MeasureState.RELEASING])
def test_a_release_goes_to_the_handler_while_money_is_held_also_after_one_that_failed(state: MeasureState) -> None:
    assert answer(Release(header=WITHIN), measure(state)) is None
    assert answer(Release(header=WITHIN), measure(state), now_us=NOW_US + 999 * HOUR_US) is None, "a release is never too late"


@pytest.mark.parametrize("state", [s for s in MeasureState if s not in (MeasureState.IN_FORCE, MeasureState.RELEASING)])
def test_a_release_of_what_is_not_held_is_done_already(state: MeasureState) -> None:
    assert answer(Release(header=WITHIN), measure(state)) is Outcome.ALREADY
    assert answer(Release(header=WITHIN), None) is Outcome.ALREADY


def test_a_release_that_failed_leaves_the_bank_s_measure_so_that_the_next_one_is_asked_again() -> None:
    release = Release(header=WITHIN)
    after = life.after_answer(measure(), release, Outcome.UNREACHABLE, applied_us=0, expires_us=0, now_us=NOW_US)
    assert answer(release, after) is None
    done = life.after_answer(after, release, Outcome.DONE, applied_us=0, expires_us=0, now_us=NOW_US)
    assert done.state is MeasureState.RELEASED


def test_an_order_older_than_it_may_be_is_out_of_term() -> None:
    assert answer(STOP, None, now_us=NOW_US + 48 * HOUR_US - 1) is None
    assert answer(STOP, None, now_us=NOW_US + 48 * HOUR_US) is Outcome.OUT_OF_TERM


@pytest.mark.parametrize("kind", [Extend, Freeze])
def test_a_change_needs_a_stop_that_runs(kind: type[MeasureOrder]) -> None:
    order = kind(header=WITHIN)
    assert answer(order, measure()) is None
    assert answer(order, None) is Outcome.OUT_OF_TERM
    assert answer(order, measure(MeasureState.LAPSED)) is Outcome.OUT_OF_TERM
    assert answer(order, measure(ends_us=NOW_US + HOUR_US)) is Outcome.OUT_OF_TERM
    assert answer(order, measure(instrument="freeze")) is Outcome.OUT_OF_TERM, "a freeze is neither extended nor frozen again"


def test_the_bank_counts_terms_by_its_own_books() -> None:
    assert answer(STOP, None, terms=1) is None
    assert answer(STOP, None, terms=2) is Outcome.LIMIT_REACHED
    assert answer(Extend(header=WITHIN), measure(), terms=2) is Outcome.LIMIT_REACHED
    assert answer(Freeze(header=WITHIN), measure(), terms=2) is None


def test_a_release_of_a_stop_that_a_handler_began_and_never_answered_goes_to_the_handler() -> None:
    release = Release(header=WITHIN)
    for row in (None, measure(MeasureState.ORDERED)):
        assert life.beforehand(release, row, CN, accepted_us=NOW_US, now_us=NOW_US, terms_used=0) is Outcome.ALREADY
        assert life.beforehand(release, row, CN, accepted_us=NOW_US, now_us=NOW_US, terms_used=0, begun=True) is None
