"""What happens in the demonstration, step by step. What it proves is judged afterwards, in ``proof``.

* Orders keep being issued while the hub is down and while banks are; nobody waits for anybody.
* Faults strike by what happens, not by time: a bank is killed with an order in its hands, the hub while orders are under way to it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from examples.demo import books, cards
from examples.demo.books import HoldRow
from examples.demo.cards import AMOUNT, BANKS, NAMES, Case
from examples.demo.record import Desk
from examples.demo.sides import Sides
from examples.demo.town import ON_THE_LINE, POLICE, POLICE_NAME, Town
from tocsin.clock import LIVENESS

LATE = "bank.bocz"
"""The bank that is offline at first."""

KILLED = "bank.icbc"
"""The bank that is killed."""

LEAST = 16
"""Orders: four for each bank leave one for each thing that happens to an order."""

PATIENCE = 40.0
"""Seconds for a step: several times what a slow machine takes."""

AT_ONCE = 2
"""Parties that join side by side: one for each core of a small machine."""

HUB_RECORD, BANK_REPORT = "deadline-passed measure-end", "report lapsed"
"""The two statements of an end, as the desk words them."""

STOPS, ANSWERS = "stops accepted by the hub", "stops answered by the banks"


@dataclass(kw_only=True)
class Story:
    """What was done and seen; the cases by their part in it.

    Attributes:
        outages: From when to when (µs) a party or ``hub`` was not to be reached.
        acked: Log index by order id: the receipts the police held when the hub was killed.
        sides: Carrier, customs and the bank in Node.js.
        while_cut: What the police had in the thread of the stop that lapses, and how its hold stood in the bank's books,
            before the line was restored.
    """

    town: Town
    cases: list[Case]
    sides: Sides
    desk: Desk | None = None
    outages: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    acked: dict[str, int] = field(default_factory=dict)
    while_cut: tuple[list[str], HoldRow | None] = field(default_factory=lambda: ([], None))

    @property
    def drill(self) -> Case:
        """The stop that lapses."""
        return next(case for case in reversed(self.cases) if case.party == ON_THE_LINE)

    @property
    def wrong(self) -> Case:
        """The order that names somebody else."""
        return next(case for case in self.cases if case.named != case.account.holder)

    def part(self, name: str) -> Case:
        """The stop that is extended, frozen or released: early ones of three banks, executed in full."""
        return self.cases[{"extend": 0, "freeze": 3, "release": 2}[name]]

    def seen(self) -> Desk:
        """The desk, once it runs."""
        assert self.desk is not None, "the police desk has not started"
        return self.desk


def plan(town: Town, count: int) -> Story:
    """A story with ``count`` stop-payments, at least ``LEAST``."""
    return Story(town=town, cases=cards.cases(count, wrong_name=6), sides=Sides(town=town))


class Teller:
    """Lets the story happen.

    Args:
        say: Told of each step, in words.
        progress: Told how far a step is: what, done, of how many.
    """

    def __init__(self, story: Story, say: Callable[[str], None], progress: Callable[[str, int, int], None]) -> None:
        self._story = story
        self._town = story.town
        self._say = say
        self._progress = progress

    async def tell(self) -> None:
        """All of it.

        Raises:
            DemoError: A process does not start or a command fails.
            TimeoutError: Something that must happen does not.
        """
        await self._found_town()
        await self._send_stops()
        await self._live_on()
        await self._town.connected(ON_THE_LINE)
        await self._story.sides.act(self._say)
        await self._story.seen().close()
        await self._town.stop()

    # -- a town -----------------------------------------------------------------------------------------------------------------

    async def _found_town(self) -> None:
        town, story = self._town, self._story
        await town.init_hub()
        await town.start_hub()
        self._say(f"hub up: a process of its own, mutual TLS, SQLite in {town.hub_dir}")
        gate = asyncio.Semaphore(AT_ONCE)

        async def join(party: str, role: str, name: str) -> None:
            async with gate:
                fingerprint = await town.enrol(party, role, name)
            self._say(f"{party} {name} joined with keys of its own; fingerprint {fingerprint}")

        await asyncio.gather(
            join(POLICE, "police", POLICE_NAME), *(join(party, "bank", NAMES[party]) for party in BANKS),
            *(join(*member) for member in story.sides.members()),
        )  # fmt: skip
        for party in BANKS:
            town.open_books(party, [case.account for case in story.cases if case.party == party])
        await town.open_line()
        story.desk = Desk(await town.start_police(), self._count)
        await asyncio.gather(*(town.start_bank(party) for party in BANKS if party != LATE))
        await story.desk.until(lambda: story.seen().ready, "the start of the police desk", PATIENCE)
        await town.connected(POLICE)
        story.outages[LATE] = [(0, 2**62)]
        self._say(f"police and three banks connected; {LATE} stays offline for now")

    # -- stops, with faults in their midst --------------------------------------------------------------------------------------

    async def _send_stops(self) -> None:
        story, town, desk = self._story, self._town, self._story.seen()
        stops = [case for case in story.cases if case is not story.drill]
        count = len(stops)
        bank_back = asyncio.create_task(self._kill_bank())
        self._issue(stops[: count // 2])
        await desk.until(lambda: len(desk.accepted()) >= count // 2, "half of the receipts", PATIENCE)
        self._issue(stops[count // 2 :])
        await desk.until(lambda: len(desk.orders) >= count * 5 // 8, "the issue of more orders", PATIENCE)
        await self._kill_hub()
        await bank_back
        await desk.until(lambda: len(desk.accepted()) >= count, "all receipts", PATIENCE)
        waiting = sum(case.party == LATE for case in stops)
        await town.start_bank(LATE)
        story.outages[LATE] = [(0, LIVENESS.now_us())]
        self._say(f"{LATE} came back to {waiting} orders that waited for it")
        await desk.until(lambda: len(desk.answered()) >= count, "all answers", PATIENCE)
        self._say(f"all {count} stops are accepted and answered")

    def _issue(self, cases: list[Case]) -> None:
        for case in cases:
            self._story.seen().command(
                "stop", stop_tag(case), account=case.account.number, holder=case.named, amount=AMOUNT.to_text()
            )

    async def _kill_bank(self) -> None:
        """Kills a bank while an order is in its hands: called, and not carried out yet."""
        path, share = self._town.ledger(KILLED), len(self._story.cases) // (2 * len(BANKS))
        async with asyncio.timeout(PATIENCE):
            while True:
                found = books.read(path)
                in_hand = [call for call in found.calls if not found.done_of(call.order_id)]
                if in_hand or len(found.done) >= share:  # the latter when it was too quick for us to see
                    break
                await LIVENESS.sleep(0.001)
        from_us = LIVENESS.now_us()
        await self._town.kill_bank(KILLED)
        self._say(f"{KILLED} killed with -9 at its work")
        await self._town.start_bank(KILLED)
        self._story.outages[KILLED] = [(from_us, LIVENESS.now_us())]

    async def _kill_hub(self) -> None:
        story, from_us = self._story, LIVENESS.now_us()
        await self._town.kill_hub()
        story.acked = {one.order_id: one.log_index for one in story.seen().accepted()}
        self._say(f"hub killed with -9; the police hold {len(story.acked)} receipts and go on issuing")
        await self._town.start_hub()
        story.outages["hub"] = [(from_us, LIVENESS.now_us())]
        self._say("hub restarted on its directory")

    # -- the life of a measure --------------------------------------------------------------------------------------------------

    async def _live_on(self) -> None:
        story, town, desk = self._story, self._town, self._story.seen()
        case = story.drill
        desk.command(
            "stop",
            stop_tag(case),
            account=case.account.number,
            holder=case.named,
            amount=AMOUNT.to_text(),
            profile="drill",
        )
        await self._answered(stop_tag(case))
        assert town.line is not None
        await town.line.cut()
        story.outages[case.party] = [(LIVENESS.now_us(), 2**62)]
        self._say(f"{case.party} holds a stop of the drill profile, 6 s; its line to the hub is cut")
        await self._change()
        await self._lapse(case)
        await town.line.restore()
        story.outages[case.party] = [(story.outages[case.party][0][0], LIVENESS.now_us())]
        await self._until_in_thread(case, BANK_REPORT)
        self._say(f"line restored; {case.party} reports that its hold had ended")

    async def _change(self) -> None:
        """An extension, one too many, a freeze, a release; none of them waits for another's thread."""
        desk, parts = (
            self._story.seen(),
            {name: stop_tag(self._story.part(name)) for name in ("extend", "freeze", "release")},
        )
        desk.command("extend", "extend", of=parts["extend"], reason="the case is being filed")
        desk.command(
            "freeze", "freeze", of=parts["freeze"], amount=AMOUNT.to_text(), case_filing_no="A4201-2026-0001",
            document_no="D-0001", reason="case filed",
        )  # fmt: skip
        desk.command("release", "release", of=parts["release"], reason="the money went back to the victim")
        for tag in ("extend", "freeze", "release"):
            await self._answered(tag)
        desk.command("extend", "third term", of=parts["extend"], reason="once more")
        await self._answered("third term")
        self._say("one stop extended (a third term is refused), one turned into a freeze, one released")

    async def _lapse(self, case: Case) -> None:
        """Waits until the end has passed at the hub and at the bank, which do not see each other."""
        await self._until_in_thread(case, HUB_RECORD)
        order = self._story.seen().orders[stop_tag(case)]
        async with asyncio.timeout(PATIENCE):
            while (
                not (found := books.read(self._town.ledger(case.party)).hold_of(order.order_id)) or not found.ended_us
            ):
                await LIVENESS.sleep(0.05)
        self._story.while_cut = (await self._story.seen().thread(stop_tag(case)), found)
        self._say("it has ended by itself: recorded by the hub, and in the books of the bank that is cut off")

    async def _until_in_thread(self, case: Case, wanted: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while wanted not in await self._story.seen().thread(stop_tag(case)):
                await LIVENESS.sleep(0.1)

    async def _answered(self, tag: str) -> None:
        desk = self._story.seen()
        await desk.until(
            lambda: tag in desk.orders and bool(desk.orders[tag].answer), f"an answer to the {tag}", PATIENCE
        )

    def _count(self) -> None:
        desk, of = self._story.desk, len(self._story.cases)
        if desk is not None:
            self._progress(STOPS, sum(one.kind == "stop" for one in desk.accepted()), of)
            self._progress(ANSWERS, sum(one.kind == "stop" for one in desk.answered()), of)


def stop_tag(case: Case) -> str:
    """The tag of the stop of a case."""
    return f"stop {case.number}"
