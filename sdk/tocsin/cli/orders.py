"""The verbs about orders: list, show, follow, answer.

 * What is shown comes from this party's own file; ``--hub`` asks the hub what it knows.
 * Lists show accounts masked; ``show`` and JSON of one order show what the message says.
 * An answer by hand is the same signed report as a program's; report and end of the order are one commit.
"""

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin import loop
from tocsin.cli.durations import seconds
from tocsin.cli.show import complain, name, pairs, print_json, safe, say, table, time_text
from tocsin.cli.words import word
from tocsin.core.errors import Reason, error

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.cli.timeline import Entry
    from tocsin.client.participant import Participant

app = typer.Typer(no_args_is_help=True, help="Orders sent and received.")

HUB_PAGE = 500

_TIME = re.compile(r"[0-9-]{10}T[0-9:.]{15}Z")
_NAMED = ("kind", "lane", "outcome")
"""Fields whose values have labels."""

_Id = Annotated[str, typer.Argument(metavar="ID", help="Id of an order, as lists show it.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help="Such as waiting, queued, refused, in-force.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=HUB_PAGE, help="Newest orders at most.")] = 50,
    hub: Annotated[bool, typer.Option("--hub", help="Ask the hub instead of this party's file.")] = False,
) -> None:
    """List orders, newest first."""
    from tocsin.cli.order_rows import hub_rows, local_rows

    settings: Settings = ctx.obj
    rows, zone = loop.run((hub_rows if hub else local_rows)(settings, state, limit))
    if settings.json:
        print_json([row.to_json() for row in rows])
        return
    table(
        settings,
        ("at", "direction", "kind", "with", "target", "state", "measure", "ends", "id"),
        (
            (
                time_text(settings, row.at_us, zone), word("out" if row.sent else "in", settings.lang), name(settings, row.kind),
                row.party, row.target, word(f"{row.state}-state", settings.lang) if not hub else name(settings, row.state),
                name(settings, row.measure),
                "" if row.measure == "released" else time_text(settings, row.ends_us, zone), row.id,
            )
            for row in rows
        ),
    )  # fmt: skip


@app.command()
def show(
    ctx: typer.Context,
    order: _Id,
    hub: Annotated[bool, typer.Option("--hub", help="Ask the hub for the thread instead of this party's file.")] = False,
) -> None:
    """Show one order with its content, its measure and all messages of its thread."""
    from tocsin.cli.order_rows import hub_thread
    from tocsin.cli.timeline import entries_of, measure_json
    from tocsin.cli.waiting import zone_of
    from tocsin.core.measure import MeasureState
    from tocsin.wire.json import to_json

    settings: Settings = ctx.obj

    async def work() -> None:
        participant = settings.participant(receive=False)
        await participant.open()
        try:
            order_id, root_id = await _located(participant, order, hub=hub)
            row = await participant.store.get_measure(root_id)
            if hub:
                entries = await hub_thread(participant.identity, order_id)
            else:
                entries = await entries_of(participant.store, participant.identity, root_id)
            zone = zone_of(participant, row.profile if row is not None else "")
        finally:
            await participant.aclose()
        this = next((entry for entry in entries if entry.message_id == order_id), None)
        if this is None:
            raise error(Reason.NOT_FOUND, kind="order")
        content = to_json(this.message)
        if settings.json:
            thread = [entry.to_json() for entry in entries]
            print_json({**this.to_json(), "message": content, "measure": measure_json(row), "messages": thread})
            return
        pairs(settings, _flat(settings, content, zone))
        if row is not None:
            say(f"{word('measure', settings.lang)}: {name(settings, row.instrument)} — {name(settings, row.state.value)}")
            if row.state is not MeasureState.RELEASED:  # its end came before its term's
                pairs(settings, {"ends": time_text(settings, row.ends_us, zone)})
        _messages(settings, entries, zone)

    loop.run(work())


@app.command()
def follow(
    ctx: typer.Context,
    order: _Id,
    timeout: Annotated[str, typer.Option(help="Stop after this long; 0s for never.")] = "0s",
    until: Annotated[str, typer.Option(help="answered: stop with the answer; ended: with the end of the measure.")] = "answered",
) -> None:
    """Print what happens to an order as it happens. Exit as send does."""
    from tocsin.cli.following import follow_order

    settings: Settings = ctx.obj
    if until not in ("answered", "ended"):
        raise error(Reason.FIELD_INVALID, field="until", rule="answered or ended")
    limit = seconds(timeout, "timeout")

    async def work() -> int:
        async with settings.participant() as participant:
            order_id, root_id = await _located(participant, order)
            return await follow_order(settings, participant, order_id, root_id, ended=until == "ended", timeout=limit or None)

    raise typer.Exit(loop.run(work()))


