"""The composition root: the only place that names a concrete store and joins the parts of a hub.

Start, in this order: open the store; compare log and anchor; rebuild the directory from its signed entries; take the next
generation; sequence the first messages of a new bus. Stop: refuse new messages, wait for what is in flight, save acks, close.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from tocsin.clock import Clock, SystemClock
from tocsin.core.checkpoint import log_origin
from tocsin.core.directory import HUB, Directory
from tocsin.core.errors import BusError
from tocsin.core.message import Message
from tocsin.core.orders.deadline_passed import Deadline
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.signers import key_id
from tocsin.sqlitethread import Faults
from tocsin.wire.codec import open_envelope, seal_envelope
from tocsin_hub.bodies import BodyCipher, SubjectTokens
from tocsin_hub.config import HubConfig, HubPaths
from tocsin_hub.domain.book import Admitted
from tocsin_hub.domain.rows import Changes, EntryRow, Needs, TimerKey, TimerRow
from tocsin_hub.init_dir import HubKeys
from tocsin_hub.log.anchor import AnchorFile
from tocsin_hub.log.signer import CheckpointSigner
from tocsin_hub.log.tree import Frontier
from tocsin_hub.metrics import ALARMS, BATCH_MESSAGES, LOG_SIZE, MESSAGES
from tocsin_hub.service.admit import Admission
from tocsin_hub.service.batch import BatchMaker, Committed
from tocsin_hub.service.block_changes import BlockChanges
from tocsin_hub.service.check import Checks
from tocsin_hub.service.deliver import FLUSH_SECONDS, PostOffice
from tocsin_hub.service.limits import SenderLimits
from tocsin_hub.service.look_up import LookUp
from tocsin_hub.service.operate import Operations
from tocsin_hub.service.publish import Publisher
from tocsin_hub.service.recover import next_generation, recover_directory, recover_frontier
from tocsin_hub.service.sequencer import Sequencer
from tocsin_hub.store.base import HubStore, WriteTx
from tocsin_hub.store.sqlite import open_sqlite
from tocsin_hub.store.sqlite_reader import SqliteReader

_log = structlog.get_logger("hub")


@dataclass(slots=True, kw_only=True)
class Hub:
    """A hub that sequences and delivers; its ports are ``tocsin_hub.rpc.server``'s."""

    config: HubConfig
    paths: HubPaths
    clock: Clock
    origin: str
    log_key: bytes
    generation: int
    store: HubStore
    anchor: AnchorFile
    sequencer: Sequencer
    publisher: Publisher
    post_office: PostOffice
    look_up: LookUp
    block_changes: BlockChanges
    checks: Checks
    operations: Operations
    tasks: "list[asyncio.Task[None]]"
    flush_seconds: float = FLUSH_SECONDS

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way inside the hub."""
        return self.sequencer.quiet and self.post_office.quiet

    async def begin(self, genesis: Sequence[bytes]) -> None:
        """Sequences the first messages of a new bus; those that stand in the log already are answered as duplicates."""
        for envelope in genesis:
            await self.publisher.offer(envelope, caller=open_envelope(envelope).message.header.sender)

    async def aclose(self) -> None:
        """Finishes what is in flight and closes. Raises what ended the sequencer, once all is closed."""
        self.sequencer.drain()
        try:
            await self.tasks[0]
            await self.post_office.flush(self.flush_seconds)
        finally:
            for task in self.tasks[1:]:
                task.cancel()
            await asyncio.gather(*self.tasks[1:], return_exceptions=True)
            await self.store.aclose()
            self.anchor.close()


async def open_store(paths: HubPaths, clock: Clock, *, faults: Faults | None = None) -> HubStore:
    """The store of a hub directory, migrated; nobody else may have it open. Raises as ``open_hub``."""
    return await open_sqlite(paths.database, now_us=clock.now_us(), faults=faults)


def open_reader(paths: HubPaths, keys: HubKeys) -> tuple[LookUp, Callable[[], Awaitable[None]]]:
    """A look into a hub's database beside a running hub, or without one; and what closes it."""
    reader = SqliteReader(paths.database)
    bodies = BodyCipher(keys.body_key)
    return LookUp(store=reader, bodies=bodies, directory=Directory), reader.aclose


async def open_hub(
    config: HubConfig,
    paths: HubPaths,
    keys: HubKeys,
    *,
    clock: Clock | None = None,
    random: Callable[[int], bytes] = os.urandom,
    faults: Faults | None = None,
) -> Hub:
    """A running hub over the directory ``paths``.

    Raises:
        LocalFault: ROLLBACK, CORRUPT, ALREADY_RUNNING.
        StoreBusy: STORE_BUSY or STORE_FULL.
    """
    clock = clock or SystemClock()
    store = await open_store(paths, clock, faults=faults)
    try:
        return await _join(config, paths, keys, store, clock, random)
    except BaseException:
        await store.aclose()
        raise


