"""Allowances: how much one sender may send, and how full a mailbox may get. Operational, never part of a decision's truth.

 * Asked once per accepted message, never for a retry of a known id.
 * Releases and reports are never limited: an innocent's money and the truth about it do not wait.
 * A mailbox that is not drained refuses further routine messages; urgent orders are always taken.
"""

from collections.abc import Callable
from typing import Protocol

from tocsin.core.errors import Reason, error
from tocsin.core.message import Lane, Message, Nature
from tocsin_hub.domain.book import Accepted
from tocsin_hub.domain.quota import Quota
from tocsin_hub.domain.rows import MailboxKey


class Gate(Protocol):
    """Decides whether an otherwise accepted message is within its sender's allowance."""

    def check(self, message: Message, accepted: Accepted, *, at_us: int) -> None:
        """Takes from the allowance.

        Raises:
            QuotaExceeded: QUOTA_EXCEEDED or MAILBOX_FULL with ``retry_after_ms``; nothing was taken.
        """
        ...


class SenderLimits:
    """A token bucket per sender and a ceiling per routine mailbox.

    Args:
        backlog: Entries of a mailbox not acked yet.
    """

    def __init__(
        self, *, rate_per_s: float, burst: int, mailbox_limit: int, backlog: Callable[[MailboxKey], int]
    ) -> None:
        self._rate = rate_per_s
        self._burst = burst
        self._mailbox_limit = mailbox_limit
        self._backlog = backlog
        self._buckets: dict[str, Quota] = {}

    def check(self, message: Message, accepted: Accepted, *, at_us: int) -> None:
        """See ``Gate``."""
        header = message.header
        if accepted.never_withheld or type(message).KIND.nature is not Nature.ORDER:
            return
        if header.lane is Lane.ROUTINE:
            for party in accepted.deliver_to:
                if self._backlog(MailboxKey(party, header.lane.value)) >= self._mailbox_limit:
                    raise error(Reason.MAILBOX_FULL, party=party, limit=self._mailbox_limit, retry_after_ms=5_000)
        bucket = self._buckets.get(header.sender)
        if bucket is None:
            bucket = self._buckets[header.sender] = Quota(self._rate, self._burst)
        if wait_ms := bucket.take(at_us):
            raise error(Reason.QUOTA_EXCEEDED, limit=f"{self._rate:g}/s", retry_after_ms=wait_ms)
