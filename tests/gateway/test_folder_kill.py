"""Killed at every step on the disk: no answer is lost or given twice, no order is sent twice, no file is lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.kit import BANK, WAIT, Killed, Town, card, mortal, town
from tocsin import Executed
from tocsin.clock import LIVENESS
from tocsin.gateway import files
from tocsin.testing.hub import PASSPHRASE

ROOT = Path(__file__).resolve().parents[2]
BY_HAND = {"outcome": "done", "held": {"amount": "50000.00", "currency": "CNY"}}


async def dies(monkeypatch: pytest.MonkeyPatch, steps: int, look: Callable[[], Awaitable[None]]) -> bool:
    """Whether ``look`` was killed at its step of that number; False when it had fewer."""
    with monkeypatch.context() as patch:
        mortal(patch, steps)
        try:
            await look()
        except Killed:
            return True
    return False


def lives() -> Iterator[int]:
    yield from range(100)
    raise AssertionError("it never came to its end")


async def test_answers_are_given_once_wherever_the_gateway_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path) as t:
        killed = 0
        for steps in lives():
            orders = [await t.stop(), await t.stop()]
            for order in orders:
                await t.handed_out(order)
            rows = [{"message_id": order.id, **BY_HAND} for order in orders]
            name = f"{steps}.json"
            t.bank.drop(files.ANSWERS, name, [rows[0], {"message_id": "?"}, rows[1]])
            died = await dies(monkeypatch, steps, t.bank.gateway.look_for_answers)
            await t.bank.again()
            await t.bank.gateway.look_for_answers()
            for order in orders:
                assert isinstance(await order.outcome(WAIT), Executed)
                assert f"{order.id}.json" in t.bank.names(files.DONE)
            assert t.bank.names(files.ANSWERS) == t.bank.names(files.TAKEN_ANSWERS) == t.bank.names(files.ORDERS) == []
            assert t.bank.json(files.DONE, name) == [rows[0], {"message_id": "?"}, rows[1]]
            assert t.bank.json(files.REJECTED, name) == [{"message_id": "?"}]
            assert [one["line"] for one in t.bank.json(files.REJECTED, f"{name}.reason.json")["refused"]] == [2]
            killed += died
            if not died:
                break
        assert len(await t.bank.participant.store.outbox_list()) == 2 * (killed + 1), "one report for each order"
        assert killed >= 15


async def test_orders_are_sent_once_wherever_the_gateway_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path) as t:
        row = {"kind": "stop-payment", "amount": {"amount": "1.00", "currency": "CNY"}, "contact": "desk 4"}
        rows: list[dict[str, Any]] = [{**row, "account": card(1)}, {**row, "account": "?"}, {**row, "account": card(1)}]
        seen: set[str] = set()
        for steps in lives():
            name = f"{steps}.json"
            t.police.drop(files.SEND, name, rows)
            died = await dies(monkeypatch, steps, t.police.gateway.look_for_orders)
            await t.police.again()
            await t.police.gateway.look_for_orders()
            result = t.police.json(files.SENT, f"{name}.result.json")
            assert [one["line"] for one in result] == [1, 2, 3]
            assert result[1]["state"] == "not-sent"
            orders = {result[0]["order"], result[2]["order"]}
            assert len(orders) == 2
            assert not orders & seen
            seen |= orders
            assert t.police.names(files.SEND) == t.police.names(files.TAKEN_SEND) == []
            assert t.police.json(files.DONE, name) == rows
            assert t.police.json(files.REJECTED, name) == [rows[1]]
            if not died:
                break
        assert len(await t.police.participant.store.outbox_list()) == len(seen)
        assert len(seen) > 30


class Process:
    """``tocsin gateway folder`` as systemd runs it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "passphrase").write_text(PASSPHRASE)
        (path / "folder").mkdir(mode=0o770, exist_ok=True)
        self.running: subprocess.Popen[str] | None = None

    def start(self) -> None:
        words = [
            "--identity", str(self.path / f"{BANK}.identity"), "--passphrase-file", str(self.path / "passphrase"),
            "gateway", "folder", str(self.path / "folder"), "--poll", "1s",
        ]  # fmt: skip
        self.running = subprocess.Popen(
            [sys.executable, "-m", "tocsin.cli.main", *words], stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": f"{ROOT}/sdk:{ROOT}/server", "LANG": "C.UTF-8"},
        )  # fmt: skip
        assert self.running.stderr is not None
        assert "listening" in self.running.stderr.readline()

    def end(self, number: int) -> int:
        assert self.running is not None
        self.running.send_signal(number)
        self.running.communicate(timeout=30)
        return self.running.returncode


async def test_the_command_killed_in_the_middle_goes_on_where_it_was(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        await t.bank.participant.aclose()
        process = Process(tmp_path)
        t.bank.path = tmp_path / "folder"
        process.start()
        orders = [await t.stop() for _ in range(3)]
        for order in orders:
            await t.handed_out(order)
        for place, order in enumerate(orders):
            t.bank.drop(files.ANSWERS, f"{place}.json", {"message_id": order.id, **BY_HAND})
            if place == 1:
                process.end(signal.SIGKILL)
                process.start()
        for order in orders:
            assert isinstance(await order.outcome(WAIT), Executed)
        await reported(t, 3)
        assert process.end(signal.SIGTERM) == 0
        for place in range(3):
            assert f"{place}.json" in t.bank.names(files.DONE)


async def reported(t: Town, count: int) -> None:
    """Waits until as many files are put away: the report is on its way a moment before."""
    for _ in range(200):
        if len([name for name in t.bank.names(files.DONE) if len(name) == 6]) == count:
            return
        await LIVENESS.sleep(0.02)
    raise AssertionError(t.bank.names(files.DONE))
