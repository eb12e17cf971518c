"""Offering an envelope: admission, then the sequencer's queue. The one door for members, governance and the hub's own tests."""

import asyncio
from contextlib import AbstractContextManager

from tocsin.core.errors import BusError
from tocsin.wire.sequencing import Receipt
from tocsin_hub.domain.book import Admitted
from tocsin_hub.service.admit import Admission
from tocsin_hub.service.sequencer import Sequencer


class Publisher:
    """Admits and offers envelopes."""

    def __init__(self, admission: Admission, sequencer: Sequencer) -> None:
        self._admission = admission
        self._sequencer = sequencer
        self.stopped: BusError | None = None
        """Set when the hub must not serve any more (a member proved that its log is ahead of ours)."""

    def gathering(self) -> AbstractContextManager[None]:
        """For the time in which a frame is offered; see ``Sequencer.gathering``."""
        return self._sequencer.gathering()

    def offer(self, envelope: bytes, *, caller: str) -> "asyncio.Future[Receipt]":
        """Admits an envelope and queues it; the future ends with its receipt or its refusal.

        Raises:
            BusError: Refused by admission, or the hub is draining, stopped or full.
        """
        if self.stopped is not None:
            raise self.stopped
        return self.offer_admitted(self._admission.admit(envelope, caller=caller))

    def offer_admitted(self, admitted: Admitted) -> "asyncio.Future[Receipt]":
        """Queues a message that its use case has admitted; the future ends as that of ``offer``.

        Raises:
            BusError: The hub is draining, stopped or full.
        """
        if self.stopped is not None:
            raise self.stopped
        return self._sequencer.offer(admitted)
