"""The verbs about members: add, list, show, suspend, resume. Adding and suspending need the governance key."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from google.protobuf.json_format import MessageToDict
from rich.table import Table

from tocsin.client.scribe import Author
from tocsin.clock import LIVENESS
from tocsin.core.directory import GOVERNANCE
from tocsin.core.directory_messages import Range, Role
from tocsin.core.errors import Reason, error
from tocsin.core.identifiers import IdentifierKind, party_id, region
from tocsin.core.texts import label
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.joincode import JOIN_MINUTES
from tocsin.crypto.keyfile import load_keys
from tocsin.v1 import admin_service_pb2 as pb
from tocsin_hub.cli.common import (
    HERE,
    Directory,
    Json,
    RootPassphraseFile,
    admin,
    ask,
    lang,
    passphrase,
    reporting,
    run,
    show,
)
from tocsin_hub.config import HubPaths, load_config
from tocsin_hub.invite import Invitation, invite, suspend

app = typer.Typer(help="Members of the bus.", no_args_is_help=True)

SHOWN_RANGES = 12
"""A bank has some hundred card ranges; a screen has not."""

_Party = Annotated[str, typer.Argument(help="Party id, such as bank.icbc.")]
_RootKey = Annotated[
    Path | None, typer.Option("--root-key", help="Governance key file; DIR/governance/root-1.sealed by default.")
]


@app.command()
def add(
    party: _Party,
    role: Annotated[
        str, typer.Option(help="police, bank, payment, carrier, customs, anti-fraud, regulator, court or oversight.")
    ],
    name: Annotated[str, typer.Option(help="Name people know it by.")] = "",
    region_code: Annotated[
        str, typer.Option("--region", help="GB/T 2260 or ISO 3166-2, such as 420100 or CN-42.")
    ] = "",
    serves: Annotated[
        list[str] | None, typer.Option(help="Range kind:length:prefix, such as card:16:622202; may be given again.")
    ] = None,
    serves_file: Annotated[Path | None, typer.Option(help="File of ranges, one a line.")] = None,
    escalate_to: Annotated[str, typer.Option(help="Party told when an urgent order cannot be delivered here.")] = "",
    root_key: _RootKey = None,
    root_passphrase_file: RootPassphraseFile = None,
    dir: Directory = HERE,
    json: Json = False,
) -> None:
    """Admit a party and print its join code: good once, for 15 minutes."""
    from tocsin_hub.serve import load_trust

    with reporting(json):
        paths = HubPaths(dir.absolute())
        config = load_config(paths.root)
        invitation = Invitation(
            party=party_id(party),
            display_name=name or party,
            role=_role(role),
            region=region(region_code) if region_code else "",
            escalate_to=escalate_to,
            ranges=[parse_range(line) for line in [*(serves or []), *_lines(serves_file)]],
        )
        trust = load_trust(paths)
        envelopes, code = invite(
            invitation, _governance(paths, root_key, root_passphrase_file), bus=config.bus,
            address=_enrol_address(paths, config), root_hash=trust.root_hash, ca_hash=trust.ca_hash,
            now_us=LIVENESS.now_us(), random=os.urandom,
        )  # fmt: skip
    run(lambda: _publish(dir, envelopes), as_json=json)
    if json:
        show({"party": party, "join_code": code.encode(), "minutes": JOIN_MINUTES}, json)
        return
    print(f"{party} is admitted. It joins within {JOIN_MINUTES} minutes with:\n")
    print(f"tocsin --identity {party}.identity join {code.encode()}")
    print("\nThen have the fingerprint it shows read back, and compare: tocsin-hub party show " + party)


@app.command("list")
def list_(dir: Directory = HERE, json: Json = False) -> None:
    """List the members."""
    parties = run(lambda: _parties(dir), as_json=json)

    def table() -> Table:
        made = Table("party", "role", "region", "state", "ranges", "urgent", "routine")
        for one in parties:
            made.add_row(
                one["party"], label(one["role"], lang()), one["region"], _state(one), str(len(one["ranges"])),
                str(one["pending_urgent"]), str(one["pending_routine"]),
            )  # fmt: skip
        return made

    show(parties, json, table=table)


@app.command("show")
def show_(party: _Party, dir: Directory = HERE, json: Json = False) -> None:
    """Show one member with its keys; read fingerprints back by telephone."""
    parties = [one for one in run(lambda: _parties(dir), as_json=json) if one["party"] == party]
    with reporting(json):
        if not parties:
            raise error(Reason.PARTY_UNKNOWN, party=party)
    one = parties[0]
    if json:
        show(one, json)
        return
    keys = one.pop("keys")
    ranges = one.pop("ranges")
    served = [f"{of['kind']}:{of['length']}:{of['prefix']}" for of in ranges]
    shown = one | {"state": _state(one), "ranges": ", ".join(served[:SHOWN_RANGES])}
    if len(served) > SHOWN_RANGES:
        shown["ranges"] += f" and {len(served) - SHOWN_RANGES} more: --json lists all"
    show(shown, json)

    def table() -> Table:
        made = Table("key", "holder", "for", "state", "fingerprint")
        for key in keys:
            state = "revoked" if key["revoked"] else "good"
            made.add_row(
                key["key_id"], key["holder"], ", ".join(key["purposes"]) or "sealing", state, key["fingerprint"]
            )
        return made

    show(keys, json, table=table)


@app.command("suspend")
def suspend_(
    party: _Party,
    reason: Annotated[str, typer.Option(help="Why, for the directory.")] = "",
    root_key: _RootKey = None,
    root_passphrase_file: RootPassphraseFile = None,
    dir: Directory = HERE,
    json: Json = False,
) -> None:
    """Suspend a member: it can neither send nor fetch."""
    _set_suspended(party, True, reason, root_key, root_passphrase_file, dir, json)


@app.command("resume")
def resume(
    party: _Party,
    reason: Annotated[str, typer.Option(help="Why, for the directory.")] = "",
    root_key: _RootKey = None,
    root_passphrase_file: RootPassphraseFile = None,
    dir: Directory = HERE,
    json: Json = False,
) -> None:
    """End a suspension."""
    _set_suspended(party, False, reason, root_key, root_passphrase_file, dir, json)


def parse_range(text: str) -> Range:
    """A range from ``kind:length:prefix``; length 0 for any.

    Raises:
        Malformed: FIELD_INVALID.
    """
    parts = text.strip().split(":", 2)
    if len(parts) != 3 or parts[0] not in set(IdentifierKind) or not parts[1].isdigit() or not parts[2]:
        raise error(Reason.FIELD_INVALID, field="serves", rule="kind:length:prefix, such as card:16:622202")
    return Range(kind=IdentifierKind(parts[0]), prefix=parts[2], length=int(parts[1]))


def _set_suspended(
    party: str, suspended: bool, reason: str, root_key: Path | None, file: Path | None, dir: Path, json: bool
) -> None:
    with reporting(json):
        paths = HubPaths(dir.absolute())
        config = load_config(paths.root)
        envelope = suspend(
            party_id(party), _governance(paths, root_key, file), suspended=suspended, reason=reason, bus=config.bus,
            now_us=LIVENESS.now_us(), random=os.urandom,
        )  # fmt: skip
    run(lambda: _publish(dir, [envelope]), as_json=json)
    show({"party": party, "suspended": suspended}, json)


def _governance(paths: HubPaths, root_key: Path | None, file: Path | None) -> Author:
    path = root_key or paths.governance / "root-1.sealed"
    if not path.exists():
        raise error(Reason.SETUP_INVALID, field="governance key", rule="name its file with --root-key FILE")
    keys = load_keys(path, passphrase(file, what="governance"))
    return Author(party=GOVERNANCE, signer=Ed25519Signer(keys["root"]))


async def _publish(dir: Path, envelopes: list[bytes]) -> None:
    async with admin(dir) as stub:
        for envelope in envelopes:
            await ask(stub.PublishGovernance(pb.PublishGovernanceRequest(envelope=envelope)))


async def _parties(dir: Path) -> list[dict[str, Any]]:
    async with admin(dir) as stub:
        answer = await ask(stub.ListParties(pb.ListPartiesRequest()))
    made = []
    for one in answer.parties:
        shown = MessageToDict(one, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
        shown["role"] = shown["role"].removeprefix("ROLE_").lower().replace("_", "-")
        for range_ in shown["ranges"]:
            range_["kind"] = range_["kind"].removeprefix("IDENTIFIER_KIND_").lower()
        made.append(shown)
    return made


def _state(one: dict[str, Any]) -> str:
    if one["suspended"]:
        return "suspended"
    if not one["joined"]:
        return "invited"
    return "connected" if one["connected"] else "offline"


def _role(text: str) -> Role:
    found = Role.__members__.get(text.upper().replace("-", "_"))
    if found is None or found in (Role.GOVERNANCE, Role.HUB):
        raise error(
            Reason.FIELD_INVALID,
            field="role",
            rule="police, bank, payment, carrier, customs, anti-fraud, regulator, court or oversight",
        )
    return found


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    except (OSError, UnicodeDecodeError) as exc:
        raise error(Reason.FIELD_INVALID, field="serves_file", rule="a text file of ranges, one a line") from exc


def _enrol_address(paths: HubPaths, config: Any) -> str:
    return str(config.advertised(int(config.enrol_listen.rpartition(":")[2])))
