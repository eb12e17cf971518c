"""Kill -9, two processes at once, and a full disk: what was promised is there."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from store_rows import NOW_US, incoming, message_id, outgoing

from tocsin.client.rows import InboxState, Seen
from tocsin.client.store import FILE_NAME, ClientStore
from tocsin.core.errors import Reason, StoreBusy
from tocsin.core.message import Lane
from tocsin.sqlitefile import one
from tocsin.sqlitethread import Point

CHILD = Path(__file__).parent / "store_child.py"


def spawn(path: Path, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(path), *map(str, arguments)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def intact(conn: sqlite3.Connection) -> object:
    return one(conn, "PRAGMA integrity_check")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE_NAME


@pytest.fixture
async def store(path: Path) -> AsyncIterator[ClientStore]:
    async with await ClientStore.open(path) as opened:
        yield opened


async def test_after_kill_9_everything_whose_await_returned_is_there(path: Path) -> None:
    promised: list[int] = []
    for round_ in range(3):
        child = spawn(path, "flood", 1 + round_ * 1_000_000)
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(150 + 70 * round_)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
        child.stdout.close()
        child.wait()
        promised += [int(line) for line in lines if line.endswith(b"\n")]
    async with await ClientStore.open(path) as store:
        assert await store.transact(intact) == "ok"
        for number in promised:
            row = await store.get_outbox(message_id(number))
            assert row is not None, number
            assert row.envelope == outgoing(number).envelope
    assert len(promised) >= 3 * 150


@pytest.mark.parametrize(("point", "there"), [(Point.BEGIN, False), (Point.COMMIT, False), (Point.COMMITTED, True)])
async def test_killed_around_the_commit_report_measure_and_end_are_all_there_or_none(
    path: Path, point: Point, there: bool
) -> None:
    child = spawn(path, "die", point.value)
    assert child.wait() == -signal.SIGKILL
    assert child.stdout is not None
    child.stdout.close()
    async with await ClientStore.open(path) as store:
        message = await store.get_inbox(message_id(1))
        assert message is not None
        assert message.state is (InboxState.DONE if there else InboxState.STARTED)
        assert (await store.get_outbox(message_id(2)) is not None) is there
        assert (await store.get_measure(message_id(1)) is not None) is there
        (again,) = await store.receive([incoming(1, attempt=2, repeat=False)])
        assert again.seen is (Seen.FINISHED if there else Seen.UNFINISHED)
        assert again.repeat, "a start mark stands, so the delivery is a repeat whatever the hub says"


async def test_two_processes_writing_at_once_lose_nothing(path: Path) -> None:
    children = [spawn(path, "count", 1, 300), spawn(path, "count", 10_001, 300)]
    async with await ClientStore.open(path) as store:
        for number in range(20_001, 20_101):
            await store.enqueue([outgoing(number)])
        for child in children:
            assert await asyncio.get_running_loop().run_in_executor(None, child.wait) == 0
            assert child.stdout is not None
            child.stdout.close()
        assert await store.changed_elsewhere()
        assert await store.transact(intact) == "ok"
        rows = await store.next_to_send(Lane.URGENT, limit=2000)
    numbers = {int.from_bytes(row.message_id, "big") for row in rows}
    assert numbers == {*range(1, 301), *range(10_001, 10_301), *range(20_001, 20_101)}
    assert len({row.ordinal for row in rows}) == 700


async def test_a_full_disk_refuses_what_does_not_fit_keeps_the_rest_and_recovers(store: ClientStore) -> None:
    async def limit(pages: int) -> None:
        await store.transact(lambda conn: one(conn, f"PRAGMA max_page_count={pages}"))

    await store.enqueue([outgoing(1)])
    used = await store.transact(lambda conn: int(str(one(conn, "PRAGMA page_count"))))
    await limit(used + 4)
    results = await asyncio.gather(
        *(store.enqueue([outgoing(n, envelope=b"x" * (100 if n % 2 else 200_000))]) for n in range(2, 12)),
        return_exceptions=True,
    )
    refused = [n for n, result in enumerate(results, 2) if isinstance(result, StoreBusy)]
    assert refused == [2, 4, 6, 8, 10]
    assert {result.reason for result in results if isinstance(result, StoreBusy)} == {Reason.STORE_FULL}
    for n in range(1, 12):
        assert (await store.get_outbox(message_id(n)) is None) is (n in refused)
    await limit(1_000_000)
    assert await store.enqueue([outgoing(n, envelope=b"x" * 200_000) for n in refused]) == [True] * 5
    assert await store.transact(intact) == "ok"


async def test_a_full_disk_in_the_middle_of_a_finish_leaves_the_message_unfinished(store: ClientStore) -> None:
    await store.receive([incoming(1)])
    await store.start(message_id(1), NOW_US)
    used = await store.transact(lambda conn: int(str(one(conn, "PRAGMA page_count"))))
    await store.transact(lambda conn: one(conn, f"PRAGMA max_page_count={used}"))
    with pytest.raises(StoreBusy):
        await store.finish(message_id(1), outgoing(2, envelope=b"x" * 200_000), NOW_US)
    message = await store.get_inbox(message_id(1))
    assert message is not None
    assert message.state is InboxState.STARTED
    assert await store.get_outbox(message_id(2)) is None
    await store.transact(lambda conn: one(conn, "PRAGMA max_page_count=1000000"))
    assert await store.finish(message_id(1), outgoing(2, envelope=b"x" * 200_000), NOW_US) is True
