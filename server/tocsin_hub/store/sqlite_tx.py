"""One open write transaction of the SQLite store: the SQL of everything a batch reads and writes.

* Statements take many rows at once (``tocsin.sqliterows`` says why); all stay prepared.
* Nothing is remembered between transactions: what one needs it reads, so a rollback leaves nothing to mend.
* Rows that do not continue the log, or that stand there already, raise; the writer rolls back and tells it as CORRUPT.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from tocsin import sqliterows as sql
from tocsin.core.errors import Reason, error
from tocsin.sqlitefile import one
from tocsin_hub.domain.rows import (
    AttemptRow,
    Changes,
    CursorRow,
    EntryRow,
    Head,
    Known,
    Loaded,
    MailboxKey,
    Needs,
    TimerRow,
)
from tocsin_hub.store import sqlite_lists as lists
from tocsin_hub.store.sqlite_shapes import (
    ATTEMPT,
    BATCH,
    CURSOR,
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

_KNOWN = "SELECT message_id, sender, message_hash, log_index, kind FROM message WHERE message_id IN ({keys})"
_THREADS = f"SELECT {THREAD.listed} FROM thread WHERE root_id IN ({{keys}})"
_ORDERS = f"SELECT {ORDER.listed} FROM orders WHERE order_id IN ({{keys}})"
_SUBJECTS = f"SELECT {SUBJECT.listed} FROM subject WHERE subject IN ({{keys}})"
_DUE = f"SELECT {TIMER.listed} FROM timer WHERE due_us <= ? ORDER BY due_us, order_id, deadline LIMIT ?"

# Keys of several columns are joined in this order. SQLite walks the whole table for ``(a, b) IN (VALUES …)``, and for
# ``(a, b) IN (SELECT …)`` it uses the index no further than columns of one affinity, which bound values lack.
_HEADS = """
    SELECT party, lane, head FROM ({values}) CROSS JOIN mailbox ON party = column1 AND lane = column2
"""

# A dead letter lies at or below the cursor and was never acked.
_ACKED = """
    SELECT a.state IS 'acked' OR (e.seq <= coalesce(c.acked_through, 0) AND a.state IS NOT 'dead')
    FROM entry e
    LEFT JOIN cursor c ON c.party = e.party AND c.lane = e.lane AND c.subscription = 'main'
    LEFT JOIN attempt a ON a.party = e.party AND a.lane = e.lane AND a.subscription = 'main' AND a.seq = e.seq
    WHERE e.log_index = ? AND e.party = ? AND e.lane = ?
"""

# The log goes on where it ends, its time never goes back, and no directory version is left out.
_EXTEND = """
    UPDATE log_head SET log_size = ?2, accepted_us = ?3
    WHERE log_size = ?1 AND accepted_us <= ?3
"""
_EXTEND_DIRECTORY = """
    UPDATE log_head SET directory_version = ?2, directory_head = ?3
    WHERE directory_version = ?1
"""

_SAVE_CURSORS = f"""
    INSERT INTO cursor ({CURSOR.listed}) {{values}}
    ON CONFLICT DO UPDATE SET acked_through = excluded.acked_through WHERE excluded.acked_through > acked_through
"""
_SETTLED = """
    DELETE FROM attempt WHERE (party, lane, subscription, seq) IN (
        SELECT a.party, a.lane, a.subscription, a.seq FROM ({values})
        CROSS JOIN cursor c ON c.party = column1 AND c.lane = column2 AND c.subscription = column3
        CROSS JOIN attempt a ON a.party = c.party AND a.lane = c.lane AND a.subscription = c.subscription
            AND a.seq <= c.acked_through
        WHERE a.state != 'dead'
    )
"""
_DROP_ATTEMPTS = """
    DELETE FROM attempt WHERE (party, lane, subscription, seq) IN (
        SELECT party, lane, subscription, seq FROM ({values})
        CROSS JOIN attempt ON party = column1 AND lane = column2 AND subscription = column3 AND seq = column4
    )
"""
_CLEAR_TIMERS = """
    DELETE FROM timer WHERE (order_id, deadline) IN (
        SELECT order_id, deadline FROM ({values}) CROSS JOIN timer ON order_id = column1 AND deadline = column2
    )
