"""Handlers that raise, hang or talk rubbish, and a wall clock that is set: orders come again, wait for a person, or for a word."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest

from tests.e2e.kit import BANK, HOUR, POLICE, WAIT, ordered, until
from tocsin import Executed, Lapsed, Outcome, Refused, StopPayment
from tocsin.client.handlers import MAX_PROCESSING_SECONDS
from tocsin.client.rows import InboxState
from tocsin.core.errors import BusError, Reason
from tocsin.core.times import from_us
from tocsin.results import NoAnswer, Pending, Retry
from tocsin.testing import LocalHub, VirtualClock


async def test_an_order_whose_handler_raises_comes_again_marked_until_it_is_done(timed: LocalHub, clock: VirtualClock) -> None:
    calls: list[tuple[bool, int]] = []
    bank = timed.participant(BANK)

    @bank.on(StopPayment)
    async def stop(order: StopPayment) -> Executed:
        calls.append((order.repeat, order.delivery.attempt))
        if len(calls) < 4:
            raise ConnectionError("the core system is away")
        return Executed(held=order.amount)

    async with bank, timed.participant(POLICE) as police:
        order = await ordered(police, 1)
        await order.accepted(WAIT)
        began = from_us(clock.now_us())
        await clock.advance(60)
        assert calls == [(False, 1), (True, 2), (True, 3), (True, 4)]
        answer = await order.outcome(WAIT)
        assert isinstance(answer, Executed)
        # The term runs from when a handler first began, so that a repeat gives the same end.
        assert answer.applied_at == began
        assert answer.expires_at == began + timedelta(hours=48)


async def test_a_handler_that_asks_to_be_asked_later_is_not_asked_before(timed: LocalHub, clock: VirtualClock) -> None:
    calls: list[int] = []
    bank = timed.participant(BANK)

    @bank.on(StopPayment)
    async def stop(order: StopPayment) -> Executed:
        calls.append(clock.now_us())
        if len(calls) == 1:
            raise Retry(after=600, reason="the books are closed for ten minutes")
        return Executed(held=order.amount)

    async with bank, timed.participant(POLICE) as police:
        order = await ordered(police, 1)
        await order.accepted(WAIT)
        await clock.advance(590)
        assert len(calls) == 1
        await clock.advance(30)
        assert len(calls) == 2
        assert isinstance(await order.outcome(WAIT), Executed)


@pytest.mark.parametrize("plain", [False, True], ids=["async", "in a thread"])
async def test_a_handler_that_hangs_is_given_up_parked_and_never_run_beside_itself(
    timed: LocalHub, clock: VirtualClock, plain: bool
) -> None:
    calls: list[str] = []
    let_go = threading.Event()
    bank = timed.participant(BANK)

    if plain:

        @bank.on(StopPayment)
        def stop_slowly(order: StopPayment) -> Executed:
            calls.append(order.id)
            let_go.wait(WAIT)
            return Executed(held=order.amount)
    else:

        @bank.on(StopPayment)
        async def stop(order: StopPayment) -> Executed:
            calls.append(order.id)
            await asyncio.Event().wait()
            raise AssertionError("nobody sets it")

    try:
        async with bank, timed.participant(POLICE) as police:
            order = await ordered(police, 1)
            await order.accepted(WAIT)
            await until(lambda: calls and MAX_PROCESSING_SECONDS in clock.pending())
            clock.skip(MAX_PROCESSING_SECONDS + 1)
            message_id = order.message.header.message_id
            async with asyncio.timeout(WAIT):
                while (row := await bank.store.get_inbox(message_id)) is None or row.state is not InboxState.PARKED:
                    await asyncio.sleep(0.01)
            assert row.park_reason == "the handler took too long"
            async with asyncio.timeout(WAIT):
                while not (letters := await timed.serving.hub.operations.dead_letters(BANK)):
                    await asyncio.sleep(0.01)
            assert letters[0][0].reason == "the handler took too long"
            await timed.serving.hub.operations.replay(BANK, lane=None, seq=0)
            await clock.advance(60)
            assert calls == [order.id]
            # A person answers it.
            await bank.answer(order.id, Refused("mismatch", note="looked at by hand"))
            answer = await order.outcome(WAIT)
            assert isinstance(answer, Refused)
            assert answer.reason is Outcome.MISMATCH
    finally:
        let_go.set()


@pytest.mark.parametrize(
    "rubbish", [None, "ok", {"held": "50000 CNY"}, 50_000, Executed], ids=["None", "text", "dict", "number", "a class"]
)
async def test_a_handler_that_returns_rubbish_has_given_no_answer(timed: LocalHub, clock: VirtualClock, rubbish: Any) -> None:
    calls: list[bool] = []
    bank = timed.participant(BANK)

    @bank.on(StopPayment)
    async def stop(order: StopPayment) -> Any:
        calls.append(order.repeat)
        return rubbish if len(calls) < 3 else Executed(held=order.amount)

    async with bank, timed.participant(POLICE) as police:
        order = await ordered(police, 1)
        await order.accepted(WAIT)
        assert isinstance(await order.outcome(0), Pending)
        await clock.advance(30)
        assert calls == [False, True, True]
        answer = await order.outcome(WAIT)
        assert isinstance(answer, Executed)
        reports = [row for row in await bank.store.outbox_list() if row.kind == "report"]
        assert len(reports) == 1


async def test_a_wall_clock_that_is_set_stops_deadlines_until_it_is_explained(timed: LocalHub, clock: VirtualClock) -> None:
    async with timed.participant(POLICE) as police:
        order = await ordered(police, 1)
        await order.accepted(WAIT)
        operations = timed.serving.hub.operations
        assert operations.alarms() == []
        clock.step_wall(600)
        assert operations.alarms() == ["CLOCK_UNEXPLAINED"]
        size = timed.serving.hub.sequencer.frontier.size
        # By the wall clock the answer is due now, and nothing is recorded: ten minutes of it never passed.
        for _ in range(3):
            await clock.advance(400)
        assert timed.serving.hub.sequencer.frontier.size == size
        assert isinstance(await order.outcome(0), Pending)
        another = await ordered(police, 2)
        receipt = await another.accepted(WAIT)
        assert receipt.sequencing.accepted_us <= clock.now_us()
        assert operations.accept_clock() == 600_000_000
        assert operations.alarms() == []
        async with asyncio.timeout(WAIT):
            assert isinstance(await order.outcome(WAIT), NoAnswer)


async def test_a_wall_clock_that_is_set_back_never_makes_acceptance_go_back(timed: LocalHub, clock: VirtualClock) -> None:
    async with timed.participant(POLICE) as police:
        first = await (await ordered(police, 1)).accepted(WAIT)
        clock.step_wall(-600)
        second = await (await ordered(police, 2)).accepted(WAIT)
        assert second.sequencing.accepted_us >= first.sequencing.accepted_us
        assert timed.serving.hub.operations.alarms() == ["CLOCK_UNEXPLAINED"]


async def test_a_handler_for_a_lapse_that_raises_is_asked_again_and_the_end_stands(timed: LocalHub, clock: VirtualClock) -> None:
    told: list[bool] = []
    bank = timed.participant(BANK)

    @bank.on(StopPayment)
    async def stop(order: StopPayment) -> Executed:
        return Executed(held=order.amount)

    @bank.on(Lapsed)
    async def lapsed(event: Lapsed) -> None:
        told.append(event.repeat)
        if len(told) == 1:
            raise ConnectionError("the core system is away")

    async with bank, timed.participant(POLICE) as police:
        order = await ordered(police, 1)
        assert isinstance(await order.outcome(WAIT), Executed)
        await clock.advance(48 * HOUR + 10)
        assert told == [False, True]
        row = await bank.store.get_measure(order.message.header.root_id)
        assert row is not None
        assert row.state.value == "lapsed"


async def test_an_answer_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(BusError) as wrong:
        Refused("done")
    assert wrong.value.reason is Reason.HANDLER_RESULT_INVALID
