"""Reading one SQLite file beside its writer.

* Readers have read-only connections and threads of their own: they see committed state only and never hold up the
  writer.
* One job sees one snapshot when it is one statement; several statements in one job need ``BEGIN`` of its own.
* Jobs are short: a snapshot kept open keeps the WAL from starting anew.
"""

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tocsin.core.errors import Reason, error
from tocsin.giveway import GiveWay
from tocsin.sqlitecalls import Job, T
from tocsin.sqlitefile import connect_reader, translated

READERS = 2
"""Threads: a long listing must not hold up a point lookup. More would only wait for the interpreter's lock."""


class SqliteReaders:
    """Read-only connections to one file, opened on first use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix=f"tocsin-{path.stem}-read")
        self._closed = False
        self._running = 0
        self._give_way = GiveWay(lambda: self._running > 0)

    async def read(self, job: Job[T]) -> T:
        """Runs ``job`` on a reader's connection.

        Raises:
            StoreBusy: STORE_BUSY.
            LocalFault: CORRUPT.
            Draining: The file was closed.
        """
        if self._closed:
            raise error(Reason.DRAINING)
        loop = asyncio.get_running_loop()
        self._running += 1
        self._give_way.watch(loop)
        try:
            return await loop.run_in_executor(self._pool, self._run, job)
        finally:
            self._running -= 1

    async def aclose(self) -> None:
        """Waits for running jobs and closes the connections."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)
        while self._opened:
            self._opened.pop().close()

    def _run(self, job: Job[T]) -> T:
        self._give_way.back()
        with translated():
            conn: sqlite3.Connection | None = getattr(self._own, "conn", None)
            if conn is None:
                conn = self._own.conn = connect_reader(self._path)
                self._opened.append(conn)
            try:
                return job(conn)
            finally:
                self._give_way.away()
