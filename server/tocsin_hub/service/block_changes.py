"""What a carrier's copy of its blocks has to take up: its orders after a log index, in log order.

 * Shown to who may be addressed by a block, and only what is addressed to it; anybody else is refused before anything is read.
 * A block that has ended, was declined or is let go of is left out with its withdrawals; its release is sent to who may have the
   block from before, and left out of a snapshot.
 * Memory is bounded: a page of orders without their bodies, then bodies sixteen at a time, and the next once those are taken.
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from tocsin.core.directory import Directory
from tocsin.core.errors import Reason, error
from tocsin.core.measure import ENDED, Event, MeasureOrder, MeasureState
from tocsin.core.message import KINDS
from tocsin.core.orders.block_domains import BlockDomains
from tocsin_hub.domain.rows import OrderRow, ThreadRow
from tocsin_hub.service.look_up import Logged, LookUp
from tocsin_hub.store.base import StoreReader

PAGE = 1_000
"""Orders looked at in one read: an indexed walk of some milliseconds, whatever of it is sent."""

FRAME_MESSAGES = 16
"""Messages of one frame: 4 MiB of the largest envelopes, half of what a frame may hold."""

MAX_STREAMS = 4
"""Streams of one party at a time: a few resolvers, and not a way to fill the hub's memory."""

GONE = ENDED | {MeasureState.RELEASING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Changes, and the log index up to which everything has been sent."""

    messages: list[Logged]
    through_index: int


class BlockChanges:
    """Answers carriers."""

    def __init__(self, *, store: StoreReader, look_up: LookUp, directory: Callable[[], Directory]) -> None:
        self._store = store
        self._look_up = look_up
        self._directory = directory
        self._open: dict[str, int] = {}

    async def after(self, after_index: int, *, caller: str) -> AsyncGenerator[Frame, None]:
        """Frames of what changed for ``caller`` after a log index; the last, perhaps empty, ends where the log ended.

        Raises:
            NotPermitted: POLICY_DENIED when no block can be addressed to the caller.
            Malformed: FIELD_INVALID for an index that is none.
            QuotaExceeded: QUOTA_EXCEEDED while ``MAX_STREAMS`` of the caller's run.
        """
        directory = self._directory()
        row = directory.policy.kinds.get(BlockDomains.KIND.name) if directory.policy is not None else None
        if row is None or directory.party(caller).role not in row.recipients:
            raise error(Reason.POLICY_DENIED, row=BlockDomains.KIND.name, rule="recipient")
        if after_index >= 2**62:
            raise error(Reason.FIELD_INVALID, field="after_index", rule="a log index")
        if self._open.get(caller, 0) >= MAX_STREAMS:
            raise error(Reason.QUOTA_EXCEEDED, limit=f"{MAX_STREAMS} streams", retry_after_ms=1_000)
        self._open[caller] = self._open.get(caller, 0) + 1
        try:
            async for frame in self._frames(after_index, caller):
                yield frame
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]

    async def _frames(self, after_index: int, caller: str) -> AsyncGenerator[Frame, None]:
        through = await self._look_up.size() - 1
        snapshot, at = after_index == 0, after_index
        waiting: list[int] = []
        while at < through:
            found = await self._store.orders_to(caller, after_index=at, limit=PAGE)
            at = found[-1][0].log_index if len(found) == PAGE else through
            waiting += [
                order.log_index for order, thread in found
                if order.log_index <= through and _matters(order, thread, snapshot=snapshot)
            ]  # fmt: skip
            while len(waiting) >= FRAME_MESSAGES:
                indexes, waiting = waiting[:FRAME_MESSAGES], waiting[FRAME_MESSAGES:]
                yield Frame(messages=await self._look_up.at(indexes), through_index=indexes[-1])
        yield Frame(messages=await self._look_up.at(waiting), through_index=max(through, 0))


def _matters(order: OrderRow, thread: ThreadRow, *, snapshot: bool) -> bool:
    if thread.kind != BlockDomains.KIND.name:
        return False
    kind = KINDS[order.kind].cls
    if issubclass(kind, MeasureOrder) and kind.EVENT is Event.RELEASE_ORDERED:
        return not snapshot
    return MeasureState(thread.state) not in GONE
