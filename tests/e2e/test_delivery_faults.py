"""Delivery through subscribers that misbehave: bounded memory, fencing, marked repeats, order within a thread, dead letters."""

import asyncio
import shutil
from typing import Any

import pytest

from tests.e2e.kit import BANK, HOUR, OTHER_BIN, OTHER_POLICE, POLICE, WAIT, Answer, Hand, executing, ordered, until
from tests.e2e.stream import Stream, set_aside
from tocsin import Executed, Outcome, Refused, Release, StopPayment
from tocsin.core.errors import BusError, Reason, WrongState
from tocsin.core.message import Lane
from tocsin.core.orders.deadline_passed import Deadline, DeadlinePassed
from tocsin.results import Park
from tocsin.testing import LocalHub, VirtualClock
from tocsin.wire.codec import open_envelope
from tocsin.wire.sequencing import Receipt
from tocsin_hub.domain.delivery import WINDOW, WINDOW_BYTES
from tocsin_hub.domain.rows import MailboxKey

URGENT = MailboxKey(BANK, Lane.URGENT.value)


async def sent(police: Hand, *numbers: int, **more: Any) -> list[Answer]:
    answers = await police.publish([police.seal(police.stop(n, **more)) for n in numbers])
    assert all(isinstance(one, Receipt) for one in answers), answers
    return answers


async def test_a_subscriber_that_reads_nothing_costs_bounded_memory_and_loses_nothing(hub: LocalHub) -> None:
    count = WINDOW + 200
    async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
        stream = await Stream.open(bank)
        for first in range(0, count, 100):
            await sent(police, *range(first, min(first + 100, count)))
        queue = hub.serving.hub.post_office._queues[URGENT, "main"]
        assert queue.mailbox.backlog == count
        assert queue.mailbox.ready <= WINDOW
        assert queue.mailbox._ready.room >= -WINDOW_BYTES
        await stream.credit(count, 64_000_000)
        found = await stream.deliveries(count)
        assert [one.seq for one in found] == list(range(1, count + 1))
        assert not any(one.repeat for one in found)


