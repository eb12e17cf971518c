"""What a message is: a header every payload carries, and a kind that says what it asks or states.

 * A kind is a frozen dataclass in ``core/orders`` or ``core/directory_messages`` decorated with ``@kind("stop-payment", …)``.
   Its fields have the names of the fields of its proto message; a field marked ``private()`` travels only in the sealed part.
 * Wire codec, JSON form, JSON schema, CLI verb and docs line are generated from the dataclass. Nothing else lists kinds.
 * Values are canonical when they exist: constructors of values check, ``Header.check`` checks what spans fields.
 * Times are microseconds since 1970 UTC (``*_us``). Empty string, empty tuple, ``None`` and 0 mean absent.

Example:
    >>> KINDS["stop-payment"].payload_type
    'application/vnd.tocsin.stop-payment.v1+protobuf'
"""

import copy
import dataclasses
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar, Protocol, TypeVar, dataclass_transform

from tocsin.core.errors import Reason, error
from tocsin.core.identifiers import Identifier, check_message_id, message_id_text, party_id
from tocsin.core.times import MAX_TIME_US

MAX_ENVELOPE_BYTES = 256 * 1024
"""One message: a 64 KiB part sealed for several parties fits four times over, and a frame still holds 32 of them."""

MAX_FRAME_BYTES = 8 * 1024 * 1024
"""Transport limit of one frame."""

MAX_CLOCK_AHEAD_US = 2 * 60 * 1_000_000
"""How far ``created`` may lie in the future: what unsynchronised office clocks drift, not more (DESIGN §5, time)."""

MAX_TEXT = 2_000
"""Longest free text in a clear field, characters: a remedy fits, a file does not."""

MAX_RECIPIENTS = 64
"""More than a message needs; a wider audience is a list, not an address line."""


class Lane(Enum):
    """The queue a message travels in."""

    URGENT = 1
    ROUTINE = 2


class HolderNotice(Enum):
    """What the holder may be told by the acting party."""

    FULL = 1
    MEASURE_ONLY = 2
    NONE = 3


