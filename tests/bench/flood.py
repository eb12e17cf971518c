"""Keeps the routine lane full: ``python -m tests.bench.flood IDENTITY COUNT FIRST``."""

import sys
from pathlib import Path

from tests.bench.raw import FRAME, RawPolice, directory_copy, targets
from tocsin import loop
from tocsin.client.channel import HubConnection
from tocsin.client.identity import load_identity
from tocsin.core.message import Lane


async def main() -> None:
    identity = load_identity(Path(sys.argv[1]))
    count, first = int(sys.argv[2]), int(sys.argv[3])
    police = RawPolice(identity, await directory_copy(identity))
    connection = HubConnection(identity)
    for start in range(first, first + count, FRAME):
        await connection.publish([police.order(target, Lane.ROUTINE) for target in targets(start, FRAME)])


if __name__ == "__main__":
    loop.run(main())
