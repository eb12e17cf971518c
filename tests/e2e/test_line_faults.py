"""Faults of the test kit, on line and hub: drop, duplicate, delay, cut, kill, full disk. Nothing is lost or unmarked by them."""

import asyncio
from typing import Any

import pytest

from tests.e2e.kit import BANK, POLICE, WAIT, executing, ordered, until
from tocsin import Executed
from tocsin.client.rows import OutboxState
from tocsin.core.message import Lane
from tocsin.testing import Carried, Line, LocalHub


@pytest.mark.parametrize("fault", ["drop", "duplicate", "delay"])
@pytest.mark.parametrize("what", list(Carried))
async def test_one_fault_on_the_line_loses_nothing_and_repeats_nothing_unmarked(hub: LocalHub, what: Carried, fault: str) -> None:
    calls: list[Any] = []
    line = Line()
    asks = what in (Carried.PUBLISH, Carried.RECEIPT)
    bank = hub.participant(BANK, line=None if asks else line)
    police = hub.participant(POLICE, line=line if asks else None)
    executing(bank, calls)
    async with bank, police:
        await (await ordered(police, 1)).outcome(WAIT)
        if fault == "delay":
            line.delay(what, 0.05)
        else:
            getattr(line, fault)(what)
        orders = [await ordered(police, n) for n in (2, 3)]
        for order in orders:
            assert isinstance(await order.outcome(WAIT), Executed)
        await until(lambda: line.spent)
        indexes = [(await order.accepted(WAIT)).sequencing.log_index for order in orders]
        await until(lambda: hub.serving.hub.quiet)
        assert len(set(indexes)) == 2
        unmarked = [call.id for call in calls if not call.repeat]
        assert len(unmarked) == len(set(unmarked))
        assert len({call.id for call in calls}) == 3
        assert (await police.store.outbox_counts())[OutboxState.ACCEPTED] == 3


async def test_a_line_that_is_down_keeps_orders_on_both_sides_until_it_is_up(hub: LocalHub) -> None:
    line = Line()
    bank = hub.participant(BANK, line=line)
    executing(bank)
    async with bank, hub.participant(POLICE) as police:
        await until(lambda: bank.link.held(Lane.URGENT) is not None)
        line.down = True
        order = await ordered(police, 1)
        await order.accepted(WAIT)
        await until(lambda: not bank.link.connected.is_set())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(order.outcome(None), 0.3)
        line.down = False
        assert isinstance(await order.outcome(WAIT), Executed)


async def test_a_hub_that_is_killed_again_and_again_loses_nothing_it_acked(hub: LocalHub) -> None:
    calls: list[Any] = []
    bank = hub.participant(BANK)
    executing(bank, calls)
    async with bank, hub.participant(POLICE) as police:
        orders = []
        for round_ in range(3):
            orders += [await ordered(police, 10 * round_ + n) for n in range(5)]
            await hub.kill()
            await hub.start()
        receipts = [await order.accepted(WAIT) for order in orders]
        assert len({receipt.sequencing.log_index for receipt in receipts}) == len(orders)
        for order in orders:
            assert isinstance(await order.outcome(WAIT), Executed)
        unmarked = [call.id for call in calls if not call.repeat]
        assert len(unmarked) == len(set(unmarked))
        assert len({call.id for call in calls}) == len(orders)


async def test_a_full_disk_is_waited_out(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police:
        hub.disk.full = True
        order = await ordered(police, 1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(order.accepted(None), 0.3)
        hub.disk.full = False
        assert await order.accepted(WAIT)
