"""The programs of docs/integrate, run: each code block of those pages stands here word for word."""

import re
import sqlite3
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tocsin import (
    Clear,
    Executed,
    Hit,
    Lapsed,
    Listed,
    Money,
    Participant,
    RowError,
    SentOrder,
    StopPayment,
    WatchAnswer,
    WatchHit,
)
from tocsin.testing import Carried, Line, LocalHub, VirtualClock
from tocsin.testing.hub import PASSPHRASE

PAGES = Path(__file__).resolve().parents[2] / "docs/integrate"
SOURCE = Path(__file__).read_text(encoding="utf-8")
CARD, OTHER_CARD = "6222020000000007", "6222020000000015"
WAIT = 20


@pytest.mark.parametrize("page", ["bank.md", "carrier.md", "customs.md", "police.md", "testing.md"])
def test_the_page_shows_the_code_that_runs_here(page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        assert any(textwrap.indent(block, " " * depth) in SOURCE for depth in (0, 4, 8, 12)), block


# -- testing.md -----------------------------------------------------------------------------------------------------------------


async def test_a_stop_holds_and_ends_by_itself(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with LocalHub(tmp_path, clock=clock) as hub:
        await hub.enrol("bank.icbc", role="bank", serves=["card:16:622202"])
        await hub.enrol("police.420100", role="police")
        bank, police = hub.participant("bank.icbc"), hub.participant("police.420100")
        holds: dict[str, Money | None] = {}

        @bank.on(StopPayment)
        async def stop(order: StopPayment) -> Executed:
            holds[order.thread_id] = order.amount
            return Executed(held=order.amount)

        @bank.on(Lapsed)
        async def lapsed(event: Lapsed) -> None:
            del holds[event.thread_id]

        async with bank, police:
            order = await police.stop_payment(account="6222020000000007", amount="50000 CNY", contact="desk 4")
            assert isinstance(await order.outcome(timeout=20), Executed)
            assert list(holds) == [order.id]
            await clock.advance(48 * 3600)  # steps from timer to timer until all is quiet
            assert not holds


async def test_an_order_given_while_the_hub_is_down_goes_out_when_it_is_back(tmp_path: Path) -> None:
    async with LocalHub(tmp_path) as hub:
        await hub.enrol("bank.icbc", role="bank", serves=["card:16:622202"])
        await hub.enrol("police.420100", role="police")
        async with hub.participant("police.420100") as police:
            await hub.stop()
            order = await police.stop_payment(account="6222020000000007", amount="50000 CNY", contact="desk 4")
            assert await order.accepted(timeout=0.1) is None  # on our own disk, and nowhere else
            await hub.start()
            assert await order.accepted(timeout=20) is not None


async def test_an_order_lost_on_the_way_from_a_hub_that_is_killed_is_carried_out_once(tmp_path: Path) -> None:
    async with LocalHub(tmp_path) as hub:
        await hub.enrol("bank.icbc", role="bank", serves=["card:16:622202"])
        await hub.enrol("police.420100", role="police")
        line = Line()
        bank, police = hub.participant("bank.icbc", line=line), hub.participant("police.420100")
        repeats: list[bool] = []

        @bank.on(StopPayment)
        async def stop(order: StopPayment) -> Executed:
            repeats.append(order.repeat)
            return Executed(held=order.amount)

        async with bank, police:
            line.drop(Carried.DELIVERY)  # lost on the way, and the connection with it
            order = await police.stop_payment(account="6222020000000007", amount="50000 CNY", contact="desk 4")
            await hub.kill()
            await hub.start()
            assert isinstance(await order.outcome(timeout=20), Executed)
            assert len(repeats) == 1


async def test_a_full_disk_at_the_hub_delays_an_order_and_loses_none(tmp_path: Path) -> None:
    async with LocalHub(tmp_path) as hub:
        await hub.enrol("bank.icbc", role="bank", serves=["card:16:622202"])
        await hub.enrol("police.420100", role="police")
        async with hub.participant("police.420100") as police:
            hub.disk.full = True
            order = await police.stop_payment(account="6222020000000007", amount="50000 CNY", contact="desk 4")
            assert await order.accepted(timeout=0.5) is None
            hub.disk.full = False
            assert await order.accepted(timeout=20) is not None


# -- carrier.md -----------------------------------------------------------------------------------------------------------------


async def test_the_carrier_of_the_guide_blocks_and_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tocsin import Participant
    from tocsin.blocklist import Blocklist, write_rpz

    reloads: list[int] = []

    def reload_resolver() -> None:
        reloads.append(len(blocklist))

    (tmp_path / "passphrase").write_text(PASSPHRASE)
    monkeypatch.setenv("TOCSIN_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    monkeypatch.chdir(tmp_path)
    async with LocalHub(tmp_path) as hub:
        await hub.enrol("carrier.cmcc", role="carrier", region="CN")
        await hub.enrol("police.420100", role="police")
        (tmp_path / "carrier.cmcc.identity").rename(tmp_path / "carrier.identity")

        carrier = Participant.load("carrier.identity")
        blocklist = Blocklist("blocklist.db")


        def changed() -> None:
            write_rpz(blocklist, Path("block.zone"))
            reload_resolver()


        blocklist.serve(carrier, changed=changed)

        with blocklist:
            async with carrier, hub.participant("police.420100") as police:
                job = await police.block_domains(["shop.example", "com.cn"], region="420100", contact="desk 4")
                assert list(job.refused) == [2]
                assert isinstance(await job.orders[0].outcome(timeout=20), Executed)
                assert "shop.example CNAME ." in (tmp_path / "block.zone").read_text()
                let_go = await police.unblock_domains(["shop.example"])
                assert isinstance(await let_go.orders[0].outcome(timeout=20), Executed)
                assert "shop.example" not in (tmp_path / "block.zone").read_text()
            assert reloads == [1, 0]


async def test_the_resolver_of_the_guide_asks_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tocsin.blocklist import Blocklist, write_rpz

    (tmp_path / "passphrase").write_text(PASSPHRASE)
    monkeypatch.setenv("TOCSIN_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    monkeypatch.chdir(tmp_path)
    async with LocalHub(tmp_path) as hub:
        await hub.enrol("carrier.cmcc", role="carrier", region="CN")
        await hub.enrol("police.420100", role="police")
        (tmp_path / "carrier.cmcc.identity").rename(tmp_path / "carrier.identity")
        with Blocklist("copy.db") as copy:
            async with hub.participant("police.420100") as police:
                job = await police.block_domains(["shop.example"], region="420100", contact="desk 4")
                await job.orders[0].accepted(WAIT)

            async with Participant.load("carrier.identity", receive=False) as carrier:
                await copy.refresh(carrier)
                write_rpz(copy, Path("copy.zone"))

            assert "*.shop.example CNAME ." in (tmp_path / "copy.zone").read_text()


# -- bank.md and police.md ------------------------------------------------------------------------------------------------------


@dataclass
class Account:
    """What the bank knows of a customer's account."""

    number: str
    holder: str
    balance: Money


class Core:
    """A core system of one table: holds, one for each thread."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("CREATE TABLE hold (thread TEXT PRIMARY KEY, account TEXT, minor INTEGER, until TEXT)")
        self.closing_the_day = False
        self.calls = 0

    async def find(self, number: str) -> Account | None:
        self.calls += 1
        return Account(number, "张三", Money(minor=7_000_000, currency="CNY")) if number == CARD else None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def hold(
        self, connection: sqlite3.Connection, thread: str, account: Account, amount: Money, *, until: datetime
    ) -> None:
        row = (thread, account.number, amount.minor, until.isoformat())
        connection.execute("INSERT OR REPLACE INTO hold VALUES (?, ?, ?, ?)", row)

    def prolong(self, connection: sqlite3.Connection, thread: str, *, until: datetime) -> None:
        assert (
            connection.execute("UPDATE hold SET until = ? WHERE thread = ?", (until.isoformat(), thread)).rowcount == 1
        )

    def lift(self, connection: sqlite3.Connection, thread: str) -> None:
        connection.execute("DELETE FROM hold WHERE thread = ?", (thread,))

    def held(self, thread: str) -> Money | None:
        row = self.connection.execute("SELECT minor FROM hold WHERE thread = ?", (thread,)).fetchone()
        return None if row is None else Money(minor=row[0], currency="CNY")


@pytest.fixture
async def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalHub]:
    """A hub with both parties joined, and a working directory as the pages suppose it."""
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    monkeypatch.setenv("TOCSIN_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    monkeypatch.chdir(tmp_path)
    async with LocalHub(tmp_path) as hub:
        await hub.enrol("bank.icbc", role="bank", serves=["card:16:622202"])
        await hub.enrol("police.420100", role="police")
        for party in ("bank.icbc", "police.420100"):
            (tmp_path / f"{party}.identity").rename(tmp_path / f"{party.partition('.')[0]}.identity")
        yield hub


@pytest.fixture
def core(tmp_path: Path) -> Core:
    return Core(tmp_path / "core.db")


def the_bank(core: Core) -> Participant:
    """The program of bank.md."""
    from tocsin import Executed, Extend, Freeze, Lapsed, Participant, Refused, Release, Retry, StopPayment

    bank = Participant.load("bank.identity")

    @bank.on(StopPayment)
    @bank.on(Freeze)
    async def hold(order: StopPayment | Freeze) -> Executed | Refused:
        account = await core.find(order.account)
        if account is None:
            return Refused("not-found")
        if order.holder and order.holder != account.holder:
            return Refused("mismatch", note="the account is another person's")
        if core.closing_the_day:
            raise Retry(after=1)
        with core.transaction() as connection:
            if order.mark(connection):  # False: this order was carried out before, so change nothing
                core.hold(connection, order.thread_id, account, order.amount, until=order.ends_at)
        return Executed(held=core.held(order.thread_id), balance=account.balance)

    @bank.on(Extend)
    async def extend(order: Extend) -> Executed:
        with core.transaction() as connection:
            if order.mark(connection):
                core.prolong(connection, order.thread_id, until=order.ends_at)
        return Executed(held=core.held(order.thread_id))

    @bank.on(Release)
    async def release(order: Release) -> Executed:
        with core.transaction() as connection:
            if order.mark(connection):
                core.lift(connection, order.thread_id)
        return Executed()

    @bank.on(Lapsed)
    async def lapsed(event: Lapsed) -> None:
        with core.transaction() as connection:
            core.lift(connection, event.thread_id)

    return bank


@pytest.mark.usefixtures("hub")
async def test_the_bank_and_the_police_desk_of_the_guides_do_a_case_together(
    core: Core, capsys: pytest.CaptureFixture[str]
) -> None:
    from tocsin import Executed, NoAnswer, Participant, Pending, Refused

    async with the_bank(core):  # noqa: SIM117  (the page shows the police's part alone)
        async with Participant.load("police.identity") as police:
            order = await police.stop_payment(
                account="6222 0200 0000 0007",
                amount="50000.00 CNY",
                holder="张三",
                reason="reported fraud",
                contact="027-0000 0000, desk 4",
                case_ref="A-17",
            )
            receipt = await order.accepted(timeout=10)
            print("log index", receipt.sequencing.log_index if receipt else "not yet: queued here")
            match await order.outcome(timeout=60):
                case Executed() as done:
                    print("held", done.held, "until", done.expires_at)
                case Refused() as no:
                    print("not held:", no.outcome.name, no.note)
                case NoAnswer() as silence:
                    print(silence.party, "did not answer; it had", "the order" if silence.fetched else "not fetched it")
                case Pending():
                    print("no answer yet")

            longer = await police.extend(order, reason="the case is being filed")
            print(await longer.outcome(timeout=60))
            frozen = await police.freeze(
                order, amount="50000.00 CNY", case_filing_no="A-17-3", document_no="W-2026-8", contact="027-0000 0000"
            )
            print(await frozen.outcome(timeout=60))
            released = await police.release(order, reason="the money was the holder's own")
            print(await released.outcome(timeout=60))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("log index ")
    assert lines[1].startswith("held ")
    assert [line.partition("(")[0] for line in lines[2:5]] == ["Executed"] * 3
    assert core.connection.execute("SELECT count(*) FROM tocsin_mark").fetchone() == (4,)
    assert core.connection.execute("SELECT count(*) FROM hold").fetchone() == (0,)


@pytest.mark.usefixtures("hub")
async def test_the_bank_of_the_guide_refuses_and_asks_again_as_it_says(core: Core) -> None:
    async with the_bank(core), Participant.load("police.identity") as police:

        async def order(**given: str) -> SentOrder:
            return await police.stop_payment(**{"account": CARD, "amount": "50000 CNY", "contact": "desk 4"} | given)

        assert (await (await order(account=OTHER_CARD)).outcome(WAIT)).outcome.name == "NOT_FOUND"
        assert (await (await order(holder="李四")).outcome(WAIT)).outcome.name == "MISMATCH"
        core.closing_the_day = True
        later = await order(holder="张三")
        called = core.calls
        while core.calls == called:
            await later.outcome(0.05)
        core.closing_the_day = False
        assert isinstance(await later.outcome(WAIT), Executed)
        assert core.calls > called + 1


# -- customs.md -----------------------------------------------------------------------------------------------------------------


async def test_customs_ask_and_the_police_keep_their_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with LocalHub(tmp_path / "town") as hub:
        await hub.enrol("police.420100", role="police")
        await hub.enrol("customs.wuhan", role="customs")
        load = {"police.identity": "police.420100", "customs.identity": "customs.wuhan"}
        monkeypatch.setattr(Participant, "load", lambda name: hub.participant(load[name]))
        ends = datetime.now(UTC) + timedelta(days=3)
        entries = [Listed(f"document:passport/CHN/XX000000{n}", "hold", ends, f"case {n}") for n in (7, 8)]
        async with Participant.load("police.identity") as police:
            lists = police.watchlists
            await lists.open("stolen-documents", checkers=["customs.wuhan"], valid=timedelta(days=90))
            await lists.publish("stolen-documents", entries, contact="027-0000 0000, desk 4", progress=print)
            await lists.withdraw("stolen-documents", ["document:passport/CHN/XX0000008"], reason="found")
            await lists.rotate(
                "stolen-documents", checkers=["customs.wuhan"], valid=timedelta(days=90), contact="027-0000 0000, desk 4"
            )
        police = Participant.load("police.identity")

        @police.on(WatchHit)
        async def hit(one: WatchHit) -> WatchAnswer:
            entry = await police.watchlists.entry(one.list_id, one.entry_no)
            return WatchAnswer("hold", note=f"officers are on their way: {entry.details if entry else ''}")

        async with police:
            await customs_ask()
    shown = capsys.readouterr().out
    assert "HOLD call 027-0000 0000, desk 4 case 7" in shown
    assert "officers are on their way: case 7" in shown
    assert "row 2 was not checked" in shown


async def customs_ask() -> None:
    async with Participant.load("customs.identity") as customs:
        result = await customs.check(
            ["document:passport/CHN/XX0000007", "plate:CHN/鄂A00000", "document:passport/?"],
            list="stolen-documents", purpose="entry check", legal_basis="Customs Law, art. 6",
            place="hall 2, desk 7", officer="officer 0042",
        )
        for row in result.rows:
            match row:
                case Hit():
                    print(row.action.name, "call", row.contact, row.details)
                    print(await row.answer(timeout=30))  # WatchAnswer(…), or Pending() when nobody has answered yet
                case Clear():
                    print("not on the list")
                case RowError():
                    print("row", row.position, "was not checked:", row.error)
