"""Waits between tries: the ceiling doubles to five minutes, and the wait is anywhere below it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin_hub.domain.backoff import BASE_US, CAP_US, ceiling_us, full_jitter_us


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        (1, 1),
        (2, 2),
        (3, 4),
        (4, 8),
        (5, 16),
        (6, 32),
        (7, 64),
        (8, 128),
        (9, 256),
        (10, 300),
        (11, 300),
        (100_000, 300),
    ],
)
def test_the_ceiling_is_one_second_doubling_to_five_minutes(failures: int, seconds: int) -> None:
    assert ceiling_us(failures) == seconds * 1_000_000


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_wait_is_the_drawn_share_of_the_ceiling(failures: int, draw: float) -> None:
    wait = full_jitter_us(failures, lambda: draw)
    assert 0 <= wait <= CAP_US
    assert wait == int(draw * ceiling_us(failures))


def test_the_whole_span_is_used() -> None:
    assert full_jitter_us(1, lambda: 0.0) == 0
    assert full_jitter_us(1, lambda: 1.0) == BASE_US
    assert full_jitter_us(50, lambda: 1.0) == CAP_US
