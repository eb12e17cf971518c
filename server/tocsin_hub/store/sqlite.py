"""The hub's store in one SQLite file: one thread writes (``sqlite_writer``), others read (``sqlite_reader``).

Example:
    store = await open_sqlite(paths.database, now_us=clock.now_us())
    size = await store.transact(lambda tx: tx.head().log_size)
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tocsin.core.errors import Reason, error
from tocsin.sqlitefile import connect_reader, one, translated
from tocsin.sqlitethread import Faults
from tocsin_hub.store.base import WriteTx
from tocsin_hub.store.migrations import migrate
from tocsin_hub.store.sqlite_reader import SqliteReader
from tocsin_hub.store.sqlite_tx import SqliteTx
from tocsin_hub.store.sqlite_writer import Writer

T = TypeVar("T")

_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


async def open_sqlite(path: Path, *, now_us: int, create: bool = True, faults: Faults | None = None) -> "SqliteStore":
    """Opens the hub's database, alone, and brings it to the present layout.

    Args:
        path: The file; its ``-wal``, ``-shm`` and ``.lock`` lie beside it.
        now_us: What migrations applied now are dated, microseconds since 1970 UTC.
        create: Makes the file when it is missing; its directory must exist.
        faults: Called on the writing thread at each ``Point`` of a transaction (tests).

    Raises:
        LocalFault: ALREADY_RUNNING when a hub has it open; STORE_NEWER; CORRUPT, also when the file is missing and
            ``create`` is not set.
        StoreBusy: STORE_BUSY; STORE_FULL when the disk is full or the file may not be written.
    """
    if not create and not path.exists():
        raise error(Reason.CORRUPT, hint="the database is missing")

    def setup(conn: sqlite3.Connection) -> None:
        migrate(conn, now_us)

    return SqliteStore(path, await Writer.open(path, setup=setup, faults=faults))


class SqliteStore(SqliteReader):
    """See ``store.base.HubStore``."""

    def __init__(self, path: Path, writer: Writer) -> None:
        super().__init__(path)
        self._writer = writer
        self._closed = False

    async def transact(self, job: Callable[[WriteTx], T], *, urgent: bool = False) -> T:
        """See ``HubStore``."""
        return await self._writer.run(lambda conn: job(SqliteTx(conn)), urgent=urgent)

    async def backup(self, path: Path) -> int:
        """See ``HubStore``."""
        if self._closed:
            raise error(Reason.DRAINING)
        return await asyncio.to_thread(_copy, self._path, path)

    async def facts(self) -> dict[str, str]:
        """See ``HubStore``."""

        def ask(conn: sqlite3.Connection) -> dict[str, str]:
            return {
                "synchronous": _SYNCHRONOUS[int(str(one(conn, "PRAGMA synchronous")))],
                "journal_mode": str(one(conn, "PRAGMA journal_mode")),
                "schema": str(one(conn, "SELECT max(number) FROM schema_migration")),
                "library": f"SQLite {sqlite3.sqlite_version}",
            }

        return await self._writer.ask(ask)

    async def aclose(self) -> None:
        """See ``HubStore``."""
        self._closed = True
        await self._readers.aclose()
        await self._writer.aclose()


def _copy(source: Path, target: Path) -> int:
    """Copies one snapshot over a reading connection of its own; returns the bytes of the copy, which is on the disk."""
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as exc:
        raise error(Reason.FIELD_INVALID, field="path", rule="a new file in a directory that can be written") from exc
    try:
        with translated():
            conn = connect_reader(source)
            try:
                conn.execute("VACUUM INTO ?", (str(target),))
            finally:
                conn.close()
        _sync(target)
        _sync(target.parent)
        return target.stat().st_size
    except BaseException:
        target.unlink()
        raise


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
