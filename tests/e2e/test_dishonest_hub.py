"""A hub that lets through what its policy forbids: members compare with their own threads and do not follow it."""

import asyncio
from typing import Any

import pytest

from tests.e2e.kit import BANK, OTHER_BANK, OTHER_POLICE, POLICE, WAIT, Hand, executing, ordered, until
from tocsin import Executed, Participant, Pending, StopPayment
from tocsin.client.rows import InboxState
from tocsin.core.measure import MeasureState
from tocsin.core.message import Message
from tocsin.core.orders.report import Outcome
from tocsin.testing import LocalHub
from tocsin_hub.domain import decide_orders


@pytest.fixture(autouse=True)
def _relations_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide_orders, "check_relation", lambda *_, **__: None)


async def parked(party: Participant, message: Message) -> str:
    """Why ``party`` parked ``message``, once it has."""
    async with asyncio.timeout(WAIT):
        while True:
            row = await party.store.get_inbox(message.header.message_id)
            if row is not None and row.state is InboxState.PARKED:
                return row.park_reason
            await asyncio.sleep(0.01)


async def test_a_bank_does_not_carry_out_a_release_by_somebody_who_did_not_order(hub: LocalHub) -> None:
    calls: list[Any] = []
    bank = hub.participant(BANK)
    executing(bank, calls)
    async with bank, hub.participant(POLICE) as police, Hand(hub, OTHER_POLICE) as stranger:
        order = await ordered(police, 1)
        assert isinstance(await order.outcome(WAIT), Executed)
        for follower in (stranger.extend(order.message), stranger.release(order.message)):
            await stranger.accepted(follower)
            assert await parked(bank, follower) == "NOT_ORIGIN"
        measure = await bank.store.get_measure(order.message.header.message_id)
        assert measure is not None
        assert measure.state is MeasureState.IN_FORCE
    assert [type(call) for call in calls] == [StopPayment]


async def test_police_do_not_believe_a_report_by_a_bank_they_did_not_ask(hub: LocalHub) -> None:
    async with hub.participant(POLICE) as police, Hand(hub, OTHER_BANK) as stranger:
        order = await ordered(police, 1)
        await order.accepted(WAIT)
        forged = stranger.report(order.message, Outcome.MISMATCH)
        await stranger.accepted(forged)
        assert await parked(police, forged) == "NOT_ADDRESSEE"
        assert isinstance(await order.outcome(0), Pending)
        measure = await police.store.get_measure(order.message.header.message_id)
        assert measure is not None
        assert measure.state is MeasureState.ORDERED
        bank = hub.participant(BANK)
        executing(bank)
        async with bank:
            await until(lambda: police.waiters.result(order.message.header.message_id) is not None)
        assert isinstance(await order.outcome(WAIT), Executed)
