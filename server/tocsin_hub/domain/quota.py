"""How much one sender may send, and how much may wait for one recipient.

* A token bucket: ``burst`` at once, ``rate_per_s`` in the long run; over any span of ``t`` seconds never more than
  ``burst + rate_per_s * t``.
* A refusal takes nothing and names the wait after which the same request succeeds, if nothing else is taken
  meanwhile.
* A clock that steps back empties the bucket at most; it never closes it for longer than filling takes.
* Who is exempt (releases, reports, retries of a known id) is the caller's to know.
"""

import math

ROUTINE_MAILBOX_LIMIT = 100_000
"""Routine entries that may wait for one recipient: days of an office that is cut off, some 100 MB on disk, and
drained in
under a minute once it is back. Urgent orders are always taken."""


class Quota:
    """One sender's token bucket, kept as the time at which it will be full again (GCRA, ITU-T I.371).

    Args:
        rate_per_s: Tokens per second, more than 0.
        burst: Tokens of a full bucket, 1 or more.

    Raises:
        ValueError: A rate or burst that would never let anything pass.
    """

    __slots__ = ("_burst_ns", "_full_at_ns", "_token_ns")

    def __init__(self, rate_per_s: float, burst: int) -> None:
        if not rate_per_s > 0 or burst < 1:
            raise ValueError("a quota needs a rate above 0 and a burst of at least 1")
        self._token_ns = math.ceil(1_000_000_000 / rate_per_s)
        self._burst_ns = self._token_ns * burst
        self._full_at_ns = 0

    def take(self, now_us: int, n: int = 1) -> int:
        """Takes ``n`` tokens; returns 0, or the milliseconds to wait, having taken nothing.

        Raises:
            ValueError: ``n`` is below 1 or more than the bucket ever holds.
        """
        cost_ns = n * self._token_ns
        if not 0 < cost_ns <= self._burst_ns:
            raise ValueError("a request takes between one token and the burst")
        now_ns = now_us * 1000
        self._full_at_ns = min(max(self._full_at_ns, now_ns), now_ns + self._burst_ns)
        excess_ns = self._full_at_ns + cost_ns - now_ns - self._burst_ns
        if excess_ns > 0:
            return -(-excess_ns // 1_000_000)
        self._full_at_ns += cost_ns
        return 0
