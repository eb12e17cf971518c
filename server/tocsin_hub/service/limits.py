"""Allowances: how much one sender may send, and how full a mailbox may get. Operational, never part of a decision's truth.

 * Asked once per accepted message, never for a retry of a known id.
 * Releases and reports are never limited: an innocent's money and the truth about it do not wait.
 * Subjects checked against watchlists are counted by the log itself, in minutes and days of UTC, so that a restart gives none back.
 * A mailbox that is not drained refuses further routine messages; urgent orders are always taken.
"""

from collections.abc import Callable
from typing import Protocol

from tocsin.core.errors import Reason, error
from tocsin.core.message import Lane, Message, Nature
from tocsin_hub.domain.book import Accepted
from tocsin_hub.domain.decide_lists import DAY_US, MINUTE_US
from tocsin_hub.domain.quota import Quota
from tocsin_hub.domain.rows import MailboxKey, WatchUseRow


class Gate(Protocol):
    """Decides whether an otherwise accepted message is within its sender's allowance."""

    def check(self, message: Message, accepted: Accepted, *, at_us: int) -> None:
        """Takes from the allowance.

        Raises:
            QuotaExceeded: QUOTA_EXCEEDED or MAILBOX_FULL with ``retry_after_ms``; nothing was taken.
        """
        ...


_LIMITED = frozenset({Nature.ORDER, Nature.LIST, Nature.NOTICE})


class SenderLimits:
    """A token bucket per sender and a ceiling per routine mailbox.

    Args:
        tokens_per_minute, tokens_per_day: Subjects one party may check against watchlists.
        backlog: Entries of a mailbox not acked yet.
    """

    def __init__(
        self, *, rate_per_s: float, burst: int, mailbox_limit: int, tokens_per_minute: int, tokens_per_day: int,
        backlog: Callable[[MailboxKey], int],
    ) -> None:  # fmt: skip
        self._rate = rate_per_s
        self._burst = burst
        self._mailbox_limit = mailbox_limit
        self._backlog = backlog
        self._tokens_per_minute = tokens_per_minute
        self._tokens_per_day = tokens_per_day
        self._buckets: dict[str, Quota] = {}

    def check(self, message: Message, accepted: Accepted, *, at_us: int) -> None:
        """See ``Gate``."""
        header = message.header
        if accepted.never_withheld or type(message).KIND.nature not in _LIMITED:
            return
        if accepted.watch_use is not None:
            self._check_use(accepted.watch_use, at_us)
        if header.lane is Lane.ROUTINE:
            for party in accepted.deliver_to:
                if self._backlog(MailboxKey(party, header.lane.value)) >= self._mailbox_limit:
                    raise error(Reason.MAILBOX_FULL, party=party, limit=self._mailbox_limit, retry_after_ms=5_000)
        bucket = self._buckets.get(header.sender)
        if bucket is None:
            bucket = self._buckets[header.sender] = Quota(self._rate, self._burst)
        if wait_ms := bucket.take(at_us):
            raise error(Reason.QUOTA_EXCEEDED, limit=f"{self._rate:g}/s", retry_after_ms=wait_ms)

    def _check_use(self, use: WatchUseRow, at_us: int) -> None:
        for used, limit, span_us, name in (
            (use.day_tokens, self._tokens_per_day, DAY_US, "d"),
            (use.minute_tokens, self._tokens_per_minute, MINUTE_US, "min"),
        ):
            if used > limit:
                wait_ms = (span_us - at_us % span_us) // 1000 + 1
                raise error(Reason.QUOTA_EXCEEDED, limit=f"{limit}/{name}", retry_after_ms=wait_ms)
