"""The one place that asks the machine for the time.

 * Domain time (deadlines, ends, redelivery, retries) goes through a ``Clock`` that is passed in; tests pass a virtual one.
 * Liveness (heartbeats, dialling, keepalive) is about the network, not about the law: it always uses ``LIVENESS``, real time.
 * Wall time may step; ``ClockWatch`` says by how much it left the monotonic clock.
"""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Time as the code may know it."""

    def now_us(self) -> int:
        """Wall time, microseconds since 1970 UTC."""
        ...

    def monotonic_us(self) -> int:
        """A time that never steps, microseconds from an arbitrary start."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Returns after ``seconds`` of this clock."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        """See ``Clock``."""
        return time.time_ns() // 1000

    def monotonic_us(self) -> int:
        """See ``Clock``."""
        return time.monotonic_ns() // 1000

    async def sleep(self, seconds: float) -> None:
        """See ``Clock``."""
        await asyncio.sleep(seconds)


LIVENESS: Clock = SystemClock()
"""Real time, for what keeps a connection alive."""

MAX_STEP_US = 2_000_000
"""A wall clock that leaves the monotonic one by more than this was set, not slewed (DESIGN §5, time)."""


class ClockWatch:
    """Notices a stepped wall clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = clock.now_us() - clock.monotonic_us()

    def step_us(self) -> int:
        """How far the wall clock has stepped since it was last accepted; 0 while within ``MAX_STEP_US``."""
        step = self._clock.now_us() - self._clock.monotonic_us() - self._offset
        return step if abs(step) > MAX_STEP_US else 0

    def accept(self) -> int:
        """Takes the wall clock as right from now on; returns the step accepted, in microseconds."""
        step = self._clock.now_us() - self._clock.monotonic_us() - self._offset
        self._offset += step
        return step


LOOK_AGAIN_SECONDS = 60.0
"""Real time after which a waiter looks again whatever its clock says: wall clocks are set, machines sleep."""


async def wait_for(event: asyncio.Event, clock: Clock, seconds: float | None) -> bool:
    """Waits for ``event``, for ``seconds`` of ``clock`` (None: for as long as it takes), or for
    ``LOOK_AGAIN_SECONDS`` of real time.

    Returns:
        Whether the event is set. A caller that has to wait on looks at its clock and comes again.
    """
    if event.is_set():
        return True
    waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(LIVENESS.sleep(LOOK_AGAIN_SECONDS))]
    if seconds is not None:
        waits.append(asyncio.ensure_future(clock.sleep(seconds)))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
    return event.is_set()
