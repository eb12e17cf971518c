"""Names of parties, messages and regions, and the numbers an order may aim at.

* An ``Identifier`` is always in its one canonical form; nothing else can be constructed. Equal numbers compare equal.
* ``identifier`` reads what people type; ``check_canonical`` judges what came over the wire. Only the first uses number
  plans of other libraries: a stored message must be judged alike by every release.
* No error, ``repr`` or ``str`` holds the number itself.

Example:
    >>> identifier("6222 0202 0000 0000 006").text()
    'card:6222020200000000006'
"""

import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

from tocsin.core.errors import BusError, Reason, error

PartyId = NewType("PartyId", str)
"""Such as ``police.420100``, ``bank.icbc``, ``hub``, ``governance``."""

MAX_PARTY_ID = 64
"""Characters: fits a SPIFFE path, a file name and a column of a screen."""

MAX_IDENTIFIER_INPUT = 128
"""Characters of typed input: the longest identifier with its kind and generous spacing."""

# The first label starts with a letter, so that no card or account number can pass for a party and be shown as one.
_PARTY = re.compile(r"[a-z][a-z0-9]*(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*")
_REGION = re.compile(r"[1-9][0-9]{5}|[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def party_id(text: str, *, field: str = "party") -> PartyId:
    """``text`` as a party id: lowercase labels of letters, digits and inner hyphens, joined by dots.

    Raises:
        Malformed: PARTY_ID_INVALID.
    """
    if len(text) > MAX_PARTY_ID or not _PARTY.fullmatch(text):
        raise error(Reason.PARTY_ID_INVALID, field=field, limit=MAX_PARTY_ID)
    return PartyId(text)


def region(text: str, *, field: str = "region") -> str:
    """``text`` as a region code, in capitals: GB/T 2260 (``420100``), ISO 3166-2 (``CN-HB``) or a country (``CN``). Syntax only.

    Raises:
        Malformed: FIELD_INVALID.
    """
    canonical = text.strip().upper()
    if not _REGION.fullmatch(canonical):
        raise error(Reason.FIELD_INVALID, field=field, rule="rule.identifier.region")
    return canonical


def new_message_id(now_ms: int, random: Callable[[int], bytes]) -> bytes:
    """A UUID of version 7 (RFC 9562 §5.7), 16 bytes.

    Args:
        now_ms: Milliseconds since the Unix epoch, UTC.
        random: Gives that many unpredictable bytes, such as ``os.urandom``.

    Raises:
        Malformed: TIME_INVALID when ``now_ms`` does not fit 48 bits.
    """
    if not 0 <= now_ms < 1 << 48:
        raise error(Reason.TIME_INVALID, field="now_ms", rule="rule.time.range")
    made = bytearray(now_ms.to_bytes(6, "big") + random(10))
    made[6] = 0x70 | made[6] & 0x0F
    made[8] = 0x80 | made[8] & 0x3F
    return bytes(made)


def check_message_id(value: bytes, *, field: str = "message_id") -> bytes:
    """``value`` itself when it is a UUID of version 7, 16 bytes.

    Raises:
        Malformed: FIELD_INVALID.
    """
    if len(value) != 16 or value[6] >> 4 != 7 or value[8] >> 6 != 0b10:
        raise error(Reason.FIELD_INVALID, field=field, rule="rule.message_id")
    return value


def message_id_text(value: bytes) -> str:
    """The canonical text (lowercase, with hyphens) of a message id.

    Raises:
        Malformed: FIELD_INVALID.
    """
    return str(uuid.UUID(bytes=check_message_id(value)))


def parse_message_id(text: str, *, field: str = "message_id") -> bytes:
    """The 16 bytes of a message id written with hyphens; letters of either case.

    Raises:
        Malformed: FIELD_INVALID.
    """
    lowered = text.lower()
    if not _UUID.fullmatch(lowered):
        raise error(Reason.FIELD_INVALID, field=field, rule="rule.message_id")
    return check_message_id(bytes.fromhex(lowered.replace("-", "")), field=field)


class IdentifierKind(StrEnum):
    """What kind of number an order aims at."""

    CARD = "card"
    """ISO/IEC 7812, 12 to 19 digits with a Luhn digit."""
    ACCOUNT = "account"
    """``BANK/NUMBER``, capitals; a sub-account follows ``_`` or ``-``."""
    IBAN = "iban"
    """ISO 13616, without spaces."""
    PHONE = "phone"
    """E.164 with ``+``."""
    WALLET = "wallet"
    """``firm/number``; the firm in lowercase, the number as the firm writes it."""


_FORM: Mapping[IdentifierKind, re.Pattern[str]] = MappingProxyType(
    {
        IdentifierKind.CARD: re.compile(r"[0-9]{12,19}"),
        IdentifierKind.ACCOUNT: re.compile(r"[A-Z0-9]{2,16}/[A-Z0-9](?:[A-Z0-9_-]{0,38}[A-Z0-9])?"),
        IdentifierKind.IBAN: re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"),
        IdentifierKind.PHONE: re.compile(r"\+[1-9][0-9]{4,14}"),
        IdentifierKind.WALLET: re.compile(
            r"[a-z0-9](?:[a-z0-9.-]{0,30}[a-z0-9])?/[A-Za-z0-9](?:[A-Za-z0-9._@+-]{0,62}[A-Za-z0-9])?"
        ),
    }
)


@dataclass(frozen=True, slots=True, repr=False)
class Identifier:
    """One number of one kind, canonical.

    Attributes:
        kind: What it is.
        value: Its only spelling.

    Raises:
        Malformed: IDENTIFIER_INVALID or CHECK_DIGIT, with field ``target``.
    """

    kind: IdentifierKind
    value: str

    def __post_init__(self) -> None:
        check_canonical(self)

    def text(self) -> str:
        """``kind:value``, which ``identifier`` reads back. Holds the number: not for logs."""
        return f"{self.kind}:{self.value}"

    def __repr__(self) -> str:
        return f"Identifier({self.kind} {masked(self)})"


def check_canonical(one: Identifier, *, field: str = "target") -> Identifier:
    """``one`` itself when its value is in canonical form; own code only, about a microsecond for a card.

    Raises:
        Malformed: IDENTIFIER_INVALID for the form, CHECK_DIGIT for the Luhn or ISO 7064 check.
    """
    _check(one.kind, one.value, field)
    return one


def _check(kind: IdentifierKind, value: str, field: str) -> None:
    if not _FORM[kind].fullmatch(value):
        raise _invalid(field, kind)
    if kind is IdentifierKind.CARD and not luhn_valid(value):
        raise error(Reason.CHECK_DIGIT, field=field)
    if kind is IdentifierKind.IBAN and not _iban_valid(value):
        raise error(Reason.CHECK_DIGIT, field=field)


_PLAIN = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))