async def _join(
    config: HubConfig, paths: HubPaths, keys: HubKeys, store: HubStore, clock: Clock, random: Callable[[int], bytes]
) -> Hub:
    origin = log_origin(config.bus, config.epoch)
    signer = CheckpointSigner(origin, keys.log_seed)
    anchor = AnchorFile(paths.anchor)
    bodies = BodyCipher(keys.body_key, random=random)
    tokens = SubjectTokens(keys.subject_key)
    frontier = await recover_frontier(store, anchor, signer)
    directory = await recover_directory(store, bodies)
    generation = await next_generation(store)
    agent = Ed25519Signer(keys.agent_seed)

    def sign_record(message: Message) -> Admitted:
        envelope = seal_envelope(message, agent.sign)
        opened = open_envelope(envelope)
        return Admitted(
            message=message, message_hash=opened.message_hash, signature=opened.signature, envelope=envelope, subject=b"",
            author_public_key=agent.public_key,
        )  # fmt: skip

    def given_up(entry: EntryRow) -> None:
        keep = asyncio.get_running_loop().create_task(_escalate(store, clock, entry, sequencer))
        escalations.add(keep)
        keep.add_done_callback(escalations.discard)

    escalations: set[asyncio.Task[None]] = set()
    post_office = PostOffice(
        store=store, bodies=bodies, clock=clock, generation=generation, random_bytes=random, on_given_up=given_up
    )
    await post_office.load()
    maker = BatchMaker(
        bus=config.bus,
        clock=clock,
        signer=signer,
        bodies=bodies,
        gate=SenderLimits(
            rate_per_s=config.rate_per_s,
            burst=config.burst,
            mailbox_limit=config.mailbox_limit,
            tokens_per_minute=config.watch_tokens_per_minute,
            tokens_per_day=config.watch_tokens_per_day,
            backlog=post_office.backlog,
        ),
        generation=generation,
        record_key=key_id(agent.algorithm, agent.public_key),
        sign_record=sign_record,
        random=random,
    )

    def released(committed: Committed) -> None:
        _count(committed)
        post_office.released(committed)

    async def reread() -> tuple[Frontier, Directory]:
        found = await recover_frontier(store, anchor, signer), await recover_directory(store, bodies)
        await post_office.catch_up()
        return found

    sequencer = Sequencer(
        store=store,
        maker=maker,
        anchor=anchor,
        clock=clock,
        directory=directory,
        frontier=frontier,
        next_due_us=await store.next_due_us(),
        on_released=released,
        reread=reread,
    )
    admission = Admission(bus=config.bus, directory=lambda: sequencer.directory, tokens=tokens)
    publisher = Publisher(admission, sequencer)
    look_up = LookUp(store=store, bodies=bodies, directory=lambda: sequencer.directory)
    _log.info("hub open", action="hub_open", bus=config.bus, log_size=frontier.size, generation=generation)
    return Hub(
        config=config,
        paths=paths,
        clock=clock,
        origin=origin,
        log_key=signer.public_key,
        generation=generation,
        store=store,
        anchor=anchor,
        sequencer=sequencer,
        publisher=publisher,
        post_office=post_office,
        look_up=look_up,
        block_changes=BlockChanges(store=store, look_up=look_up, directory=lambda: sequencer.directory),
        checks=Checks(admission=admission, publisher=publisher, store=store, look_up=look_up, clock=clock),
        operations=Operations(
            bus=config.bus, epoch=config.epoch, generation=generation, store=store, sequencer=sequencer,
            post_office=post_office, publisher=publisher, clock=clock,
        ),
        tasks=[asyncio.create_task(sequencer.run()), asyncio.create_task(post_office.run())],
    )  # fmt: skip


async def _escalate(store: HubStore, clock: Clock, entry: EntryRow, sequencer: Sequencer) -> None:
    """Lets the sequencer record, as a deadline that is due, that a delivery cannot be made."""
    timer = TimerRow(
        order_id=entry.root_id, root_id=entry.root_id, deadline=Deadline.DELIVERY.value, due_us=clock.now_us(),
        party=entry.mailbox.party,
    )  # fmt: skip

    def job(tx: WriteTx) -> bool:
        if entry.root_id not in tx.load(Needs(roots={entry.root_id})).threads:
            return False  # a list or a notice: no measure waits on it, and nobody is named to be told; the dead letter stays
        tx.write(Changes(timers_set={TimerKey(timer.order_id, timer.deadline): timer}))
        return True

    try:
        escalated = await store.transact(job)
    except BusError as failure:
        _log.error("escalation not stored", action="escalation_failed", reason=failure.reason, party=HUB)
        ALARMS.labels("escalation-failed").inc()
        return
    if escalated:
        sequencer.look_at(timer.due_us)
    else:
        ALARMS.labels("delivery-given-up").inc()
        _log.warning("alarm", action="alarm", alarm="delivery-given-up")


def _count(committed: Committed) -> None:
    LOG_SIZE.set(committed.frontier.size)
    if committed.checkpoint:
        BATCH_MESSAGES.observe(sum(1 for o in committed.outcomes if not isinstance(o, BusError)))
    for kind, count in Counter(row.kind for _, row, _ in committed.entries).items():
        MESSAGES.labels(kind).inc(count)
    for alarm in committed.alarms:
        ALARMS.labels(alarm).inc()
        _log.warning("alarm", action="alarm", alarm=alarm)
