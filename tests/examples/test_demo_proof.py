"""The judge of the demonstration: what is right is proved, and each wrong makes its claim false."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from examples.demo import cards
from examples.demo.books import Books, Call, Done, HoldRow
from examples.demo.claim import Claim
from examples.demo.proof import Judge
from examples.demo.receipts import Checked
from examples.demo.record import Seen
from examples.demo.sides import holds_in
from examples.demo.story import BANK_REPORT, HUB_RECORD, KILLED, LATE, Story, plan, stop_tag
from examples.demo.town import Town
from tocsin.core.times import from_us

START, HOUR = 1_795_000_000_000_000, 3_600_000_000
TERM = 48 * HOUR


@dataclass
class World:
    """A demonstration that went well, to be spoilt."""

    story: Story
    books: dict[str, Books]
    checked: Checked
    verified: dict[str, object]

    @property
    def orders(self) -> dict[str, Seen]:
        return self.story.seen().orders

    def books_of(self, part: str) -> Books:
        return self.books[self.story.part(part).party]

    def false_claims(self) -> list[str]:
        return [
            claim.name
            for claim in Judge(self.story, self.books, self.checked, self.verified).claims()
            if not claim.holds
        ]


def time(us: int) -> str:
    return from_us(us).isoformat()


def good_world(tmp_path: Path) -> World:
    story = plan(Town(tmp_path), 16)
    orders: dict[str, Seen] = {}
    story.desk = SimpleNamespace(orders=orders, accepted=lambda: [o for o in orders.values() if o.log_index >= 0])  # type: ignore[assignment]
    books = {party: Books([], [], []) for party in cards.BANKS}
    for case in story.cases:
        tag, at = stop_tag(case), START + case.number
        held = min(cards.AMOUNT.minor, case.account.balance.minor)
        ends = at + (6_000_000 if case is story.drill else TERM)
        refused = case is story.wrong
        answer: dict[str, Any] = {"outcome": "mismatch", "note": "other name"} if refused else {
            "outcome": "done" if held == cards.AMOUNT.minor else "done-short", "held": held, "expires_at": time(ends),
        }  # fmt: skip
        orders[tag] = Seen(tag, f"order-{case.number}", "stop", at, case.number, at, at, answer)
        its = books[case.party]
        its.calls.append(Call(f"order-{case.number}", "stop-payment", False, 1, at, at, at))
        if not refused:
            its.done.append(Done(f"order-{case.number}", f"order-{case.number}", "stop-payment", held, at, ends))
            its.holds.append(HoldRow(f"order-{case.number}", case.account.number, "stop-payment", ends, 0, ""))
    world = World(
        story,
        books,
        Checked(size=99, root_good=True, places={}, bad=0),
        {"holds": True, "key_trusted": True, "size": 99},
    )
    live_on(world)
    story.outages = {LATE: [(0, START + 100)], KILLED: [(START, START + 1)]}
    story.outages[story.drill.party] = [(START + 50, START + 10_000_000)]
    story.acked = {f"order-{n}": n for n in range(8)}
    world.checked = replace(world.checked, places={one.order_id: one.log_index for one in story.seen().accepted()})
    return world


def live_on(world: World) -> None:
    story, orders, at = world.story, world.orders, START + HOUR
    answers = {
        "extend": {"outcome": "done", "expires_at": time(START + story.part("extend").number + 2 * TERM)},
        "freeze": {"outcome": "done", "expires_at": time(at + 100 * TERM)},
        "release": {"outcome": "done", "held": 0},
    }
    for place, (name, answer) in enumerate(answers.items(), 50):
        orders[name] = Seen(name, name, name, at, place, at, at, answer)
        stop = orders[stop_tag(story.part(name))]
        books = world.books_of(name)
        books.calls.append(Call(name, name, False, 1, at, at, at))
        hold = books.hold_of(stop.order_id)
        assert hold is not None
        changed = {
            "extend": replace(hold, until_us=START + story.part("extend").number + 2 * TERM),
            "freeze": replace(hold, kind="freeze", until_us=at + 100 * TERM),
            "release": replace(hold, ended_us=at, ended_by="release"),
        }[name]
        books.holds[books.holds.index(hold)] = changed
        books.done.append(Done(name, stop.order_id, name, 0, at, 0 if name == "release" else changed.until_us))
    orders["third term"] = Seen(
        "third term", "third", "extend", at, answered_us=at, answer={"reason": "TERMS_EXHAUSTED"}
    )
    drill = orders[stop_tag(story.drill)]
    hold = world.books[story.drill.party].hold_of(drill.order_id)
    assert hold is not None
    story.while_cut = ([HUB_RECORD], replace(hold, ended_us=hold.until_us, ended_by="lapse"))


def test_what_went_well_is_proved(tmp_path: Path) -> None:
    assert good_world(tmp_path).false_claims() == []


def first(world: World) -> Books:
    return world.books[world.story.cases[0].party]


def change_hold(world: World, part: str, **values: object) -> None:
    books, order = world.books_of(part), world.orders[stop_tag(world.story.part(part))]
    hold = books.hold_of(order.order_id)
    assert hold is not None
    books.holds[books.holds.index(hold)] = replace(hold, **values)  # type: ignore[arg-type]


WRONGS: dict[str, tuple[Callable[[World], object], str]] = {
    "an order without its answer": (lambda w: w.orders["stop 5"].answer.clear(), "every stop is answered"),
    "the wrong name executed": (
        lambda w: w.orders[stop_tag(w.story.wrong)].answer.update(outcome="done"),
        "every stop is answered",
    ),
    "an order at two banks": (
        lambda w: w.books["bank.bhb"].calls.append(replace(first(w).calls[0], repeat=True)),
        "each went to the one bank that serves the card",
    ),
    "a second hold on an account": (
        lambda w: first(w).holds.append(replace(first(w).holds[0], thread_id="other")),
        "no account is held twice, and reports say what the books say",
    ),
    "an order carried out twice": (
        lambda w: first(w).done.append(first(w).done[0]),
        "no account is held twice, and reports say what the books say",
    ),
    "a report that says more than the books": (
        lambda w: w.orders["stop 5"].answer.update(held=1),
        "no account is held twice, and reports say what the books say",
    ),
    "a receipt that is not in the log": (
        lambda w: w.checked.places.pop("order-3"),
        "nothing acked before the kill -9 is lost",
    ),
    "a receipt at another place": (
        lambda w: w.checked.places.update({"order-3": 77}),
        "nothing acked before the kill -9 is lost",
    ),
    "no receipt before the kill": (lambda w: w.story.acked.clear(), "nothing acked before the kill -9 is lost"),
    "an unmarked repeat": (lambda w: first(w).calls.append(first(w).calls[0]), "no repeat comes unmarked"),
    "nobody away": (
        lambda w: w.story.outages.update({LATE: [], KILLED: []}),
        "banks that were away got their orders when they came back",
    ),
    "an extension that is too long": (
        lambda w: w.orders["extend"].answer.update(expires_at=time(START + 3 * TERM)),
        "an extension runs from the end before",
    ),
    "a third term": (
        lambda w: w.orders["third term"].answer.update(reason="", outcome="done"),
        "an extension runs from the end before",
    ),
    "a hold that ended before it was frozen": (
        lambda w: change_hold(w, "freeze", ended_us=START),
        "a freeze took the place of a stop without a gap",
    ),
    "a release that released nothing": (
        lambda w: change_hold(w, "release", ended_us=0, ended_by=""),
        "a release ended a stop at once",
    ),
    "no record of the hub": (
        lambda w: w.story.while_cut[0].clear(),
        "a stop lapsed by itself at the hub and at a bank that was cut off",
    ),
    "a bank that was told": (
        lambda w: w.story.while_cut[0].append(BANK_REPORT),
        "a stop lapsed by itself at the hub and at a bank that was cut off",
    ),
    "a line that was never cut": (
        lambda w: w.story.outages.update({w.story.drill.party: [(0, 1)]}),
        "a stop lapsed by itself at the hub and at a bank that was cut off",
    ),
    "an export under another key": (
        lambda w: w.verified.update(key_trusted=False),
        "the exported log verifies offline under the key known since joining",
    ),
    "an order without a proved receipt": (
        lambda w: w.checked.places.pop("order-15"),
        "every receipt proves its order in that log",
    ),
}


@pytest.mark.parametrize("wrong", WRONGS)
def test_what_went_wrong_makes_its_claim_false(tmp_path: Path, wrong: str) -> None:
    world = good_world(tmp_path)
    spoil, claim = WRONGS[wrong]
    spoil(world)
    assert claim in world.false_claims()


def test_a_repeat_that_says_so_is_no_fault(tmp_path: Path) -> None:
    world = good_world(tmp_path)
    first(world).calls.append(replace(first(world).calls[0], repeat=True, attempt=2))
    assert world.false_claims() == []


@pytest.mark.parametrize("wrong", ["root_good", "bad"])
def test_a_log_that_does_not_check_is_not_proved(tmp_path: Path, wrong: str) -> None:
    world = good_world(tmp_path)
    world.checked = replace(world.checked, root_good=wrong != "root_good", bad=int(wrong == "bad"))
    assert len(world.false_claims()) == 1


def test_what_the_other_sides_did_wrong_is_a_false_claim_too(tmp_path: Path) -> None:
    world = good_world(tmp_path)
    world.story.sides.claims.append(Claim(name="a carrier blocks", holds=False, figures="999 of 1,000"))
    assert world.false_claims() == ["a carrier blocks"]


def test_a_hold_that_has_ended_is_none_in_a_journal(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    held, ended = {"thread": "a", "hold": {"until": "z"}}, {"thread": "b", "hold": {"until": "z", "ended": "y"}}
    journal.write_text("\n".join(["", json.dumps(held), "", json.dumps(ended), json.dumps({"key": "k"}), ""]))
    assert holds_in(journal) == {"a"}
