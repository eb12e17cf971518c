"""Kinds that say who is who: governance enrols parties, a party adds its own keys.

 * ``governance-root``, ``enrol-party``, ``suspend-party``, ``serve-ranges``, ``policy-version`` and
   ``profile-version`` are signed by governance; the hub holds no governance key.
 * ``add-key`` and ``revoke-key`` are signed by the party; the very first key by the key derived from the join code.
 * They take effect in log order (``tocsin.core.directory``); each is one entry of the directory's hash chain.
"""

from dataclasses import dataclass
from enum import Enum

from tocsin.core.errors import Reason, error
from tocsin.core.identifiers import IdentifierKind, party_id
from tocsin.core.message import KEY_ID, MAX_TEXT, Message, Nature, kind

MAX_RANGES = 20_000
"""Ranges one party serves: the largest bank in the BIN table has a few hundred; an envelope holds about this many."""

MAX_DOCUMENT_BYTES = 128 * 1024
"""A policy or profile document: tens of kilobytes are a book of law."""


class Role(Enum):
    """What a party is."""

    GOVERNANCE = 1
    HUB = 2
    POLICE = 3
    BANK = 4
    PAYMENT = 5
    CARRIER = 6
    CUSTOMS = 7
    ANTI_FRAUD = 8
    REGULATOR = 9
    COURT = 10
    OVERSIGHT = 11


class Purpose(Enum):
    """What a key may sign."""

    ORDER = 1
    APPROVE = 2
    REPORT = 3
    ACK = 4
    ADMIN = 5


class HolderKind(Enum):
    """Who holds a key."""

    PARTY = 1
    OFFICER = 2
    AGENT = 3


class RevocationCause(Enum):
    """Why a key ended."""

    RETIRED = 1
    COMPROMISED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKey:
    """One key of the governance root."""

    algorithm: str
    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Identifiers of ``kind`` starting with ``prefix`` and, where ``length`` is not 0, exactly that long."""

    kind: IdentifierKind
    prefix: str
    length: int = 0


@kind("governance-root", Nature.GOVERNANCE)
class GovernanceRoot(Message):
    """The trust root."""

    version: int
    threshold: int
    keys: tuple[RootKey, ...]
    log_key: bytes

    def check(self) -> None:
        """See ``Message.check``."""
        distinct = {key.public_key for key in self.keys}
        if not 1 <= self.threshold <= len(distinct) == len(self.keys):
            raise error(Reason.FIELD_INVALID, field="threshold", rule="from 1 to the number of distinct keys")
        if self.version < 1 or len(self.log_key) != 32:
            raise error(Reason.FIELD_INVALID, field="log_key", rule="an Ed25519 key; version from 1")


@kind("enrol-party", Nature.DIRECTORY)
class EnrolParty(Message):
    """Admit a party."""

    party: str
    display_name: str = ""
    role: Role
    region: str = ""
    accepts: tuple[str, ...] = ()
    escalate_to: str = ""
    join_key: bytes = b""
    join_expires_us: int = 0

    def check(self) -> None:
        """See ``Message.check``."""
        party_id(self.party)
        if self.escalate_to == self.party:
            raise error(Reason.FIELD_INVALID, field="escalate_to", rule="another party")
        if len(self.join_key) not in (0, 32) or bool(self.join_key) != bool(self.join_expires_us):
            raise error(Reason.FIELD_INVALID, field="join_key", rule="an Ed25519 key with its expiry")


@kind("suspend-party", Nature.DIRECTORY)
class SuspendParty(Message):
    """Suspend a party, or end its suspension."""

    party: str
    suspended: bool = True
    reason: str = ""

    def check(self) -> None:
        """See ``Message.check``."""
        party_id(self.party)
        if len(self.reason) > MAX_TEXT:
            raise error(Reason.FIELD_INVALID, field="reason", rule=f"at most {MAX_TEXT} characters")


@kind("add-key", Nature.DIRECTORY)
class AddKey(Message):
    """Give a party one more key."""

    party: str
    holder: str
    holder_kind: HolderKind
    algorithm: str
    public_key: bytes
    purposes: tuple[Purpose, ...] = ()
    possession: bytes = b""

    def check(self) -> None:
        """See ``Message.check``."""
        party_id(self.party)
        if not self.holder or len(self.holder) > 64:
            raise error(Reason.FIELD_INVALID, field="holder", rule="1 to 64 characters")
        values = [p.value for p in self.purposes]
        if values != sorted(set(values)):
            raise error(Reason.FIELD_INVALID, field="purposes", rule="sorted, without repeats")
        if bool(self.possession) != bool(self.purposes):
            raise error(Reason.FIELD_INVALID, field="possession", rule="a key that signs proves possession; a sealing key has none")


@kind("revoke-key", Nature.DIRECTORY)
class RevokeKey(Message):
    """End a key."""

    party: str
    key_id: str
    cause: RevocationCause
    compromised_since: int = 0

    def check(self) -> None:
        """See ``Message.check``."""
        party_id(self.party)
        if not KEY_ID.fullmatch(self.key_id):
            raise error(Reason.FIELD_INVALID, field="key_id", rule="32 hex digits")
        if self.compromised_since and self.cause is not RevocationCause.COMPROMISED:
            raise error(Reason.FIELD_INVALID, field="compromised_since", rule="only for a compromised key")


@kind("serve-ranges", Nature.DIRECTORY)
class ServeRanges(Message):
    """Which identifiers a party serves; replaces what it served before."""

    party: str
    ranges: tuple[Range, ...] = ()

    def check(self) -> None:
        """See ``Message.check``."""
        party_id(self.party)
        if len(self.ranges) > MAX_RANGES:
            raise error(Reason.FIELD_INVALID, field="ranges", rule=f"at most {MAX_RANGES}")
        if len(set(self.ranges)) != len(self.ranges) or any(not r.prefix for r in self.ranges):
            raise error(Reason.FIELD_INVALID, field="ranges", rule="a prefix each, without repeats")
        if any(0 < r.length < len(r.prefix) for r in self.ranges):
            raise error(Reason.FIELD_INVALID, field="ranges", rule="no prefix longer than its numbers")


@kind("policy-version", Nature.GOVERNANCE)
class PolicyVersion(Message):
    """Who may send what, as a document."""

    version: int
    document: bytes

    def check(self) -> None:
        """See ``Message.check``."""
        _check_document(self.version, self.document)


@kind("profile-version", Nature.GOVERNANCE)
class ProfileVersion(Message):
    """The limits of one jurisdiction, as a document."""

    name: str
    version: int
    document: bytes

    def check(self) -> None:
        """See ``Message.check``."""
        if not self.name:
            raise error(Reason.FIELD_MISSING, field="name", rule="the name of the profile")
        _check_document(self.version, self.document)


def _check_document(version: int, document: bytes) -> None:
    if version < 1:
        raise error(Reason.FIELD_INVALID, field="version", rule="from 1")
    if not 0 < len(document) <= MAX_DOCUMENT_BYTES:
        raise error(Reason.FIELD_INVALID, field="document", rule=f"1 to {MAX_DOCUMENT_BYTES} bytes")
