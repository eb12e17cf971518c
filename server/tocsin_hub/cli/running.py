"""The verbs of a hub's own life: init, serve, status, backup, migrate, replay, accept-clock."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToDict
from rich.console import Console

from tocsin import loop
from tocsin.clock import LIVENESS
from tocsin.core import policy, profiles
from tocsin.core.errors import Reason, error
from tocsin.core.times import from_us
from tocsin.v1 import admin_service_pb2 as pb
from tocsin_hub.cli.common import (
    HERE,
    Directory,
    Json,
    PassphraseFile,
    RootPassphraseFile,
    admin,
    ask,
    passphrase,
    reporting,
    run,
    show,
)
from tocsin_hub.config import HubConfig, HubPaths, load_config
from tocsin_hub.logs import configure_logs

_Root = Annotated[Path, typer.Argument(metavar="DIR", help="The hub's directory.", envvar="TOCSIN_HUB_DIR")]


def init(
    root: _Root,
    bus: Annotated[str, typer.Option(help="Bus name: the hub's lasting identity, such as tocsin.example.")],
    host: Annotated[
        list[str] | None,
        typer.Option(help="Name or address members reach the hub by; may be given again.  [default: localhost 127.0.0.1]"),
    ] = None,
    listen: Annotated[str, typer.Option(help="Address of the bus port.")] = "127.0.0.1:7443",
    enrol_listen: Annotated[str, typer.Option(help="Address of the enrolment port.")] = "127.0.0.1:7444",
    profile: Annotated[
        list[str] | None,
        typer.Option(
            help="Profile shipped with the package, or a TOML file; the first is the bus's own.  [default: cn generic]"
        ),
    ] = None,
    root_keys: Annotated[int, typer.Option(min=1, max=9, help="Number of governance keys to make.")] = 1,
    threshold: Annotated[int, typer.Option(min=1, max=9, help="How many of them must sign a new root.")] = 1,
    passphrase_file: PassphraseFile = None,
    root_passphrase_file: RootPassphraseFile = None,
    json: Json = False,
) -> None:
    """Make a hub: keys, certificates, configuration and the first messages of the bus."""
    from tocsin_hub.init_dir import init_directory

    with reporting(json):
        documents = [_profile(name) for name in profile or ("cn", "generic")]
        hosts = host or ["localhost", "127.0.0.1"]
        config = HubConfig(bus=bus, listen=listen, enrol_listen=enrol_listen, advertise=hosts[0])
        hub_passphrase = passphrase(passphrase_file, what="hub", confirm=True)
        root_passphrase = passphrase(root_passphrase_file or passphrase_file, what="governance", confirm=True)
        init_directory(
            root, config, hosts=hosts, policy_document=policy.default_document(), profile_documents=documents,
            passphrase=hub_passphrase, root_passphrase=root_passphrase, root_keys=root_keys, threshold=threshold,
            now=from_us(LIVENESS.now_us()),
        )  # fmt: skip
    show({"directory": str(root), "bus": bus, "listen": listen, "enrol_listen": enrol_listen}, json)
    if not json:
        print(f"Carry {root / 'governance'} to a machine that is offline: whoever has it decides who is a member.")
        print(f"Next: tocsin-hub serve {root}")


def serve_(root: _Root = HERE, passphrase_file: PassphraseFile = None) -> None:
    """Run the hub until SIGTERM; a second signal ends it at once."""
    from tocsin_hub.serve import Serving, serve

    configure_logs()

    def announce(one: Serving) -> None:
        print(
            f"bus {one.bus_address}  enrolment {one.enrol_address}  log {one.hub.sequencer.frontier.size}", flush=True
        )

    with reporting():
        loop.run(serve(root, passphrase(passphrase_file, what="hub"), announce=announce))


def status(dir: Directory = HERE, json: Json = False) -> None:
    """Show how the running hub is."""

    async def work() -> pb.GetStatusResponse:
        async with admin(dir) as stub:
            return await ask(stub.GetStatus(pb.GetStatusRequest()))

    answer = run(work, as_json=json)
    shown = MessageToDict(answer, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    for name in ("now_us", "started_us"):
        shown[name.removesuffix("_us") + "_at"] = from_us(int(shown.pop(name))).isoformat()
    show(shown, json)
    if answer.alarms:
        raise typer.Exit(1)


def backup(
    path: Annotated[Path, typer.Argument(help="A new file for the copy of the database.")],
    dir: Directory = HERE,
    json: Json = False,
) -> None:
    """Copy the database while the hub runs. Keys are not in it: without them the copy cannot be read."""

    async def work() -> pb.BackupResponse:
        async with admin(dir) as stub:
            return await ask(stub.Backup(pb.BackupRequest(path=str(path.absolute()))))

    answer = run(work, as_json=json)
    show({"path": str(path), "log_size": answer.log_size, "bytes": answer.bytes}, json)


def migrate_(dir: Directory = HERE, json: Json = False) -> None:
    """Bring the database of a stopped hub to this version's layout."""
    from tocsin_hub.app import open_store

    async def work() -> str:
        paths = HubPaths(dir.absolute())
        load_config(paths.root)
        if not paths.database.exists():
            raise error(Reason.NOT_FOUND, field="database")
        store = await open_store(paths, LIVENESS)
        try:
            return (await store.facts())["schema"]
        finally:
            await store.aclose()

    show({"schema": run(work, as_json=json)}, json)


def replay(
    dir: Directory = HERE,
    verify: Annotated[bool, typer.Option("--verify", help="Rebuild everything from the log and compare.")] = False,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Rebuild the projections of a stopped hub from its log in memory, and compare them with what is stored."""
    from tocsin_hub.replay import replay_and_compare

    if not verify:
        print("replay changes nothing: say --verify to rebuild and compare", file=sys.stderr)
        raise typer.Exit(2)
    console = Console(stderr=True)
    secret = passphrase(passphrase_file, what="hub")
    with console.status("replaying") as progress:
        found = run(
            lambda: replay_and_compare(
                HubPaths(dir.absolute()), secret, lambda done, of: progress.update(f"replaying {done:,} of {of:,}")
            ),
            as_json=json,
        )
    show({"messages": found.messages, "root": found.root.hex(), "differences": found.differences or "none"}, json)
    if found.differences:
        raise typer.Exit(1)


def accept_clock(dir: Directory = HERE, json: Json = False) -> None:
    """State that a step of the wall clock is explained; deadlines run again."""

    async def work() -> int:
        async with admin(dir) as stub:
            return int((await ask(stub.AcceptClock(pb.AcceptClockRequest()))).step_us)

    show({"accepted_step_seconds": round(run(work, as_json=json) / 1e6, 3)}, json)


def _profile(name: str) -> bytes:
    if not name.endswith(".toml"):
        return profiles.default_document(name)
    try:
        return Path(name).read_bytes()
    except OSError as exc:
        raise error(Reason.PROFILE_UNKNOWN, profile=Path(name).name) from exc
