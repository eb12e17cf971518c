"""One flight against a small list, on a real hub in this process:  python -m examples.customs

Four hundred invented travellers, three of them on the list, three rows broken; the police answer; the result as table and JSON.
"""

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from examples.customs import manifest
from examples.customs.desk import as_json, as_table, check_flight, words_of_owners
from examples.customs.owner import answering
from tocsin import Listed
from tocsin.clock import LIVENESS
from tocsin.testing import LocalHub

LIST = "stolen-documents"
TRAVELLERS, ON_LIST = 400, (7, 77, 377)


async def main() -> None:
    """Runs the flight."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "manifest.csv")
        manifest.write(file, manifest.broken(manifest.rows(0, TRAVELLERS)))
        async with LocalHub(Path(scratch, "town")) as hub:
            await hub.enrol("police.420100", role="police")
            await hub.enrol("customs.wuhan", role="customs")
            police, customs = hub.participant("police.420100"), hub.participant("customs.wuhan")
            answering(police)
            async with police, customs:
                ends = datetime.now(UTC) + timedelta(days=30)
                listed = [Listed(manifest.subject(n), "hold", ends, f"reported stolen, case {n}") for n in ON_LIST]
                await police.watchlists.open(LIST, checkers=["customs.wuhan"], valid=timedelta(days=90))
                await police.watchlists.publish(LIST, listed, contact="027-0000 0000, desk 4")
                begun = LIVENESS.monotonic_us()
                checked, lines = await check_flight(customs, file, LIST, place="hall 2", officer="officer 0042")
                took = (LIVENESS.monotonic_us() - begun) / 1000
                answers = await words_of_owners(checked, 30)
                print(as_table(checked, lines, answers))
                print(as_json(checked, lines, answers))
                print(f"{len(lines)} rows in one call, {took:.0f} ms; {len(answers)} answers; log index {checked.log_index}")


if __name__ == "__main__":
    asyncio.run(main())
