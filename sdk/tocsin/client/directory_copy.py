"""A member's own copy of the directory: every entry verified from the governance root on. The hub is not believed.

 * Entry 1 is the governance root whose message hash was in the join code; each later one is signed by whom the directory so far
   names, and extends the hash chain.
 * An entry that fails leaves the copy where it was: the hub is at fault, and the caller is told.
 * Policy and profiles are kept by version: a message is judged by the law it was accepted under, however late it comes.
 * ``covers`` says whether the copy is new enough for a delivery: its version and the head the hub recorded must be ours.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from tocsin.client.store import ClientStore
from tocsin.core.directory import Directory, apply
from tocsin.core.directory_messages import AddKey, GovernanceRoot
from tocsin.core.errors import Reason, error
from tocsin.core.leaf import EMPTY_HEAD
from tocsin.crypto.possession import check_new_key
from tocsin.v1 import envelope_pb2
from tocsin.wire.codec import open_envelope, verify_author
from tocsin.wire.sequencing import Sequencing, sequencing_from_proto


class DirectoryCopy:
    """The directory as this member has verified it.

    Args:
        bus: Bus name.
        root_hash: Message hash of the governance root, from the join code.
    """

    def __init__(self, *, bus: str, root_hash: bytes) -> None:
        self._bus = bus
        self._root_hash = root_hash
        self._heads: list[bytes] = [EMPTY_HEAD]
        self.directory = Directory()
        self._laws: list[tuple[int, Directory]] = [(0, self.directory)]

    @property
    def version(self) -> int:
        """Number of entries verified."""
        return self.directory.version

    def as_of(self, version: int) -> Directory:
        """The parties and keys of now under the policy and profiles in force at ``version``."""
        _, then = self._laws[bisect_right(self._laws, version, key=lambda law: law[0]) - 1]
        if _same_law(then, self.directory):
            return self.directory
        return replace(self.directory, policy=then.policy, profiles=then.profiles)

    def extend(self, entries: Sequence[tuple[bytes, Sequencing]]) -> None:
        """Verifies and takes further entries, in order.

        Raises:
            BusError: An entry does not hold; those before it are taken.
        """
        for envelope, sequencing in entries:
            self._take(envelope, sequencing)

    def covers(self, sequencing: Sequencing) -> bool:
        """Whether the directory a message was judged under is part of this copy.

        Raises:
            SignatureInvalid: PROOF_INVALID when the hub recorded a head that is not of our chain: two directories.
        """
        if sequencing.directory_version >= len(self._heads):
            return False
        if self._heads[sequencing.directory_version] != sequencing.directory_head:
            raise error(Reason.PROOF_INVALID, field="directory_head", rule="one directory for all members")
        return True

    def _take(self, envelope: bytes, sequencing: Sequencing) -> None:
        opened = open_envelope(envelope)
        message = opened.message
        if isinstance(message, GovernanceRoot) and opened.message_hash != self._root_hash:
            raise error(Reason.PROOF_INVALID, field="governance-root", rule="the root named in the join code")
        if message.header.audience != self._bus:
            raise error(Reason.WRONG_AUDIENCE, field="audience", bus=self._bus)
        key = self.directory.authority(message)
        verify_author(opened, key.algorithm, key.public_key)
        if not key.good_at(sequencing.log_index):
            raise error(Reason.KEY_REVOKED, party=message.header.sender, field="author_key")
        if isinstance(message, AddKey):
            check_new_key(message, self._bus)
        before = self.directory
        self.directory = apply(
            self.directory, message, message_hash=opened.message_hash, index=sequencing.log_index,
            at_us=sequencing.accepted_us,
        )  # fmt: skip
        self._heads.append(self.directory.head)
        if not _same_law(self.directory, before):
            self._laws.append((self.version, self.directory))


def _same_law(one: Directory, other: Directory) -> bool:
    return one.policy is other.policy and one.profiles is other.profiles


async def from_store(copy: DirectoryCopy, store: ClientStore) -> None:
    """Extends the copy by the entries on the disk, each verified again.

    Raises:
        BusError: An entry does not hold.
    """
    while entries := await store.directory(after=copy.version, limit=500):
        copy.extend([(e.envelope, _record(e.sequencing)) for e in entries])


def _record(raw: bytes) -> Sequencing:
    return sequencing_from_proto(envelope_pb2.Sequencing.FromString(raw))
