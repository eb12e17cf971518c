"""One session of a subscriber: its frames in, deliveries out.

* The first frame is ``hello``; anything else ends the stream. A newer checkpoint than ours, signed by our own log key, proves that
  this hub lost part of its log: it stops serving.
* One task reads, one writes; the hub ends the stream itself, with a word, whenever it can.
* While frames or heartbeats come in, the leases of the session hold. Silence for three beats ends it.
"""

import asyncio
from typing import Any

import grpc
import structlog

from tocsin.clock import LIVENESS, wait_for
from tocsin.core.errors import Reason, error
from tocsin.core.message import Lane
from tocsin.v1 import bus_service_pb2 as pb
from tocsin.wire.enums import why_to_proto
from tocsin.wire.sequencing import sequencing_to_proto
from tocsin_hub.domain.attempts import Attempt
from tocsin_hub.domain.rows import MailboxKey
from tocsin_hub.metrics import SESSIONS
from tocsin_hub.rpc.membership import Membership
from tocsin_hub.service.deliver import MAIN, Body, Seat

SILENT_BEATS = 3
"""Heartbeats that may be missed before a session is taken for dead."""

WRITE_SECONDS = 30.0
"""How long one frame may wait for a subscriber that does not read; its leases are freed then."""

MAX_SUBSCRIPTION = 64

_log = structlog.get_logger("session")


class Session:
    """Runs one stream."""

    def __init__(self, context: Any, *, party: str, membership: Membership) -> None:
        self._context = context
        self._party = party
        self._membership = membership
        self._heard_us = LIVENESS.monotonic_us()
        self._draining = False

    async def run(self) -> None:
        """Serves the stream to its end.

        Raises:
            Malformed: FIELD_MISSING or FIELD_INVALID when the stream does not begin as it must.
            WrongState: HUB_BEHIND.
            Draining: DRAINING.
        """
        hello = await self._hello()
        mailbox = MailboxKey(self._party, hello.lane)
        seat, welcome = await self._membership.enter(mailbox, hello)
        lane = SESSIONS.labels(Lane(hello.lane).name.lower())
        lane.inc()
        reader = asyncio.create_task(self._read(seat))
        try:
            await self._write(pb.SubscribeResponse(welcome=welcome))
            await self._serve(seat, reader)
        finally:
            lane.dec()
            reader.cancel()
            seat.leave()

    async def _hello(self) -> pb.Hello:
        frame = await self._context.read()
        if frame is grpc.aio.EOF or frame.WhichOneof("frame") != "hello":
            raise error(Reason.FIELD_MISSING, field="hello", rule="the first frame of a session")
        hello: pb.Hello = frame.hello
        if hello.lane not in (Lane.URGENT.value, Lane.ROUTINE.value):
            raise error(Reason.FIELD_INVALID, field="lane", rule="urgent or routine")
        hello.subscription = hello.subscription or MAIN
        if len(hello.subscription) > MAX_SUBSCRIPTION or not hello.subscription.isidentifier():
            raise error(Reason.FIELD_INVALID, field="subscription", rule="letters, digits and _, at most 64")
        return hello

    async def _serve(self, seat: Seat, reader: "asyncio.Task[None]") -> None:
        beat = self._membership.heartbeat_seconds
        next_beat_us = LIVENESS.monotonic_us()
        while not reader.done():
            seat.wake.clear()
            self._membership.check(self._party)
            stop = self._membership.going_away()
            if stop is not None:
                await self._write(pb.SubscribeResponse(go_away=stop))
                return
            await self._confirm(seat)
            attempts = [] if self._draining else await seat.next_frame()
            if attempts:
                await self._write(pb.SubscribeResponse(deliveries=_frame(attempts)))
                continue
            if self._draining and not seat.in_flight:
                return
            now_us = LIVENESS.monotonic_us()
            if now_us - self._heard_us > SILENT_BEATS * beat * 1e6:
                _log.info("session silent", action="session_silent", party=self._party)
                return
            if now_us >= next_beat_us:
                await self._write(pb.SubscribeResponse(heartbeat=self._membership.heartbeat()))
                next_beat_us = now_us + int(beat * 1e6)
            await wait_for(seat.wake, LIVENESS, max(0.0, (next_beat_us - now_us) / 1e6))
        reader.result()

    async def _confirm(self, seat: Seat) -> None:
        if seat.confirmed or seat.fenced:
            confirmed, seat.confirmed = seat.confirmed, []
            fenced, seat.fenced = seat.fenced, []
            await self._write(pb.SubscribeResponse(acks_confirmed=pb.AcksConfirmed(seqs=confirmed, fenced_seqs=fenced)))

    async def _write(self, frame: pb.SubscribeResponse) -> None:
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._context.write(frame)
        except TimeoutError as slow:
            raise error(Reason.QUOTA_EXCEEDED, limit="unread deliveries", retry_after_ms=1_000) from slow

    async def _read(self, seat: Seat) -> None:
        """Takes frames until the subscriber half-closes; then the session ends."""
        try:
            while (frame := await self._context.read()) is not grpc.aio.EOF:
                self._heard_us = LIVENESS.monotonic_us()
                match frame.WhichOneof("frame"):
                    case "credit":
                        seat.credit(frame.credit.messages, frame.credit.bytes)
                    case "acks":
                        seat.acks((ack.seq, ack.attempt_token) for ack in frame.acks.acks)
                    case "nack":
                        nack = frame.nack
                        seat.nack(
                            nack.seq, nack.attempt_token, delay_ms=nack.delay_ms, reason=nack.reason[:500],
                            permanent=nack.permanent,
                        )  # fmt: skip
                    case "lease_extension":
                        more = frame.lease_extension
                        seat.extend(more.seq, more.attempt_token)
                    case "drain":
                        self._draining = True
                        seat.wake.set()
                    case "heartbeat":
                        pass
                    case _:
                        raise error(Reason.FIELD_INVALID, field="frame", rule="credit, acks, nack, heartbeat or drain")
        finally:
            seat.wake.set()


def _frame(attempts: "list[Attempt[Body]]") -> pb.Deliveries:
    return pb.Deliveries(
        deliveries=[
            pb.Delivery(
                seq=one.seq, attempt_token=one.token, attempt=one.number, repeat=one.repeat,
                repeat_reason=one.repeat_reason, why=why_to_proto(one.entry.why), envelope=one.body.envelope,
                sequencing=sequencing_to_proto(one.body.sequencing),
            )
            for one in attempts
        ]
    )  # fmt: skip
