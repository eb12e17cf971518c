"""The one line through which everything passes: decide → commit, batch by batch, under the log head.

 * One batch at a time. Urgent messages first; the routine ones of a batch end at 64 messages or 5 ms of deciding. No delay is
   added: a batch is what is waiting when the batch before has committed.
 * The batch is decided and written in one transaction; directory and tree in memory move on only when the commit is good.
 * Nothing leaves before its commit is good *and* the checkpoint is in the anchor file: receipts and deliveries are released
   then, in batch order. The next batch may be decided meanwhile.
 * A commit that failed refuses its messages as Unavailable; the sender offers them again under the same ids. It may stand all
   the same: before anything else is sequenced, the log's true end is read, and what stands is released.
 * What is wrong with this machine is never told of a message. A damaged store ends the hub, and senders keep what they sent.
 * While the wall clock has an unexplained step no deadline is recorded; messages go on under the last time accepted.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import structlog

from tocsin.clock import LIVENESS, Clock, ClockWatch, wait_for
from tocsin.core.directory import Directory
from tocsin.core.errors import BusError, LocalFault, Reason, Unavailable, error
from tocsin.core.message import Lane
from tocsin.wire.sequencing import Receipt
from tocsin_hub.domain.book import Admitted, Duplicate
from tocsin_hub.log.anchor import AnchorFile
from tocsin_hub.log.tree import Frontier
from tocsin_hub.service.batch import BatchMaker, Committed
from tocsin_hub.service.receipts import ReceiptReader
from tocsin_hub.store.base import HubStore, WriteTx

MAX_URGENT = 256
"""Urgent messages of one batch: more than gather while one commit runs."""

MAX_ROUTINE = 64
"""Routine messages of one batch: the knee of the group-commit curve, and a few milliseconds of deciding."""

URGENT_TURNS = 16
"""Urgent batches in a row before routine messages get a place in one: strict enough to be felt, too weak to starve anybody."""

MAX_WAITING = 8192
"""Messages waiting to be sequenced before more are turned away: about two seconds of work."""

_log = structlog.get_logger("sequencer")


@dataclass(slots=True)
class _Waiting:
    admitted: Admitted
    future: "asyncio.Future[Receipt]"


class Sequencer:
    """Sequences admitted messages.

    Args:
        on_released: Called in batch order with every committed batch once it may leave the process.
        reread: Reads frontier and directory from the store, anchors the newest checkpoint, and has mailboxes take up what they
            were not told of.
    """

    def __init__(
        self,
        *,
        store: HubStore,
        maker: BatchMaker,
        anchor: AnchorFile,
        clock: Clock,
        directory: Directory,
        frontier: Frontier,
        next_due_us: int | None,
        on_released: Callable[[Committed], None],
        reread: Callable[[], Awaitable[tuple[Frontier, Directory]]],
    ) -> None:
        self._store = store
        self._maker = maker
        self._anchor = anchor
        self._clock = clock
        self._on_released = on_released
        self._reread = reread
        self._in_doubt = False
        self._receipts = ReceiptReader(store)
        self._urgent: deque[_Waiting] = deque()
        self._routine: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._deadlines_changed = asyncio.Event()
        self._release: asyncio.Task[None] | None = None
        self._urgent_turns = 0
        self._gathering = 0
        self._closing = False
        self._running = False
        self._next_due_us = next_due_us
        self.directory = directory
        self.frontier = frontier
        self.clock_watch = ClockWatch(clock)

    def offer(self, admitted: Admitted) -> "asyncio.Future[Receipt]":
        """Queues a message; the future ends with its receipt, or with the error that refused it.

        Raises:
            Draining: DRAINING while the hub is stopping.
            StoreBusy: STORE_BUSY when too many are waiting.
        """
        if self._closing:
            raise error(Reason.DRAINING)
        if len(self._urgent) + len(self._routine) >= MAX_WAITING:
            raise error(Reason.STORE_BUSY, retry_after_ms=500)
        waiting = _Waiting(admitted, asyncio.get_running_loop().create_future())
        (self._urgent if admitted.message.header.lane is Lane.URGENT else self._routine).append(waiting)
        self._wake.set()
        return waiting.future

    @contextlib.contextmanager
    def gathering(self) -> Iterator[None]:
        """While a frame is admitted its routine messages gather into one batch: a commit for each slice would cost a third more."""
        self._gathering += 1
        try:
            yield
        finally:
            self._gathering -= 1
            self._wake.set()

    @property
    def quiet(self) -> bool:
        """Whether nothing waits, runs, is due or is about to be released."""
        released = self._release is None or self._release.done()
        return released and not (self._urgent or self._routine or self._running or self._deadlines_due())

    def wake(self) -> None:
        """Looks at the deadlines now: the clock was explained."""
        self._deadlines_changed.set()
        self._wake.set()

    def look_at(self, due_us: int) -> None:
        """A deadline was set from outside a batch."""
        if self._next_due_us is None or due_us < self._next_due_us:
            self._next_due_us = due_us
        self.wake()

    def drain(self) -> None:
        """Refuses new messages from now on; ``run`` returns once those waiting are released."""
        self._closing = True
        self._wake.set()

    async def run(self) -> None:
        """Sequences until ``drain``.

        Raises:
            LocalFault: CORRUPT or ROLLBACK: the store is damaged.
            Exception: Whatever was not foreseen ends the hub: its state would be in doubt.
        """
        watcher = asyncio.create_task(self._watch_deadlines())
        try:
            while True:
                self._running = bool(self._urgent or self._routine or self._deadlines_due())
                if self._running and not self._may_gather_more():
                    await self._one_batch()
                elif self._closing and not self._running:
                    break
                else:
                    await self._wake.wait()
                    self._wake.clear()
        finally:
            watcher.cancel()
        if self._release is not None:
            await self._release

    def _may_gather_more(self) -> bool:
        return self._gathering > 0 and not self._urgent and len(self._routine) < MAX_ROUTINE and not self._deadlines_due()

    def _deadlines_due(self) -> bool:
        due = self._next_due_us
        return due is not None and due <= self._clock.now_us() and not self._closing and self.clock_watch.step_us() == 0

    async def _watch_deadlines(self) -> None:
        while True:
            self._deadlines_changed.clear()
            due = self._next_due_us
            if due is not None and self.clock_watch.step_us() != 0:
                await LIVENESS.sleep(1.0)
                continue
            left = None if due is None else (due - self._clock.now_us()) / 1e6
            if left is not None and left <= 0:
                self._wake.set()
                left = None  # the batch that records it says what is due next
            await wait_for(self._deadlines_changed, self._clock, left)

    def _next_batch(self) -> list[_Waiting]:
        """Urgent messages by themselves: they do not wait for routine ones to be decided. Now and then routine has its turn."""
        if self._urgent and (not self._routine or self._urgent_turns < URGENT_TURNS):
            self._urgent_turns += 1
            return [self._urgent.popleft() for _ in range(min(len(self._urgent), MAX_URGENT))]
        self._urgent_turns = 0
        batch = [self._urgent.popleft() for _ in range(min(len(self._urgent), MAX_URGENT))]
        return batch + [self._routine.popleft() for _ in range(min(len(self._routine), MAX_ROUTINE))]

    async def _one_batch(self) -> None:
        batch = self._next_batch()
        offered = [w.admitted for w in batch]
        with_deadlines = self._deadlines_due()

        def job(tx: WriteTx) -> Committed:
            return self._maker.make(
                tx, offered, directory=self.directory, frontier=self.frontier, with_deadlines=with_deadlines
            )

        try:
            if self._in_doubt:
                await self._find_end()
            committed = await self._store.transact(job, urgent=True)
        except BusError as failure:
            _log.error("batch not committed", action="commit_failed", reason=failure.reason, messages=len(batch))
            self._in_doubt = True
            for waiting in batch:
                _fail(waiting.future, failure)
            if not isinstance(failure, Unavailable):
                raise
            await LIVENESS.sleep(0.05)  # a full disk is not helped by trying at once again
            return
        self.directory, self.frontier = committed.directory, committed.frontier
        if committed.next_due_us != self._next_due_us or with_deadlines:
            self._next_due_us = committed.next_due_us
            self._deadlines_changed.set()
        decided = batch[: len(committed.outcomes)]
        self._routine.extendleft(reversed(batch[len(committed.outcomes) :]))
        self._release = asyncio.create_task(self._let_go(committed, decided, self._release))

    async def _find_end(self) -> None:
        """Compares what we believe with the log's end in the store: a commit that failed at its very end may stand."""
        if self._release is not None:
            await self._release
        newest = await self._store.newest_batch()
        if newest is not None and newest.tree_size != self.frontier.size:
            _log.warning("a commit stands that seemed to fail", action="commit_stands", log_size=newest.tree_size)
            self.frontier, self.directory = await self._reread()
            self._next_due_us = await self._store.next_due_us()
            self._deadlines_changed.set()
        self._in_doubt = False

    async def _let_go(self, committed: Committed, batch: list[_Waiting], before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await before
        await self._anchored(committed.checkpoint)
        for waiting, outcome in zip(batch, committed.outcomes, strict=True):
            if isinstance(outcome, Receipt):
                if not waiting.future.done():
                    waiting.future.set_result(outcome)
            elif isinstance(outcome, Duplicate):
                await self._again(waiting.future, outcome)
            else:
                _fail(waiting.future, outcome)
        self._on_released(committed)

    async def _anchored(self, checkpoint: bytes) -> None:
        """Returns once the checkpoint is in the anchor file: the commit stands, so a full disk only delays its release."""
        while checkpoint:
            try:
                await asyncio.to_thread(self._anchor.write, checkpoint)
            except BusError as failure:
                _log.error("checkpoint not anchored", action="anchor_failed", reason=failure.reason)
                await LIVENESS.sleep(0.5)
            else:
                return

    async def _again(self, future: "asyncio.Future[Receipt]", duplicate: Duplicate) -> None:
        try:
            receipt = await self._receipts.receipt(duplicate.log_index)
        except BusError as failure:
            _fail(future, failure)
            return
        if not future.done():
            future.set_result(receipt)


def _fail(future: "asyncio.Future[Receipt]", failure: BusError) -> None:
    if isinstance(failure, LocalFault):
        failure = error(Reason.STORE_BUSY)
    if not future.done():
        future.set_exception(failure)
