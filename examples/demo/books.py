"""What stands in the banks' books after the demonstration."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a handler."""

    order_id: str
    kind: str
    repeat: bool
    attempt: int
    accepted_us: int
    delivered_us: int
    begun_us: int


@dataclass(frozen=True, slots=True)
class Done:
    """One order carried out: what was held, and from when to when."""

    order_id: str
    thread_id: str
    kind: str
    held: int
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class HoldRow:
    """One hold as it stands; ``ended_us`` is 0 while it has no end but ``until_us``."""

    thread_id: str
    account: str
    kind: str
    until_us: int
    ended_us: int
    ended_by: str


@dataclass(frozen=True, slots=True)
class Books:
    """One bank's, or all banks' together."""

    calls: list[Call]
    done: list[Done]
    holds: list[HoldRow]

    def calls_of(self, order_id: str) -> list[Call]:
        """The calls of one order, in their order."""
        return [call for call in self.calls if call.order_id == order_id]

    def done_of(self, order_id: str) -> list[Done]:
        """What was carried out for one order."""
        return [one for one in self.done if one.order_id == order_id]

    def hold_of(self, thread_id: str) -> HoldRow | None:
        """The hold of one thread."""
        return next((one for one in self.holds if one.thread_id == thread_id), None)


def read(path: Path) -> Books:
    """The books in a ledger file; nothing is changed."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as conn:
        calls = conn.execute(
            "SELECT order_id, kind, repeat, attempt, accepted_us, delivered_us, begun_us FROM handler_call ORDER BY place"
        ).fetchall()
        done = conn.execute("SELECT order_id, thread_id, kind, held, from_us, until_us FROM executed").fetchall()
        holds = conn.execute("SELECT thread_id, account, kind, until_us, ended_us, ended_by FROM hold").fetchall()
    return Books(
        [Call(row[0], row[1], bool(row[2]), *row[3:]) for row in calls],
        [Done(*row) for row in done],
        [HoldRow(*row) for row in holds],
    )


def joined(all_books: Iterable[Books]) -> Books:
    """All banks' books as one."""
    found = list(all_books)
    return Books(
        [one for books in found for one in books.calls],
        [one for books in found for one in books.done],
        [one for books in found for one in books.holds],
    )
