"""Enrolment: the first keys of a party, and its TLS certificate.

 * The join code never reaches the hub: a key derived from it, which governance has signed into the directory, signs the party key;
   the party key signs the rest. So the code is single-use by the rules of the directory itself.
 * All or nothing is not needed: each key is a message of its own, and a join that was cut off is gone on with by the
   same envelopes.
 * The certificate names the party and is issued only after its first key stands in the log.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tocsin.clock import Clock
from tocsin.core.directory_messages import AddKey
from tocsin.core.errors import Reason, error
from tocsin.wire.codec import open_envelope
from tocsin.wire.sequencing import Receipt
from tocsin_hub.service.publish import Publisher

MAX_KEYS = 8
"""Keys entered in one join: party, agent and sealing key, and some to spare."""

IssueCertificate = Callable[[bytes, str, datetime], bytes]
"""(certificate request DER, party, now) -> certificate PEM."""


class Enrolment:
    """Joins parties."""

    def __init__(self, *, publisher: Publisher, issue: IssueCertificate, clock: Clock) -> None:
        self._publisher = publisher
        self._issue = issue
        self._clock = clock

    async def join(self, certificate_request: bytes, envelopes: Sequence[bytes]) -> tuple[bytes, list[Receipt]]:
        """The certificate and the receipts of the keys.

        Raises:
            Malformed: FIELD_INVALID when there are no keys or too many, or they are not one party's.
            NotPermitted: JOIN_CODE_EXPIRED, JOIN_CODE_USED, KEY_UNKNOWN.
            BusError: What admission or decision refuse.
        """
        if not 1 <= len(envelopes) <= MAX_KEYS:
            raise error(Reason.FIELD_INVALID, field="envelopes", rule=f"1 to {MAX_KEYS} keys")
        opened = [open_envelope(envelope) for envelope in envelopes]
        parties = {one.message.party if isinstance(one.message, AddKey) else "" for one in opened}
        party = min(parties)
        if len(parties) != 1 or not party:
            raise error(Reason.FIELD_INVALID, field="envelopes", rule="keys of one party")
        # The request is tried before anything is sequenced: a bad one must not use up the join code.
        now = datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC)
        certificate = await asyncio.to_thread(self._issue, certificate_request, party, now)
        receipts = [await self._publisher.offer(envelope, caller=party) for envelope in envelopes]
        return certificate, receipts
