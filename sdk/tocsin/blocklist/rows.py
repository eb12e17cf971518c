"""What a blocklist's file holds: names with the blocks they rest on, who ordered those, and what was let go of.

 * What lets go of a name or a block is remembered, so that the block may come after it, or again, and changes nothing.
 * A thread is its originator's: what a stranger said of it before its block came counts for nothing, afterwards it is refused.
   An end that the carrier itself noted has no originator and stands.
"""

import sqlite3
from collections.abc import Sequence

from tocsin.core.domains import is_public
from tocsin.core.errors import Reason, error
from tocsin.core.measure import Event, MeasureOrder
from tocsin.core.orders.block_domains import BlockDomains
from tocsin.core.orders.unblock_domains import UnblockDomains

SCHEMA = """
CREATE TABLE IF NOT EXISTS block (name TEXT NOT NULL, thread TEXT NOT NULL, ends_us INTEGER NOT NULL, PRIMARY KEY (name, thread))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS block_thread ON block (thread);
CREATE TABLE IF NOT EXISTS thread (thread TEXT PRIMARY KEY, origin TEXT NOT NULL, over INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS let_go (thread TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (thread, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS taken (log TEXT PRIMARY KEY, through INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS written (zone TEXT PRIMARY KEY, serial INTEGER NOT NULL) WITHOUT ROWID;
"""

OURS = ""
"""Originator of a thread whose end we noted before its block."""


def block(conn: sqlite3.Connection, order: BlockDomains, names: Sequence[str], ends_us: int, *, stated: bool) -> None:
    """Keeps the names of a block that nothing has let go of; ``stated`` when ``ends_us`` is what the carrier answers."""
    thread, origin = order.thread_id, order.header.sender
    known = conn.execute("SELECT origin, over FROM thread WHERE thread = ?", (thread,)).fetchone()
    if known is None or known[0] not in (OURS, origin):  # what a stranger said before the order came was nothing
        conn.execute("INSERT OR REPLACE INTO thread VALUES (?, ?, 0)", (thread, origin))
        conn.execute("DELETE FROM let_go WHERE thread = ?", (thread,))
    elif known[1]:
        return
    gone = {name for (name,) in conn.execute("SELECT name FROM let_go WHERE thread = ?", (thread,))}
    rows = [(name, thread, ends_us) for name in names if name not in gone]
    conn.executemany(f"INSERT OR {'REPLACE' if stated else 'IGNORE'} INTO block VALUES (?, ?, ?)", rows)


def withdraw(conn: sqlite3.Connection, order: UnblockDomains) -> None:
    """Lets go of names, blocked already or not yet. Raises NotPermitted: NOT_ORIGIN."""
    thread = order.thread_id
    _check_origin(conn, order)
    rows = [(thread, name) for name in order.domains]
    conn.executemany("INSERT OR IGNORE INTO let_go VALUES (?, ?)", rows)
    conn.executemany("DELETE FROM block WHERE thread = ? AND name = ?", rows)


def end(conn: sqlite3.Connection, thread: str) -> None:
    """Lets go of a whole block, here already or not yet."""
    conn.execute("INSERT INTO thread VALUES (?, ?, 1) ON CONFLICT (thread) DO UPDATE SET over = 1", (thread, OURS))
    conn.execute("DELETE FROM let_go WHERE thread = ?", (thread,))
    conn.execute("DELETE FROM block WHERE thread = ?", (thread,))


def _check_origin(conn: sqlite3.Connection, order: MeasureOrder) -> None:
    """Whether ``order`` comes from who ordered its block; notes who says so when the block is not here yet."""
    values = (order.thread_id, order.header.sender)
    conn.execute("INSERT OR IGNORE INTO thread VALUES (?, ?, 0)", values)
    if conn.execute("SELECT 1 FROM thread WHERE thread = ? AND origin IN (?, '')", values).fetchone() is None:
        raise error(Reason.NOT_ORIGIN, row=order.KIND.name, field="sender")


def take(conn: sqlite3.Connection, order: MeasureOrder, names: Sequence[str], ends_us: int) -> None:
    """Takes up an order that the hub sent; a block with no end is none. Raises NotPermitted: NOT_ORIGIN."""
    if isinstance(order, BlockDomains):
        if ends_us:
            block(conn, order, names, ends_us, stated=False)
    elif isinstance(order, UnblockDomains):
        withdraw(conn, order)
    elif order.EVENT is Event.RELEASE_ORDERED:
        _check_origin(conn, order)
        end(conn, order.thread_id)


def blockable(order: MeasureOrder) -> list[str]:
    """The names of a block that are no public suffix here."""
    return [name for name in order.items if not is_public(name)] if isinstance(order, BlockDomains) else []
