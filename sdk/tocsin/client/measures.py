"""Threads and their measures as this party knows them; see ``tocsin.core.measure`` for their life.

 * One row per thread, replaced as a whole; whoever changes it reads it in the same transaction.
 * Terms are counted per account token over all threads whoever asked; drills count apart.

Functions take the connection of an open transaction or of a reader.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from tocsin import sqliterows as sql
from tocsin.client.rows import MeasureRow
from tocsin.core.measure import MeasureState
from tocsin.sqlitefile import one

_COLUMNS = ", ".join(one_field.name for one_field in fields(MeasureRow))
_DUE = "ends_us > 0 AND state IN ('in-force', 'releasing')"


def put(conn: sqlite3.Connection, measures: Sequence[MeasureRow]) -> list[None]:
    """Inserts or replaces measures; of two for one thread the later counts."""
    last = {measure.root_id: measure for measure in measures}
    sql.each(
        conn,
        f"INSERT OR REPLACE INTO measure ({_COLUMNS}) {{values}}",
        [
            (
                m.root_id, m.kind, m.instrument, m.origin, m.recipient, m.target_kind, m.target_masked, m.subject,
                m.state.value, m.terms, m.applied_us, m.ends_us, m.profile, int(m.exercise), m.report, m.changed_us,
            )
            for m in last.values()
        ],
    )  # fmt: skip
    return [None] * len(measures)


def get(conn: sqlite3.Connection, root_id: bytes) -> MeasureRow | None:
    """The measure of one thread."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM measure WHERE root_id = ?", (root_id,)).fetchone()
    return None if row is None else _row(row)


def get_many(conn: sqlite3.Connection, root_ids: Sequence[bytes]) -> list[MeasureRow]:
    """The measures of several threads, in no order."""
    return [_row(row) for row in sql.select(conn, f"SELECT {_COLUMNS} FROM measure WHERE root_id IN ({{keys}})", root_ids)]


def terms_many(conn: sqlite3.Connection, subjects: Sequence[bytes]) -> dict[tuple[bytes, bool], int]:
    """Terms used on several accounts, by (subject, exercise); accounts never asked for are absent."""
    template = "SELECT subject, exercise, sum(terms) FROM measure WHERE subject IN ({keys}) GROUP BY subject, exercise"
    return {(subject, bool(exercise)): terms for subject, exercise, terms in sql.select(conn, template, subjects)}


def of_kind(conn: sqlite3.Connection, kind: str, origin: str) -> list[MeasureRow]:
    """Measures that ``origin`` ordered by orders of one kind, in no order."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM measure WHERE kind = ? AND origin = ?", (kind, origin))
    return [_row(row) for row in rows]


def due(conn: sqlite3.Connection, now_us: int, limit: int) -> list[MeasureRow]:
    """Measures in force whose end is at or before ``now_us``, earliest first."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM measure WHERE {_DUE} AND ends_us <= ? ORDER BY ends_us, root_id LIMIT ?",
        (now_us, limit),
    )
    return [_row(row) for row in rows]


def next_end_us(conn: sqlite3.Connection) -> int | None:
    """When the next measure in force ends."""
    found = one(conn, f"SELECT min(ends_us) FROM measure WHERE {_DUE}")
    return found if isinstance(found, int) else None


def terms_of(conn: sqlite3.Connection, subject: bytes, *, exercise: bool) -> int:
    """Terms used on one account, in all threads."""
    found = one(conn, "SELECT sum(terms) FROM measure WHERE subject = ? AND exercise = ?", (subject, int(exercise)))
    return found if isinstance(found, int) else 0


def listed(conn: sqlite3.Connection, state: MeasureState | None, limit: int) -> list[MeasureRow]:
    """Measures last changed, of one state or (None) of all, newest first."""
    where, values = ("", (limit,)) if state is None else ("WHERE state = ?", (state.value, limit))
    rows = conn.execute(f"SELECT {_COLUMNS} FROM measure {where} ORDER BY changed_us DESC, root_id LIMIT ?", values)
    return [_row(row) for row in rows]


def _row(row: tuple[Any, ...]) -> MeasureRow:
    values = dict(zip(_NAMES, row, strict=True))
    return MeasureRow(**{**values, "state": MeasureState(values["state"]), "exercise": bool(values["exercise"])})


_NAMES = tuple(one_field.name for one_field in fields(MeasureRow))
