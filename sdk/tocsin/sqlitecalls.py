"""The callers waiting for a ``SqliteThread``, and how several of them share one transaction.

* Calls of one operation are merged: the operation gets the items of all of them at once.
* A call is cancelled or taken, never both half.
"""

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tocsin.sqlitefile import store_error

T = TypeVar("T")
Item = TypeVar("Item")
Job = Callable[[sqlite3.Connection], T]
Operation = Callable[[sqlite3.Connection, Sequence[Item]], Sequence[T]]


class Call:
    """One waiting caller: a job, or items for an operation.

    Attributes:
        outside: Runs outside any transaction: a question to the connection, not to the data.
        weight: How many items it stands for.
    """

    __slots__ = ("error", "future", "items", "job", "loop", "operation", "outside", "result", "weight")

    def __init__(
        self,
        *,
        job: Job[Any] | None = None,
        operation: Operation[Any, Any] | None = None,
        items: Sequence[Any] = (),
        outside: bool = False,
        weight: int = 1,
    ) -> None:
        self.job = job
        self.operation = operation
        self.items = items
        self.outside = outside
        self.weight = max(weight, len(items))
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def execute(self, conn: sqlite3.Connection) -> None:
        """Runs this call for itself."""
        if self.job is not None:
            self.result = self.job(conn)
        elif self.operation is not None:
            self.result = _checked(self.operation(conn, self.items), self.items)


def move(waiting: deque[Call], calls: list[Call], limit: int) -> None:
    """Moves calls that nobody cancelled from ``waiting`` to ``calls``: up to ``limit`` items, but at least one call."""
    weight = 0
    while waiting:
        if weight and weight + waiting[0].weight > limit:
            return
        call = waiting.popleft()
        if not call.future.cancelled():
            calls.append(call)
            weight += call.weight


def execute_merged(conn: sqlite3.Connection, calls: Sequence[Call]) -> None:
    """Runs all calls, those of one operation as one, at the place of the first of them."""
    groups: dict[object, list[Call]] = {}
    for call in calls:
        groups.setdefault(call if call.operation is None else call.operation, []).append(call)
    for group in groups.values():
        operation = group[0].operation
        if operation is None or len(group) == 1:
            group[0].execute(conn)
            continue
        items = [item for call in group for item in call.items]
        results = _checked(operation(conn, items), items)
        start = 0
        for call in group:
            call.result = results[start : start + len(call.items)]
            start += len(call.items)


def execute_apart(conn: sqlite3.Connection, calls: Sequence[Call]) -> None:
    """Runs each call in a savepoint of its own; one that raises keeps its error and undoes only itself.

    Raises:
        TransactionLost: SQLite has rolled everything back, as it may do when the disk is full.
    """
    for call in calls:
        conn.execute("SAVEPOINT call")
        try:
            call.execute(conn)
        except BaseException as exc:
            if not conn.in_transaction:
                raise TransactionLost from exc
            conn.execute("ROLLBACK TO call")
            call.error = caused(exc)
        conn.execute("RELEASE call")


class TransactionLost(Exception):
    """One call took the whole transaction with it; each must be tried by itself."""


def caused(exc: BaseException) -> BaseException:
    """What the caller gets for ``exc``: the bus error it stands for, or itself."""
    known = store_error(exc)
    if known is None:
        return exc
    known.__cause__ = exc
    return known


def hand_out(calls: Sequence[Call]) -> None:
    """Gives every caller its result or error, with one wake-up per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Call]] = {}
    for call in calls:
        by_loop.setdefault(call.loop, []).append(call)
    for loop, mine in by_loop.items():
        with contextlib.suppress(RuntimeError):  # that loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_settle, mine)


def _settle(calls: Sequence[Call]) -> None:
    for call in calls:
        if call.future.done():
            continue
        if call.error is not None:
            call.future.set_exception(call.error)
        else:
            call.future.set_result(call.result)


def _checked(results: Sequence[Any], items: Sequence[Any]) -> Sequence[Any]:
    if len(results) != len(items):
        raise ValueError("an operation must return one result per item")
    return results
