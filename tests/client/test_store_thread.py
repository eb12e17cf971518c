"""One thread, one connection, group commit."""

import asyncio
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from tocsin import sqlitethread
from tocsin.core.errors import Draining, LocalFault, Reason, StoreBusy
from tocsin.sqlitefile import WriteLock, connect_reader, one, store_error
from tocsin.sqliteread import SqliteReaders
from tocsin.sqlitethread import Point, SqliteThread


def table(conn: sqlite3.Connection) -> None:
    conn.execute("CREATE TABLE IF NOT EXISTS row (name TEXT PRIMARY KEY)")


def insert(name: str) -> Callable[[sqlite3.Connection], str]:
    def job(conn: sqlite3.Connection) -> str:
        conn.execute("INSERT INTO row VALUES (?)", (name,))
        return name

    return job


def insert_all(conn: sqlite3.Connection, names: Sequence[str]) -> list[str]:
    conn.executemany("INSERT INTO row VALUES (?)", [(name,) for name in names])
    return [name.upper() for name in names]


def insert_and_fail(name: str) -> Callable[[sqlite3.Connection], str]:
    def job(conn: sqlite3.Connection) -> str:
        conn.execute("INSERT INTO row VALUES (?)", (name,))
        raise LookupError(name)

    return job


def names(conn: sqlite3.Connection) -> list[str]:
    return [name for (name,) in conn.execute("SELECT name FROM row ORDER BY rowid")]


def stored(path: Path) -> set[str]:
    conn = connect_reader(path)
    try:
        return set(names(conn))
    finally:
        conn.close()


class Gate:
    """Stops the thread at one point until opened, and counts the points it passed."""

    def __init__(self) -> None:
        self.at: Point | None = None
        self.raising: Exception | None = None
        self.passed: list[Point] = []
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, point: Point) -> None:
        self.passed.append(point)
        if point is not self.at:
            return
        self.at = None
        self.reached.set()
        assert self.opened.wait(10)
        if self.raising is not None:
            raise self.raising

    async def stop_at(self, point: Point) -> None:
        """Arms the gate; the next transaction stops there."""
        self.reached.clear()
        self.opened.clear()
        self.at = point

    async def wait(self) -> None:
        """Returns once the thread stands at the gate."""
        assert await asyncio.get_running_loop().run_in_executor(None, self.reached.wait, 10)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.db"


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def thread(path: Path, gate: Gate) -> AsyncIterator[SqliteThread]:
    opened = await SqliteThread.open(path, setup=table, faults=gate)
    yield opened
    gate.opened.set()
    await opened.aclose()


async def test_a_result_is_handed_out_only_after_its_commit(thread: SqliteThread, path: Path, gate: Gate) -> None:
    await gate.stop_at(Point.COMMIT)
    task = asyncio.create_task(thread.run(insert("a")))
    await gate.wait()
    assert not task.done()
    assert stored(path) == set()
    gate.opened.set()
    assert await task == "a"
    assert stored(path) == {"a"}


async def test_what_waits_while_a_commit_runs_is_committed_together(
    thread: SqliteThread, path: Path, gate: Gate
) -> None:
    await gate.stop_at(Point.BEGIN)
    first = asyncio.create_task(thread.run(insert("first")))
    await gate.wait()
    others = [asyncio.create_task(thread.run(insert(f"other {n}"))) for n in range(100)]
    await asyncio.sleep(0)
    gate.opened.set()
    await asyncio.gather(first, *others)
    assert gate.passed.count(Point.COMMITTED) == 2
    assert len(stored(path)) == 101


async def test_200_refused_jobs_never_undo_200_accepted_ones(thread: SqliteThread, path: Path, gate: Gate) -> None:
    await gate.stop_at(Point.BEGIN)
    calls = [thread.run(insert(f"good {n}") if n % 2 else insert_and_fail(f"bad {n}")) for n in range(400)]
    tasks = [asyncio.create_task(call) for call in calls]
    await gate.wait()
    gate.opened.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[1::2] == [f"good {n}" for n in range(1, 400, 2)]
    assert [str(result) for result in results[::2]] == [f"bad {n}" for n in range(0, 400, 2)]
    assert stored(path) == {f"good {n}" for n in range(1, 400, 2)}
    assert gate.passed.count(Point.COMMITTED) < 10


