"""How our own programs run: on uvloop where it exists, and with a garbage collector that looks seldom.

Each takes a tenth off the cost of a message (``make bench``). Applications that bring a loop of their own are not meddled
with; ``Participant`` works on any, and under any setting of the collector.
"""

import asyncio
import gc
import importlib.util
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

COLLECT_AFTER = 50_000, 20, 100
"""Objects made before a collection, and generations before an older one. A message makes some hundreds that die by themselves
and are in no cycle; the usual 700 walk the young ones twice a message."""


def new_loop() -> asyncio.AbstractEventLoop:
    """A fresh event loop."""
    factory = _factory()
    return asyncio.new_event_loop() if factory is None else factory()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs ``work`` as a program's whole work, as ``asyncio.run`` does; raises what it raises.

    What a program has imported when it first comes here is taken out of the collector's sight for good.
    """
    if not gc.get_freeze_count():
        gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    with asyncio.Runner(loop_factory=_factory()) as runner:
        return runner.run(work)


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if importlib.util.find_spec("uvloop") is None:  # there is none for Windows
        return None
    import uvloop

    return uvloop.new_event_loop
