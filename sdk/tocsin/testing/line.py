"""Faults of the line between one participant and the hub.

 * A message that is dropped takes its connection with it, for TCP loses nothing else: the participant dials again and resumes.
 * A duplicate is what a repeated attempt looks like to who receives it: the same bytes, twice.
 * A delay is real time, as the line is real; domain time stands still meanwhile.
 * Faults strike in the order they were asked for, each once; ``down`` holds until it is set back.

Example:
    line = Line()
    police = hub.participant("police.420100", line=line)
    line.drop(Carried.RECEIPT)          # the hub has committed; its answer is lost
"""

from collections import deque
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, cast

import grpc

from tocsin.client.channel import HubConnection
from tocsin.client.identity import Identity
from tocsin.clock import LIVENESS
from tocsin.core.errors import Reason, error
from tocsin.v1 import bus_service_pb2 as pb
from tocsin.v1.bus_service_pb2_grpc import BusServiceStub


class Carried(StrEnum):
    """What a line carries."""

    PUBLISH = "publish"
    RECEIPT = "receipt"
    DELIVERY = "delivery"
    ACK = "ack"


class _Fault(StrEnum):
    DROP = "drop"
    DUPLICATE = "duplicate"
    DELAY = "delay"


class Line:
    """The line of one participant; give it to ``LocalHub.participant``.

    Attributes:
        down: While set nothing gets through: calls fail and streams break at their next message.
    """

    def __init__(self) -> None:
        self.down = False
        self._faults: dict[Carried, deque[tuple[_Fault, float]]] = {what: deque() for what in Carried}

    def drop(self, what: Carried, times: int = 1) -> None:
        """Loses the next messages of a sort, and the connection with each."""
        self._faults[what].extend([(_Fault.DROP, 0.0)] * times)

    def duplicate(self, what: Carried, times: int = 1) -> None:
        """Carries the next messages of a sort twice. A receipt is had twice by publishing twice."""
        self._faults[what].extend([(_Fault.DUPLICATE, 0.0)] * times)

    def delay(self, what: Carried, seconds: float, times: int = 1) -> None:
        """Holds up the next messages of a sort for ``seconds`` of real time."""
        self._faults[what].extend([(_Fault.DELAY, seconds)] * times)

    @property
    def spent(self) -> bool:
        """Whether every fault asked for has struck."""
        return not any(self._faults.values())

    def connect(self, identity: Identity) -> HubConnection:
        """A connection over this line.

        Raises:
            Unavailable: HUB_UNREACHABLE while it is down.
        """
        self.check()
        return _Connection(identity, self)

    def check(self) -> None:
        """Whether anything gets through.

        Raises:
            Unavailable: HUB_UNREACHABLE while the line is down.
        """
        if self.down:
            raise error(Reason.HUB_UNREACHABLE)

    async def carry(self, what: Carried) -> int:
        """How often the message at hand gets through, once it has been delayed.

        Raises:
            Unavailable: HUB_UNREACHABLE when it is lost.
        """
        fault, seconds = self._faults[what].popleft() if self._faults[what] else (None, 0.0)
        if fault is _Fault.DELAY:
            await LIVENESS.sleep(seconds)
        self.check()
        if fault is _Fault.DROP:
            raise error(Reason.HUB_UNREACHABLE)
        return 2 if fault is _Fault.DUPLICATE else 1


class _Connection(HubConnection):
    def __init__(self, identity: Identity, line: Line) -> None:
        super().__init__(identity)
        self._line = line
        self.bus = cast(BusServiceStub, _Bus(self.bus, line))

    async def publish(self, envelopes: Sequence[bytes]) -> pb.PublishResponse:
        for _ in range(await self._line.carry(Carried.PUBLISH)):
            answer = await super().publish(envelopes)
        for _ in range(await self._line.carry(Carried.RECEIPT) - 1):
            answer = await super().publish(envelopes)
        return answer


class _Bus:
    """The stub of the bus with streams that pass the line."""

    def __init__(self, stub: Any, line: Line) -> None:
        self._stub = stub
        self._line = line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stub, name)

    def Subscribe(self) -> "_Stream":
        return _Stream(self._stub.Subscribe(), self._line)


class _Stream:
    """One stream whose deliveries and acks pass the line."""

    def __init__(self, call: Any, line: Line) -> None:
        self._call = call
        self._line = line
        self._again: deque[Any] = deque()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    async def read(self) -> Any:
        if self._again:
            return self._again.popleft()
        frame = await self._call.read()
        self._line.check()
        if frame is not grpc.aio.EOF and frame.WhichOneof("frame") == "deliveries":
            self._again.extend([frame] * (await self._line.carry(Carried.DELIVERY) - 1))
        return frame

    async def write(self, frame: pb.SubscribeRequest) -> None:
        self._line.check()
        times = await self._line.carry(Carried.ACK) if frame.WhichOneof("frame") == "acks" else 1
        for _ in range(times):
            await self._call.write(frame)