def luhn_valid(digits: str) -> bool:
    """Whether ``digits`` (ASCII digits only) end in their Luhn digit; a tenth of the time python-stdnum takes."""
    raw = digits.encode("ascii")
    return (sum(raw[::-2].translate(_PLAIN)) + sum(raw[-2::-2].translate(_DOUBLED))) % 10 == 0


def _iban_valid(value: str) -> bool:
    moved = value[4:] + value[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def identifier(text: str, kind: IdentifierKind | None = None, *, field: str = "target") -> Identifier:
    """Reads an identifier as people type it: spaces, hyphens in numbers, full-width characters, ``kind:`` in front.

    Without a kind, ``+…`` is a telephone number, ``BANK/NUMBER`` an account, two letters and two digits an IBAN, and
    digits are a card.

    Raises:
        Malformed: CHECK_DIGIT or IDENTIFIER_INVALID with ``field``, never with the number.
    """
    if len(text) > MAX_IDENTIFIER_INPUT:
        raise _invalid(field, "kind" if kind is None else kind)
    plain = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in _IGNORED)
    head, colon, rest = plain.partition(":")
    if colon:
        named = head.lower()
        if named not in _READERS or kind not in (None, IdentifierKind(named)):
            raise _invalid(field, "kind" if kind is None else kind)
        kind, plain = IdentifierKind(named), rest
    kind = kind or _guess(plain, field)
    value = _READERS[kind](plain, field)
    _check(kind, value, field)
    return Identifier(kind, value)


