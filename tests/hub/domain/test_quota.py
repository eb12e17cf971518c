"""The token bucket of one sender."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin_hub.domain.quota import Quota

SECOND = 1_000_000
RATES = st.floats(0.1, 20_000)
BURSTS = st.integers(1, 500)
STEPS = st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(1, 20)), max_size=60)


def test_a_full_bucket_gives_its_burst_and_then_one_per_interval() -> None:
    quota = Quota(10, 3)
    assert [quota.take(SECOND) for _ in range(3)] == [0, 0, 0]
    assert quota.take(SECOND) == 100
    assert quota.take(SECOND + 99_999) == 1
    assert quota.take(SECOND + 100_000) == 0
    assert quota.take(SECOND + 100_000) == 100


def test_after_a_pause_it_holds_its_burst_and_no_more() -> None:
    quota = Quota(10, 3)
    assert [quota.take(0) for _ in range(3)] == [0, 0, 0]
    assert [quota.take(3600 * SECOND) for _ in range(4)] == [0, 0, 0, 100]


def test_several_tokens_are_taken_together_or_not_at_all() -> None:
    quota = Quota(10, 5)
    assert quota.take(SECOND, 4) == 0
    assert quota.take(SECOND, 3) == 200
    assert quota.take(SECOND, 1) == 0
    assert quota.take(SECOND, 1) == 100


def test_an_interval_that_is_no_whole_number_is_rounded_against_the_sender() -> None:
    quota = Quota(3, 1000)
    assert quota.take(0, 1000) == 0
    assert quota.take(333_333_333, 1000) == 1
    assert quota.take(333_333_334, 1000) == 0


def test_a_clock_that_steps_back_an_hour_costs_one_filling_at_most() -> None:
    quota = Quota(10, 5)
    assert quota.take(3600 * SECOND, 5) == 0
    assert quota.take(0) == 100
    assert quota.take(100_000) == 0


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0), (1, -5)])
def test_a_quota_that_lets_nothing_pass_is_not_made(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Quota(rate, burst)


@pytest.mark.parametrize("n", [0, -1, 6])
def test_a_request_no_bucket_could_ever_meet_is_an_error_and_takes_nothing(n: int) -> None:
    quota = Quota(10, 5)
    with pytest.raises(ValueError, match="between one token and the burst"):
        quota.take(SECOND, n)
    assert quota.take(SECOND, 5) == 0


@given(RATES, BURSTS, STEPS)
def test_no_span_lets_more_pass_than_burst_and_rate_allow(
    rate: float, burst: int, steps: list[tuple[int, int]]
) -> None:
    quota = Quota(rate, burst)
    now, passed = 0, [(0, 0)]
    for step, n in steps:
        now += step
        wanted = min(n, burst)
        if quota.take(now, wanted) == 0:
            passed.append((now, wanted))
    for i in range(len(passed)):
        total = 0
        for j in range(i, len(passed)):
            total += passed[j][1]
            assert total <= burst + rate * (passed[j][0] - passed[i][0]) / SECOND + 1e-6


@given(RATES, BURSTS, STEPS)
def test_a_refusal_takes_nothing_and_the_wait_it_names_is_enough_and_not_a_millisecond_too_long(
    rate: float, burst: int, steps: list[tuple[int, int]]
) -> None:
    quota = Quota(rate, burst)
    now = 0
    for step, n in steps:
        now += step
        wanted = min(n, burst)
        if (wait_ms := quota.take(now, wanted)) > 0:
            assert quota.take(now, wanted) == wait_ms
            if wait_ms > 1:
                assert quota.take(now + (wait_ms - 1) * 1000, wanted) == 1
            now += wait_ms * 1000
            assert quota.take(now, wanted) == 0
