"""The other sides of the demonstration: a carrier blocks, customs ask, and a bank whose program is in Node.js holds.

* The provincial bureau orders and owns the list; the carrier and the bank are processes of their own, the bank nothing but
  ``tocsin listen --exec`` with a program that knows no Python.
* What was done is counted where it was done: in the carrier's zone file, in the answers customs got, in the bank's journal.
"""

import asyncio
import json
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from examples.bank.ledger import Account
from examples.customs import manifest
from examples.customs.desk import check_flight, words_of_owners
from examples.customs.owner import answering
from examples.demo import cards
from examples.demo.cards import AMOUNT, FULL, HOLDERS
from examples.demo.claim import Claim
from examples.demo.town import Town
from tocsin import Executed, Listed, Participant
from tocsin.clock import LIVENESS

POLICE, CARRIER, CUSTOMS, BANK = "police.420000", "carrier.cmcc", "customs.wuhan", cards.NODE_BANK
MEMBERS = ((POLICE, "police", "湖北省公安厅"), (CARRIER, "carrier", "中国移动"), (CUSTOMS, "customs", "武汉海关"))
NODE_BANK = BANK, "bank", "嘉兴银行"
REGION, CONTACT, LIST = "420100", "027-0000 0000, desk 4", "stolen-documents"
DOMAINS, TRAVELLERS, ON_LIST, NODE_STOPS = 1_000, 400, (7, 77, 377), 5
NODE_BIN = "622132"
PROGRAM = Path("examples", "exec", "handle-order.mjs")
PATIENCE = 40.0
"""Seconds for a step: several times what a slow machine takes."""


@dataclass(kw_only=True)
class Sides:
    """The parties beside police and banks, and what they did.

    Attributes:
        node: Whether Node.js is on this machine, and so its bank in the town.
        claims: What was found, once ``act`` is over.
    """

    town: Town
    node: bool = field(default_factory=lambda: shutil.which("node") is not None)
    claims: list[Claim] = field(default_factory=list)

    def members(self) -> list[tuple[str, str, str]]:
        """Party, role and name of each."""
        return [*MEMBERS, *([NODE_BANK] if self.node else [])]

    async def start(self) -> None:
        """Starts their programs."""
        town = self.town
        await town.start_carrier(CARRIER)
        if self.node:
            books = town.home(BANK) / "books"
            books.mkdir()
            rows = [f"{one.number},{one.holder},{one.balance.to_text().replace(' ', ',')}\n" for one in accounts()]
            (books / "accounts.csv").write_text("number,holder,balance,currency\n" + "".join(rows), "utf-8")
            program = shlex.join(["node", str(PROGRAM), str(books)])
            await town.start(BANK, "tocsin.cli.main", "--identity", str(town.identity(BANK)), "listen", "--exec", program)

    async def act(self, say: Callable[[str], None]) -> None:
        """Lets all three sides do their part.

        Raises:
            TimeoutError: Something that must happen does not.
        """
        await self.start()
        if not self.node:
            say("Node.js is not installed: its bank is left out (Debian: apt install nodejs)")
        town = self.town
        police, customs = (
            Participant.load(town.identity(one), passphrase=town.passphrase(one)) for one in (POLICE, CUSTOMS)
        )
        answering(police)
        async with police, customs:
            self.claims.append(await self._block(police))
            say(f"{CARRIER} blocks {DOMAINS:,} domains; the zone for its resolvers is written")
            self.claims.append(await self._check(police, customs))
            say(f"{CUSTOMS} asked for {TRAVELLERS} travellers in one call; the police answered each hit")
            if self.node:
                self.claims.append(await self._stop(police))
                say(f"{BANK} carried out {NODE_STOPS} stops with a program in Node.js")

    async def _block(self, police: Participant) -> Claim:
        names = [f"shop-{n:04}.example" for n in range(DOMAINS)]
        job = await police.block_domains(names, region=REGION, contact=CONTACT, reason="reported as phishing")
        answers = [answer for _, answer in await job.outcomes(PATIENCE)]
        zone = (self.town.blocks(CARRIER) / "block.zone").read_text("utf-8").splitlines()
        found = set(names) & {line.removesuffix(" CNAME .") for line in zone}
        good = len(found) == DOMAINS and all(isinstance(one, Executed) and not one.not_applied for one in answers)
        return Claim(
            name="a carrier blocks what the police named", holds=good,
            figures=f"{len(found):,} of {DOMAINS:,} domains in its zone, {len(answers)} order answered",
        )  # fmt: skip

    async def _check(self, police: Participant, customs: Participant) -> Claim:
        ends = datetime.now(UTC) + timedelta(days=30)
        listed = [Listed(manifest.subject(n), "hold", ends, f"reported stolen, case {n}") for n in ON_LIST]
        await police.watchlists.open(LIST, checkers=[CUSTOMS], valid=timedelta(days=90))
        await police.watchlists.publish(LIST, listed, contact=CONTACT)
        file = self.town.path / "manifest.csv"
        manifest.write(file, manifest.rows(0, TRAVELLERS))
        began_us = LIVENESS.monotonic_us()
        checked, lines = await check_flight(customs, file, LIST, place="hall 2, desk 7", officer="officer 0042")
        took_us = LIVENESS.monotonic_us() - began_us
        answers = await words_of_owners(checked, PATIENCE)
        good = (
            [hit.position for hit in checked.hits] == list(ON_LIST)
            and len(answers) == len(ON_LIST)
            and not checked.errors
        )
        return Claim(
            name="customs find who is on a list the hub cannot read", holds=good and len(lines) == TRAVELLERS,
            figures=f"{len(checked.hits)} hits among {len(lines)} travellers in {took_us / 1000:.0f} ms,"
            f" {len(answers)} answered by the owner",
        )  # fmt: skip

    async def _stop(self, police: Participant) -> Claim:
        orders = [
            await police.stop_payment(
                account=one.number, holder=one.holder, amount=AMOUNT, contact=CONTACT, reason="reported fraud"
            )
            for one in accounts()
        ]
        answers = await asyncio.gather(*(order.outcome(timeout=PATIENCE) for order in orders))
        executed = sum(isinstance(one, Executed) and one.held == AMOUNT for one in answers)
        holds = holds_in(self.town.home(BANK) / "books" / "journal")
        return Claim(
            name="a bank without Python holds money too", holds=executed == len(holds) == NODE_STOPS,
            figures=f"{executed} of {NODE_STOPS} stops executed, {len(holds)} holds in its journal",
        )  # fmt: skip


def accounts() -> list[Account]:
    """The accounts of the bank in Node.js."""
    return [
        Account(number=cards.card_number(NODE_BIN, 16, n + 1), holder=HOLDERS[n], balance=FULL)
        for n in range(NODE_STOPS)
    ]


def holds_in(journal: Path) -> set[str]:
    """The threads for which the journal says that money is held."""
    entries = [json.loads(line) for line in journal.read_text("utf-8").splitlines() if line]
    return {one["thread"] for one in entries if one.get("hold") and not one["hold"].get("ended")}
