"""A carrier on the bus: ``python -m examples.carrier.carrier IDENTITY DIR``.

* Orders change the copy in DIR/blocklist.db; the response policy zone DIR/block.zone is written anew and the resolver told to
  load it, and only then the order is answered: *executed* means that the resolver has it.
* The resolver is whatever ``--reload`` reloads; with BIND ``rndc reload block.invalid``. Without it only the file is written.
* It runs until SIGINT or SIGTERM, and lets go of what has ended by its own clock, connected or not.
"""

import argparse
import logging
import shlex
import subprocess
from pathlib import Path

from tocsin import Participant
from tocsin.blocklist import Blocklist, write_rpz

RELOAD_SECONDS = 30.0
"""A resolver that does not load its zone in this time is not answering orders: the order comes again."""


def register(carrier: Participant, blocklist: Blocklist, zone: Path, reload: list[str]) -> None:
    """Keeps ``zone`` and the resolver in step with the orders of ``carrier``."""

    def changed() -> None:
        write_rpz(blocklist, zone)
        if reload:
            subprocess.run(reload, check=True, timeout=RELOAD_SECONDS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    blocklist.serve(carrier, changed=changed)


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description="A carrier on the bus.")
    parser.add_argument("identity", type=Path, help="identity directory that `tocsin join` made")
    parser.add_argument("directory", type=Path, help="where blocklist and zone are kept; made when missing")
    parser.add_argument("--reload", default="", help="command that makes the resolver load the zone")
    parser.add_argument("--passphrase-file", type=Path, help="file that holds the passphrase of the identity")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    given.directory.mkdir(parents=True, exist_ok=True)
    zone = given.directory / "block.zone"
    with Blocklist(given.directory / "blocklist.db") as blocklist:
        write_rpz(blocklist, zone)
        carrier = Participant.load(given.identity, passphrase_file=given.passphrase_file)
        register(carrier, blocklist, zone, shlex.split(given.reload))
        carrier.run()


if __name__ == "__main__":
    main()
