"""What watchlists name: documents, plates, parcels, telephones, cards; each in its one canonical form.

 * Owner and checker compute the token from this form alone, so one subject has one spelling and nothing else can be made.
 * ``subject`` reads what people type or a manifest holds. No error, ``repr`` or ``str`` holds the number itself.
 * A check digit that the form has is checked: the resident identity number of China (GB 11643), postal items (UPU S10), cards.

Forms: ``document:passport/CHN/E00000000`` · ``plate:CHN/鄂A00000`` · ``parcel:EE000000005CN`` · ``phone:+8613800000000`` ·
``card:…``; a state is written as in machine-readable travel documents (ICAO 9303: three letters, Germany ``D``).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tocsin.core.errors import BusError, Reason, error
from tocsin.core.identifiers import MAX_IDENTIFIER_INPUT, IdentifierKind, identifier
from tocsin.core.watch import WatchSubjectKind

DOCUMENTS = ("passport", "id-card", "residence-permit", "travel-permit", "seaman-book", "other")
"""Kinds of document; a travel permit is what the mainland issues to residents of Hong Kong, Macao and Taiwan."""

_STATE = re.compile(r"[A-Z]{3}|D")
_DOCUMENT_NO = re.compile(r"[A-Z0-9]{4,24}")
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_PLATE = re.compile(r"[A-Z0-9\u3400-\u9fff]{2,12}")
_PARCEL = re.compile(r"[A-Z0-9]{6,40}")
_S10 = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_IGNORED = frozenset({"Zs", "Cf"})
_FILLERS = re.compile("[-<.·•\u2010-\u2014]")
"""What separates groups on a plate or in a number, and the filler of machine-readable zones."""


@dataclass(frozen=True, slots=True, repr=False)
class Subject:
    """One subject, canonical. Make it with ``subject``.

    Attributes:
        kind: What it is.
        value: Its only spelling, without the kind.
    """

    kind: WatchSubjectKind
    value: str

    def text(self) -> str:
        """``kind:value``, which ``subject`` reads back. Holds the number: not for logs."""
        return f"{self.kind.name.lower()}:{self.value}"

    def __repr__(self) -> str:
        return f"Subject({self.kind.name.lower()})"


def subject(text: "str | Subject", kind: WatchSubjectKind | None = None, *, field: str = "subject") -> Subject:
    """Reads a subject as people type it: ``kind:`` in front unless ``kind`` is given.

    Raises:
        Malformed: IDENTIFIER_INVALID or CHECK_DIGIT with ``field``, never with the number.
    """
    if isinstance(text, Subject):
        return text
    if len(text) > MAX_IDENTIFIER_INPUT:
        raise _invalid(field, "subject")
    plain = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in _IGNORED)
    if kind is None:
        head, colon, plain = plain.partition(":")
        named = head.upper()
        if not colon or named not in WatchSubjectKind.__members__:
            raise _invalid(field, "subject")
        kind = WatchSubjectKind[named]
    return Subject(kind, _READERS[kind](plain, field))


def _document(plain: str, field: str) -> str:
    parts = plain.split("/")
    if len(parts) != 3 or parts[0].lower() not in DOCUMENTS or not _STATE.fullmatch(parts[1].upper()):
        raise _invalid(field, "document")
    name, state, number = parts[0].lower(), parts[1].upper(), _FILLERS.sub("", parts[2]).upper()
    if not _DOCUMENT_NO.fullmatch(number):
        raise _invalid(field, "document")
    if (name, state) == ("id-card", "CHN"):
        _check_resident_number(number, field)
    return f"{name}/{state}/{number}"


def _check_resident_number(number: str, field: str) -> None:
    from stdnum.cn import ric  # loads the table of counties
    from stdnum.exceptions import InvalidChecksum, ValidationError

    try:
        # Birth date and check digit, not the county: counties are renamed, and people keep their numbers.
        if not _RESIDENT.fullmatch(number):
            raise _invalid(field, "document")
        if ric.calc_check_digit(number) != number[-1]:
            raise InvalidChecksum
        ric.get_birth_date(number)
    except InvalidChecksum as failed:
        raise error(Reason.CHECK_DIGIT, field=field) from failed
    except (ValidationError, ValueError) as failed:
        raise _invalid(field, "document") from failed


def _plate(plain: str, field: str) -> str:
    state, slash, number = plain.partition("/")
    state, number = state.upper(), _FILLERS.sub("", number).upper()
    if not slash or not _STATE.fullmatch(state) or not _PLATE.fullmatch(number):
        raise _invalid(field, "plate")
    return f"{state}/{number}"


def _parcel(plain: str, field: str) -> str:
    number = _FILLERS.sub("", plain).upper()
    if not _PARCEL.fullmatch(number):
        raise _invalid(field, "parcel")
    if _S10.fullmatch(number):
        total = sum(weight * int(digit) for weight, digit in zip(_S10_WEIGHTS, number[2:10], strict=True))
        if {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11) != int(number[10]):
            raise error(Reason.CHECK_DIGIT, field=field)
    return number


def _phone(plain: str, field: str) -> str:
    return identifier(plain, IdentifierKind.PHONE, field=field).value


def _card(plain: str, field: str) -> str:
    return identifier(plain, IdentifierKind.CARD, field=field).value


def _invalid(field: str, rule: str) -> BusError:
    return error(Reason.IDENTIFIER_INVALID, field=field, rule=f"rule.subject.{rule}")


_READERS: Mapping[WatchSubjectKind, Callable[[str, str], str]] = MappingProxyType(
    {
        WatchSubjectKind.DOCUMENT: _document,
        WatchSubjectKind.PLATE: _plate,
        WatchSubjectKind.PARCEL: _parcel,
        WatchSubjectKind.PHONE: _phone,
        WatchSubjectKind.CARD: _card,
    }
)
