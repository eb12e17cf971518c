"""What is particular to the SQLite store: settings, damage, checkpoints."""

import asyncio
import os
import resource
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from tests.store.engines import SqliteEngine
from tests.store.makers import NOW_US, batch, everything, write
from tocsin.core.errors import BusError, LocalFault, Reason, StoreBusy, error
from tocsin.sqlitefile import one
from tocsin.sqlitethread import Point
from tocsin_hub.store import sqlite_writer
from tocsin_hub.store.sqlite import SqliteStore, open_sqlite
from tocsin_hub.store.sqlite_writer import Writer


@pytest.fixture
def engine(tmp_path: Path) -> SqliteEngine:
    return SqliteEngine(tmp_path)


async def failure_of(opening: "asyncio.Future[SqliteStore] | object") -> BusError:
    with pytest.raises(BusError) as caught:
        await opening  # type: ignore[misc]
    return caught.value


# opening


async def test_durability_is_set_and_told(engine: SqliteEngine, store: SqliteStore) -> None:
    facts = await store.facts()
    assert (facts["synchronous"], facts["journal_mode"]) == ("FULL", "wal")
    settings = {name: await engine.ask(store, f"PRAGMA {name}") for name in ("wal_autocheckpoint", "mmap_size")}
    assert settings == {"wal_autocheckpoint": 0, "mmap_size": 0}


@pytest.mark.parametrize("pragma", ["synchronous=NORMAL", "wal_autocheckpoint=1000", "journal_mode=DELETE"])
async def test_a_setting_that_does_not_hold_refuses_to_start(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch, pragma: str
) -> None:
    connect = sqlite_writer.connect_writer

    def unsafe(path: Path) -> sqlite3.Connection:
        conn = connect(path)
        conn.execute(f"PRAGMA {pragma}")
        return conn

    monkeypatch.setattr(sqlite_writer, "connect_writer", unsafe)
    assert (await failure_of(engine.open())).reason is Reason.CORRUPT
    monkeypatch.undo()
    await (await engine.open()).aclose()


async def test_no_other_user_of_the_machine_may_read_the_files(engine: SqliteEngine, store: SqliteStore) -> None:
    await write(store, batch(0, 1))
    modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in engine.path.parent.iterdir()}
    assert modes == dict.fromkeys(("hub.db", "hub.db-wal", "hub.db-shm", "hub.db.lock"), 0o600)


async def test_what_is_missing_is_made_only_when_asked_for(tmp_path: Path) -> None:
    missing = await failure_of(open_sqlite(tmp_path / "hub.db", now_us=NOW_US, create=False))
    assert missing == error(Reason.CORRUPT, hint="the database is missing")
    nowhere = await failure_of(open_sqlite(tmp_path / "none" / "hub.db", now_us=NOW_US))
    assert nowhere == error(Reason.CORRUPT, hint="the directory of the database is missing")
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(engine: SqliteEngine) -> None:
    engine.path.write_bytes(b"no database " * 1000)
    assert (await failure_of(engine.open())).reason is Reason.CORRUPT
    assert engine.path.read_bytes() == b"no database " * 1000


async def test_the_database_of_another_program_is_refused_and_left_as_it_is(engine: SqliteEngine) -> None:
    with sqlite3.connect(engine.path) as conn:
        conn.execute("CREATE TABLE other (x)")
    conn.close()
    assert await failure_of(engine.open()) == error(Reason.CORRUPT, hint="not a hub's database")
    with sqlite3.connect(engine.path) as conn:
        assert conn.execute("SELECT name FROM sqlite_schema").fetchall() == [("other",)]
    conn.close()


async def test_a_cancelled_open_leaves_the_file_free(engine: SqliteEngine) -> None:
    opening = asyncio.create_task(engine.open())
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    (thread,) = [t for t in threading.enumerate() if t.name == "tocsin-hub-writer"]
    await asyncio.to_thread(thread.join)
    await (await engine.open()).aclose()


