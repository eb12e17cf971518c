"""What the application registered: one handler per kind of order, and how it is called.

 * A handler is ``async`` or plain; a plain one runs in a thread of its own. It gets the order and returns
   ``Executed`` or ``Refused``.
 * It has 60 seconds unless it was registered with more. One that takes longer is given up, never run again beside itself.
 * Drills reach only handlers that opted in (``exercise=True``).
"""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tocsin.clock import LIVENESS, Clock
from tocsin.core.errors import Reason, error
from tocsin.core.message import Message
from tocsin.results import Executed, Lapsed, Refused, WatchAnswer

MAX_PROCESSING_SECONDS = 60.0
"""How long a handler may take unless it says otherwise (DESIGN §5, leases)."""

QUICK_TURNS = 2
"""Turns of the event loop after which a handler counts as slow and is timed; most answer without waiting for anything."""

CONCURRENCY = 16
"""Handlers of one kind at a time unless registered otherwise."""


class HandlerTimeout(Exception):
    """The handler took longer than it may."""


@dataclass(slots=True, kw_only=True)
class Handler:
    """One registered handler."""

    function: Callable[[Any], Any]
    concurrency: int = CONCURRENCY
    max_processing: float = MAX_PROCESSING_SECONDS
    exercise: bool = False
    gate: asyncio.Semaphore | None = field(default=None, repr=False)

    async def call(self, argument: Any, clock: Clock) -> Any:
        """Runs the function on ``argument``.

        Raises:
            HandlerTimeout: It took longer than it may; an async one is cancelled, a thread cannot be.
            Exception: Whatever the function raises.
        """
        if self.gate is None:
            self.gate = asyncio.Semaphore(self.concurrency)
        async with self.gate:
            work = asyncio.ensure_future(self._start(argument))
            for _ in range(QUICK_TURNS):
                await LIVENESS.sleep(0)
                if work.done():
                    return await work
            timer = asyncio.ensure_future(clock.sleep(self.max_processing))
            try:
                await asyncio.wait({work, timer}, return_when=asyncio.FIRST_COMPLETED)
                if not work.done():
                    work.cancel()
                    raise HandlerTimeout
                return await work
            finally:
                timer.cancel()

    async def _start(self, argument: Any) -> Any:
        if inspect.iscoroutinefunction(self.function):
            return await self.function(argument)
        return await asyncio.to_thread(self.function, argument)


class Handlers:
    """All handlers of a participant, by what they handle."""

    def __init__(self) -> None:
        self._by_class: dict[type, Handler] = {}

    def register(self, cls: type, handler: Handler) -> None:
        """Enters a handler.

        Raises:
            ValueError: There is one already, or the class is nothing that is handed to handlers.
        """
        if cls in self._by_class:
            raise ValueError(f"{cls.__name__} has a handler already")
        if cls is not Lapsed and not (isinstance(cls, type) and issubclass(cls, Message)):
            raise ValueError("a handler is for a kind of message, or for Lapsed")
        self._by_class[cls] = handler

    def get(self, cls: type) -> Handler | None:
        """The handler for a class."""
        return self._by_class.get(cls)


def checked_instruction(value: object) -> WatchAnswer:
    """What a handler for a hit returned, if it is an answer.

    Raises:
        LocalFault: HANDLER_RESULT_INVALID.
    """
    if isinstance(value, WatchAnswer):
        return value
    raise error(Reason.HANDLER_RESULT_INVALID, field="return value", rule="WatchAnswer(…)")


def checked_answer(value: object) -> Executed | Refused:
    """What a handler returned, if it is an answer.

    Raises:
        LocalFault: HANDLER_RESULT_INVALID.
    """
    if isinstance(value, Executed | Refused):
        return value
    raise error(Reason.HANDLER_RESULT_INVALID, field="return value", rule="Executed(…) or Refused(…)")