"""


class SqliteTx:
    """See ``store.base.WriteTx``."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def head(self) -> Head:
        """See ``WriteTx``."""
        size, accepted_us, version, head, epoch = self._conn.execute(
            "SELECT log_size, accepted_us, directory_version, directory_head, epoch FROM log_head"
        ).fetchone()
        return Head(log_size=size, accepted_us=accepted_us, directory_version=version, directory_head=head, epoch=epoch)

    def load(self, needs: Needs) -> Loaded:
        """See ``WriteTx``."""
        conn = self._conn
        known = (Known(message_id=i, sender=s, message_hash=h, log_index=n, kind=k)
                 for i, s, h, n, k in sql.select(conn, _KNOWN, list(needs.message_ids)))  # fmt: skip
        threads = map(THREAD.row, sql.select(conn, _THREADS, list(needs.roots)))
        orders = map(ORDER.row, sql.select(conn, _ORDERS, list(needs.orders)))
        subjects = map(SUBJECT.row, sql.select(conn, _SUBJECTS, list(needs.subjects)))
        return Loaded(
            known={row.message_id: row for row in known},
            threads={row.root_id: row for row in threads},
            orders={row.order_id: row for row in orders},
            subjects={row.subject: row for row in subjects},
            lists=lists.epochs(conn, needs.lists),
            watch_entries=lists.entries(conn, needs.tokens),
            watch_uses=lists.uses(conn, needs.checkers),
            notices=lists.notices(conn, needs.roots),
        )

    def due_timers(self, until_us: int, limit: int) -> list[TimerRow]:
        """See ``WriteTx``."""
        return [TIMER.row(row) for row in self._conn.execute(_DUE, (until_us, limit)).fetchall()]

    def acked(self, mailbox: MailboxKey, log_index: int) -> bool:
        """See ``WriteTx``."""
        return bool(one(self._conn, _ACKED, (log_index, *mailbox)))

    def write(self, changes: Changes) -> list[EntryRow]:
        """See ``WriteTx``."""
        conn = self._conn
        if changes.messages:
            first, last = changes.messages[0], changes.messages[-1]
            self._move(_EXTEND, (first.log_index, last.log_index + 1, last.accepted_us))
            _insert(conn, MESSAGE, changes.messages)
        if changes.batch is not None:
            _insert(conn, BATCH, [changes.batch])
        sql.insert(conn, "node", "level, position, hash", changes.nodes)
        if changes.directory:
            newest = changes.directory[-1]
            self._move(_EXTEND_DIRECTORY, (changes.directory[0].version - 1, newest.version, newest.head))
            _insert(conn, DIRECTORY, changes.directory)
        _put(conn, THREAD, changes.threads.values())
        _put(conn, ORDER, changes.orders.values())
        _put(conn, SUBJECT, changes.subjects.values())
        sql.each(conn, _CLEAR_TIMERS, list(changes.timers_cleared))
        _put(conn, TIMER, changes.timers_set.values())
        _put(conn, LIST, changes.lists.values())
        _put(conn, WATCH_ENTRY, changes.watch_entries.values())
        _put(conn, WATCH_USE, changes.watch_uses.values())
        _put(conn, NOTICE, changes.notices.values())
        return self._numbered(changes.entries)

    def save_cursors(self, cursors: Iterable[CursorRow]) -> None:
        """See ``WriteTx``."""
        rows = [CURSOR.values(cursor) for cursor in cursors]
        sql.each(self._conn, _SAVE_CURSORS, rows)
        sql.each(self._conn, _SETTLED, [row[:3] for row in rows])

    def save_attempts(self, attempts: Iterable[AttemptRow]) -> None:
        """See ``WriteTx``."""
        _put(self._conn, ATTEMPT, attempts)

    def drop_attempts(self, mailbox: MailboxKey, subscription: str, seqs: Iterable[int]) -> None:
        """See ``WriteTx``."""
        sql.each(self._conn, _DROP_ATTEMPTS, [(*mailbox, subscription, seq) for seq in seqs])

    def set_meta(self, key: str, value: bytes) -> None:
        """See ``WriteTx``."""
        self._conn.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))

    def get_meta(self, key: str) -> bytes | None:
        """See ``WriteTx``."""
        row = self._conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def _move(self, statement: str, values: Sequence[object]) -> None:
        if self._conn.execute(statement, values).rowcount != 1:
            raise error(Reason.CORRUPT, hint="the batch does not continue the log")

    def _numbered(self, entries: Sequence[EntryRow]) -> list[EntryRow]:
        touched = list({entry.mailbox for entry in entries})
        heads = {(party, lane): head for party, lane, head in sql.matching(self._conn, _HEADS, touched)}
        numbered = []
        for e in entries:
            seq = heads[e.mailbox] = heads.get(e.mailbox, 0) + 1
            numbered.append(
                EntryRow(
                    mailbox=e.mailbox, seq=seq, log_index=e.log_index, root_id=e.root_id,
                    urgent_exempt=e.urgent_exempt, why=e.why, generation=e.generation,
                )
            )  # fmt: skip
        _insert(self._conn, ENTRY, numbered)
        now = [(*mailbox, heads[mailbox]) for mailbox in touched]
        sql.insert(self._conn, "mailbox", "party, lane, head", now, or_replace=True)
        return numbered


def _insert(conn: sqlite3.Connection, shape: Shape[R], rows: Sequence[R]) -> None:
    sql.insert(conn, shape.table, shape.listed, [shape.values(row) for row in rows])


def _put(conn: sqlite3.Connection, shape: Shape[R], rows: Iterable[R]) -> None:
    sql.insert(conn, shape.table, shape.listed, [shape.values(row) for row in rows], or_replace=True)
