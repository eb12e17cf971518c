"""BusService: publishing frames, and sessions on a mailbox lane.

* Every envelope of a frame is admitted, decided and answered by itself; answers come in the order offered.
* Admission of a frame gives way to other work every millisecond: an urgent order does not wait for a frame of 8 MiB.
"""

import asyncio
from typing import Any

from tocsin.clock import LIVENESS
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.message import MAX_FRAME_BYTES
from tocsin.v1 import bus_service_pb2 as pb
from tocsin.v1 import bus_service_pb2_grpc
from tocsin.wire.errors import to_refusal
from tocsin.wire.sequencing import Receipt, receipt_to_proto
from tocsin_hub.metrics import REFUSALS
from tocsin_hub.rpc.guard import PARTY
from tocsin_hub.rpc.membership import Membership
from tocsin_hub.rpc.session import Session
from tocsin_hub.service.publish import Publisher

ADMIT_SLICE_US = 1_000
"""How long a frame's envelopes are admitted before other tasks get a turn: eight small orders, or one of a thousand domains."""


class BusServicer(bus_service_pb2_grpc.BusServiceServicer):
    """Thin: frames in, answers out."""

    def __init__(self, publisher: Publisher, membership: Membership) -> None:
        self._publisher = publisher
        self._membership = membership

    async def Publish(self, request: pb.PublishRequest, context: Any) -> pb.PublishResponse:
        """See bus_service.proto."""
        if request.ByteSize() > MAX_FRAME_BYTES:
            raise error(Reason.FRAME_TOO_LARGE, value=request.ByteSize(), limit=MAX_FRAME_BYTES)
        if self._publisher.stopped is not None:
            # Said of the call, not of its envelopes: they are not at fault, and their senders keep them.
            raise self._publisher.stopped
        caller = PARTY.get()
        answers: list[asyncio.Future[Receipt] | BusError] = []
        with self._publisher.gathering():
            began_us = LIVENESS.monotonic_us()
            for envelope in request.envelopes:
                if LIVENESS.monotonic_us() - began_us > ADMIT_SLICE_US:
                    await LIVENESS.sleep(0)
                    began_us = LIVENESS.monotonic_us()
                try:
                    answers.append(self._publisher.offer(envelope, caller=caller))
                except BusError as refusal:
                    answers.append(refusal)
        return pb.PublishResponse(results=[await _result(answer) for answer in answers])

    async def Subscribe(self, request_iterator: Any, context: Any) -> None:
        """See bus_service.proto."""
        await Session(context, party=PARTY.get(), membership=self._membership).run()


async def _result(answer: "asyncio.Future[Receipt] | BusError") -> pb.PublishResult:
    try:
        if isinstance(answer, BusError):
            raise answer
        return pb.PublishResult(receipt=receipt_to_proto(await answer))
    except BusError as refusal:
        REFUSALS.labels(refusal.reason.value).inc()
        return pb.PublishResult(refusal=to_refusal(refusal))
