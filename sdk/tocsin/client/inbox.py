"""The inbox: messages handed to this party, each handled at most once unless it says ``repeat``.

 * A message is known by its id: stored once, however often it is delivered. A finished one is never handled again.
 * The start mark is durable before the handler runs. ``repeat`` is true when a mark stands or the hub ever said so, and
   only then.
 * The report and the end of a message are one commit: whoever is done has its report in the outbox.
 * DONE and COPIED are final: a step that finds a message final changes nothing and says so. Unknown ones are NOT_FOUND.

::

    (new) ─▶ RECEIVED ──start──▶ STARTED ──finish──▶ DONE        COPIED
                │ aside            │ aside             ▲
                └──▶ WAITING / PARKED ◀──┘ ──start, finish┘

Functions take the connection of an open transaction, so that callers can join them with others; ``store`` wraps them.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from tocsin import sqliterows as sql
from tocsin.client import measures, outbox
from tocsin.client.rows import (
    FINAL,
    Aside,
    Confirmed,
    Finish,
    InboxRow,
    InboxState,
    Incoming,
    Received,
    Seen,
    Start,
    StartMark,
)
from tocsin.core.errors import Reason, error
from tocsin.core.message import Lane
from tocsin.sqlitefile import one

_ROW = """
    SELECT i.message_id, i.message_hash, i.epoch, i.lane, i.seq, i.root_id, i.kind, i.why, b.envelope, b.sequencing,
           i.attempt, i.attempt_token, i.state, i.received_us, i.started_us, i.finished_us, i.report_id, i.repeat,
           i.confirmed, i.park_reason
    FROM inbox AS i JOIN inbox_body AS b ON b.place = i.place
