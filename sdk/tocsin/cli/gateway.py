"""The verb ``gateway``: takes part in the name of a system that speaks files; ``folder`` does it by a drop folder.

 * Orders become files, files become signed answers and orders; the rules stand in ``tocsin.gateway``.
 * SIGINT and SIGTERM drain as with ``listen``: what is taken up is finished, acks are confirmed.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin import loop
from tocsin.cli.durations import seconds
from tocsin.cli.listen import asked_to_stop, serve, waiting_for_people
from tocsin.cli.show import complain
from tocsin.cli.words import word
from tocsin.core.errors import Reason, error
from tocsin.gateway.form import Form

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.gateway.files import Folder

app = typer.Typer(no_args_is_help=True, help="Take part through files, without writing a program.")


@app.callback()
def gateway() -> None:
    """Take part through files, without writing a program."""


@app.command()
def folder(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="DIR", help="Folder shared with your system; closed to others.")],
    form: Annotated[Form, typer.Option("--format", help="Form of the files written here; both are read.")] = Form.JSON,
    poll: Annotated[str, typer.Option(help="How often the folder is looked into.")] = "1s",
    exercise: Annotated[bool, typer.Option("--exercise", help="Hand out drills too.")] = False,
) -> None:
    """Write orders into DIR/orders; take answers from DIR/answers and orders to send from DIR/send, until SIGTERM."""
    from tocsin.cli.journal import log_to_stderr
    from tocsin.gateway.files import Folder

    settings: Settings = ctx.obj
    log_to_stderr()
    pause = seconds(poll, "poll")
    if not pause:
        raise error(Reason.FIELD_INVALID, field="poll", rule="above zero")
    shared = Folder.open(path)
    try:
        loop.run(_run(settings, shared, form, pause, exercise))
    finally:
        shared.close()


async def _run(settings: "Settings", shared: "Folder", form: Form, poll: float, exercise: bool) -> None:
    from tocsin.clock import SystemClock
    from tocsin.gateway.folder import FolderGateway

    stop, closing = asked_to_stop(), asyncio.Event()
    participant = settings.participant()
    gateway = FolderGateway(participant, shared, form=form, lang=settings.lang, clock=SystemClock())
    gateway.register(exercise=exercise)
    await participant.open()
    if waiting := gateway.without_file(await waiting_for_people(participant)):
        complain(word("waiting-orders", settings.lang, count=len(waiting)))

    async def look() -> None:
        try:
            await gateway.run(stop, poll)
        finally:
            closing.set()  # only now may the party's file be closed

    looking = asyncio.create_task(look())
    try:
        await serve(settings, participant, closing)
    finally:
        stop.set()
        await looking
