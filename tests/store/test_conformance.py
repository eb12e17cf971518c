"""What every store promises of its transactions. No store is named here."""

import asyncio
import threading
from pathlib import Path

import pytest

from tests.store.engines import Engine
from tests.store.makers import (
    ABC,
    ICBC,
    NOW_US,
    attempt,
    batch,
    cursor,
    directory,
    everything,
    message,
    next_batch,
    uid,
    write,
)
from tocsin.core.errors import BusError, Draining, LocalFault, Reason, Rejected, error
from tocsin_hub.domain.rows import Changes, EntryRow, MailboxKey, MessageRow
from tocsin_hub.store.base import HubStore, WriteTx

pytestmark = pytest.mark.timeout(60)


class Gate:
    """Stops a job on the writer's thread until the test lets it go on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reached = asyncio.Event()
        self._opened = threading.Event()

    def pass_through(self) -> None:
        self._loop.call_soon_threadsafe(self._reached.set)
        assert self._opened.wait(30)

    async def reached(self) -> None:
        await self._reached.wait()

    def open(self) -> None:
        self._opened.set()


class Gone(BaseException):
    """Raised by a job; no ordinary exception."""


async def test_a_job_that_raises_never_undoes_one_that_was_accepted(store: HubStore) -> None:
    """200 accepted and 200 refused, interleaved: every accepted one is there, no refused one is."""

    def job(tx: WriteTx, number: int) -> EntryRow:
        index = tx.head().log_size
        changes = batch(index, 1)
        changes.messages = [message(index, number=number)]
        (numbered,) = tx.write(changes)
        if number % 2:
            raise error(Reason.POLICY_DENIED, rule="row", sender="x")
        return numbered

    async def one(number: int) -> EntryRow | BusError:
        try:
            return await store.transact(lambda tx: job(tx, number), urgent=number % 3 == 0)
        except Rejected as refusal:
            return refusal

    outcomes = await asyncio.gather(*(one(1000 + n) for n in range(400)))
    accepted = {1000 + n for n, outcome in enumerate(outcomes) if isinstance(outcome, EntryRow)}
    assert accepted == {1000 + n for n in range(0, 400, 2)}
    rows = await store.message_range(0, 1000)
    assert {row.message_id for row in rows} == {uid(n) for n in accepted}
    assert [row.log_index for row in rows] == list(range(200))
    entries = await store.entries(ICBC, after_seq=0, limit=1000)
    assert [stored.entry.seq for stored in entries] == list(range(1, 201))


async def test_positions_are_gapless_in_every_mailbox_under_concurrency_and_after_rollbacks(store: HubStore) -> None:
    boxes = [MailboxKey(f"bank.b{n}", lane) for n in range(3) for lane in (1, 2)]

    def job(tx: WriteTx, fails: bool) -> list[EntryRow]:
        numbered = next_batch(tx, 7, boxes)
        if fails:
            raise RuntimeError("after the write")
        return numbered

    results = await asyncio.gather(
        *(store.transact(lambda tx, n=n: job(tx, n % 4 == 1)) for n in range(60)), return_exceptions=True
    )
    told: dict[MailboxKey, list[int]] = {}
    for result in results:
        for row in result if isinstance(result, list) else []:
            told.setdefault(row.mailbox, []).append(row.seq)
    assert sum(map(len, told.values())) == 45 * 7
    for box in boxes:
        stored = await store.entries(box, after_seq=0, limit=1000)
        seqs = [item.entry.seq for item in stored]
        assert seqs == list(range(1, len(seqs) + 1)) == told[box]
        assert [item.entry.log_index for item in stored] == sorted(item.entry.log_index for item in stored)
        assert (await store.mailbox_state(box, "main")).head_seq == len(seqs)


async def test_what_transact_returned_from_is_read_at_once(store: HubStore) -> None:
    for index in range(50):
        await write(store, batch(index, 1))
        found = await store.by_id(uid(index))
        assert found is not None
        assert found.log_index == index


async def test_readers_see_nothing_uncommitted_and_are_not_held_up_by_a_long_write(store: HubStore) -> None:
    await write(store, batch(0, 2))
    before = {table: await store.dump(table) for table in ("threads", "entries", "nodes")}
    gate = Gate()

    def job(tx: WriteTx) -> None:
        next_batch(tx, 500)
        gate.pass_through()

    writing = asyncio.create_task(store.transact(job))
    await gate.reached()
    many = await asyncio.gather(*(store.message_range(0, 1000) for _ in range(40)))
    assert {len(rows) for rows in many} == {2}
    assert await store.by_id(uid(2)) is None
    assert (await store.mailbox_state(ICBC, "main")).head_seq == 2
    assert {table: await store.dump(table) for table in before} == before
    assert not writing.done()
    gate.open()
    await writing
    assert len(await store.message_range(0, 1000)) == 502


async def test_a_job_sees_what_jobs_before_it_wrote_and_what_it_wrote_itself(store: HubStore) -> None:
    await write(store, batch(0, 3))

    def job(tx: WriteTx) -> tuple[int, int]:
        before = tx.head().log_size
        next_batch(tx, 2)
        return before, tx.head().log_size

    assert await store.transact(job) == (3, 5)


async def test_urgent_jobs_overtake_those_that_wait_and_never_one_that_runs(store: HubStore) -> None:
    gate, ran = Gate(), []

    def blocker(tx: WriteTx) -> None:
        gate.pass_through()
        ran.append("running")

    jobs = [asyncio.create_task(store.transact(blocker))]
    await gate.reached()
    for name, urgent in [("a", False), ("b", False), ("u", True), ("c", False), ("v", True)]:
        jobs.append(asyncio.create_task(store.transact(lambda tx, name=name: ran.append(name), urgent=urgent)))
        await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(*jobs)
    assert ran == ["running", "u", "v", "a", "b", "c"]


async def test_a_cancelled_caller_does_not_cancel_the_commit(store: HubStore) -> None:
    gate = Gate()

    def running(tx: WriteTx) -> None:
        next_batch(tx)
        gate.pass_through()

    tasks = [asyncio.create_task(store.transact(running))]
    await gate.reached()
    tasks.append(asyncio.create_task(store.transact(next_batch)))
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in done] == [asyncio.CancelledError] * 2
    gate.open()
    assert await store.transact(lambda tx: tx.head().log_size) == 2


async def test_a_cancelled_caller_of_a_job_that_raises_leaves_the_store_in_order(store: HubStore) -> None:
    gate = Gate()

    def job(tx: WriteTx) -> None:
        next_batch(tx)
        gate.pass_through()
        raise RuntimeError("nobody hears this")

    task = asyncio.create_task(store.transact(job))
    await gate.reached()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.open()
    assert await store.transact(lambda tx: tx.head().log_size) == 0


@pytest.mark.parametrize("raised", [error(Reason.ROUTE_DIFFERS, party="x"), ValueError("no"), Gone("no")])
async def test_what_a_job_raises_passes_through_and_nothing_has_changed(store: HubStore, raised: BaseException) -> None:
    await write(store, batch(0, 3))
    before = await everything(store)

    def job(tx: WriteTx) -> None:
        next_batch(tx, 5, [ICBC, ABC])
        tx.set_meta("generation", b"9")
        raise raised

    task = asyncio.ensure_future(asyncio.gather(store.transact(job), return_exceptions=True))
    assert await task == [raised]
    assert await everything(store) == before
    assert await store.transact(lambda tx: tx.get_meta("generation")) is None


async def test_a_job_that_raises_stop_iteration_does_not_leave_its_caller_waiting(store: HubStore) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await store.transact(lambda tx: next(iter(())))


def with_messages(*rows: MessageRow) -> Changes:
    return Changes(messages=list(rows))


def earlier(row: MessageRow) -> MessageRow:
    row.accepted_us = NOW_US - 1
    return row


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(with_messages(message(3, number=1)), id="an id stored before"),
        pytest.param(with_messages(message(3), message(4, number=3)), id="an id twice in the batch"),
        pytest.param(with_messages(message(2, number=9)), id="an index stored before"),
        pytest.param(with_messages(message(4)), id="a gap in the log"),
        pytest.param(with_messages(earlier(message(3))), id="a time before the last"),
        pytest.param(Changes(batch=batch(0, 3).batch), id="a batch stored before"),
        pytest.param(Changes(nodes=batch(2, 1).nodes), id="a node stored before"),
        pytest.param(Changes(directory=directory(4, 1)), id="a gap in the directory"),
        pytest.param(Changes(directory=directory(2, 1)), id="a directory version stored before"),
        pytest.param(Changes(entries=batch(2, 1).entries), id="a message twice in a mailbox"),
    ],
)
async def test_a_batch_that_does_not_continue_what_is_stored_fails_without_a_trace(
    store: HubStore, changes: Changes
) -> None:
    first = batch(0, 3)
    first.directory = directory(1, 2)
    await write(store, first)
    before = await everything(store)

    def job(tx: WriteTx) -> None:
        tx.set_meta("generation", b"9")
        tx.write(changes)

    with pytest.raises(LocalFault) as caught:
        await store.transact(job)
    assert caught.value.reason is Reason.CORRUPT
    assert await everything(store) == before
    assert await store.transact(lambda tx: tx.get_meta("generation")) is None
    await write(store, batch(3, 2))


async def test_everything_is_there_after_a_close_and_an_open(engine: Engine) -> None:
    store = await engine.open()
    await write(store, batch(0, 20, [ICBC, ABC]))
    before = await everything(store)
    await store.aclose()
    store = await engine.open()
    assert await everything(store) == before
    await write(store, batch(20, 1))
    await store.aclose()


async def test_closing_finishes_what_was_queued(engine: Engine) -> None:
    store = await engine.open()
    gate = Gate()

    def first(tx: WriteTx) -> None:
        gate.pass_through()
        next_batch(tx)

    jobs = [asyncio.create_task(store.transact(first))]
    await gate.reached()
    jobs += [asyncio.create_task(store.transact(next_batch, urgent=n % 2 == 0)) for n in range(10)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(store.aclose())
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(*jobs, closing)
    store = await engine.open()
    assert await store.transact(lambda tx: tx.head().log_size) == 11
    await store.aclose()


async def test_a_closed_store_says_so_to_every_call(engine: Engine, tmp_path: Path) -> None:
    store = await engine.open()
    await store.aclose()
    await store.aclose()
    for call in (
        store.transact(next_batch),
        store.mailbox_state(ICBC, "main"),
        store.entries(ICBC, after_seq=0, limit=1),
        store.messages([0]),
        store.message_range(0, 1),
        store.by_id(uid(0)),
        store.thread_messages(uid(0)),
        store.thread(uid(0)),
        store.order(uid(0)),
        store.orders_of("x", state="", before_index=1, limit=1),
        store.orders_to("x", after_index=0, limit=1),
        store.nodes([(0, 0)]),
        store.batch(1),
        store.newest_batch(),
        store.directory_rows(0, 1),
        store.directory_heads([0]),
        store.next_due_us(),
        store.dead_letters(""),
        store.pending("x"),
        store.all_mailboxes(),
        store.dump("threads"),
        store.backup(tmp_path / "copy"),
        store.facts(),
    ):
        with pytest.raises(Draining):
            await call
    assert not (tmp_path / "copy").exists()


async def test_a_store_in_use_is_refused_to_a_second_hub_and_free_after_the_first(engine: Engine) -> None:
    first = await engine.open()
    with pytest.raises(LocalFault) as caught:
        await engine.open()
    assert caught.value.reason is Reason.ALREADY_RUNNING
    await write(first, batch(0, 1))
    await first.aclose()
    second = await engine.open()
    assert await second.transact(lambda tx: tx.head().log_size) == 1
    await second.aclose()


async def test_what_belongs_together_is_read_from_one_state(store: HubStore) -> None:
    """While the cursor passes rows that go with it, no reader sees the one without the other."""
    size = 400
    await write(store, batch(0, size))
    await store.transact(lambda tx: tx.save_attempts([attempt(n, "acked") for n in range(1, size + 1)]))

    async def move() -> None:
        for through in range(1, size + 1):
            await store.transact(lambda tx, through=through: tx.save_cursors([cursor(through)]))

    moving = asyncio.create_task(move())
    seen = []
    while not moving.done():
        states = await asyncio.gather(*(store.mailbox_state(ICBC, "main") for _ in range(4)))
        seen += [state.cursor for state in states]
        assert all([a.seq for a in s.attempts] == list(range(s.cursor + 1, size + 1)) for s in states)
    assert len(set(seen)) > 10
