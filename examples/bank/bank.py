"""A bank on the bus: ``python -m examples.bank.bank IDENTITY LEDGER``.

* Every kind of order on money is carried out on the ledger; what the ledger answers becomes the signed report.
* It runs until SIGINT or SIGTERM, reconnects by itself, and lapses holds by its own clock, connected or not.
* No account number is ever printed.
"""

import argparse
import logging
from pathlib import Path

from examples.bank.core_banking import CoreBanking
from examples.bank.ledger import Ledger
from tocsin import Extend, Freeze, Lapsed, Participant, Release, StopPayment
from tocsin.clock import SystemClock


def register(bank: Participant, core: CoreBanking) -> None:
    """Hands the orders of ``bank`` to ``core``."""
    for kind in (StopPayment, Extend, Freeze, Release):
        bank.on(kind)(core.carry_out)
    bank.on(Lapsed)(core.lapse)


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description="A bank on the bus.")
    parser.add_argument("identity", type=Path, help="identity directory that `tocsin join` made")
    parser.add_argument("ledger", type=Path, help="SQLite file of the ledger; made when missing")
    parser.add_argument("--passphrase-file", type=Path, help="file that holds the passphrase of the identity")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    ledger = Ledger(given.ledger)
    try:
        bank = Participant.load(given.identity, passphrase_file=given.passphrase_file)
        register(bank, CoreBanking(ledger, SystemClock()))
        bank.run()
    finally:
        ledger.close()


if __name__ == "__main__":
    main()
