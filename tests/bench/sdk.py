"""The whole SDK: outbox, inbox, handler and report, everything fsynced; and how long an urgent order takes, idle and under load."""

import asyncio
import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.member import read
from tests.bench.world import World, card, status
from tocsin.client.participant import Participant
from tocsin.client.rows import InboxState
from tocsin.core.message import Lane

AT_ONCE = 256
"""Orders in the making at once in the police process."""


@contextlib.contextmanager
def member(world: World, records: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """The bank's process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.member", str(world.bank.path), str(records)], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        with process.stdout as said:
            said.readline()
        yield process
    finally:
        process.terminate()
        process.wait(30)


async def send(police: Participant, number: int, lane: Lane) -> tuple[bytes, float]:
    """Sends one order; its id and when the sending began."""
    began = time.monotonic()
    order = await police.stop_payment(
        account=f"card:{card(number)}", amount="50000 CNY", contact="027-0000 0000", lane=lane
    )
    return order.message.header.message_id, began


async def handled(records: Path, wanted: int, seconds: float) -> dict[bytes, float]:
    """The handler's records once ``wanted`` are there."""
    deadline = time.monotonic() + seconds
    while True:
        found = read(records)
        if len(found) >= wanted:
            return found
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(found)} of {wanted} reached the handler")
        await asyncio.sleep(0.05)


async def drained(world: World) -> None:
    """Returns once the urgent lanes are empty: what other measurements left there is not to be measured."""
    while int(str((await asyncio.to_thread(status, world.hub_dir))["pending_urgent"])):
        await asyncio.sleep(0.1)


async def throughput(world: World, count: int, first: int) -> float:
    """Messages per second through both SDKs and the hub, everything fsynced; half of them are orders, half the reports on them.

    An order is counted once its handler has a record and its report is done in the inbox of who ordered: both went
    through an outbox, the hub, an inbox and a handling.
    """
    records = world.root / "sdk.records"
    with member(world, records):
        async with Participant(world.police) as police:
            before = (await police.store.inbox_counts()).get(InboxState.DONE, 0)
            warm = [await send(police, first + i, Lane.ROUTINE) for i in range(64)]
            await handled(records, len(warm), 60)
            started = time.monotonic()
            for start in range(64, count, AT_ONCE):
                numbers = range(first + start, first + min(start + AT_ONCE, count))
                await asyncio.gather(*(send(police, number, Lane.ROUTINE) for number in numbers))
            await handled(records, count, 120)
            while (await police.store.inbox_counts()).get(InboxState.DONE, 0) - before < count:
                await asyncio.sleep(0.05)
            return 2 * (count - 64) / (time.monotonic() - started)


async def urgent(world: World, count: int, first: int, *, load: int) -> list[float]:
    """Milliseconds from sending an urgent order to its handler; ``load`` routine orders keep both lanes busy meanwhile."""
    records = world.root / f"urgent-{load}.records"
    with member(world, records):
        async with Participant(world.police) as police:
            await send(police, first, Lane.URGENT)
            await drained(world)
            busy = asyncio.create_task(_load(world, load, first + 100_000)) if load else None
            began: dict[bytes, float] = {}
            for number in range(count):
                message_id, at = await send(police, first + 1 + number, Lane.URGENT)
                began[message_id] = at
                await asyncio.sleep(0.02)
            deadline = time.monotonic() + 60
            while not began.keys() <= (found := read(records)).keys():
                if time.monotonic() > deadline:
                    raise RuntimeError("urgent orders did not arrive")
                await asyncio.sleep(0.05)
            if busy is not None:
                busy.cancel()
                await asyncio.gather(busy, return_exceptions=True)
            return [(found[one] - at) * 1000 for one, at in began.items()]


async def _load(world: World, count: int, first: int) -> None:
    """A publisher in a process of its own that keeps the routine lane full."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.flood", str(world.police.path), str(count), str(first)
    )
    try:
        await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of them lie."""
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]