async def test_calls_of_one_operation_are_merged_and_each_gets_its_own_results(
    thread: SqliteThread, gate: Gate
) -> None:
    sizes: list[int] = []

    def counted(conn: sqlite3.Connection, items: Sequence[str]) -> list[str]:
        sizes.append(len(items))
        return insert_all(conn, items)

    await gate.stop_at(Point.BEGIN)
    first = asyncio.create_task(thread.run(insert("first")))
    await gate.wait()
    tasks = [asyncio.create_task(thread.apply(counted, [f"a{n}", f"b{n}"])) for n in range(10)]
    await asyncio.sleep(0)
    gate.opened.set()
    assert [list(one) for one in await asyncio.gather(*tasks)] == [[f"A{n}", f"B{n}"] for n in range(10)]
    await first
    assert sizes == [20]


async def test_of_merged_calls_only_the_raising_one_is_undone(thread: SqliteThread, path: Path, gate: Gate) -> None:
    await thread.run(insert("taken"))
    await gate.stop_at(Point.BEGIN)
    first = asyncio.create_task(thread.run(insert("first")))
    await gate.wait()
    tasks = [asyncio.create_task(thread.apply(insert_all, batch)) for batch in (["a", "b"], ["c", "taken"], ["d"])]
    await asyncio.sleep(0)
    gate.opened.set()
    good, bad, last = await asyncio.gather(*tasks, return_exceptions=True)
    await first
    assert (good, last) == (["A", "B"], ["D"])
    assert isinstance(bad, sqlite3.IntegrityError)
    assert stored(path) == {"taken", "first", "a", "b", "d"}


async def test_an_operation_answers_for_each_item(thread: SqliteThread, path: Path) -> None:
    with pytest.raises(ValueError, match="one result per item"):
        await thread.apply(lambda conn, items: insert_all(conn, items)[:-1], ["a", "b"])
    assert stored(path) == set()
    assert await thread.apply(insert_all, []) == ()


async def test_urgent_calls_overtake_waiting_ones_and_ride_with_few(thread: SqliteThread, gate: Gate) -> None:
    await gate.stop_at(Point.BEGIN)
    first = asyncio.create_task(thread.run(insert("first")))
    await gate.wait()
    routine = [asyncio.create_task(thread.run(insert(f"routine {n}"))) for n in range(200)]
    await asyncio.sleep(0)
    urgent = asyncio.create_task(thread.run(insert("urgent"), urgent=True))
    await asyncio.sleep(0)
    gate.opened.set()
    await urgent
    done_with_urgent = sum(task.done() for task in routine)
    await asyncio.gather(first, *routine)
    order = await thread.run(names)
    assert order[:2] == ["first", "urgent"]
    assert done_with_urgent <= sqlitethread.MAX_ITEMS_BESIDE_URGENT


async def test_one_transaction_takes_a_bounded_number_of_items(thread: SqliteThread, gate: Gate) -> None:
    await gate.stop_at(Point.BEGIN)
    first = asyncio.create_task(thread.run(insert("first")))
    await gate.wait()
    tasks = [asyncio.create_task(thread.apply(insert_all, [f"{n}.{k}" for k in range(64)])) for n in range(10)]
    await asyncio.sleep(0)
    gate.opened.set()
    await asyncio.gather(first, *tasks)
    assert gate.passed.count(Point.COMMITTED) == 1 + 3  # 4 + 4 + 2 calls of 64 items


