"""What a frame of deliveries is judged on, read at once: measures of their threads, terms of their accounts, orders begun.

 * One read for a frame: reading message by message costs more than handling them.
 * It is true for as long as it is used: the hub hands over the next message of a thread only after the one before is acked, and an
   ack follows the commit that changed the measure. Terms may have moved on by an order on the same account in the same frame; the
   hub counts those exactly.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tocsin import sqliterows as sql
from tocsin.client import inbox, measures
from tocsin.client.rows import MeasureRow


class Ask(NamedTuple):
    """What one delivery needs: its thread, its account's token (empty unless it counts as a term), the order it answers, and
    whether it matters that a handler began on the thread's first order."""

    root_id: bytes
    subject: bytes = b""
    exercise: bool = False
    order_id: bytes = b""
    releases: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The answers."""

    measures: dict[bytes, MeasureRow] = field(default_factory=dict)
    terms: dict[tuple[bytes, bool], int] = field(default_factory=dict)
    kinds: dict[bytes, str] = field(default_factory=dict)
    begun: set[bytes] = field(default_factory=set)
    """Root orders a handler began on and gave no answer to: whether it acted, nobody here knows."""

    def terms_of(self, subject: bytes, *, exercise: bool) -> int:
        """Terms used on one account, in all threads."""
        return self.terms.get((subject, exercise), 0)


def read(conn: sqlite3.Connection, asks: Sequence[Ask]) -> Standing:
    """What stands in the file about ``asks``; what is absent there is absent here."""
    standing = Standing()
    for row in measures.get_many(conn, list({ask.root_id for ask in asks})):
        standing.measures[row.root_id] = row
    # A message that follows another names no account: its thread does.
    subjects = {ask.subject for ask in asks if ask.subject} | {m.subject for m in standing.measures.values() if m.subject}
    standing.terms.update(measures.terms_many(conn, list(subjects)))
    orders = list({ask.order_id for ask in asks if ask.order_id})
    rows = sql.select(conn, "SELECT message_id, kind FROM outbox WHERE message_id IN ({keys})", orders)
    standing.kinds.update(dict(rows))
    released = list({ask.root_id for ask in asks if ask.releases})
    standing.begun.update(inbox.begun(conn, released))
    return standing
