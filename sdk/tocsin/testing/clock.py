"""Domain time that a test moves: ``advance`` steps from timer to timer and lets everything come to rest after each.

 * Deadlines, ends, redelivery and retries run on it. TLS, keepalive, heartbeats and fsync stay real.
 * Nothing happens twice and nothing is skipped: at each step the clock stands exactly at a timer's time.
"""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

from tocsin.clock import LIVENESS

SETTLE_SECONDS = 20.0
"""How long the world may take to come to rest after a step: a slow machine's fsyncs, many times over."""

CALM_LOOKS = 3
"""Looks in a row that must find rest: an answer may be on the wire at one of them."""

LOOK_SECONDS = 0.003


class VirtualClock:
    """A clock that stands still until told. See ``tocsin.clock.Clock``.

    Args:
        start_us: The time it begins at; the machine's own by default, so that certificates are valid.
    """

    def __init__(self, start_us: int | None = None) -> None:
        self._now_us = LIVENESS.now_us() if start_us is None else start_us
        self._monotonic_us = 0
        self._timers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._quiet: list[Callable[[], bool]] = []

    def now_us(self) -> int:
        """See ``Clock``."""
        return self._now_us

    def monotonic_us(self) -> int:
        """See ``Clock``."""
        return self._monotonic_us

    async def sleep(self, seconds: float) -> None:
        """See ``Clock``."""
        if seconds <= 0:
            await LIVENESS.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._timers, (self._monotonic_us + max(1, int(seconds * 1e6)), next(self._numbers), future))
        await future

    def watch(self, quiet: Callable[[], bool]) -> None:
        """Adds a part of the world that must come to rest after each step."""
        self._quiet.append(quiet)

    def step_wall(self, seconds: float) -> None:
        """Sets the wall clock as a careless administrator would: the monotonic clock does not move."""
        self._now_us += int(seconds * 1e6)

    async def settle(self) -> None:
        """Waits until the world is at rest.

        Raises:
            TimeoutError: It does not come to rest.
        """
        calm = 0
        async with asyncio.timeout(SETTLE_SECONDS):
            while calm < CALM_LOOKS:
                await LIVENESS.sleep(LOOK_SECONDS)
                calm = calm + 1 if all(look() for look in self._quiet) else 0

    async def advance(self, seconds: float) -> None:
        """Moves time on, timer by timer.

        Raises:
            TimeoutError: The world does not come to rest at a step.
        """
        end_us = self._monotonic_us + int(seconds * 1e6)
        await self.settle()
        while True:
            while self._timers and self._timers[0][2].done():
                heapq.heappop(self._timers)
            if not self._timers or self._timers[0][0] > end_us:
                break
            due_us = self._timers[0][0]
            self._fire(due_us)
            await self.settle()
        self._move(end_us)
        await self.settle()

    def pending(self) -> list[float]:
        """Seconds until each timer that waits, earliest first."""
        return sorted((due_us - self._monotonic_us) / 1e6 for due_us, _, future in self._timers if not future.done())

    def skip(self, seconds: float) -> None:
        """Moves time on under what does not come to rest, such as a handler that hangs; due timers fire in their order."""
        self._fire(self._monotonic_us + int(seconds * 1e6))

    def _fire(self, to_us: int) -> None:
        self._move(to_us)
        while self._timers and self._timers[0][0] <= to_us:
            _, _, future = heapq.heappop(self._timers)
            if not future.done():
                future.set_result(None)

    def _move(self, to_us: int) -> None:
        self._now_us += to_us - self._monotonic_us
        self._monotonic_us = to_us
