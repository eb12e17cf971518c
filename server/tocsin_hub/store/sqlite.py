"""The hub's store in one SQLite file: one writer, readers of their own.

 * The writer is a ``SqliteThread``: one thread, one connection, WAL with ``synchronous=FULL``, all checkpoints too.
 * Readers are aiosqlite connections opened read-only; a read is one short statement.
 * A second hub on the same file is refused by a lock held as long as the store is open.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import aiosqlite

from tocsin.core.errors import Reason, error
from tocsin.sqlitefile import store_error
from tocsin.sqlitethread import Faults, SqliteThread
from tocsin_hub.domain.rows import (
    AttemptRow,
    BatchRow,
    DirectoryRow,
    EntryRow,
    MailboxKey,
    MessageRow,
    OrderRow,
    ThreadRow,
)
from tocsin_hub.store.base import MailboxState, StoredEntry, WriteTx
from tocsin_hub.store.migrations import migrate
from tocsin_hub.store.sqlite_tx import ORDER_COLUMNS, THREAD_COLUMNS, SqliteTx, order_row, thread_row

T = TypeVar("T")

READERS = 2
"""Read-only connections: a long listing must not hold up a delivery's read."""

MAX_KEYS = 900
"""Keys of one query, below SQLite's oldest limit of 999 parameters."""

_MESSAGE = (
    "m.log_index, m.message_id, m.sender, m.message_hash, m.kind, m.root_id, m.body, m.salt, m.accepted_us, m.batch_size, "
    "m.directory_version, m.policy_version, m.profile_version"
)

_DUMPS = {
    "threads": f"SELECT {THREAD_COLUMNS} FROM thread ORDER BY root_id",
    "orders": f"SELECT {ORDER_COLUMNS} FROM orders ORDER BY order_id",
    "subjects": "SELECT * FROM subject WHERE terms_used OR terms_pending ORDER BY subject",
    "timers": "SELECT * FROM timer ORDER BY order_id, deadline",
    "directory": "SELECT * FROM directory ORDER BY version",
    "entries": "SELECT party, lane, seq, log_index, root_id, urgent_exempt, why FROM entry ORDER BY party, lane, seq",
    "nodes": "SELECT * FROM node ORDER BY level, position",
    "batches": "SELECT tree_size, first_index FROM batch ORDER BY tree_size",
}


