"""Many rows in few statements.

* A statement takes up to ``CHUNK`` rows; its text depends on the number of rows alone, in powers of two, so that all
  texts stay prepared. Table and column names come from our own code, values are always bound.
* Why: the driver gives up the interpreter's lock at every statement and at every row of a result
  (``tocsin.sqlitethread``).
"""

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

CHUNK = 64
"""Rows of one statement: beyond this, the cost of a statement no longer shows; 64 rows of 20 values stay far below
SQLite's limit of 32,766 bound values."""

Row = tuple[Any, ...]


def insert(
    conn: sqlite3.Connection, table: str, columns: str, rows: Sequence[Row], *, or_replace: bool = False
) -> None:
    """Inserts ``rows``; ``columns`` is the list of names, as in SQL.

    With ``or_replace`` a row takes the place of one that has its key; of two in ``rows`` the later counts.

    Raises:
        sqlite3.IntegrityError: A row breaks a constraint.
    """
    verb = "INSERT OR REPLACE" if or_replace else "INSERT"
    start = 0
    while start < len(rows):
        size = min(CHUNK, 1 << (len(rows) - start).bit_length() - 1)
        part = rows[start : start + size]
        conn.execute(_insert(verb, table, columns, len(part[0]), size), [value for row in part for value in row])
        start += size


def each(conn: sqlite3.Connection, template: str, rows: Sequence[Row]) -> int:
    """Executes ``template`` with its ``{values}`` standing for a ``VALUES`` list of ``rows``; returns the rows changed.

    The list is filled up with its last row, so the statement must do the same however often a row stands there.
    """
    changed = 0
    for part, size in _filled(rows):
        changed += conn.execute(_each(template, len(part[0]), size), [value for row in part for value in row]).rowcount
    return changed


def select(conn: sqlite3.Connection, template: str, keys: Sequence[bytes], *after: object) -> list[Row]:
    """The rows of ``template`` with its ``{keys}`` standing for the list of ``keys``; ``after`` follows them."""
    found: list[Row] = []
    for part, size in _filled([(key,) for key in keys]):
        found += conn.execute(_select(template, size), [*(key for (key,) in part), *after]).fetchall()
    return found


def matching(conn: sqlite3.Connection, template: str, keys: Sequence[Row]) -> list[Row]:
    """The rows of ``template`` with its ``{values}`` standing for a ``VALUES`` list of ``keys`` of several columns.

    The list is filled up with its last key, so what is joined with it may come more than once.
    """
    found: list[Row] = []
    for part, size in _filled(keys):
        statement = _each(template, len(part[0]), size)
        found += conn.execute(statement, [value for key in part for value in key]).fetchall()
    return found


def _filled(rows: Sequence[Row]) -> Iterator[tuple[Sequence[Row], int]]:
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        size = 1 << (len(part) - 1).bit_length()
        yield [*part, *[part[-1]] * (size - len(part))], size


@cache
def _insert(verb: str, table: str, columns: str, width: int, size: int) -> str:
    return f"{verb} INTO {table} ({columns}) VALUES {_values(width, size)}"


@cache
def _each(template: str, width: int, size: int) -> str:
    return template.replace("{values}", f"VALUES {_values(width, size)}")


@cache
def _select(template: str, size: int) -> str:
    return template.replace("{keys}", ",".join("?" * size))


def _values(width: int, size: int) -> str:
    return ",".join([f"({','.join('?' * width)})"] * size)
