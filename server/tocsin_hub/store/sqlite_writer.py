"""The one thread that writes the hub's SQLite file, over the one connection that may.

* A job is one function and one transaction, run once. It raised: rolled back, and its error passes on. COMMIT raised: rolled
  back, and the caller is told that nothing was written. Only after COMMIT returned is the value handed out.
* Jobs run in the order of the calls; urgent ones overtake waiting others, never one that runs. Whoever awaits a job may be
  cancelled; the job runs all the same.
* Checkpoints are made here too, between jobs and when idle: before SQLite 3.51.3 a second connection that writes or
  checkpoints at the same moment can reset the WAL under the first.
* The file's lock is held from before the open until after the close, so no other process gets that far.
* Settings that durability rests on are read back; a wrong one refuses to start.
* While there are jobs, the event loop gives way (``tocsin.giveway``): a busy one starves this thread.
"""

import asyncio
import contextlib
import errno
import itertools
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import structlog

from tocsin.core.errors import BusError, Reason, StoreBusy, error
from tocsin.giveway import GiveWay
from tocsin.sqlitefile import FULL, WriteLock, connect_writer, one, store_error
from tocsin.sqlitethread import Faults, Point

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

CHECKPOINT_ROWS = 4096
"""Rows changed between checkpoints: some 400 messages and 4 MiB of WAL, copied in the time of a few commits."""

CHECKPOINT_BYTES = 8 * 1024 * 1024
"""Growth of the WAL file that asks for a checkpoint whatever the number of rows: bodies may be 256 KiB."""

CACHE_KIB = 64 * 1024
"""Page cache of the writer: the largest batch (320 bodies of 256 KiB) is the only one that spills before its commit."""

IDLE_S = 2.0
"""After this long without a job the WAL is emptied: a backup by file copy or a restart then finds everything in one file."""

_SETTINGS = {
    "journal_mode": "wal",
    "synchronous": FULL,
    "wal_autocheckpoint": 0,
    "mmap_size": 0,
    "foreign_keys": 0,  # rows are written together by pure code and compared by a replay; a check per row buys nothing
    "query_only": 0,
    "busy_timeout": 0,  # nobody else may hold SQLite's write lock; a stranger who does is told at once as STORE_BUSY
}

_URGENT, _ROUTINE, _END = range(3)

_log = structlog.get_logger("store")


class _Call(NamedTuple):
    job: Job[Any]
    alone: bool
    future: "asyncio.Future[Any]"