async def open_sqlite(path: Path, *, now_us: int, faults: Faults | None = None) -> "SqliteStore":
    """Opens or creates the hub's database and brings it to the present layout.

    Raises:
        LocalFault: ALREADY_RUNNING when a hub has it open; CORRUPT; what ``migrations`` raises.
        StoreBusy: STORE_BUSY or STORE_FULL.
    """
    lock = os.open(f"{path}.hub", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(lock)
        raise error(Reason.ALREADY_RUNNING) from exc
    try:
        writer = await SqliteThread.open(path, setup=lambda conn: _setup(conn, now_us), faults=faults)
        readers = [await _reader(path) for _ in range(READERS)]
    except BaseException:
        os.close(lock)
        raise
    return SqliteStore(path, writer, readers, lock)


class SqliteStore:
    """See ``store.base.HubStore``."""

    def __init__(
        self, path: Path, writer: SqliteThread, readers: Sequence[aiosqlite.Connection], lock: int
    ) -> None:
        self._path = path
        self._writer = writer
        self._all = list(readers)
        self._free: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        for reader in readers:
            self._free.put_nowait(reader)
        self._lock = lock
        self._closed = False

    async def transact(self, job: Callable[[WriteTx], T], *, urgent: bool = False) -> T:
        """See ``HubStore``."""
        return await self._writer.run(lambda conn: job(SqliteTx(conn)), urgent=urgent)

    async def mailbox_state(self, mailbox: MailboxKey, subscription: str) -> MailboxState:
        """See ``HubStore``."""
        rows = await self._read(
            "SELECT (SELECT head FROM mailbox WHERE party = ?1 AND lane = ?2), "
            "(SELECT acked_through FROM cursor WHERE party = ?1 AND lane = ?2 AND subscription = ?3)",
            (*mailbox, subscription),
        )
        attempts = await self._read(
            "SELECT * FROM attempt WHERE party = ? AND lane = ? AND subscription = ? ORDER BY seq", (*mailbox, subscription)
        )
        return MailboxState(rows[0][0] or 0, rows[0][1] or 0, [_attempt(row) for row in attempts])

    async def entries(self, mailbox: MailboxKey, *, after_seq: int, limit: int) -> list[StoredEntry]:
        """See ``HubStore``."""
        rows = await self._read(
            f"SELECT e.seq, e.log_index, e.root_id, e.urgent_exempt, e.why, e.generation, {_MESSAGE} "
            "FROM entry e JOIN message m ON m.log_index = e.log_index "
            "WHERE e.party = ? AND e.lane = ? AND e.seq > ? ORDER BY e.seq LIMIT ?",
            (*mailbox, after_seq, limit),
        )
        if any(row[0] != after_seq + 1 + place for place, row in enumerate(rows)):
            raise error(Reason.CORRUPT, hint="a mailbox has a hole")
        return [
            StoredEntry(
                EntryRow(
                    mailbox=mailbox, seq=row[0], log_index=row[1], root_id=row[2], urgent_exempt=bool(row[3]), why=row[4],
                    generation=row[5],
                ),
                _message(row[6:]),
            )
            for row in rows
        ]  # fmt: skip

    async def messages(self, log_indexes: Sequence[int]) -> list[MessageRow]:
        """See ``HubStore``."""
        found: dict[int, MessageRow] = {}
        for start in range(0, len(log_indexes), MAX_KEYS):
            chunk = tuple(log_indexes[start : start + MAX_KEYS])
            marks = ",".join("?" * len(chunk))
            for row in await self._read(f"SELECT {_MESSAGE} FROM message m WHERE m.log_index IN ({marks})", chunk):
                found[row[0]] = _message(row)
        return [found[index] for index in log_indexes if index in found]

    async def message_range(self, first: int, limit: int) -> list[MessageRow]:
        """See ``HubStore``."""
        rows = await self._read(
            f"SELECT {_MESSAGE} FROM message m WHERE m.log_index >= ? ORDER BY m.log_index LIMIT ?", (first, limit)
        )
        return [_message(row) for row in rows]

    async def by_id(self, message_id: bytes) -> MessageRow | None:
        """See ``HubStore``."""
        rows = await self._read(f"SELECT {_MESSAGE} FROM message m WHERE m.message_id = ?", (message_id,))
        return _message(rows[0]) if rows else None

    async def thread_messages(self, root_id: bytes) -> list[MessageRow]:
        """See ``HubStore``."""
        rows = await self._read(f"SELECT {_MESSAGE} FROM message m WHERE m.root_id = ? ORDER BY m.log_index", (root_id,))
        return [_message(row) for row in rows]

    async def thread(self, root_id: bytes) -> ThreadRow | None:
        """See ``HubStore``."""
        rows = await self._read(f"SELECT {THREAD_COLUMNS} FROM thread WHERE root_id = ?", (root_id,))
        return thread_row(rows[0]) if rows else None

    async def order(self, order_id: bytes) -> OrderRow | None:
        """See ``HubStore``."""
        rows = await self._read(f"SELECT {ORDER_COLUMNS} FROM orders WHERE order_id = ?", (order_id,))
        return order_row(rows[0]) if rows else None

    async def orders_of(
        self, party: str, *, state: str, before_index: int, limit: int
    ) -> list[tuple[OrderRow, ThreadRow]]:
        """See ``HubStore``."""
        columns = ", ".join(f"o.{c}" for c in ORDER_COLUMNS.split(", "))
        more = ", ".join(f"t.{c}" for c in THREAD_COLUMNS.split(", "))
        rows = await self._read(
            f"SELECT {columns}, {more} FROM orders o JOIN thread t ON t.root_id = o.root_id "
            "WHERE (o.sender = ?1 OR o.recipient = ?1) AND o.log_index < ?2 AND (?3 = '' OR o.state = ?3) "
            "ORDER BY o.log_index DESC LIMIT ?4",
            (party, before_index, state, limit),
        )
        return [(order_row(row[:10]), thread_row(row[10:])) for row in rows]

    async def nodes(self, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """See ``HubStore``."""
        found: dict[tuple[int, int], bytes] = {}
        for start in range(0, len(keys), MAX_KEYS // 2):
            chunk = keys[start : start + MAX_KEYS // 2]
            marks = ",".join(["(?,?)"] * len(chunk))
            flat = tuple(value for key in chunk for value in key)
            rows = await self._read(f"SELECT level, position, hash FROM node WHERE (level, position) IN (VALUES {marks})", flat)
            found.update({(row[0], row[1]): row[2] for row in rows})
        return found

    async def batch(self, tree_size: int) -> BatchRow | None:
        """See ``HubStore``."""
        rows = await self._read("SELECT * FROM batch WHERE tree_size = ?", (tree_size,))
        return _batch(rows[0]) if rows else None

    async def newest_batch(self) -> BatchRow | None:
        """See ``HubStore``."""
        rows = await self._read("SELECT * FROM batch ORDER BY tree_size DESC LIMIT 1")
        return _batch(rows[0]) if rows else None

    async def directory_rows(self, after_version: int, limit: int) -> list[DirectoryRow]:
        """See ``HubStore``."""
        rows = await self._read(
            "SELECT * FROM directory WHERE version > ? ORDER BY version LIMIT ?", (after_version, limit)
        )
        return [DirectoryRow(version=row[0], log_index=row[1], head=row[2]) for row in rows]

    async def directory_heads(self, versions: Sequence[int]) -> dict[int, bytes]:
        """See ``HubStore``."""
        found = {0: bytes(32)}
        for start in range(0, len(versions), MAX_KEYS):
            chunk = tuple(versions[start : start + MAX_KEYS])
            marks = ",".join("?" * len(chunk))
            found.update(dict(await self._read(f"SELECT version, head FROM directory WHERE version IN ({marks})", chunk)))
        return found

    async def next_due_us(self) -> int | None:
        """See ``HubStore``."""
        due: int | None = (await self._read("SELECT min(due_us) FROM timer"))[0][0]
        return due

    async def dead_letters(self, party: str) -> list[tuple[AttemptRow, MessageRow]]:
        """See ``HubStore``."""
        rows = await self._read(
            f"SELECT a.*, {_MESSAGE} FROM attempt a "
            "JOIN entry e ON e.party = a.party AND e.lane = a.lane AND e.seq = a.seq "
            "JOIN message m ON m.log_index = e.log_index "
            "WHERE a.state = 'dead' AND (?1 = '' OR a.party = ?1) ORDER BY a.party, a.lane, a.seq",
            (party,),
        )
        return [(_attempt(row[:9]), _message(row[9:])) for row in rows]

    async def pending(self, party: str) -> dict[int, int]:
        """See ``HubStore``."""
        return {m.lane: head - cursor for m, (head, cursor) in (await self.all_mailboxes()).items() if m.party == party}

    async def all_mailboxes(self) -> dict[MailboxKey, tuple[int, int]]:
        """See ``HubStore``."""
        rows = await self._read(
            "SELECT m.party, m.lane, m.head, coalesce(c.acked_through, 0) FROM mailbox m "
            "LEFT JOIN cursor c ON c.party = m.party AND c.lane = m.lane AND c.subscription = 'main'"
        )
        return {MailboxKey(row[0], row[1]): (row[2], row[3]) for row in rows}

    async def dump(self, table: str) -> list[tuple[object, ...]]:
        """See ``HubStore``."""
        return [tuple(row) for row in await self._read(_DUMPS[table])]

    async def backup(self, path: Path) -> int:
        """See ``HubStore``."""
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as exc:
            raise error(Reason.FIELD_INVALID, field="path", rule="a new file in a directory that can be written") from exc
        await self._read("VACUUM INTO ?", (str(path),))
        fd = os.open(path, os.O_RDONLY)
        try:
            await asyncio.to_thread(os.fsync, fd)
            return os.fstat(fd).st_size
        finally:
            os.close(fd)

    async def facts(self) -> dict[str, str]:
        """See ``HubStore``."""
        levels = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}

        def ask(conn: sqlite3.Connection) -> tuple[int, str, int]:
            (synchronous,) = conn.execute("PRAGMA synchronous").fetchone()
            (journal,) = conn.execute("PRAGMA journal_mode").fetchone()
            (schema,) = conn.execute("SELECT max(number) FROM schema_migration").fetchone()
            return synchronous, journal, schema

        synchronous, journal, schema = await self._writer.run(ask)
        return {
            "synchronous": levels[synchronous], "journal_mode": journal, "schema": str(schema),
            "library": f"SQLite {sqlite3.sqlite_version}",
        }  # fmt: skip

    async def aclose(self) -> None:
        """See ``HubStore``."""
        if self._closed:
            return
        self._closed = True
        for reader in self._all:
            await reader.close()
        await self._writer.aclose()
        os.close(self._lock)

    async def _read(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        if self._closed:
            raise error(Reason.DRAINING)
        reader = await self._free.get()
        try:
            return [tuple(row) for row in await reader.execute_fetchall(sql, values)]
        except sqlite3.Error as exc:
            known = store_error(exc)
            if known is None:
                raise
            raise known from exc
        finally:
            self._free.put_nowait(reader)


def _setup(conn: sqlite3.Connection, now_us: int) -> None:
    migrate(conn, now_us)


async def _reader(path: Path) -> aiosqlite.Connection:
    reader = await aiosqlite.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None)
    await reader.execute("PRAGMA wal_autocheckpoint=0")
    return reader


def _message(row: Sequence[Any]) -> MessageRow:
    return MessageRow(
        log_index=row[0], message_id=row[1], sender=row[2], message_hash=row[3], kind=row[4], root_id=row[5], body=row[6],
        salt=row[7], accepted_us=row[8], batch_size=row[9], directory_version=row[10], policy_version=row[11],
        profile_version=row[12],
    )  # fmt: skip


def _attempt(row: Sequence[Any]) -> AttemptRow:
    return AttemptRow(
        mailbox=MailboxKey(row[0], row[1]), subscription=row[2], seq=row[3], attempts=row[4], state=row[5],
        not_before_us=row[6], reason=row[7], changed_us=row[8],
    )  # fmt: skip


def _batch(row: Sequence[Any]) -> BatchRow:
    return BatchRow(tree_size=row[0], first_index=row[1], checkpoint=row[2])
