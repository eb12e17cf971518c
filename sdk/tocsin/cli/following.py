"""Following one order: every change of its thread is a line, until it is answered or its measure has ended."""

from typing import TYPE_CHECKING

from tocsin.cli.show import EXIT_PENDING, complain, name, print_json, say, time_text
from tocsin.cli.timeline import Entry, entries_of, measure_json
from tocsin.cli.waiting import code_of, result_text, zone_of
from tocsin.cli.words import word
from tocsin.client.rows import FINAL, OutboxState
from tocsin.client.sent import SentOrder, stored_result
from tocsin.clock import LIVENESS, wait_for
from tocsin.core.identifiers import message_id_text
from tocsin.core.measure import ENDED
from tocsin.gateway.reports import result_json

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.client.participant import Participant

LOOK_SECONDS = 1.0
"""The file is looked at when something is heard of the order, and this often for what no event tells: an end by the clock."""


async def follow_order(
    settings: "Settings", participant: "Participant", order_id: bytes, root_id: bytes, *, ended: bool, timeout: float | None
) -> int:
    """Prints changes until the answer (or, ``ended``, the end of the measure); returns the exit code.

    Raises:
        Rejected: The hub refused the order.
    """
    event = participant.waiters.event(order_id)
    end_us = None if timeout is None else LIVENESS.monotonic_us() + int(timeout * 1e6)
    told: dict[bytes, str] = {}
    waiting_told = settings.json
    while True:
        event.clear()
        entries = await entries_of(participant.store, participant.identity, root_id)
        row = await participant.store.get_measure(root_id)
        zone = zone_of(participant, row.profile if row is not None else "")
        for entry in entries:
            if told.get(entry.message_id) != entry.state:
                told[entry.message_id] = entry.state
                _tell(settings, entry, zone)
        over = row is not None and row.state in ENDED
        code = await _code(settings, participant, order_id, ended=ended, over=over, zone=zone)
        if code is not None:
            if settings.json:
                print_json({"event": "measure", "measure": measure_json(row)})
            elif row is not None:
                say(f"{word('measure', settings.lang)}: {name(settings, row.state.value)}")
            return code
        left = LOOK_SECONDS if end_us is None else min(LOOK_SECONDS, (end_us - LIVENESS.monotonic_us()) / 1e6)
        if left <= 0:
            if settings.json:
                print_json({"event": "result", "result": {"state": "pending"}})
            else:
                say(word("pending", settings.lang, id=message_id_text(order_id)))
            return EXIT_PENDING
        if not waiting_told:
            complain(word("following-end" if ended else "following", settings.lang))
            waiting_told = True
        await wait_for(event, LIVENESS, left)


async def _code(
    settings: "Settings", participant: "Participant", order_id: bytes, *, ended: bool, over: bool, zone: str
) -> int | None:
    """The exit code once there is nothing more to wait for."""
    sent = await participant.store.get_outbox(order_id)
    if sent is None:
        received = await participant.store.get_inbox(order_id)
        done = received is not None and received.state in FINAL
        return 0 if (over if ended else done) else None
    order = await participant.sent_order(message_id_text(order_id))
    if sent.state in (OutboxState.REFUSED, OutboxState.PARKED):
        await order.accepted(0.0)
    result = await stored_result(participant.store, participant.identity, sent)
    if result is None or (ended and not over):
        return None
    _tell_result(settings, order, result, zone)
    return code_of(result)


def _tell(settings: "Settings", entry: Entry, zone: str) -> None:
    if settings.json:
        print_json({"event": "message", **entry.to_json()})
        return
    at = entry.accepted_us or entry.at_us
    parts = [time_text(settings, at, zone), name(settings, entry.kind), entry.party, word(f"{entry.state}-state", settings.lang)]
    if entry.detail:
        parts.append(name(settings, entry.detail))
    say("  ".join(parts))


def _tell_result(settings: "Settings", order: SentOrder, result: "object", zone: str) -> None:
    from tocsin.results import Executed, NoAnswer, Pending, Refused

    assert isinstance(result, Executed | Refused | NoAnswer | Pending)
    if settings.json:
        print_json({"event": "result", "result": result_json(result)})
    else:
        say(result_text(settings, result, order, zone))
