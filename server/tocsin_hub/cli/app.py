"""The command's tree."""

from typing import Annotated

import typer

from tocsin import __version__
from tocsin_hub.cli import dead_letters, log, party, running

app = typer.Typer(
    help="Make, run and watch a Tocsin hub. The hub's directory is ./hub unless --dir or TOCSIN_HUB_DIR says otherwise.",
    epilog="Exit codes: 0 done, 1 an alarm or a difference was found, 2 usage or set-up, 3 refused, or no hub answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("init")(running.init)
app.command("serve")(running.serve_)
app.command("status")(running.status)
app.command("backup")(running.backup)
app.command("migrate")(running.migrate_)
app.command("replay")(running.replay)
app.command("accept-clock")(running.accept_clock)
app.add_typer(party.app, name="party")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(log.app, name="log")


def _version(asked: bool) -> None:
    if asked:
        print(f"tocsin-hub {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the verb."""
