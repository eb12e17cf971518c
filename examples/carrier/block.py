"""A whole list of domains to three carriers, one of which comes late, while urgent stops go to a bank.

    make demo-block            (DOMAINS names the list: CSV with the domain first, gzipped or not; without it names are made up)

Hub and carriers are processes of their own; nothing is ever resolved. It prints how long the list took, the urgent orders' p50 and
p99 meanwhile, and what may not be blocked, by reason; it ends with a withdrawal that every carrier confirms.
"""

import argparse
import asyncio
import csv
import gzip
import io
import logging
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path

from examples.demo import cards
from examples.demo.town import Town
from tocsin import Executed, Participant, StopPayment, loop
from tocsin.blocklist import Blocklist
from tocsin.client.blocks import BlockJob
from tocsin.clock import LIVENESS
from tocsin.core.identifiers import luhn_valid

POLICE, BANK, REGION = "police.420100", "bank.icbc", "420100"
CARRIERS = ("carrier.cmcc", "carrier.ctcc", "carrier.cucc")
LATE = CARRIERS[2]
WAIT = 120.0
STOP_EVERY_SECONDS = 0.1


class DemoFailed(Exception):
    """Something is not as it should be."""


def listed(file: Path | None, count: int) -> tuple[list[str], str]:
    """The list, and where it comes from."""
    if file is None or not file.is_file():
        return [f"shop-{n:06}.example" for n in range(count)], f"{count:,} names made up under .example"
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    names = [row[0] for row in csv.reader(io.StringIO(raw.decode())) if row and row[0] != "domain"]
    return names, f"{len(names):,} names of {file.name}"


def card(number: int) -> str:
    """A card of the bank: BIN, zeros, counter, Luhn digit."""
    _, length, prefix = cards.ranges(BANK)[0].split(":")
    body = f"{prefix}{number:0{int(length) - len(prefix) - 1}}"
    return next(body + str(digit) for digit in range(10) if luhn_valid(body + str(digit)))


async def stops(police: Participant, began: dict[str, int]) -> None:
    """Urgent orders for as long as it runs."""
    for number in range(10_000):
        order_began = LIVENESS.monotonic_us()
        order = await police.stop_payment(account=card(number), amount="50000 CNY", contact="desk 4")
        began[order.id] = order_began
        await LIVENESS.sleep(STOP_EVERY_SECONDS)


async def applied(town: Town, job: BlockJob) -> Counter[str]:
    """Waits until each order is answered; how many were, by carrier."""
    done: Counter[str] = Counter()
    for order, answer in await job.outcomes(WAIT):
        if not isinstance(answer, Executed) or answer.not_applied:
            raise DemoFailed(f"{order.recipient} answered {answer}")
        done[order.recipient] += 1
        if sum(done.values()) % 60 == 0:
            print(f"  {sum(done.values())} of {len(job.orders)} orders applied", flush=True)
    return done


async def run(path: Path, names: list[str], source: str) -> None:
    """The demonstration."""
    town, arrived, began = Town(path), dict[str, int](), dict[str, int]()
    try:
        await town.init_hub()
        await town.start_hub()
        for party, role in ((POLICE, "police"), (BANK, "bank"), *((one, "carrier") for one in CARRIERS)):
            await town.enrol(party, role, party)
        for one in CARRIERS[:2]:
            await town.start_carrier(one)
        bank, police = (
            Participant.load(town.identity(one), passphrase=town.passphrase(one)) for one in (BANK, POLICE)
        )

        @bank.on(StopPayment)
        async def stop(order: StopPayment) -> Executed:
            arrived.setdefault(order.id, LIVENESS.monotonic_us())
            return Executed(held=order.amount)

        async with bank, police:
            await town.connected(BANK)
            print(f"The police have {source} blocked by {len(CARRIERS)} carriers; {LATE} is not there yet …", flush=True)
            urgent = asyncio.create_task(stops(police, began))
            started_us = LIVENESS.monotonic_us()

            def progress(made: int, of: int) -> None:
                if made % 60 == 0 or made == of:
                    print(f"  {made} of {of} orders made", flush=True)

            job = await police.block_domains(names, region=REGION, contact="027-0000 0000", progress=progress)
            await town.start_carrier(LATE)
            print(f"  {LATE} has come", flush=True)
            done = await applied(town, job)
            seconds = (LIVENESS.monotonic_us() - started_us) / 1e6
            urgent.cancel()
            some = sorted({order.message.items[0] for order in job.orders})[:10]  # type: ignore[attr-defined]
            let_go = await police.unblock_domains(some)
            await applied(town, let_go)
    finally:
        await town.stop()
    good = len(names) - len(job.refused) - (len(names) - len(set(names)))
    for one in CARRIERS:
        with Blocklist(town.blocks(one) / "blocklist.db") as copy:
            if len(copy) != good - len(some):
                raise DemoFailed(f"{one} blocks {len(copy):,} of {good - len(some):,}")
    reasons = Counter(failure.reason.value for failure in job.refused.values())
    took = sorted((arrived[one] - at) / 1000 for one, at in began.items() if one in arrived)
    print(f"Left out, named by line: {dict(reasons) or 'none'}")
    print(f"Urgent stops meanwhile: {len(took)}, p50 {statistics.median(took):.1f} ms, p99 {took[int(len(took) * 0.99)]:.1f} ms")
    print(f"{good * len(CARRIERS) / seconds:,.0f} items/s, signed, logged, applied and answered")
    print(
        f"Proved: {good:,} domains applied by {len(CARRIERS)} carriers in {seconds:.1f} s ({dict(done)} orders), one of them late;"
        f" {len(some)} withdrawn and confirmed by all."
    )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=Path, help="the list; made up without one")
    parser.add_argument("--count", type=int, default=100_000, help="how many names to make up")
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    path = Path(tempfile.mkdtemp(prefix="tocsin-block-"))
    try:
        loop.run(run(path, *listed(given.domains, given.count)))
    except DemoFailed as failure:
        sys.exit(f"FAILED: {failure}; everything is left in {path}")
    shutil.rmtree(path)


if __name__ == "__main__":
    main()
