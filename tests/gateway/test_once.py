"""An order under a key of the caller's own is sent once, by whoever comes first."""

import asyncio
from pathlib import Path

import pytest

from tests.gateway.kit import card, town
from tocsin.core.errors import Malformed


async def test_under_one_key_there_is_one_order(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        police = t.police.participant
        how = {"target": card(1), "amount": "1.00 CNY", "contact": "desk 4"}
        at_once = await asyncio.gather(*(police.order("stop-payment", once="a", **how) for _ in range(5)))
        later = await police.order("stop-payment", once="a", **how)
        other = await police.order("stop-payment", once="b", **how)
        assert {one.id for one in at_once} == {later.id}
        assert other.id != later.id
        assert len(await police.store.outbox_list()) == 2
        measures = await police.store.measure_list()
        assert len(measures) == 2, "an order that was not sent leaves no measure"


async def test_a_refused_order_leaves_its_key_free(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        police = t.police.participant
        how = {"amount": "1.00 CNY", "contact": "desk 4"}
        with pytest.raises(Malformed):
            await police.order("stop-payment", once="a", target=f"{card(1)[:-1]}x", **how)
        await police.order("stop-payment", once="a", target=card(1), **how)
        assert len(await police.store.outbox_list()) == 1
