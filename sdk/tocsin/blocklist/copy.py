"""The names a carrier blocks, each with the blocks it rests on and their legal ends.

 * A name stays blocked until every block that names it has let go of it or has ended; and what is under it is blocked with it.
 * Ends count by the clock passed in, so a copy that is cut off from everything still lets go in time.
 * It is fed by the carrier's handlers (``serve``), by asking the hub (``refresh``), or by both: whatever comes twice, or after what
   lets go of it, changes nothing. The end that a handler stated stands above the one counted here.
 * What may not be blocked by the list of public suffixes that this carrier has is left out and named.
 * Only who ordered a block lets go of it.
 * What is applied is on the disk when the call returns; any number of processes read a copy.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tocsin.blocklist import rows
from tocsin.clock import Clock, SystemClock
from tocsin.core.domains import is_public, parents
from tocsin.core.errors import Reason, error
from tocsin.core.orders.block_domains import BlockDomains
from tocsin.core.orders.report import Outcome
from tocsin.core.orders.unblock_domains import UnblockDomains
from tocsin.core.times import from_us, to_us

if TYPE_CHECKING:
    from tocsin.client.participant import Participant

@dataclass(frozen=True, slots=True)
class Blocked:
    """One blocked name, the last of its ends (UTC), and the threads it rests on."""

    name: str
    ends_at: datetime
    threads: tuple[str, ...]


class Blocklist:
    """The copy in one SQLite file.

    Args:
        path: The file; made when missing.
        clock: By which blocks end.
    """

    def __init__(self, path: str | Path, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._conn.execute("PRAGMA journal_mode=WAL")
            self._conn.execute("PRAGMA synchronous=FULL")
            self._conn.executescript(rows.SCHEMA)
        except sqlite3.DatabaseError as exc:
            self._conn.close()
            raise error(Reason.CORRUPT, hint="the blocklist's file") from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._conn.close()

    def is_blocked(self, name: str) -> bool:
        """Whether ``name`` (canonical), or a name it is under, is blocked now."""
        asked = [name, *parents(name)]
        marks = ", ".join("?" * len(asked))
        sql = f"SELECT 1 FROM block WHERE name IN ({marks}) AND ends_us > ? LIMIT 1"
        with self._lock:
            return self._conn.execute(sql, (*asked, self._clock.now_us())).fetchone() is not None

    def names(self) -> Iterator[Blocked]:
        """What is blocked now, in the order of the names."""
        sql = "SELECT name, max(ends_us), group_concat(thread) FROM block WHERE ends_us > ? GROUP BY name ORDER BY name"
        with self._lock:
            rows = self._conn.execute(sql, (self._clock.now_us(),)).fetchall()
        for name, ends_us, threads in rows:
            yield Blocked(name, from_us(ends_us), tuple(sorted(threads.split(","))))

    def plain_names(self) -> list[str]:
        """The names alone, in their order: a third of what ``names`` costs for a list of a hundred thousand."""
        with self._lock:
            found = self._conn.execute("SELECT DISTINCT name FROM block WHERE ends_us > ? ORDER BY name", (self._clock.now_us(),))
            return [name for (name,) in found]

    def __len__(self) -> int:
        sql = "SELECT count(DISTINCT name) FROM block WHERE ends_us > ?"
        with self._lock:
            return int(self._conn.execute(sql, (self._clock.now_us(),)).fetchone()[0])

    def apply(self, order: BlockDomains) -> dict[str | int, Outcome | str]:
        """Takes up a block handed to a handler; returns the names that were left out, with the reason.

        Raises:
            LocalFault: HANDLER_RESULT_INVALID for an order that was not delivered to a handler.
        """
        ends_us = to_us(order.ends_at, field="ends_at") if order.ends_at is not None else 0
        left: dict[str | int, Outcome | str] = {name: Outcome.EXEMPT for name in order.domains if is_public(name)}
        self._transact(
            lambda conn: rows.block(conn, order, [name for name in order.domains if name not in left], ends_us, stated=True)
        )
        return left

    def withdraw(self, order: UnblockDomains) -> None:
        """Lets go of some names of a block.

        Raises:
            NotPermitted: NOT_ORIGIN when somebody else ordered the block.
        """
        self._transact(lambda conn: rows.withdraw(conn, order))

    def end(self, thread_id: str) -> None:
        """Lets go of a whole block: it was released, or has ended."""
        self._transact(lambda conn: rows.end(conn, thread_id))

    async def refresh(self, carrier: "Participant") -> int:
        """Takes up what ``carrier`` was ordered since the last time, from the hub; a new copy what holds now.

        Each order is verified as a delivery is, and kept frame by frame: after a cut the next call goes on. Drills and what the
        law forbids are passed over.

        Args:
            carrier: Open, and started; it need not receive.

        Returns:
            How many orders were taken up.

        Raises:
            Unavailable: The hub cannot be reached; what has come stays.
            NotPermitted: POLICY_DENIED for a party that no block can be addressed to; NOT_ORIGIN for a withdrawal by a stranger.
            SignatureInvalid: The hub's answer does not hold; nothing of its frame was taken.
        """
        from tocsin.client.block_changes import Changes, block_changes

        log, count = carrier.identity.log_origin, 0
        with self._lock:
            row = self._conn.execute("SELECT through FROM taken WHERE log = ?", (log,)).fetchone()

        def take(frame: Changes) -> None:
            kept = [(one, rows.blockable(one.order)) for one in frame.changes]  # outside the transaction: it takes its time

            def job(conn: sqlite3.Connection) -> None:
                for one, names in kept:
                    rows.take(conn, one.order, names, one.ends_us)
                conn.execute("INSERT OR REPLACE INTO taken VALUES (?, ?)", (log, frame.through_index))

            self._transact(job)

        async with contextlib.aclosing(block_changes(carrier, row[0] if row is not None else 0)) as frames:
            async for frame in frames:
                await asyncio.to_thread(take, frame)
                count += len(frame.changes)
        return count

    def next_serial(self, zone: str) -> int:
        """A serial for ``zone`` above every one before it, also after the copy was made anew (RFC 1982: 32 bits)."""
        now_s = self._clock.now_us() // 1_000_000
        with self._lock:
            row = self._conn.execute("SELECT serial FROM written WHERE zone = ?", (zone,)).fetchone()
            serial = max(now_s, row[0] + 1) if row is not None else now_s
            self._conn.execute("INSERT OR REPLACE INTO written VALUES (?, ?)", (zone, serial))
        return serial & 0xFFFFFFFF

    def serve(self, carrier: "Participant", *, changed: Callable[[], object] | None = None) -> None:
        """Registers the handlers that keep this copy in step with the orders ``carrier`` receives.

        Args:
            carrier: Not opened yet.
            changed: Called after a change, before the answer: write the zone, reload the resolver. Changes that come together
                share a call that began after them. What it raises is no answer: the orders come again.
        """
        from tocsin.core.orders.release import Release
        from tocsin.results import Executed, Lapsed

        tell: Callable[[], object] = _Together(changed) if changed is not None else _nothing

        @carrier.on(BlockDomains)
        def block(order: BlockDomains) -> Executed:
            left = self.apply(order)
            tell()
            return Executed(not_applied=left)

        @carrier.on(UnblockDomains)
        def unblock(order: UnblockDomains) -> Executed:
            self.withdraw(order)
            tell()
            return Executed()

        @carrier.on(Release)
        def release(order: Release) -> Executed:
            self.end(order.thread_id)
            tell()
            return Executed()

        @carrier.on(Lapsed)
        def lapsed(event: Lapsed) -> None:
            self.end(event.thread_id)
            tell()

    def _transact(self, job: Callable[[sqlite3.Connection], object]) -> None:
        with self._lock:
            self._conn.execute("BEGIN IMMEDIATE")
            try:
                job(self._conn)
            except BaseException:
                self._conn.execute("ROLLBACK")
                raise
            self._conn.execute("COMMIT")


def _nothing() -> None:
    """Nobody wants to know."""


class _Together:
    """Calls ``work`` so that each caller returns after a call that began after it came: one call serves all who waited for it."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._asked = self._done = 0
        self._count = threading.Lock()
        self._turn = threading.Lock()

    def __call__(self) -> None:
        with self._count:
            self._asked += 1
            mine = self._asked
        with self._turn:
            if self._done >= mine:
                return
            serves = self._asked
            self._work()
            self._done = serves
