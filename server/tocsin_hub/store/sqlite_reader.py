"""What is read from the hub's SQLite file beside its writer.

* Connections of their own, read-only, each in a thread of its own (``tocsin.sqliteread``): committed state alone is seen.
* What belongs together is read from one snapshot, and no snapshot outlives its call.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tocsin import sqliterows as sql
from tocsin.core.errors import Reason, error
from tocsin.sqlitefile import one
from tocsin.sqliteread import SqliteReaders
from tocsin_hub.domain.rows import (
    AttemptRow,
    BatchRow,
    DirectoryRow,
    ListRow,
    MailboxKey,
    MessageRow,
    OrderRow,
    ThreadRow,
    TokenKey,
    WatchEntryRow,
)
from tocsin_hub.store import sqlite_lists as lists
from tocsin_hub.store.base import MailboxState, StoredEntry
from tocsin_hub.store.sqlite_shapes import (
    ATTEMPT,
    BATCH,
    DIRECTORY,
    ENTRY,
    LIST,
    MESSAGE,
    NOTICE,
    ORDER,
    SUBJECT,
    THREAD,
    TIMER,
    WATCH_ENTRY,
    WATCH_USE,
    R,
    Shape,
)

_HEAD = "SELECT coalesce((SELECT head FROM mailbox WHERE party = ? AND lane = ?), 0)"
_CURSOR = "SELECT coalesce((SELECT acked_through FROM cursor WHERE party = ? AND lane = ? AND subscription = ?), 0)"
_ENTRIES = f"""
    SELECT {ENTRY.of("e")}, {MESSAGE.of("m")} FROM entry e JOIN message m ON m.log_index = e.log_index
    WHERE e.party = ? AND e.lane = ? AND e.seq > ? ORDER BY e.seq LIMIT ?
"""
_NODES = """
    SELECT level, position, hash FROM ({values}) CROSS JOIN node ON level = column1 AND position = column2
"""
# Each half walks its own index from the newest on; one query with OR would sort all orders of the party.
_HALF = """
    SELECT * FROM (
        SELECT {columns} FROM orders WHERE {side} = ?1 AND log_index < ?2 AND (?3 = '' OR state = ?3)
        ORDER BY log_index DESC LIMIT ?4
    )
"""
_ORDERS_OF = f"""
    SELECT {ORDER.of("o")}, {THREAD.of("t")}
    FROM ({_HALF.format(columns=ORDER.listed, side="sender")} UNION {_HALF.format(columns=ORDER.listed, side="recipient")}) o
    JOIN thread t ON t.root_id = o.root_id
    ORDER BY o.log_index DESC LIMIT ?4
"""
_ORDERS_TO = f"""
    SELECT {ORDER.of("o")}, {THREAD.of("t")} FROM orders o INDEXED BY orders_recipient
    JOIN thread t ON t.root_id = o.root_id
    WHERE o.recipient = ? AND o.log_index > ? ORDER BY o.log_index LIMIT ?
"""
_DEAD = f"""
    SELECT {ATTEMPT.of("a")}, {MESSAGE.of("m")} FROM attempt a
    JOIN entry e ON e.party = a.party AND e.lane = a.lane AND e.seq = a.seq
    JOIN message m ON m.log_index = e.log_index
    WHERE a.state = 'dead' AND (?1 = '' OR a.party = ?1) ORDER BY a.party, a.lane, a.seq, a.subscription
"""
_PENDING = """
    SELECT m.lane, m.head - coalesce(c.acked_through, 0) - (
        SELECT count(*) FROM attempt a
        WHERE a.party = m.party AND a.lane = m.lane AND a.subscription = 'main'
            AND a.seq > coalesce(c.acked_through, 0) AND a.state = 'acked'
    )
    FROM mailbox m LEFT JOIN cursor c ON c.party = m.party AND c.lane = m.lane AND c.subscription = 'main'
    WHERE m.party = ?
"""
_MAILBOXES = """
    SELECT m.party, m.lane, m.head, coalesce(c.acked_through, 0)
    FROM mailbox m LEFT JOIN cursor c ON c.party = m.party AND c.lane = m.lane AND c.subscription = 'main'
