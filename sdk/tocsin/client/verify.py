"""What a recipient checks before it believes a delivery. It does not trust the hub.

 * Bytes, audience and addressee; author's key by the directory at the message's log index; signature; policy row; profile.
 * Policy and profile are those in force at that index: a law that changed since makes no order good or bad.
 * The message must have been admissible when the hub says it accepted it; the recipient's own clock decides nothing here.
 * Once it is stored: that its sender stands to the thread as the policy asks, by what we know of the thread ourselves.
 * The directory the hub judged under must be part of our verified copy, or else the copy is extended first (``Stale``).
"""

from tocsin.client.directory_copy import DirectoryCopy
from tocsin.client.rows import MeasureRow
from tocsin.core.errors import Reason, error
from tocsin.core.measure import MeasureOrder
from tocsin.core.message import MAX_CLOCK_AHEAD_US, Message
from tocsin.core.policy import Policy, check_relation
from tocsin.wire.codec import Opened, open_envelope, verify_author
from tocsin.wire.sequencing import Sequencing


class Stale(Exception):
    """Our directory copy is older than what the message was judged under: extend it and check again."""


def verify_delivery(
    envelope: bytes, sequencing: Sequencing, *, party: str, bus: str, copy: DirectoryCopy, addressed: bool
) -> Opened:
    """The message delivered, if everything about it holds.

    Args:
        envelope: As delivered.
        sequencing: What the hub recorded.
        party: Us.
        bus: Our bus.
        copy: Our verified directory.
        addressed: Whether it came as addressed to us, not as a copy or an escalation.

    Raises:
        Stale: The directory copy must be extended first.
        BusError: It does not hold; the reason says what.
    """
    if not copy.covers(sequencing):
        raise Stale
    opened = open_envelope(envelope)
    message = opened.message
    header = message.header
    if header.audience != bus:
        raise error(Reason.WRONG_AUDIENCE, field="audience", bus=bus)
    if addressed and party not in header.recipients:
        raise error(Reason.NOT_ADDRESSEE, row="delivery", field="recipients")
    directory = copy.as_of(sequencing.directory_version)
    key = directory.authority(message)
    verify_author(opened, key.algorithm, key.public_key)
    if not key.good_at(sequencing.log_index):
        raise error(Reason.KEY_REVOKED, party=header.sender, field="author_key")
    if header.expires_us <= sequencing.accepted_us:
        raise error(Reason.EXPIRED, field="expires")
    if header.created_us > sequencing.accepted_us + MAX_CLOCK_AHEAD_US:
        raise error(Reason.CREATED_IN_FUTURE, field="created", limit=MAX_CLOCK_AHEAD_US // 1_000_000)
    if directory.policy is None:
        raise error(Reason.DIRECTORY_EMPTY)
    kind = type(message).KIND.name
    sender = directory.party(header.sender)
    row = directory.policy.check_kind(kind, sender=sender.role, purposes=key.purposes)
    if addressed:
        directory.policy.check_recipient(row, directory.party(party).role)
    if isinstance(message, MeasureOrder) and header.legal_basis is not None:
        directory.profile(header.legal_basis.profile).check_kind(kind)
    return opened


def verify_relation(message: Message, measure: MeasureRow | None, policy: Policy | None) -> None:
    """Whether the sender of a follower or a report ordered, or was asked, in the thread as it stands here.

    Only who ordered may change or release, and only who was asked may report: a hub that let another through is not followed.

    Args:
        message: Verified by ``verify_delivery``.
        measure: The thread's measure here; None when the thread is new here, and nothing can be compared.
        policy: In force.

    Raises:
        NotPermitted: NOT_ORIGIN or NOT_ADDRESSEE with the row.
    """
    if measure is not None and policy is not None and message.header.thread is not None:
        row = policy.kinds[message.KIND.name]
        check_relation(row, sender=message.header.sender, origin=measure.origin, addressee=measure.recipient)
