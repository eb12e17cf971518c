"""The values of delivery: what is offered, what is sent, and what follows from a try that failed.

* A routine entry is given up after ``MAX_ATTEMPTS`` failed tries, or at once when the recipient says no try makes
  sense.
* An urgent entry is never given up for the number of its failures: it is escalated once and goes on. It is parked
  only when the recipient says that no try makes sense, and then it is escalated too.
* Failed tries are counted, not sends: a lost connection says nothing about the message.
"""

from enum import Enum, StrEnum
from typing import Generic, NamedTuple, TypeVar

from tocsin_hub.domain.rows import EntryRow

MAX_ATTEMPTS = 10
"""Failed tries before a person must look: with the backoff some four minutes on average, nine at most."""

ACKED, DELAYED, DEAD = "acked", "delayed", "dead"
"""States of an attempt row."""

REPLAYING = 0
"""Failed tries of a dead row whose replay was asked for; no entry dies without a failed try."""

MAX_REQUESTED_DELAY_MS = 24 * 3_600_000
"""A recipient may ask to be left alone with one entry for a day, half a stop's first term; beyond, it is asked
again."""

MAX_REASON = 200
"""Characters of a nack's reason that are kept: a sentence for the operator, not a log."""

B = TypeVar("B")


class RepeatReason(StrEnum):
    """Why an entry comes again, as the wire says it; ``NONE`` is the only one that is no repeat."""

    NONE = ""
    HUB_RESTARTED = "hub restarted"
    """An earlier life of the hub committed the entry and may have sent it."""
    SESSION_CLOSED = "session closed"
    NACKED = "nacked"
    REPLAYED = "replayed"
    """An operator took it from the dead letters."""


class Item(NamedTuple, Generic[B]):
    """An entry with what will be sent for it; ``size`` is in bytes, as credit counts them."""

    entry: EntryRow
    size: int
    body: B


class Attempt(NamedTuple, Generic[B]):
    """One entry handed to one session, once.

    ``number`` counts the sends known of, from 1; ``token`` names this attempt.
    """

    seq: int
    token: bytes
    number: int
    repeat_reason: RepeatReason
    entry: EntryRow
    size: int
    body: B

    @property
    def repeat(self) -> bool:
        """False only if this generation of the hub committed the entry and never sent it."""
        return self.repeat_reason is not RepeatReason.NONE


class Verdict(Enum):
    """What follows from a nack."""

    FENCED = "fenced"
    """The token is not of the present attempt: nothing changed."""
    RETRY = "retry"
    ESCALATE = "escalate"
    """A person must be told now; it is tried again all the same."""
    DEAD = "dead"
    DEAD_ESCALATE = "dead-escalate"
    """Given up, and a person must be told now."""

    @property
    def is_dead(self) -> bool:
        """Whether the entry became a dead letter."""
        return self in (Verdict.DEAD, Verdict.DEAD_ESCALATE)

    @property
    def escalates(self) -> bool:
        """Whether a person must be told."""
        return self in (Verdict.ESCALATE, Verdict.DEAD_ESCALATE)


class Nacked(NamedTuple):
    """The answer to a nack; ``entry`` is None when fenced, ``retry_at_us`` is 0 unless it is tried again."""

    verdict: Verdict
    entry: EntryRow | None = None
    retry_at_us: int = 0


def judge(failures: int, *, urgent: bool, permanent: bool) -> Verdict:
    """What follows from the ``failures``-th failed try of an entry (1 or more)."""
    if permanent:
        return Verdict.DEAD_ESCALATE if urgent else Verdict.DEAD
    if failures < MAX_ATTEMPTS:
        return Verdict.RETRY
    if not urgent:
        return Verdict.DEAD
    return Verdict.ESCALATE if failures == MAX_ATTEMPTS else Verdict.RETRY
