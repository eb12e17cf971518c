"""Running a hub from its directory, for ``tocsin-hub serve`` and the test kit: open, begin, ports; stop the other way round."""

import asyncio
import contextlib
import hashlib
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from prometheus_client import start_http_server

from tocsin.client.participant import SWITCH_SECONDS
from tocsin.clock import LIVENESS, Clock
from tocsin.core.errors import Reason, error
from tocsin.crypto.privatefile import read_private, write_private
from tocsin.sqlitethread import Faults
from tocsin.wire.codec import open_envelope
from tocsin_hub.app import Hub, open_hub
from tocsin_hub.config import HubConfig, HubPaths, load_config
from tocsin_hub.init_dir import load_genesis, load_hub_keys
from tocsin_hub.pki import PARTY_LIFE, PartyCertificates, renewed_hub_certificate
from tocsin_hub.rpc.server import Credentials, Ports

MAX_PEM_BYTES = 64 * 1024

_log = structlog.get_logger("serve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A hub with open ports."""

    hub: Hub
    ports: Ports

    @property
    def bus_address(self) -> str:
        """host:port of the bus."""
        return self.hub.config.advertised(self.ports.bus_port)

    @property
    def enrol_address(self) -> str:
        """host:port of enrolment."""
        return self.hub.config.advertised(self.ports.enrol_port)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What join codes of a hub directory carry."""

    root_hash: bytes
    ca_hash: bytes


def load_trust(paths: HubPaths) -> Trust:
    """The hashes of governance root and CA.

    Raises:
        LocalFault: IDENTITY_INVALID or IDENTITY_EXPOSED.
    """
    certificates = _certificates(paths, "", PARTY_LIFE)
    return Trust(
        root_hash=open_envelope(load_genesis(paths)[0]).message_hash,
        ca_hash=hashlib.sha256(certificates.ca_der).digest(),
    )


@contextlib.asynccontextmanager
async def serving(
    root: Path,
    passphrase: str,
    *,
    config: HubConfig | None = None,
    clock: Clock | None = None,
    faults: Faults | None = None,
) -> AsyncIterator[Serving]:
    """A hub that serves for the block, and has drained and closed after it.

    Raises:
        LocalFault: IDENTITY_INVALID, PASSPHRASE_WRONG, ROLLBACK, CORRUPT, ALREADY_RUNNING; SETUP_INVALID for an address that
            cannot be opened.
        StoreBusy: STORE_BUSY or STORE_FULL.
    """
    paths = HubPaths(root.absolute())
    config = config or load_config(paths.root)
    keys = load_hub_keys(paths, passphrase)
    hub = await open_hub(config, paths, keys, clock=clock, faults=faults)
    try:
        await hub.begin(load_genesis(paths))
        _renew_certificate(paths, config.bus)
        credentials = Credentials(
            key_pem=read_private(paths.tls_key, limit=MAX_PEM_BYTES),
            certificate_pem=read_private(paths.tls_pem, limit=MAX_PEM_BYTES),
            ca_pem=read_private(paths.ca_pem, limit=MAX_PEM_BYTES),
        )
        ports = Ports(hub, credentials, _certificates(paths, config.bus, timedelta(hours=config.certificate_hours)))
        try:
            await ports.open()
            if config.metrics_listen:
                _open_metrics(config.metrics_listen)
            yield Serving(hub=hub, ports=ports)
        finally:
            await ports.close()
    finally:
        await hub.aclose()


async def serve(root: Path, passphrase: str, *, announce: Callable[[Serving], None]) -> None:
    """Serves until SIGINT or SIGTERM; a second signal ends it at once. Raises as ``serving`` does."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked() -> None:
        if stop.is_set():
            signal.raise_signal(signal.SIGKILL)
        stop.set()

    sys.setswitchinterval(SWITCH_SECONDS)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)
    async with serving(root, passphrase) as one:
        announce(one)
        watched = [asyncio.ensure_future(stop.wait()), *one.hub.tasks]
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        for task in one.hub.tasks:
            if task.done():
                task.result()  # the hub's own work ended: its error ends the process
        _log.info("stopping", action="hub_stopping")


def _open_metrics(where: str) -> None:
    address, _, port = where.rpartition(":")
    try:
        start_http_server(int(port), address.strip("[]"))
    except OSError as exc:
        raise error(
            Reason.SETUP_INVALID,
            field="hub.toml: metrics_listen",
            rule="an address of this machine with a port that nobody else uses",
        ) from exc


def _renew_certificate(paths: HubPaths, bus: str) -> None:
    ca_key, ca, key, certificate = (
        read_private(path, limit=MAX_PEM_BYTES) for path in (paths.ca_key, paths.ca_pem, paths.tls_key, paths.tls_pem)
    )
    now = datetime.fromtimestamp(LIVENESS.now_us() / 1e6, UTC)
    if renewed := renewed_hub_certificate(ca_key, ca, key, certificate, bus=bus, now=now):
        write_private(paths.tls_pem, renewed)
        _log.info("certificate renewed", action="certificate_renewed")


def _certificates(paths: HubPaths, bus: str, life: timedelta) -> PartyCertificates:
    return PartyCertificates(
        bus=bus,
        life=life,
        ca_key_pem=read_private(paths.ca_key, limit=MAX_PEM_BYTES),
        ca_pem=read_private(paths.ca_pem, limit=MAX_PEM_BYTES),
    )
