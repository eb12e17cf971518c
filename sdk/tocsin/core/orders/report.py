"""Kind ``report``: what the acting party did with one order.

 * It names the order it answers (``thread.parent_id``) and the thread (``thread.root_id``).
 * It states a fact: a valid report by the addressed party is never refused because the order has ended; it is recorded as late.
 * A measure in force has ``applied_us`` and ``expires_us`` by the acting party's clock.
"""

from dataclasses import dataclass
from enum import Enum

from tocsin.core.domains import MAX_ITEMS
from tocsin.core.errors import Reason, error
from tocsin.core.measure import require_one_recipient, require_thread
from tocsin.core.message import ANY_THREAD, Message, Nature, kind, private
from tocsin.core.money import Money


class Outcome(Enum):
    """What came of an order."""

    DONE = 1
    DONE_SHORT = 2
    ALREADY = 3
    MISMATCH = 4
    NOT_FOUND = 5
    EXEMPT = 6
    BAD_DOCUMENT = 7
    OUT_OF_TERM = 8
    LIMIT_REACHED = 9
    UNSUPPORTED = 10
    UNREACHABLE = 11
    REFUSED_LEGAL = 12
    FUNDS_MOVED = 13
    SUPERSEDED = 14
    LAPSED = 15

    @property
    def executed(self) -> bool:
        """Whether the order took effect."""
        return self in (Outcome.DONE, Outcome.DONE_SHORT, Outcome.ALREADY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOutcome:
    """What came of one item of a list; ``position`` counts from 1."""

    position: int
    outcome: Outcome


@kind("report", Nature.REPORT, follows=ANY_THREAD)
class Report(Message):
    """What was done with one order."""

    outcome: Outcome
    held: Money | None = None
    applied_us: int = 0
    expires_us: int = 0
    not_applied: tuple[ItemOutcome, ...] = ()
    reason: str = private()
    balance: Money | None = private(None)
    available: Money | None = private(None)

    def check(self) -> None:
        """See ``Message.check``."""
        require_thread(self)
        require_one_recipient(self)
        if self.applied_us < 0 or self.expires_us < 0 or (self.expires_us and self.expires_us <= self.applied_us):
            raise error(Reason.FIELD_INVALID, field="expires_us", rule="after applied_us")
        places = [one.position for one in self.not_applied]
        if places != sorted(set(places)) or (places and not 1 <= places[0] <= places[-1] <= MAX_ITEMS):
            raise error(Reason.FIELD_INVALID, field="not_applied", rule="sorted, without repeats")
        if any(one.outcome.executed for one in self.not_applied):
            raise error(Reason.FIELD_INVALID, field="not_applied.outcome", rule="why it was not done")
