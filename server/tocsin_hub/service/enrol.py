"""Enrolment: the first keys of a party, and its TLS certificates.

 * The join code never reaches the hub: a key derived from it, which governance has signed into the directory, signs the party key;
   the party key signs the rest. So the code is single-use by the rules of the directory itself.
 * All or nothing is not needed: each key is a message of its own, and a join that was cut off is gone on with by the
   same envelopes.
 * The certificate names the party and is issued only after its first key stands in the log.
 * A renewal is signed by a good key of the party, so a certificate that ended during an outage is no end of membership. Whoever
   has no such key learns nothing: an unknown party, an unknown key and a false signature are one answer.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tocsin.clock import LIVENESS
from tocsin.core.directory import Directory
from tocsin.core.directory_messages import AddKey
from tocsin.core.errors import NotPermitted, Reason, error
from tocsin.core.message import MAX_CLOCK_AHEAD_US
from tocsin.crypto.signers import renewal_bytes, verifier
from tocsin.wire.codec import open_envelope
from tocsin.wire.sequencing import Receipt
from tocsin_hub.service.publish import Publisher

MAX_KEYS = 8
"""Keys entered in one join: party, agent and sealing key, and some to spare."""

IssueCertificate = Callable[[bytes, str, datetime], bytes]
"""(certificate request DER, party, now) -> certificate PEM."""


RENEWAL_MINUTES = 10
"""How long a signed renewal is good: it is made for one call, and clocks differ by minutes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A member's signed wish for its next certificate; see ``RenewRequest``. All of it is untrusted."""

    party: str
    key_id: str
    certificate_request: bytes
    created_us: int
    signature: bytes


class Enrolment:
    """Joins parties and renews their certificates.

    Certificates are judged by TLS, which goes by the machine's clock whatever domain time is; so they are issued by it.
    """

    def __init__(
        self, *, bus: str, publisher: Publisher, issue: IssueCertificate, directory: Callable[[], Directory]
    ) -> None:
        self._bus = bus
        self._publisher = publisher
        self._issue = issue
        self._directory = directory

    async def join(self, certificate_request: bytes, envelopes: Sequence[bytes]) -> tuple[bytes, list[Receipt]]:
        """The certificate and the receipts of the keys.

        Raises:
            Malformed: FIELD_INVALID when there are no keys or too many, or they are not one party's.
            NotPermitted: JOIN_CODE_EXPIRED, also for a code that a newer one replaced; JOIN_CODE_USED.
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
        certificate = await self._certificate(certificate_request, party)
        try:
            receipts = [await self._publisher.offer(envelope, caller=party) for envelope in envelopes]
        except NotPermitted as failure:
            if failure.reason is not Reason.KEY_UNKNOWN:
                raise
            # The only key that may be unknown here is the code's own: a newer code has taken its place.
            raise error(Reason.JOIN_CODE_EXPIRED, party=party) from failure
        return certificate, receipts

    async def renew(self, asked: Renewal) -> bytes:
        """The next certificate of a member, PEM.

        Raises:
            SignatureInvalid: SIGNATURE_INVALID when no signing key of the party made the request.
            NotPermitted: KEY_REVOKED, PARTY_SUSPENDED.
            RuleBroken: CREATED_IN_FUTURE, EXPIRED.
            Malformed: FIELD_INVALID for the certificate request.
        """
        party = self._directory().parties.get(asked.party)
        key = party.keys.get(asked.key_id) if party is not None else None
        if party is None or key is None or not key.purposes or not 0 <= asked.created_us < 2**63:
            raise error(Reason.SIGNATURE_INVALID, field="signature")
        signed = renewal_bytes(self._bus, asked.party, asked.created_us, asked.certificate_request)
        verifier(key.algorithm)(key.public_key, signed, asked.signature)
        if key.revoked_index is not None:
            raise error(Reason.KEY_REVOKED, party=party.party, field="key_id")
        if party.suspended:
            raise error(Reason.PARTY_SUSPENDED, party=party.party)
        age_us = LIVENESS.now_us() - asked.created_us
        if age_us < -MAX_CLOCK_AHEAD_US:
            raise error(Reason.CREATED_IN_FUTURE, field="created", limit=MAX_CLOCK_AHEAD_US // 1_000_000)
        if age_us > RENEWAL_MINUTES * 60_000_000:
            raise error(Reason.EXPIRED, field="created")
        return await self._certificate(asked.certificate_request, party.party)

    async def _certificate(self, request: bytes, party: str) -> bytes:
        now = datetime.fromtimestamp(LIVENESS.now_us() / 1e6, UTC)
        return await asyncio.to_thread(self._issue, request, party, now)
