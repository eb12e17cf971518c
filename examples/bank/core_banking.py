"""Orders carried out on the ledger, each exactly once.

* Mark, effect and the answer's figures are one transaction of the bank's own database: after a crash all of it is there or none.
* An order that is marked is not carried out again: its first answer is given once more.
* A refusal changes nothing and leaves no mark.
* Every call is recorded before anything else, so that a repeat can be told from a first call ever after.
"""

import sqlite3
import unicodedata
from dataclasses import replace

from examples.bank import ledger as books
from examples.bank.ledger import Account, Funds, Hold, Ledger
from tocsin import (
    Executed,
    Extend,
    Freeze,
    FreezeType,
    Lapsed,
    Money,
    Outcome,
    Refused,
    Release,
    StopPayment,
    StopScope,
)
from tocsin.clock import Clock
from tocsin.core.times import to_us

Order = StopPayment | Extend | Freeze | Release


class _No(Exception):
    """Leaves the transaction with a refusal."""

    def __init__(self, reason: str, note: str = "") -> None:
        self.answer = Refused(reason, note=note)


class CoreBanking:
    """Carries orders out on a ledger."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def carry_out(self, order: Order) -> Executed | Refused:
        """The answer to ``order``, once its effect is on the disk.

        Raises:
            sqlite3.Error: The ledger cannot be written; nothing was changed.
        """
        self._record_call(order)
        now_us = self._clock.now_us()
        try:
            with self._ledger.transaction() as conn:
                if not order.mark(conn):
                    return _answered(conn, order.id)
                found = self._effect(conn, order, now_us)
                _note_down(conn, order, found, now_us)
        except _No as no:
            return no.answer
        return Executed(held=found.held, balance=found.balance, available=found.available)

    def lapse(self, event: Lapsed) -> None:
        """Closes the hold of a measure that has reached its end; the hold stopped holding then by itself.

        Raises:
            sqlite3.Error: The ledger cannot be written.
        """
        ends_us = to_us(event.ends_at)
        with self._ledger.transaction() as conn:
            one = books.hold(conn, event.thread_id)
            if one is not None and one.until_us <= ends_us:
                books.end(conn, event.thread_id, one.until_us, "lapse")

    def _effect(self, conn: sqlite3.Connection, order: Order, now_us: int) -> Funds:
        if isinstance(order, StopPayment | Freeze):
            one, made = self._asked(conn, order, now_us)
            books.place(conn, made)
        else:
            held = books.hold(conn, order.thread_id)
            if held is None:
                raise _No("not-found")
            one = _account(conn, held.account)
            if isinstance(order, Release):
                books.end(conn, order.thread_id, now_us, "release")
            elif not held.active(now_us):
                raise _No("out-of-term")
            else:
                books.place(conn, replace(held, until_us=_end_of(order)))
        return books.funds(conn, one, order.thread_id, now_us)

    @staticmethod
    def _asked(conn: sqlite3.Connection, order: StopPayment | Freeze, now_us: int) -> tuple[Account, Hold]:
        """The account an order aims at and the hold it asks for."""
        one = _account(conn, order.account)
        if order.holder and _plain(order.holder) != _plain(one.holder):
            raise _No("mismatch", "the name is not the holder's")
        before = books.hold(conn, order.thread_id)
        if before is not None and not before.active(now_us):
            raise _No("out-of-term")
        return one, Hold(
            thread_id=order.thread_id, account=one.number, kind=order.KIND.name, most=_most(order, one.balance),
            until_us=_end_of(order), ended_us=0,
        )  # fmt: skip

    def _record_call(self, order: Order) -> None:
        how = order.delivery
        with self._ledger.transaction() as conn:
            conn.execute(
                "INSERT INTO handler_call (order_id, kind, repeat, attempt, accepted_us, delivered_us, begun_us)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (order.id, order.KIND.name, int(how.repeat), how.attempt, how.accepted_us, how.started_us, self._clock.now_us()),
            )  # fmt: skip


def _account(conn: sqlite3.Connection, number: str) -> Account:
    found = books.account(conn, number)
    if found is None:
        raise _No("not-found")
    return found


def _most(order: StopPayment | Freeze, balance: Money) -> int | None:
    """The limit the order sets, in minor units; None for the whole account."""
    if isinstance(order, StopPayment) and order.scope is StopScope.TRANSACTION:
        raise _No("unsupported", "this ledger keeps no transactions to stop")
    if isinstance(order, StopPayment) and order.scope is StopScope.WHOLE_ACCOUNT:
        return None
    if isinstance(order, Freeze) and order.freeze_type is not FreezeType.AMOUNT:
        return None
    if order.amount is None or order.amount.currency != balance.currency:
        raise _No("unsupported", "the account is kept in another currency")
    return order.amount.minor


def _end_of(order: Order) -> int:
    ends_at = order.ends_at
    assert ends_at is not None, "the SDK works out the end of every order that sets one"
    return to_us(ends_at)


def _note_down(conn: sqlite3.Connection, order: Order, found: Funds, now_us: int) -> None:
    one = books.hold(conn, order.thread_id)
    conn.execute(
        "INSERT INTO executed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order.id, order.thread_id, order.KIND.name, found.held.minor, found.balance.minor, found.available.minor,
            found.balance.currency, now_us, 0 if one is None or one.ended_us else one.until_us,
        ),
    )  # fmt: skip


def _answered(conn: sqlite3.Connection, order_id: str) -> Executed:
    """The answer that was given when the order was carried out."""
    held, balance, available, currency = conn.execute(
        "SELECT held, balance, available, currency FROM executed WHERE order_id = ?", (order_id,)
    ).fetchone()
    return Executed(
        held=Money(held, currency), balance=Money(balance, currency), available=Money(available, currency),
        outcome=Outcome.DONE,
    )  # fmt: skip


def _plain(name: str) -> str:
    """A name as it is compared: one Unicode form, without spaces and case."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()