"""
_DUMPS = {
    "threads": f"SELECT {THREAD.listed} FROM thread ORDER BY root_id",
    "orders": f"SELECT {ORDER.listed} FROM orders ORDER BY order_id",
    "subjects": f"SELECT {SUBJECT.listed} FROM subject WHERE terms_used OR terms_pending ORDER BY subject",
    "timers": f"SELECT {TIMER.listed} FROM timer ORDER BY order_id, deadline",
    "watch-lists": f"SELECT {LIST.listed} FROM watch_list ORDER BY list_id, epoch",
    "watch-entries": f"SELECT {WATCH_ENTRY.listed} FROM watch_entry ORDER BY opened_index, token",
    "watch-uses": f"SELECT {WATCH_USE.listed} FROM watch_use ORDER BY party",
    "notices": f"SELECT {NOTICE.listed} FROM notice ORDER BY notice_id",
    "directory": f"SELECT {DIRECTORY.listed} FROM directory ORDER BY version",
    "entries": f"SELECT {', '.join(ENTRY.columns[:-1])} FROM entry ORDER BY party, lane, seq",
    "nodes": "SELECT level, position, hash FROM node ORDER BY level, position",
    "batches": "SELECT tree_size, first_index FROM batch ORDER BY tree_size",
}


class SqliteReader:
    """The reading half of ``store.base.HubStore``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._readers = SqliteReaders(path)

    async def aclose(self) -> None:
        """See ``StoreReader``."""
        await self._readers.aclose()

    async def mailbox_state(self, mailbox: MailboxKey, subscription: str) -> MailboxState:
        """See ``HubStore``."""

        def read(conn: sqlite3.Connection) -> MailboxState:
            with _snapshot(conn):
                head, cursor = one(conn, _HEAD, mailbox), one(conn, _CURSOR, (*mailbox, subscription))
                where = "party = ? AND lane = ? AND subscription = ? ORDER BY seq"
                attempts = _rows(conn, ATTEMPT, where, (*mailbox, subscription))
            return MailboxState(_whole(head), _whole(cursor), attempts)

        return await self._readers.read(read)

    async def entries(self, mailbox: MailboxKey, *, after_seq: int, limit: int) -> list[StoredEntry]:
        """See ``HubStore``."""

        def read(conn: sqlite3.Connection) -> list[StoredEntry]:
            with _snapshot(conn):
                head = _whole(one(conn, _HEAD, mailbox))
                found = conn.execute(_ENTRIES, (*mailbox, after_seq, limit)).fetchall()
            width = len(ENTRY.columns)
            stored = [StoredEntry(ENTRY.row(row[:width]), MESSAGE.row(row[width:])) for row in found]
            wanted = range(after_seq + 1, min(head, after_seq + limit) + 1)
            if [item.entry.seq for item in stored] != list(wanted):
                raise error(Reason.CORRUPT, hint="a mailbox has a hole")
            return stored

        return await self._readers.read(read)

    async def messages(self, log_indexes: Sequence[int]) -> list[MessageRow]:
        """See ``HubStore``."""
        template = f"SELECT {MESSAGE.listed} FROM ({{values}}) CROSS JOIN message ON log_index = column1"
        rows = await self._matching(template, [(index,) for index in log_indexes])
        found = {row[0]: MESSAGE.row(row) for row in rows}
        return [found[index] for index in log_indexes if index in found]

    async def message_range(self, first: int, limit: int) -> list[MessageRow]:
        """See ``HubStore``."""
        return await self._rows(MESSAGE, "log_index >= ? ORDER BY log_index LIMIT ?", (first, limit))

    async def by_id(self, message_id: bytes) -> MessageRow | None:
        """See ``HubStore``."""
        return await self._row(MESSAGE, "message_id = ?", (message_id,))

    async def thread_messages(self, root_id: bytes) -> list[MessageRow]:
        """See ``HubStore``."""
        return await self._rows(MESSAGE, "root_id = ? ORDER BY log_index", (root_id,))

    async def thread(self, root_id: bytes) -> ThreadRow | None:
        """See ``HubStore``."""
        return await self._row(THREAD, "root_id = ?", (root_id,))

    async def order(self, order_id: bytes) -> OrderRow | None:
        """See ``HubStore``."""
        return await self._row(ORDER, "order_id = ?", (order_id,))

    async def orders_of(
        self, party: str, *, state: str, before_index: int, limit: int
    ) -> list[tuple[OrderRow, ThreadRow]]:
        """See ``HubStore``."""
        return _with_threads(await self._all(_ORDERS_OF, (party, before_index, state, limit)))

    async def orders_to(self, party: str, *, after_index: int, limit: int) -> list[tuple[OrderRow, ThreadRow]]:
        """See ``HubStore``."""
        return _with_threads(await self._all(_ORDERS_TO, (party, after_index, limit)))

    async def nodes(self, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """See ``HubStore``."""
        return {(level, position): found for level, position, found in await self._matching(_NODES, keys)}

    async def batch(self, tree_size: int) -> BatchRow | None:
        """See ``HubStore``."""
        return await self._row(BATCH, "tree_size = ?", (tree_size,))

    async def newest_batch(self) -> BatchRow | None:
        """See ``HubStore``."""
        return await self._row(BATCH, "true ORDER BY tree_size DESC LIMIT 1", ())

    async def watch_match(
        self, list_id: str, epoch: int, tokens: Sequence[bytes]
    ) -> tuple[dict[tuple[str, int], ListRow], dict[bytes, WatchEntryRow]]:
        """See ``HubStore``."""

        def read(conn: sqlite3.Connection) -> tuple[dict[tuple[str, int], ListRow], dict[bytes, WatchEntryRow]]:
            with _snapshot(conn):
                epochs = lists.epochs(conn, [list_id])
                chosen = epochs.get((list_id, epoch))
                keys = [TokenKey(chosen.opened_index, token) for token in tokens] if chosen is not None else []
                return epochs, {key.token: row for key, row in lists.entries(conn, keys).items()}

        return await self._readers.read(read)

    async def directory_rows(self, after_version: int, limit: int) -> list[DirectoryRow]:
        """See ``HubStore``."""
        return await self._rows(DIRECTORY, "version > ? ORDER BY version LIMIT ?", (after_version, limit))

    async def directory_heads(self, versions: Sequence[int]) -> dict[int, bytes]:
        """See ``HubStore``."""
        template = "SELECT version, head FROM ({values}) CROSS JOIN directory ON version = column1"
        heads: dict[int, bytes] = dict(await self._matching(template, [(v,) for v in versions]))
        return heads | ({0: bytes(32)} if 0 in versions else {})

    async def next_due_us(self) -> int | None:
        """See ``HubStore``."""
        (row,) = await self._all("SELECT min(due_us) FROM timer", ())
        due: int | None = row[0]
        return due

    async def dead_letters(self, party: str) -> list[tuple[AttemptRow, MessageRow]]:
        """See ``HubStore``."""
        width = len(ATTEMPT.columns)
        found = await self._all(_DEAD, (party,))
        return [(ATTEMPT.row(row[:width]), MESSAGE.row(row[width:])) for row in found]

    async def pending(self, party: str) -> dict[int, int]:
        """See ``HubStore``."""
        return dict(await self._all(_PENDING, (party,)))

    async def all_mailboxes(self) -> dict[MailboxKey, tuple[int, int]]:
        """See ``HubStore``."""
        return {MailboxKey(row[0], row[1]): (row[2], row[3]) for row in await self._all(_MAILBOXES, ())}

    async def dump(self, table: str) -> list[tuple[object, ...]]:
        """See ``HubStore``."""
        if table not in _DUMPS:
            raise ValueError(f"no projection is called {table}")
        return await self._all(_DUMPS[table], ())

    async def _all(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        return await self._readers.read(lambda conn: conn.execute(statement, values).fetchall())

    async def _matching(self, template: str, keys: Sequence[tuple[object, ...]]) -> list[tuple[Any, ...]]:
        def read(conn: sqlite3.Connection) -> list[tuple[Any, ...]]:
            with _snapshot(conn):
                return sql.matching(conn, template, keys)

        return await self._readers.read(read)

    async def _rows(self, shape: Shape[R], where: str, values: Sequence[object]) -> list[R]:
        return await self._readers.read(lambda conn: _rows(conn, shape, where, values))

    async def _row(self, shape: Shape[R], where: str, values: Sequence[object]) -> R | None:
        rows = await self._rows(shape, where, values)
        return rows[0] if rows else None


def _with_threads(found: list[tuple[Any, ...]]) -> list[tuple[OrderRow, ThreadRow]]:
    width = len(ORDER.columns)
    return [(ORDER.row(row[:width]), THREAD.row(row[width:])) for row in found]


def _rows(conn: sqlite3.Connection, shape: Shape[R], where: str, values: Sequence[object]) -> list[R]:
    found = conn.execute(f"SELECT {shape.listed} FROM {shape.table} WHERE {where}", values).fetchall()
    return [shape.row(row) for row in found]


@contextlib.contextmanager
def _snapshot(conn: sqlite3.Connection) -> Iterator[None]:
    conn.execute("BEGIN")
    try:
        yield
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
