"""A subscriber whose every frame is the test's own: credit, acks, nacks and silence by hand."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import grpc

from tests.e2e.kit import WAIT, Hand
from tocsin.core.message import Lane
from tocsin.testing import LocalHub
from tocsin.v1 import bus_service_pb2 as pb
from tocsin.wire.enums import lane_to_proto
from tocsin.wire.errors import from_rpc_error


@dataclass
class Stream:
    """A session spoken frame by frame."""

    call: Any
    welcome: pb.Welcome = field(default_factory=pb.Welcome)

    @classmethod
    async def open(cls, hand: Hand, lane: Lane = Lane.URGENT, **hello: Any) -> "Stream":
        stream = cls(hand.connection.bus.Subscribe())
        frame = pb.Hello(lane=lane_to_proto(lane), subscription="main", **hello)
        await stream.call.write(pb.SubscribeRequest(hello=frame))
        first = await stream.read()
        stream.welcome = first.welcome
        return stream

    async def read(self) -> Any:
        try:
            async with asyncio.timeout(WAIT):
                frame = await self.call.read()
            if frame is grpc.aio.EOF:
                raise from_rpc_error(
                    grpc.aio.AioRpcError(
                        await self.call.code(), await self.call.initial_metadata(), await self.call.trailing_metadata(),
                        details=await self.call.details(),
                    )
                )  # fmt: skip
        except grpc.RpcError as failure:
            raise from_rpc_error(failure) from failure
        return frame

    async def credit(self, messages: int = 100, size: int = 4_000_000) -> None:
        await self.call.write(pb.SubscribeRequest(credit=pb.Credit(messages=messages, bytes=size)))

    async def deliveries(self, count: int) -> list[pb.Delivery]:
        found: list[pb.Delivery] = []
        while len(found) < count:
            frame = await self.read()
            found += frame.deliveries.deliveries
        return found

    async def ack(self, *deliveries: pb.Delivery) -> None:
        acks = [pb.Ack(seq=one.seq, attempt_token=one.attempt_token) for one in deliveries]
        await self.call.write(pb.SubscribeRequest(acks=pb.Acks(acks=acks)))

    async def nack(self, one: pb.Delivery, **more: Any) -> None:
        await self.call.write(pb.SubscribeRequest(nack=pb.Nack(seq=one.seq, attempt_token=one.attempt_token, **more)))

    async def confirmed(self) -> pb.AcksConfirmed:
        while True:
            frame = await self.read()
            if frame.WhichOneof("frame") == "acks_confirmed":
                return frame.acks_confirmed

    async def silent(self) -> bool:
        """Whether the hub sends nothing of its own accord that is no heartbeat, as far as a roundtrip of ours tells."""
        await self.ack(pb.Delivery(seq=10_000_000, attempt_token=b"nonsense"))
        while True:
            frame = await self.read()
            if frame.WhichOneof("frame") == "deliveries":
                return False
            if frame.WhichOneof("frame") == "acks_confirmed":
                return True

    def vanish(self) -> None:
        self.call.cancel()


async def set_aside(hub: LocalHub, party: str) -> list[Any]:
    """The dead letters of ``party``, once there is one: the hub writes them beside what it tells others."""
    async with asyncio.timeout(WAIT):
        while not (found := await hub.serving.hub.operations.dead_letters(party)):
            await asyncio.sleep(0.01)
    return found
