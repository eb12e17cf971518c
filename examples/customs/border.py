"""A border for a minute: a stream of flights against a list of a million entries, on the ordinary hub in a process of its own.

    make demo-border            (ENTRIES and FLIGHTS change its size)

It prints p50 and p99 of the checks, the hits and their answers; then it stops everything and searches the hub's database, its log
and its printed lines for a thousand subjects and names that were on the list. It fails when it finds one.
"""

import argparse
import logging
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from examples.customs import manifest
from examples.customs.desk import check_flight, words_of_owners
from examples.customs.owner import answering
from examples.demo.town import Town
from tocsin import Listed, Participant, loop
from tocsin.clock import LIVENESS

POLICE, CUSTOMS = "police.420100", "customs.wuhan"
LIST = "wanted-documents"
SEATS, HITS_A_FLIGHT, PLANTED = 400, 3, 1_000
QUOTAS = {"watch_tokens_per_minute": "1000000", "watch_tokens_per_day": "10000000"}
PLACE, OFFICER = "hall 2, desk 7", "officer 0042"


class DemoFailed(Exception):
    """Something is not as it should be."""


def name(traveller: int) -> str:
    """What the list says of an invented traveller."""
    return f"Invented Traveller No {traveller:07}"


def listed(count: int) -> Iterator[Listed]:
    """The list."""
    ends = datetime.now(UTC) + timedelta(days=30)
    for n in range(count):
        yield Listed(manifest.subject(n), "hold" if n % 3 else "inspect", ends, name(n))


def flight(number: int, entries: int) -> list[tuple[str, ...]]:
    """A flight with three travellers of the list among people nobody looks for."""
    rows = manifest.rows(2 * entries + number * SEATS, SEATS)
    for place in range(HITS_A_FLIGHT):
        wanted = (number * HITS_A_FLIGHT + place) * 331 % min(entries, PLANTED)
        row = rows[100 * place + number % 90]
        rows[100 * place + number % 90] = (*row[:4], manifest.number(wanted))
    return rows


@asynccontextmanager
async def town(path: Path) -> AsyncIterator[tuple[Participant, Participant, Town]]:
    """A hub, the police and the customs office."""
    made = Town(path)
    try:
        await made.init_hub()
        config = made.hub_dir / "hub.toml"
        # A whole day of flights in a minute: the quota of a real hub would be in the way.
        config.write_text(_with(config.read_text(), QUOTAS))
        await made.start_hub()
        for party, role in ((POLICE, "police"), (CUSTOMS, "customs")):
            await made.enrol(party, role, party)
        police, customs = (
            Participant.load(made.identity(party), passphrase=made.passphrase(party))
            for party in (POLICE, CUSTOMS)
        )
        answering(police)
        async with police, customs:
            yield police, customs, made
    finally:
        await made.stop()


async def publish(police: Participant, entries: int) -> float:
    """Publishes the list; returns seconds."""
    begun = LIVENESS.monotonic_us()
    shown = 0

    def progress(done: int) -> None:
        nonlocal shown
        if done - shown >= max(1, entries // 20) or done == entries:
            shown = done
            print(f"  published {done:>9,} of {entries:,}", flush=True)

    await police.watchlists.open(LIST, checkers=[CUSTOMS], valid=timedelta(days=90))
    await police.watchlists.publish(LIST, listed(entries), contact="027-0000 0000, desk 4", progress=progress)
    return (LIVENESS.monotonic_us() - begun) / 1e6


async def fly(customs: Participant, path: Path, entries: int, flights: int) -> tuple[list[float], int, int]:
    """Checks flight after flight; returns milliseconds of each, hits, and answers."""
    took, hits, answers = [], 0, 0
    for number in range(flights):
        file = path / "manifest.csv"
        manifest.write(file, flight(number, entries))
        begun = LIVENESS.monotonic_us()
        checked, _ = await check_flight(customs, file, LIST, place=PLACE, officer=OFFICER)
        took.append((LIVENESS.monotonic_us() - begun) / 1000)
        if len(checked.hits) != HITS_A_FLIGHT or checked.errors:
            raise DemoFailed(f"flight {number} came to {len(checked.hits)} hits and {len(checked.errors)} errors")
        answers += len(await words_of_owners(checked, 30))
        hits += len(checked.hits)
        if (number + 1) % max(1, flights // 10) == 0:
            print(f"  {number + 1:>4} flights, {hits} hits, {answers} answered", flush=True)
    return took, hits, answers


def search(files: Iterable[Path], entries: int) -> list[str]:
    """Which of the planted subjects and names stand in which files."""
    planted = range(min(entries, PLANTED))
    needles = {manifest.number(n).encode() for n in planted} | {name(n).encode() for n in planted}
    needles |= {PLACE.encode(), OFFICER.encode()}
    # One pass over a quarter of a gigabyte: whatever looks like a needle is looked up.
    shape = re.compile(b"|".join(sorted({re.sub(rb"[0-9]", rb"[0-9]", needle) for needle in needles})))
    found = []
    for file in files:
        met = {one for one in shape.findall(file.read_bytes()) if one in needles}
        found += [f"{needle.decode()} in {file.name}" for needle in sorted(met, reverse=True)]
    return found


async def run(path: Path, entries: int, flights: int) -> None:
    """The demonstration."""
    async with town(path) as (police, customs, made):
        print(f"The police publish {entries:,} invented entries for customs …", flush=True)
        seconds = await publish(police, entries)
        print(f"  {entries / seconds:,.0f} entries/s, signed, logged and committed", flush=True)
        print(f"{flights} flights of {SEATS} travellers arrive …", flush=True)
        took, hits, answers = await fly(customs, path, entries, flights)
        # While the hub runs, its newest rows are in the WAL.
        files = [file for file in [*made.hub_dir.iterdir(), path / "hub.log"] if file.is_file()]
        searched = sorted(file.name for file in files)
        found = search(files, entries)
    found += search([made.hub_dir / "hub.db"], entries)
    p50, p99 = statistics.median(took), statistics.quantiles(took, n=100, method="inclusive")[98]
    print(f"Checks of {SEATS}: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print(f"Searched {', '.join(searched)} for {min(entries, PLANTED):,} planted subjects and their names: {len(found)} found")
    if found or answers != hits:
        raise DemoFailed(f"{len(found)} planted words found; {answers} of {hits} hits answered; {found[:3]}")
    print(
        f"Proved: {flights * SEATS:,} travellers checked against {entries:,} entries, {hits} hits proved by the owner's signature"
        f" and answered by the owner; no subject and no name in what the hub keeps."
    )


def _with(config: str, values: dict[str, str]) -> str:
    kept = [line for line in config.splitlines() if line.partition("=")[0].strip() not in values]
    return "\n".join([*kept, *(f"{key} = {value}" for key, value in values.items())]) + "\n"


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--flights", type=int, default=100)
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    path = Path(tempfile.mkdtemp(prefix="tocsin-border-"))
    try:
        loop.run(run(path, given.entries, given.flights))
    except DemoFailed as failure:
        sys.exit(f"FAILED: {failure}; everything is left in {path}")
    shutil.rmtree(path)


if __name__ == "__main__":
    main()
