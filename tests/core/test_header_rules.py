"""What a header may say: each rule with the field it names, the borders, and what is read off a header."""

from dataclasses import replace
from typing import Any

import pytest

from tests.wire.samples import NOW_US, header, stop_payment
from tocsin.core.errors import LocalFault, Malformed, Reason
from tocsin.core.identifiers import message_id_text
from tocsin.core.message import (
    MAX_RECIPIENTS,
    MAX_TEXT,
    MAX_TIME_US,
    Header,
    LegalBasis,
    Message,
    Nature,
    Thread,
    delivered,
    kind,
)
from tocsin.core.times import MAX_TIME_US as LIMIT_OF_TIMES

ID = header().message_id
OTHER = ID[:-1] + b"\x01"
MANY = tuple(f"bank.b{n:03}" for n in range(MAX_RECIPIENTS + 1))

WRONG: dict[str, tuple[dict[str, Any], Reason, str]] = {
    "an id of no version": ({"message_id": bytes(16)}, Reason.FIELD_INVALID, "message_id"),
    "an id of another variant": ({"message_id": ID[:8] + b"\xc0" + ID[9:]}, Reason.FIELD_INVALID, "message_id"),
    "an id of fifteen bytes": ({"message_id": ID[:15]}, Reason.FIELD_INVALID, "message_id"),
    "no sender": ({"sender": ""}, Reason.FIELD_MISSING, "sender"),
    "a sender in capitals": ({"sender": "Bank.ICBC"}, Reason.PARTY_ID_INVALID, "sender"),
    "a sender that is a card": ({"sender": "6222020200000000006"}, Reason.PARTY_ID_INVALID, "sender"),
    "a key id in capitals": ({"author_key": "A" * 32}, Reason.FIELD_INVALID, "author_key"),
    "a key id with a line break": ({"author_key": "a" * 32 + "\n"}, Reason.FIELD_INVALID, "author_key"),
    "no audience": ({"audience": ""}, Reason.FIELD_MISSING, "audience"),
    "recipients out of order": ({"recipients": ("b.b", "a.a")}, Reason.FIELD_INVALID, "recipients"),
    "a recipient twice": ({"recipients": ("a.a", "a.a")}, Reason.FIELD_INVALID, "recipients"),
    "a recipient that is no party": ({"recipients": ("bank icbc",)}, Reason.PARTY_ID_INVALID, "recipients"),
    "a recipient that is no text": ({"recipients": (7,)}, Reason.FIELD_INVALID, "recipients"),
    "one recipient too many": ({"recipients": MANY}, Reason.FIELD_INVALID, "recipients"),
    "on behalf of nobody there can be": ({"on_behalf_of": "the village bank"}, Reason.PARTY_ID_INVALID, "on_behalf_of"),
    "created at no time": ({"created_us": 0}, Reason.FIELD_INVALID, "expires_us"),
    "an end at its beginning": ({"expires_us": NOW_US}, Reason.FIELD_INVALID, "expires_us"),
    "an end in the year 3000": ({"expires_us": MAX_TIME_US}, Reason.FIELD_INVALID, "expires_us"),
    "a case reference as long as a book": ({"case_ref": "x" * (MAX_TEXT + 1)}, Reason.FIELD_INVALID, "case_ref"),
    "a filing number as long as a book": ({"case_filing_no": "x" * (MAX_TEXT + 1)}, Reason.FIELD_INVALID, "case_filing_no"),
    "a contact as long as a book": ({"contact": "字" * (MAX_TEXT + 1)}, Reason.FIELD_INVALID, "contact"),
    "a remedy as long as a book": ({"remedy": "x" * (MAX_TEXT + 1)}, Reason.FIELD_INVALID, "remedy"),
    "a document's hash cut short": (
        {"legal_basis": LegalBasis(profile="cn", document_sha256=bytes(31))}, Reason.FIELD_INVALID,
        "legal_basis.document_sha256"),
    "a place in a thread without its root": ({"thread": Thread(parent_id=ID)}, Reason.FIELD_MISSING, "thread.root_id"),
    "a correction in no thread": ({"thread": Thread(supersedes=ID)}, Reason.FIELD_MISSING, "thread.root_id"),
    "a root that is no message": ({"thread": Thread(root_id=bytes(16))}, Reason.FIELD_INVALID, "thread.root_id"),
    "a parent of three bytes": ({"thread": Thread(root_id=ID, parent_id=b"abc")}, Reason.FIELD_INVALID, "thread.parent_id"),
    "a correction of no message": (
        {"thread": Thread(root_id=ID, supersedes=bytes(16))}, Reason.FIELD_INVALID, "thread.supersedes"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_header_is_refused_with(case: str) -> None:
    changed, reason, field = WRONG[case]
    with pytest.raises(Malformed) as refusal:
        header(**changed).check()
    assert (refusal.value.reason, refusal.value.facts["field"]) == (reason, field)
    assert "?" not in refusal.value.text("en") + refusal.value.text("zh")


def test_a_refused_party_is_refused_again() -> None:
    for _ in range(2):
        with pytest.raises(Malformed):
            header(sender="Bank.ICBC").check()


RIGHT: dict[str, dict[str, Any]] = {
    "nothing but what is needed": {
        "recipients": (), "target": None, "case_ref": "", "legal_basis": None, "contact": "", "remedy": "",
        "holder_notice": None, "parts": ()},
    "as many recipients as there may be": {"recipients": MANY[:-1]},
    "texts as long as they may be": {"contact": "字" * MAX_TEXT, "remedy": "x" * MAX_TEXT},
    "the last moment of 2999": {"expires_us": MAX_TIME_US - 1},
    "a whole place in a thread": {"thread": Thread(root_id=ID, parent_id=OTHER, supersedes=OTHER)},
    "a hosted bank": {"on_behalf_of": "bank.village"},
    "a document's hash": {"legal_basis": LegalBasis(profile="cn", document_sha256=bytes(32))},
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT)
def test_a_header_passes_with(case: str) -> None:
    header(**RIGHT[case]).check()


def test_the_year_3000_is_the_same_everywhere() -> None:
    assert MAX_TIME_US == LIMIT_OF_TIMES


def test_a_message_without_a_thread_is_its_own_root() -> None:
    alone = stop_payment()
    assert alone.header.root_id == alone.header.message_id
    assert alone.thread_id == alone.id == message_id_text(ID)
    following = stop_payment(header=header(thread=Thread(root_id=OTHER, parent_id=OTHER)))
    assert following.header.root_id == OTHER
    assert following.thread_id == message_id_text(OTHER) != following.id


class _Came:
    repeat, attempt, accepted_us, started_us = True, 3, NOW_US, NOW_US + 1

    def __init__(self, ends_us: int) -> None:
        self.ends_us = ends_us
        self.marked: list[Any] = []

    def mark(self, connection: Any) -> bool:
        self.marked.append(connection)
        return len(self.marked) == 1


def test_a_delivered_message_knows_how_it_came_and_the_signed_one_does_not() -> None:
    signed = stop_payment()
    came = _Came(ends_us=NOW_US + 1_000_000)
    order = delivered(signed, came)
    assert (order, order.delivery, order.repeat) == (signed, came, True)
    assert [order.mark("ledger"), order.mark("ledger")] == [True, False]
    assert order.ends_at is not None
    assert order.ends_at.isoformat() == "2026-01-01T00:00:01+00:00"
    assert delivered(signed, _Came(ends_us=0)).ends_at is None
    for use in (lambda: signed.delivery, lambda: signed.repeat, lambda: signed.mark("ledger"), lambda: signed.ends_at):
        with pytest.raises(LocalFault) as refusal:
            use()
        assert refusal.value.reason is Reason.HANDLER_RESULT_INVALID


def test_a_copy_with_changed_fields_has_not_been_delivered() -> None:
    order = delivered(stop_payment(), _Came(ends_us=1))
    with pytest.raises(LocalFault):
        _ = replace(order, necessity="x").delivery


@pytest.mark.parametrize("name", ["stop-payment", "Stop", "stop payment", "stop-", ""])
def test_a_kind_s_name_is_free_and_well_formed(name: str) -> None:
    with pytest.raises(ValueError, match="malformed or taken"):
        kind(name, Nature.ORDER)


def test_a_header_is_a_value() -> None:
    assert header() == header()
    with pytest.raises(AttributeError):
        header().sender = "bank.abc"  # type: ignore[misc]
    assert not hasattr(Header(**{f: getattr(header(), f) for f in Header.__dataclass_fields__}), "__dict__")
    assert issubclass(type(stop_payment()), Message)