class Nature(Enum):
    """What a kind does, for rules that hold for all kinds of that nature."""

    ORDER = "order"
    """Asks another party to act, and then lives."""
    REPORT = "report"
    """States what the acting party did."""
    RECORD = "record"
    """The hub states that a time passed."""
    LIST = "list"
    """Changes a list the hub keeps, or states that it was asked."""
    NOTICE = "notice"
    """Tells named parties something; nothing lives on."""
    DIRECTORY = "directory"
    """Changes who is who."""
    GOVERNANCE = "governance"
    """Changes root, policy or profiles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """The law an order rests on; ``profile`` names the limits that apply."""

    profile: str = ""
    statute: str = ""
    article: str = ""
    document_no: str = ""
    document_sha256: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Place of a message in its thread; ids are 16 bytes, empty when absent."""

    root_id: bytes = b""
    parent_id: bytes = b""
    supersedes: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrap:
    """A part key sealed for one key of one party."""

    party: str
    key_id: str
    sealed_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A sealed private part."""

    name: str
    media_type: str
    plaintext_hash: bytes
    ciphertext: bytes
    wraps: tuple[Wrap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What every message carries; see ``proto/tocsin/v1/header.proto`` for each field."""

    message_id: bytes
    sender: str
    author_key: str
    recipients: tuple[str, ...] = ()
    target: Identifier | None = None
    audience: str
    created_us: int
    expires_us: int
    lane: Lane
    case_ref: str = ""
    case_filing_no: str = ""
    legal_basis: LegalBasis | None = None
    contact: str = ""
    remedy: str = ""
    holder_notice: HolderNotice | None = None
    thread: Thread | None = None
    on_behalf_of: str = ""
    exercise: bool = False
    parts: tuple[Part, ...] = ()

    def check(self) -> None:
        """Rules that hold for every header.

        Raises:
            Malformed: FIELD_MISSING, FIELD_INVALID or PARTY_ID_INVALID with the field and its rule.
        """
        check_message_id(self.message_id)
        if not self.sender:
            raise error(Reason.FIELD_MISSING, field="sender", rule="the sending party")
        _party(self.sender, field="sender")
        if not KEY_ID.fullmatch(self.author_key):
            raise error(Reason.FIELD_INVALID, field="author_key", rule="32 hex digits")
        if not self.audience:
            raise error(Reason.FIELD_MISSING, field="audience", rule="the bus name")
        recipients = self.recipients
        if len(recipients) > MAX_RECIPIENTS:
            raise error(Reason.FIELD_INVALID, field="recipients", rule=f"at most {MAX_RECIPIENTS}")
        for one in recipients:
            _party(one, field="recipients")
        if len(recipients) > 1 and any(a >= b for a, b in pairwise(recipients)):
            raise error(Reason.FIELD_INVALID, field="recipients", rule="sorted, without repeats")
        if self.on_behalf_of:
            _party(self.on_behalf_of, field="on_behalf_of")
        if not 0 < self.created_us < self.expires_us < MAX_TIME_US:
            raise error(Reason.FIELD_INVALID, field="expires_us", rule="after created_us, before the year 3000")
        for name in ("case_ref", "case_filing_no", "contact", "remedy"):
            if len(getattr(self, name)) > MAX_TEXT:
                raise error(Reason.FIELD_INVALID, field=name, rule=f"at most {MAX_TEXT} characters")
        basis = self.legal_basis
        if basis is not None and len(basis.document_sha256) not in (0, 32):
            raise error(Reason.FIELD_INVALID, field="legal_basis.document_sha256", rule="32 bytes")
        thread = self.thread
        if thread is not None:
            if not thread.root_id and (thread.parent_id or thread.supersedes):
                raise error(Reason.FIELD_MISSING, field="thread.root_id", rule="the order this message belongs to")
            for name in ("root_id", "parent_id", "supersedes"):
                if one_id := getattr(thread, name):
                    check_message_id(one_id, field=f"thread.{name}")

    @property
    def root_id(self) -> bytes:
        """Id of the thread's root: the message itself when it starts a thread."""
        return self.thread.root_id if self.thread is not None and self.thread.root_id else self.message_id


@lru_cache(maxsize=4096)
def _party(text: object, *, field: str) -> None:
    # A bus has hundreds of parties, named in every header: each is checked once. What is refused is not kept.
    if not isinstance(text, str):
        raise error(Reason.FIELD_INVALID, field=field, rule="text")
    party_id(text, field=field)


KEY_ID = re.compile(r"[0-9a-f]{32}")
"""Form of a key id, see ``tocsin.core.keyid``."""

_KIND_NAME = re.compile(r"[a-z]+(-[a-z]+)*")


def private(default: Any = "") -> Any:
    """A field that travels only in the sealed part, read by recipients, never by the hub."""
    return field(default=default, metadata={"private": True})


class Delivery(Protocol):
    """How a message came to a handler."""

    @property
    def repeat(self) -> bool:
        """Whether a handler may have had it before."""
        ...

    @property
    def attempt(self) -> int:
        """How often the hub has sent it, from 1."""
        ...

    @property
    def accepted_us(self) -> int:
        """When the hub accepted it."""
        ...

    @property
    def started_us(self) -> int:
        """When a handler first began on it: the time from which a term runs."""
        ...

    @property
    def ends_us(self) -> int:
        """Legal end of the measure it asks for; 0 when it sets none."""
        ...

    def mark(self, connection: Any) -> bool:
        """Enters the message id in the caller's database, in its open transaction; False when it stands there already."""
        ...


