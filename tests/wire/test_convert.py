"""Messages ↔ payload bytes, for every kind."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from tests.wire.samples import header, stop_payment
from tests.wire.strategies import any_message, messages
from tocsin.core.errors import BusError, Malformed, Reason
from tocsin.core.message import KINDS, Header, LegalBasis, Message, Thread
from tocsin.core.money import Money
from tocsin.core.orders.stop_payment import StopPayment, StopScope
from tocsin.core.texts import label
from tocsin.wire.convert import encode_private, from_proto, to_proto, with_private
from tocsin.wire.registry import payload_class, private_class


def public(message: Message) -> Message:
    """``message`` as the hub sees it."""
    fresh = type(message)
    return replace(message, **{f.name: f.default for f in fresh.KIND.fields(sealed=True)})


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_survives_the_round_trip(name: str) -> None:
    @given(messages(KINDS[name]))
    @settings(max_examples=25, deadline=None)
    def survives(message: Message) -> None:
        opened = from_proto(message.KIND, to_proto(message))
        assert opened == public(message)
        if private_shapes(message):
            assert with_private(opened, encode_private(message)) == message

    survives()


def private_shapes(message: Message) -> list[Any]:
    return list(message.KIND.fields(sealed=True))


@given(any_message())
@settings(max_examples=50, deadline=None)
def test_private_fields_are_not_in_the_payload(message: Message) -> None:
    assert to_proto(message) == to_proto(public(message))


def test_absent_values_take_no_byte() -> None:
    message = stop_payment(holder="", reason="", transaction_ref="", necessity="")
    parsed: Any = payload_class(message.KIND).FromString(to_proto(message))
    assert {field.name for field, _ in parsed.ListFields()} == {"header", "scope", "amount"}
    assert encode_private(message) == b""


def test_a_kind_without_a_sealed_part_has_no_private_bytes_and_takes_none() -> None:
    message = from_proto(
        KINDS["suspend-party"], to_proto(KINDS["suspend-party"].cls(header=header(), party="bank.icbc"))
    )
    assert encode_private(message) == b""
    with pytest.raises(Malformed) as caught:
        with_private(message, b"")
    assert caught.value.facts["field"] == "parts"


def test_a_message_without_a_header_is_refused() -> None:
    with pytest.raises(Malformed) as caught:
        from_proto(KINDS["release"], b"")
    assert (caught.value.reason, caught.value.facts["field"]) == (Reason.FIELD_MISSING, "header")


def wire(message: Message) -> Any:
    return payload_class(message.KIND).FromString(to_proto(message))


ENUMS = {
    "lane left out": (lambda p: p.header.ClearField("lane"), "lane", "0"),
    "lane unknown": (lambda p: setattr(p.header, "lane", 9), "lane", "9"),
    "lane negative": (lambda p: setattr(p.header, "lane", -1), "lane", "-1"),
    "scope left out": (lambda p: p.ClearField("scope"), "scope", "0"),
    "notice unknown": (lambda p: setattr(p.header, "holder_notice", 99), "holder_notice", "99"),
    "identifier kind left out": (lambda p: p.header.target.ClearField("kind"), "target.kind", "0"),
}


@pytest.mark.parametrize("case", ENUMS)
def test_an_enum_value_outside_its_list_is_refused_by_name(case: str) -> None:
    spoil, field, value = ENUMS[case]
    parsed = wire(stop_payment())
    spoil(parsed)
    with pytest.raises(Malformed) as caught:
        from_proto(StopPayment.KIND, parsed.SerializeToString(deterministic=True))
    assert caught.value.reason is Reason.UNKNOWN_ENUM
    assert (caught.value.facts["field"], caught.value.facts["value"]) == (field, value)


def test_an_absent_optional_enum_is_none() -> None:
    message = KINDS["suspend-party"].cls(header=replace(header(), holder_notice=None), party="bank.icbc")
    assert from_proto(message.KIND, to_proto(message)).header.holder_notice is None


VALUES = {
    "check digit": (lambda p: setattr(p.header.target, "value", "6222020200000000007"), Reason.CHECK_DIGIT, "target"),
    "spaces in a card": (lambda p: setattr(p.header.target, "value", "6222 0202"), Reason.IDENTIFIER_INVALID, "target"),
    "negative money": (lambda p: setattr(p.amount, "minor_units", -1), Reason.AMOUNT_INVALID, "amount"),
    "RMB": (lambda p: setattr(p.amount, "currency", "RMB"), Reason.CURRENCY_RMB, "amount"),
    "a message id of another version": (
        lambda p: setattr(p.header, "message_id", bytes(16)),
        Reason.FIELD_INVALID,
        "message_id",
    ),
    "negative time": (lambda p: setattr(p.header, "created_us", -1), Reason.TIME_INVALID, "created_us"),
    "the year 3000": (lambda p: setattr(p.header, "expires_us", 2**62), Reason.TIME_INVALID, "expires_us"),
    "expiry before creation": (lambda p: setattr(p.header, "expires_us", 1), Reason.FIELD_INVALID, "expires_us"),
    "recipients out of order": (lambda p: p.header.recipients.append("a.a"), Reason.FIELD_INVALID, "recipients"),
    "an empty thread": (lambda p: p.header.thread.SetInParent(), Reason.NOT_CANONICAL, "thread"),
    "an empty amount": (lambda p: (p.ClearField("amount"), p.amount.SetInParent()), Reason.NOT_CANONICAL, "amount"),
    "a missing amount": (lambda p: p.ClearField("amount"), Reason.FIELD_MISSING, "amount"),
    "whole account without necessity": (lambda p: setattr(p, "scope", 2), Reason.NECESSITY_MISSING, "necessity"),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_wrong_value_is_refused_with_its_field(case: str) -> None:
    spoil, reason, field = VALUES[case]
    parsed = wire(stop_payment())
    spoil(parsed)
    with pytest.raises(BusError) as caught:
        from_proto(StopPayment.KIND, parsed.SerializeToString(deterministic=True))
    assert (caught.value.reason, caught.value.facts["field"]) == (reason, field)


MISFITS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "text for a number": ({"created_us": 1.5}, {}, "created_us"),
    "a lone surrogate": ({"contact": "\ud800"}, {}, "contact"),
    "a number in a list of texts": ({"recipients": (5,)}, {}, "recipients"),
    "a nested surrogate": ({"legal_basis": LegalBasis(profile="cn", statute="\udfff")}, {}, "legal_basis.statute"),
    "an empty thread": ({"thread": Thread()}, {}, "thread"),
    "a tuple for money": ({}, {"amount": Money(1, "CNY"), "transaction_ref": 7}, "transaction_ref"),
    "a text for an enum": ({}, {"scope": "amount"}, "scope"),
    "too late": ({"expires_us": 2**60}, {}, "expires_us"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_a_value_that_does_not_fit_is_never_encoded(case: str) -> None:
    in_header, in_body, field = MISFITS[case]
    message = replace(stop_payment(**in_body), header=replace(header(), **in_header))
    with pytest.raises(Malformed) as caught:
        to_proto(message)
    assert caught.value.facts["field"] == field
    rule = caught.value.facts.get("rule")
    assert rule is None or label(rule, "zh") != rule, "a rule an officer in China can read"


def test_a_wrong_value_in_the_sealed_part_is_refused_with_its_field() -> None:
    parsed: Any = private_class(StopPayment.KIND).FromString(encode_private(stop_payment(transferred=Money(5, "CNY"))))
    parsed.transferred.currency = "RMB"
    with pytest.raises(Malformed) as caught:
        with_private(stop_payment(), parsed.SerializeToString(deterministic=True))
    assert (caught.value.reason, caught.value.facts["field"]) == (Reason.CURRENCY_RMB, "transferred")


def test_false_is_carried_although_the_default_is_true() -> None:
    kind = KINDS["suspend-party"]
    message = kind.cls(header=header(), party="bank.icbc", suspended=False)  # type: ignore[call-arg]
    assert from_proto(kind, to_proto(message)) == message


def test_an_absent_scope_is_not_the_default_scope() -> None:
    assert StopScope.AMOUNT is stop_payment().scope
    parsed = wire(stop_payment())
    parsed.ClearField("scope")
    with pytest.raises(Malformed):
        from_proto(StopPayment.KIND, parsed.SerializeToString())


def test_the_header_survives_whole() -> None:
    assert isinstance(header(), Header)
    message = stop_payment()
    assert from_proto(message.KIND, to_proto(message)).header == message.header
