"""Lets a thread get on beside an event loop that is never idle.

CPython gives the interpreter's lock to a thread that has waited a whole ``sys.getswitchinterval()`` (5 ms) without
seeing it free. A busy event loop lets go of it for a microsecond at each turn: the waiting thread is woken, finds it
taken again and begins its wait anew. So a thread that enters SQLite and leaves it sixty times in a batch stands still
for seconds, at worst for a minute (measured beside callbacks of 0.5 ms: 11 messages/s, with this 3,700/s; beside an
idle loop there is no difference).

 * While the thread has work, the loop pauses every ``WATCH_S``, for as long as the thread needs the interpreter and at
   most ``GRANT_S``. The work has to be done anyway; the loop merely does not stand in its way.
 * While the thread says that it is away (in a commit, waiting for a file lock), the loop pauses only as long as it
   takes a thread that has come back to be noticed.
 * Without work nothing is watched and nothing costs.
"""

import asyncio
import threading
from collections.abc import Callable

WATCH_S = 0.001
"""How often the loop makes way: the granularity of its timers."""

GRANT_S = 0.001
"""Longest pause of the loop: a batch of 64 rows is written meanwhile; more would be felt by urgent calls."""

GLANCE_S = 0.000_02
"""Pause while the thread is away; with the kernel's timer slack some 70 µs, enough for a waiting thread to wake up."""


class GiveWay:
    """The understanding between one event loop and one thread.

    Args:
        pending: Whether the thread has work, as far as the loop can see.
    """

    __slots__ = ("_away", "_pending", "_turn", "_watching")

    def __init__(self, pending: Callable[[], bool]) -> None:
        self._pending = pending
        self._watching = False
        self._away = False
        self._turn = threading.Lock()
        self._turn.acquire()

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """On the loop: work was handed to the thread."""
        if not self._watching:
            self._watching = True
            loop.call_later(WATCH_S, self._pause, loop)

    def away(self) -> None:
        """On the thread: it enters a long call that does not need the interpreter, or has nothing more to do."""
        self._away = True
        if self._turn.locked():
            self._turn.release()

    def back(self) -> None:
        """On the thread: it needs the interpreter again."""
        self._away = False

    def _pause(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._pending():
            self._watching = False
            return
        self._turn.acquire(blocking=False)
        self._turn.acquire(timeout=GLANCE_S if self._away else GRANT_S)
        loop.call_later(WATCH_S, self._pause, loop)
