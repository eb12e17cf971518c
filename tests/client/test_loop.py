"""How our programs run."""

import gc
from collections.abc import Iterator

import pytest

from tocsin import loop


@pytest.fixture
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    gc.unfreeze()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_a_program_gives_its_result_and_collects_seldom(collector: None) -> None:
    async def work() -> int:
        return 7

    assert loop.run(work()) == 7
    assert gc.get_threshold() == loop.COLLECT_AFTER
    assert gc.get_freeze_count() > 0


def test_what_a_process_makes_after_its_first_program_is_not_hidden_from_the_collector(collector: None) -> None:
    async def work() -> None: ...

    loop.run(work())
    before = gc.get_freeze_count()
    kept = [[] for _ in range(10_000)]
    loop.run(work())
    assert gc.get_freeze_count() <= before
    assert len(kept) == 10_000
