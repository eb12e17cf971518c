"""Checks against a watchlist of a million entries: one subject, and a flight of 400 with three hits; with memory and file size.

 * The entries go the real way: sealed, signed, published, logged, committed; nothing is put into the database beside it.
 * A check is timed from the SDK's call to its verified result, the owner's hit notices on the disk included.
 * ``watch_check`` is one subject that is not on the list; ``watch_hit`` one that is, with the owner's signature verified and the
   owner told. The owner answers in a process of its own. ``watch_400`` has three hits in each flight.
 * Quotas are set out of the way.

By itself:  python -m tests.bench.watch [ENTRIES]
"""

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from examples.customs.desk import words_of_owners
from examples.customs.manifest import subject
from tests.bench.sdk import percentile
from tests.bench.world import World, member, world
from tocsin import Listed, Participant, loop

ENTRIES, SINGLE, FLIGHTS, SEATS = 1_000_000, 1_000, 40, 400
LIST = "bench"
WHY = {"list": LIST, "purpose": "bench", "legal_basis": "none", "place": "here", "officer": "nobody"}
BARS = {"watch_check_p99_ms": 5.0, "watch_400_ms": 50.0}
"""The most they may be (DESIGN §7)."""


def listed(first: int, count: int) -> Iterator[Listed]:
    """Entries for invented travellers."""
    ends = datetime.now(UTC) + timedelta(days=30)
    for n in range(first, first + count):
        yield Listed(subject(n), "hold", ends, f"invented traveller {n}")


async def measure(here: World, entries: int = ENTRIES) -> dict[str, float]:
    """All figures of watchlists."""
    identity = await member(here.hub_dir, here.root, "customs.wuhan", "--role", "customs")
    figures = {}
    before = resident(here.hub.pid)
    async with Participant(here.police) as police:
        started = time.perf_counter()
        await police.watchlists.open(LIST, checkers=["customs.wuhan"], valid=timedelta(days=90))
        told = progress(entries)
        await police.watchlists.publish(LIST, listed(0, entries), contact="nobody", progress=told)
        figures["watch_load_per_s"] = entries / (time.perf_counter() - started)
    async with answered(here), Participant(identity) as customs:
        await timed(customs, [0], hits=1)  # until the owner is up
        single = [await timed(customs, [entries + n], hits=0) for n in range(SINGLE)]
        met_one = [await timed(customs, [n * 997 % entries], hits=1) for n in range(1, SINGLE // 10)]
        flights = []
        for flight in range(FLIGHTS):
            first = 10 * entries + flight * SEATS
            met = [flight * 1000, flight * 1000 + 333, entries - 1 - flight]
            flights.append(await timed(customs, [*range(first, first + SEATS - len(met)), *met], hits=3))
    figures["watch_check_p50_ms"], figures["watch_check_p99_ms"] = percentile(single, 0.5), percentile(single, 0.99)
    figures["watch_hit_p50_ms"], figures["watch_hit_p99_ms"] = percentile(met_one, 0.5), percentile(met_one, 0.99)
    figures["watch_400_ms"], figures["watch_400_p99_ms"] = percentile(flights, 0.5), percentile(flights, 0.99)
    figures["watch_hub_mib"] = resident(here.hub.pid) / 2**20
    figures["watch_hub_grew_mib"] = (resident(here.hub.pid) - before) / 2**20
    figures["watch_db_mib"] = sum(p.stat().st_size for p in here.hub_dir.glob("hub.db*")) / 2**20
    return figures


@asynccontextmanager
async def answered(here: World) -> AsyncIterator[None]:
    """The owner at work, beside the hub."""
    owner = subprocess.Popen(
        [sys.executable, "-m", "examples.customs.owner", str(here.police.path)], stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        owner.terminate()
        owner.wait(30)


async def timed(customs: Participant, travellers: list[int], hits: int | None = None) -> float:
    """Milliseconds of one check; it must come to the hits there are."""
    subjects = [subject(n) for n in travellers]
    started = time.perf_counter()
    checked = await customs.check(subjects, **WHY)
    took = time.perf_counter() - started
    if checked.errors or (hits is not None and len(checked.hits) != hits):
        sys.exit(f"a check came to {len(checked.hits)} hits and {len(checked.errors)} errors")
    await words_of_owners(checked, 30)  # one desk: the next traveller steps up when this one is seen to
    return took * 1000


def progress(entries: int):  # type: ignore[no-untyped-def]
    """A line on standard error now and then."""
    step, told = max(1, entries // 20), [0]

    def say(done: int) -> None:
        if done - told[0] >= step:
            told[0] = done
            print(f"  {done:,} of {entries:,} entries", file=sys.stderr, flush=True)

    return say


def resident(pid: int) -> int:
    """Bytes of a process in memory."""
    pages = 0
    with suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def main() -> None:
    """By itself."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    async with world() as here:
        for name, value in (await measure(here, entries)).items():
            print(f"{name:22} {value:,.2f}  {'at most ' + format(BARS[name], 'g') if name in BARS else ''}")


if __name__ == "__main__":
    loop.run(main())
