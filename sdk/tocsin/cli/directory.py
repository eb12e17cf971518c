"""The verb ``directory``: who is who, from this party's own verified copy."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin import loop
from tocsin.cli.show import name, print_json, say, table
from tocsin.cli.words import word

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.core.directory import Directory, Party

app = typer.Typer(no_args_is_help=True, help="Parties of the bus.")


@app.callback()
def directory() -> None:
    """Parties of the bus."""


@app.command("list")
def list_(
    ctx: typer.Context,
    keys: Annotated[bool, typer.Option("--keys", help="One row for each key, with its fingerprint.")] = False,
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch what is new from the hub first.")] = False,
) -> None:
    """List the parties: role, ranges served, keys with their fingerprints."""
    settings: Settings = ctx.obj
    found = loop.run(_fetched(settings) if fetch else _kept(settings))
    parties = [_json(party) for _, party in sorted(found.parties.items())]
    if settings.json:
        print_json({"version": found.version, "head": found.head.hex(), "parties": parties})
        return
    say(word("directory-version", settings.lang, version=found.version))
    if keys:
        rows = (
            (one["party"], key["holder"], ", ".join(name(settings, p) for p in key["purposes"]), key["fingerprint"])
            for one in parties
            for key in one["keys"]
            if not key["revoked"]
        )
        table(settings, ("party", "key", "for", "fingerprint"), rows)
        return
    table(
        settings,
        ("party", "role", "region", "joined-column", "ranges", "keys"),
        (
            (
                one["party"], name(settings, one["role"]), one["region"], word(one["state"], settings.lang),
                str(one["ranges"]), str(sum(not key["revoked"] for key in one["keys"])),
            )
            for one in parties
        ),
    )  # fmt: skip


async def _kept(settings: "Settings") -> "Directory":
    async with settings.view() as view:
        return view.copy.directory


async def _fetched(settings: "Settings") -> "Directory":
    participant = settings.participant(receive=False)
    try:
        await participant.fetch_directory()
        return participant.directory_copy.directory
    finally:
        await participant.aclose()


def _json(party: "Party") -> dict[str, Any]:
    from tocsin.crypto.signers import fingerprint

    state = "suspended" if party.suspended else "member" if party.joined else "invited"
    return {
        "party": party.party,
        "display_name": party.display_name,
        "role": party.role.name.lower().replace("_", "-"),
        "region": party.region,
        "state": state,
        "accepts": sorted(party.accepts),
        "ranges": len(party.ranges),
        "keys": [
            {
                "key_id": key.key_id,
                "holder": key.holder,
                "holder_kind": key.holder_kind.name.lower(),
                "algorithm": key.algorithm,
                "purposes": sorted(p.name.lower() for p in key.purposes),
                "revoked": key.revoked_index is not None,
                "fingerprint": fingerprint(key.algorithm, key.public_key),
            }
            for key in party.keys.values()
        ],
    }