# the disk and the driver


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sqlite3.SQLITE_FULL, Reason.STORE_FULL),
        (sqlite3.SQLITE_READONLY, Reason.STORE_FULL),
        (sqlite3.SQLITE_IOERR_FSYNC, Reason.STORE_FULL),
        (sqlite3.SQLITE_BUSY, Reason.STORE_BUSY),
        (sqlite3.SQLITE_LOCKED, Reason.STORE_BUSY),
        (sqlite3.SQLITE_CORRUPT, Reason.CORRUPT),
        (sqlite3.SQLITE_NOTADB, Reason.CORRUPT),
    ],
)
@pytest.mark.parametrize("point", [Point.BEGIN, Point.COMMIT])
async def test_each_error_of_the_driver_has_its_reason_and_leaves_nothing(
    engine: SqliteEngine, code: int, reason: Reason, point: Point
) -> None:
    armed = False

    def faults(here: Point) -> None:
        if armed and here is point:
            failure = sqlite3.OperationalError("injected")
            failure.sqlite_errorcode = code
            failure.sqlite_errorname = "SQLITE_INJECTED"
            raise failure

    store = await engine.open(faults=faults)
    await write(store, batch(0, 2))
    armed = True
    assert (await failure_of(write(store, batch(2, 1)))).reason is reason
    armed = False
    assert len(await store.message_range(0, 9)) == 2
    await write(store, batch(2, 1))
    await store.aclose()


async def test_a_mistake_in_a_statement_is_not_taken_for_a_fault_of_the_disk(store: SqliteStore) -> None:
    with pytest.raises(sqlite3.OperationalError, match="syntax error"):
        await store._writer.run(lambda conn: conn.execute("SELEKT 1"))
    await write(store, batch(0, 1))


async def test_a_disk_that_fails_in_the_middle_of_a_write_is_told_and_survived(store: SqliteStore) -> None:
    await write(store, batch(0, 4))
    before = await everything(store)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))  # a write beyond it is cut short and then fails
        for _ in range(2):
            assert (await failure_of(write(store, batch(4, 40, body=b"x" * 50_000)))).reason is Reason.STORE_FULL
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert await everything(store) == before
    await write(store, batch(4, 40, body=b"x" * 50_000))
    assert await store._writer.ask(lambda conn: one(conn, "PRAGMA integrity_check")) == "ok"


