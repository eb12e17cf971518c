"""The real hub in this process, with parties that joined it the ordinary way.

Example:
    async with LocalHub(tmp_path) as hub:
        await hub.enrol("police.420100", role="police")
        await hub.enrol("bank.icbc", role="bank", serves=["card:16:622202"])
        bank = hub.participant("bank.icbc")
        ...
"""

import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tocsin.client.channel import HubConnection
from tocsin.client.identity import Identity, load_identity
from tocsin.client.join import join
from tocsin.client.participant import Participant
from tocsin.client.scribe import Author
from tocsin.clock import Clock
from tocsin.core import policy, profiles
from tocsin.core.directory import GOVERNANCE
from tocsin.core.directory_messages import Range, Role
from tocsin.core.errors import BusError
from tocsin.core.identifiers import IdentifierKind
from tocsin.core.message import Lane
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.joincode import JoinCode
from tocsin.crypto.keyfile import SCRYPT_FLOOR, load_keys
from tocsin.sqlitethread import Faults
from tocsin.testing.clock import VirtualClock
from tocsin.testing.disk import Disk
from tocsin.testing.line import Line

if TYPE_CHECKING:
    from tocsin_hub.config import HubConfig
    from tocsin_hub.serve import Serving

PASSPHRASE = "a passphrase for tests"
BUS = "tocsin.example"


