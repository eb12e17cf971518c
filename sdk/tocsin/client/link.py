"""The supervisor of a party's connection: dials, resumes, sends, receives, lapses; and starts over when the line breaks.

 * One connection, four tasks on it: a publisher and a session per lane. When one fails, all end, and after a jittered pause the
   hub is dialled again (tenacity); what the hub asked to wait is waited.
 * What cannot be mended by dialling again ends ``until`` with its error: a hub behind our log, a party suspended.
 * One process of an identity subscribes at a time; others send, and learn of answers through the shared file.
 * The certificate is renewed before a dial when it is due, and in time on a long connection, which is then dialled anew.
 * A measure ends here by our own clock, connected or not: the handler for ``Lapsed`` is called and the report queued.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from tocsin.client import measures, outbox, records
from tocsin.client.answering import Answerer
from tocsin.client.channel import HubConnection, calling
from tocsin.client.deliveries import Deliveries
from tocsin.client.directory_copy import DirectoryCopy, from_store
from tocsin.client.handlers import Handlers
from tocsin.client.identity import Identity
from tocsin.client.notices import Notices
from tocsin.client.publisher import LanePublisher
from tocsin.client.renewal import ended, fresh, seconds_to_renewal
from tocsin.client.rows import DirectoryEntry, InboxState, Incoming, MeasureRow, Outgoing
from tocsin.client.sent import Waiters
from tocsin.client.session import LaneSession
from tocsin.client.store import ClientStore
from tocsin.clock import LIVENESS, Clock, wait_for
from tocsin.core.checkpoint import parse_note
from tocsin.core.errors import BusError, Reason, Unavailable, error
from tocsin.core.identifiers import message_id_text
from tocsin.core.message import Lane
from tocsin.core.times import from_us
from tocsin.results import Lapsed
from tocsin.v1 import bus_service_pb2 as pb
from tocsin.v1 import directory_service_pb2 as directory_pb
from tocsin.wire.sequencing import decode_receipt, sequencing_from_proto

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.2, 5.0
"""Full jitter up to these: a restarted hub is found within a second or two, after a long outage within five; a
thousand members do not knock at once."""

ELSEWHERE_SECONDS = 0.2
"""How often the file is asked whether another process changed it."""

RENEWAL_RETRY_SECONDS, RENEWAL_LOOK_SECONDS = 1.0, 3600.0
"""How soon and how rarely the age of the certificate is looked at: a machine that sleeps wakes with an old one."""

REDIAL_WITHIN_SECONDS = 60.0
"""How long a connection whose certificate was renewed may wait for a moment of rest."""

LAPSE_RETRY_SECONDS = 1.0
"""When the handler of an end that failed is asked again."""

EPOCH = "epoch"

ONCE = "once/"
"""In front of the keys under which a caller's order is sent once."""

RECENT_RECEIPTS = 64
"""Receipts among which the newest checkpoint is looked for: answers come out of order by no more than a frame."""

_log = logging.getLogger("tocsin.link")


class _Renewed(Exception):
    """There is a new certificate to dial with."""