async def test_nothing_is_sent_beyond_the_credit(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
        stream = await Stream.open(bank)
        await sent(police, *range(10))
        assert await stream.silent()
        await stream.credit(3)
        assert [one.seq for one in await stream.deliveries(3)] == [1, 2, 3]
        assert await stream.silent()


async def test_a_second_ack_is_fenced_and_changes_nothing(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
        await sent(police, 1, 2)
        stream = await Stream.open(bank)
        await stream.credit()
        one, two = await stream.deliveries(2)
        await stream.ack(one)
        assert list((await stream.confirmed()).seqs) == [one.seq]
        await stream.ack(one)
        again = await stream.confirmed()
        assert (list(again.seqs), list(again.fenced_seqs)) == ([], [one.seq])
        await stream.ack(two)
        assert list((await stream.confirmed()).seqs) == [two.seq]


async def test_an_ack_with_the_token_of_another_attempt_is_fenced_and_loses_nothing(timed: LocalHub, clock: VirtualClock) -> None:
    async with Hand(timed, POLICE) as police, Hand(timed, BANK) as bank:
        await sent(police, 1)
        stream = await Stream.open(bank)
        await stream.credit()
        (first,) = await stream.deliveries(1)
        await stream.nack(first, reason="not now")
        await until(lambda: not timed.serving.hub.post_office._queues[URGENT, "main"].mailbox.holds(1, first.attempt_token))
        await clock.advance(10)
        (second,) = await stream.deliveries(1)
        assert (second.repeat, second.attempt, second.seq) == (True, 2, first.seq)
        await stream.ack(first)
        assert list((await stream.confirmed()).fenced_seqs) == [first.seq]
        await stream.ack(second)
        assert list((await stream.confirmed()).seqs) == [second.seq]


async def test_a_subscriber_that_vanishes_gets_it_again_marked_after_the_grace(timed: LocalHub, clock: VirtualClock) -> None:
    async with Hand(timed, POLICE) as police, Hand(timed, BANK) as bank:
        await sent(police, 1)
        stream = await Stream.open(bank)
        await stream.credit()
        (first,) = await stream.deliveries(1)
        stream.vanish()
        await until(lambda: not timed.serving.hub.post_office._queues[URGENT, "main"].sessions)
        again = await Stream.open(bank)
        await again.credit()
        await clock.advance(1.9)
        assert await again.silent()
        await clock.advance(0.2)
        (second,) = await again.deliveries(1)
        assert (second.seq, second.repeat, second.repeat_reason) == (first.seq, True, "session closed")
        assert second.envelope == first.envelope


async def test_an_ack_within_the_grace_still_counts(timed: LocalHub, clock: VirtualClock) -> None:
    async with Hand(timed, POLICE) as police, Hand(timed, BANK) as bank:
        await sent(police, 1)
        stream = await Stream.open(bank)
        await stream.credit()
        (first,) = await stream.deliveries(1)
        stream.vanish()
        await until(lambda: not timed.serving.hub.post_office._queues[URGENT, "main"].sessions)
        again = await Stream.open(bank)
        await again.credit()
        await again.ack(first)
        assert list((await again.confirmed()).seqs) == [first.seq]
        await clock.advance(10)
        assert await again.silent()


async def test_after_a_restart_of_the_hub_what_was_not_acked_comes_again_marked(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
        await sent(police, 1, 2, 3)
        stream = await Stream.open(bank)
        await stream.credit()
        found = await stream.deliveries(3)
        await stream.ack(found[0], found[2])
        confirmed: set[int] = set()
        while len(confirmed) < 2:
            confirmed |= set((await stream.confirmed()).seqs)
    await hub.stop()
    await hub.start()
    async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
        await sent(police, 4)
        stream = await Stream.open(bank)
        assert stream.welcome.generation == 3
        await stream.credit()
        again = await stream.deliveries(2)
        assert [(one.seq, one.repeat) for one in again] == [(2, True), (4, False)]
        assert again[0].repeat_reason == "hub restarted"


async def test_the_urgent_lane_does_not_wait_for_the_routine_one(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
        await sent(police, *range(50), lane=Lane.ROUTINE)
        urgent, routine = await Stream.open(bank), await Stream.open(bank, Lane.ROUTINE)
        await urgent.credit()
        await sent(police, 60)
        (one,) = await urgent.deliveries(1)
        assert one.seq == 1
        await routine.credit()
        assert [d.seq for d in await routine.deliveries(50)] == list(range(1, 51))


async def test_a_member_with_a_newer_checkpoint_stops_the_hub_for_all(hub: LocalHub, path: Any) -> None:
    async with Hand(hub, POLICE) as police:
        (receipt,) = await sent(police, 1)
    await hub.stop()
    older = path / "older"
    shutil.copytree(path / "hub", older, ignore=shutil.ignore_patterns("*.sock"))
    await hub.start()
    async with Hand(hub, POLICE) as police:
        (newer,) = await sent(police, 2)
        assert isinstance(newer, Receipt)
    await hub.stop()
    shutil.rmtree(path / "hub")
    shutil.copytree(older, path / "hub")  # database and anchor together: only a member can know
    await hub.start()
    async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
        assert isinstance(receipt, Receipt)
        calm = await Stream.open(bank, checkpoint=receipt.checkpoint)
        with pytest.raises(WrongState) as told:
            await Stream.open(police, checkpoint=newer.checkpoint)
        assert told.value.reason is Reason.HUB_BEHIND
        frame = await calm.read()
        while frame.WhichOneof("frame") != "go_away":
            frame = await calm.read()
        assert frame.go_away.reason == "HUB_BEHIND"
        for refuse in (bank.publish([police.seal(police.stop(3))]), Stream.open(bank)):
            with pytest.raises(WrongState) as refused:
                await refuse
            assert refused.value.reason is Reason.HUB_BEHIND
        assert hub.serving.hub.operations.alarms() == ["HUB_BEHIND"]


async def test_the_sdk_presents_its_newest_checkpoint_and_keeps_its_orders(hub: LocalHub, path: Any) -> None:
    await hub.stop()
    shutil.copytree(path / "hub", path / "older", ignore=shutil.ignore_patterns("*.sock"))
    await hub.start()
    async with hub.participant(POLICE) as police:
        await (await ordered(police, 1)).accepted(WAIT)
    await hub.stop()
    shutil.rmtree(path / "hub")
    shutil.copytree(path / "older", path / "hub")
    await hub.start()
    police = hub.participant(POLICE)
    with pytest.raises(BusError) as ended:
        async with asyncio.timeout(WAIT):
            await police.serve()
    assert ended.value.reason is Reason.HUB_BEHIND
    async with Hand(hub, BANK) as bank:
        with pytest.raises(WrongState):
            await bank.publish([b""])
    await police.open()
    kept = await ordered(police, 2)
    police.link.start()
    with pytest.raises(BusError):
        async with asyncio.timeout(WAIT):
            await police.link.until(asyncio.Event())
    row = await police.store.get_outbox(kept.message.header.message_id)
    assert row is not None
    assert row.state.value in ("queued", "sent")
    await police.aclose()


async def test_a_checkpoint_nobody_of_ours_signed_proves_nothing(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
        (receipt,) = await sent(police, 1)
        assert isinstance(receipt, Receipt)
        head = receipt.checkpoint.split(b"\n")
        head[1] = b"999999"
        forged = b"\n".join(head)
        stream = await Stream.open(bank, checkpoint=forged)
        await stream.credit()
        assert len(await stream.deliveries(1)) == 1


async def test_a_release_of_a_parked_stop_asks_the_handler_for_it_may_have_acted(hub: LocalHub) -> None:
    stops: list[str] = []
    releases: list[str] = []
    bank = hub.participant(BANK)

    @bank.on(StopPayment)
    async def stop(order: StopPayment) -> Executed:
        stops.append(order.id)
        raise Park("the officer must look")  # for all the SDK knows the money is held by now

    @bank.on(Release)
    async def release(order: Release) -> Executed:
        releases.append(order.thread_id)
        return Executed()

    async with bank, hub.participant(POLICE) as police:
        order = await ordered(police, 1)
        await order.accepted(WAIT)
        await until(lambda: stops)
        await set_aside(hub, BANK)
        released = await (await police.release(order)).outcome(WAIT)
        assert isinstance(released, Executed)
        assert released.outcome is Outcome.DONE
        assert releases == [order.id]
        assert await bank.objection(order.id) is Outcome.SUPERSEDED
        await hub.serving.hub.operations.replay(BANK, lane=None, seq=0)
        await set_aside(hub, BANK)
        assert (stops, releases) == ([order.id], [order.id])  # it stays with the person who has it


async def test_a_stop_that_arrives_after_its_release_is_answered_superseded_without_the_handler(
    timed: LocalHub, clock: VirtualClock
) -> None:
    calls: list[Any] = []
    async with Hand(timed, POLICE) as police, Hand(timed, BANK) as raw:
        stop = police.stop(1)
        await police.accepted(stop)
        stream = await Stream.open(raw)
        await stream.credit()
        (delivery,) = await stream.deliveries(1)
        await stream.nack(delivery, reason="parked", permanent=True, delay_ms=0)
        await police.accepted(police.release(stop))
        (release,) = await stream.deliveries(1)
        assert open_envelope(release.envelope).message.KIND.name == "release"
        stream.vanish()
        await until(lambda: not timed.serving.hub.post_office._queues[URGENT, "main"].sessions)
    bank = timed.participant(BANK)
    executing(bank, calls)
    async with bank, timed.participant(POLICE) as police:
        await until(lambda: bank.link.held(Lane.URGENT) is not None)
        await clock.advance(5)
        assert calls == []
        await timed.serving.hub.operations.replay(BANK, lane=None, seq=1)
        await clock.advance(5)
        assert calls == []
        reports = [row for row in await bank.store.outbox_list() if row.kind == "report"]
        found = [open_envelope(row.envelope).message for row in reports]
        assert sorted(one.outcome.name for one in found) == ["ALREADY", "SUPERSEDED"]  # type: ignore[attr-defined]


async def test_a_routine_delivery_given_up_is_a_dead_letter_with_its_reason_until_it_is_replayed(hub: LocalHub) -> None:
    async with Hand(hub, POLICE) as police, Hand(hub, BANK) as bank:
        await sent(police, 1, 2, lane=Lane.ROUTINE)
        stream = await Stream.open(bank, Lane.ROUTINE)
        await stream.credit()
        first, second = await stream.deliveries(2)
        await stream.nack(first, reason="no such account system", permanent=True)
        await stream.ack(second)
        await stream.confirmed()
        operations = hub.serving.hub.operations
        ((letter, message),) = await set_aside(hub, BANK)
        assert (letter.seq, letter.reason, letter.attempts) == (first.seq, "no such account system", 1)
        assert message.kind == "stop-payment"
        assert await operations.replay(BANK, lane=None, seq=first.seq) == 1
        (again,) = await stream.deliveries(1)
        assert (again.seq, again.repeat, again.envelope) == (first.seq, True, first.envelope)
        await stream.ack(again)
        await stream.confirmed()
        assert await operations.dead_letters(BANK) == []
        with pytest.raises(BusError) as none:
            await operations.replay(BANK, lane=None, seq=first.seq)
        assert none.value.reason is Reason.NOT_FOUND


@pytest.mark.parametrize(("bank_named", "told"), [(BANK, OTHER_POLICE), ("bank.ccb", "hub")])
async def test_an_urgent_order_given_up_is_told_to_who_was_named_and_stays(hub: LocalHub, bank_named: str, told: str) -> None:
    more = {} if bank_named == BANK else {"bin_": OTHER_BIN, "recipients": (bank_named,)}
    async with Hand(hub, POLICE) as police, Hand(hub, bank_named) as bank:
        (receipt,) = await sent(police, 1, **more)
        stream = await Stream.open(bank)
        await stream.credit()
        (one,) = await stream.deliveries(1)
        await stream.nack(one, reason="our system is down", permanent=True)
        store = hub.serving.hub.store
        async with asyncio.timeout(WAIT):
            while MailboxKey(told, Lane.URGENT.value) not in await store.all_mailboxes():
                await asyncio.sleep(0.01)
        (entry,) = await store.entries(MailboxKey(told, Lane.URGENT.value), after_seq=0, limit=10)
        bodies = hub.serving.hub.look_up._bodies
        record = open_envelope(bodies.open(entry.message.message_id, entry.message.body)).message
        assert isinstance(record, DeadlinePassed)
        assert (record.deadline, record.party) == (Deadline.DELIVERY, bank_named)
        ((letter, message),) = await set_aside(hub, bank_named)
        assert isinstance(receipt, Receipt)
        assert message.log_index == receipt.sequencing.log_index
        assert letter.reason == "our system is down"
        order = await store.order(message.message_id)
        assert order is not None
        assert order.state == "open"
        await hub.serving.hub.operations.replay(bank_named, lane=None, seq=0)
        (again,) = await stream.deliveries(1)
        assert again.envelope == one.envelope


async def test_an_urgent_order_whose_handler_keeps_failing_is_tried_on_and_escalated(timed: LocalHub, clock: VirtualClock) -> None:
    calls: list[bool] = []
    bank = timed.participant(BANK)

    @bank.on(StopPayment)
    async def stop(order: StopPayment) -> Refused:
        calls.append(order.repeat)
        if len(calls) <= 11:
            raise ValueError("the core system says no")
        return Refused("not-found")

    async with bank, timed.participant(POLICE) as police, Hand(timed, OTHER_POLICE):
        order = await ordered(police, 1)
        await order.accepted(WAIT)
        await until(lambda: calls)
        await clock.advance(HOUR)
        assert calls == [False] + [True] * 11
        assert MailboxKey(OTHER_POLICE, Lane.URGENT.value) in await timed.serving.hub.store.all_mailboxes()
        answer = await order.outcome(WAIT)
        assert isinstance(answer, Refused)
        assert answer.reason is Outcome.NOT_FOUND
