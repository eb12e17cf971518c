"""The outbox: order, idempotency, answers."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from store_rows import NOW_US, accepted, message_id, outgoing

from tocsin.client import outbox, schema
from tocsin.client.rows import OutboxRow, OutboxState, Settled
from tocsin.client.store import FILE_NAME, ClientStore
from tocsin.core.errors import IdReused, NotFound, Reason
from tocsin.core.message import Lane


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ClientStore]:
    async with await ClientStore.open(tmp_path / FILE_NAME) as opened:
        yield opened


def refused(number: int, state: OutboxState = OutboxState.REFUSED) -> Settled:
    facts = {"field": "target", "rule": "谁来处理"}
    return Settled(
        message_id=message_id(number), state=state, reason=Reason.TARGET_NOT_SERVED, facts=facts, now_us=NOW_US + 1
    )


async def row(store: ClientStore, number: int) -> OutboxRow:
    found = await store.get_outbox(message_id(number))
    assert found is not None
    return found


def numbers(rows: list[OutboxRow]) -> list[int]:
    return [int.from_bytes(one.message_id, "big") for one in rows]


async def test_a_queued_message_reads_back_as_it_was(store: ClientStore) -> None:
    assert await store.enqueue([outgoing(1, lane=Lane.ROUTINE)]) == [True]
    assert await row(store, 1) == OutboxRow(
        ordinal=1,
        message_id=message_id(1),
        lane=Lane.ROUTINE,
        root_id=message_id(1),
        kind="stop-payment",
        recipient="bank.icbc",
        envelope=b"envelope 1",
        state=OutboxState.QUEUED,
        receipt=b"",
        reason=None,
        facts={},
        created_us=NOW_US,
        changed_us=NOW_US,
        attempts=0,
    )
    assert await store.get_outbox(message_id(2)) is None


@pytest.mark.parametrize("size", [1, 2, 3, 63, 64, 65, 200])
async def test_messages_are_sent_in_the_order_they_were_queued_lane_by_lane(store: ClientStore, size: int) -> None:
    batch = [outgoing(n, lane=Lane.ROUTINE if n % 3 else Lane.URGENT) for n in range(size, 0, -1)]
    assert await store.enqueue(batch) == [True] * size
    routine = await store.next_to_send(Lane.ROUTINE, limit=1000)
    urgent = await store.next_to_send(Lane.URGENT, limit=1000)
    assert numbers(routine) == [n for n in range(size, 0, -1) if n % 3]
    assert numbers(urgent) == [n for n in range(size, 0, -1) if not n % 3]
    assert [one.envelope for one in routine] == [outgoing(n).envelope for n in numbers(routine)]


async def test_a_refill_continues_behind_the_last_and_keeps_to_number_and_bytes(store: ClientStore) -> None:
    await store.enqueue([outgoing(n, envelope=b"x" * 100) for n in range(1, 11)])
    first = await store.next_to_send(Lane.URGENT, limit=4)
    second = await store.next_to_send(Lane.URGENT, after=first[-1].ordinal, limit=10, max_bytes=350)
    third = await store.next_to_send(Lane.URGENT, after=second[-1].ordinal, max_bytes=1)
    assert [numbers(rows) for rows in (first, second, third)] == [[1, 2, 3, 4], [5, 6, 7], [8]]


async def test_the_same_message_is_queued_once(store: ClientStore) -> None:
    assert await store.enqueue([outgoing(1), outgoing(2), outgoing(1)]) == [True, True, False]
    assert await store.enqueue([outgoing(2), outgoing(3)]) == [False, True]
    assert numbers(await store.next_to_send(Lane.URGENT)) == [1, 2, 3]


@pytest.mark.parametrize("batch", [[(1, b"other")], [(2, b"new"), (1, b"other")], [(2, b"a"), (2, b"b")]])
async def test_an_id_with_other_bytes_is_refused_and_nothing_of_its_call_is_queued(
    store: ClientStore, batch: list[tuple[int, bytes]]
) -> None:
    await store.enqueue([outgoing(1)])
    with pytest.raises(IdReused):
        await store.enqueue([outgoing(n, envelope=envelope) for n, envelope in batch])
    assert numbers(await store.next_to_send(Lane.URGENT)) == [1]
    assert (await row(store, 1)).envelope == b"envelope 1"


async def test_answers_are_kept_and_answered_messages_are_not_sent_again(store: ClientStore) -> None:
    await store.enqueue([outgoing(n) for n in range(1, 5)])
    await store.settle([accepted(1, b"receipt 1"), refused(2), refused(3, OutboxState.PARKED)])
    assert numbers(await store.next_to_send(Lane.URGENT)) == [4]
    first, second, third = [await row(store, n) for n in (1, 2, 3)]
    assert (first.state, first.receipt, first.reason) == (OutboxState.ACCEPTED, b"receipt 1", None)
    assert (second.state, second.receipt, second.reason) == (OutboxState.REFUSED, b"", Reason.TARGET_NOT_SERVED)
    assert second.facts == {"field": "target", "rule": "谁来处理"}
    assert (third.state, third.changed_us) == (OutboxState.PARKED, NOW_US + 1)
    assert await store.outbox_counts() == {
        OutboxState.QUEUED: 1,
        OutboxState.SENT: 0,
        OutboxState.ACCEPTED: 1,
        OutboxState.REFUSED: 1,
        OutboxState.PARKED: 1,
    }


@pytest.mark.parametrize("later", [refused(1), refused(1, OutboxState.PARKED), accepted(1, b"another receipt")])
@pytest.mark.parametrize("together", [True, False])
async def test_accepted_is_final(store: ClientStore, later: Settled, together: bool) -> None:
    await store.enqueue([outgoing(1)])
    batches = [[accepted(1, b"receipt 1"), later]] if together else [[accepted(1, b"receipt 1")], [later]]
    for batch in batches:
        await store.settle(batch)
    await store.mark_sent([message_id(1)], NOW_US + 9)
    found = await row(store, 1)
    assert (found.state, found.receipt, found.reason) == (OutboxState.ACCEPTED, b"receipt 1", None)
    assert await store.requeue(message_id(1), NOW_US) is False


async def test_a_refusal_gives_way_to_a_receipt(store: ClientStore) -> None:
    await store.enqueue([outgoing(1)])
    await store.settle([refused(1)])
    await store.settle([accepted(1)])
    found = await row(store, 1)
    assert (found.state, found.receipt, found.reason, dict(found.facts)) == (OutboxState.ACCEPTED, b"receipt", None, {})


async def test_an_answer_to_nothing_changes_nothing(store: ClientStore) -> None:
    await store.enqueue([outgoing(1)])
    before = await row(store, 1)
    await store.settle([accepted(2), refused(3)])
    assert await row(store, 1) == before
    assert await store.get_outbox(message_id(2)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        Settled(message_id=message_id(1), state=OutboxState.ACCEPTED, now_us=1),
        Settled(message_id=message_id(1), state=OutboxState.REFUSED, now_us=1),
        Settled(message_id=message_id(1), state=OutboxState.SENT, now_us=1),
    ],
)
async def test_an_answer_must_carry_what_it_stands_on(store: ClientStore, wrong: Settled) -> None:
    await store.enqueue([outgoing(1), outgoing(2)])
    with pytest.raises(ValueError, match="ACCEPTED with its receipt"):
        await store.settle([accepted(2), wrong])
    assert [(await row(store, n)).state for n in (1, 2)] == [OutboxState.QUEUED] * 2


async def test_a_message_marked_sent_is_still_sent_again_until_it_is_answered(store: ClientStore) -> None:
    await store.enqueue([outgoing(n) for n in (1, 2, 3)])
    for _ in range(2):
        await store.mark_sent([message_id(1), message_id(3)], NOW_US + 5)
    assert numbers(await store.next_to_send(Lane.URGENT)) == [1, 2, 3]
    first, second = await row(store, 1), await row(store, 2)
    assert (first.state, first.attempts, first.changed_us) == (OutboxState.SENT, 2, NOW_US + 5)
    assert (second.state, second.attempts) == (OutboxState.QUEUED, 0)


@pytest.mark.parametrize("state", [OutboxState.REFUSED, OutboxState.PARKED])
async def test_a_given_up_message_is_queued_again_at_the_end(store: ClientStore, state: OutboxState) -> None:
    await store.enqueue([outgoing(n) for n in (1, 2)])
    await store.settle([refused(1, state)])
    cursor = (await store.next_to_send(Lane.URGENT))[-1].ordinal
    assert await store.requeue(message_id(1), NOW_US + 7) is True
    (again,) = await store.next_to_send(Lane.URGENT, after=cursor)
    assert (again.message_id, again.envelope, again.reason) == (message_id(1), b"envelope 1", None)
    await store.enqueue([outgoing(3)])
    assert numbers(await store.next_to_send(Lane.URGENT)) == [2, 1, 3]
    assert await store.requeue(message_id(1), NOW_US + 8) is False
    with pytest.raises(NotFound):
        await store.requeue(message_id(9), NOW_US)


async def test_listings_show_the_newest_first_by_state(store: ClientStore) -> None:
    await store.enqueue([outgoing(n) for n in range(1, 8)])
    await store.settle([accepted(1), refused(2), refused(3, OutboxState.PARKED), accepted(4)])
    await store.mark_sent([message_id(5)], NOW_US)
    assert numbers(await store.outbox_list()) == [7, 6, 5, 4, 3, 2, 1]
    assert numbers(await store.outbox_list(limit=2)) == [7, 6]
    expected = {
        OutboxState.QUEUED: [7, 6],
        OutboxState.SENT: [5],
        OutboxState.ACCEPTED: [4, 1],
        OutboxState.REFUSED: [2],
        OutboxState.PARKED: [3],
    }
    assert {state: numbers(await store.outbox_list(state)) for state in OutboxState} == expected


def test_listings_and_refills_use_an_index() -> None:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(conn)
    seen: list[str] = []
    conn.set_trace_callback(seen.append)
    outbox.next_to_send(conn, Lane.URGENT, after=0, limit=10, max_bytes=100)
    outbox.listed(conn, OutboxState.PARKED, 10)
    conn.set_trace_callback(None)
    plans = ["\n".join(str(one[3]) for one in conn.execute(f"EXPLAIN QUERY PLAN {sql}")) for sql in seen]
    assert "outbox_to_send" in plans[0]
    assert "outbox_given_up" in plans[1]
    conn.close()
