"""Inviting a party: governance signs it into the directory with a key that only its join code can use.

* Runs where the governance key is; the hub sees the signed messages and never the secret.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tocsin.client.scribe import Author, Scribe
from tocsin.core.directory_messages import EnrolParty, Range, Role, ServeRanges, SuspendParty
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.joincode import JOIN_MINUTES, SECRET_BYTES, JoinCode, join_seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Who is invited, as what."""

    party: str
    display_name: str
    role: Role
    region: str
    escalate_to: str = ""
    accepts: tuple[str, ...] = ()
    ranges: Sequence[Range] = ()


def invite(
    invitation: Invitation,
    governance: Author,
    *,
    bus: str,
    address: str,
    root_hash: bytes,
    ca_hash: bytes,
    now_us: int,
    random: Callable[[int], bytes],
) -> tuple[list[bytes], JoinCode]:
    """The envelopes that admit a party, in order, and its join code."""
    code = JoinCode(
        address=address,
        party=invitation.party,
        bus=bus,
        root_hash=root_hash,
        ca_hash=ca_hash,
        secret=random(SECRET_BYTES),
    )
    scribe = Scribe(bus, now_us=now_us, random=random)
    enrol = EnrolParty(
        header=scribe.header(governance),
        party=invitation.party,
        display_name=invitation.display_name,
        role=invitation.role,
        region=invitation.region,
        accepts=invitation.accepts,
        escalate_to=invitation.escalate_to,
        join_key=Ed25519Signer(join_seed(code)).public_key,
        join_expires_us=now_us + JOIN_MINUTES * 60_000_000,
    )
    envelopes = [scribe.envelope(enrol, governance)]
    if invitation.ranges:
        serve = ServeRanges(header=scribe.header(governance), party=invitation.party, ranges=tuple(invitation.ranges))
        envelopes.append(scribe.envelope(serve, governance))
    return envelopes, code


def suspend(
    party: str,
    governance: Author,
    *,
    suspended: bool,
    reason: str,
    bus: str,
    now_us: int,
    random: Callable[[int], bytes],
) -> bytes:
    """The envelope that suspends a party or ends its suspension."""
    scribe = Scribe(bus, now_us=now_us, random=random)
    message = SuspendParty(header=scribe.header(governance), party=party, suspended=suspended, reason=reason)
    return scribe.envelope(message, governance)
