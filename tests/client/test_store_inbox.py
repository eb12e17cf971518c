"""The inbox: known once, marked before, ended together with its report."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from store_rows import NOW_US, incoming, measure, message_id, outgoing

from tocsin.client.rows import (
    InboxRow,
    InboxState,
    Incoming,
    OutboxState,
    Received,
    Seen,
    StartMark,
)
from tocsin.client.store import FILE_NAME, ClientStore
from tocsin.core.errors import IdReused, NotFound
from tocsin.core.message import Lane


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ClientStore]:
    async with await ClientStore.open(tmp_path / FILE_NAME) as opened:
        yield opened


async def row(store: ClientStore, number: int) -> InboxRow:
    found = await store.get_inbox(message_id(number))
    assert found is not None
    return found


def new(state: InboxState = InboxState.RECEIVED, *, repeat: bool = False) -> Received:
    return Received(seen=Seen.NEW, state=state, repeat=repeat)


async def test_a_delivery_reads_back_as_it_was(store: ClientStore) -> None:
    assert await store.receive([incoming(1)]) == [new()]
    assert await row(store, 1) == InboxRow(
        message_id=message_id(1),
        message_hash=incoming(1).message_hash,
        epoch=1,
        lane=Lane.URGENT,
        seq=1,
        root_id=message_id(1),
        kind="stop-payment",
        why=1,
        envelope=b"envelope 1",
        sequencing=b"sequencing 1",
        attempt=1,
        attempt_token=b"token 1.1",
        state=InboxState.RECEIVED,
        received_us=NOW_US,
        started_us=0,
        finished_us=0,
        report_id=b"",
        repeat=False,
        confirmed=False,
        park_reason="",
    )
    assert await store.get_inbox(message_id(2)) is None


@pytest.mark.parametrize("size", [1, 63, 64, 65, 130])
async def test_each_delivery_of_a_batch_gets_its_own_answer(store: ClientStore, size: int) -> None:
    await store.receive([incoming(n) for n in range(1, size + 1, 2)])
    answers = await store.receive([incoming(n, attempt=2) for n in range(1, size + 1)])
    assert [one.seen for one in answers] == [Seen.UNFINISHED if n % 2 else Seen.NEW for n in range(1, size + 1)]
    assert [one.message_id for one in await store.unfinished(Lane.URGENT)] == [
        message_id(n) for n in range(1, size + 1)
    ]


async def test_a_redelivery_takes_over_position_and_attempt_and_stores_nothing_twice(store: ClientStore) -> None:
    await store.receive([incoming(1)])
    again = incoming(1, epoch=2, seq=77, attempt=3, attempt_token=b"token 1.3", now_us=NOW_US + 9)
    assert await store.receive([again]) == [Received(seen=Seen.UNFINISHED, state=InboxState.RECEIVED, repeat=False)]
    found = await row(store, 1)
    assert (found.epoch, found.seq, found.attempt, found.attempt_token) == (2, 77, 3, b"token 1.3")
    assert (found.received_us, found.repeat) == (NOW_US, False)
    assert len(await store.inbox_list()) == 1


async def test_a_finished_message_is_said_to_be_finished(store: ClientStore) -> None:
    await store.receive([incoming(1)])
    await store.start(message_id(1), NOW_US)
    await store.finish(message_id(1), outgoing(2), NOW_US)
    assert await store.receive([incoming(1, attempt=2)]) == [
        Received(seen=Seen.FINISHED, state=InboxState.DONE, repeat=True)
    ]
    assert await store.unfinished(Lane.URGENT) == []


async def test_a_known_id_with_another_hash_is_named_and_changes_nothing(store: ClientStore) -> None:
    await store.receive([incoming(1)])
    before = await row(store, 1)
    other = incoming(1, message_hash=b"?" * 32, seq=5, attempt=2)
    assert [one.seen for one in await store.receive([other, incoming(2)])] == [Seen.OTHER_CONTENT, Seen.NEW]
    assert await row(store, 1) == before


async def test_the_first_start_is_no_repeat_unless_the_hub_says_so(store: ClientStore) -> None:
    await store.receive([incoming(1), incoming(2, repeat=True)])
    assert await store.start(message_id(1), NOW_US + 1) == StartMark(
        first=True, repeat=False, finished=False, started_us=NOW_US + 1
    )
    assert await store.start(message_id(2), NOW_US + 1) == StartMark(
        first=True, repeat=True, finished=False, started_us=NOW_US + 1
    )


async def test_a_second_start_is_a_repeat_and_keeps_the_first_time(store: ClientStore) -> None:
    await store.receive([incoming(1)])
    await store.start(message_id(1), NOW_US + 1)
    assert await store.start(message_id(1), NOW_US + 2) == StartMark(
        first=False, repeat=True, finished=False, started_us=NOW_US + 1
    )
    assert (await row(store, 1)).started_us == NOW_US + 1


async def test_two_starts_at_once_have_one_first(store: ClientStore) -> None:
    await store.receive([incoming(1)])
    marks = await asyncio.gather(*(store.start(message_id(1), NOW_US + n) for n in range(5)))
    assert [mark.first for mark in marks].count(True) == 1
    assert {mark.started_us for mark in marks} == {next(mark.started_us for mark in marks if mark.first)}


async def test_a_start_mark_survives_a_restart_and_makes_the_redelivery_a_repeat(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    async with await ClientStore.open(path) as store:
        await store.receive([incoming(1), incoming(2)])
        await store.start(message_id(1), NOW_US + 1)
    async with await ClientStore.open(path) as store:
        answers = await store.receive([incoming(1, attempt=2), incoming(2, attempt=2)])
        assert [one.repeat for one in answers] == [True, False]
        assert [(await store.start(message_id(n), NOW_US + 5)).first for n in (1, 2)] == [False, True]


async def test_a_message_may_be_stored_with_its_start_mark(store: ClientStore) -> None:
    assert await store.receive([incoming(1, state=InboxState.STARTED)]) == [new(InboxState.STARTED)]
    assert (await row(store, 1)).started_us == NOW_US
    (again,) = await store.receive([incoming(1, attempt=2)])
    assert (again.seen, again.repeat) == (Seen.UNFINISHED, True)


async def test_within_one_batch_the_second_copy_is_known_with_its_mark(store: ClientStore) -> None:
    started = incoming(1, state=InboxState.STARTED)
    answers = await store.receive([started, incoming(1, attempt=2, attempt_token=b"token 1.2")])
    assert [(one.seen, one.repeat) for one in answers] == [(Seen.NEW, False), (Seen.UNFINISHED, True)]
    assert (await row(store, 1)).attempt_token == b"token 1.2"


@pytest.mark.parametrize(
    ("delivery", "seen_again"),
    [
        (incoming(1, state=InboxState.COPIED), Seen.FINISHED),
        (incoming(1, state=InboxState.WAITING), Seen.UNFINISHED),
        (incoming(1, state=InboxState.PARKED, park_reason="SIGNATURE_INVALID"), Seen.UNFINISHED),
    ],
)
async def test_a_message_may_begin_aside(store: ClientStore, delivery: Incoming, seen_again: Seen) -> None:
    await store.receive([delivery])
    found = await row(store, 1)
    assert (found.state, found.park_reason) == (delivery.state, delivery.park_reason)
    assert await store.unfinished(Lane.URGENT) == []
    assert [one.seen for one in await store.receive([incoming(1, attempt=2)])] == [seen_again]
    assert (await store.start(message_id(1), NOW_US)).finished is (seen_again is Seen.FINISHED)


async def test_report_measure_and_end_come_in_one_commit(store: ClientStore) -> None:
    await store.receive([incoming(1)])
    await store.start(message_id(1), NOW_US + 1)
    assert await store.finish(message_id(1), outgoing(2), NOW_US + 2, measure=measure(1)) is True
    found = await row(store, 1)
    assert (found.state, found.finished_us, found.report_id) == (InboxState.DONE, NOW_US + 2, message_id(2))
    report = await store.get_outbox(message_id(2))
    assert report is not None
    assert report.state is OutboxState.QUEUED
    assert await store.get_measure(message_id(1)) == measure(1)


async def test_when_the_report_cannot_be_queued_nothing_ends(store: ClientStore) -> None:
    await store.enqueue([outgoing(2)])
    await store.receive([incoming(1), incoming(3)])
    await store.start(message_id(1), NOW_US)
    before = await row(store, 1)
    results = await asyncio.gather(
        store.finish(message_id(1), outgoing(2, envelope=b"other"), NOW_US, measure=measure(1)),
        store.finish(message_id(3), outgoing(4), NOW_US, measure=measure(3)),
        return_exceptions=True,
    )
    assert isinstance(results[0], IdReused)
    assert results[1] is True
    assert await row(store, 1) == before
    assert await store.get_measure(message_id(1)) is None
    assert (await row(store, 3)).state is InboxState.DONE


async def test_a_second_end_takes_neither_report_nor_measure(store: ClientStore) -> None:
    await store.receive([incoming(1)])
    answers = await asyncio.gather(
        store.finish(message_id(1), outgoing(2), NOW_US, measure=measure(1, terms=1)),
        store.finish(message_id(1), outgoing(3), NOW_US, measure=measure(1, terms=2)),
    )
    assert tuple(answers) == (True, False)
    assert await store.finish(message_id(1), outgoing(4), NOW_US, measure=measure(1, terms=3)) is False
    assert [one.message_id for one in await store.outbox_list()] == [message_id(2)]
    assert await store.get_measure(message_id(1)) == measure(1, terms=1)
    mark = await store.start(message_id(1), NOW_US + 9)
    assert (mark.finished, mark.first) == (True, False)
    assert await store.park(message_id(1), "too late", NOW_US) is False
    assert await store.waiting(message_id(1), NOW_US) is False
    assert (await row(store, 1)).state is InboxState.DONE


async def test_a_kind_without_report_ends_without_one(store: ClientStore) -> None:
    await store.receive([incoming(1)])
    assert await store.finish(message_id(1), None, NOW_US) is True
    assert (await row(store, 1)).report_id == b""
    assert await store.outbox_list() == []


async def test_a_message_put_aside_can_be_taken_up_and_answered_by_hand(store: ClientStore) -> None:
    await store.receive([incoming(n) for n in (1, 2, 3)])
    await store.start(message_id(1), NOW_US + 1)
    assert await store.park(message_id(1), "handler hung", NOW_US) is True
    assert await store.waiting(message_id(2), NOW_US) is True
    found = await row(store, 1)
    assert (found.state, found.park_reason, found.started_us) == (InboxState.PARKED, "handler hung", NOW_US + 1)
    assert [one.message_id for one in await store.unfinished(Lane.URGENT)] == [message_id(3)]
    mark = await store.start(message_id(1), NOW_US + 2)
    assert (mark.first, mark.repeat) == (False, True)
    assert (await row(store, 1)).park_reason == ""
    assert await store.finish(message_id(2), outgoing(9), NOW_US) is True
    assert (await row(store, 2)).state is InboxState.DONE


async def test_an_unknown_message_is_not_found_and_batch_mates_are_unharmed(store: ClientStore) -> None:
    await store.receive([incoming(1), incoming(2)])
    results = await asyncio.gather(
        store.start(message_id(1), NOW_US), store.start(message_id(9), NOW_US), return_exceptions=True
    )
    assert isinstance(results[0], StartMark)
    assert isinstance(results[1], NotFound)
    for call in (
        store.finish(message_id(9), outgoing(5), NOW_US),
        store.park(message_id(9), "", NOW_US),
        store.waiting(message_id(9), NOW_US),
    ):
        with pytest.raises(NotFound):
            await call
    assert await store.get_outbox(message_id(5)) is None
    assert [one.state for one in await store.inbox_list()] == [InboxState.RECEIVED, InboxState.STARTED]


async def test_confirmed_acks_are_kept_for_ended_messages_of_that_epoch_and_lane(store: ClientStore) -> None:
    await store.receive([incoming(1), incoming(2), incoming(3, lane=Lane.ROUTINE), incoming(4, epoch=2)])
    for n in (1, 3, 4):
        await store.finish(message_id(n), None, NOW_US)
    await store.confirmed(1, Lane.URGENT, [1, 2, 3, 4])
    assert {n: (await row(store, n)).confirmed for n in (1, 2, 3, 4)} == {1: True, 2: False, 3: False, 4: False}
    await store.receive([incoming(1, attempt=2)])
    assert (await row(store, 1)).confirmed is False, "delivered again, so the hub has forgotten that ack"


async def test_listings_show_the_newest_first_by_state(store: ClientStore) -> None:
    await store.receive([incoming(n) for n in range(1, 6)] + [incoming(6, state=InboxState.COPIED)])
    await store.start(message_id(2), NOW_US)
    await store.finish(message_id(3), None, NOW_US)
    await store.park(message_id(4), "why", NOW_US)
    await store.waiting(message_id(5), NOW_US)
    listed = {state: [one.seq for one in await store.inbox_list(state)] for state in InboxState}
    assert listed == {
        InboxState.RECEIVED: [1],
        InboxState.STARTED: [2],
        InboxState.WAITING: [5],
        InboxState.DONE: [3],
        InboxState.PARKED: [4],
        InboxState.COPIED: [6],
    }
    assert await store.inbox_counts() == dict.fromkeys(InboxState, 1)
    assert [one.seq for one in await store.inbox_list(limit=2)] == [6, 5]
