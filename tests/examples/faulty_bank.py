"""The Python bank with the faults of ``faulty_program``, as a process: ``python -m tests.examples.faulty_bank IDENTITY FOLDER``."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from examples.bank.core_banking import CoreBanking, Order
from examples.bank.ledger import Ledger
from tocsin import Extend, Freeze, Lapsed, Participant, Release, Retry, StopPayment
from tocsin.clock import SystemClock


def main() -> None:
    identity, folder = Path(sys.argv[1]), Path(sys.argv[2])
    ledger = Ledger(folder / "ledger.db")
    core = CoreBanking(ledger, SystemClock())
    fault = folder / "fault"

    def die(statement: str) -> None:
        if statement == "COMMIT":
            os.kill(os.getpid(), signal.SIGKILL)

    def faulty(order: Order) -> Any:
        how = fault.read_text() if fault.exists() else ""
        with (folder / "runs").open("a") as runs:
            runs.write(json.dumps({"key": order.id, "repeat": order.repeat, "fault": how}) + "\n")
        if how and how != "rubbish":
            fault.unlink()
        if how == "retry":
            raise Retry(after=0.1)
        if how == "kill-before":
            core._record_call = lambda _: ledger._conn.set_trace_callback(die)  # type: ignore[method-assign]
        answer = core.carry_out(order)
        if how in ("kill-after", "mute"):
            os.kill(os.getpid(), signal.SIGKILL)
        return "OK" if how == "rubbish" else answer

    bank = Participant.load(identity)
    for kind in (StopPayment, Extend, Freeze, Release):
        bank.on(kind)(faulty)
    bank.on(Lapsed)(core.lapse)
    print("ready", file=sys.stderr, flush=True)
    bank.run()


if __name__ == "__main__":
    main()
