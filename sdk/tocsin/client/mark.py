"""Exactly once: the mark of an order in the books of the party that carries it out.

 * The mark stands in *your* database and is made in the transaction of the effect: both are there, or neither.
 * The first transaction with a key gets True and carries the order out; any later one gets False and does nothing.
 * No commit and no rollback happen here. A transaction that is rolled back takes its mark with it.
 * Two transactions with one key at once: the second waits for the first, or is refused by the database and must be
   rolled back.

Works on the driver's own connection: ``sqlite3``, ``psycopg`` and other DB-API drivers whose database knows ``ON
CONFLICT`` (SQLite, PostgreSQL), and ``aiosqlite`` and ``psycopg.AsyncConnection`` with ``await``.
"""

import inspect
import sys
from collections.abc import Awaitable
from typing import Any

TABLE_SQL = """CREATE TABLE IF NOT EXISTS tocsin_mark (
    key VARCHAR(200) PRIMARY KEY,
    marked_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)"""
"""The table, for databases whose applications may not create tables: create it once and pass ``create=False``."""

MAX_KEY = 200
"""Longest key, characters; an order's id has 36."""

_PLACEHOLDER = {"qmark": "?", "format": "%s", "pyformat": "%s", "numeric": ":1"}


def mark_in(conn: Any, key: str, *, create: bool = True) -> bool:
    """Marks ``key`` in the open transaction of ``conn``; False when it is marked already: skip the effect.

    Args:
        conn: A DB-API connection of the database that holds the effect.
        key: What happens once: the order's id.
        create: Creates the table first where it is missing.

    Raises:
        TypeError: The connection is no DB-API driver's with a known parameter style, or needs ``mark_in_async``.
        ValueError: The key is empty or too long.
    """
    if is_async(conn):
        raise TypeError("this connection is asynchronous: use mark_in_async")
    insert = _insert(conn, key)
    cursor = conn.cursor()
    try:
        if create:
            cursor.execute(TABLE_SQL)
        cursor.execute(insert, (key,))
        return bool(cursor.rowcount == 1)
    finally:
        cursor.close()


async def mark_in_async(conn: Any, key: str, *, create: bool = True) -> bool:
    """``mark_in`` for ``aiosqlite`` and ``psycopg.AsyncConnection``.

    Raises:
        TypeError: The connection is not one of a known asynchronous driver.
        ValueError: The key is empty or too long.
    """
    if not is_async(conn):
        raise TypeError("this connection is not asynchronous: use mark_in")
    insert = _insert(conn, key)
    if create:
        await (await conn.execute(TABLE_SQL)).close()
    cursor = await conn.execute(insert, (key,))
    try:
        return bool(cursor.rowcount == 1)
    finally:
        await cursor.close()


def mark(conn: Any, key: str, *, create: bool = True) -> bool | Awaitable[bool]:
    """``mark_in``, or for an asynchronous connection ``mark_in_async`` to be awaited."""
    return mark_in_async(conn, key, create=create) if is_async(conn) else mark_in(conn, key, create=create)


def is_async(conn: Any) -> bool:
    """Whether the connection's methods are coroutines."""
    return inspect.iscoroutinefunction(getattr(conn, "commit", None))


def _insert(conn: Any, key: str) -> str:
    if not 0 < len(key) <= MAX_KEY:
        raise ValueError(f"a mark's key has 1 to {MAX_KEY} characters")
    style = next(
        (
            style
            for cls in type(conn).__mro__
            if (style := getattr(sys.modules.get(cls.__module__.split(".")[0]), "paramstyle", None)) is not None
        ),
        None,
    )
    if not callable(getattr(conn, "cursor", None)) or style not in _PLACEHOLDER:
        raise TypeError("marks need the driver's own connection (sqlite3, psycopg, aiosqlite)")
    return f"INSERT INTO tocsin_mark (key) VALUES ({_PLACEHOLDER[style]}) ON CONFLICT DO NOTHING"
