"""What the operator asks of the running hub: how it is, what was given up, a copy of it."""

from pathlib import Path
from typing import Any

from tocsin import __version__
from tocsin.clock import Clock
from tocsin.core.directory import Directory
from tocsin.core.errors import Reason, error
from tocsin.core.message import Lane
from tocsin_hub.domain.rows import AttemptRow, MailboxKey, MessageRow
from tocsin_hub.service.deliver import PostOffice
from tocsin_hub.service.publish import Publisher
from tocsin_hub.service.sequencer import Sequencer
from tocsin_hub.store.base import HubStore


class Operations:
    """The operator's use cases."""

    def __init__(
        self,
        *,
        bus: str,
        epoch: int,
        generation: int,
        store: HubStore,
        sequencer: Sequencer,
        post_office: PostOffice,
        publisher: Publisher,
        clock: Clock,
    ) -> None:
        self._bus = bus
        self._epoch = epoch
        self._generation = generation
        self._store = store
        self._sequencer = sequencer
        self._post_office = post_office
        self._publisher = publisher
        self._clock = clock
        self._started_us = clock.now_us()

    def directory(self) -> Directory:
        """The directory in force."""
        return self._sequencer.directory

    def sessions(self) -> dict[MailboxKey, int]:
        """Open sessions by mailbox."""
        return self._post_office.sessions()

    def backlog(self, mailbox: MailboxKey) -> int:
        """Entries not acked."""
        return self._post_office.backlog(mailbox)

    async def status(self) -> dict[str, Any]:
        """The facts of ``GetStatusResponse``."""
        facts = await self._store.facts()
        heads = self._post_office.heads()
        pending = {lane: sum(self.backlog(m) for m in heads if m.lane == lane.value) for lane in Lane}
        return {
            "bus": self._bus,
            "version": __version__,
            "epoch": self._epoch,
            "generation": self._generation,
            "log_size": self._sequencer.frontier.size,
            "directory_version": self._sequencer.directory.version,
            "sessions": sum(self.sessions().values()),
            "pending_urgent": pending[Lane.URGENT],
            "pending_routine": pending[Lane.ROUTINE],
            "dead_letters": len(await self._store.dead_letters("")),
            "alarms": self.alarms(),
            "synchronous": facts["synchronous"],
            "now_us": self._clock.now_us(),
            "started_us": self._started_us,
        }

    def alarms(self) -> list[str]:
        """States that want a human."""
        alarms = []
        if self._sequencer.clock_watch.step_us():
            alarms.append(Reason.CLOCK_UNEXPLAINED.value)
        if self._publisher.stopped is not None:
            alarms.append(self._publisher.stopped.reason.value)
        return alarms

    async def dead_letters(self, party: str) -> list[tuple[AttemptRow, MessageRow]]:
        """Deliveries given up."""
        return await self._store.dead_letters(party)

    async def replay(self, party: str, *, lane: int | None, seq: int) -> int:
        """Offers dead letters again; returns how many.

        Raises:
            NotFound: NOT_FOUND when none fits.
        """
        groups: dict[tuple[MailboxKey, str], list[AttemptRow]] = {}
        for attempt, _ in await self._store.dead_letters(party):
            if (lane is None or attempt.mailbox.lane == lane) and seq in (0, attempt.seq):
                groups.setdefault((attempt.mailbox, attempt.subscription), []).append(attempt)
        if not groups:
            raise error(Reason.NOT_FOUND, field="seq")
        for rows in groups.values():
            await self._post_office.revive(rows)
        return sum(map(len, groups.values()))

    async def backup(self, path: Path) -> tuple[int, int]:
        """Writes a copy of the database; returns the log size it holds at least, and its bytes."""
        if not path.is_absolute():
            raise error(Reason.FIELD_INVALID, field="path", rule="an absolute path")
        size = self._sequencer.frontier.size
        return size, await self._store.backup(path)

    def accept_clock(self) -> int:
        """Takes the wall clock as explained; returns its step in microseconds."""
        step = self._sequencer.clock_watch.accept()
        self._sequencer.wake()
        return step
