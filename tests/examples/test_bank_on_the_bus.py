"""The bank kit behind a real hub: what the police learns, and what stands in the books."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from examples.bank.bank import register
from examples.bank.core_banking import CoreBanking
from examples.bank.ledger import Ledger, available
from examples.bank.ledger import account as find_account
from tests.examples.kit import BIN, card, opened
from tocsin import Executed, Outcome, Participant, Refused, SentOrder
from tocsin.core.money import parse_money
from tocsin.testing import LocalHub, VirtualClock

WAIT = 20.0
HOURS = 3_600.0


class Town:
    """A hub, a police desk, a bank and its ledger."""

    def __init__(self, hub: LocalHub, clock: VirtualClock, police: Participant, ledger: Ledger) -> None:
        self.hub, self.clock, self.police, self.ledger = hub, clock, police, ledger

    async def stop(self, number: int = 1, *, holder: str = "张三") -> SentOrder:
        return await self.police.stop_payment(
            account=card(number), holder=holder, amount="50000.00 CNY", reason="reported fraud", contact="027-0000 0000"
        )

    def free(self) -> str:
        with self.ledger.transaction() as conn:
            one = find_account(conn, card(1))
            assert one is not None
            return available(conn, one, self.clock.now_us()).to_text()


@asynccontextmanager
async def town_in(path: Path) -> AsyncIterator[Town]:
    clock = VirtualClock()
    async with LocalHub(path, clock=clock) as hub:
        await hub.enrol("bank.bhb", role="bank", serves=[f"card:19:{BIN}"])
        await hub.enrol("police.420100", role="police")
        ledger = opened(path / "ledger.db", "70000.00 CNY", "300.00 CNY")
        bank, police = hub.participant("bank.bhb"), hub.participant("police.420100")
        register(bank, CoreBanking(ledger, clock))
        async with bank, police:
            yield Town(hub, clock, police, ledger)
        ledger.close()


async def test_orders_are_reported_as_the_books_say(tmp_path: Path) -> None:
    async with town_in(tmp_path) as town:
        full, short, refused = await town.stop(1), await town.stop(2), await town.stop(1, holder="李四")
        answer = await full.outcome(WAIT)
        assert isinstance(answer, Executed)
        assert (answer.outcome, answer.held) == (Outcome.DONE, parse_money("50000 CNY"))
        assert (answer.balance, answer.available) == (parse_money("70000 CNY"), parse_money("20000 CNY"))
        answer = await short.outcome(WAIT)
        assert isinstance(answer, Executed)
        assert (answer.outcome, answer.held) == (Outcome.DONE_SHORT, parse_money("300 CNY"))
        answer = await refused.outcome(WAIT)
        assert isinstance(answer, Refused)
        assert (answer.reason, answer.note) == (Outcome.MISMATCH, "the name is not the holder's")


async def test_a_stop_lives_through_extension_and_freeze_and_ends_with_its_release(tmp_path: Path) -> None:
    async with town_in(tmp_path) as town:
        stop = await town.stop()
        first = await stop.outcome(WAIT)
        extended = await (await town.police.extend(stop, reason="the filing is under way")).outcome(WAIT)
        assert isinstance(first, Executed)
        assert isinstance(extended, Executed)
        assert first.expires_at is not None
        assert extended.expires_at is not None
        assert (extended.expires_at - first.expires_at).total_seconds() == 48 * HOURS
        await town.clock.advance(95 * HOURS)
        assert town.free() == "20000.00 CNY"
        freeze = await town.police.freeze(
            stop, case_filing_no="A4201-0001", document_no="D-1", contact="027-0000 0000", amount="60000.00 CNY"
        )
        frozen = await freeze.outcome(WAIT)
        assert isinstance(frozen, Executed)
        assert frozen.held == parse_money("60000 CNY")
        await town.clock.advance(48 * HOURS)
        assert town.free() == "10000.00 CNY"
        released = await (await town.police.release(stop, reason="the money went back")).outcome(WAIT)
        assert isinstance(released, Executed)
        assert town.free() == "70000.00 CNY"


@pytest.mark.parametrize("connected", [True, False], ids=["connected", "cut off"])
async def test_a_stop_lapses_at_the_bank_by_its_own_clock(tmp_path: Path, connected: bool) -> None:
    async with town_in(tmp_path) as town:
        stop = await town.stop()
        assert isinstance(await stop.outcome(WAIT), Executed)
        if not connected:
            await town.hub.stop()
        await town.clock.advance(48 * HOURS + 1)
        assert town.free() == "70000.00 CNY"
        with town.ledger.transaction() as conn:
            assert conn.execute("SELECT ended_by FROM hold").fetchall() == [("lapse",)]
