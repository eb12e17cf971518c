"""One lane of this party's mailbox: deliveries in, acks out, over one stream.

 * Hello presents the epoch and newest checkpoint we hold; the hub that is behind it must not serve.
 * Credit is what the inbox can take: it is granted at the start and given back as deliveries are finished, never more.
 * One task reads, one writes; heartbeats go both ways. Silence for three beats ends the stream, and the caller dials again.
 * Nothing here believes a delivery: that is ``Deliveries``' work. An ack leaves only when told so, after the report is on the disk.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import grpc

from tocsin.client.channel import HubConnection
from tocsin.clock import LIVENESS, wait_for
from tocsin.core.errors import Reason, error
from tocsin.core.message import Lane
from tocsin.v1 import bus_service_pb2 as pb
from tocsin.wire.enums import lane_to_proto
from tocsin.wire.errors import from_rpc_error

CREDIT_MESSAGES = {Lane.URGENT: 256, Lane.ROUTINE: 512}
CREDIT_BYTES = 4 * 1024 * 1024
"""What is granted at first: several frames, so that the hub never waits for us, and 4 MiB of memory at most a lane."""

SILENT_BEATS = 3
"""Heartbeats the hub may miss before the link is taken for dead."""

DIAL_SECONDS = 15.0
"""How long the welcome may take."""

Take = Callable[["LaneSession", Sequence[pb.Delivery]], Awaitable[None]]


class LaneSession:
    """A session on one lane. Used once.

    Args:
        take: Given every frame of deliveries, in order; the next frame waits for it.
        on_heartbeat: Told what the hub says of itself.
        on_confirmed: Told which acks are durable at the hub.
    """

    def __init__(
        self,
        lane: Lane,
        *,
        subscription: str,
        take: Take,
        on_heartbeat: Callable[[pb.Heartbeat], None],
        on_confirmed: Callable[["LaneSession", Sequence[int]], Awaitable[None]],
    ) -> None:
        self.lane = lane
        self.epoch = 0
        self.connected = False
        self._subscription = subscription
        self._take = take
        self._on_heartbeat = on_heartbeat
        self._on_confirmed = on_confirmed
        self._acks: list[pb.Ack] = []
        self._nacks: list[pb.Nack] = []
        self._credit_messages = 0
        self._credit_bytes = 0
        self._sizes: dict[int, int] = {}
        self._unconfirmed: set[int] = set()
        self._held: set[int] = set()
        self._drain = False
        self._wake = asyncio.Event()
        self._heard_us = LIVENESS.monotonic_us()
        self._beat_seconds = 5.0

    def ack(self, seq: int, token: bytes) -> None:
        """Says that a delivery is finished; it leaves with the next frame."""
        self._acks.append(pb.Ack(seq=seq, attempt_token=token))
        self._unconfirmed.add(seq)
        self._held.discard(seq)
        self._give_back(seq)

    def nack(self, seq: int, token: bytes, *, delay_s: float = 0.0, reason: str, permanent: bool = False) -> None:
        """Says that a delivery was not finished."""
        self._nacks.append(
            pb.Nack(seq=seq, attempt_token=token, delay_ms=int(delay_s * 1000), reason=reason[:500], permanent=permanent)
        )
        self._held.discard(seq)
        self._give_back(seq)

    def release_credit(self, seq: int) -> None:
        """Gives back the room of a delivery that waits for a person and holds up nobody."""
        self._give_back(seq)

    @property
    def idle(self) -> bool:
        """Whether nothing is unconfirmed or waits to be sent."""
        return not (self._acks or self._nacks or self._unconfirmed)

    @property
    def held(self) -> int:
        """Deliveries taken and neither acked nor nacked."""
        return len(self._held)

    def drain(self) -> None:
        """Asks for no more deliveries; the session ends when what is in flight is done."""
        self._drain = True
        self._wake.set()

    async def run(self, connection: HubConnection, *, epoch: int, checkpoint: bytes) -> None:
        """Serves until the stream ends.

        Raises:
            BusError: The reason the hub or the transport gave; DRAINING or HUB_BEHIND with ``retry_after_ms`` after a go-away.
        """
        call = connection.bus.Subscribe()
        try:
            hello = pb.Hello(lane=lane_to_proto(self.lane), subscription=self._subscription, epoch=epoch, checkpoint=checkpoint)
            async with asyncio.timeout(DIAL_SECONDS):
                await call.write(pb.SubscribeRequest(hello=hello))
                first = await call.read()
            if first is grpc.aio.EOF:
                raise from_rpc_error(await _ended(call))
            welcome = first.welcome
            self.epoch, self._beat_seconds = welcome.epoch, welcome.heartbeat_ms / 1000
            self.connected = True
            self._on_heartbeat(pb.Heartbeat(directory_version=welcome.directory_version))
            self._credit_messages, self._credit_bytes = CREDIT_MESSAGES[self.lane], CREDIT_BYTES
            reader = asyncio.create_task(self._read(call))
            writer = asyncio.create_task(self._write(call))
            try:
                await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
                for task in (reader, writer):
                    if task.done():
                        task.result()
            finally:
                reader.cancel()
                writer.cancel()
                await asyncio.gather(reader, writer, return_exceptions=True)
        except grpc.RpcError as failure:
            raise from_rpc_error(failure) from failure
        except TimeoutError as slow:
            raise error(Reason.HUB_UNREACHABLE) from slow
        finally:
            self.connected = False
            call.cancel()

    async def _read(self, call: Any) -> None:
        while (frame := await call.read()) is not grpc.aio.EOF:
            self._heard_us = LIVENESS.monotonic_us()
            match frame.WhichOneof("frame"):
                case "deliveries":
                    deliveries = frame.deliveries.deliveries
                    for one in deliveries:
                        self._sizes[one.seq] = len(one.envelope)
                        self._held.add(one.seq)
                    await self._take(self, deliveries)
                case "acks_confirmed":
                    confirmed = frame.acks_confirmed
                    self._unconfirmed.difference_update(confirmed.seqs)
                    self._unconfirmed.difference_update(confirmed.fenced_seqs)
                    await self._on_confirmed(self, confirmed.seqs)
                    self._wake.set()
                case "heartbeat":
                    self._on_heartbeat(frame.heartbeat)
                case "go_away":
                    reason = Reason.__members__.get(frame.go_away.reason, Reason.DRAINING)
                    raise error(reason, retry_after_ms=frame.go_away.retry_after_ms, value="?", limit="?")
                case _:
                    raise error(Reason.MALFORMED, hint="a frame this version does not know")
        if not self._drain:
            raise from_rpc_error(await _ended(call))

    async def _write(self, call: Any) -> None:
        """Sends what has gathered; ends the stream from our side when drained, fails when the hub is silent."""
        told_drain = False
        next_beat_us = LIVENESS.monotonic_us() + int(self._beat_seconds * 1e6)
        while True:
            self._wake.clear()
            for frame in self._outgoing():
                await call.write(frame)
            if self._drain and not told_drain:
                await call.write(pb.SubscribeRequest(drain=pb.Drain()))
                told_drain = True
            now_us = LIVENESS.monotonic_us()
            if now_us - self._heard_us > SILENT_BEATS * self._beat_seconds * 1e6:
                raise error(Reason.HUB_UNREACHABLE)
            if now_us >= next_beat_us:
                await call.write(pb.SubscribeRequest(heartbeat=pb.Heartbeat(now_us=LIVENESS.now_us())))
                next_beat_us = now_us + int(self._beat_seconds * 1e6)
            await wait_for(self._wake, LIVENESS, max(0.0, (next_beat_us - now_us) / 1e6))

    def _outgoing(self) -> list[pb.SubscribeRequest]:
        frames = []
        if self._acks:
            frames.append(pb.SubscribeRequest(acks=pb.Acks(acks=self._acks)))
            self._acks = []
        frames += [pb.SubscribeRequest(nack=nack) for nack in self._nacks]
        self._nacks = []
        if self._credit_messages:
            credit = pb.Credit(messages=self._credit_messages, bytes=self._credit_bytes)
            frames.append(pb.SubscribeRequest(credit=credit))
            self._credit_messages = self._credit_bytes = 0
        return frames

    def _give_back(self, seq: int) -> None:
        size = self._sizes.pop(seq, None)
        if size is not None:
            self._credit_messages += 1
            self._credit_bytes += size
        self._wake.set()


async def _ended(call: Any) -> grpc.RpcError:
    """The error a stream ended with, as an exception."""
    return grpc.aio.AioRpcError(
        await call.code(), await call.initial_metadata(), await call.trailing_metadata(), details=await call.details()
    )
