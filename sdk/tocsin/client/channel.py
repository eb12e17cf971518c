"""The connection to the hub: mutual TLS, keepalive, errors of the bus instead of errors of the transport.

 * Trust is the bus's own CA and nothing else; the machine's list of authorities plays no part.
 * Keepalive finds a dead link in under a minute; the session's heartbeats are the finer sign of life.
 * Every failure of a call leaves as a ``BusError``.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import TypeVar

import grpc

from tocsin.client.identity import Identity
from tocsin.core.message import MAX_FRAME_BYTES
from tocsin.v1 import bus_service_pb2 as bus
from tocsin.v1.blocklist_service_pb2_grpc import BlocklistServiceStub
from tocsin.v1.bus_service_pb2_grpc import BusServiceStub
from tocsin.v1.directory_service_pb2_grpc import DirectoryServiceStub
from tocsin.v1.enrolment_service_pb2_grpc import EnrolmentServiceStub
from tocsin.v1.log_service_pb2_grpc import LogServiceStub
from tocsin.v1.order_service_pb2_grpc import OrderServiceStub
from tocsin.v1.watchlist_service_pb2_grpc import WatchlistServiceStub
from tocsin.wire.errors import from_rpc_error

TRANSPORT_BYTES = MAX_FRAME_BYTES + 64 * 1024
"""Largest gRPC message: a full frame and the framing around it."""

CALL_SECONDS = 30.0
"""How long a unary call may take; a publish waits for a commit and perhaps for those before it."""

OPTIONS: Sequence[tuple[str, int]] = (
    ("grpc.max_receive_message_length", TRANSPORT_BYTES),
    ("grpc.max_send_message_length", TRANSPORT_BYTES),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)

T = TypeVar("T")


class HubConnection:
    """One channel to the hub with its stubs. Belongs to the event loop it is made in."""

    def __init__(self, identity: Identity) -> None:
        credentials = grpc.ssl_channel_credentials(
            root_certificates=identity.ca_pem, private_key=identity.tls_key_pem, certificate_chain=identity.tls_cert_pem
        )
        self._channel = grpc.aio.secure_channel(identity.hub_address, credentials, options=OPTIONS)
        self.bus = BusServiceStub(self._channel)
        self.directory = DirectoryServiceStub(self._channel)
        self.orders = OrderServiceStub(self._channel)
        self.log = LogServiceStub(self._channel)
        self.blocklists = BlocklistServiceStub(self._channel)
        self.watchlists = WatchlistServiceStub(self._channel)

    async def publish(self, envelopes: Sequence[bytes]) -> bus.PublishResponse:
        """Offers a frame.

        Raises:
            BusError: What the hub or the transport made of the call; per-envelope refusals are in the answer.
        """
        return await calling(self.bus.Publish(bus.PublishRequest(envelopes=envelopes), timeout=CALL_SECONDS))

    async def aclose(self) -> None:
        """Closes the channel."""
        await self._channel.close()


@contextlib.asynccontextmanager
async def enrolment(identity: Identity) -> AsyncIterator[EnrolmentServiceStub]:
    """The enrolment port of a member's hub: the hub shows a certificate of the bus's CA, we show none."""
    credentials = grpc.ssl_channel_credentials(root_certificates=identity.ca_pem)
    async with grpc.aio.secure_channel(identity.enrol_address, credentials) as channel:
        yield EnrolmentServiceStub(channel)


async def calling(call: Awaitable[T]) -> T:
    """The answer of a unary call.

    Raises:
        BusError: Instead of any ``grpc.RpcError``.
    """
    try:
        return await call
    except grpc.RpcError as failure:
        raise from_rpc_error(failure) from failure