class Link:
    """Keeps one participant connected."""

    def __init__(
        self,
        *,
        identity: Identity,
        store: ClientStore,
        copy: DirectoryCopy,
        handlers: Handlers,
        answerer: Answerer,
        notices: Notices,
        waiters: Waiters,
        clock: Clock,
        random: Callable[[int], bytes],
        subscription: str,
        receive: bool,
        on_stored: Callable[[Sequence[Incoming]], None],
        connect: Callable[[Identity], HubConnection],
    ) -> None:
        self._identity = identity
        self._store = store
        self._copy = copy
        self._handlers = handlers
        self._answerer = answerer
        self._waiters = waiters
        self._clock = clock
        self._subscription = subscription
        self._receive = receive
        self._connect = connect
        self._connection: HubConnection | None = None
        self._publishers = {
            lane: LanePublisher(lane, store=store, identity=identity, clock=clock, on_settled=waiters.settled)
            for lane in Lane
        }
        self._sessions: dict[Lane, LaneSession] = {}
        self._deliveries = Deliveries(
            identity=identity,
            store=store,
            copy=copy,
            handlers=handlers,
            answerer=answerer,
            notices=notices,
            clock=clock,
            refresh=self.refresh_directory,
            on_report=waiters.informed,
            on_finished=self._finished,
            on_stored=on_stored,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._refreshing = asyncio.Lock()
        self._refresh: asyncio.Future[None] | None = None
        self._ends_changed = asyncio.Event()
        self._next_end_us: int | None = None
        self._lapses_told: set[bytes] = set()
        self._ending = False
        self._started_us = clock.now_us()
        self._subscriber_lock: int | None = None
        self.connected = asyncio.Event()
        self._outage_told = False

    # -- life -------------------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts connecting, in the background."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._keep_connected()),
                asyncio.create_task(self._watch_ends()),
                asyncio.create_task(self._watch_file()),
            ]

    async def until(self, stop: asyncio.Event) -> None:
        """Returns when ``stop`` is set; raises what ended the connection for good."""
        waiting = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({waiting, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        for task in self._tasks:
            if task.done():
                task.result()

    async def stop(self) -> None:
        """Drains: no more deliveries, handlers finish, acks are confirmed; then the line is closed."""
        self._stopping.set()
        for session in self._sessions.values():
            session.drain()
        await self._deliveries.finish()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5.0):
                while any(s.connected and not s.idle for s in self._sessions.values()):
                    await LIVENESS.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._ending = False
        if self._subscriber_lock is not None:
            os.close(self._subscriber_lock)
            self._subscriber_lock = None

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way here."""
        publishers = all(not p.busy for p in self._publishers.values())
        sessions = all(s.idle or not s.connected for s in self._sessions.values())
        return publishers and sessions and self._deliveries.idle and not self._ending

    def held(self, lane: Lane) -> int | None:
        """Deliveries of a lane taken and not finished; None while it has no session."""
        session = self._sessions.get(lane)
        return session.held if session is not None and session.connected else None

    async def enqueue(self, message: Outgoing, measure: MeasureRow | None, *, once: str = "") -> bytes:
        """Puts a message and the measure it changes on the disk, in one commit, and wakes its publisher.

        Returns:
            The id of the message that stands under the key ``once``; this one's, unless another was put there before.
        """

        def job(conn: sqlite3.Connection) -> bytes:
            if once:
                if before := records.get_meta(conn, ONCE + once):
                    return before
                records.set_meta(conn, [(ONCE + once, message.message_id)])
            outbox.enqueue(conn, [message])
            if measure is not None:
                measures.put(conn, [measure])
            return message.message_id

        stands = await self._store.transact(job, urgent=message.lane is Lane.URGENT)
        self._publishers[message.lane].wake()
        return stands

    async def connection(self, seconds: float) -> HubConnection:
        """The line to the hub, waited for ``seconds`` at most.

        Raises:
            Unavailable: HUB_UNREACHABLE.
        """
        if not await wait_for(self.connected, LIVENESS, seconds) or self._connection is None:
            raise error(Reason.HUB_UNREACHABLE)
        return self._connection

    def wake(self, lane: Lane) -> None:
        """Sends what was put on the disk by other means than ``enqueue``."""
        self._publishers[lane].wake()

    async def answered(self, message_id: bytes) -> None:
        """An answer by hand was put on the disk by this process: it is sent, its order acked, the new end watched for."""
        row = await self._store.get_inbox(message_id)
        if row is None:
            return
        session = self._sessions.get(row.lane)
        if session is not None and session.connected and row.epoch == session.epoch:
            session.ack(row.seq, row.attempt_token)
        self._finished(await self._store.get_measure(row.root_id))

    def _finished(self, measure: MeasureRow | None) -> None:
        for publisher in self._publishers.values():
            publisher.wake()
        if measure is not None and measure.ends_us and (self._next_end_us is None or measure.ends_us < self._next_end_us):
            self._ends_changed.set()

    def _wake_publishers(self) -> None:
        for publisher in self._publishers.values():
            publisher.wake()
        self._ends_changed.set()

    # -- connection -------------------------------------------------------------------------------------------------------------

    async def _keep_connected(self) -> None:
        """Dials for ever; the pause grows while nothing comes of it and is short again after a good connection."""
        async for attempt in AsyncRetrying(
            wait=_pause, retry=retry_if_exception(_mendable), sleep=LIVENESS.sleep, reraise=True
        ):
            with attempt:
                try:
                    while not self._stopping.is_set():
                        await self._one_connection()
                finally:
                    was_connected = self.connected.is_set()
                    self.connected.clear()
                    if was_connected:
                        attempt.retry_state.attempt_number = 1
            if self._stopping.is_set():
                return

    async def _one_connection(self) -> None:
        await self._renew()
        connection = self._connect(self._identity)
        self._connection = connection
        try:
            await self.refresh_directory()
            self.connected.set()
            if self._outage_told:
                _log.info("connected again")
                self._outage_told = False
            works = [publisher.run(connection) for publisher in self._publishers.values()]
            works.append(self._renew_in_time())
            if self._receive:
                works.append(self._receive_all(connection))
            tasks = [asyncio.ensure_future(work) for work in works]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
                for task in tasks:
                    if task.done():
                        task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                for publisher in self._publishers.values():
                    publisher.busy = False
        except _Renewed:
            self.connected.clear()
            _log.info("dialling again with a new certificate")
        except BusError as failure:
            if not self._stopping.is_set():
                # Once an outage: the tries in between would fill an officer's screen.
                _log.log(logging.DEBUG if self._outage_told else logging.WARNING, "connection lost: %s", failure)
                self._outage_told = True
            raise
        finally:
            self._connection = None
            await connection.aclose()

    async def _renew(self) -> bool:
        """Sees to the certificate; whether there is a new one. A failure matters only once the old one has ended."""
        before = self._identity
        try:
            self._identity = await fresh(before)
        except BusError as failure:
            if ended(before):
                raise
            _log.warning("certificate not renewed yet: %s", failure)
        return self._identity is not before

    async def _renew_in_time(self) -> None:
        """Ends the connection, between two deliveries if it can, once there is a new certificate to dial with."""
        while True:
            await LIVENESS.sleep(max(RENEWAL_RETRY_SECONDS, min(seconds_to_renewal(self._identity), RENEWAL_LOOK_SECONDS)))
            if await self._renew():
                break
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REDIAL_WITHIN_SECONDS):
                while not self.quiet:
                    await LIVENESS.sleep(ELSEWHERE_SECONDS)
        raise _Renewed

    async def _receive_all(self, connection: HubConnection) -> None:
        """Receives in both lanes, as soon as no other process of this identity does."""
        if not self._may_subscribe():
            _log.warning("another process of this identity receives; this one does when it ends")
            while not self._may_subscribe():
                await LIVENESS.sleep(ELSEWHERE_SECONDS)
        tasks = [asyncio.ensure_future(await self._session(connection, lane)) for lane in Lane]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _session(self, connection: HubConnection, lane: Lane) -> Coroutine[Any, Any, None]:
        session = LaneSession(
            lane,
            subscription=self._subscription,
            take=self._deliveries.take,
            on_heartbeat=self._heard,
            on_confirmed=self._confirmed,
        )
        self._sessions[lane] = session
        epoch = int.from_bytes(await self._store.get_meta(EPOCH) or b"", "big")
        return session.run(connection, epoch=epoch, checkpoint=await self._newest_checkpoint())

    async def _newest_checkpoint(self) -> bytes:
        """The largest tree head we hold, from receipts that were verified when they came; empty before the first."""
        receipts = await self._store.newest_receipts(RECENT_RECEIPTS)
        notes = [decode_receipt(receipt).checkpoint for receipt in receipts]
        return max(notes, key=lambda note: parse_note(note)[0].size, default=b"")

    def _may_subscribe(self) -> bool:
        """Whether this process is the one that receives for the identity."""
        if self._subscriber_lock is None:
            fd = os.open(self._identity.path / "subscriber.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(fd)
                return False
            self._subscriber_lock = fd
        return True

    def _heard(self, beat: pb.Heartbeat) -> None:
        if beat.directory_version > self._copy.version and not self._refreshing.locked():
            self._refresh = asyncio.ensure_future(self._refresh_quietly())

    async def _refresh_quietly(self) -> None:
        try:
            await self.refresh_directory()
        except BusError as failure:
            _log.warning("directory not refreshed: %s", failure)

    async def _confirmed(self, session: LaneSession, seqs: Sequence[int]) -> None:
        await self._store.confirmed(session.epoch, session.lane, seqs)

    # -- directory --------------------------------------------------------------------------------------------------------------

    async def load_directory(self) -> None:
        """Builds the copy from the entries on the disk, each verified again."""
        await from_store(self._copy, self._store)

    async def catch_up(self, seconds: float) -> bool:
        """Refreshes the directory if a connection can be had within ``seconds``; whether the copy is newer now."""
        before = self._copy.version
        if not await wait_for(self.connected, LIVENESS, seconds):
            return False
        await self._refresh_quietly()
        return self._copy.version > before

    async def fetch_once(self) -> int:
        """Refreshes the directory over a connection of its own; returns its version. Raises as ``refresh_directory``."""
        await self._renew()
        self._connection = self._connect(self._identity)
        try:
            await self.refresh_directory()
        finally:
            connection, self._connection = self._connection, None
            await connection.aclose()
        return self._copy.version

    async def refresh_directory(self) -> None:
        """Fetches, verifies and keeps what the hub has beyond our copy.

        Raises:
            Unavailable: The hub cannot be reached.
            SignatureInvalid: An entry or the chain does not hold: the hub is not to be trusted.
        """
        connection = self._connection
        if connection is None:
            raise error(Reason.HUB_UNREACHABLE)
        async with self._refreshing:
            await self.load_directory()
            while True:
                request = directory_pb.ListEntriesRequest(after_version=self._copy.version)
                answer = await calling(connection.directory.ListEntries(request, timeout=30))
                if not answer.entries:
                    return
                first = self._copy.version + 1
                self._copy.extend([(e.envelope, sequencing_from_proto(e.sequencing)) for e in answer.entries])
                await self._store.append_directory([
                    DirectoryEntry(
                        version=first + i, envelope=e.envelope,
                        sequencing=e.sequencing.SerializeToString(deterministic=True),
                    )
                    for i, e in enumerate(answer.entries)
                ])  # fmt: skip

    # -- ends and other processes -----------------------------------------------------------------------------------------------

    async def _watch_ends(self) -> None:
        while True:
            self._ending = True
            self._ends_changed.clear()
            now_us = self._clock.now_us()
            due_us = self._next_end_us = await self._store.next_end_us()
            if due_us is not None and due_us <= now_us:
                for row in await self._store.due_measures(now_us):
                    await self._lapse(row)
                continue
            await self._rest(None if due_us is None else (due_us - now_us) / 1e6)

    async def _rest(self, seconds: float | None) -> None:
        self._ending = False
        await wait_for(self._ends_changed, self._clock, seconds)
        self._ending = True

    async def _lapse(self, row: MeasureRow) -> None:
        if row.recipient != self._identity.party:
            # We ordered it: the bank ends it and says so; our own record moves on with the time.
            from tocsin.client.life import lapsed

            await self._store.put_measure(lapsed(row, self._clock.now_us()))
            return
        handler = self._handlers.get(Lapsed)
        if handler is not None:
            # Told before in this life, or perhaps in an earlier one: nobody can know, so it is marked.
            repeat = row.root_id in self._lapses_told or row.ends_us <= self._started_us
            self._lapses_told.add(row.root_id)
            event = Lapsed(
                thread_id=message_id_text(row.root_id), kind=row.instrument, ends_at=from_us(row.ends_us), repeat=repeat
            )
            try:
                await handler.call(event, self._clock)
            except Exception:  # the end stands whatever the application does; it is told again at the next look
                _log.exception("the handler for Lapsed failed; it is asked again")
                await self._rest(LAPSE_RETRY_SECONDS)
                return
        root = await self._store.get_inbox(row.root_id)
        lane = root.lane if root is not None else Lane.URGENT
        report, after = self._answerer.lapse(row, lane=lane)
        await self.enqueue(report, after)
        self._lapses_told.discard(row.root_id)

    async def _watch_file(self) -> None:
        """Notices what another process of this identity wrote: answers by hand, messages to send, outcomes."""
        while True:
            await LIVENESS.sleep(ELSEWHERE_SECONDS)
            if await self._store.changed_elsewhere():
                self._wake_publishers()
                self._waiters.ring_all()
                for lane, session in self._sessions.items():
                    for row in await self._store.inbox_list(InboxState.DONE, limit=200):
                        if session.connected and row.lane is lane and row.epoch == session.epoch and not row.confirmed:
                            session.ack(row.seq, row.attempt_token)


def _mendable(failure: BaseException) -> bool:
    return isinstance(failure, Unavailable)


def _pause(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome is not None else None
    asked = failure.retry_after_ms if isinstance(failure, Unavailable) else None
    jittered: float = wait_random_exponential(multiplier=FIRST_RETRY_SECONDS, max=LONGEST_RETRY_SECONDS)(state)
    return jittered + (asked or 0) / 1000

