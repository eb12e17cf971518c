"""A process of its own that writes to a store until it is killed or done; the tests of crashes start it.

``store_child.py FILE flood FIRST``    enqueues for ever, printing each number whose ``await`` returned
``store_child.py FILE die POINT``      finishes one received message and is killed at that point of the commit
``store_child.py FILE count FIRST N``  enqueues N messages from FIRST on, with a checkpoint every few rows
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from store_rows import NOW_US, incoming, measure, message_id, outgoing

from tocsin import sqlitethread
from tocsin.client.store import ClientStore
from tocsin.sqlitethread import Point


async def flood(path: Path, first: int) -> None:
    store = await ClientStore.open(path)
    numbers = iter(range(first, first + 10_000_000))

    async def sender() -> None:
        for number in numbers:
            assert await store.enqueue([outgoing(number)]) == [True]
            os.write(1, b"%d\n" % number)

    await asyncio.gather(*(sender() for _ in range(16)))


async def die(path: Path, point: Point) -> None:
    armed = False

    def faults(reached: Point) -> None:
        if armed and reached is point:
            os.kill(os.getpid(), signal.SIGKILL)

    store = await ClientStore.open(path, faults=faults)
    await store.receive([incoming(1)])
    await store.start(message_id(1), NOW_US)
    armed = True
    await store.finish(message_id(1), outgoing(2), NOW_US, measure=measure(1))


async def count(path: Path, first: int, number: int) -> None:
    sqlitethread.CHECKPOINT_ROWS = 7
    store = await ClientStore.open(path)
    for n in range(first, first + number, 4):
        await asyncio.gather(*(store.enqueue([outgoing(k)]) for k in range(n, n + 4)))
    await store.aclose()


if __name__ == "__main__":
    file, verb, *rest = sys.argv[1:]
    if verb == "flood":
        asyncio.run(flood(Path(file), int(rest[0])))
    elif verb == "die":
        asyncio.run(die(Path(file), Point(rest[0])))
    else:
        asyncio.run(count(Path(file), int(rest[0]), int(rest[1])))