"""


class _Known(NamedTuple):
    """What the inbox knows of a message when a delivery of it comes."""

    message_hash: bytes
    state: InboxState
    started: bool
    repeat: bool


_FINAL = "state IN ('done', 'copied')"
_UNTOUCHED = (InboxState.RECEIVED, 0, False)


def receive(conn: sqlite3.Connection, deliveries: Sequence[Incoming]) -> list[Received]:
    """Stores deliveries and says of each what was known; a known message takes over the new position and attempt."""
    stored = sql.select(
        conn,
        "SELECT message_id, message_hash, state, started_us > 0, repeat FROM inbox WHERE message_id IN ({keys})",
        [delivery.message_id for delivery in deliveries],
    )
    known = {row[0]: _Known(row[1], InboxState(row[2]), bool(row[3]), bool(row[4])) for row in stored}
    fresh: list[Incoming] = []
    again: dict[bytes, Incoming] = {}
    answers: list[Received] = []
    for delivery in deliveries:
        before = known.get(delivery.message_id)
        if before is None:
            started = delivery.state is InboxState.STARTED
            known[delivery.message_id] = _Known(delivery.message_hash, delivery.state, started, delivery.repeat)
            fresh.append(delivery)
            answers.append(Received(seen=Seen.NEW, state=delivery.state, repeat=delivery.repeat))
        elif before.message_hash != delivery.message_hash:
            answers.append(Received(seen=Seen.OTHER_CONTENT, state=before.state, repeat=True))
        else:
            again[delivery.message_id] = delivery
            after = known[delivery.message_id] = before._replace(repeat=before.repeat or delivery.repeat)
            seen = Seen.FINISHED if after.state in FINAL else Seen.UNFINISHED
            answers.append(Received(seen=seen, state=after.state, repeat=after.repeat or after.started))
    _insert(conn, fresh)
    sql.each(
        conn,
        "UPDATE inbox SET epoch = v.column2, lane = v.column3, seq = v.column4, attempt = v.column5,"
        " attempt_token = v.column6, repeat = v.column7, confirmed = 0"
        " FROM ({values}) AS v WHERE message_id = v.column1",
        [
            (key, d.epoch, d.lane.value, d.seq, d.attempt, d.attempt_token, int(known[key].repeat))
            for key, d in again.items()
        ],
    )
    return answers


def start(conn: sqlite3.Connection, starts: Sequence[Start]) -> list[StartMark]:
    """Marks that handlers are about to run. Only after this is durable may they.

    Raises:
        NotFound: No such message.
    """
    found = _known(conn, [one_start.message_id for one_start in starts], f"{_FINAL} OR started_us > 0 OR repeat")
    begun: dict[bytes, int] = {}
    marks: list[StartMark] = []
    for one_start in starts:
        state, started_us, repeat = found.get(one_start.message_id, _UNTOUCHED)
        started_us = begun.get(one_start.message_id, started_us)
        finished = state in FINAL
        first = not finished and not started_us
        if not finished:
            begun[one_start.message_id] = started_us or one_start.now_us
        marks.append(
            StartMark(
                first=first,
                repeat=repeat or not first,
                finished=finished,
                started_us=one_start.now_us if first else started_us,
            )
        )
    _update(conn, "state = 'started', started_us = v.column2, park_reason = ''", list(begun.items()))
    return marks


def begun(conn: sqlite3.Connection, message_ids: Sequence[bytes]) -> set[bytes]:
    """Those of ``message_ids`` on which a handler began and gave no answer."""
    return set(_known(conn, message_ids, f"started_us > 0 AND NOT {_FINAL}"))


def finish(conn: sqlite3.Connection, finishes: Sequence[Finish]) -> list[bool]:
    """Ends messages: report into the outbox, measure into its table, message done, all or nothing.

    False for a message that was final already: neither its report nor its measure was taken.

    Raises:
        NotFound: No such message.
        IdReused: The report's id is taken by other bytes.
    """
    final = _known(conn, [one_finish.message_id for one_finish in finishes], _FINAL)
    ended: dict[bytes, Finish] = {}
    answers: list[bool] = []
    for one_finish in finishes:
        taken = one_finish.message_id not in final and one_finish.message_id not in ended
        if taken:
            ended[one_finish.message_id] = one_finish
        answers.append(taken)
    outbox.enqueue(conn, [f.report for f in ended.values() if f.report is not None])
    measures.put(conn, [f.measure for f in ended.values() if f.measure is not None])
    _update(
        conn,
        "state = 'done', finished_us = v.column2, report_id = v.column3, park_reason = ''",
        [(f.message_id, f.now_us, b"" if f.report is None else f.report.message_id) for f in ended.values()],
    )
    return answers


def put_aside(conn: sqlite3.Connection, asides: Sequence[Aside]) -> list[bool]:
    """Leaves messages to a person: WAITING for an answer by hand, or PARKED for a reason. False where one was final.

    Raises:
        NotFound: No such message.
        ValueError: Another state was asked for.
    """
    if any(aside.state not in (InboxState.WAITING, InboxState.PARKED) for aside in asides):
        raise ValueError("a message is put aside as WAITING or PARKED")
    final = _known(conn, [aside.message_id for aside in asides], _FINAL)
    answers = [aside.message_id not in final for aside in asides]
    last = {aside.message_id: aside for aside, taken in zip(asides, answers, strict=True) if taken}
    _update(
        conn,
        "state = v.column2, park_reason = v.column3",
        [(aside.message_id, aside.state.value, aside.reason) for aside in last.values()],
    )
    return answers


def confirm(conn: sqlite3.Connection, acks: Sequence[Confirmed]) -> list[None]:
    """Records acks the hub has made durable; positions that hold nothing final here are passed over."""
    sql.each(
        conn,
        "UPDATE inbox SET confirmed = 1 FROM ({values}) AS v"
        " WHERE epoch = v.column1 AND lane = v.column2 AND seq = v.column3 AND state IN ('done', 'copied')",
        [(ack.epoch, ack.lane.value, ack.seq) for ack in acks],
    )
    return [None] * len(acks)


def unfinished(conn: sqlite3.Connection, lane: Lane, limit: int) -> list[InboxRow]:
    """Messages of a lane that are received or started and not ended, by position."""
    where = "WHERE i.lane = ? AND i.state IN ('received', 'started') ORDER BY i.seq LIMIT ?"
    return [_row(row) for row in conn.execute(f"{_ROW} {where}", (lane.value, limit))]


def listed(conn: sqlite3.Connection, state: InboxState | None, limit: int) -> list[InboxRow]:
    """The newest messages, of one state or (None) of all, newest first."""
    where, values = _of_state(state)
    return [_row(row) for row in conn.execute(f"{_ROW} {where} ORDER BY i.place DESC LIMIT ?", (*values, limit))]


def get(conn: sqlite3.Connection, message_id: bytes) -> InboxRow | None:
    """One message."""
    row = conn.execute(f"{_ROW} WHERE i.message_id = ?", (message_id,)).fetchone()
    return None if row is None else _row(row)


def of_thread(conn: sqlite3.Connection, root_id: bytes, limit: int) -> list[InboxRow]:
    """The messages of one thread, oldest first."""
    where = "WHERE i.root_id = ? ORDER BY i.place LIMIT ?"
    return [_row(row) for row in conn.execute(f"{_ROW} {where}", (root_id, limit))]


def counts(conn: sqlite3.Connection) -> dict[InboxState, int]:
    """How many messages stand in each state."""
    found = dict(conn.execute("SELECT state, count(*) FROM inbox GROUP BY state"))
    return {state: found.get(state.value, 0) for state in InboxState}


def _of_state(state: InboxState | None) -> tuple[str, tuple[str, ...]]:
    if state is None:
        return "", ()
    for index in (
        "('received', 'started')",
        "('waiting', 'parked')",
    ):  # the words of a partial index make SQLite use it
        if f"'{state.value}'" in index:
            return f"WHERE i.state IN {index} AND i.state = ?", (state.value,)
    return "WHERE i.state = ?", (state.value,)


def _insert(conn: sqlite3.Connection, fresh: Sequence[Incoming]) -> None:
    if not fresh:
        return
    last = one(conn, "SELECT seq FROM sqlite_sequence WHERE name = 'inbox'")
    place = last if isinstance(last, int) else 0
    sql.insert(
        conn,
        "inbox",
        "place, message_id, message_hash, epoch, lane, seq, root_id, kind, why, attempt, attempt_token, state,"
        " received_us, started_us, finished_us, repeat, park_reason",
        [
            (
                place + n, d.message_id, d.message_hash, d.epoch, d.lane.value, d.seq, d.root_id, d.kind, d.why,
                d.attempt, d.attempt_token, d.state.value, d.now_us,
                d.now_us if d.state is InboxState.STARTED else 0, d.now_us if d.state in FINAL else 0,
                int(d.repeat), d.park_reason,
            )
            for n, d in enumerate(fresh, 1)
        ],
    )  # fmt: skip
    sql.insert(
        conn,
        "inbox_body",
        "place, envelope, sequencing",
        [(place + n, d.envelope, d.sequencing) for n, d in enumerate(fresh, 1)],
    )


def _known(
    conn: sqlite3.Connection, message_ids: Sequence[bytes], condition: str
) -> dict[bytes, tuple[InboxState, int, bool]]:
    """State, start and repeat flag of those messages that meet ``condition``: few do, and each row read is a step."""
    rows = sql.select(
        conn,
        f"SELECT message_id, state, started_us, repeat FROM inbox WHERE message_id IN ({{keys}}) AND ({condition})",
        message_ids,
    )
    return {row[0]: (InboxState(row[1]), row[2], bool(row[3])) for row in rows}


def _update(conn: sqlite3.Connection, assignments: str, rows: Sequence[sql.Row]) -> None:
    """Sets columns of messages whose ids stand first in ``rows``; all must exist."""
    if sql.each(
        conn, f"UPDATE inbox SET {assignments} FROM ({{values}}) AS v WHERE message_id = v.column1", rows
    ) != len(rows):
        raise error(Reason.NOT_FOUND, kind="message")


def _row(row: tuple[Any, ...]) -> InboxRow:
    (
        message_id, message_hash, epoch, lane, seq, root_id, kind, why, envelope, sequencing, attempt, attempt_token,
        state, received_us, started_us, finished_us, report_id, repeat, confirmed, park_reason,
    ) = row  # fmt: skip
    return InboxRow(
        message_id=message_id,
        message_hash=message_hash,
        epoch=epoch,
        lane=Lane(lane),
        seq=seq,
        root_id=root_id,
        kind=kind,
        why=why,
        envelope=envelope,
        sequencing=sequencing,
        attempt=attempt,
        attempt_token=attempt_token,
        state=InboxState(state),
        received_us=received_us,
        started_us=started_us,
        finished_us=finished_us,
        report_id=report_id,
        repeat=bool(repeat),
        confirmed=bool(confirmed),
        park_reason=park_reason,
    )
