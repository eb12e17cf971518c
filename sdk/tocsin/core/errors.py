"""Every error of the bus, in one tree.

 * ``Rejected``: the same bytes can never succeed; do not retry.
 * ``Unavailable``: retry with the *same* message id; the outcome of the attempt may be unknown.
 * A caller branches on the class, logs ``reason`` and ``facts``, and shows ``str(error)``.
 * A reason is a wire name: never renamed, never reused. Its texts live in ``tocsin.core.texts`` (zh-CN and en).
 * Facts are short strings a reader may see: field names, limits, party ids, policy rows. Never an identifier, a path or SQL.

BusError
├── Rejected
│   ├── Malformed         the bytes or the value do not follow the contract
│   ├── SignatureInvalid  the signature does not prove the author
│   ├── NotPermitted      this sender, key or role may not do this
│   ├── NotRoutable       nobody serves this target
│   ├── RuleBroken        a limit of the law or of the profile forbids it
│   ├── WrongState        the thread, key or party is not in a state that allows it
│   ├── IdReused          a known message id with other bytes
│   ├── NotFound          nothing here under this name that you may see
│   └── LocalFault        this machine's set-up is wrong (keys, clock, files): nothing was sent
└── Unavailable
    ├── HubUnreachable · StoreBusy · Draining
    └── QuotaExceeded     carries ``retry_after_ms``
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from tocsin.core import texts


class Reason(StrEnum):
    """The stable name of one way to fail. The value equals the name on the wire."""

    # Malformed
    MALFORMED = "MALFORMED"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    NOT_CANONICAL = "NOT_CANONICAL"
    UNKNOWN_ENUM = "UNKNOWN_ENUM"
    UNKNOWN_PAYLOAD_TYPE = "UNKNOWN_PAYLOAD_TYPE"
    FIELD_MISSING = "FIELD_MISSING"
    FIELD_INVALID = "FIELD_INVALID"
    ENVELOPE_TOO_LARGE = "ENVELOPE_TOO_LARGE"
    FRAME_TOO_LARGE = "FRAME_TOO_LARGE"
    PART_TOO_LARGE = "PART_TOO_LARGE"
    CHECK_DIGIT = "CHECK_DIGIT"
    IDENTIFIER_INVALID = "IDENTIFIER_INVALID"
    PARTY_ID_INVALID = "PARTY_ID_INVALID"
    AMOUNT_INVALID = "AMOUNT_INVALID"
    AMOUNT_PRECISION = "AMOUNT_PRECISION"
    CURRENCY_UNKNOWN = "CURRENCY_UNKNOWN"
    CURRENCY_RMB = "CURRENCY_RMB"
    TIME_ZONELESS = "TIME_ZONELESS"
    TIME_INVALID = "TIME_INVALID"
    TOO_MANY_ITEMS = "TOO_MANY_ITEMS"
    ITEM_REPEATED = "ITEM_REPEATED"
    COMMITMENT_DIFFERS = "COMMITMENT_DIFFERS"
    DOCUMENT_INVALID = "DOCUMENT_INVALID"
    DOMAIN_INVALID = "DOMAIN_INVALID"
    # SignatureInvalid
    UNSIGNED = "UNSIGNED"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    KEY_WEAK = "KEY_WEAK"
    PROOF_INVALID = "PROOF_INVALID"
    SEAL_INVALID = "SEAL_INVALID"
    # NotPermitted
    SENDER_MISMATCH = "SENDER_MISMATCH"
    PARTY_UNKNOWN = "PARTY_UNKNOWN"
    PARTY_SUSPENDED = "PARTY_SUSPENDED"
    KEY_UNKNOWN = "KEY_UNKNOWN"
    KEY_REVOKED = "KEY_REVOKED"
    KEY_PURPOSE = "KEY_PURPOSE"
    POLICY_DENIED = "POLICY_DENIED"
    NOT_ADDRESSEE = "NOT_ADDRESSEE"
    NOT_ORIGIN = "NOT_ORIGIN"
    NOT_CHECKER = "NOT_CHECKER"
    WRONG_AUDIENCE = "WRONG_AUDIENCE"
    TYPE_NOT_ACCEPTED = "TYPE_NOT_ACCEPTED"
    JOIN_CODE_INVALID = "JOIN_CODE_INVALID"
    JOIN_CODE_EXPIRED = "JOIN_CODE_EXPIRED"
    JOIN_CODE_USED = "JOIN_CODE_USED"
    # NotRoutable
    TARGET_NOT_SERVED = "TARGET_NOT_SERVED"
    ROUTE_DIFFERS = "ROUTE_DIFFERS"
    PARTY_NOT_JOINED = "PARTY_NOT_JOINED"
    # RuleBroken
    EXPIRED = "EXPIRED"
    CREATED_IN_FUTURE = "CREATED_IN_FUTURE"
    CASE_FILING_MISSING = "CASE_FILING_MISSING"
    TERMS_EXHAUSTED = "TERMS_EXHAUSTED"
    TERM_TOO_LONG = "TERM_TOO_LONG"
    NECESSITY_MISSING = "NECESSITY_MISSING"
    PROFILE_UNKNOWN = "PROFILE_UNKNOWN"
    NOT_IN_PROFILE = "NOT_IN_PROFILE"
    DOMAIN_PUBLIC = "DOMAIN_PUBLIC"
    DOMAIN_PROTECTED = "DOMAIN_PROTECTED"
    # WrongState
    THREAD_UNKNOWN = "THREAD_UNKNOWN"
    TRANSITION_REFUSED = "TRANSITION_REFUSED"
    EXTEND_AFTER_END = "EXTEND_AFTER_END"
    RANGE_TAKEN = "RANGE_TAKEN"
    PARTY_EXISTS = "PARTY_EXISTS"
    KEY_EXISTS = "KEY_EXISTS"
    VERSION_STALE = "VERSION_STALE"
    LIST_UNKNOWN = "LIST_UNKNOWN"
    LIST_NOT_READY = "LIST_NOT_READY"
    LIST_KEY_DIFFERS = "LIST_KEY_DIFFERS"
    EPOCH_OVER = "EPOCH_OVER"
    EPOCH_UNKNOWN = "EPOCH_UNKNOWN"
    ENTRY_EXISTS = "ENTRY_EXISTS"
    ENTRY_UNKNOWN = "ENTRY_UNKNOWN"
    CHECK_UNKNOWN = "CHECK_UNKNOWN"
    ATTEMPT_FENCED = "ATTEMPT_FENCED"
    HUB_BEHIND = "HUB_BEHIND"
    # IdReused
    ID_REUSED = "ID_REUSED"
    # NotFound
    NOT_FOUND = "NOT_FOUND"
    # LocalFault
    PASSPHRASE_WRONG = "PASSPHRASE_WRONG"
    IDENTITY_INVALID = "IDENTITY_INVALID"
    IDENTITY_EXPOSED = "IDENTITY_EXPOSED"
    DIRECTORY_EMPTY = "DIRECTORY_EMPTY"
    HANDLER_RESULT_INVALID = "HANDLER_RESULT_INVALID"
    SETUP_INVALID = "SETUP_INVALID"
    ROLLBACK = "ROLLBACK"
    CORRUPT = "CORRUPT"
    STORE_NEWER = "STORE_NEWER"
    ALREADY_RUNNING = "ALREADY_RUNNING"
    # Unavailable
    HUB_UNREACHABLE = "HUB_UNREACHABLE"
    STORE_BUSY = "STORE_BUSY"
    STORE_FULL = "STORE_FULL"
    DRAINING = "DRAINING"
    CLOCK_UNEXPLAINED = "CLOCK_UNEXPLAINED"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    MAILBOX_FULL = "MAILBOX_FULL"
    INTERNAL = "INTERNAL"


class BusError(Exception):
    """Root of all errors of the bus.

    Attributes:
        reason: Stable machine name.
        facts: What the text is filled with; safe to log and to show.
        retryable: Whether the same bytes may succeed later.
    """

    retryable: ClassVar[bool] = False

    def __init__(self, reason: Reason, /, **facts: object) -> None:
        self.reason = reason
        self.facts: Mapping[str, str] = MappingProxyType({k: str(v) for k, v in facts.items()})
        super().__init__(reason, self.facts)

    def text(self, lang: str = "en") -> str:
        """The error in words an officer understands: what is wrong, the rule, the remedy (``en`` or ``zh``)."""
        return texts.error_text(self.reason, self.facts, lang)

    def __str__(self) -> str:
        return self.text("en")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.reason}, {dict(self.facts)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BusError) and (self.reason, self.facts) == (other.reason, other.facts)

    def __hash__(self) -> int:
        return hash((self.reason, tuple(sorted(self.facts.items()))))

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.reason.value, dict(self.facts)))


class Rejected(BusError):
    """Permanent: the same bytes can never succeed."""


class Malformed(Rejected):
    """The bytes or the value do not follow the contract."""


class SignatureInvalid(Rejected):
    """The signature does not prove the author."""


class NotPermitted(Rejected):
    """This sender, key or role may not do this."""


class NotRoutable(Rejected):
    """Nobody serves this target."""


class RuleBroken(Rejected):
    """A limit of the law or of the profile forbids it."""


class WrongState(Rejected):
    """The thread, key or party is not in a state that allows it."""


class IdReused(Rejected):
    """A known message id with other bytes."""


class NotFound(Rejected):
    """Nothing here under this name that the caller may see."""


class LocalFault(Rejected):
    """This machine's set-up is wrong; nothing was sent."""


