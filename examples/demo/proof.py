"""What the demonstration claims, each claim judged on what is on the disks of police, banks and hub.

* A claim is true or false; its figures are counted here, never assumed. One false claim fails the demonstration.
"""

from examples.demo import cards
from examples.demo.books import Books, Call
from examples.demo.claim import Claim
from examples.demo.receipts import Checked
from examples.demo.record import Seen
from examples.demo.story import BANK_REPORT, HUB_RECORD, Story, stop_tag
from tocsin.core.times import parse_time, to_us

TERM_US = 48 * 3600 * 1_000_000
"""One term of a stop under the law's profile."""


class Judge:
    """Judges a story.

    Args:
        story: What was done and seen.
        books: The books of each bank.
        checked: The receipts and the exported log.
        verified: What ``tocsin verify`` said of the export.
    """

    def __init__(self, story: Story, books: dict[str, Books], checked: Checked, verified: dict[str, object]) -> None:
        self._story = story
        self._books = books
        self._checked = checked
        self._verified = verified
        self._orders = story.seen().orders
        self._calls = [call for one in books.values() for call in one.calls]

    def claims(self) -> list[Claim]:
        """All of them."""
        return [
            self._answered(), self._routed(), self._held_once(), self._nothing_lost(), self._repeats_marked(), self._came_back(),
            self._extended(), self._frozen(), self._released(), self._lapsed(), *self._story.sides.claims, self._log(),
            self._receipts(),
        ]  # fmt: skip

    def figures(self) -> dict[str, int]:
        """The counts the last line is made of."""
        return {
            "stops": len(self._story.cases),
            "banks": len(self._books),
            "executed": sum(one.outcome in ("done", "done-short") for one in self._stops()),
            "refused": sum(one.outcome == "mismatch" for one in self._stops()),
            "receipts": len(self._checked.places),
            "receipts_before_kill": len(self._story.acked),
            "log_size": self._checked.size,
            "handler_calls": len(self._calls),
            "repeats": len(self._repeats()[0]),
            "unmarked_repeats": len(self._repeats()[1]),
        }

    # -- stops ------------------------------------------------------------------------------------------------------------------

    def _stops(self) -> list[Seen]:
        return [self._orders[stop_tag(case)] for case in self._story.cases if stop_tag(case) in self._orders]

    def _answered(self) -> Claim:
        wrong = self._orders[stop_tag(self._story.wrong)]
        others = [one for one in self._stops() if one is not wrong]
        held = [one for one in others if one.outcome in ("done", "done-short")]
        short = sum(one.outcome == "done-short" for one in held)
        note = wrong.answer.get("note")
        good = len(held) == len(self._story.cases) - 1 and wrong.outcome == "mismatch" and bool(note)
        return Claim(
            name="every stop is answered", holds=good,
            figures=f"{len(held)} executed, {short} of them in part; one answered {wrong.outcome}: {note}",
        )  # fmt: skip

    def _routed(self) -> Claim:
        table, right = cards.bins(), 0
        for case in self._story.cases:
            order = self._orders[stop_tag(case)]
            at = [party for party, books in self._books.items() if books.calls_of(order.order_id)]
            right += at == [cards.serving(table, case.account.number)]
        of = len(self._story.cases)
        return Claim(
            name="each went to the one bank that serves the card",
            holds=right == of,
            figures=f"{right} of {of} by length and longest BIN",
        )

    def _held_once(self) -> Claim:
        good = 0
        for case in self._story.cases:
            books, order = self._books[case.party], self._orders[stop_tag(case)]
            holds = [one for one in books.holds if one.account == case.account.number]
            done = books.done_of(order.order_id)
            if case is self._story.wrong:
                good += not holds and not done
            else:
                reported = order.answer.get("held")
                good += len(holds) == len(done) == 1 and done[0].held == reported == min(
                    cards.AMOUNT.minor, case.account.balance.minor
                )
        of = len(self._story.cases)
        return Claim(
            name="no account is held twice, and reports say what the books say",
            holds=good == of,
            figures=f"{good} of {of} accounts",
        )

    # -- faults -----------------------------------------------------------------------------------------------------------------

    def _nothing_lost(self) -> Claim:
        called = {call.order_id for call in self._calls}
        kept = [
            order_id
            for order_id, index in self._story.acked.items()
            if self._checked.places.get(order_id) == index and order_id in called
        ]
        return Claim(
            name="nothing acked before the kill -9 is lost", holds=len(kept) == len(self._story.acked) > 0,
            figures=f"{len(kept)} of {len(self._story.acked)} receipts stand in the log at their place, and their banks acted",
        )  # fmt: skip

    def _repeats_marked(self) -> Claim:
        again, unmarked = self._repeats()
        return Claim(
            name="no repeat comes unmarked", holds=not unmarked,
            figures=f"{len(self._calls)} handler calls, {len(again)} of them repeats, {len(unmarked)} unmarked",
        )  # fmt: skip

    def _repeats(self) -> tuple[list[Call], list[Call]]:
        """Calls that were not the first of their order, and those of them that did not say so."""
        seen: set[str] = set()
        again = []
        for call in self._calls:
            if call.order_id in seen:
                again.append(call)
            seen.add(call.order_id)
        return again, [call for call in again if not call.repeat]

    def _came_back(self) -> Claim:
        waited = [
            one for bank, books in self._books.items() for one in self._stops()
            for call in books.calls_of(one.order_id)[:1]
            for start, end in self._story.outages.get(bank, []) if start <= one.accepted_us < end
        ]  # fmt: skip
        executed = sum(one.outcome in ("done", "done-short", "mismatch") for one in waited)
        return Claim(
            name="banks that were away got their orders when they came back", holds=executed == len(waited) > 0,
            figures=f"{executed} of {len(waited)} orders accepted while their bank was away",
        )  # fmt: skip

    # -- life -------------------------------------------------------------------------------------------------------------------

    def _part(self, name: str) -> tuple[Seen, Seen, Books]:
        case = self._story.part(name)
        return self._orders[stop_tag(case)], self._orders[name], self._books[case.party]

    def _extended(self) -> Claim:
        stop, extend, books = self._part("extend")
        hold = books.hold_of(stop.order_id)
        before, after = _time(stop, "expires_at"), _time(extend, "expires_at")
        third = self._orders["third term"].outcome
        good = after - before == TERM_US and hold is not None and hold.until_us == after and third == "TERMS_EXHAUSTED"
        return Claim(
            name="an extension runs from the end before", holds=good,
            figures=f"{(after - before) / 3_600_000_000:g} h more; a third term is refused: {third}",
        )  # fmt: skip

    def _frozen(self) -> Claim:
        stop, freeze, books = self._part("freeze")
        hold, first, second = books.hold_of(stop.order_id), books.done_of(stop.order_id), books.done_of(freeze.order_id)
        good = hold is not None and len(first) == len(second) == 1 and hold.kind == "freeze" and not hold.ended_us
        overlap = (first[0].until_us - second[0].from_us) / 3_600_000_000 if good else 0.0
        same = good and hold is not None and hold.until_us == second[0].until_us == _time(freeze, "expires_at")
        return Claim(
            name="a freeze took the place of a stop without a gap", holds=same and overlap > 0,
            figures=f"one hold, never ended; the stop had {overlap:.1f} h left",
        )  # fmt: skip

    def _released(self) -> Claim:
        stop, release, books = self._part("release")
        hold = books.hold_of(stop.order_id)
        good = (
            hold is not None
            and hold.ended_by == "release"
            and release.outcome == "done"
            and release.answer.get("held") == 0
        )
        return Claim(
            name="a release ended a stop at once",
            holds=good,
            figures=f"{_ms(release.issued_us, hold.ended_us if hold else 0)} ms after it was issued",
        )

    def _lapsed(self) -> Claim:
        case, (messages, hold) = self._story.drill, self._story.while_cut
        ends_us, (cut_us, restored_us) = (
            _time(self._orders[stop_tag(case)], "expires_at"),
            self._story.outages[case.party][0],
        )
        at_bank = (
            hold is not None
            and hold.ended_by == "lapse"
            and hold.ended_us == ends_us
            and cut_us < ends_us < restored_us
        )
        return Claim(
            name="a stop lapsed by itself at the hub and at a bank that was cut off",
            holds=at_bank and HUB_RECORD in messages and BANK_REPORT not in messages,
            figures=f"both by their own clock, {(ends_us - cut_us) / 1e6:.1f} s after the cut; reported when the line was back",
        )

    # -- log --------------------------------------------------------------------------------------------------------------------

    def _log(self) -> Claim:
        good = (
            self._verified.get("holds") is True
            and self._verified.get("key_trusted") is True
            and self._checked.root_good
        )
        return Claim(
            name="the exported log verifies offline under the key known since joining",
            holds=good and self._verified.get("size") == self._checked.size,
            figures=f"{self._checked.size} leaves, root recomputed, signature good",
        )  # fmt: skip

    def _receipts(self) -> Claim:
        accepted = {one.order_id: one.log_index for one in self._story.seen().accepted()}
        right = sum(self._checked.places.get(order_id) == index for order_id, index in accepted.items())
        return Claim(
            name="every receipt proves its order in that log", holds=right == len(accepted) and self._checked.bad == 0,
            figures=f"{right} of {len(accepted)} orders",
        )  # fmt: skip


def _time(order: Seen, name: str) -> int:
    value = order.answer.get(name)
    return to_us(parse_time(value)) if value else 0


def _ms(start_us: int, end_us: int) -> str:
    return f"{(end_us - start_us) / 1000:.0f}"
