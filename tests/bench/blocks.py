"""Blocks of domains: items a second through hub and carrier, everything fsynced; and what a question to the carrier's copy costs.

 * An item is counted once its order is answered: signed, logged, delivered, applied to the copy on the disk, reported, received.
 * ``is_blocked`` asks the copy for names under blocked ones, half of them not blocked; no network, one thread.
 * ``blocklist_bytes_per_name`` is the copy's file.
"""

import time
from pathlib import Path

from tests.bench.world import World, member
from tocsin import Executed, Participant
from tocsin.blocklist import Blocklist

NAMES, QUESTIONS, WAIT = 20_000, 20_000, 120.0


async def measure(here: World) -> dict[str, float]:
    """All figures of blocks."""
    identity = await member(here.hub_dir, here.root, "carrier.cmcc", "--role", "carrier", "--region", "CN")
    names = [f"shop-{n:06}.example" for n in range(NAMES)]
    file = Path(here.root) / "blocklist.db"
    with Blocklist(file) as copy:
        carrier = Participant(identity)
        copy.serve(carrier)
        async with carrier, Participant(here.police) as police:
            started = time.perf_counter()
            job = await police.block_domains(names, region="420100", contact="nobody")
            answers = await job.outcomes(WAIT)
            seconds = time.perf_counter() - started
        if len(copy) != NAMES or not all(isinstance(answer, Executed) for _, answer in answers):
            raise RuntimeError(f"{len(copy)} of {NAMES} names were applied")
        asked = [f"www.shop-{n * 7 % (2 * NAMES):06}.example" for n in range(QUESTIONS)]
        started = time.perf_counter()
        found = sum(copy.is_blocked(name) for name in asked)
        question = (time.perf_counter() - started) / QUESTIONS
        if found != sum(int(name[9:15]) < NAMES for name in asked):
            raise RuntimeError("the copy answers wrongly")
    return {
        "block_items_per_s": NAMES / seconds,
        "is_blocked_us": question * 1e6,
        "blocklist_bytes_per_name": file.stat().st_size / NAMES,
    }