@dataclass(frozen=True, kw_only=True)
class Message:
    """Base of all kinds.

    Attributes:
        header: What every message carries.
    """

    KIND: ClassVar["Kind"]

    header: Header

    def check(self) -> None:
        """Rules of this kind that need nothing but the message.

        Raises:
            Malformed: A field is missing or wrong.
            RuleBroken: The message breaks a rule of law visible in itself (such as a freeze without a filed case).
        """

    def guard(self) -> None:
        """Rules that rest on data which changes with releases: asked when a message is made and admitted, never in a replay.

        Raises:
            RuleBroken: A rule forbids it.
        """

    @property
    def id(self) -> str:
        """The message id as text, stable for ever: the idempotency key."""
        return message_id_text(self.header.message_id)

    @property
    def thread_id(self) -> str:
        """The id of the thread's root as text: what a hold is found by again."""
        return message_id_text(self.header.root_id)

    @property
    def delivery(self) -> "Delivery":
        """How this message came here.

        Raises:
            LocalFault: HANDLER_RESULT_INVALID for a message that was not delivered to a handler.
        """
        found: Delivery | None = self.__dict__.get("_delivery")
        if found is None:
            raise error(Reason.HANDLER_RESULT_INVALID, field="delivery", rule="only a message handed to a handler has one")
        return found

    @property
    def repeat(self) -> bool:
        """Whether a handler may have had this message before. Raises as ``delivery`` does."""
        return self.delivery.repeat

    def mark(self, connection: Any) -> bool:
        """Marks this message as carried out, in the transaction of ``connection``; False when it was marked before.

        Effect and mark in one transaction of the *bank's* database are what makes the effect happen exactly once.

        Raises:
            LocalFault: As ``delivery`` does.
        """
        return self.delivery.mark(connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of message.

    Attributes:
        name: Such as ``stop-payment``; file, policy row, profile entry and label key carry it.
        cls: The dataclass.
        nature: What it does.
        starts_thread: Whether it may be the root of a thread.
        follows: Kinds of the root whose thread it may join, or ``ANY_THREAD``; empty when it joins none.
    """

    name: str
    cls: type[Message]
    nature: Nature
    version: str
    starts_thread: bool
    follows: tuple[str, ...]

    def joins(self, root: str) -> bool:
        """Whether it may join a thread whose root is of kind ``root``."""
        return root in self.follows or self.follows == ANY_THREAD

    @property
    def payload_type(self) -> str:
        """The DSSE payload type."""
        return f"application/vnd.tocsin.{self.name}.{self.version}+protobuf"

    def fields(self, *, sealed: bool) -> Iterator[dataclasses.Field[Any]]:
        """The fields of the payload (header apart) or, ``sealed``, those of the private part."""
        for one in dataclasses.fields(self.cls):
            if one.name != "header" and bool(one.metadata.get("private")) is sealed:
                yield one


ANY_THREAD = ("*",)
"""``follows`` of a kind that may join every thread."""

KINDS: dict[str, Kind] = {}
"""Every kind by name, filled by ``@kind`` as the modules of ``core.orders`` and ``core.directory_messages`` load."""

BY_PAYLOAD_TYPE: dict[str, Kind] = {}

M = TypeVar("M", bound=Message)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def kind(
    name: str, nature: Nature, *, version: str = "v1", starts_thread: bool = False, follows: tuple[str, ...] = ()
) -> Callable[[type[M]], type[M]]:
    """Makes a class a kind of message: a frozen keyword-only dataclass entered in ``KINDS``."""
    if not _KIND_NAME.fullmatch(name) or name in KINDS:
        raise ValueError(f"kind name {name!r} is malformed or taken")

    def enter(cls: type[M]) -> type[M]:
        made = dataclass(frozen=True, kw_only=True)(cls)
        entry = Kind(name=name, cls=made, nature=nature, version=version, starts_thread=starts_thread, follows=follows)
        made.KIND = entry
        KINDS[name] = entry
        BY_PAYLOAD_TYPE[entry.payload_type] = entry
        return made

    return enter


def delivered(message: M, delivery: Delivery) -> M:
    """A copy of ``message`` that knows how it came."""
    made = copy.copy(message)
    made.__dict__["_delivery"] = delivery
    return made