@app.command()
def answer(
    ctx: typer.Context,
    order: _Id,
    outcome: Annotated[str, typer.Option(help="done, already, or why not: mismatch, not-found, exempt, funds-moved, …")],
    held: Annotated[str | None, typer.Option(help="What is held now under the thread, such as 50000 CNY.")] = None,
    balance: Annotated[str | None, typer.Option(help="Balance of the account (travels sealed).")] = None,
    available: Annotated[str | None, typer.Option(help="What the holder can still use (travels sealed).")] = None,
    reason: Annotated[str, typer.Option(help="For the officer (travels sealed).")] = "",
    timeout: Annotated[str, typer.Option(help="How long to wait for the hub's receipt of the report.")] = "10s",
) -> None:
    """Answer by hand an order that waits for a person: a signed report."""
    from tocsin.cli.waiting import receipt_of
    from tocsin.core.orders.report import Outcome
    from tocsin.gateway.reports import answer_of, outcome_key

    settings: Settings = ctx.obj
    given = answer_of(outcome, held=held, balance=balance, available=available, note=reason)
    limit = seconds(timeout, "timeout")

    async def work() -> int:
        # A listener, if there is one, goes on receiving: this process only sends.
        participant = settings.participant(receive=False)
        await participant.open()
        try:
            objection = await participant.objection(order)
            if given.outcome is Outcome.DONE and held is None and await _asks_for_an_amount(participant, order):
                raise error(Reason.FIELD_MISSING, field="held", rule="what is held now, such as 50000 CNY")
            sent = await participant.answer(order, given)
            if objection is not None and given.outcome.executed and objection is not given.outcome:
                complain(word("law-says", settings.lang, outcome=name(settings, outcome_key(objection))))
            if not settings.json:
                say(word("answered", settings.lang, outcome=name(settings, outcome_key(given.outcome))))
            participant.link.start()
            return await receipt_of(settings, participant, sent, timeout=limit, wait=0.0)
        finally:
            await participant.aclose()

    raise typer.Exit(loop.run(work()))


async def _asks_for_an_amount(participant: "Participant", order: str) -> bool:
    """Whether the received order names an amount to hold: then "done" alone leaves the officer guessing."""
    from tocsin.core.identifiers import parse_message_id
    from tocsin.wire.codec import open_envelope

    row = await participant.store.get_inbox(parse_message_id(order, field="id"))
    return row is not None and getattr(open_envelope(row.envelope).message, "amount", None) is not None


async def _located(participant: "Participant", order: str, *, hub: bool = False) -> tuple[bytes, bytes]:
    """Ids of the order and of its thread's root."""
    from tocsin.core.identifiers import parse_message_id

    order_id = parse_message_id(order, field="id")
    sent = await participant.store.get_outbox(order_id)
    received = await participant.store.get_inbox(order_id)
    if sent is not None:
        return order_id, sent.root_id
    if received is not None:
        return order_id, received.root_id
    if not hub:
        raise error(Reason.NOT_FOUND, kind="order")
    return order_id, order_id


def _messages(settings: "Settings", entries: "list[Entry]", zone: str) -> None:
    table(
        settings,
        ("at", "direction", "kind", "with", "state", "outcome", "log_index", "accepted_at", "id"),
        (
            (
                time_text(settings, one.at_us, zone), word("out" if one.sent else "in", settings.lang), name(settings, one.kind),
                one.party, word(f"{one.state}-state", settings.lang), name(settings, one.detail) if one.detail else "",
                "" if one.log_index is None else str(one.log_index), time_text(settings, one.accepted_us, zone),
                _text(one.message_id),
            )
            for one in entries
        ),
    )  # fmt: skip


def _flat(settings: "Settings", content: dict[str, Any], zone: str) -> dict[str, str]:
    """The content as lines: fields of the header and the body by name; sealed parts stand in their plain form."""
    fields = {**content.get("header", {}), **content}
    hidden = ("header", "parts", "author_key")
    return {key: _plain(settings, key, value, zone) for key, value in fields.items() if key not in hidden}


def _plain(settings: "Settings", key: str, value: Any, zone: str) -> str:
    from tocsin.core.times import parse_time, show

    if isinstance(value, bool):
        return word("yes", settings.lang) if value else ""
    if isinstance(value, dict):
        return " ".join(str(one) for one in value.values() if one)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if _TIME.fullmatch(str(value)):
        return show(parse_time(str(value)), zone, utc=settings.utc)
    return name(settings, str(value)) if key in _NAMED else safe(str(value))


def _text(value: bytes) -> str:
    from tocsin.core.identifiers import message_id_text

    return message_id_text(value)


