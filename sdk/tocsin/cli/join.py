"""The verb ``join``: from a join code to an identity directory and a fingerprint to read back."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin import loop
from tocsin.cli.show import complain, pairs, print_json, say
from tocsin.cli.words import word
from tocsin.core.errors import BusError

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.client.identity import Identity


def join_(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="The join code from the hub's operator; - reads it from standard input.")],
    agent: Annotated[str, typer.Option(help="Name of the system that holds the keys on this machine.")] = "agent-1",
) -> None:
    """Join a bus: make keys here, prove them, and write the identity directory (--identity DIR)."""
    from tocsin.crypto.joincode import JoinCode

    settings: Settings = ctx.obj
    invited = JoinCode.decode(sys.stdin.read() if code == "-" else code)
    path = settings.identity or Path(f"{invited.party}.identity")
    passphrase = settings.passphrase(confirm=True)
    complain(word("joining", settings.lang, bus=invited.bus, party=invited.party))

    async def work() -> tuple["Identity", str, int]:
        from tocsin.client.join import join
        from tocsin.client.participant import Participant

        identity, fingerprint = await join(invited, path, passphrase, agent=agent)
        participant = Participant(identity, receive=False)
        try:
            version = await participant.fetch_directory()
        except BusError as failure:  # joined all the same: the first connection fetches it
            complain(word("directory-later", settings.lang, text=failure.text(settings.lang)))
            version = 0
        finally:
            await participant.aclose()
        return identity, fingerprint, version

    identity, fingerprint, version = loop.run(work())
    if settings.json:
        print_json({
            "party": identity.party, "bus": identity.bus, "fingerprint": fingerprint, "identity": str(identity.path),
            "agent": agent, "directory_version": version,
        })  # fmt: skip
        return
    shown = {"party": identity.party, "bus": identity.bus, "identity-dir": str(identity.path)}
    pairs(settings, shown)
    if version:
        say(word("directory-fetched", settings.lang, version=version))
    say(word("joined", settings.lang))
    say(f"  {fingerprint}")
