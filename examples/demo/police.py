"""The police desk: a process that sends what it is told and says what comes of it. ``python -m examples.demo.police IDENTITY``.

* Commands come as JSON lines on standard input, events leave as JSON lines on standard output; ``tag`` names an order.
* It waits for nothing: while the hub is down, orders go to the outbox and their events come later.
"""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from tocsin import BusError, Executed, Participant, Rejected, SentOrder, loop
from tocsin.clock import LIVENESS
from tocsin.core.identifiers import parse_message_id
from tocsin.core.orders.deadline_passed import DeadlinePassed
from tocsin.core.orders.report import Report
from tocsin.results import NoAnswer, Refused, Result
from tocsin.wire.codec import open_envelope

CONTACT = "027-0000 0000, desk 4"


class Desk:
    """Sends orders and follows them."""

    def __init__(self, police: Participant) -> None:
        self._police = police
        self._orders: dict[str, SentOrder] = {}
        self._following: set[asyncio.Task[None]] = set()

    async def take(self, command: dict[str, Any]) -> None:
        """Does one command."""
        do, tag = command.pop("do"), command.pop("tag")
        if do == "thread":
            say(event="thread", tag=tag, messages=await self._thread(tag))
            return
        order = await self._send(do, command)
        self._orders[tag] = order
        say(event="issued", tag=tag, order_id=order.id, kind=do, at_us=order.message.header.created_us)
        task = asyncio.create_task(self._follow(tag, order))
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    async def _send(self, do: str, command: dict[str, Any]) -> SentOrder:
        if do == "stop":
            return await self._police.stop_payment(contact=CONTACT, reason="reported fraud", **command)
        order = self._orders[command.pop("of")]
        if do == "freeze":
            return await self._police.freeze(order, contact=CONTACT, **command)
        if do == "extend":
            return await self._police.extend(order, **command)
        return await self._police.release(order, **command)

    async def _follow(self, tag: str, order: SentOrder) -> None:
        try:
            receipt = await order.accepted()
            assert receipt is not None
            record = receipt.sequencing
            say(event="accepted", tag=tag, log_index=record.log_index, at_us=record.accepted_us)
            result = await order.outcome()
            say(event="answered", tag=tag, at_us=LIVENESS.now_us(), **answer(result))
        except Rejected as failure:
            say(event="rejected", tag=tag, reason=failure.reason.value, text=failure.text("en"))
        except BusError as failure:
            say(event="failed", tag=tag, reason=failure.reason.value, text=failure.text("en"))

    async def _thread(self, tag: str) -> list[str]:
        """What came in the thread of an order, in words such as ``report lapsed`` and ``deadline-passed measure-end``."""
        found = []
        for row in await self._police.store.inbox_thread(parse_message_id(self._orders[tag].thread_id)):
            message = open_envelope(row.envelope).message
            if isinstance(message, Report):
                found.append(f"report {_word(message.outcome.name)}")
            elif isinstance(message, DeadlinePassed):
                found.append(f"deadline-passed {_word(message.deadline.name)}")
        return found


def answer(result: Result) -> dict[str, Any]:
    """An outcome as JSON."""
    if isinstance(result, Executed):
        assert result.held is not None
        return {
            "outcome": _word(result.outcome.name), "held": result.held.minor,
            "applied_at": result.applied_at.isoformat() if result.applied_at else None,
            "expires_at": result.expires_at.isoformat() if result.expires_at else None,
        }  # fmt: skip
    if isinstance(result, Refused):
        return {"outcome": _word(result.outcome.name), "note": result.note}
    return {"outcome": "no-answer" if isinstance(result, NoAnswer) else "pending"}


def say(**event: Any) -> None:
    """Prints one event."""
    print(json.dumps(event, ensure_ascii=False), flush=True)


def _word(name: str) -> str:
    return name.lower().replace("_", "-")


async def serve(police: Participant) -> None:
    """Does commands until standard input ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with police:
        desk = Desk(police)
        say(event="ready", tag="")
        while line := await reader.readline():
            await desk.take(json.loads(line))


def main() -> None:
    """The program."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    loop.run(serve(Participant.load(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
