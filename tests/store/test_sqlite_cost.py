"""That the SQLite store stays cheap: few statements, no walk through a table, and a writer that gets on."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.engines import SqliteEngine
from tests.store.makers import ABC, ICBC, NOW_US, attempt, batch, cursor, digest, directory, uid, write
from tocsin.giveway import GiveWay
from tocsin_hub.domain.rows import Needs
from tocsin_hub.store import sqlite_writer
from tocsin_hub.store.base import WriteTx
from tocsin_hub.store.sqlite import SqliteStore


@pytest.fixture
def engine(tmp_path: Path) -> SqliteEngine:
    return SqliteEngine(tmp_path)


def traced(conns: list[sqlite3.Connection], into: Callable[[str], None] | None) -> None:
    for conn in conns:
        conn.set_trace_callback(into)


async def statements_of_a_batch(store: SqliteStore, count: int) -> list[str]:
    said: list[str] = []

    def job(tx: WriteTx) -> None:
        first = tx.head().log_size
        ids = {uid(n) for n in range(first, first + count)}
        tx.load(Needs(message_ids=ids, roots=ids, orders=ids, subjects=ids))
        tx.due_timers(NOW_US, 256)
        changes = batch(first, count, [ICBC, ABC])
        changes.directory = directory(tx.head().directory_version + 1, 2)
        changes.timers_cleared = set(batch(0, count).timers_set)
        tx.write(changes)
        tx.save_attempts(attempt(n + 1, "delayed") for n in range(count))
        tx.save_cursors([cursor(1), cursor(1, ABC)])
        tx.drop_attempts(ICBC, "main", range(count))
        tx.acked(ICBC, first)

    await store._writer.ask(lambda conn: conn.set_trace_callback(said.append))
    await store.transact(job)
    await store._writer.ask(lambda conn: conn.set_trace_callback(None))
    return said


async def test_a_batch_takes_as_many_statements_whether_it_is_of_8_or_of_64(store: SqliteStore) -> None:
    eight, sixty_four = await statements_of_a_batch(store, 8), await statements_of_a_batch(store, 64)
    assert len(eight) == len(sixty_four) <= 32


async def test_no_query_walks_a_whole_table(engine: SqliteEngine, store: SqliteStore) -> None:
    said = await statements_of_a_batch(store, 64)
    await asyncio.gather(*(store.next_due_us() for _ in range(8)))  # every reader has its connection
    readers = store._readers._opened
    traced(readers, said.append)
    await store.mailbox_state(ICBC, "main")
    await store.entries(ICBC, after_seq=3, limit=5)
    await store.messages([1, 2, 3])
    await store.message_range(4, 5)
    await store.by_id(uid(4))
    await store.thread_messages(uid(4))
    await store.thread(uid(4))
    await store.order(uid(4))
    await store.orders_of(ICBC.party, state="", before_index=50, limit=5)
    await store.orders_to(ICBC.party, after_index=3, limit=5)
    await store.nodes([(0, 1), (0, 2)])
    await store.batch(64)
    await store.directory_rows(0, 5)
    await store.directory_heads([1])
    await store.watch_match("wanted", 1, [digest(n) for n in range(200)])
    await store.next_due_us()
    await store.dead_letters("")
    await store.pending(ICBC.party)
    traced(readers, None)
    queries = [s for s in said if s.lstrip().upper().startswith(("SELECT", "DELETE", "UPDATE"))]
    assert len(queries) >= 25

    def plans(conn: sqlite3.Connection) -> list[str]:
        return [step[3] for query in queries for step in conn.execute(f"EXPLAIN QUERY PLAN {query}")]

    walks = {step for step in await store._writer.ask(plans) if step.startswith("SCAN")}
    bounded = {"SCAN log_head", "SCAN o", "SCAN a USING INDEX attempt_dead"}  # one row, one page, the dead alone
    assert {step for step in walks if "CONSTANT" not in step and "subquery" not in step} <= bounded


async def test_a_loop_that_is_never_idle_gives_way_to_the_writer_while_there_are_jobs(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways: list[GiveWay] = []
    asked: list[bool] = []

    class Noted(GiveWay):
        def __init__(self, pending: Callable[[], bool]) -> None:
            super().__init__(pending)
            ways.append(self)

        def watch(self, loop: asyncio.AbstractEventLoop) -> None:
            asked.append(self._pending())
            super().watch(loop)

    monkeypatch.setattr(sqlite_writer, "GiveWay", Noted)
    store = await engine.open()
    loop = asyncio.get_running_loop()

    def busy() -> None:
        nonlocal handle
        end = time.perf_counter() + 0.005
        while time.perf_counter() < end:
            pass
        handle = loop.call_soon(busy)

    handle = loop.call_soon(busy)
    try:
        async with asyncio.timeout(30):
            for first in range(0, 640, 64):
                await write(store, batch(first, 64))
    finally:
        handle.cancel()
    (way,) = ways
    assert asked == [True] * 10
    assert not way._pending()
    await store.aclose()
