"""The verbs of the outbox: what was sent and what became of it; sending what waits."""

from typing import TYPE_CHECKING, Annotated

import typer

from tocsin import loop
from tocsin.cli.durations import seconds
from tocsin.cli.show import EXIT_PENDING, error_json, name, print_json, rfc3339, say, table, time_text
from tocsin.cli.words import word

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.client.rows import OutboxRow, OutboxState

app = typer.Typer(no_args_is_help=True, help="Messages on their way from this machine.")

LOOK_SECONDS = 0.05
"""How often a flush looks whether the outbox is empty."""


@app.command("list")
def list_(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help="queued, sent, accepted, refused or parked.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Newest rows at most.")] = 50,
) -> None:
    """List what this party sent, newest first."""
    settings: Settings = ctx.obj
    chosen = _state(state)

    async def work() -> "tuple[list[OutboxRow], str]":
        async with settings.view() as view:
            profile = next(iter(view.copy.directory.profiles.values()), None)
            return await view.store.outbox_list(chosen, limit), profile.zone if profile is not None else "UTC"

    rows, zone = loop.run(work())
    if settings.json:
        print_json([_json(row, settings.lang) for row in rows])
        return
    table(
        settings,
        ("at", "kind", "with", "state", "why", "id"),
        (
            (
                time_text(settings, row.created_us, zone), name(settings, row.kind), row.recipient,
                word(f"{row.state}-state", settings.lang), _why(row, settings.lang), _id(row.message_id),
            )
            for row in rows
        ),
    )  # fmt: skip


@app.command()
def flush(
    ctx: typer.Context,
    timeout: Annotated[str, typer.Option(help="How long to try.")] = "30s",
) -> None:
    """Connect and send what waits; exit 75 when something is left."""
    from tocsin.client.rows import OutboxState
    from tocsin.clock import LIVENESS

    settings: Settings = ctx.obj
    limit = seconds(timeout, "timeout")

    async def work() -> tuple[int, int]:
        async with settings.participant(receive=False) as participant:

            async def waiting() -> int:
                counts = await participant.store.outbox_counts()
                return counts[OutboxState.QUEUED] + counts[OutboxState.SENT]

            before = left = await waiting()
            end_us = LIVENESS.monotonic_us() + int(limit * 1e6)
            while left and LIVENESS.monotonic_us() < end_us:
                await LIVENESS.sleep(LOOK_SECONDS)
                left = await waiting()
            return max(0, before - left), left

    answered, left = loop.run(work())
    if settings.json:
        print_json({"answered": answered, "left": left})
    else:
        say(word("flushed", settings.lang, count=answered, left=left))
    raise typer.Exit(EXIT_PENDING if left else 0)


def _state(text: str | None) -> "OutboxState | None":
    from tocsin.client.rows import OutboxState
    from tocsin.core.errors import Reason, error

    if text is None or text in set(OutboxState):
        return None if text is None else OutboxState(text)
    raise error(Reason.FIELD_INVALID, field="state", rule=f"one of {', '.join(OutboxState)}")


def _json(row: "OutboxRow", lang: str) -> dict[str, object]:
    from tocsin.core.errors import error

    return {
        "id": _id(row.message_id),
        "thread": _id(row.root_id),
        "kind": row.kind,
        "recipient": row.recipient,
        "lane": row.lane.name.lower(),
        "state": row.state.value,
        "created_at": rfc3339(row.created_us),
        "changed_at": rfc3339(row.changed_us),
        "attempts": row.attempts,
        "error": error_json(error(row.reason, **row.facts), lang) if row.reason is not None else None,
    }


def _why(row: "OutboxRow", lang: str) -> str:
    from tocsin.core.errors import error

    return error(row.reason, **row.facts).text(lang) if row.reason is not None else ""


def _id(value: bytes) -> str:
    from tocsin.core.identifiers import message_id_text

    return message_id_text(value)
