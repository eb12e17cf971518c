"""One open write transaction of the SQLite store: the SQL of everything a batch reads and writes.

 * Statements take many rows at once; each is prepared once and kept by the connection.
 * Nothing is remembered between transactions: what a transaction needs it reads, so a rollback leaves nothing to mend.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

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
    OrderRow,
    SubjectRow,
    ThreadRow,
    TimerRow,
)

MAX_KEYS = 512
"""Keys of one query: above any batch, below what SQLite allows."""

_UPSERT_CURSOR = """INSERT INTO cursor VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET acked_through = max(acked_through, excluded.acked_through)"""

THREAD_COLUMNS = (
    "root_id, kind, origin, recipient, lane, subject, profile, exercise, state, terms, applied_us, ends_us, instrument, "
    "updated_index"
)
ORDER_COLUMNS = (
    "order_id, root_id, kind, sender, recipient, log_index, accepted_us, state, decided_us, exercise"
)


class SqliteTx:
    """See ``store.base.WriteTx``."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def head(self) -> Head:
        """See ``WriteTx``."""
        size, accepted_us, version, head, epoch = self._conn.execute(
            "SELECT log_size, accepted_us, directory_version, directory_head, epoch FROM log_head"
        ).fetchone()
        return Head(
            log_size=size, accepted_us=accepted_us, directory_version=version, directory_head=head, epoch=epoch
        )

    def load(self, needs: Needs) -> Loaded:
        """See ``WriteTx``."""
        loaded = Loaded()
        select = self._select_in
        for row in select("SELECT message_id, sender, message_hash, log_index FROM message WHERE message_id", needs.message_ids):
            loaded.known[row[0]] = Known(message_id=row[0], sender=row[1], message_hash=row[2], log_index=row[3])
        for row in select(f"SELECT {THREAD_COLUMNS} FROM thread WHERE root_id", needs.roots):
            loaded.threads[row[0]] = thread_row(row)
        for row in select(f"SELECT {ORDER_COLUMNS} FROM orders WHERE order_id", needs.orders):
            loaded.orders[row[0]] = order_row(row)
        for row in select("SELECT subject, terms_used, terms_pending FROM subject WHERE subject", needs.subjects):
            loaded.subjects[row[0]] = SubjectRow(subject=row[0], terms_used=row[1], terms_pending=row[2])
        return loaded

    def due_timers(self, until_us: int, limit: int) -> list[TimerRow]:
        """See ``WriteTx``."""
        rows = self._conn.execute(
            "SELECT order_id, root_id, deadline, due_us, party FROM timer WHERE due_us <= ? "
            "ORDER BY due_us, order_id, deadline LIMIT ?",
            (until_us, limit),
        )
        return [TimerRow(order_id=r[0], root_id=r[1], deadline=r[2], due_us=r[3], party=r[4]) for r in rows]

    def acked(self, mailbox: MailboxKey, log_index: int) -> bool:
        """See ``WriteTx``."""
        row = self._conn.execute(
            "SELECT e.seq <= coalesce(c.acked_through, 0) OR a.state IS 'acked' FROM entry e "
            "LEFT JOIN cursor c ON c.party = e.party AND c.lane = e.lane AND c.subscription = 'main' "
            "LEFT JOIN attempt a ON a.party = e.party AND a.lane = e.lane AND a.subscription = 'main' AND a.seq = e.seq "
            "WHERE e.party = ? AND e.lane = ? AND e.log_index = ?",
            (*mailbox, log_index),
        ).fetchone()
        return row is not None and bool(row[0])

    def write(self, changes: Changes) -> list[EntryRow]:
        """See ``WriteTx``."""
        run = self._conn.executemany
        if changes.messages:
            run(
                "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (m.log_index, m.message_id, m.sender, m.message_hash, m.kind, m.root_id, m.body, m.salt, m.accepted_us,
                     m.batch_size, m.directory_version, m.policy_version, m.profile_version)
                    for m in changes.messages
                ],
            )  # fmt: skip
            last = changes.messages[-1]
            self._conn.execute("UPDATE log_head SET log_size = ?, accepted_us = ?", (last.log_index + 1, last.accepted_us))
        if changes.batch is not None:
            batch = changes.batch
            self._conn.execute("INSERT INTO batch VALUES (?, ?, ?)", (batch.tree_size, batch.first_index, batch.checkpoint))
        if changes.nodes:
            run("INSERT INTO node VALUES (?, ?, ?)", changes.nodes)
        if changes.directory:
            run("INSERT INTO directory VALUES (?, ?, ?)", [(d.version, d.log_index, d.head) for d in changes.directory])
            newest = changes.directory[-1]
            self._conn.execute(
                "UPDATE log_head SET directory_version = ?, directory_head = ?", (newest.version, newest.head)
            )
        if changes.threads:
            run(
                "INSERT OR REPLACE INTO thread VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (t.root_id, t.kind, t.origin, t.recipient, t.lane, t.subject, t.profile, t.exercise, t.state, t.terms,
                     t.applied_us, t.ends_us, t.instrument, t.updated_index)
                    for t in changes.threads.values()
                ],
            )  # fmt: skip
        if changes.orders:
            run(
                "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (o.order_id, o.root_id, o.kind, o.sender, o.recipient, o.log_index, o.accepted_us, o.state,
                     o.decided_us, o.exercise)
                    for o in changes.orders.values()
                ],
            )  # fmt: skip
        if changes.subjects:
            run(
                "INSERT OR REPLACE INTO subject VALUES (?, ?, ?)",
                [(s.subject, s.terms_used, s.terms_pending) for s in changes.subjects.values()],
            )
        if changes.timers_cleared:
            run("DELETE FROM timer WHERE order_id = ? AND deadline = ?", list(changes.timers_cleared))
        if changes.timers_set:
            run(
                "INSERT OR REPLACE INTO timer VALUES (?, ?, ?, ?, ?)",
                [(t.order_id, t.deadline, t.root_id, t.due_us, t.party) for t in changes.timers_set.values()],
            )
        return self._number(changes.entries)

    def save_cursors(self, cursors: Iterable[CursorRow]) -> None:
        """See ``WriteTx``."""
        rows = [(*c.mailbox, c.subscription, c.acked_through) for c in cursors]
        self._conn.executemany(_UPSERT_CURSOR, rows)
        self._conn.executemany(
            "DELETE FROM attempt WHERE party = ? AND lane = ? AND subscription = ? AND seq <= ? AND state != 'dead'", rows
        )

    def save_attempts(self, attempts: Iterable[AttemptRow]) -> None:
        """See ``WriteTx``."""
        self._conn.executemany(
            "INSERT OR REPLACE INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (*a.mailbox, a.subscription, a.seq, a.attempts, a.state, a.not_before_us, a.reason, a.changed_us)
                for a in attempts
            ],
        )

    def drop_attempts(self, mailbox: MailboxKey, subscription: str, seqs: Iterable[int]) -> None:
        """See ``WriteTx``."""
        self._conn.executemany(
            "DELETE FROM attempt WHERE party = ? AND lane = ? AND subscription = ? AND seq = ?",
            [(*mailbox, subscription, seq) for seq in seqs],
        )

    def set_meta(self, key: str, value: bytes) -> None:
        """See ``WriteTx``."""
        self._conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def get_meta(self, key: str) -> bytes | None:
        """See ``WriteTx``."""
        row = self._conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def _number(self, entries: Sequence[EntryRow]) -> list[EntryRow]:
        if not entries:
            return []
        heads: dict[MailboxKey, int] = {}
        numbered = []
        for entry in entries:
            if entry.mailbox not in heads:
                row = self._conn.execute("SELECT head FROM mailbox WHERE party = ? AND lane = ?", entry.mailbox).fetchone()
                heads[entry.mailbox] = 0 if row is None else row[0]
            heads[entry.mailbox] += 1
            numbered.append(replace(entry, seq=heads[entry.mailbox]))
        self._conn.executemany(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(*e.mailbox, e.seq, e.log_index, e.root_id, e.urgent_exempt, e.why, e.generation) for e in numbered],
        )
        self._conn.executemany("INSERT OR REPLACE INTO mailbox VALUES (?, ?, ?)", [(*m, h) for m, h in heads.items()])
        return numbered

    def _select_in(self, select: str, keys: set[bytes]) -> list[tuple[Any, ...]]:
        """Rows whose key is among ``keys``, in as few queries as their number allows.

        Parameter lists are filled up to a power of two by repeating a key, so that a handful of statements stay prepared.
        """
        found: list[tuple[Any, ...]] = []
        listed = list(keys)
        for start in range(0, len(listed), MAX_KEYS):
            chunk = listed[start : start + MAX_KEYS]
            chunk += chunk[-1:] * ((1 << (len(chunk) - 1).bit_length()) - len(chunk))
            found += self._conn.execute(f"{select} IN ({','.join('?' * len(chunk))})", chunk).fetchall()
        return found


def thread_row(row: tuple[Any, ...]) -> ThreadRow:
    """A thread from its columns."""
    return ThreadRow(
        root_id=row[0], kind=row[1], origin=row[2], recipient=row[3], lane=row[4], subject=row[5], profile=row[6],
        exercise=bool(row[7]), state=row[8], terms=row[9], applied_us=row[10], ends_us=row[11], instrument=row[12],
        updated_index=row[13],
    )  # fmt: skip


def order_row(row: tuple[Any, ...]) -> OrderRow:
    """An order from its columns."""
    return OrderRow(
        order_id=row[0], root_id=row[1], kind=row[2], sender=row[3], recipient=row[4], log_index=row[5],
        accepted_us=row[6], state=row[7], decided_us=row[8], exercise=bool(row[9]),
    )  # fmt: skip
