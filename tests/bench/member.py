"""The bank of the bench: a process of its own with inbox, handler, reports and outbox. Writes when each order reached the handler.

python -m tests.bench.member IDENTITY RECORDS
"""

import os
import struct
import sys
import time
from pathlib import Path

from tocsin import Executed, Participant, StopPayment
from tocsin.client.identity import load_identity

RECORD = struct.Struct("<16sd?")
"""Order id, time (shared monotonic clock of the machine), whether it was marked as a repeat."""


def main() -> None:
    bank = Participant(load_identity(Path(sys.argv[1])))
    records = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @bank.on(StopPayment, concurrency=10_000)
    async def stop(order: StopPayment) -> Executed:
        os.write(records, RECORD.pack(order.header.message_id, time.monotonic(), order.repeat))
        return Executed(held=order.amount)

    print("ready", flush=True)
    bank.run()


def read(path: Path) -> dict[bytes, float]:
    """When each order reached its handler; raises when one was handled twice unmarked."""
    raw = path.read_bytes() if path.exists() else b""
    found: dict[bytes, float] = {}
    for message_id, at, repeat in RECORD.iter_unpack(raw[: len(raw) - len(raw) % RECORD.size]):
        if message_id in found and not repeat:
            raise RuntimeError("an unmarked repeat")
        found.setdefault(message_id, at)
    return found


if __name__ == "__main__":
    main()