class LocalHub:
    """A hub for tests. Enter it to start; ``stop`` or ``kill``, and ``start``, take it down and up again on the same directory.

    Attributes:
        disk: The hub's disk; ``hub.disk.full = True`` fills it.

    A directory that holds a hub and identities already (a copy of another test's, to save time) is taken up as it is. Key files
    cost the least that is allowed: their passphrase is no secret.

    Args:
        path: A directory of the test's own.
        clock: ``VirtualClock`` to move time; the machine's when left out.
        profiles: Profile documents; the shipped ``cn`` and ``generic`` by default.
        settings: Entries of ``hub.toml``.
        faults: Called at each point of the store's writer where a fault may strike (``tocsin.sqlitethread.Point``).
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: VirtualClock | None = None,
        profiles: Sequence[bytes] = (),
        faults: Faults | None = None,
        **settings: Any,
    ) -> None:
        self.path = path
        self.clock = clock
        self._profiles = list(profiles)
        self._settings = settings
        self.disk = Disk(faults)
        self._stack: contextlib.AsyncExitStack | None = None
        self._participants: list[Participant] = []
        self._serving: Serving | None = None
        self._config: HubConfig | None = None

    @property
    def serving(self) -> "Serving":
        """The hub that serves now."""
        assert self._serving is not None, "the hub is down"
        return self._serving

    async def __aenter__(self) -> Self:
        from tocsin_hub.config import HubConfig
        from tocsin_hub.init_dir import init_directory

        documents = self._profiles or [profiles.default_document("cn"), profiles.default_document("generic")]
        config = HubConfig(bus=BUS, listen="127.0.0.1:0", enrol_listen="127.0.0.1:0", **self._settings)
        if not (self.path / "hub").exists():
            init_directory(
                self.path / "hub",
                config,
                hosts=["localhost", "127.0.0.1"],
                policy_document=policy.default_document(),
                profile_documents=documents,
                passphrase=PASSPHRASE,
                root_passphrase=PASSPHRASE,
                root_keys=1,
                threshold=1,
                now=datetime.fromtimestamp(self.now_us() / 1e6, UTC),
                n=SCRYPT_FLOOR,
            )
        self._config = config
        await self.start()
        if self.clock is not None:
            self.clock.watch(lambda: self._stack is None or self.serving.hub.quiet)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self, *, config: Any = None) -> None:
        """Starts the hub on its directory, on the ports it had before if it had any."""
        from tocsin_hub.config import load_config
        from tocsin_hub.serve import serving

        config = config or self._config or load_config(self.path / "hub")
        if self._serving is not None:
            ports = self._serving.ports
            config = replace(
                config, listen=f"127.0.0.1:{ports.bus_port}", enrol_listen=f"127.0.0.1:{ports.enrol_port}"
            )
        self._stack = contextlib.AsyncExitStack()
        self._serving = await self._stack.enter_async_context(
            serving(self.path / "hub", PASSPHRASE, config=config, clock=self.clock, faults=self.disk)
        )

    async def stop(self) -> None:
        """Drains and stops the hub."""
        if self._stack is not None:
            stack, self._stack = self._stack, None
            await stack.aclose()

    async def kill(self) -> None:
        """Ends the hub as kill -9 does: what is in flight is broken off, and the disk stays as it was at that moment."""
        home, image = self.path / "hub", self.path / "hub.killed"
        self.disk.crash(home, image)
        while not self.disk.crashed:
            with contextlib.suppress(BusError):  # wakes a writer that rests; whatever it is given fails from now on
                await self.serving.hub.store.transact(lambda tx: None)
        self.serving.hub.flush_seconds = 0.0
        await self.serving.ports.abort()
        with contextlib.suppress(BusError):
            await self.stop()
        shutil.rmtree(home)
        image.rename(home)
        self.disk.mend()

    def now_us(self) -> int:
        """The time the hub goes by."""
        from tocsin.clock import LIVENESS

        return self.clock.now_us() if self.clock is not None else LIVENESS.now_us()

    async def enrol(
        self,
        party: str,
        *,
        role: str,
        serves: Sequence[str] = (),
        region: str = "CN-42",
        escalate_to: str = "",
        display_name: str = "",
    ) -> Identity:
        """Invites a party and joins it; its identity directory is ``<path>/<party>.identity``.

        ``serves`` are ranges as ``kind:length:prefix``, such as ``card:16:622202``.
        """
        code = await self.invite(
            party, role=role, serves=serves, region=region, escalate_to=escalate_to, display_name=display_name
        )
        identity, _ = await join(code, self.path / f"{party}.identity", PASSPHRASE, n=SCRYPT_FLOOR)
        participant = Participant(identity)
        await participant.fetch_directory()
        await participant.aclose()
        return identity

    async def invite(
        self,
        party: str,
        *,
        role: str,
        serves: Sequence[str] = (),
        region: str = "CN-42",
        escalate_to: str = "",
        display_name: str = "",
    ) -> JoinCode:
        """Admits a party; returns its join code."""
        from tocsin_hub.config import HubPaths
        from tocsin_hub.invite import Invitation, invite
        from tocsin_hub.serve import load_trust

        trust = load_trust(HubPaths(self.path / "hub"))
        envelopes, code = invite(
            Invitation(
                party=party,
                display_name=display_name or party,
                role=Role[role.upper().replace("-", "_")],
                region=region,
                escalate_to=escalate_to,
                ranges=[parse_range(one) for one in serves],
            ),
            self.governance(),
            bus=BUS,
            address=self.serving.enrol_address,
            root_hash=trust.root_hash,
            ca_hash=trust.ca_hash,
            now_us=self.now_us(),
            random=os.urandom,
        )
        for envelope in envelopes:
            await self.serving.hub.publisher.offer(envelope, caller=GOVERNANCE)
        return code

    def governance(self) -> Author:
        """The governance key, for messages that only it may sign."""
        seed = load_keys(self.path / "hub" / "governance" / "root-1.sealed", PASSPHRASE)["root"]
        return Author(party=GOVERNANCE, signer=Ed25519Signer(seed))

    def identity(self, party: str) -> Identity:
        """What an enrolled party has on this machine, with the address of the hub that serves now."""
        identity = load_identity(self.path / f"{party}.identity", passphrase=PASSPHRASE)
        return replace(identity, hub_address=self.serving.bus_address, enrol_address=self.serving.enrol_address)

    def participant(
        self, party: str, *, clock: Clock | None = None, line: Line | None = None, receive: bool = True
    ) -> Participant:
        """A participant of an enrolled party, on the hub's clock and a faultless line unless given its own."""
        connect = line.connect if line is not None else HubConnection
        participant = Participant(self.identity(party), clock=clock or self.clock, connect=connect, receive=receive)
        if self.clock is not None:
            self.clock.watch(lambda: participant.quiet and self._agrees(participant))
        return participant

    def _agrees(self, participant: Participant) -> bool:
        """Whether hub and participant name the same number of deliveries in its hands: else something is on the wire."""
        from tocsin_hub.domain.rows import MailboxKey

        if self._stack is None or not participant.is_open:
            return True
        office = self.serving.hub.post_office
        held = {lane: participant.link.held(lane) for lane in Lane}
        party = participant.identity.party
        return all(n is None or n == office.in_flight(MailboxKey(party, lane.value)) for lane, n in held.items())


def parse_range(text: str) -> Range:
    """A range from ``kind:length:prefix`` (length 0 for any)."""
    kind, length, prefix = text.split(":", 2)
    return Range(kind=IdentifierKind(kind), prefix=prefix, length=int(length))