class Unavailable(BusError):
    """Transient; the outcome may be unknown: retry with the same message id."""

    retryable = True

    @property
    def retry_after_ms(self) -> int | None:
        """How long to wait before the next try, when the other side said so."""
        value = self.facts.get("retry_after_ms")
        return int(value) if value is not None else None


class HubUnreachable(Unavailable):
    """No connection to the hub, or it broke before the answer."""


class StoreBusy(Unavailable):
    """The store could not take it now; nothing was written."""


class Draining(Unavailable):
    """The hub is stopping or its clock is unexplained; another try reaches it after its return."""


class QuotaExceeded(Unavailable):
    """Over the allowance; ``retry_after_ms`` says when to come back."""


_GROUPS: tuple[tuple[type[BusError], str, str], ...] = (
    (Malformed, "MALFORMED", "DOMAIN_INVALID"),
    (SignatureInvalid, "UNSIGNED", "SEAL_INVALID"),
    (NotPermitted, "SENDER_MISMATCH", "JOIN_CODE_USED"),
    (NotRoutable, "TARGET_NOT_SERVED", "PARTY_NOT_JOINED"),
    (RuleBroken, "EXPIRED", "DOMAIN_PROTECTED"),
    (WrongState, "THREAD_UNKNOWN", "HUB_BEHIND"),
    (IdReused, "ID_REUSED", "ID_REUSED"),
    (NotFound, "NOT_FOUND", "NOT_FOUND"),
    (LocalFault, "PASSPHRASE_WRONG", "ALREADY_RUNNING"),
    (HubUnreachable, "HUB_UNREACHABLE", "HUB_UNREACHABLE"),
    (StoreBusy, "STORE_BUSY", "STORE_FULL"),
    (Draining, "DRAINING", "CLOCK_UNEXPLAINED"),
    (QuotaExceeded, "QUOTA_EXCEEDED", "MAILBOX_FULL"),
    (Unavailable, "INTERNAL", "INTERNAL"),
)


def _class_table() -> Mapping[Reason, type[BusError]]:
    order = list(Reason)
    table: dict[Reason, type[BusError]] = {}
    for cls, first, last in _GROUPS:
        for reason in order[order.index(Reason(first)) : order.index(Reason(last)) + 1]:
            table[reason] = cls
    return MappingProxyType(table)


CLASS_OF: Mapping[Reason, type[BusError]] = _class_table()
"""The class of each reason. Groups follow the order of ``Reason``; a test proves that no reason is left out."""


def error(reason: Reason, /, **facts: object) -> BusError:
    """The error for ``reason``, of the class callers branch on."""
    return CLASS_OF[reason](reason, **facts)


def _rebuild(reason: str, facts: dict[str, str]) -> BusError:
    return error(Reason(reason), **facts)
