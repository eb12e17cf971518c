"""A process that opens a store, commits one batch and dies; started by ``Engine.crash``.

``crash_child.py ENGINE DIRECTORY PLAN``: PLAN is ``in-job`` (half way through a second batch), ``before-commit``,
``after-commit`` (committed, nobody told) or ``idle``.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.store.engines import ENGINES
from tests.store.makers import batch, next_batch
from tocsin.sqlitethread import Point
from tocsin_hub.store.base import WriteTx

STRIKES = {"before-commit": Point.COMMIT, "after-commit": Point.COMMITTED}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(engine: str, directory: str, plan: str) -> None:
    armed = False

    def faults(point: Point) -> None:
        if armed and point is STRIKES.get(plan):
            die()

    def last(tx: WriteTx) -> None:
        tx.write(batch(tx.head().log_size, 8))
        if plan == "in-job":
            die()

    store = await ENGINES[engine](Path(directory)).open(faults=faults)
    await store.transact(lambda tx: next_batch(tx, 4))
    armed = True
    if plan != "idle":
        await store.transact(last)
    die()


asyncio.run(main(*sys.argv[1:]))
