"""Watchlists: what an entry is, and the two natures of message that serve them.

 * The hub keeps tokens, ends and sealed details. What an entry names stands in the owner's own copy and nowhere else.
 * A list lives in epochs, each with a key of its own. An epoch is *filling* until its owner says that it is complete; only a
   complete one is checked against, so that no list is taken for empty while it is being published.
 * A list message changes what the hub keeps of a list; it sets no measure, and only the list's owner may send it. A check states
   that the list was asked, and changes nothing but the count of what its party asked.
 * A notice tells named parties something. Nothing lives on after it, but an answer may follow in its thread.
 * Lists and their notices cannot be rehearsed in a real list: a drill uses a list of its own.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from hashlib import sha256
from typing import ClassVar

from tocsin.core.errors import Reason, error
from tocsin.core.message import Header, Message

MAX_ENTRIES = 500
"""Entries of one message: with details of 250 bytes it stays within half an envelope."""

MAX_TOKENS = 1_000
"""Subjects of one check: two large aircraft, and an answer in a few milliseconds."""

MAX_EPOCH_US = 366 * 24 * 3600 * 1_000_000
"""An epoch lasts a year at most: who lost a key, or left, knows no more than a year of tokens."""

MAX_PURPOSE = 120
"""Characters: a reason, not a story in which somebody is named."""

MAX_SEALED_DETAILS = 12 + 1024 + 16
"""Nonce, padded text, tag."""

TOKEN_BYTES = KEY_BYTES = SALT_BYTES = HASH_BYTES = 32
KEY_CHECK_BYTES = 16

_LIST_ID = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?")


class WatchSubjectKind(Enum):
    """What kind of thing an entry names."""

    DOCUMENT = 1
    PLATE = 2
    PARCEL = 3
    PHONE = 4
    CARD = 5


class WatchAction(Enum):
    """What a checker does when it meets the subject."""

    NOTIFY = 1
    INSPECT = 2
    HOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEntry:
    """One entry as it travels and as the hub keeps it.

    Attributes:
        token: HMAC-SHA256 of the subject under the list key of the epoch.
        entry_no: Number of the entry, the same in all epochs, from 1.
        ends_us: From then on it matches no more.
        details: Sealed for the authorised checkers; empty when there are none.
    """

    token: bytes
    entry_no: int
    subject: WatchSubjectKind
    action: WatchAction
    ends_us: int
    details: bytes = b""

    def __post_init__(self) -> None:
        if len(self.token) != TOKEN_BYTES:
            raise error(Reason.FIELD_INVALID, field="entries.token", rule="32 bytes")
        if self.entry_no < 1:
            raise error(Reason.FIELD_INVALID, field="entries.entry_no", rule="a whole number from 1")
        if self.ends_us <= 0:
            raise error(Reason.FIELD_MISSING, field="entries.ends_us", rule="every entry has an end")
        if len(self.details) > MAX_SEALED_DETAILS:
            raise error(Reason.FIELD_INVALID, field="entries.details", rule=f"at most {MAX_SEALED_DETAILS} bytes")


class ListStep(StrEnum):
    """What a list message does."""

    OPEN = "open"
    PUBLISH = "publish"
    CORRECT = "correct"
    WITHDRAW = "withdraw"
    CHECK = "check"


class ListMessage(Message):
    """Base of the messages about one epoch of a list.

    Attributes:
        STEP: What it does.
        NEVER_WITHHELD: Whether no allowance limits it.
    """

    STEP: ClassVar[ListStep]
    NEVER_WITHHELD: ClassVar[bool] = False

    list_id: str
    epoch: int

    def tokens_named(self) -> Sequence[bytes]:
        """Tokens of the entries that the hub must look at before it decides."""
        return ()


class Notice(Message):
    """Base of the messages that tell named parties something.

    Attributes:
        AWAITS_ANSWER: Whether its recipient is asked for an answer in its thread.
    """

    AWAITS_ANSWER: ClassVar[bool] = False


class ListNotice(Notice):
    """Base of the notices a checker sends to the owner of a list about one of its entries."""

    list_id: str
    epoch: int
    check_id: bytes


def check_list(message: "ListMessage | ListNotice") -> None:
    """What holds for every message about a list.

    Raises:
        Malformed: FIELD_MISSING or FIELD_INVALID.
    """
    if not _LIST_ID.fullmatch(message.list_id):
        raise error(Reason.FIELD_INVALID, field="list_id", rule="1 to 64 lowercase letters, digits, dots and hyphens")
    if message.epoch < 1:
        raise error(Reason.FIELD_INVALID, field="epoch", rule="a whole number from 1")
    not_a_drill(message.header)


def not_a_drill(header: Header) -> None:
    """A drill of lists uses a list of its own.

    Raises:
        Malformed: FIELD_INVALID.
    """
    if header.exercise:
        raise error(Reason.FIELD_INVALID, field="exercise", rule="a list has no drills; use a list made for practice")
    if header.target is not None:
        raise error(Reason.FIELD_INVALID, field="target", rule="no subject stands in clear in a message about a list")


def check_items(items: Collection[bytes], *, limit: int, field: str, least: int = 1) -> None:
    """A list of tokens: not too many, none twice.

    Raises:
        Malformed: FIELD_MISSING, TOO_MANY_ITEMS or ITEM_REPEATED.
    """
    if len(items) < least:
        raise error(Reason.FIELD_MISSING, field=field, rule="at least one")
    if len(items) > limit:
        raise error(Reason.TOO_MANY_ITEMS, field=field, value=len(items), limit=limit)
    if len(set(items)) != len(items):
        raise error(Reason.ITEM_REPEATED, field=field)


def check_entries(entries: Sequence[WatchEntry], *, least: int = 1) -> None:
    """Entries of one message: not too many, no token and no number twice.

    Raises:
        Malformed: As ``check_items``.
    """
    check_items([entry.token for entry in entries], limit=MAX_ENTRIES, field="entries", least=least)
    if len({entry.entry_no for entry in entries}) != len(entries):
        raise error(Reason.ITEM_REPEATED, field="entries.entry_no")


def commitment(salt: bytes, tokens: Sequence[bytes]) -> bytes:
    """What a check says of its tokens: SHA-256 over a label, the salt, their number and the tokens in order.

    Args:
        salt: 32 random bytes, told to the hub and kept by the checker: who lacks them cannot try tokens against the log.
        tokens: 32 bytes each.
    """
    return sha256(b"tocsin watch check v1" + salt + len(tokens).to_bytes(4, "big") + b"".join(tokens)).digest()
