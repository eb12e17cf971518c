"""The directory: who is who, built entry by entry from signed messages in log order.

 * Governance signs parties; a party's own ADMIN keys sign its keys; its very first key is signed by the key derived from its
   join code, once, before that code expires. The hub can sign neither, so it cannot forge the directory. ``apply`` holds to this
   whatever the policy says, so that hub and members do alike.
 * A party is enrolled anew only while no ADMIN key of it is good: before it joined, or after all were lost and revoked.
 * Each entry extends a hash chain (``tocsin.core.leaf.next_head``); its head stands in every log leaf.
 * Keys are judged by log index: a key is good for a message if it was added before it and not revoked before it.
 * A refused entry leaves the directory as it was. ``Directory`` values are never changed: ``apply`` returns the next one.

No I/O and no clock. Signatures are checked by the caller with the key that ``authority`` names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tocsin.core.directory_messages import (
    AddKey,
    EnrolParty,
    GovernanceRoot,
    HolderKind,
    PolicyVersion,
    ProfileVersion,
    Purpose,
    Range,
    RevokeKey,
    Role,
    ServeRanges,
    SuspendParty,
)
from tocsin.core.errors import Reason, error
from tocsin.core.keyid import key_id
from tocsin.core.leaf import EMPTY_HEAD, next_head
from tocsin.core.message import Message, Nature
from tocsin.core.policy import Policy
from tocsin.core.profiles import Profile
from tocsin.core.routing import RoutingTable

GOVERNANCE = "governance"
HUB = "hub"
JOIN_ALGORITHM = "ed25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a party.

    Attributes:
        added_index: Log index of the message that added it.
        revoked_index: Log index from which it is no longer good; ``None`` while it is.
    """

    key_id: str
    party: str
    holder: str
    holder_kind: HolderKind
    algorithm: str
    public_key: bytes
    purposes: frozenset[Purpose]
    added_index: int
    revoked_index: int | None = None

    def good_at(self, index: int) -> bool:
        """Whether a message at ``index`` may be signed with it."""
        return self.added_index < index and (self.revoked_index is None or index < self.revoked_index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One institution."""

    party: str
    display_name: str
    role: Role
    region: str
    accepts: frozenset[str]
    escalate_to: str
    join_key: bytes
    join_expires_us: int
    join_used: bool = False
    suspended: bool = False
    keys: Mapping[str, Key] = field(default_factory=dict)
    ranges: tuple[Range, ...] = ()

    @property
    def joined(self) -> bool:
        """Whether it can speak for itself: it holds an ADMIN key that is not revoked."""
        return any(Purpose.ADMIN in key.purposes and key.revoked_index is None for key in self.keys.values())

    @property
    def sealing_key(self) -> Key | None:
        """The newest key private parts are sealed to."""
        usable = [k for k in self.keys.values() if not k.purposes and k.revoked_index is None]
        return max(usable, key=lambda k: k.added_index, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The state after ``version`` entries."""

    version: int = 0
    head: bytes = EMPTY_HEAD
    root: GovernanceRoot | None = None
    root_keys: Mapping[str, Key] = field(default_factory=dict)
    parties: Mapping[str, Party] = field(default_factory=dict)
    key_owner: Mapping[str, str] = field(default_factory=dict)
    policy: Policy | None = None
    policy_version: int = 0
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    routing: RoutingTable = field(default_factory=RoutingTable)

    def party(self, name: str) -> Party:
        """An enrolled party.

        Raises:
            NotPermitted: PARTY_UNKNOWN.
        """
        found = self.parties.get(name)
        if found is None:
            raise error(Reason.PARTY_UNKNOWN, party=name)
        return found

    def key(self, party: str, key_id: str) -> Key:
        """A key of ``party``, good or not.

        Raises:
            NotPermitted: PARTY_UNKNOWN, KEY_UNKNOWN (also for a key of another party).
        """
        keys = self.root_keys if party == GOVERNANCE else self.party(party).keys
        found = keys.get(key_id)
        if found is None:
            raise error(Reason.KEY_UNKNOWN, party=party, field="author_key")
        return found

    def authority(self, message: Message) -> Key:
        """The key that must have signed ``message``: the author's, or the join key for a party's first key.

        Whether the join key was used already is ``apply``'s to say: the first key offered again is a duplicate, not a second.

        Raises:
            NotPermitted: PARTY_UNKNOWN, KEY_UNKNOWN.
        """
        header = message.header
        if isinstance(message, GovernanceRoot) and self.root is None:
            found = root_keys(message).get(header.author_key)
            if found is None or header.sender != GOVERNANCE:
                raise error(Reason.KEY_UNKNOWN, party=header.sender, field="author_key")
            return found
        if isinstance(message, AddKey) and header.sender == message.party:
            party = self.party(message.party)
            if party.join_key and header.author_key == key_id(JOIN_ALGORITHM, party.join_key):
                return Key(
                    key_id=header.author_key, party=party.party, holder=party.party, holder_kind=HolderKind.PARTY,
                    algorithm=JOIN_ALGORITHM, public_key=party.join_key, purposes=frozenset({Purpose.ADMIN}), added_index=-1,
                )  # fmt: skip
        return self.key(header.sender, header.author_key)

    def profile(self, name: str) -> Profile:
        """A profile in force.

        Raises:
            RuleBroken: PROFILE_UNKNOWN.
        """
        found = self.profiles.get(name)
        if found is None:
            raise error(Reason.PROFILE_UNKNOWN, profile=name)
        return found


def apply(directory: Directory, message: Message, *, message_hash: bytes, index: int, at_us: int) -> Directory:
    """``directory`` after ``message``, accepted at log ``index`` and time ``at_us``.

    Args:
        directory: The state before.
        message: One of the kinds of ``core.directory_messages``; its signature, and a new key's strength and
            possession, are checked.
        message_hash: SHA-256 of its PAE, for the chain.
        index: Its log index.
        at_us: Its accepted time.

    Raises:
        WrongState: PARTY_EXISTS, KEY_EXISTS, RANGE_TAKEN, VERSION_STALE.
        NotPermitted: POLICY_DENIED, KEY_PURPOSE, PARTY_UNKNOWN, KEY_UNKNOWN, KEY_REVOKED, NOT_ORIGIN, JOIN_CODE_EXPIRED,
            JOIN_CODE_USED.
        Malformed: DOCUMENT_INVALID, FIELD_INVALID, UNKNOWN_PAYLOAD_TYPE.
    """
    _check_sender(directory, message)
    match message:
        case GovernanceRoot():
            after = _root(directory, message, index)
        case EnrolParty():
            after = _enrol(directory, message)
        case SuspendParty():
            after = _with(directory, replace(directory.party(message.party), suspended=message.suspended))
        case AddKey():
            after = _add_key(directory, message, index, at_us)
        case RevokeKey():
            after = _revoke(directory, message, index)
        case ServeRanges():
            after = _serve(directory, message)
        case PolicyVersion():
            if message.version <= directory.policy_version:
                raise error(Reason.VERSION_STALE, field="version", limit=directory.policy_version)
            after = replace(directory, policy=Policy.parse(message.document), policy_version=message.version)
        case ProfileVersion():
            after = _profile(directory, message)
        case _:
            raise AssertionError(f"a directory kind without an effect: {type(message).KIND.name}")
    version = directory.version + 1
    return replace(after, version=version, head=next_head(directory.head, version, message_hash))


def root_keys(root: GovernanceRoot) -> dict[str, Key]:
    """The governance keys of a root, by key id."""
    made = {}
    for position, one in enumerate(root.keys):
        made[key_id(one.algorithm, one.public_key)] = Key(
            key_id=key_id(one.algorithm, one.public_key), party=GOVERNANCE, holder=f"root-{position + 1}",
            holder_kind=HolderKind.OFFICER, algorithm=one.algorithm, public_key=one.public_key,
            purposes=frozenset({Purpose.ADMIN}), added_index=-1,
        )  # fmt: skip
    return made


def _check_sender(directory: Directory, message: Message) -> None:
    header, name = message.header, type(message).KIND.name
    if type(message).KIND.nature not in (Nature.DIRECTORY, Nature.GOVERNANCE):
        raise error(Reason.UNKNOWN_PAYLOAD_TYPE, field="payload_type")
    if header.sender != GOVERNANCE and not isinstance(message, AddKey | RevokeKey):
        raise error(Reason.POLICY_DENIED, row=name, rule="sender", field="sender")
    purposes = directory.authority(message).purposes
    if Purpose.ADMIN not in purposes:
        held = ", ".join(sorted(p.name.lower() for p in purposes)) or "none"
        raise error(Reason.KEY_PURPOSE, row=name, field="author_key", needed="admin", purpose=held)


def _root(directory: Directory, message: GovernanceRoot, index: int) -> Directory:
    # Version 1 is believed because its hash is in the join code; a later root needs the signatures of two roots.
    if directory.root is not None or message.version != 1 or index != 0:
        raise error(Reason.VERSION_STALE, field="version", limit=directory.root.version if directory.root else 1)
    return replace(directory, root=message, root_keys=MappingProxyType(root_keys(message)))


def _enrol(directory: Directory, message: EnrolParty) -> Directory:
    before = directory.parties.get(message.party)
    if message.party == GOVERNANCE or (before is not None and before.joined):
        raise error(Reason.PARTY_EXISTS, party=message.party)
    if message.escalate_to and message.escalate_to not in directory.parties:
        raise error(Reason.PARTY_UNKNOWN, party=message.escalate_to, field="escalate_to")
    if message.role is Role.GOVERNANCE or (message.role is Role.HUB) != (message.party == HUB):
        raise error(Reason.FIELD_INVALID, field="role", rule="governance and the hub are one party each")
    # Enrolling again replaces the code: that is how an expired one is renewed. Keys stay: what they signed must still be read.
    party = Party(
        party=message.party, display_name=message.display_name, role=message.role, region=message.region,
        accepts=frozenset(message.accepts), escalate_to=message.escalate_to, join_key=message.join_key,
        join_expires_us=message.join_expires_us, suspended=before.suspended if before else False,
        keys=before.keys if before else MappingProxyType({}), ranges=before.ranges if before else (),
    )  # fmt: skip
    return _with(directory, party)


def _add_key(directory: Directory, message: AddKey, index: int, at_us: int) -> Directory:
    party = directory.party(message.party)
    new_key_id = key_id(message.algorithm, message.public_key)
    if new_key_id in directory.key_owner or new_key_id in directory.root_keys:
        raise error(Reason.KEY_EXISTS, field="public_key")
    _by_own_party(message.header.sender, message.party)
    by_join_key = bool(party.join_key) and message.header.author_key == key_id(JOIN_ALGORITHM, party.join_key)
    if by_join_key:
        if party.join_used:
            raise error(Reason.JOIN_CODE_USED, party=party.party)
        if at_us >= party.join_expires_us:
            raise error(Reason.JOIN_CODE_EXPIRED, party=party.party)
        if message.holder_kind is not HolderKind.PARTY or Purpose.ADMIN not in message.purposes:
            raise error(Reason.FIELD_INVALID, field="purposes", rule="the first key of a party is its ADMIN key")
    key = Key(
        key_id=new_key_id, party=party.party, holder=message.holder, holder_kind=message.holder_kind,
        algorithm=message.algorithm, public_key=message.public_key, purposes=frozenset(message.purposes), added_index=index,
    )  # fmt: skip
    keys = MappingProxyType({**party.keys, new_key_id: key})
    after = _with(directory, replace(party, keys=keys, join_used=party.join_used or by_join_key))
    return replace(after, key_owner=MappingProxyType({**directory.key_owner, new_key_id: party.party}))


def _revoke(directory: Directory, message: RevokeKey, index: int) -> Directory:
    party = directory.party(message.party)
    if message.header.sender != GOVERNANCE:
        _by_own_party(message.header.sender, message.party)
    key = party.keys.get(message.key_id)
    if key is None:
        raise error(Reason.KEY_UNKNOWN, party=message.party, field="key_id")
    if key.revoked_index is not None:
        raise error(Reason.KEY_REVOKED, party=message.party, field="key_id")
    keys = {**party.keys, key.key_id: replace(key, revoked_index=index)}
    return _with(directory, replace(party, keys=MappingProxyType(keys)))


def _serve(directory: Directory, message: ServeRanges) -> Directory:
    party = directory.party(message.party)
    routing = directory.routing.replaced(message.party, message.ranges)
    return replace(_with(directory, replace(party, ranges=message.ranges)), routing=routing)


def _profile(directory: Directory, message: ProfileVersion) -> Directory:
    profile = Profile.parse(message.document)
    if profile.name != message.name or profile.version != message.version:
        raise error(Reason.DOCUMENT_INVALID, field="profile", row="name and version")
    before = directory.profiles.get(message.name)
    if before is not None and message.version <= before.version:
        raise error(Reason.VERSION_STALE, field="version", limit=before.version)
    return replace(directory, profiles=MappingProxyType({**directory.profiles, message.name: profile}))


def _with(directory: Directory, party: Party) -> Directory:
    return replace(directory, parties=MappingProxyType({**directory.parties, party.party: party}))


def _by_own_party(sender: str, party: str) -> None:
    if sender != party:
        raise error(Reason.NOT_ORIGIN, row="key", party=party, field="sender")
