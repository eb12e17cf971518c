"""Watchlists in a party's durable file: the epochs it knows, and of its own lists every entry.

 * No key stands here: it is opened from the signed message that brought it, in outbox or inbox.
 * No subject stands here in clear: an own entry is sealed under a key of this identity, and found by a keyed token.
 * What the hub refused counts as not published; its entries stay, to be published again.

Functions take the connection of an open transaction or of a reader.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from tocsin import sqliterows as sql


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRow:
    """One epoch of a list, our own or one we may check against.

    Attributes:
        message_id: The message that opened it and holds its key, in our outbox or inbox.
        complete: Of our own: whether the message that says so is on its way.
    """

    list_id: str
    epoch: int
    owner: str
    message_id: bytes
    valid_until_us: int
    complete: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRow:
    """One entry of a list of ours.

    Attributes:
        subject: Keyed token of the subject, the same in all epochs.
        epoch: The epoch it was last published in; 0 when the hub refused it.
        message_id: The message that holds it.
        sealed: Subject, action and details.
    """

    list_id: str
    entry_no: int
    subject: bytes
    epoch: int
    message_id: bytes
    withdrawn: int
    ends_us: int
    sealed: bytes


_EPOCH = ", ".join(one.name for one in fields(EpochRow))
_OWN = ", ".join(one.name for one in fields(OwnRow))
_OWN_NAMES = tuple(one.name for one in fields(OwnRow))
_NOT_REFUSED = "NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.message_id = w.message_id AND o.state = 'refused')"


def put_epochs(conn: sqlite3.Connection, rows: Sequence[EpochRow]) -> list[None]:
    """Inserts epochs; one that is known takes over ``complete`` alone."""
    for row in rows:
        conn.execute(
            f"INSERT INTO watch_list ({_EPOCH}) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET complete = max(complete, excluded.complete)",
            astuple(row),
        )
    return [None] * len(rows)


def epochs(conn: sqlite3.Connection, list_id: str) -> list[EpochRow]:
    """The epochs of a list, newest first; those the hub refused are left out."""
    rows = conn.execute(
        f"SELECT {_EPOCH} FROM watch_list AS w WHERE list_id = ? AND {_NOT_REFUSED} ORDER BY epoch DESC", (list_id,)
    )
    return [_epoch(row) for row in rows]


def newest(conn: sqlite3.Connection) -> list[EpochRow]:
    """The newest epoch of each list, by name."""
    rows = conn.execute(
        f"SELECT {_EPOCH} FROM watch_list AS w WHERE {_NOT_REFUSED} AND epoch = (SELECT max(epoch) FROM watch_list"
        " WHERE list_id = w.list_id) ORDER BY list_id"
    )
    return [_epoch(row) for row in rows]


def drop_refused(conn: sqlite3.Connection, list_id: str) -> None:
    """Forgets epochs the hub refused, and counts entries whose message it refused as not published."""
    refused = "SELECT message_id FROM outbox WHERE state IN ('refused', 'parked')"
    conn.execute(f"DELETE FROM watch_list WHERE list_id = ? AND message_id IN ({refused})", (list_id,))
    conn.execute(f"UPDATE watch_own SET epoch = 0 WHERE list_id = ? AND message_id IN ({refused})", (list_id,))


def put_own(conn: sqlite3.Connection, rows: Sequence[OwnRow]) -> None:
    """Inserts or replaces own entries."""
    sql.insert(conn, "watch_own", _OWN, [astuple(row) for row in rows], or_replace=True)


def own_by_subject(conn: sqlite3.Connection, list_id: str, subjects: Sequence[bytes]) -> dict[bytes, OwnRow]:
    """Own entries by the token of their subject."""
    template = (
        f"SELECT {', '.join(f'w.{n}' for n in _OWN_NAMES)} FROM ({{values}}) CROSS JOIN watch_own AS w"
        " ON w.list_id = column1 AND w.subject = column2"
    )
    rows = sql.matching(conn, template, [(list_id, one) for one in subjects])
    return {row[2]: _own(row) for row in rows}


def own_by_number(conn: sqlite3.Connection, list_id: str, numbers: Sequence[int]) -> dict[int, OwnRow]:
    """Own entries by number."""
    template = (
        f"SELECT {', '.join(f'w.{n}' for n in _OWN_NAMES)} FROM ({{values}}) CROSS JOIN watch_own AS w"
        " ON w.list_id = column1 AND w.entry_no = column2"
    )
    rows = sql.matching(conn, template, [(list_id, one) for one in numbers])
    return {row[1]: _own(row) for row in rows}


def to_carry_over(conn: sqlite3.Connection, list_id: str, epoch: int, now_us: int, after: int, limit: int) -> list[OwnRow]:
    """Own entries in force that are not in ``epoch`` yet, by number, behind ``after``."""
    rows = conn.execute(
        f"SELECT {_OWN} FROM watch_own WHERE list_id = ? AND epoch <> ? AND NOT withdrawn AND ends_us > ?"
        " AND entry_no > ? ORDER BY entry_no LIMIT ?",
        (list_id, epoch, now_us, after, limit),
    )
    return [_own(row) for row in rows]


def last_number(conn: sqlite3.Connection, list_id: str) -> int:
    """The highest number given to an entry; 0 before the first."""
    (found,) = conn.execute("SELECT coalesce(max(entry_no), 0) FROM watch_own WHERE list_id = ?", (list_id,)).fetchone()
    return int(found)


def counts(conn: sqlite3.Connection, list_id: str, now_us: int) -> tuple[int, int]:
    """Own entries in force, and withdrawn."""
    row = conn.execute(
        "SELECT coalesce(sum(NOT withdrawn AND ends_us > ?), 0), coalesce(sum(withdrawn), 0) FROM watch_own WHERE list_id = ?",
        (now_us, list_id),
    ).fetchone()
    return int(row[0]), int(row[1])


def _epoch(row: tuple[object, ...]) -> EpochRow:
    return EpochRow(**dict(zip((one.name for one in fields(EpochRow)), row, strict=True)))  # type: ignore[arg-type]


def _own(row: tuple[object, ...]) -> OwnRow:
    return OwnRow(**dict(zip(_OWN_NAMES, row, strict=True)))  # type: ignore[arg-type]
