"""The life of a measure through hub and SDK on virtual time: prolonged, replaced, released, ended by itself, late and silent."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.e2e.kit import (
    BANK,
    CONTACT,
    HOUR,
    OTHER_POLICE,
    POLICE,
    SECOND_US,
    WAIT,
    Hand,
    card,
    executing,
    ordered,
    until,
)
from tests.e2e.stream import Stream
from tocsin import Executed, Lapsed, Outcome, Participant, Refused, SentOrder, StopPayment
from tocsin.core.errors import BusError, Reason, RuleBroken
from tocsin.core.measure import MeasureState
from tocsin.core.times import from_us
from tocsin.results import NoAnswer, Pending
from tocsin.testing import LocalHub, VirtualClock

TERM = timedelta(hours=48)


async def executed(order: SentOrder) -> Executed:
    answer = await order.outcome(WAIT)
    assert isinstance(answer, Executed), answer
    assert answer.expires_at is None or answer.applied_at is not None
    return answer


async def frozen(police: Participant, order: SentOrder) -> SentOrder:
    return await police.freeze(
        order, case_filing_no="A4201-0001", document_no="D-1", contact=CONTACT, amount="50000.00 CNY"
    )


async def states(hub: LocalHub, order: SentOrder, *members: Participant) -> set[str]:
    """What the hub and each member say of the thread."""
    root_id = order.message.header.root_id
    thread = await hub.serving.hub.store.thread(root_id)
    assert thread is not None
    found = {thread.state}
    for member in members:
        row = await member.store.get_measure(root_id)
        assert row is not None
        found.add(row.state.value)
    return found


def now(clock: VirtualClock) -> datetime:
    return from_us(clock.now_us())


async def test_an_extension_runs_from_the_end_of_the_first_term(timed: LocalHub, clock: VirtualClock) -> None:
    bank, police = timed.participant(BANK), timed.participant(POLICE)
    executing(bank)
    async with bank, police:
        stop = await ordered(police, 1)
        first = await executed(stop)
        assert (first.applied_at, first.expires_at) == (now(clock), now(clock) + TERM)
        await clock.advance(40 * HOUR)
        second = await executed(await police.extend(stop))
        assert first.expires_at is not None
        assert (second.applied_at, second.expires_at) == (now(clock), first.expires_at + TERM)
        await clock.advance(8 * HOUR + 1)
        assert await states(timed, stop, bank, police) == {"in-force"}
        await clock.advance(48 * HOUR)
        assert await states(timed, stop, bank, police) == {"lapsed"}


async def test_a_freeze_takes_the_place_of_a_stop_without_a_gap(timed: LocalHub, clock: VirtualClock) -> None:
    bank, police = timed.participant(BANK), timed.participant(POLICE)
    executing(bank)
    ends: list[Lapsed] = []

    @bank.on(Lapsed)
    async def lapsed(event: Lapsed) -> None:
        ends.append(event)

    async with bank, police:
        stop = await ordered(police, 1)
        first = await executed(stop)
        await clock.advance(47 * HOUR)
        freeze = await executed(await frozen(police, stop))
        assert first.expires_at is not None
        assert freeze.applied_at is not None
        assert freeze.expires_at is not None
        assert freeze.applied_at < first.expires_at < freeze.expires_at
        await clock.advance(30 * 24 * HOUR)
        assert await states(timed, stop, bank, police) == {"in-force"}
        assert ends == []
        for member in (bank, police):
            row = await member.store.get_measure(stop.message.header.root_id)
            assert row is not None
            assert (row.instrument, from_us(row.ends_us)) == ("freeze", freeze.expires_at)


async def test_a_freeze_ends_after_six_months_by_the_calendar(timed: LocalHub, clock: VirtualClock) -> None:
    bank, police = timed.participant(BANK), timed.participant(POLICE)
    executing(bank)
    async with bank, police:
        freeze = await police.freeze(
            card(1), case_filing_no="A-1", document_no="D-1", contact=CONTACT, amount="50000.00 CNY"
        )
        answer = await executed(freeze)
        assert answer.expires_at is not None
        assert timedelta(days=180) < answer.expires_at - now(clock) < timedelta(days=186)
        left = (answer.expires_at - now(clock)).total_seconds()
        await clock.advance(left - 1)
        assert await states(timed, freeze, bank, police) == {"in-force"}
        await clock.advance(2)
        assert await states(timed, freeze, bank, police) == {"lapsed"}


async def test_a_release_ends_a_measure_at_once_everywhere(timed: LocalHub, clock: VirtualClock) -> None:
    bank, police = timed.participant(BANK), timed.participant(POLICE)
    executing(bank)
    async with bank, police:
        stop = await ordered(police, 1)
        await executed(stop)
        await executed(await police.release(stop, reason="mistaken identity"))
        await clock.settle()
        assert await states(timed, stop, bank, police) == {"released"}
        await clock.advance(49 * HOUR)
        assert await states(timed, stop, bank, police) == {"released"}


async def test_a_stop_lapses_by_itself_at_hub_bank_and_police_and_the_handler_is_told_once(
    timed: LocalHub, clock: VirtualClock
) -> None:
    bank, police = timed.participant(BANK), timed.participant(POLICE)
    executing(bank)
    told: list[Lapsed] = []

    @bank.on(Lapsed)
    async def lapsed(event: Lapsed) -> None:
        told.append(event)

    async with bank, police:
        stop = await ordered(police, 1)
        answer = await executed(stop)
        await clock.advance(48 * HOUR - 1)
        assert await states(timed, stop, bank, police) == {"in-force"}
        await clock.advance(2)
        assert await states(timed, stop, bank, police) == {"lapsed"}
        (event,) = told
        assert (event.thread_id, event.kind, event.ends_at) == (stop.id, "stop-payment", answer.expires_at)
        assert not event.repeat
        reports = [row for row in await police.store.inbox_list() if row.kind == "report"]
        assert len(reports) == 2  # executed, lapsed


async def test_a_stop_lapses_at_a_bank_that_is_cut_off_and_the_hub_says_so_by_its_own_clock(
    timed: LocalHub, clock: VirtualClock
) -> None:
    bank, police = timed.participant(BANK), timed.participant(POLICE)
    executing(bank)
    async with police:
        async with bank:
            stop = await ordered(police, 1)
            await executed(stop)
        # The same machine without a line: another hub address, where nobody answers.
        cut_off = timed.participant(BANK)
        object.__setattr__(cut_off.identity, "hub_address", "127.0.0.1:1")
        executing(cut_off)
        async with cut_off:
            await clock.advance(48 * HOUR + 1)
            root_id = stop.message.header.root_id
            row = await cut_off.store.get_measure(root_id)
            assert row is not None
            assert row.state is MeasureState.LAPSED
            assert [r.state.value for r in await cut_off.store.outbox_list(limit=1)] == ["queued"]
            assert await states(timed, stop, police) == {"lapsed"}
        back = timed.participant(BANK)
        executing(back)
        async with back:
            await until(lambda: back.link.connected.is_set())
            await clock.advance(5)
            reports = [r for r in await back.store.outbox_list() if r.kind == "report"]
            assert [r.state.value for r in reports] == ["accepted", "accepted"]
            assert await states(timed, stop, back, police) == {"lapsed"}


async def test_an_account_has_two_terms_whoever_asks(timed: LocalHub, clock: VirtualClock) -> None:
    calls: list[Any] = []
    bank, police, other = timed.participant(BANK), timed.participant(POLICE), timed.participant(OTHER_POLICE)
    executing(bank, calls)
    async with bank, police, other:
        await executed(await ordered(police, 1))
        await clock.advance(49 * HOUR)
        await executed(await ordered(other, 1))
        await clock.advance(49 * HOUR)
        for who in (police, other):
            with pytest.raises(RuleBroken) as refused:
                await (await ordered(who, 1)).outcome(WAIT)
            assert refused.value.reason is Reason.TERMS_EXHAUSTED
        assert len(calls) == 2
        await executed(await ordered(police, 2))


async def test_a_term_that_was_refused_by_the_bank_is_not_used_up(timed: LocalHub, clock: VirtualClock) -> None:
    bank, police = timed.participant(BANK), timed.participant(POLICE)

    @bank.on(StopPayment)
    async def stop(order: StopPayment) -> Refused:
        return Refused("mismatch", note="the name is not the holder's")

    async with bank, police:
        for _ in range(3):
            answer = await (await ordered(police, 1)).outcome(WAIT)
            assert isinstance(answer, Refused)
            assert answer.reason is Outcome.MISMATCH


async def test_a_report_that_was_made_in_time_and_came_after_the_end_is_late_and_not_refused(
    timed: LocalHub, clock: VirtualClock
) -> None:
    async with timed.participant(POLICE) as police, Hand(timed, BANK) as bank:
        stop = await ordered(police, 1)
        await stop.accepted(WAIT)
        report = bank.seal(bank.report(stop.message))
        await clock.advance(49 * HOUR)
        assert await states(timed, stop, police) == {"unexecuted"}
        receipt = await bank.offer(report)
        assert not isinstance(receipt, BusError), receipt
        await clock.settle()
        answer = await stop.outcome(WAIT)
        assert isinstance(answer, Executed)
        assert answer.late
        assert await states(timed, stop, police) == {"lapsed"}


async def test_a_late_report_of_money_still_held_puts_the_measure_in_force(timed: LocalHub, clock: VirtualClock) -> None:
    async with timed.participant(POLICE) as police, Hand(timed, BANK) as bank:
        stop = await ordered(police, 1)
        await stop.accepted(WAIT)
        await clock.advance(49 * HOUR)
        assert await states(timed, stop, police) == {"unexecuted"}
        await bank.accepted(bank.report(stop.message))
        await clock.settle()
        answer = await stop.outcome(WAIT)
        assert isinstance(answer, Executed)
        assert answer.late
        assert await states(timed, stop, police) == {"in-force"}
        release = await police.release(stop)
        await release.accepted(WAIT)
        await bank.accepted(bank.report(release.message, applied_us=0, expires_us=0))
        await clock.settle()
        assert await states(timed, stop, police) == {"released"}


@pytest.mark.parametrize("fetched", [False, True], ids=["not fetched", "fetched but unanswered"])
async def test_silence_is_stated_by_the_hub_with_what_it_knows(timed: LocalHub, clock: VirtualClock, fetched: bool) -> None:
    async with timed.participant(POLICE) as police, Hand(timed, BANK) as bank:
        stop = await ordered(police, 1)
        await stop.accepted(WAIT)
        assert isinstance(await stop.outcome(0.05), Pending)
        if fetched:
            stream = await Stream.open(bank)
            await stream.credit()
            (delivery,) = await stream.deliveries(1)
            await stream.ack(delivery)
            await stream.confirmed()
        await clock.advance(15 * 60 + 1)
        answer = await stop.outcome(WAIT)
        assert isinstance(answer, NoAnswer)
        assert (answer.party, answer.fetched) == (BANK, fetched)
        assert answer.due_at == from_us((await _accepted_us(timed, stop)) + 15 * 60 * SECOND_US)
        await bank.accepted(bank.report(stop.message))
        await clock.settle()
        assert isinstance(await stop.outcome(WAIT), Executed)


async def _accepted_us(hub: LocalHub, order: SentOrder) -> int:
    row = await hub.serving.hub.store.by_id(order.message.header.message_id)
    assert row is not None
    return row.accepted_us


async def test_an_order_older_than_its_term_is_answered_without_the_handler(timed: LocalHub, clock: VirtualClock) -> None:
    calls: list[Any] = []
    async with timed.participant(POLICE) as police:
        stop = await ordered(police, 1)
        await stop.accepted(WAIT)
        await clock.advance(48 * HOUR + 1)
        bank = timed.participant(BANK)
        executing(bank, calls)
        async with bank:
            await until(lambda: bank.link.connected.is_set())
            await clock.advance(5)
            answer = await stop.outcome(WAIT)
            assert isinstance(answer, Refused)
            assert answer.reason is Outcome.OUT_OF_TERM
            assert calls == []


async def test_a_drill_reaches_only_handlers_that_opted_in_and_uses_no_term(timed: LocalHub, clock: VirtualClock) -> None:
    calls: list[Any] = []
    plain, police = timed.participant(BANK), timed.participant(POLICE)
    executing(plain, calls)
    async with plain, police:
        for _ in range(3):
            answer = await (await ordered(police, 1, exercise=True)).outcome(WAIT)
            assert isinstance(answer, Refused)
            assert answer.reason is Outcome.UNSUPPORTED
        assert calls == []
    willing, police = timed.participant(BANK), timed.participant(POLICE)

    @willing.on(StopPayment, exercise=True)
    async def stop(order: StopPayment) -> Executed:
        calls.append(order)
        return Executed(held=order.amount)

    async with willing, police:
        await executed(await ordered(police, 1, exercise=True))
        for _ in range(2):  # both terms of the account are still there
            await executed(await ordered(police, 1))
        assert [call.header.exercise for call in calls] == [True, False, False]
