"""The verb ``listen``: receives, and prints orders for people or hands them to a program.

 * Without a program an order is printed once and waits for ``orders answer``; those that wait already are printed at the start.
 * With one, each order is handed to it (``tocsin.cli.program``); a drill only with ``--exercise``.
 * SIGINT and SIGTERM drain: no more deliveries, what runs is finished, acks are confirmed. A second signal ends at once.
 * Results go to standard output, the log to standard error, with the journal's priorities under systemd.
"""

import asyncio
import os
import shlex
import shutil
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin import loop
from tocsin.cli.durations import seconds
from tocsin.cli.show import complain, name, print_json, rfc3339, say, time_text
from tocsin.cli.words import word
from tocsin.core.errors import Reason, error

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.client.participant import Participant
    from tocsin.client.rows import InboxRow, Incoming

MAX_ATTEMPTS = 5
"""Failed runs of one order before a person is asked: with the hub's pauses, half a minute."""

KILL_SECONDS = 10.0
"""What the SDK allows a program beyond its own time: to be killed and waited for."""


def listen(
    ctx: typer.Context,
    exec_: Annotated[
        str | None, typer.Option("--exec", metavar="CMD", help="Program run for each order: JSON in, a JSON report out.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="Programs at a time for each kind of order.")] = 4,
    timeout: Annotated[str, typer.Option(help="How long one run may take before it is killed.")] = "60s",
    max_attempts: Annotated[int, typer.Option(min=1, help="Failed runs before an order is left to a person.")] = MAX_ATTEMPTS,
    exercise: Annotated[bool, typer.Option("--exercise", help="Hand drills to the program too.")] = False,
    env: Annotated[
        list[str] | None, typer.Option(help="Variable the program gets besides PATH and the like; may be given again.")
    ] = None,
) -> None:
    """Receive orders until SIGINT or SIGTERM. Exit codes of CMD: 0 with a report answers, 75 asks again, others fail."""
    from tocsin.cli.journal import log_to_stderr

    settings: Settings = ctx.obj
    log_to_stderr()
    if exec_ is None:
        loop.run(_print(settings))
        return
    argv = shlex.split(exec_)
    if not argv:
        raise error(Reason.FIELD_INVALID, field="exec", rule="a command")
    if shutil.which(argv[0]) is None:  # said now, not of the first order
        raise error(Reason.FIELD_INVALID, field="exec", rule="a program that is there and may be run")
    limit = seconds(timeout, "timeout")
    if not limit:
        raise error(Reason.FIELD_INVALID, field="timeout", rule="above zero")
    loop.run(_exec(settings, argv, limit, concurrency, max_attempts, exercise, env or []))


async def _exec(
    settings: "Settings", argv: Sequence[str], limit: float, concurrency: int, max_attempts: int, exercise: bool,
    env: Sequence[str],
) -> None:  # fmt: skip
    from tocsin.cli.program import Program, environment
    from tocsin.core import orders  # noqa: F401  (fills KINDS)
    from tocsin.core.message import KINDS, Nature
    from tocsin.results import Lapsed

    stop = asked_to_stop()
    program = Program(argv=argv, timeout=limit, max_attempts=max_attempts, env=environment(env, os.environ))
    participant = settings.participant()
    how: dict[str, Any] = {"concurrency": concurrency, "max_processing": limit + KILL_SECONDS, "exercise": exercise}
    for kind in KINDS.values():
        if kind.nature is Nature.ORDER:
            participant.on(kind.cls, **how)(program.handle)
    participant.on(Lapsed, **how)(program.lapsed)
    await participant.open()
    if waiting := await waiting_for_people(participant):
        complain(word("waiting-orders", settings.lang, count=len(waiting)))
    await serve(settings, participant, stop)


async def _print(settings: "Settings") -> None:
    arrived: asyncio.Queue[Incoming] = asyncio.Queue()

    def stored(rows: "Sequence[Incoming]") -> None:
        for row in rows:
            arrived.put_nowait(row)

    async def tell() -> None:
        while True:
            _tell(settings, participant, await arrived.get())

    stop = asked_to_stop()
    participant = settings.participant(on_stored=stored)
    await participant.open()
    for row in reversed(await waiting_for_people(participant)):
        _tell(settings, participant, row)
    teller = asyncio.create_task(tell())
    try:
        await serve(settings, participant, stop)
    finally:
        teller.cancel()
        while not arrived.empty():
            _tell(settings, participant, arrived.get_nowait())


async def waiting_for_people(participant: "Participant") -> "list[InboxRow]":
    """What is a person's to answer, newest first: what nobody handled, and what was set aside."""
    from tocsin.client.rows import InboxState

    store = participant.store
    return sorted(
        [*await store.inbox_list(InboxState.WAITING), *await store.inbox_list(InboxState.PARKED)],
        key=lambda row: row.received_us, reverse=True,
    )  # fmt: skip


def asked_to_stop() -> asyncio.Event:
    """Set by the first SIGINT or SIGTERM; the second has its ordinary effect."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked(number: int) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked, number)
    return stop


async def serve(settings: "Settings", participant: "Participant", stop: asyncio.Event) -> None:
    """Receives until ``stop`` is set, and says when it begins and ends."""
    complain(word("listening", settings.lang, party=participant.identity.party))
    await participant.serve(stop)
    complain(word("stopped", settings.lang))


def _tell(settings: "Settings", participant: "Participant", row: "InboxRow | Incoming") -> None:
    """Prints one message, private fields included; on a screen the account is masked, ``orders show`` has it."""
    from tocsin.cli.waiting import zone_of
    from tocsin.client.answering import open_private
    from tocsin.core.identifiers import masked, message_id_text
    from tocsin.v1 import envelope_pb2
    from tocsin.wire.codec import open_envelope
    from tocsin.wire.json import to_json

    message = open_private(open_envelope(row.envelope).message, participant.identity)
    header = message.header
    accepted_us = envelope_pb2.Sequencing.FromString(row.sequencing).accepted_us
    if settings.json:
        print_json({
            "event": message.KIND.nature.value, "kind": row.kind, "message_id": message.id, "thread_id": message.thread_id,
            "sender": header.sender, "state": row.state.value, "attempt": row.attempt, "repeat": row.repeat,
            "exercise": header.exercise, "accepted_at": rfc3339(accepted_us), "message": to_json(message),
        })  # fmt: skip
        return
    amount, outcome = getattr(message, "amount", None), getattr(message, "outcome", None)
    parts = [
        time_text(settings, accepted_us, zone_of(participant)),
        name(settings, row.kind),
        header.sender,
        masked(header.target) if header.target is not None else "",
        amount.to_text() if amount is not None else "",
        name(settings, outcome.name.lower().replace("_", "-")) if outcome is not None else "",
        word("exercise", settings.lang) if header.exercise else "",
        word(f"{row.state}-state", settings.lang),
        message_id_text(row.message_id),
    ]
    say("  ".join(part for part in parts if part))
