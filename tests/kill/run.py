"""Hub and bank are killed again and again while orders flow; then everything is counted.

 * Every order the police has a receipt for is held exactly once in the bank's books, and its report has come back.
 * Every call of a handler for an order that was called before was marked as a repeat.
"""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass

from tests.bench.world import World, card, serve_again, world
from tocsin.client.participant import Participant
from tocsin.client.rows import InboxState, OutboxState
from tocsin.core.identifiers import message_id_text

SETTLE_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the counting came to."""

    kills: int
    orders: int
    lost: int
    unmarked: int
    held_twice: int
    seconds: float

    @property
    def good(self) -> bool:
        return self.orders > 0 and self.lost == self.unmarked == self.held_twice == 0


class Bank:
    """The bank's process, killed and started again."""

    def __init__(self, here: World) -> None:
        self._here = here
        self.books, self.records = here.root / "books.db", here.root / "records"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.kill.bank", str(self._here.bank.path), str(self.books), str(self.records)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._process.stdout is not None
        with self._process.stdout as said:
            said.readline()

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def calls(self) -> list[tuple[str, bool]]:
        lines = self.records.read_text().splitlines() if self.records.exists() else []
        return [(line[:36], line[37:] == "1") for line in lines]

    def holds(self) -> Counter[str]:
        with sqlite3.connect(self.books) as conn:
            return Counter(order_id for (order_id,) in conn.execute("SELECT order_id FROM hold"))


async def run(kills: int, seed: int) -> Verdict:
    """Kills ``kills`` times at points drawn from ``seed``."""
    chance, began = random.Random(seed), time.monotonic()
    async with world() as here:
        bank = Bank(here)
        await asyncio.to_thread(bank.start)
        async with Participant(here.police) as police:
            stop = asyncio.Event()
            sender = asyncio.create_task(_send(police, chance, stop))
            for _ in range(kills):
                await asyncio.sleep(chance.uniform(0.05, 0.5))
                if chance.random() < 0.5:
                    await asyncio.to_thread(bank.kill)
                    await asyncio.to_thread(bank.start)
                else:
                    here.hub.send_signal(signal.SIGKILL)
                    await asyncio.to_thread(here.hub.wait)
                    await asyncio.to_thread(serve_again, here)
            stop.set()
            sent = await sender
            accepted = await _settled(police, sent)
        await asyncio.to_thread(bank.kill)
        return _count(bank, kills, accepted, time.monotonic() - began)


async def _send(police: Participant, chance: random.Random, stop: asyncio.Event) -> int:
    number = 0
    while not stop.is_set():
        await police.stop_payment(account=f"card:{card(number)}", amount="50000 CNY", contact="027-0000 0000")
        number += 1
        await asyncio.sleep(chance.uniform(0.0, 0.05))
    return number


async def _settled(police: Participant, sent: int) -> list[str]:
    """The accepted orders, once each has its receipt and its report."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        counts = await police.store.outbox_counts()
        answered = (await police.store.inbox_counts()).get(InboxState.DONE, 0)
        if counts.get(OutboxState.ACCEPTED, 0) == sent and answered >= sent:
            break
        await asyncio.sleep(0.1)
    rows = await police.store.outbox_list(OutboxState.ACCEPTED, limit=1_000_000)
    return [message_id_text(row.message_id) for row in rows]


def _count(bank: Bank, kills: int, accepted: list[str], seconds: float) -> Verdict:
    holds, seen, unmarked = bank.holds(), set(), 0
    for order_id, repeat in bank.calls():
        unmarked += order_id in seen and not repeat
        seen.add(order_id)
    return Verdict(
        kills=kills,
        orders=len(accepted),
        lost=sum(1 for order_id in accepted if order_id not in holds),
        unmarked=unmarked,
        held_twice=sum(1 for count in holds.values() if count > 1),
        seconds=seconds,
    )

