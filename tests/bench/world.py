"""The hub under test: the ordinary ``tocsin-hub``, a process of its own, on the file that ``init`` wrote; and its members."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tocsin.client.identity import Identity
from tocsin.client.join import join
from tocsin.client.participant import Participant
from tocsin.core.identifiers import luhn_valid
from tocsin.crypto.joincode import JoinCode

PASSPHRASE = "a passphrase for the bench"
BIN = "622202"


@dataclass(kw_only=True)
class World:
    """A running hub and two members."""

    root: Path
    hub_dir: Path
    hub: "subprocess.Popen[bytes]"
    police: Identity
    bank: Identity


def card(number: int) -> str:
    """A card of the bench's bank: BIN, zeros, counter, Luhn digit."""
    body = f"{BIN}{number:09d}"
    return next(body + str(digit) for digit in range(10) if luhn_valid(body + str(digit)))


@contextlib.asynccontextmanager
async def world() -> AsyncIterator[World]:
    """A hub with a police party and a bank, in a directory that is removed."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as scratch:
        root = Path(scratch)
        secret = root / "passphrase"
        secret.write_text(PASSPHRASE)
        secret.chmod(0o600)
        os.environ["TOCSIN_PASSPHRASE_FILE"] = str(secret)
        hub_dir = root / "hub"
        ports = _free_port(), _free_port()
        _command("init", str(hub_dir), "--bus", "bench.example", "--host", "127.0.0.1", "--listen", f"127.0.0.1:{ports[0]}",
                 "--enrol-listen", f"127.0.0.1:{ports[1]}", "--json")  # fmt: skip
        config = hub_dir / "hub.toml"
        config.write_text(_unlimited(config.read_text()))
        hub = _start(hub_dir, root)
        try:
            police = await member(hub_dir, root, "police.420100", "--role", "police")
            bank = await member(hub_dir, root, "bank.icbc", "--role", "bank", "--serves", f"card:16:{BIN}")
            for identity in (police, bank):
                participant = Participant(identity)
                await participant.fetch_directory()
                await participant.aclose()
            here = World(root=root, hub_dir=hub_dir, hub=hub, police=police, bank=bank)
            try:
                yield here
            finally:
                hub = here.hub
        finally:
            hub.terminate()
            hub.wait(30)


def status(hub_dir: Path) -> dict[str, object]:
    """What the hub says of itself."""
    answer = json.loads(_command("status", "--dir", str(hub_dir), "--json"))
    assert isinstance(answer, dict)
    return answer


def serve_again(here: World) -> None:
    """Starts the hub of ``here`` once more, after it was killed."""
    here.hub = _start(here.hub_dir, here.root)


def _start(hub_dir: Path, root: Path) -> "subprocess.Popen[bytes]":
    """A hub that serves: the line it prints says so."""
    with (root / "hub.log").open("ab") as log:
        command = [sys.executable, "-m", "tocsin_hub.cli.main", "serve", str(hub_dir)]
        hub = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    assert hub.stdout is not None
    with hub.stdout:
        ready = hub.stdout.readline()
    if not ready:
        raise RuntimeError(f"the hub did not start: {(root / 'hub.log').read_text()[-2000:]}")
    return hub


async def member(hub_dir: Path, root: Path, party: str, *options: str) -> Identity:
    """Invites a party and has it join."""
    invited = json.loads(_command("party", "add", party, *options, "--dir", str(hub_dir), "--json"))
    identity, _ = await join(JoinCode.decode(invited["join_code"]), root / f"{party}.identity", PASSPHRASE)
    return identity


def _command(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tocsin_hub.cli.main", *words], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"tocsin-hub {' '.join(words[:2])} failed: {done.stdout}{done.stderr}")
    return done.stdout


def _unlimited(config: str) -> str:
    """The bench measures the hub, not its quotas: they are set out of the way."""
    wanted = {"rate_per_s": "1000000.0", "burst": "100000000", "mailbox_limit": "100000000",
              "watch_tokens_per_minute": "100000000", "watch_tokens_per_day": "100000000"}  # fmt: skip
    lines = []
    for line in config.splitlines():
        name = line.partition("=")[0].strip().lstrip("# ")
        lines.append(f"{name} = {wanted.pop(name)}" if name in wanted else line)
    return "\n".join(lines + [f"{name} = {value}" for name, value in wanted.items()]) + "\n"


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
