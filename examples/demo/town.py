"""The processes of the demonstration, each with a directory and keys of its own: a hub, its members.

* Everything is done with the ordinary commands ``tocsin-hub`` and ``tocsin``; this module only starts, stops and kills.
* One bank reaches the hub over a line that can be cut.
* Whatever happens, no process is left behind.
"""

import asyncio
import json
import os
import re
import secrets
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass, field
from pathlib import Path

from examples.bank.ledger import Account, Ledger
from examples.demo import cards
from examples.demo.line import Line
from tocsin import Unavailable
from tocsin.clock import LIVENESS
from tocsin.v1 import admin_service_pb2 as pb
from tocsin_hub.cli.common import admin, ask

ROOT = Path(__file__).resolve().parents[2]
DRILL = Path(__file__).with_name("drill.toml")
POLICE = "police.420100"
POLICE_NAME = "武汉市公安局"
ON_THE_LINE = "bank.czbank"
"""The bank whose line is cut."""

START_SECONDS = 20.0
"""How long a process may take to be up: a loaded machine's Python, many times over."""

STOP_SECONDS = 10.0


class DemoError(Exception):
    """A step of the demonstration did not work."""


@dataclass
class Town:
    """The processes, in the directory ``path``."""

    path: Path
    hub: Process | None = None
    hub_up: asyncio.Event = field(default_factory=asyncio.Event)
    line: Line | None = None
    parties: dict[str, Process] = field(default_factory=dict)
    ports: tuple[int, int] = (0, 0)

    @property
    def hub_dir(self) -> Path:
        """The hub's directory."""
        return self.path / "hub"

    def home(self, party: str) -> Path:
        """The directory of a party."""
        return self.path / party

    def identity(self, party: str) -> Path:
        """Its identity."""
        return self.home(party) / "identity"

    def ledger(self, party: str) -> Path:
        """A bank's books."""
        return self.home(party) / "ledger.db"

    def blocks(self, party: str) -> Path:
        """Where a carrier keeps its copy of what is blocked."""
        return self.home(party) / "blocks"

    # -- the hub ----------------------------------------------------------------------------------------------------------------

    async def init_hub(self) -> None:
        """Makes the hub's directory, with the drill profile beside the law's."""
        self.ports = _free_port(), _free_port()
        self._secret("hub")
        bus, enrolment = (f"127.0.0.1:{port}" for port in self.ports)
        await self.operate(
            "init", str(self.hub_dir), "--bus", "tocsin.example", "--host", "127.0.0.1",
            "--listen", bus, "--enrol-listen", enrolment, "--profile", "cn", "--profile", str(DRILL),
        )  # fmt: skip

    async def start_hub(self) -> None:
        """Starts the hub; returns when its ports are open."""
        with (self.path / "hub.log").open("ab") as log:
            self.hub = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tocsin_hub.cli.main", "serve", str(self.hub_dir),
                stdout=PIPE, stderr=log, cwd=ROOT, env=self._env("hub"),
            )  # fmt: skip
        assert self.hub.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                line = await self.hub.stdout.readline()
        except TimeoutError:
            line = b""
        if not line.startswith(b"bus "):
            raise DemoError(f"the hub did not start; see {self.path / 'hub.log'}")
        self.hub_up.set()

    async def kill_hub(self) -> None:
        """SIGKILL, as a power cut would."""
        assert self.hub is not None
        self.hub_up.clear()
        self.hub.kill()
        await self.hub.wait()

    async def operate(self, *words: str) -> dict[str, object]:
        """What a ``tocsin-hub`` command answers."""
        return await self._command("tocsin_hub.cli.main", *words, "--json", env=self._env("hub"))

    async def connected(self, party: str) -> None:
        """Returns when the hub says that a party is connected."""
        async with asyncio.timeout(START_SECONDS):
            while not await self._is_connected(party):
                await LIVENESS.sleep(0.05)

    async def _is_connected(self, party: str) -> bool:
        await self.hub_up.wait()
        try:
            async with admin(self.hub_dir) as stub:
                answer = await ask(stub.ListParties(pb.ListPartiesRequest(), timeout=START_SECONDS))
        except Unavailable:  # killed at this moment
            return False
        return any(one.party == party and one.connected for one in answer.parties)

    # -- parties ----------------------------------------------------------------------------------------------------------------

    async def enrol(self, party: str, role: str, name: str) -> str:
        """Admits a party and has it join in a process of its own; returns the fingerprint to be read back."""
        self.home(party).mkdir()
        self._secret(party)
        options = ["--role", role, "--name", name, "--region", "420100"]
        for one in cards.ranges(party) if role == "bank" else []:
            options += ["--serves", one]
        invited = await self.operate("party", "add", party, *options, "--dir", str(self.hub_dir))
        joined = await self._command(
            "tocsin.cli.main", "--identity", str(self.identity(party)), "--json", "join", "-",
            env=self._env(party), typed=str(invited["join_code"]),
        )  # fmt: skip
        return str(joined["fingerprint"])

    async def open_line(self) -> None:
        """Lays the line of ``ON_THE_LINE``: from now on it dials the near end instead of the hub."""
        self.line = Line(self.ports[0])
        await self.line.restore()
        facts = self.identity(ON_THE_LINE) / "identity.toml"
        text = re.sub(
            r"(?m)^hub_address = .*$", f'hub_address = "127.0.0.1:{self.line.port}"', facts.read_text("utf-8")
        )
        facts.write_text(text, "utf-8")

    def open_books(self, party: str, accounts: list[Account]) -> None:
        """Fills a bank's ledger."""
        ledger = Ledger(self.ledger(party))
        ledger.open_accounts(accounts)
        ledger.close()

    async def start_bank(self, party: str) -> None:
        """Starts a bank; returns when the hub says that it is connected."""
        await self.start(party, "examples.bank.bank", str(self.identity(party)), str(self.ledger(party)))

    async def start_carrier(self, party: str) -> None:
        """Starts a carrier; returns when the hub says that it is connected."""
        await self.start(party, "examples.carrier.carrier", str(self.identity(party)), str(self.blocks(party)))

    async def start(self, party: str, module: str, *words: str) -> None:
        """Starts the program of a party; returns when the hub says that it is connected."""
        with (self.home(party) / "log").open("ab") as log:
            self.parties[party] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, *words,
                stdin=DEVNULL, stdout=log, stderr=log, cwd=ROOT, env=self._env(party),
            )  # fmt: skip
        await self.connected(party)

    async def kill_bank(self, party: str) -> None:
        """SIGKILL."""
        self.parties[party].kill()
        await self.parties[party].wait()

    async def start_police(self) -> Process:
        """Starts the police desk, to be talked to over its pipes."""
        with (self.home(POLICE) / "log").open("ab") as log:
            self.parties[POLICE] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "examples.demo.police", str(self.identity(POLICE)),
                stdin=PIPE, stdout=PIPE, stderr=log, cwd=ROOT, env=self._env(POLICE),
            )  # fmt: skip
        return self.parties[POLICE]

    async def stop(self) -> None:
        """Ends every process that runs: the parties first, so that what they have is handed over."""
        await asyncio.gather(*(_end(one) for one in self.parties.values()))
        if self.line is not None:
            await self.line.cut()
        if self.hub is not None:
            await _end(self.hub)

    async def verify_offline(self) -> dict[str, object]:
        """Exports the log as the operator and has the police check the file, with the log key it knows since it joined."""
        export = self.path / "log.jsonl"
        await self.operate("log", "export", str(export), "--dir", str(self.hub_dir))
        return await self._command(
            "tocsin.cli.main",
            "--identity",
            str(self.identity(POLICE)),
            "--json",
            "verify",
            str(export),
            env=self._env(POLICE),
        )

    # -- plumbing ---------------------------------------------------------------------------------------------------------------

    def passphrase(self, owner: str) -> str:
        """The passphrase of an owner's keys."""
        return (self.path / f"{owner}.passphrase").read_text("utf-8")

    def _secret(self, owner: str) -> None:
        path = self.path / f"{owner}.passphrase"
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24), "utf-8")

    def _env(self, owner: str) -> dict[str, str]:
        return os.environ | {"TOCSIN_PASSPHRASE_FILE": str(self.path / f"{owner}.passphrase"), "TOCSIN_LANG": "en"}

    async def _command(self, module: str, *words: str, env: dict[str, str], typed: str = "") -> dict[str, object]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *words, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=ROOT, env=env
        )
        out, err = await process.communicate(typed.encode())
        try:
            answer = json.loads(out)
        except ValueError:
            answer = {}
        if process.returncode != 0 or not isinstance(answer, dict):
            raise DemoError(f"{module.split('.')[0]} {' '.join(words[:3])} failed: {(out + err).decode()[-2000:]}")
        return answer


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
