"""What a member's session is told: welcome, heartbeat, going away; and whether the member holds more of our log than we do.

* A member presents its newest checkpoint. If our own log key signed it and our log does not contain it, this hub was rolled back
  or forked: it stops serving everybody (HUB_BEHIND), for it does not know what it has signed.
* A party that is suspended loses its open sessions before their next frame, at the latest with the next heartbeat.
"""

import structlog

from tocsin.clock import Clock
from tocsin.core.checkpoint import verify_note
from tocsin.core.errors import BusError, Reason, error
from tocsin.crypto.ed25519 import verify
from tocsin.v1 import bus_service_pb2 as pb
from tocsin_hub.domain.rows import MailboxKey
from tocsin_hub.metrics import ALARMS
from tocsin_hub.service.deliver import PostOffice, Seat
from tocsin_hub.service.look_up import LookUp
from tocsin_hub.service.publish import Publisher
from tocsin_hub.service.sequencer import Sequencer
from tocsin_hub.store.base import HubStore

GO_AWAY_MS = 1_000
"""When a subscriber may come back to a hub that is stopping; it adds its own jitter."""

_log = structlog.get_logger("membership")


class Membership:
    """Lets sessions in and keeps them informed."""

    def __init__(
        self,
        *,
        store: HubStore,
        post_office: PostOffice,
        publisher: Publisher,
        sequencer: Sequencer,
        look_up: LookUp,
        clock: Clock,
        origin: str,
        log_key: bytes,
        epoch: int,
        generation: int,
        heartbeat_seconds: float,
    ) -> None:
        self._store = store
        self._post_office = post_office
        self._publisher = publisher
        self._sequencer = sequencer
        self._look_up = look_up
        self._clock = clock
        self._origin = origin
        self._log_key = log_key
        self._epoch = epoch
        self._generation = generation
        self._leaving = False
        self.heartbeat_seconds = heartbeat_seconds

    async def enter(self, mailbox: MailboxKey, hello: pb.Hello) -> tuple[Seat, pb.Welcome]:
        """A seat for a session, and its welcome.

        Raises:
            WrongState: HUB_BEHIND.
            Draining: DRAINING.
        """
        if self._leaving:
            raise error(Reason.DRAINING)
        if hello.checkpoint:
            await self._compare(hello.checkpoint)
        if self._publisher.stopped is not None:
            raise self._publisher.stopped
        seat = await self._post_office.enter(mailbox, hello.subscription)
        state = await self._store.mailbox_state(mailbox, hello.subscription)
        return seat, pb.Welcome(
            epoch=self._epoch,
            generation=self._generation,
            recovered=hello.epoch in (0, self._epoch),
            head_seq=state.head_seq,
            acked_through=state.cursor,
            heartbeat_ms=int(self.heartbeat_seconds * 1000),
            directory_version=self._sequencer.directory.version,
        )

    def check(self, party: str) -> None:
        """Whether a session of ``party`` may go on; asked before each frame and at each heartbeat.

        Raises:
            NotPermitted: PARTY_SUSPENDED since it began.
        """
        if self._sequencer.directory.party(party).suspended:
            raise error(Reason.PARTY_SUSPENDED, party=party)

    def heartbeat(self) -> pb.Heartbeat:
        """The hub's sign of life."""
        return pb.Heartbeat(
            now_us=self._clock.now_us(),
            directory_version=self._sequencer.directory.version,
            log_size=self._sequencer.frontier.size,
        )

    def leave(self) -> None:
        """Every session is told to go away, and no new one is let in."""
        self._leaving = True
        self._post_office.wake_all()

    def going_away(self) -> pb.GoAway | None:
        """What ends all sessions, if anything does."""
        if self._publisher.stopped is not None:
            return pb.GoAway(reason=self._publisher.stopped.reason.value, retry_after_ms=60_000)
        return pb.GoAway(reason=Reason.DRAINING.value, retry_after_ms=GO_AWAY_MS) if self._leaving else None

    async def _compare(self, note: bytes) -> None:
        try:
            theirs = verify_note(note, origin=self._origin, public_key=self._log_key, verify=verify)
        except BusError:
            return  # not a word of ours: proves nothing, and another epoch is told by ``recovered``
        ours = self._sequencer.frontier.size
        if theirs.size <= ours and (theirs.size == 0 or await self._look_up.root(theirs.size) == theirs.root):
            return
        behind = error(Reason.HUB_BEHIND, value=ours, limit=theirs.size)
        self._publisher.stopped = behind
        ALARMS.labels("hub-behind").inc()
        _log.critical("a member holds a newer checkpoint", action="hub_behind", ours=ours, theirs=theirs.size)
        self._post_office.wake_all()
        raise behind
