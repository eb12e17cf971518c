"""One acceptance test for every bank: the kit in Python, the program in sh, the program in Node.js.

A bank passes by what the police learns through a real hub; nobody looks into its ledger. That money is held once shows in what
is left on the account and in what a second stop can still hold.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from examples.bank.ledger import Account, Ledger
from tests.examples.kit import BIN, card
from tocsin import Executed, Outcome, Participant, Pending, Refused, SentOrder
from tocsin.client.rows import InboxState
from tocsin.clock import LIVENESS
from tocsin.core.money import parse_money
from tocsin.testing import LocalHub
from tocsin.testing.hub import PASSPHRASE

ROOT = Path(__file__).resolve().parents[2]
EXEC = ROOT / "examples/exec"
BANK, POLICE = "bank.bhb", "police.420100"
WAIT = 30.0
C = {**os.environ, "LC_ALL": "C"}
PROGRAMS = {"sh": [str(EXEC / "handle-order.sh")], "node": ["node", str(EXEC / "handle-order.mjs")]}
NEEDS_NODE = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed (Debian: apt install nodejs)")
BANKS = ["python", "sh", pytest.param("node", marks=NEEDS_NODE)]


class Bank:
    """A bank as a process, with one account of 70,000 yuan."""

    def __init__(self, kind: str, path: Path) -> None:
        self.kind, self.path, self.folder = kind, path, path / "books"
        self.folder.mkdir()
        (path / "passphrase").write_text(PASSPHRASE)
        if kind == "python":
            ledger = Ledger(self.folder / "ledger.db")
            ledger.open_accounts([Account(number=card(1), holder="张三", balance=parse_money("70000.00 CNY"))])
            ledger.close()
        else:
            (self.folder / "accounts.csv").write_text(f"number,holder,balance,currency\n{card(1)},张三,70000.00,CNY\n")
        self.process: asyncio.subprocess.Process | None = None

    def command(self) -> list[str]:
        identity = str(self.path / f"{BANK}.identity")
        if self.kind == "python":
            return ["-m", "tests.examples.faulty_bank", identity, str(self.folder)]
        program = [sys.executable, "-S", str(Path(__file__).with_name("faulty_program.py")), str(self.folder)]
        program += [*PROGRAMS[self.kind], str(self.folder)]
        return ["-m", "tocsin.cli.main", "--identity", identity, "listen", "--exec", " ".join(program), "--max-attempts", "2"]

    async def run(self) -> None:
        """Starts it, and again whenever it was killed, as a service manager does."""
        env = {
            **os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/sdk:{ROOT}/server", "LANG": "C.UTF-8",
            "TOCSIN_PASSPHRASE_FILE": str(self.path / "passphrase"),
        }  # fmt: skip
        while True:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *self.command(), env=env, stderr=asyncio.subprocess.DEVNULL
            )
            await self.process.wait()
            assert self.process.returncode == -9, "the bank ended by itself"

    def fault(self, how: str) -> None:
        (self.folder / "fault").write_text(how)

    def heal(self) -> None:
        (self.folder / "fault").unlink()

    def runs(self, order: SentOrder) -> list[dict[str, Any]]:
        file = self.folder / "runs"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [line for line in lines if line["key"] == order.id]


class Town:
    def __init__(self, hub: LocalHub, police: Participant, bank: Bank) -> None:
        self.hub, self.police, self.bank = hub, police, bank

    async def stop(self, *, holder: str = "张三", number: int = 1) -> SentOrder:
        return await self.police.stop_payment(
            account=card(number), holder=holder, amount="50000.00 CNY", reason="reported fraud", contact="027-0000 0000"
        )


@asynccontextmanager
async def town_with(kind: str, path: Path) -> AsyncIterator[Town]:
    async with LocalHub(path) as hub:
        await hub.enrol(BANK, role="bank", serves=[f"card:19:{BIN}"])
        await hub.enrol(POLICE, role="police")
        bank = Bank(kind, path)
        running = asyncio.create_task(bank.run())
        try:
            async with hub.participant(POLICE) as police:
                yield Town(hub, police, bank)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            if bank.process is not None and bank.process.returncode is None:
                bank.process.terminate()
                await bank.process.wait()


@pytest.fixture(params=BANKS)
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    async with town_with(request.param, tmp_path) as made:
        yield made


async def executed(order: SentOrder) -> Executed:
    result = await order.outcome(WAIT)
    assert isinstance(result, Executed), result
    return result


async def refused(order: SentOrder) -> Outcome:
    result = await order.outcome(WAIT)
    assert isinstance(result, Refused), result
    return result.outcome


async def until(found: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT):
        while not found():
            await LIVENESS.sleep(0.05)


def figures(result: Executed) -> list[str]:
    return [one.to_text() if one is not None else "" for one in (result.held, result.balance, result.available)]


async def held_once(town: Town, first: Executed) -> None:
    """What a second stop finds: 50,000 of 70,000 are held, and no more."""
    assert figures(first) == ["50000.00 CNY", "70000.00 CNY", "20000.00 CNY"]
    second = await executed(await town.stop())
    assert figures(second) == ["20000.00 CNY", "70000.00 CNY", "0.00 CNY"]
    assert second.outcome is Outcome.DONE_SHORT


async def test_a_stop_is_executed_and_extended(town: Town) -> None:
    stop = await town.stop()
    first = await executed(stop)
    assert figures(first) == ["50000.00 CNY", "70000.00 CNY", "20000.00 CNY"]
    extended = await executed(await town.police.extend(stop, reason="the filing is under way"))
    assert figures(extended) == figures(first)
    assert first.expires_at is not None
    assert extended.expires_at is not None
    assert (extended.expires_at - first.expires_at).total_seconds() == 48 * 3600


async def test_a_stop_becomes_a_freeze_without_losing_its_rank_and_is_released(town: Town) -> None:
    stop = await town.stop()
    await executed(stop)
    assert figures(await executed(await town.stop()))[0] == "20000.00 CNY"
    freeze = await town.police.freeze(
        stop, case_filing_no="A4201-0001", document_no="D-1", contact="027-0000 0000", amount="60000.00 CNY"
    )
    assert figures(await executed(freeze)) == ["60000.00 CNY", "70000.00 CNY", "0.00 CNY"]
    released = await executed(await town.police.release(stop, reason="the money went back"))
    assert figures(released) == ["0.00 CNY", "70000.00 CNY", "20000.00 CNY"]


async def test_what_does_not_match_is_refused_and_holds_nothing(town: Town) -> None:
    assert await refused(await town.stop(holder="李四")) is Outcome.MISMATCH
    assert await refused(await town.stop(number=99)) is Outcome.NOT_FOUND
    await held_once(town, await executed(await town.stop()))


@pytest.mark.parametrize("fault", ["kill-before", "kill-after", "mute"])
async def test_killed_in_between_it_holds_once_and_answers(town: Town, fault: str) -> None:
    town.bank.fault(fault)
    stop = await town.stop()
    first = await executed(stop)
    assert [run["fault"] for run in town.bank.runs(stop)] == [fault, ""]
    assert town.bank.runs(stop)[1]["repeat"] is True
    await held_once(town, first)


async def test_asked_to_come_again_it_comes_again_marked(town: Town) -> None:
    town.bank.fault("retry")
    stop = await town.stop()
    first = await executed(stop)
    assert [run["fault"] for run in town.bank.runs(stop)] == ["retry", ""]
    assert town.bank.runs(stop)[1]["repeat"] is True
    await held_once(town, first)


async def test_rubbish_is_never_a_refusal_and_what_was_held_is_held_once(town: Town) -> None:
    town.bank.fault("rubbish")
    stop = await town.stop()
    await until(lambda: len(town.bank.runs(stop)) >= 2)
    assert isinstance(await stop.outcome(0.1), Pending)
    town.bank.heal()
    if town.bank.kind != "python":  # two tries, and a person is asked; the kit is asked again until it is mended
        await answered_by_a_person(town, stop)
    result = await stop.outcome(WAIT)
    assert isinstance(result, Executed)
    second = await executed(await town.stop())
    assert figures(second) == ["20000.00 CNY", "70000.00 CNY", "0.00 CNY"]


async def answered_by_a_person(town: Town, stop: SentOrder) -> None:
    clerk = Participant(town.hub.identity(BANK), receive=False)
    async with clerk:
        async with asyncio.timeout(WAIT):
            while not any(row.state is InboxState.PARKED for row in await clerk.store.inbox_list()):
                await LIVENESS.sleep(0.05)
        await (await clerk.answer(stop.id, Executed(held=parse_money("50000.00 CNY")))).accepted(WAIT)


# -- the programs alone ---------------------------------------------------------------------------------------------------------


def task(thread: str, kind: str = "stop-payment", key: str = "", **order: Any) -> str:
    header = {"target": {"kind": "card", "value": card(1)}}
    amount = {"amount": "10000.00", "currency": "CNY"}
    body = {"header": header, "scope": "amount", "amount": amount, "holder": "张三"} | order
    return json.dumps({
        "kind": kind, "idempotency_key": key or thread, "thread_id": thread, "ends_at": "2999-01-01T00:00:00.000000Z",
        "order": body,
    })  # fmt: skip


@pytest.fixture(params=BANKS[1:])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], tuple[int, Any]]:
    (tmp_path / "accounts.csv").write_text(f"{card(1)},张三,70000.00,CNY\n{card(2)},王 五,100,JPY\n")

    def run(text: str) -> tuple[int, Any]:
        words = [*PROGRAMS[request.param], str(tmp_path)]
        ended = subprocess.run(words, input=text, capture_output=True, text=True, check=False, timeout=60)
        return ended.returncode, json.loads(ended.stdout) if ended.stdout else None

    return run


Run = Callable[[str], tuple[int, Any]]


def test_many_at_once_hold_no_more_than_there_is(program: Run) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(program, [task(f"t{n % 10}") for n in range(20)]))
    assert {code for code, _ in answers} == {0}
    held = sorted({(answer["available"]["amount"], answer["held"]["amount"]) for _, answer in answers})
    assert [amount for _, amount in held if amount != "0.00"] == ["10000.00"] * 7
    again = [program(task(f"t{n}")) for n in range(10)]
    assert [answers[n] for n in range(10)] == [answers[n + 10] for n in range(10)] == again


@pytest.mark.parametrize(
    ("order", "outcome"),
    [
        ({"scope": "transaction"}, "unsupported"),
        ({"amount": {"amount": "1.00", "currency": "USD"}}, "unsupported"),
        ({"holder": " 张 三 "}, "done"),
        ({"scope": "whole-account"}, "done"),
    ],
)
def test_what_the_ledger_can_and_cannot_do(program: Run, order: dict[str, Any], outcome: str) -> None:
    code, answer = program(task("t1", **order))
    assert (code, answer["outcome"]) == (0, outcome)


def test_a_currency_without_cents_keeps_none(program: Run) -> None:
    yen = {"header": {"target": {"kind": "card", "value": card(2)}}, "amount": {"amount": "5", "currency": "JPY"}, "holder": ""}
    _, answer = program(task("t1", **yen))
    assert [answer[key]["amount"] for key in ("held", "balance", "available")] == ["5", "100", "95"]


@pytest.mark.parametrize(("kind", "outcome"), [("extend", "not-found"), ("release", "not-found"), ("block-domains", "unsupported")])
def test_what_has_no_hold_or_is_not_a_banks_is_refused(program: Run, kind: str, outcome: str) -> None:
    assert program(task("t1", kind))[1]["outcome"] == outcome


def test_the_end_of_a_measure_ends_its_hold_and_not_an_extended_one(program: Run) -> None:
    program(task("t1"))
    early = json.loads(task("t1", "lapsed", "t1/lapsed")) | {"ends_at": "2998-01-01T00:00:00.000000Z"}
    assert program(json.dumps(early)) == (0, None)
    assert program(task("t1", "extend", "k2"))[1]["held"]["amount"] == "10000.00"
    assert program(task("t1", "lapsed", "t1/lapsed")) == (0, None)
    assert program(task("t1", "extend", "k3"))[1]["outcome"] == "out-of-term"


@pytest.mark.parametrize("rubbish", ["", "{", '{"kind": 1}x', "[]"])
def test_what_is_no_order_is_no_answer(program: Run, rubbish: str, tmp_path: Path) -> None:
    code, answer = program(rubbish)
    assert (code == 0 and answer["outcome"] == "unsupported") or (code not in (0, 75) and answer is None)


def test_sh_reads_json_as_json_is() -> None:
    text = r'{"a": {"b": [1, {"c": "x\"\\n\u0001张\/\u4e09\ud83d\udd14\u00E9\u0041"}], "d": {}, "e": []}, "f": null, "g": -1.5e3}'
    ended = subprocess.run(["awk", "-f", EXEC / "json.awk"], input=text.encode(), capture_output=True, check=True, env=C)
    assert ended.stdout.decode().splitlines() == ["a.b[0]\t1", r'a.b[1].c' + "\t" + r'x"\\n\u0001张/三🔔éA', "f\tnull", "g\t-1.5e3"]


@pytest.mark.parametrize("wrong", ["", "{", "[1,]", '{"a" 1}', '"\\q"', '"\\u12"', '"\\ud83d"', "1 2", '"open'])
def test_sh_takes_nothing_else_for_json(wrong: str) -> None:
    ended = subprocess.run(["awk", "-f", EXEC / "json.awk"], input=wrong.encode(), capture_output=True, check=False, env=C)
    assert (ended.returncode, ended.stdout) == (1, b"")
