"""The verbs ``watch``: a watchlist's owner opens, publishes, corrects, withdraws and rotates; hits are answered by hand.

 * FILE is CSV with the columns ``subject`` (or ``document``, ``state``, ``number``), ``action``, ``ends`` and, at will,
   ``details``. Wrong rows are named by line; nothing is published then, unless ``--skip-wrong`` asks for the rest.
 * What was cut off is carried on by giving the same command again: nothing is published twice.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin import loop
from tocsin.cli.csvrows import CsvRow, read_rows
from tocsin.cli.show import EXIT_USAGE, complain, name, print_json, say, table, time_text
from tocsin.cli.words import word
from tocsin.core.errors import BusError

if TYPE_CHECKING:
    from datetime import timedelta

    from tocsin.cli.settings import Settings
    from tocsin.client.participant import Participant
    from tocsin.watching import Listed

app = typer.Typer(no_args_is_help=True, help="Watchlists: those we keep, those we check against, and their hits.")

CONNECT_SECONDS, ARRIVING_SECONDS = 10.0, 0.5
"""What is on its way to us arrives in milliseconds once we are connected."""

_List = Annotated[str, typer.Argument(metavar="LIST", help="Name of the list, the same in all its epochs.")]
_File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV: subject, action, ends, details.")]
_Checkers = Annotated[list[str], typer.Option("--checker", help="A party that may check against it; repeat for more.")]
_Valid = Annotated[str, typer.Option(help="How long the epoch lasts, such as 90d; at most 366d.")]
_Contact = Annotated[str, typer.Option(help="Whom a checker calls.")]
_Statute = Annotated[str, typer.Option(help="The statute the entries rest on.")]
_Skip = Annotated[bool, typer.Option("--skip-wrong", help="Publish the rows that are good when others are not.")]


@app.command("open")
def open_(ctx: typer.Context, list_id: _List, checker: _Checkers, valid: _Valid = "90d") -> None:
    """Open a list, empty, and send its key to those who may check against it."""

    async def work(participant: "Participant") -> int:
        return await participant.watchlists.open(list_id, checkers=checker, valid=_span(valid))

    _say(ctx.obj, "list-opened", {"list": list_id, "epoch": _run(ctx.obj, work)})


@app.command()
def publish(
    ctx: typer.Context, list_id: _List, file: _File, contact: _Contact, statute: _Statute = "", skip_wrong: _Skip = False
) -> None:
    """Put the rows of FILE on a list; those that stand on it already are passed over."""
    settings: Settings = ctx.obj
    entries, wrong = _entries(settings, file)
    if wrong and not skip_wrong:
        raise typer.Exit(EXIT_USAGE)

    async def work(participant: "Participant") -> int:
        return await participant.watchlists.publish(
            list_id, entries, contact=contact, statute=statute, progress=_progress(settings, len(entries))
        )

    _say(settings, "list-published", {"list": list_id, "count": _run(settings, work)})
    raise typer.Exit(EXIT_USAGE if wrong else 0)


@app.command()
def correct(ctx: typer.Context, list_id: _List, file: _File, contact: _Contact, statute: _Statute = "") -> None:
    """Give the entries of FILE another action, end or details."""
    settings: Settings = ctx.obj
    entries, wrong = _entries(settings, file)
    if wrong:
        raise typer.Exit(EXIT_USAGE)

    async def work(participant: "Participant") -> int:
        await participant.watchlists.correct(list_id, entries, contact=contact, statute=statute)
        return len(entries)

    _say(settings, "list-corrected", {"list": list_id, "count": _run(settings, work)})


@app.command()
def withdraw(
    ctx: typer.Context,
    list_id: _List,
    subjects: Annotated[list[str], typer.Argument(metavar="SUBJECT…", help="Subjects, or numbers of entries.")],
    reason: Annotated[str, typer.Option(help="For our own records; travels sealed.")] = "",
) -> None:
    """Take entries off a list: from the hub's receipt on they match no more."""
    named = [int(one) if one.isascii() and one.isdigit() else one for one in subjects]

    async def work(participant: "Participant") -> int:
        await participant.watchlists.withdraw(list_id, named, reason=reason)
        return len(named)

    _say(ctx.obj, "list-withdrawn", {"list": list_id, "count": _run(ctx.obj, work)})


@app.command()
def rotate(
    ctx: typer.Context, list_id: _List, checker: _Checkers, contact: _Contact, valid: _Valid = "90d", statute: _Statute = ""
) -> None:
    """Open the next epoch under a new key and carry every entry in force over; who is left out loses access."""

    async def work(participant: "Participant") -> int:
        return await participant.watchlists.rotate(
            list_id, checkers=checker, valid=_span(valid), contact=contact, statute=statute,
            progress=_progress(ctx.obj, 0),
        )  # fmt: skip

    _say(ctx.obj, "list-rotated", {"list": list_id, "epoch": _run(ctx.obj, work)})


