"""A small core-banking ledger in one SQLite file: accounts, holds, what was carried out, and every call of a handler.

* A hold is a limit on an account, not money moved aside: what it holds is what the balance covers, older holds first.
  Money that comes in later fills it up to the limit; a hold without limit takes the whole account.
* Every hold carries its own end. One whose end has passed holds nothing, whether or not anybody was told.
* One transaction writes at a time and is on the disk when it ends (WAL, ``synchronous=FULL``). One that fails leaves nothing.
* Times are microseconds since 1970 UTC, passed in. Amounts are minor units in the account's currency.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tocsin import Money

BUSY_SECONDS = 10
"""How long a transaction waits for another process, such as a clerk's console."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    number TEXT PRIMARY KEY, holder TEXT NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0), currency TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS hold (
    place INTEGER PRIMARY KEY, thread_id TEXT NOT NULL UNIQUE, account TEXT NOT NULL REFERENCES account, kind TEXT NOT NULL,
    most INTEGER, until_us INTEGER NOT NULL, ended_us INTEGER NOT NULL DEFAULT 0, ended_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS hold_account ON hold (account);
CREATE TABLE IF NOT EXISTS executed (
    order_id TEXT PRIMARY KEY, thread_id TEXT NOT NULL, kind TEXT NOT NULL, held INTEGER NOT NULL, balance INTEGER NOT NULL,
    available INTEGER NOT NULL, currency TEXT NOT NULL, from_us INTEGER NOT NULL, until_us INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS handler_call (
    place INTEGER PRIMARY KEY, order_id TEXT NOT NULL, kind TEXT NOT NULL, repeat INTEGER NOT NULL, attempt INTEGER NOT NULL,
    accepted_us INTEGER NOT NULL, delivered_us INTEGER NOT NULL, begun_us INTEGER NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account."""

    number: str
    holder: str
    balance: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One hold, under the thread of the order that asked for it.

    Attributes:
        kind: The instrument in force: ``stop-payment`` or ``freeze``.
        most: Limit in minor units; None for the whole account.
        until_us: Its end.
        ended_us: When it was released or found lapsed; 0 before.
    """

    thread_id: str
    account: str
    kind: str
    most: int | None
    until_us: int
    ended_us: int

    def active(self, now_us: int) -> bool:
        """Whether it holds at ``now_us``."""
        return not self.ended_us and now_us < self.until_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """What stands on an account, what one hold has of it, and what the holder can still use."""

    held: Money
    balance: Money
    available: Money


class Ledger:
    """The ledger in the file ``path``, made when missing. May be used from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._conn = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._conn.execute("PRAGMA journal_mode=WAL")
        self._conn.execute("PRAGMA synchronous=FULL")
        self._conn.execute("PRAGMA foreign_keys=ON")
        self._conn.executescript(SCHEMA)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._conn.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at the end of the block, rolled back when the block raises."""
        with self._lock:
            self._conn.execute("BEGIN IMMEDIATE")
            try:
                yield self._conn
                self._conn.execute("COMMIT")
            except BaseException:
                if self._conn.in_transaction:
                    self._conn.execute("ROLLBACK")
                raise

    def open_accounts(self, accounts: list[Account]) -> None:
        """Opens accounts.

        Raises:
            sqlite3.IntegrityError: A number is taken; no account was opened.
        """
        with self.transaction() as conn:
            conn.executemany(
                "INSERT INTO account VALUES (?, ?, ?, ?)",
                [(a.number, a.holder, a.balance.minor, a.balance.currency) for a in accounts],
            )

    def pay_out(self, number: str, amount: Money, now_us: int) -> bool:
        """Takes money off an account; False when that much is not available, because of holds or at all."""
        with self.transaction() as conn:
            found = account(conn, number)
            if found is None or found.balance.currency != amount.currency:
                return False
            if available(conn, found, now_us) < amount:
                return False
            conn.execute("UPDATE account SET balance = balance - ? WHERE number = ?", (amount.minor, number))
            return True

    def pay_in(self, number: str, amount: Money) -> None:
        """Puts money on an account."""
        with self.transaction() as conn:
            conn.execute("UPDATE account SET balance = balance + ? WHERE number = ?", (amount.minor, number))


def account(conn: sqlite3.Connection, number: str) -> Account | None:
    """The account with this number."""
    row = conn.execute("SELECT number, holder, balance, currency FROM account WHERE number = ?", (number,)).fetchone()
    return None if row is None else Account(number=row[0], holder=row[1], balance=Money(row[2], row[3]))


def hold(conn: sqlite3.Connection, thread_id: str) -> Hold | None:
    """The hold of a thread, active or not."""
    row = conn.execute(
        "SELECT thread_id, account, kind, most, until_us, ended_us FROM hold WHERE thread_id = ?", (thread_id,)
    ).fetchone()
    return None if row is None else Hold(**dict(zip(Hold.__dataclass_fields__, row, strict=True)))


def place(conn: sqlite3.Connection, made: Hold) -> None:
    """Enters a hold, or puts this one in the place of the one its thread has, in one step and without losing its rank.

    Raises:
        sqlite3.IntegrityError: No such account.
    """
    conn.execute(
        "INSERT INTO hold (thread_id, account, kind, most, until_us) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (thread_id) DO UPDATE SET kind = excluded.kind, most = excluded.most, until_us = excluded.until_us",
        (made.thread_id, made.account, made.kind, made.most, made.until_us),
    )


def end(conn: sqlite3.Connection, thread_id: str, at_us: int, by: str) -> None:
    """Ends the hold of a thread; one that has ended stays as it is."""
    conn.execute(
        "UPDATE hold SET ended_us = ?, ended_by = ? WHERE thread_id = ? AND ended_us = 0", (at_us, by, thread_id)
    )


def available(conn: sqlite3.Connection, one: Account, now_us: int) -> Money:
    """What the holder of an account can use."""
    return Money(_left(conn, one, now_us, before=None), one.balance.currency)


def funds(conn: sqlite3.Connection, one: Account, thread_id: str, now_us: int) -> Funds:
    """How the account stands, seen from the hold of one thread."""
    row = conn.execute(
        "SELECT place, most FROM hold WHERE thread_id = ? AND ended_us = 0 AND until_us > ?", (thread_id, now_us)
    ).fetchone()
    held = 0
    if row is not None:
        rest = _left(conn, one, now_us, before=row[0])
        held = rest if row[1] is None else min(rest, row[1])
    return Funds(held=Money(held, one.balance.currency), balance=one.balance, available=available(conn, one, now_us))


def _left(conn: sqlite3.Connection, one: Account, now_us: int, *, before: int | None) -> int:
    """What the holds active at ``now_us`` leave of the balance; with ``before``, only those that rank above that place."""
    rows: list[tuple[int | None]] = conn.execute(
        "SELECT most FROM hold WHERE account = ? AND ended_us = 0 AND until_us > ? AND place < ?",
        (one.number, now_us, 2**62 if before is None else before),
    ).fetchall()
    left = one.balance.minor
    for (most,) in rows:
        left = 0 if most is None else max(0, left - most)
    return left