class Writer:
    """The writer of one file. Made by ``open``, ended by ``aclose``, used from one event loop."""

    def __init__(self, path: Path, setup: Job[None], idle_s: float) -> None:
        self._path = path
        self._wal = Path(f"{path}-wal")
        self._setup = setup
        self._faults: Faults | None = None
        self._idle_s = idle_s
        self._loop = asyncio.get_running_loop()
        self._queue: queue.PriorityQueue[tuple[int, int, _Call | None]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._waiting = 0
        self._give_way = GiveWay(lambda: self._waiting > 0)
        self._closed = False
        self._thread = threading.Thread(target=self._main, name="tocsin-hub-writer", daemon=True)
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._rows = 0
        self._wal_bytes = 0
        self._unsettled = False

    @classmethod
    async def open(cls, path: Path, *, setup: Job[None], faults: Faults | None = None, idle_s: float = IDLE_S) -> Self:
        """Opens or creates the file (0600) and runs ``setup`` in its first transaction.

        Raises:
            LocalFault: ALREADY_RUNNING; CORRUPT; what ``setup`` raises.
            StoreBusy: STORE_BUSY or STORE_FULL.
        """
        self = cls(path, setup, idle_s)
        self._thread.start()
        try:
            await self._ready
        except asyncio.CancelledError:
            self._end()
            raise
        self._faults = faults
        return self

    async def run(self, job: Job[T], *, urgent: bool = False) -> T:
        """Runs ``job`` in a transaction of its own; returns its value once the commit is on the disk.

        Raises:
            StoreBusy: STORE_BUSY or STORE_FULL; nothing was written.
            LocalFault: CORRUPT.
            Draining: The file was closed.
        """
        return await self._queued(_URGENT if urgent else _ROUTINE, job, alone=False)

    async def ask(self, question: Job[T]) -> T:
        """Runs ``question`` on the writing connection, outside any transaction. Raises as ``run`` does."""
        return await self._queued(_URGENT, question, alone=True)

    async def aclose(self) -> None:
        """Finishes what was queued, empties the WAL and closes. Calls after it raise Draining."""
        self._end()
        await self._loop.run_in_executor(None, self._thread.join)

    def _end(self) -> None:
        if not self._closed:
            self._closed = True
            self._queue.put((_END, 0, None))

    async def _queued(self, rank: int, job: Job[T], *, alone: bool) -> T:
        if self._closed:
            raise error(Reason.DRAINING)
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((rank, next(self._numbers), _Call(job, alone, future)))
        self._waiting += 1
        self._give_way.watch(self._loop)
        try:
            return await future
        finally:
            self._waiting -= 1

    # From here on: the thread.

    def _main(self) -> None:
        with contextlib.ExitStack() as held:
            try:
                conn = self._open(held)
            except BaseException as exc:  # handed to the caller of open()
                self._closed = True
                held.close()
                self._settle(self._ready, None, _told(exc))
                return
            self._settle(self._ready, None, None)
            self._serve(conn)
            self._checkpoint(conn, "TRUNCATE")

    def _open(self, held: contextlib.ExitStack) -> sqlite3.Connection:
        try:
            lock = WriteLock(self._path, wait_s=0)
        except OSError as exc:
            if exc.errno in (errno.ENOENT, errno.ENOTDIR):
                raise error(Reason.CORRUPT, hint="the directory of the database is missing") from exc
            raise error(Reason.STORE_FULL) from exc
        held.callback(lock.close)
        try:
            lock.acquire()
        except StoreBusy as exc:
            raise error(Reason.ALREADY_RUNNING) from exc
        conn = held.enter_context(contextlib.closing(connect_writer(self._path)))
        conn.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        conn.execute("PRAGMA mmap_size=0")
        conn.execute("PRAGMA foreign_keys=OFF")
        conn.execute("PRAGMA busy_timeout=0")
        self._transact(conn, self._setup)
        for name, wanted in _SETTINGS.items():
            if one(conn, f"PRAGMA {name}") != wanted:
                raise error(Reason.CORRUPT, hint="the file system does not allow safe commits")
        self._rows, self._wal_bytes = conn.total_changes, self._wal_size()
        self._unsettled = self._wal_bytes > 0
        return conn

    def _serve(self, conn: sqlite3.Connection) -> None:
        while True:
            self._give_way.away()
            try:
                _, _, call = self._queue.get(timeout=self._idle_s if self._unsettled else None)
            except queue.Empty:
                self._checkpoint(conn, "TRUNCATE")
                continue
            self._give_way.back()
            if call is None:
                return
            value, failure = None, None
            try:
                value = call.job(conn) if call.alone else self._transact(conn, call.job)
            except BaseException as exc:  # handed to the caller, whatever it is
                failure = _told(exc)
            self._settle(call.future, value, failure)
            del call, value, failure
            if self._checkpoint_due(conn):
                self._checkpoint(conn, "PASSIVE")

    def _transact(self, conn: sqlite3.Connection, job: Job[T]) -> T:
        try:
            _roll_back(conn)  # nothing to do, unless a rollback failed on a disk that failed
            self._strike(Point.BEGIN)
            conn.execute("BEGIN IMMEDIATE")
            before = conn.total_changes
            value = job(conn)
            self._strike(Point.COMMIT)
            if not conn.in_transaction:
                raise error(Reason.STORE_FULL)  # SQLite gave the transaction up inside the job, which hid the error
            self._give_way.away()
            conn.execute("COMMIT")
            self._give_way.back()
        except BaseException:
            # The first error is told; the next job rolls back before it begins.
            with contextlib.suppress(sqlite3.Error):
                _roll_back(conn)
            raise
        self._unsettled = self._unsettled or conn.total_changes != before
        self._strike(Point.COMMITTED)
        return value

    def _checkpoint_due(self, conn: sqlite3.Connection) -> bool:
        return (
            conn.total_changes - self._rows >= CHECKPOINT_ROWS or self._wal_size() - self._wal_bytes >= CHECKPOINT_BYTES
        )

    def _checkpoint(self, conn: sqlite3.Connection, mode: str) -> None:
        """Copies the WAL into the file. Commits are safe in the WAL whether this succeeds or not."""
        self._rows = conn.total_changes
        self._give_way.away()
        try:
            self._strike(Point.CHECKPOINT)
            (blocked, _, _) = conn.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            if mode == "TRUNCATE" and not blocked:  # a reader's snapshot may be in the way; it is not waited for
                self._unsettled = False
        except sqlite3.Error as exc:
            _log.warning(
                "the WAL was not copied", action="checkpoint_failed", code=getattr(exc, "sqlite_errorname", "unknown")
            )
        self._wal_bytes = self._wal_size()

    def _wal_size(self) -> int:
        try:
            return self._wal.stat().st_size
        except OSError:
            return 0

    def _strike(self, point: Point) -> None:
        if self._faults is not None:
            self._faults(point)

    def _settle(self, future: "asyncio.Future[T]", value: T, failure: BaseException | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(_finish, future, value, failure)


def _finish(future: "asyncio.Future[T]", value: T, failure: BaseException | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(value)
    else:
        future.set_exception(failure)


def _roll_back(conn: sqlite3.Connection) -> None:
    if conn.in_transaction:
        conn.execute("ROLLBACK")


def _told(exc: BaseException) -> BaseException:
    """What the caller gets: the error of the contract that a driver's error stands for, or the error itself."""
    if isinstance(exc, StopIteration):
        told: BaseException | None = RuntimeError("a job raised StopIteration")  # a future takes any other exception
    else:
        told = _meaning(exc)
    if told is None:
        return exc
    told.__cause__ = exc
    return told


def _meaning(exc: BaseException) -> BusError | None:
    code = getattr(exc, "sqlite_errorcode", None)
    if not isinstance(exc, sqlite3.Error) or code is None:
        return None
    if code & 0xFF == sqlite3.SQLITE_IOERR:  # a full disk shows so too, where SQLite grows or cuts a file
        return error(Reason.STORE_FULL)
    if code & 0xFF == sqlite3.SQLITE_CONSTRAINT:  # the rows contradict what is stored; writing on would hide it
        return error(Reason.CORRUPT, hint=exc.sqlite_errorname)
    return store_error(exc)