@app.command()
def lists(ctx: typer.Context) -> None:
    """List the watchlists known here: ours, and those we may check against."""
    settings: Settings = ctx.obj

    async def work() -> list[Any]:
        participant = settings.participant(receive=False)
        await participant.open()
        try:
            return list(await participant.watchlists.lists())
        finally:
            await participant.aclose()

    found = loop.run(work())
    if settings.json:
        print_json([
            {"list": one.list_id, "epoch": one.epoch, "owner": one.owner, "mine": one.mine, "complete": one.complete,
             "valid_until": one.valid_until.isoformat(), "entries": one.entries, "withdrawn": one.withdrawn}
            for one in found
        ])  # fmt: skip
        return
    from tocsin.core.times import to_us

    table(
        settings,
        ("list_id", "epoch", "owner", "entries", "valid_until"),
        (
            (
                one.list_id, str(one.epoch), one.owner, str(one.entries) if one.mine else "",
                time_text(settings, to_us(one.valid_until, field="valid"), "UTC"),
            )
            for one in found
        ),
    )  # fmt: skip


@app.command()
def answer(
    ctx: typer.Context,
    hit: Annotated[str, typer.Argument(metavar="ID", help="Id of the hit, as `watch hits` shows it.")],
    instruction: Annotated[str, typer.Option(help="hold, inspect, let-go or call.")],
    note: Annotated[str, typer.Option(help="For the checker's officer; travels sealed.")] = "",
    contact: Annotated[str, typer.Option(help="Whom to call.")] = "",
) -> None:
    """Tell a checker what to do about a hit that waits for a person."""
    from tocsin.results import WatchAnswer

    given = WatchAnswer(instruction, note=note, contact=contact)

    async def work(participant: "Participant") -> int:
        await participant.watchlists.answer(hit, given)
        return 0

    _run(ctx.obj, work)
    _say(ctx.obj, "hit-answered", {"instruction": instruction})


@app.command()
def hits(ctx: typer.Context) -> None:
    """List the hits on our lists that wait for an answer by hand."""
    from tocsin.client.answering import open_private
    from tocsin.client.rows import InboxState
    from tocsin.clock import LIVENESS
    from tocsin.core.identifiers import message_id_text
    from tocsin.core.orders.watch_hit import WatchHit
    from tocsin.wire.codec import open_envelope

    settings: Settings = ctx.obj

    async def work(participant: "Participant") -> list[dict[str, Any]]:
        await participant.link.connection(CONNECT_SECONDS)
        await LIVENESS.sleep(ARRIVING_SECONDS)
        found = []
        for row in await participant.store.inbox_list(InboxState.WAITING):
            if row.kind != WatchHit.KIND.name:
                continue
            one = open_private(open_envelope(row.envelope).message, participant.identity)
            assert isinstance(one, WatchHit)
            entry = await participant.watchlists.entry(one.list_id, one.entry_no)
            found.append({
                "hit": message_id_text(row.message_id), "list": one.list_id, "entry_no": one.entry_no,
                "checker": one.header.sender, "place": one.place, "officer": one.officer,
                "details": entry.details if entry is not None else "",
            })  # fmt: skip
        return found

    found = _run(settings, work)
    if settings.json:
        print_json(found)
        return
    columns = ("hit", "list_id", "entry_no", "with", "place", "officer", "details")
    table(settings, columns, ([str(cell) for cell in one.values()] for one in found))


def _run(settings: "Settings", work: "Callable[[Participant], Awaitable[Any]]") -> Any:
    async def main() -> Any:
        async with settings.participant() as participant:
            done = await work(participant)
            await _sent(participant)
            return done

    return loop.run(main())


async def _sent(participant: "Participant") -> None:
    """Gives what waits in the outbox a moment to leave; it goes out with the next connection otherwise."""
    from tocsin.client.rows import OutboxState
    from tocsin.clock import LIVENESS

    for _ in range(40):
        counts = await participant.store.outbox_counts()
        if not counts[OutboxState.QUEUED] + counts[OutboxState.SENT]:
            return
        await LIVENESS.sleep(0.05)


def _entries(settings: "Settings", file: Path) -> "tuple[Sequence[Listed], int]":
    entries: list[Listed] = []
    wrong = 0
    for row in read_rows(file, "action", "ends"):
        try:
            entries.append(_listed(row))
        except BusError as failure:
            wrong += 1
            complain(word("wrong-line", settings.lang, line=row.line, text=failure.text(settings.lang)))
    return entries, wrong


def _listed(row: CsvRow) -> "Listed":
    from tocsin.core.times import parse_time
    from tocsin.watching import Listed

    ends = parse_time(row.cells["ends"], field="ends")
    return Listed(row.subject, row.cells["action"], ends, row.cells.get("details", ""))


def _span(text: str) -> "timedelta":
    from datetime import timedelta

    from tocsin.core.errors import Reason, error
    from tocsin.core.times import parse_duration

    term = parse_duration(text, field="valid")
    if term.months:
        raise error(Reason.FIELD_INVALID, field="valid", rule="days or hours, such as 90d")
    return timedelta(seconds=term.seconds)


def _progress(settings: "Settings", total: int) -> Callable[[int], None]:
    def told(done: int) -> None:
        if not settings.json:
            complain(word("progress", settings.lang, done=done, total=total or "…"))

    return told


def _say(settings: "Settings", key: str, facts: dict[str, Any]) -> None:
    if settings.json:
        print_json(facts)
    else:
        say(word(key, settings.lang, **{k: name(settings, v) if isinstance(v, str) else v for k, v in facts.items()}))
