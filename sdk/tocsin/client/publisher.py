"""From the outbox to the hub: frames in order, one lane each, until every message has its answer.

 * Nothing is sent that is not on the disk, and the same bytes are sent until the hub has answered them.
 * A receipt is believed only when it proves the message in a log signed by the bus's key; a false one stops the sender, loudly.
 * A frame the transport refuses is halved; a single message it refuses is parked with the reason.
 * Messages the hub may take later (quota, full mailbox, full disk) stay queued, and are offered again when it says.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from tocsin.client.channel import HubConnection
from tocsin.client.identity import Identity
from tocsin.client.rows import OutboxRow, OutboxState, Settled
from tocsin.client.store import ClientStore
from tocsin.clock import Clock, wait_for
from tocsin.core.errors import BusError, Malformed, Reason, Unavailable, error
from tocsin.core.message import Lane
from tocsin.crypto.ed25519 import verify
from tocsin.v1 import bus_service_pb2 as pb
from tocsin.wire.codec import outline
from tocsin.wire.errors import from_refusal
from tocsin.wire.sequencing import encode_receipt, receipt_from_proto, verify_receipt

FRAME_MESSAGES = 64
"""Messages of one frame: what the hub commits in one batch."""

FRAME_BYTES = 1024 * 1024
"""Bytes of one frame: an eighth of the limit, so that one frame never holds up the connection."""

AGAIN_SECONDS = 0.5
"""How soon messages are offered again when the hub does not say."""

_log = logging.getLogger("tocsin.publisher")


class LanePublisher:
    """Sends one lane of the outbox.

    Args:
        on_settled: Told of every final answer, for those who wait for it.
    """

    def __init__(
        self,
        lane: Lane,
        *,
        store: ClientStore,
        identity: Identity,
        clock: Clock,
        on_settled: Callable[[Settled], None],
    ) -> None:
        self._lane = lane
        self._store = store
        self._identity = identity
        self._clock = clock
        self._on_settled = on_settled
        self._wake = asyncio.Event()
        self._proved: bytes = b""
        self.busy = False

    def wake(self) -> None:
        """Looks at the outbox now."""
        self._wake.set()

    async def run(self, connection: HubConnection) -> None:
        """Sends until cancelled or the connection fails.

        Raises:
            BusError: The connection or the hub as a whole fails; messages stay queued.
        """
        after, frame = 0, FRAME_MESSAGES
        while True:
            self._wake.clear()
            self.busy = True
            rows = await self._store.next_to_send(self._lane, after=after, limit=frame, max_bytes=FRAME_BYTES)
            if not rows:
                self.busy = False
                if after == 0:
                    await self._wake.wait()
                else:
                    await wait_for(self._wake, self._clock, AGAIN_SECONDS)
                    after = 0
                continue
            try:
                answer = await connection.publish([row.envelope for row in rows])
            except Malformed as failure:
                if len(rows) > 1:
                    frame = max(1, len(rows) // 2)
                    continue
                await self._settle([_parked(rows[0], failure, self._clock.now_us())])
                frame = FRAME_MESSAGES
                continue
            frame = FRAME_MESSAGES
            after = rows[-1].ordinal
            retry_ms = await self._take(rows, answer.results)
            if retry_ms is None:
                after = 0
            else:
                await wait_for(self._wake, self._clock, retry_ms / 1000)

    async def _take(self, rows: Sequence[OutboxRow], results: Sequence[pb.PublishResult]) -> int | None:
        """Settles what is final; returns how long to wait before the rest, or None when nothing is left over."""
        if len(results) != len(rows):
            raise error(Reason.MALFORMED, hint="as many answers as messages were offered")
        now_us = self._clock.now_us()
        settled: list[Settled] = []
        waits: list[int] = []
        for row, result in zip(rows, results, strict=True):
            if result.WhichOneof("result") == "receipt":
                settled.append(self._accepted(row, result, now_us))
                continue
            refusal = from_refusal(result.refusal)
            if isinstance(refusal, Unavailable):
                waits.append(refusal.retry_after_ms or int(AGAIN_SECONDS * 1000))
            else:
                state = OutboxState.REFUSED
                settled.append(
                    Settled(
                        message_id=row.message_id, state=state, reason=refusal.reason, facts=refusal.facts, now_us=now_us
                    )
                )
        await self._settle(settled)
        return min(waits) if waits else None

    async def _settle(self, settled: Sequence[Settled]) -> None:
        if settled:
            await self._store.settle(settled, urgent=self._lane is Lane.URGENT)
            for one in settled:
                self._on_settled(one)

    def _accepted(self, row: OutboxRow, result: pb.PublishResult, now_us: int) -> Settled:
        receipt = receipt_from_proto(result.receipt)
        message_hash, signature = outline(row.envelope)
        # The batch's messages share one checkpoint; its signature is checked once.
        verify_receipt(
            receipt,
            message_hash=message_hash,
            signature=signature,
            origin=self._identity.log_origin,
            log_key=self._identity.log_key,
            verify=self._verify_once,
        )
        return Settled(
            message_id=row.message_id, state=OutboxState.ACCEPTED, receipt=encode_receipt(receipt), now_us=now_us
        )

    def _verify_once(self, public_key: bytes, data: bytes, signature: bytes) -> None:
        checked = public_key + signature + data
        if checked != self._proved:
            verify(public_key, data, signature)
            self._proved = checked


def _parked(row: OutboxRow, failure: BusError, now_us: int) -> Settled:
    return Settled(
        message_id=row.message_id, state=OutboxState.PARKED, reason=failure.reason, facts=failure.facts, now_us=now_us
    )
