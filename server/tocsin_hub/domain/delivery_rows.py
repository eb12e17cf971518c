"""What of a delivery is stored: the cursor, and rows for what is not simply acked in order.

* Steady state is one cursor row per batch of acks. Attempt rows arise only for acks ahead of an open entry, delayed
  and dead.
* ``attempts`` of a row counts failed tries. A dead row with none is being replayed: it stays dead until its entry
  is acked, so a restart takes the replay up again and a crash loses nothing.
"""

from dataclasses import replace
from typing import Generic, NamedTuple

from tocsin_hub.domain.attempts import ACKED, DEAD, DELAYED, MAX_REASON, REPLAYING, B
from tocsin_hub.domain.rows import AttemptRow, CursorRow, MailboxKey
from tocsin_hub.domain.thread_order import OpenEntry


class DeliveryChanges(NamedTuple):
    """What must be stored, in one transaction and ``attempts`` before ``cursor``.

    ``confirmed`` are the acks that are durable then.
    """

    cursor: CursorRow | None
    attempts: list[AttemptRow]
    confirmed: list[int]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to store and nothing to confirm."""
        return self.cursor is None and not self.attempts and not self.confirmed


class UnstoredChanges(Generic[B]):
    """The changes of one subscription since they were last taken."""

    def __init__(self, key: MailboxKey, subscription: str, cursor: int) -> None:
        self._key = key
        self._subscription = subscription
        self._cursor = cursor
        self._rows: dict[int, AttemptRow] = {}
        self._acked: list[OpenEntry[B]] = []

    @property
    def any(self) -> bool:
        """Whether there are acks, nacks or replays to store."""
        return bool(self._rows or self._acked)

    def acked(self, entry: OpenEntry[B]) -> None:
        """An entry is done."""
        self._rows.pop(entry.seq, None)
        self._acked.append(entry)

    def delayed(self, entry: OpenEntry[B], reason: str, now_us: int) -> None:
        """An entry is tried again later."""
        if not entry.replayed:
            self._rows[entry.seq] = self._row(entry, DELAYED, entry.due_us, reason, now_us)

    def dead(self, entry: OpenEntry[B], reason: str, now_us: int) -> None:
        """An entry is given up."""
        self._rows[entry.seq] = self._row(entry, DEAD, 0, reason, now_us)

    def replaying(self, row: AttemptRow, now_us: int) -> None:
        """A dead entry is offered again."""
        self._rows[row.seq] = replace(row, attempts=REPLAYING, not_before_us=0, changed_us=now_us)

    def take(self, cursor: int, now_us: int) -> DeliveryChanges:
        """The changes so far, with the cursor now at ``cursor``; they are forgotten here."""
        rows = list(self._rows.values())
        rows += [self._row(e, ACKED, 0, "", now_us) for e in self._acked if e.seq > cursor or e.replayed]
        # The row of a replayed entry lies behind the cursor: storing the cursor again drops it.
        cursor_row = None
        if cursor > self._cursor or any(e.replayed for e in self._acked):
            cursor_row = CursorRow(mailbox=self._key, subscription=self._subscription, acked_through=cursor)
        confirmed = [e.seq for e in self._acked]
        self._cursor = cursor
        self._rows = {}
        self._acked = []
        return DeliveryChanges(cursor_row, rows, confirmed)

    def _row(self, entry: OpenEntry[B], state: str, not_before_us: int, reason: str, now_us: int) -> AttemptRow:
        return AttemptRow(
            mailbox=self._key,
            subscription=self._subscription,
            seq=entry.seq,
            attempts=entry.failures,
            state=state,
            not_before_us=not_before_us,
            reason=reason[:MAX_REASON],
            changed_us=now_us,
        )
