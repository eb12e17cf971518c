"""The first messages of a bus: governance states root, policy, profiles and the hub; the hub's own keys follow.

* Log index 0 is the governance root; its message hash goes into every join code.
* They are made once, at ``init``, when the governance key is at hand, and sequenced by the first ``serve`` like any other message.
  The hub has no power to make them.
"""

from collections.abc import Callable, Sequence

from tocsin.client.scribe import DIRECTORY_LIFETIME_US, Author, Scribe
from tocsin.core.directory import GOVERNANCE, HUB
from tocsin.core.directory_messages import (
    EnrolParty,
    GovernanceRoot,
    HolderKind,
    PolicyVersion,
    ProfileVersion,
    Purpose,
    Role,
    RootKey,
)
from tocsin.core.message import Message
from tocsin.core.profiles import Profile
from tocsin.crypto.ed25519 import Ed25519Signer
from tocsin.crypto.signers import Signer
from tocsin.wire.codec import open_envelope


def genesis(
    bus: str,
    *,
    root: Sequence[Signer],
    threshold: int,
    log_key: bytes,
    hub_admin: Signer,
    hub_agent: Signer,
    policy_document: bytes,
    profile_documents: Sequence[bytes],
    now_us: int,
    random: Callable[[int], bytes],
) -> list[bytes]:
    """The envelopes a new bus begins with, in order."""
    scribe = Scribe(bus, now_us=now_us, random=random)
    governance = Author(party=GOVERNANCE, signer=root[0])
    join = Ed25519Signer(random(32))
    made: list[Message] = [
        GovernanceRoot(
            header=scribe.header(governance),
            version=1,
            threshold=threshold,
            keys=tuple(RootKey(algorithm=k.algorithm, public_key=k.public_key) for k in root),
            log_key=log_key,
        ),
        PolicyVersion(header=scribe.header(governance), version=1, document=policy_document),
    ]
    for document in profile_documents:
        profile = Profile.parse(document)
        made.append(
            ProfileVersion(
                header=scribe.header(governance), name=profile.name, version=profile.version, document=document
            )
        )
    made.append(
        EnrolParty(
            header=scribe.header(governance),
            party=HUB,
            display_name="hub",
            role=Role.HUB,
            join_key=join.public_key,
            join_expires_us=now_us + DIRECTORY_LIFETIME_US,
        )
    )
    envelopes = [scribe.envelope(message, governance) for message in made]
    admin = Author(party=HUB, signer=hub_admin)
    envelopes.append(
        scribe.add_key(
            HUB,
            hub_admin,
            by=Author(party=HUB, signer=join),
            holder=HUB,
            holder_kind=HolderKind.PARTY,
            purposes=[Purpose.ADMIN],
        )
    )
    envelopes.append(
        scribe.add_key(
            HUB, hub_agent, by=admin, holder="sequencer", holder_kind=HolderKind.AGENT, purposes=[Purpose.REPORT]
        )
    )
    return envelopes


def root_hash(envelopes: Sequence[bytes]) -> bytes:
    """The message hash of the governance root, as join codes carry it."""
    return open_envelope(envelopes[0]).message_hash
