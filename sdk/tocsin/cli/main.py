"""``tocsin``: joins, sends, listens, answers and proves, from a terminal or a script.

 * Options that stand before the verb may stand behind it too.
 * Exit codes: 0 accepted, executed, true; 1 a check failed; 2 what was typed or set up here is wrong; 3 refused by hub or bank;
   4 a subject checked is on the list;
   75 queued, pending, or the hub is out of reach: nothing is lost.
 * An error of the bus is one line on standard error in the user's language, and with ``--json`` one object on standard output.
"""

from pathlib import Path
from typing import Annotated

import typer

from tocsin import __version__
from tocsin.cli import directory, domains, gateway, orders, outbox, profile, send, watch
from tocsin.cli.check import check
from tocsin.cli.doctor import doctor
from tocsin.cli.group import RootGroup
from tocsin.cli.join import join_
from tocsin.cli.listen import listen
from tocsin.cli.schema import schema_
from tocsin.cli.settings import Language, Settings
from tocsin.cli.verify import verify_

app = typer.Typer(
    name="tocsin",
    cls=RootGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Signed orders between institutions against telecom fraud. 反电信网络诈骗协查指令总线。",
    epilog="Exit codes: 0 accepted or executed, 1 a check failed, 2 usage or set-up, 3 refused, 4 on the list, 75 queued.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("join")(join_)
app.add_typer(send.app, name="send")
app.command("listen")(listen)
app.add_typer(gateway.app, name="gateway")
app.add_typer(orders.app, name="orders")
app.add_typer(domains.app, name="domains")
app.add_typer(outbox.app, name="outbox")
app.add_typer(directory.app, name="directory")
app.add_typer(profile.app, name="profile")
app.add_typer(watch.app, name="watch")
app.command("check")(check)
app.command("schema")(schema_)
app.command("verify")(verify_)
app.command("doctor")(doctor)


def _version(asked: bool) -> None:
    if asked:
        print(f"tocsin {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    identity: Annotated[
        Path | None, typer.Option("--identity", "-i", envvar="TOCSIN_IDENTITY", help="Identity directory of the party.")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option("--passphrase-file", help="File that holds the passphrase of the party's keys.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: one document, or one a line where things go on.")] = False,
    lang: Annotated[Language | None, typer.Option("--lang", help="Language; TOCSIN_LANG or LANG decides by default.")] = None,
    utc: Annotated[bool, typer.Option("--utc", help="Show times in UTC instead of the profile's zone.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Options for every verb."""
    ctx.obj = Settings.of(identity=identity, passphrase_file=passphrase_file, json=json, lang=lang, utc=utc)


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