_IGNORED = frozenset({"Zs", "Cf"})
"""Unicode categories that copying from a page brings along: spaces, zero-width and direction marks. Not line breaks."""


def _invalid(field: str, rule: str) -> BusError:
    return error(Reason.IDENTIFIER_INVALID, field=field, rule=f"rule.identifier.{rule}")


def _guess(plain: str, field: str) -> IdentifierKind:
    if plain.startswith("+"):
        return IdentifierKind.PHONE
    if "/" in plain:
        return IdentifierKind.ACCOUNT
    if re.match(r"[A-Za-z]{2}[0-9]{2}", plain):
        return IdentifierKind.IBAN
    if re.fullmatch(r"[0-9]+", _without_hyphens(plain)):
        return IdentifierKind.CARD
    raise _invalid(field, "kind")


def _card(plain: str, field: str) -> str:
    return _without_hyphens(plain)


def _account(plain: str, field: str) -> str:
    return plain.upper()


def _wallet(plain: str, field: str) -> str:
    firm, slash, number = plain.partition("/")
    return firm.lower() + slash + number


def _iban(plain: str, field: str) -> str:
    from stdnum import iban  # loads the number plans of all countries
    from stdnum.exceptions import InvalidChecksum, ValidationError

    value = _without_hyphens(plain).upper()
    if not _FORM[IdentifierKind.IBAN].fullmatch(value):
        raise _invalid(field, IdentifierKind.IBAN)
    try:
        return iban.validate(value)
    except InvalidChecksum as failed:
        raise error(Reason.CHECK_DIGIT, field=field) from failed
    except ValidationError as failed:
        raise _invalid(field, IdentifierKind.IBAN) from failed


def _phone(plain: str, field: str) -> str:
    import phonenumbers  # loads the numbering plans of all countries

    try:
        number = phonenumbers.parse(plain)
    except phonenumbers.NumberParseException as failed:
        raise _invalid(field, IdentifierKind.PHONE) from failed
    # Possible, not valid: carriers open ranges before the library knows them, and some hotlines are in no plan.
    if number.extension or not phonenumbers.is_possible_number(number):
        raise _invalid(field, IdentifierKind.PHONE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _without_hyphens(plain: str) -> str:
    return re.sub("[-\u2010-\u2014]", "", plain)


_READERS: Mapping[str, Callable[[str, str], str]] = MappingProxyType(
    {
        IdentifierKind.CARD: _card,
        IdentifierKind.ACCOUNT: _account,
        IdentifierKind.IBAN: _iban,
        IdentifierKind.PHONE: _phone,
        IdentifierKind.WALLET: _wallet,
    }
)

_MIN_HIDDEN = 4
"""Fewer hidden digits could be guessed from the check digit and a few tries."""


def masked(one: Identifier) -> str:
    """``one`` for screens and logs: a card shows six and four digits (PCI DSS 3.4.1); at least four are hidden."""
    prefix, slash, number = one.value.rpartition("/")
    head = {IdentifierKind.CARD: 6, IdentifierKind.PHONE: 6, IdentifierKind.IBAN: 4}.get(one.kind, 0)
    tail = max(0, min(4, len(number) - _MIN_HIDDEN))
    head = max(0, min(head, len(number) - tail - _MIN_HIDDEN))
    hidden = len(number) - head - tail
    return f"{prefix}{slash}{number[:head]}{'*' * hidden}{number[len(number) - tail :]}"
