"""Replaying the log: everything the hub concluded, concluded again from the signed messages alone, and compared.

 * Each batch goes through the very code that made it (``service.batch``), with the recorded time, salts and checkpoint instead of
   the clock, chance and key. Deadlines are messages of the log, so no clock is needed.
 * Compared: every root with its signed checkpoint, and threads, orders, term counts, timers, watchlists, notices, directory,
   mailboxes and tree nodes row by row. Delivery state is operational and not replayed.
 * It changes nothing; the rebuilt database is thrown away.
"""

import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tocsin.clock import LIVENESS
from tocsin.core.checkpoint import log_origin, verify_note
from tocsin.core.directory import Directory
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.message import Message
from tocsin.crypto.ed25519 import Ed25519Signer, verify
from tocsin.wire.codec import open_envelope
from tocsin.wire.sequencing import Receipt
from tocsin_hub.app import open_store
from tocsin_hub.bodies import BodyCipher, SubjectTokens
from tocsin_hub.config import HubPaths, load_config
from tocsin_hub.domain.book import Accepted, Admitted
from tocsin_hub.domain.rows import MessageRow
from tocsin_hub.init_dir import HubKeys, load_hub_keys
from tocsin_hub.log.tree import Frontier
from tocsin_hub.service.admit import Admission
from tocsin_hub.service.batch import BatchMaker, Committed
from tocsin_hub.store.base import HubStore, WriteTx

PAGE = 512
"""Messages read at a time; a batch is never larger."""

TABLES = (
    "threads", "orders", "subjects", "timers", "watch-lists", "watch-entries", "watch-uses", "notices", "directory",
    "entries", "nodes", "batches",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What a replay came to.

    Attributes:
        differences: What does not agree, in words; empty when all does.
    """

    messages: int
    root: bytes
    differences: list[str] = field(default_factory=list)


class _Recorded:
    """Clock, chance, signing key and quotas of the time, played back."""

    def __init__(self) -> None:
        self.accepted_us = 0
        self.salts: deque[bytes] = deque()
        self.checkpoint = b""
        self.root = b""

    def now_us(self) -> int:
        return self.accepted_us

    def monotonic_us(self) -> int:
        return 0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a replay does not wait")

    def random(self, size: int) -> bytes:
        return self.salts.popleft()

    def sign(self, size: int, root: bytes) -> bytes:
        self.root = root
        return self.checkpoint

    def check(self, message: Message, accepted: Accepted, *, at_us: int) -> None:
        """Quotas were the moment's; what was accepted is accepted."""

    def sign_record(self, message: Message) -> Admitted:
        raise AssertionError("a replay records nothing of its own")


async def replay_and_compare(paths: HubPaths, passphrase: str, progress: Callable[[int, int], None]) -> Replayed:
    """Replays the log of the stopped hub in ``paths``.

    Raises:
        LocalFault: IDENTITY_INVALID, PASSPHRASE_WRONG, ALREADY_RUNNING, CORRUPT.
    """
    config = load_config(paths.root)
    keys = load_hub_keys(paths, passphrase)
    store = await open_store(paths, LIVENESS)
    try:
        with tempfile.TemporaryDirectory(prefix="tocsin-replay-") as scratch:
            fresh = await open_store(HubPaths(Path(scratch)), LIVENESS)
            try:
                replayed = await _Replay(config.bus, config.epoch, keys, store, fresh).run(progress)
                for table in TABLES:
                    if await store.dump(table) != await fresh.dump(table):
                        replayed.differences.append(f"the stored {table} are not what the log says")
                return replayed
            finally:
                await fresh.aclose()
    finally:
        await store.aclose()


class _Replay:
    def __init__(self, bus: str, epoch: int, keys: HubKeys, store: HubStore, fresh: HubStore) -> None:
        self._store = store
        self._fresh = fresh
        self._bodies = BodyCipher(keys.body_key)
        self._recorded = _Recorded()
        self._directory = Directory()
        self._frontier = Frontier()
        self._origin = log_origin(bus, epoch)
        self._log_key = Ed25519Signer(keys.log_seed).public_key
        self._admission = Admission(
            bus=bus, directory=lambda: self._directory, tokens=SubjectTokens(keys.subject_key)
        )
        self._maker = BatchMaker(
            bus=bus, clock=self._recorded, signer=self._recorded, bodies=self._bodies, gate=self._recorded, generation=0,
            record_key="", sign_record=self._recorded.sign_record, random=self._recorded.random,
        )  # fmt: skip
        self._differences: list[str] = []

    async def run(self, progress: Callable[[int, int], None]) -> Replayed:
        newest = await self._store.newest_batch()
        size = newest.tree_size if newest is not None else 0
        done = 0
        while done < size:
            rows = await self._store.message_range(done, PAGE)
            end = rows[0].batch_size if rows else 0
            batch = [row for row in rows if row.batch_size == end]
            if not batch or batch[-1].log_index != end - 1 or batch[0].log_index != done:
                raise error(Reason.CORRUPT, hint=f"the log has a hole at {done}")
            await self._one(batch)
            done = end
            progress(done, size)
        return Replayed(messages=size, root=self._frontier.root, differences=self._differences)

    async def _one(self, rows: list[MessageRow]) -> None:
        stored = await self._store.batch(rows[0].batch_size)
        if stored is None:
            raise error(Reason.CORRUPT, hint=f"the checkpoint at {rows[0].batch_size} is missing")
        recorded = self._recorded
        recorded.accepted_us, recorded.checkpoint = rows[0].accepted_us, stored.checkpoint
        recorded.salts = deque(row.salt for row in rows)
        admitted = []
        for row in rows:
            try:
                admitted.append(self._admit(row))
            except BusError as failure:
                self._differ(row.log_index, failure)
        if len(admitted) < len(rows):
            raise error(Reason.CORRUPT, hint=f"message {rows[0].log_index} or one after it cannot be admitted again")

        def job(tx: WriteTx) -> Committed:
            return self._maker.make(
                tx, admitted, directory=self._directory, frontier=self._frontier, with_deadlines=False
            )

        committed = await self._fresh.transact(job)
        for row, outcome in zip(rows, committed.outcomes, strict=True):
            if not isinstance(outcome, Receipt):
                self._differ(row.log_index, outcome)
        self._directory, self._frontier = committed.directory, committed.frontier
        signed = verify_note(stored.checkpoint, origin=self._origin, public_key=self._log_key, verify=verify)
        if signed.root != recorded.root or signed.size != rows[-1].log_index + 1:
            self._differences.append(f"the checkpoint at {signed.size} signs another tree than the messages make")

    def _admit(self, row: MessageRow) -> Admitted:
        envelope = self._bodies.open(row.message_id, row.body)
        return self._admission.admit(envelope, caller=open_envelope(envelope).message.header.sender, guarded=False)

    def _differ(self, log_index: int, what: object) -> None:
        reason = what.reason if isinstance(what, BusError) else "a duplicate"
        self._differences.append(f"message {log_index} would not be accepted again: {reason}")
