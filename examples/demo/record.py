"""What the demonstration saw of each order, as it happened: the police desk's events, kept by tag.

* Times are microseconds since 1970 UTC by the clock of who did it: issued and answered by the police, accepted by the hub.
"""

import asyncio
import json
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tocsin.clock import LIVENESS, wait_for


@dataclass
class Seen:
    """One order.

    Attributes:
        log_index: Position in the hub's log; -1 before the receipt.
        answer: The last event: outcome and figures, or the reason why the hub refused.
    """

    tag: str
    order_id: str
    kind: str
    issued_us: int
    log_index: int = -1
    accepted_us: int = 0
    answered_us: int = 0
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """Such as ``done``; the hub's reason when it refused; empty before."""
        return str(self.answer.get("outcome") or self.answer.get("reason") or "")


class Desk:
    """The near end of the police process."""

    def __init__(self, process: Process, changed: Callable[[], None]) -> None:
        self._process = process
        self._changed = changed
        self._news = asyncio.Event()
        self._threads: dict[str, list[str]] = {}
        self._error = ""
        self.ready = False
        self.orders: dict[str, Seen] = {}
        self.reader = asyncio.create_task(self._read())

    def command(self, do: str, tag: str, **more: Any) -> None:
        """Tells the desk to do something."""
        assert self._process.stdin is not None
        self._process.stdin.write((json.dumps({"do": do, "tag": tag, **more}) + "\n").encode())

    async def until(self, done: Callable[[], bool], what: str, seconds: float) -> None:
        """Returns when ``done()``; looks after each event.

        Raises:
            TimeoutError: It is not, in time; or the desk has ended.
        """
        end_us = LIVENESS.monotonic_us() + int(seconds * 1e6)
        while not done():
            self._news.clear()
            left = (end_us - LIVENESS.monotonic_us()) / 1e6
            if left <= 0 or self.reader.done():
                raise TimeoutError(f"{what} did not happen in {seconds:g} s {self._error}".strip())
            await wait_for(self._news, LIVENESS, left)

    async def thread(self, tag: str) -> list[str]:
        """What came to the police in the thread of an order.

        Raises:
            TimeoutError: The desk does not say.
        """
        self._threads.pop(tag, None)
        self.command("thread", tag)
        await self.until(lambda: tag in self._threads, "an answer of the police desk", 10.0)
        return self._threads[tag]

    async def close(self) -> None:
        """Lets the desk end and takes its last events."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self.reader

    def accepted(self) -> list[Seen]:
        """Orders with a receipt."""
        return [one for one in self.orders.values() if one.log_index >= 0]

    def answered(self) -> list[Seen]:
        """Orders that came to something."""
        return [one for one in self.orders.values() if one.answer]

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._enter(json.loads(line))
            self._news.set()
            self._changed()
        self._news.set()

    def _enter(self, event: dict[str, Any]) -> None:
        name, tag = event.pop("event"), event.pop("tag")
        if name == "ready":
            self.ready = True
        elif name == "thread":
            self._threads[tag] = event["messages"]
        elif name == "issued":
            self.orders[tag] = Seen(tag=tag, order_id=event["order_id"], kind=event["kind"], issued_us=event["at_us"])
        elif name == "accepted":
            self.orders[tag].log_index, self.orders[tag].accepted_us = event["log_index"], event["at_us"]
        else:  # answered, rejected, failed
            if name == "failed":
                self._error = f"({tag}: {event['text']})"
            self.orders[tag].answered_us, self.orders[tag].answer = event.pop("at_us", LIVENESS.now_us()), event
