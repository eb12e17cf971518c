"""One SQLite file written by one thread, over one connection, with group commit.

 * What is queued while a commit runs is committed together in the next transaction; nobody waits for company.
 * A result is handed out only after COMMIT returned, so whoever got one may rely on the disk. A call that got an error
   of the store wrote nothing, unless the disk failed inside the commit itself; the same call again is always right.
 * In a shared transaction a raising job undoes only itself: all run at once in the hope that none raises; when one
   does, everything is rolled back and each runs again in a savepoint of its own. A job may therefore run twice: it must
   do nothing but read and write through its connection, and it never commits.
 * Calls that wait at the same time are concurrent and may run in any order; calls of one operation run in the order
   they came.
 * Urgent calls overtake waiting ones and share a transaction with only a few of them; they never overtake one that
   runs.
 * A cancelled call has run as a whole or not at all.
 * Every transaction and checkpoint is made under the file's ``WriteLock`` (``tocsin.sqlitefile`` says why).

SQLite's driver lets go of the interpreter's lock at each step and gets it back late beside a busy thread. So operations
take all their items at once and use few multi-row statements (measured beside a busy thread: 3,000 µs per row with
single-row statements, 300 µs with 64 rows in one), and the event loop gives way (``tocsin.giveway``).
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from tocsin.core.errors import Reason, StoreBusy, error
from tocsin.giveway import GiveWay
from tocsin.sqlitecalls import (
    Call,
    Item,
    Job,
    Operation,
    T,
    TransactionLost,
    caused,
    execute_apart,
    execute_merged,
    hand_out,
    move,
)
from tocsin.sqlitefile import LOCK_WAIT_S, WriteLock, connect_writer, one, translated

MAX_ITEMS = 256
"""Items of one transaction: the cost of an fsync is spread thin by then, and an urgent call waits for no more than
this."""

MAX_ITEMS_BESIDE_URGENT = 64
"""Routine items that may ride with urgent ones: routine never starves, and an urgent commit stays short."""

CHECKPOINT_ROWS = 4096
"""Rows changed between checkpoints: some 4 MiB of WAL at usual sizes, read back at once after a crash."""

CHECKPOINT_BYTES = 4 * 1024 * 1024
"""Growth of the WAL file that asks for a checkpoint, whatever the number of rows."""

CHECKPOINT_OVERDUE = 4
"""How many times over either limit a checkpoint no longer steps aside for urgent calls."""


class Point(StrEnum):
    """Where a test may let a fault strike."""

    BEGIN = "begin"
    COMMIT = "commit"
    COMMITTED = "committed"
    CHECKPOINT = "checkpoint"


Faults = Callable[[Point], None]
"""Called on the writing thread at each point; what it raises happens there."""


class SqliteThread:
    """The writer of one SQLite file. Make it with ``open``, end it with ``aclose``; use it from event loops."""

    def __init__(self, path: Path, setup: Job[None] | None, faults: Faults | None, lock_wait_s: float) -> None:
        self._path = path
        self._wal = Path(f"{path}-wal")
        self._setup = setup
        self._faults = faults
        self._lock = WriteLock(path, wait_s=lock_wait_s)
        self._urgent: deque[Call] = deque()
        self._routine: deque[Call] = deque()
        self._signal: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._closing = False
        self._rows_checkpointed = 0
        self._wal_bytes = 0
        self._data_version: object = None
        self._serving = False
        self._give_way = GiveWay(self._has_work)
        self._thread: threading.Thread

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        setup: Job[None] | None = None,
        faults: Faults | None = None,
        lock_wait_s: float = LOCK_WAIT_S,
    ) -> Self:
        """Opens or creates the file (0600); ``setup`` (schema, migrations) runs first, in a transaction of its own.

        Raises:
            StoreBusy: STORE_BUSY or STORE_FULL.
            LocalFault: CORRUPT, or what ``setup`` raises.
            OSError: The directory is missing or may not be used.
        """
        self = cls(path, setup, faults, lock_wait_s)
        ready = Call(job=lambda conn: None)
        self._thread = threading.Thread(target=self._main, args=(ready,), name=f"tocsin-{path.stem}", daemon=True)
        self._thread.start()
        try:
            await ready.future
        except asyncio.CancelledError:
            self._end()
            raise
        return self

    async def run(self, job: Job[T], *, urgent: bool = False, weight: int = 1) -> T:
        """Runs ``job`` in a transaction and returns its value once that is durable.

        ``weight`` says how many items the job stands for: transactions are filled up to ``MAX_ITEMS``.

        Raises:
            StoreBusy: STORE_BUSY or STORE_FULL.
            LocalFault: CORRUPT.
            Draining: The file was closed.
        """
        value: T = await self._queued(Call(job=job, weight=weight), urgent)
        return value

    async def apply(self, operation: Operation[Item, T], items: Sequence[Item], *, urgent: bool = False) -> Sequence[T]:
        """Runs ``operation`` on ``items``, together with the items of everybody who waits with the same operation.

        It returns one result per item, in their order. When it raises, only the call whose items made it raise is
        undone. More than ``MAX_ITEMS`` items still go in one transaction, and hold up everybody else for as long.

        Raises:
            StoreBusy: STORE_BUSY or STORE_FULL.
            LocalFault: CORRUPT.
            Draining: The file was closed.
        """
        if not items:
            return ()
        results: Sequence[T] = await self._queued(Call(operation=operation, items=items), urgent)
        return results

    async def changed_elsewhere(self) -> bool:
        """Whether another connection, of this process or another, has committed since the last time this was asked.

        Raises:
            StoreBusy: STORE_BUSY.
            LocalFault: CORRUPT.
            Draining: The file was closed.
        """
        value: bool = await self._queued(Call(job=self._look_elsewhere, outside=True), True)
        return value

    async def aclose(self) -> None:
        """Finishes what was queued, checkpoints and closes. Calls after it raise Draining."""
        self._end()
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)

    def _end(self) -> None:
        if not self._closing:
            self._closing = True
            self._signal.put(False)

    def _queued(self, call: Call, urgent: bool) -> "asyncio.Future[Any]":
        if self._closing:
            raise error(Reason.DRAINING)
        (self._urgent if urgent else self._routine).append(call)
        self._signal.put(True)
        self._give_way.watch(call.loop)
        return call.future

    def _has_work(self) -> bool:
        return self._serving or bool(self._urgent) or bool(self._routine)

    # From here on: the thread.

    def _main(self, ready: Call) -> None:
        try:
            conn = self._open()
        except BaseException as exc:  # handed to the caller of open()
            self._closing = True
            self._lock.close()
            ready.error = exc
            hand_out([ready])
            return
        hand_out([ready])
        while self._signal.get():
            if calls := self._take():
                self._serve(conn, calls)
                self._give_way.away()
                self._checkpoint_if_due(conn)
                self._give_way.back()
        while calls := self._take():
            self._serve(conn, calls)
        self._give_way.away()
        self._close(conn)

    def _open(self) -> sqlite3.Connection:
        with self._lock.held():
            conn = connect_writer(self._path)
            try:
                with translated():
                    if self._setup is not None:
                        conn.execute("BEGIN IMMEDIATE")
                        self._setup(conn)
                        conn.execute("COMMIT")
                    self._look_elsewhere(conn)
            except BaseException:
                conn.close()
                raise
        self._wal_bytes = self._wal_size()
        self._rows_checkpointed = conn.total_changes
        return conn

    def _close(self, conn: sqlite3.Connection) -> None:
        # Without the lock our close is not the last one: its holder has the file open, and SQLite checkpoints nothing.
        with contextlib.suppress(StoreBusy):
            self._lock.acquire()
        # A checkpoint that is refused leaves the WAL, which the next start takes up.
        with contextlib.suppress(sqlite3.Error):
            conn.execute("PRAGMA busy_timeout=0")
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        conn.close()
        self._lock.close()

    def _take(self) -> list[Call]:
        calls: list[Call] = []
        move(self._urgent, calls, MAX_ITEMS)
        move(self._routine, calls, MAX_ITEMS_BESIDE_URGENT if calls else MAX_ITEMS)
        return calls

    def _serve(self, conn: sqlite3.Connection, calls: list[Call]) -> None:
        self._serving = True
        for call in calls:
            if call.outside:
                try:
                    call.execute(conn)
                except BaseException as exc:  # handed to the caller
                    call.error = caused(exc)
        together = [call for call in calls if not call.outside]
        if together and not self._served(conn, together):
            for call in together:
                call.error = None
                self._served(conn, [call])
        hand_out(calls)
        self._serving = False

    def _served(self, conn: sqlite3.Connection, calls: list[Call]) -> bool:
        """Commits ``calls`` together and notes what went wrong; False when each must have a transaction of its own."""
        try:
            self._commit(conn, calls)
            self._strike(Point.COMMITTED)
        except TransactionLost:
            return False
        except BaseException as exc:  # handed to every caller of this transaction
            for call in calls:
                call.error = caused(exc)
        return True

    def _commit(self, conn: sqlite3.Connection, calls: list[Call]) -> None:
        with self._lock.held(on_wait=self._give_way.away):
            self._give_way.back()
            try:
                self._strike(Point.BEGIN)
                conn.execute("BEGIN IMMEDIATE")
                try:
                    execute_merged(conn, calls)
                except BaseException:
                    if len(calls) == 1:
                        raise
                    _roll_back(conn)
                    conn.execute("BEGIN IMMEDIATE")
                    execute_apart(conn, calls)
                self._strike(Point.COMMIT)
                self._give_way.away()
                conn.execute("COMMIT")
            except BaseException:
                _roll_back(conn)
                raise
            finally:
                self._give_way.back()

    def _checkpoint_if_due(self, conn: sqlite3.Connection) -> None:
        rows = conn.total_changes - self._rows_checkpointed
        grown = self._wal_size() - self._wal_bytes
        due = max(rows / CHECKPOINT_ROWS, grown / CHECKPOINT_BYTES)
        if due < 1 or (self._urgent and due < CHECKPOINT_OVERDUE):
            return
        self._rows_checkpointed = conn.total_changes
        # Commits are safe in the WAL whether this succeeds or not; real damage is met, and told, by the next statement.
        with contextlib.suppress(sqlite3.Error, StoreBusy), self._lock.held():
            self._strike(Point.CHECKPOINT)
            conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self._wal_bytes = self._wal_size()

    def _look_elsewhere(self, conn: sqlite3.Connection) -> bool:
        before, self._data_version = self._data_version, one(conn, "PRAGMA data_version")
        return before != self._data_version

    def _wal_size(self) -> int:
        try:
            return self._wal.stat().st_size
        except OSError:
            return 0

    def _strike(self, point: Point) -> None:
        if self._faults is not None:
            self._faults(point)


def _roll_back(conn: sqlite3.Connection) -> None:
    if conn.in_transaction:
        conn.execute("ROLLBACK")