async def test_a_job_weighs_what_its_caller_says(thread: SqliteThread, gate: Gate) -> None:
    await gate.stop_at(Point.BEGIN)
    first = asyncio.create_task(thread.run(insert("first")))
    await gate.wait()
    weights = [200, 56, 1, 300, 1]
    tasks = [asyncio.create_task(thread.run(insert(f"{n}"), weight=weight)) for n, weight in enumerate(weights)]
    await asyncio.sleep(0)
    gate.opened.set()
    await asyncio.gather(first, *tasks)
    assert gate.passed.count(Point.COMMITTED) == 1 + 4  # 200 + 56, 1, 300, 1


async def test_a_cancelled_call_that_waits_is_not_run_and_one_that_runs_is_run_wholly(
    thread: SqliteThread, path: Path, gate: Gate
) -> None:
    await gate.stop_at(Point.COMMIT)
    running = asyncio.create_task(thread.run(insert("running")))
    await gate.wait()
    waiting = asyncio.create_task(thread.run(insert("waiting")))
    await asyncio.sleep(0)
    running.cancel()
    waiting.cancel()
    assert [type(one) for one in await asyncio.gather(running, waiting, return_exceptions=True)] == [
        asyncio.CancelledError,
        asyncio.CancelledError,
    ]
    gate.opened.set()
    assert await thread.run(insert("after")) == "after"
    assert stored(path) == {"running", "after"}


