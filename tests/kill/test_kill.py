"""Twenty kills in every test run; ``make kill-test KILLS=200`` for more."""

import pytest

from tests.kill.run import run


@pytest.mark.timeout(200)
async def test_twenty_kills_lose_nothing_and_repeat_nothing_unmarked() -> None:
    verdict = await run(20, seed=20)
    assert verdict.orders > 0
    assert (verdict.lost, verdict.unmarked, verdict.held_twice) == (0, 0, 0)