async def test_a_stranger_who_holds_the_write_lock_is_told_as_busy(engine: SqliteEngine, store: SqliteStore) -> None:
    stranger = sqlite3.connect(engine.path, isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    assert (await failure_of(write(store, batch(0, 1)))).reason is Reason.STORE_BUSY
    stranger.execute("ROLLBACK")
    stranger.close()
    await write(store, batch(0, 1))


async def test_a_job_that_hides_the_loss_of_its_transaction_is_not_told_that_it_was_written(store: SqliteStore) -> None:
    def job(conn: sqlite3.Connection) -> str:
        conn.execute("INSERT INTO meta (key, value) VALUES ('a', x'00')")
        conn.execute("ROLLBACK")  # as SQLite does by itself when the disk is full
        return "written"

    with pytest.raises(StoreBusy):
        await store._writer.run(job)
    assert await store.transact(lambda tx: tx.get_meta("a")) is None


# a torn WAL


async def last_commit(engine: SqliteEngine, tmp_path: Path) -> tuple[SqliteEngine, int]:
    """The files of a store after two commits, never closed, and where the second begins in the WAL."""
    store = await engine.open()
    await write(store, batch(0, 4))
    begins = engine.wal.stat().st_size
    await write(store, batch(4, 4))
    image = engine.image(tmp_path / "image")
    await store.aclose()
    return image, begins


async def sizes(engine: SqliteEngine) -> tuple[int, int]:
    store = await engine.open()
    found = await store.transact(lambda tx: tx.head().log_size), len(await store.message_range(0, 99))
    assert await engine.ask(store, "PRAGMA integrity_check") == "ok"
    await write(store, batch(found[0], 1))
    await store.aclose()
    return found


async def test_a_wal_cut_anywhere_in_a_commit_loses_that_commit_whole_and_no_other(
    engine: SqliteEngine, tmp_path: Path
) -> None:
    image, begins = await last_commit(engine, tmp_path)
    whole = image.wal.read_bytes()
    frame = 8192 + 24
    assert (len(whole) - begins) % frame == 0
    cuts = [begins, begins + 1, begins + frame, len(whole) - frame, len(whole) - 4096, len(whole) - 1]
    for place, cut in enumerate(cuts):
        copy = image.image(tmp_path / f"cut{place}")
        copy.wal.write_bytes(whole[:cut])
        assert await sizes(copy) == (4, 4)
    assert await sizes(image) == (8, 8)


async def test_flipped_bytes_at_the_end_of_the_wal_lose_the_last_commit_whole(
    engine: SqliteEngine, tmp_path: Path
) -> None:
    image, begins = await last_commit(engine, tmp_path)
    whole = image.wal.read_bytes()
    for place, at in enumerate((begins + 8, begins + 5000, len(whole) - 8192, len(whole) - 1)):
        copy = image.image(tmp_path / f"flip{place}")
        copy.wal.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        assert await sizes(copy) == (4, 4)


async def test_a_write_that_was_torn_before_its_commit_loses_nothing_committed(
    engine: SqliteEngine, tmp_path: Path
) -> None:
    image, begins = await last_commit(engine, tmp_path)
    whole = image.wal.read_bytes()
    for place, tail in enumerate((b"\x00" * 9000, os.urandom(20_000), whole[begins : begins + 8216])):
        copy = image.image(tmp_path / f"tail{place}")
        copy.wal.write_bytes(whole + tail)
        assert await sizes(copy) == (8, 8)


# checkpoints


async def test_the_wal_stays_small_while_the_store_is_busy_and_is_gone_when_it_closed(engine: SqliteEngine) -> None:
    passed: list[Point] = []
    store = await engine.open(faults=passed.append)
    largest = 0
    for first in range(0, 6400, 64):
        await write(store, batch(first, 64, body=b"x" * 1500))
        largest = max(largest, engine.wal.stat().st_size)
    assert passed.count(Point.CHECKPOINT) >= 5
    assert largest < 16 * 1024 * 1024 < engine.path.stat().st_size + largest
    await store.aclose()
    assert not engine.wal.exists()


async def test_large_bodies_bring_the_checkpoint_forward(engine: SqliteEngine) -> None:
    passed: list[Point] = []
    store = await engine.open(faults=passed.append)
    await write(store, batch(0, 40, body=b"x" * 250_000))
    await store.facts()
    assert passed.count(Point.CHECKPOINT) == 1
    await store.aclose()


async def test_a_quiet_writer_empties_the_wal_once_and_again_after_the_next_job(engine: SqliteEngine) -> None:
    loop, emptied = asyncio.get_running_loop(), asyncio.Semaphore(0)

    def faults(point: Point) -> None:
        if point is Point.CHECKPOINT:
            loop.call_soon_threadsafe(emptied.release)

    def setup(conn: sqlite3.Connection) -> None:
        conn.execute("CREATE TABLE t (x)")

    writer = await Writer.open(engine.path, setup=setup, faults=faults, idle_s=0.01)
    for _ in range(2):
        await writer.run(lambda conn: conn.execute("INSERT INTO t VALUES (1)").rowcount)
        await emptied.acquire()
        assert await writer.ask(lambda conn: engine.wal.stat().st_size) == 0
    await writer.aclose()


async def test_a_checkpoint_that_fails_or_is_in_a_readers_way_harms_no_commit(engine: SqliteEngine) -> None:
    def faults(point: Point) -> None:
        if point is Point.CHECKPOINT:
            raise sqlite3.OperationalError("injected")

    store = await engine.open(faults=faults)
    for first in range(0, 1280, 64):
        await write(store, batch(first, 64))
    await store.aclose()
    reader = sqlite3.connect(f"file:{engine.path}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM message").fetchone() == (1280,)
    store = await engine.open()
    await write(store, batch(1280, 64))
    await store.aclose()
    assert reader.execute("SELECT count(*) FROM message").fetchone() == (1280,)
    reader.close()
    store = await engine.open()
    assert await store.transact(lambda tx: tx.head().log_size) == 1344
    await store.aclose()


async def test_a_backup_that_fails_leaves_no_file(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(store, batch(0, 40, body=b"x" * 50_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        assert isinstance(await failure_of(store.backup(tmp_path / "copy")), StoreBusy)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "copy").exists()


async def test_a_duplicate_is_told_as_damage(store: SqliteStore) -> None:
    await write(store, batch(0, 1))
    with pytest.raises(LocalFault, match="SQLITE_CONSTRAINT"):
        await store._writer.run(lambda conn: conn.execute("INSERT INTO batch VALUES (1, 0, x'00')"))