def disk_error(code: int) -> sqlite3.OperationalError:
    exc = sqlite3.OperationalError("the disk failed")
    exc.sqlite_errorcode = code
    return exc


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sqlite3.SQLITE_FULL, Reason.STORE_FULL),
        (sqlite3.SQLITE_READONLY, Reason.STORE_FULL),
        (sqlite3.SQLITE_BUSY, Reason.STORE_BUSY),
        (sqlite3.SQLITE_IOERR_FSYNC, Reason.STORE_BUSY),
        (sqlite3.SQLITE_CORRUPT, Reason.CORRUPT),
    ],
)
@pytest.mark.parametrize("point", [Point.BEGIN, Point.COMMIT])
async def test_a_failing_disk_leaves_nothing_and_the_next_call_works(
    thread: SqliteThread, path: Path, gate: Gate, point: Point, code: int, reason: Reason
) -> None:
    gate.raising = disk_error(code)
    await gate.stop_at(point)
    gate.opened.set()
    tasks = [asyncio.create_task(thread.run(insert(f"{n}"))) for n in range(3)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [result for result in results if isinstance(result, StoreBusy | LocalFault)]
    assert failed
    assert {one.reason for one in failed} == {reason}
    kept = {result for result in results if isinstance(result, str)}
    assert stored(path) == kept
    assert await thread.run(insert("after")) == "after"
    assert stored(path) == kept | {"after"}


async def test_mistakes_of_a_job_stay_what_they_are(thread: SqliteThread) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await thread.run(lambda conn: conn.execute("SELECT * FROM absent"))
    assert store_error(ValueError()) is None


async def test_a_lock_held_too_long_is_store_busy_and_nothing_is_written(path: Path) -> None:
    thread = await SqliteThread.open(path, setup=table, lock_wait_s=0.02)
    other = WriteLock(path)
    with other.held(), pytest.raises(StoreBusy) as caught:
        await thread.run(insert("a"))
    assert caught.value.reason is Reason.STORE_BUSY
    assert stored(path) == set()
    assert await thread.run(insert("a")) == "a"
    other.close()
    await thread.aclose()


async def test_calls_after_close_are_told_so_and_earlier_ones_are_finished(path: Path) -> None:
    thread = await SqliteThread.open(path, setup=table)
    tasks = [asyncio.create_task(thread.run(insert(f"{n}"))) for n in range(50)]
    await asyncio.sleep(0)
    await thread.aclose()
    assert [await task for task in tasks] == [f"{n}" for n in range(50)]
    for call in (thread.run(insert("late")), thread.changed_elsewhere(), thread.apply(insert_all, ["late"])):
        with pytest.raises(Draining):
            await call
    await thread.aclose()
    assert not Path(f"{path}-wal").exists()
    assert len(stored(path)) == 50


async def test_a_failed_setup_is_raised_by_open_and_leaves_nothing(path: Path) -> None:
    def setup(conn: sqlite3.Connection) -> None:
        table(conn)
        raise LookupError("setup")

    with pytest.raises(LookupError):
        await SqliteThread.open(path, setup=setup)
    conn = connect_reader(path)
    assert one(conn, "SELECT count(*) FROM sqlite_master") == 0
    conn.close()
    await (await SqliteThread.open(path, setup=table)).aclose()


async def test_a_file_that_is_no_database_is_corrupt(path: Path) -> None:
    path.write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(LocalFault) as caught:
        await SqliteThread.open(path, setup=table)
    assert caught.value.reason is Reason.CORRUPT
    assert str(path) not in str(caught.value)


async def test_commits_are_full_in_wal_and_the_files_are_private(thread: SqliteThread, path: Path) -> None:
    def settings(conn: sqlite3.Connection) -> list[object]:
        return [one(conn, f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "wal_autocheckpoint")]

    await thread.run(insert("a"))
    assert await thread.run(settings) == ["wal", 2, 0]
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm"), Path(f"{path}.lock")):
        assert stat.S_IMODE(name.stat().st_mode) == 0o600, name


async def test_another_connections_commits_are_noticed_once_and_ones_own_never(
    thread: SqliteThread, path: Path
) -> None:
    assert await thread.changed_elsewhere() is False
    await thread.run(insert("mine"))
    assert await thread.changed_elsewhere() is False
    other = await SqliteThread.open(path, setup=table)
    await other.run(insert("theirs"))
    assert [await thread.changed_elsewhere(), await thread.changed_elsewhere()] == [True, False]
    await other.aclose()


async def test_the_wal_stays_bounded(
    thread: SqliteThread, path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlitethread, "CHECKPOINT_ROWS", 100)
    for batch in range(40):
        await thread.apply(insert_all, [f"{batch}.{n}" for n in range(50)])
    assert gate.passed.count(Point.CHECKPOINT) >= 15
    assert Path(f"{path}-wal").stat().st_size < 500_000
    assert len(stored(path)) == 2000


async def test_a_large_wal_asks_for_a_checkpoint_whatever_the_rows(
    thread: SqliteThread, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlitethread, "CHECKPOINT_BYTES", 200_000)
    await thread.run(insert("x" * 300_000))
    await thread.run(insert("y"))
    assert gate.passed.count(Point.CHECKPOINT) == 1


async def test_a_failed_checkpoint_costs_nobody_anything(
    thread: SqliteThread, path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlitethread, "CHECKPOINT_ROWS", 1)
    gate.raising = disk_error(sqlite3.SQLITE_FULL)
    await gate.stop_at(Point.CHECKPOINT)
    gate.opened.set()
    assert [await thread.run(insert(name)) for name in ("a", "b", "c")] == ["a", "b", "c"]
    assert gate.passed.count(Point.CHECKPOINT) >= 2
    assert stored(path) == {"a", "b", "c"}


async def test_readers_see_committed_rows_only_and_never_wait_for_the_writer(
    thread: SqliteThread, path: Path, gate: Gate
) -> None:
    readers = SqliteReaders(path)
    await thread.run(insert("a"))
    await gate.stop_at(Point.COMMIT)
    writing = asyncio.create_task(thread.run(insert("b")))
    await gate.wait()
    assert await readers.read(names) == ["a"]
    gate.opened.set()
    await writing
    assert await readers.read(names) == ["a", "b"]
    with pytest.raises(StoreBusy):
        await readers.read(insert("c"))
    await readers.aclose()
    with pytest.raises(Draining):
        await readers.read(names)


async def test_a_reader_of_a_missing_file_is_store_busy(path: Path) -> None:
    readers = SqliteReaders(path)
    with pytest.raises(StoreBusy):
        await readers.read(names)
    await readers.aclose()
    assert not path.exists()
