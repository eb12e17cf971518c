"""The outbox: messages of this party on their way to the hub, in the order they were queued.

 * A message is sent until the hub has accepted or refused it; its bytes and id never change.
 * ACCEPTED is final: nothing turns an accepted message into anything else. The same id with the same bytes is the same
   message; with other bytes it is refused.
 * Queued or sent, it is offered again after a restart; ``sent`` only records that an answer may be out there.

Functions take the connection of an open transaction, so that callers can join them with others; ``store`` wraps them.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from tocsin import sqliterows as sql
from tocsin.client.rows import OutboxRow, OutboxState, Outgoing, Settled
from tocsin.core.errors import Reason, error
from tocsin.core.message import Lane
from tocsin.sqlitefile import one

_ROW = """
    SELECT o.ordinal, o.message_id, o.lane, o.root_id, o.kind, o.recipient, b.envelope, o.state, r.receipt, o.reason,
           o.facts, o.created_us, o.changed_us, o.attempts
    FROM outbox AS o JOIN outbox_body AS b ON b.ordinal = o.ordinal
    LEFT JOIN outbox_receipt AS r ON r.ordinal = o.ordinal
"""
_TO_SEND = "o.state IN ('queued', 'sent')"


def enqueue(conn: sqlite3.Connection, messages: Sequence[Outgoing]) -> list[bool]:
    """Queues messages; False for those that stood here already with the same bytes.

    Raises:
        IdReused: A known id with other bytes; nothing of this call was queued.
    """
    message_ids = [message.message_id for message in messages]
    known: dict[bytes, bytes] = {}
    for (message_id,) in sql.select(conn, "SELECT message_id FROM outbox WHERE message_id IN ({keys})", message_ids):
        known[message_id] = conn.execute(
            "SELECT envelope FROM outbox_body WHERE ordinal = (SELECT ordinal FROM outbox WHERE message_id = ?)",
            (message_id,),
        ).fetchone()[0]
    fresh: list[Outgoing] = []
    answers: list[bool] = []
    for message in messages:
        before = known.setdefault(message.message_id, message.envelope)
        if before is message.envelope:
            fresh.append(message)
        elif before != message.envelope:
            raise error(Reason.ID_REUSED)
        answers.append(before is message.envelope)
    if not fresh:
        return answers
    ordinal = _last_ordinal(conn)
    sql.insert(
        conn,
        "outbox",
        "ordinal, message_id, lane, root_id, kind, recipient, state, created_us, changed_us",
        [
            (ordinal + n, m.message_id, m.lane.value, m.root_id, m.kind, m.recipient, "queued", m.now_us, m.now_us)
            for n, m in enumerate(fresh, 1)
        ],
    )
    sql.insert(conn, "outbox_body", "ordinal, envelope", [(ordinal + n, m.envelope) for n, m in enumerate(fresh, 1)])
    return answers


def next_to_send(conn: sqlite3.Connection, lane: Lane, *, after: int, limit: int, max_bytes: int) -> list[OutboxRow]:
    """Unanswered messages with ``ordinal > after``, in order: up to ``limit`` and ``max_bytes``, one at least."""
    found: list[OutboxRow] = []
    size = 0
    rows = conn.execute(
        f"{_ROW} WHERE o.lane = ? AND {_TO_SEND} AND o.ordinal > ? ORDER BY o.ordinal LIMIT ?",
        (lane.value, after, limit),
    )
    for row in rows:
        size += len(row[6])
        if found and size > max_bytes:
            break
        found.append(_row(row))
    rows.close()
    return found


def mark_sent(conn: sqlite3.Connection, marks: Sequence[tuple[bytes, int]]) -> list[None]:
    """Records (message id, time) of messages offered to the hub; answered ones stay as they are."""
    sql.each(
        conn,
        "UPDATE outbox SET state = 'sent', attempts = attempts + 1, changed_us = v.column2 FROM ({values}) AS v"
        " WHERE message_id = v.column1 AND state IN ('queued', 'sent')",
        marks,
    )
    return [None] * len(marks)


def settle(conn: sqlite3.Connection, answers: Sequence[Settled]) -> list[None]:
    """Records what became of messages. Unknown ids and messages already accepted stay as they are.

    Raises:
        ValueError: An answer is none of ACCEPTED with receipt, REFUSED or PARKED with reason.
    """
    for answer in answers:
        if answer.state is OutboxState.ACCEPTED:
            proper = bool(answer.receipt) and answer.reason is None
        else:
            proper = answer.state in (OutboxState.REFUSED, OutboxState.PARKED) and answer.reason is not None
        if not proper:
            raise ValueError("an answer is ACCEPTED with its receipt, or REFUSED or PARKED with its reason")
    last: dict[bytes, Settled] = {}
    for answer in answers:
        before = last.get(answer.message_id)
        if before is None or before.state is not OutboxState.ACCEPTED:
            last[answer.message_id] = answer
    sql.each(
        conn,
        "INSERT INTO outbox_receipt (ordinal, receipt) SELECT o.ordinal, v.column2 FROM ({values}) AS v"
        " JOIN outbox AS o ON o.message_id = v.column1 WHERE true ON CONFLICT DO NOTHING",
        [(answer.message_id, answer.receipt) for answer in last.values() if answer.receipt],
    )
    sql.each(
        conn,
        "UPDATE outbox SET state = v.column2, reason = v.column3, facts = v.column4, changed_us = v.column5"
        " FROM ({values}) AS v WHERE message_id = v.column1 AND state <> 'accepted'",
        [
            (
                answer.message_id,
                answer.state.value,
                "" if answer.reason is None else answer.reason.value,
                json.dumps(dict(answer.facts), ensure_ascii=False, sort_keys=True) if answer.facts else "",
                answer.now_us,
            )
            for answer in last.values()
        ],
    )
    return [None] * len(answers)


def requeue(conn: sqlite3.Connection, message_id: bytes, now_us: int) -> bool:
    """Puts a refused or parked message at the end of its queue, same id and bytes; False when it is not given up.

    Raises:
        NotFound: No such message.
    """
    found = conn.execute("SELECT ordinal, state FROM outbox WHERE message_id = ?", (message_id,)).fetchone()
    if found is None:
        raise error(Reason.NOT_FOUND, kind="message")
    ordinal, state = found
    if state not in ("refused", "parked"):
        return False
    end = _last_ordinal(conn) + 1
    conn.execute("UPDATE outbox_body SET ordinal = ? WHERE ordinal = ?", (end, ordinal))
    conn.execute(
        "UPDATE outbox SET ordinal = ?, state = 'queued', reason = '', facts = '', changed_us = ? WHERE ordinal = ?",
        (end, now_us, ordinal),
    )
    conn.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'outbox'", (end,))
    return True


def listed(conn: sqlite3.Connection, state: OutboxState | None, limit: int) -> list[OutboxRow]:
    """The newest messages, of one state or (None) of all, newest first."""
    where, values = _of_state(state)
    return [_row(row) for row in conn.execute(f"{_ROW} {where} ORDER BY o.ordinal DESC LIMIT ?", (*values, limit))]


def get(conn: sqlite3.Connection, message_id: bytes) -> OutboxRow | None:
    """One message."""
    row = conn.execute(f"{_ROW} WHERE o.message_id = ?", (message_id,)).fetchone()
    return None if row is None else _row(row)


def of_thread(conn: sqlite3.Connection, root_id: bytes, limit: int) -> list[OutboxRow]:
    """The messages of one thread, oldest first."""
    where = "WHERE o.root_id = ? ORDER BY o.ordinal LIMIT ?"
    return [_row(row) for row in conn.execute(f"{_ROW} {where}", (root_id, limit))]


def counts(conn: sqlite3.Connection) -> dict[OutboxState, int]:
    """How many messages stand in each state."""
    found = dict(conn.execute("SELECT state, count(*) FROM outbox GROUP BY state"))
    return {state: found.get(state.value, 0) for state in OutboxState}


def newest_receipts(conn: sqlite3.Connection, limit: int) -> list[bytes]:
    """The receipts of the messages queued last, of those that have one."""
    rows = conn.execute("SELECT receipt FROM outbox_receipt ORDER BY ordinal DESC LIMIT ?", (limit,))
    return [receipt for (receipt,) in rows]


def _of_state(state: OutboxState | None) -> tuple[str, tuple[str, ...]]:
    if state is None:
        return "", ()
    for index in ("('queued', 'sent')", "('refused', 'parked')"):  # the words of a partial index make SQLite use it
        if f"'{state.value}'" in index:
            return f"WHERE o.state IN {index} AND o.state = ?", (state.value,)
    return "WHERE o.state = ?", (state.value,)


def _last_ordinal(conn: sqlite3.Connection) -> int:
    last = one(conn, "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
    return last if isinstance(last, int) else 0


def _row(row: tuple[Any, ...]) -> OutboxRow:
    (
        ordinal, message_id, lane, root_id, kind, recipient, envelope, state, receipt, reason, facts, created, changed,
        attempts,
    ) = row  # fmt: skip
    return OutboxRow(
        ordinal=ordinal,
        message_id=message_id,
        lane=Lane(lane),
        root_id=root_id,
        kind=kind,
        recipient=recipient,
        envelope=envelope,
        state=OutboxState(state),
        receipt=receipt or b"",
        reason=Reason(reason) if reason else None,
        facts=json.loads(facts) if facts else {},
        created_us=created,
        changed_us=changed,
        attempts=attempts,
    )
