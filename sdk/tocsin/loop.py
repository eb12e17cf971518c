"""The event loop our own programs run on: uvloop, which takes a tenth off the cost of a message (``make bench``), where it exists.

Applications that bring a loop of their own are not meddled with; ``Participant`` works on any.
"""

import asyncio
import importlib.util
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def new_loop() -> asyncio.AbstractEventLoop:
    """A fresh event loop."""
    factory = _factory()
    return asyncio.new_event_loop() if factory is None else factory()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs ``work`` as a program's whole work, as ``asyncio.run`` does; raises what it raises."""
    with asyncio.Runner(loop_factory=_factory()) as runner:
        return runner.run(work)


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if importlib.util.find_spec("uvloop") is None:  # there is none for Windows
        return None
    import uvloop

    return uvloop.new_event_loop
