"""The hub's ports: the bus (mutual TLS), enrolment (server TLS only) and the operator's UNIX socket.

* Limits are set here and named; keepalive is answered generously, since idle subscribers are the rule.
* Stopping: health says NOT_SERVING, sessions are told to go, calls in flight finish, then the ports close.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

from tocsin.clock import LIVENESS
from tocsin.core.errors import Reason, error
from tocsin.core.message import MAX_FRAME_BYTES
from tocsin.core.policy import Caller
from tocsin.v1 import (
    admin_service_pb2_grpc,
    blocklist_service_pb2,
    blocklist_service_pb2_grpc,
    bus_service_pb2,
    bus_service_pb2_grpc,
    directory_service_pb2,
    directory_service_pb2_grpc,
    enrolment_service_pb2_grpc,
    log_service_pb2,
    log_service_pb2_grpc,
    order_service_pb2,
    order_service_pb2_grpc,
    watchlist_service_pb2,
    watchlist_service_pb2_grpc,
)
from tocsin_hub.app import Hub
from tocsin_hub.pki import PartyCertificates
from tocsin_hub.rpc.admin import AdminServicer
from tocsin_hub.rpc.blocklists import BlocklistServicer
from tocsin_hub.rpc.bus import BusServicer
from tocsin_hub.rpc.directory import DirectoryServicer
from tocsin_hub.rpc.enrolment import EnrolmentServicer
from tocsin_hub.rpc.guard import Guard
from tocsin_hub.rpc.log import LogServicer
from tocsin_hub.rpc.membership import Membership
from tocsin_hub.rpc.orders import OrderServicer
from tocsin_hub.rpc.watchlists import WatchlistServicer
from tocsin_hub.service.enrol import Enrolment

GRACE_SECONDS = 10.0
"""How long calls in flight may take at a stop."""

_BUS_SERVICES = (bus_service_pb2, order_service_pb2, directory_service_pb2, log_service_pb2, watchlist_service_pb2,
                 blocklist_service_pb2)  # fmt: skip
_PORT_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_FRAME_BYTES),
    ("grpc.max_send_message_length", MAX_FRAME_BYTES + 64 * 1024),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.so_reuseport", 0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """PEM of the hub's TLS key and certificate, and of the CA whose members may enter."""

    key_pem: bytes
    certificate_pem: bytes
    ca_pem: bytes


class Ports:
    """The open ports of a hub.

    Attributes:
        bus_port, enrol_port: The numbers in use (useful when 0 was asked for).
    """

    def __init__(self, hub: Hub, credentials: Credentials, certificates: PartyCertificates) -> None:
        self._hub = hub
        self._credentials = credentials
        self._certificates = certificates
        self._health = HealthServicer()
        self._servers: list[grpc.aio.Server] = []
        self._membership = Membership(
            store=hub.store, post_office=hub.post_office, publisher=hub.publisher, sequencer=hub.sequencer,
            look_up=hub.look_up, clock=hub.clock, origin=hub.origin, log_key=hub.log_key, epoch=hub.config.epoch,
            generation=hub.generation, heartbeat_seconds=hub.config.heartbeat_seconds,
        )  # fmt: skip
        self.bus_port = 0
        self.enrol_port = 0

    async def open(self) -> None:
        """Opens all ports.

        Raises:
            LocalFault: SETUP_INVALID for an address that cannot be opened.
        """
        await self._open_bus()
        await self._open_enrolment()
        await self._open_admin()
        await self._health.set("", health_pb2.HealthCheckResponse.SERVING)

    async def close(self) -> None:
        """Drains and closes all ports."""
        await self._health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        self._membership.leave()
        await self._stop(GRACE_SECONDS)

    async def abort(self) -> None:
        """Breaks every call and closes all ports, as the end of the process would."""
        await self._stop(None)

    async def _stop(self, grace_s: float | None) -> None:
        await asyncio.gather(*(server.stop(grace_s) for server in self._servers))

    def _server(self, caller: Caller) -> grpc.aio.Server:
        guard = Guard(bus=self._hub.config.bus, caller=caller, directory=lambda: self._hub.sequencer.directory)
        server = grpc.aio.server(interceptors=[guard], options=_PORT_OPTIONS)
        self._servers.append(server)
        return server

    async def _open_bus(self) -> None:
        hub, server = self._hub, self._server(Caller.MEMBER)
        bus_service_pb2_grpc.add_BusServiceServicer_to_server(BusServicer(hub.publisher, self._membership), server)
        order_service_pb2_grpc.add_OrderServiceServicer_to_server(OrderServicer(hub.look_up), server)
        directory_service_pb2_grpc.add_DirectoryServiceServicer_to_server(DirectoryServicer(hub.look_up), server)
        log_service_pb2_grpc.add_LogServiceServicer_to_server(LogServicer(hub.look_up, hub.clock), server)
        watchlist_service_pb2_grpc.add_WatchlistServiceServicer_to_server(WatchlistServicer(hub.checks), server)
        blocklist_service_pb2_grpc.add_BlocklistServiceServicer_to_server(BlocklistServicer(hub.block_changes), server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        if hub.config.reflection:
            names = [
                name
                for module in _BUS_SERVICES
                for name in (s.full_name for s in module.DESCRIPTOR.services_by_name.values())
            ]
            reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], server)
        credentials = grpc.ssl_server_credentials(
            [(self._credentials.key_pem, self._credentials.certificate_pem)],
            root_certificates=self._credentials.ca_pem,
            require_client_auth=True,
        )
        self.bus_port = _bound(server, "listen", hub.config.listen, credentials)
        await server.start()

    async def _open_enrolment(self) -> None:
        hub, server = self._hub, self._server(Caller.ANYONE)

        def issue(request: bytes, party: str, now: datetime) -> bytes:
            return self._certificates.issue(request, party=party, now=now)

        servicer = EnrolmentServicer(
            enrolment=Enrolment(
                bus=hub.config.bus, publisher=hub.publisher, issue=issue, directory=lambda: hub.sequencer.directory
            ),
            look_up=hub.look_up,
            ca_certificate=self._certificates.ca_der,
            bus_address=hub.config.advertised(self.bus_port),
            now_us=LIVENESS.now_us,
        )
        enrolment_service_pb2_grpc.add_EnrolmentServiceServicer_to_server(servicer, server)
        credentials = grpc.ssl_server_credentials([(self._credentials.key_pem, self._credentials.certificate_pem)])
        self.enrol_port = _bound(server, "enrol_listen", hub.config.enrol_listen, credentials)
        await server.start()

    async def _open_admin(self) -> None:
        hub, server = self._hub, self._server(Caller.OPERATOR)
        servicer = AdminServicer(publisher=hub.publisher, operations=hub.operations)
        admin_service_pb2_grpc.add_AdminServiceServicer_to_server(servicer, server)
        socket = hub.paths.admin_socket
        socket.unlink(missing_ok=True)
        server.add_insecure_port(f"unix:{socket}")
        await server.start()
        socket.chmod(0o600)


def _bound(server: grpc.aio.Server, entry: str, address: str, credentials: grpc.ServerCredentials) -> int:
    """The port that ``server`` has got at the address of ``entry`` of hub.toml."""
    try:
        return int(server.add_secure_port(address, credentials))
    except RuntimeError as exc:
        raise error(
            Reason.SETUP_INVALID,
            field=f"hub.toml: {entry}",
            rule="an address of this machine with a port that nobody else uses",
        ) from exc
