"""The JSON form and its schema, for every kind."""

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from tests.wire.samples import NOW_US, header, stop_payment
from tests.wire.strategies import messages
from tocsin.core.errors import BusError, Malformed, Reason
from tocsin.core.message import KINDS, Header, Thread
from tocsin.core.money import Money
from tocsin.core.orders.stop_payment import StopPayment
from tocsin.core.texts import label
from tocsin.wire.json import body_from_json, from_json, schema, to_json
from tocsin.wire.json_keys import by_key
from tocsin.wire.registry import payload_class
from tocsin.wire.shapes import shapes_of

VALIDATOR = jsonschema.Draft202012Validator


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_survives_json_text_and_fits_its_schema(name: str) -> None:
    kind = KINDS[name]
    VALIDATOR.check_schema(schema(kind))
    validator = VALIDATOR(schema(kind), format_checker=VALIDATOR.FORMAT_CHECKER)
    body_validator = VALIDATOR(schema(kind, body_only=True))

    @given(messages(kind))
    @settings(max_examples=25, deadline=None)
    def survives(message: Any) -> None:
        data = json.loads(json.dumps(to_json(message)))
        validator.validate(data)
        assert from_json(kind, data) == message
        del data["header"]
        body_validator.validate(data)
        assert kind.cls(header=message.header, **body_from_json(kind, data)) == message

    survives()


def test_a_stop_payment_reads_as_officers_and_programs_expect() -> None:
    data = to_json(stop_payment(transferred=Money(1_234, "CNY"), transferred_us=NOW_US + 1))
    data["header"]["parts"] = "…"
    assert data == {
        "kind": "stop-payment",
        "header": {
            "message_id": "01890a5d-ac96-774b-bcce-b302099a8057",
            "sender": "police.420100",
            "author_key": "0123456789abcdef0123456789abcdef",
            "recipients": ["bank.icbc"],
            "target": {"kind": "card", "value": "6222020200000000006"},
            "audience": "tocsin.example",
            "created": "2026-01-01T00:00:00.000000Z",
            "expires": "2026-01-01T00:10:00.000000Z",
            "lane": "urgent",
            "case_ref": "A4201002026010001",
            "legal_basis": {"profile": "cn", "statute": "银发〔2016〕86号", "article": "二(一)2"},
            "contact": "+86 27 0000 0000",
            "remedy": "You may object in writing to the ordering bureau within 60 days.",
            "holder_notice": "measure-only",
            "exercise": False,
            "parts": "…",
        },
        "scope": "amount",
        "amount": {"amount": "50000.00", "currency": "CNY"},
        "holder": "张三",
        "reason": "Impersonation of a bank's security desk.",
        "transferred": {"amount": "12.34", "currency": "CNY"},
        "transferred_at": "2026-01-01T00:00:00.000001Z",
    }


def test_bytes_are_ids_hashes_or_base64_by_name() -> None:
    (part,) = to_json(stop_payment())["header"]["parts"]
    assert part["plaintext_hash"] == bytes(range(32)).hex()
    assert part["ciphertext"].startswith("AAAA")
    message = stop_payment(header=header(thread=Thread(root_id=header().message_id)))
    assert to_json(message)["header"]["thread"] == {"root_id": "01890a5d-ac96-774b-bcce-b302099a8057"}


def test_any_offset_is_read_and_means_the_same_moment() -> None:
    data = to_json(stop_payment())
    data["header"]["created"] = "2026-01-01T08:00:00+08:00"
    assert from_json(StopPayment.KIND, data) == stop_payment()


def change(*path: str | int, to: Any = ...) -> Callable[[dict[str, Any]], None]:
    def spoil(data: Any) -> None:
        for step in path[:-1]:
            data = data[step]
        if to is ...:
            del data[path[-1]]
        else:
            data[path[-1]] = to

    return spoil


H = "header"
REFUSED: dict[str, tuple[Callable[[dict[str, Any]], None], Reason, str]] = {
    "unknown key": (change("haste", to=1), Reason.UNKNOWN_FIELD, "haste"),
    "unknown key in the header": (change(H, "created_us", to=1), Reason.UNKNOWN_FIELD, "created_us"),
    "unknown nested key": (change(H, "target", "bank", to=1), Reason.UNKNOWN_FIELD, "target.bank"),
    "a number for a key": (change("6222020200000000006", to=1), Reason.UNKNOWN_FIELD, "?"),
    "a key with a surrogate": (change("\ud800", to=1), Reason.UNKNOWN_FIELD, "?"),
    "no header": (change(H), Reason.FIELD_MISSING, "header"),
    "no sender": (change(H, "sender"), Reason.FIELD_MISSING, "sender"),
    "no amount": (change("amount"), Reason.FIELD_MISSING, "amount"),
    "another kind": (change("kind", to="freeze"), Reason.FIELD_INVALID, "kind"),
    "null": (change("necessity", to=None), Reason.FIELD_INVALID, "necessity"),
    "null for money": (change("amount", to=None), Reason.AMOUNT_INVALID, "amount"),
    "a number for money": (change("amount", to=50000), Reason.AMOUNT_INVALID, "amount"),
    "a float amount": (change("amount", "amount", to=50000.0), Reason.AMOUNT_INVALID, "amount"),
    "three decimals": (change("amount", "amount", to="1.234"), Reason.AMOUNT_PRECISION, "amount"),
    "RMB": (change("amount", "currency", to="RMB"), Reason.CURRENCY_RMB, "amount"),
    "unknown scope": (change("scope", to="everything"), Reason.UNKNOWN_ENUM, "scope"),
    "scope in capitals": (change("scope", to="AMOUNT"), Reason.UNKNOWN_ENUM, "scope"),
    "a number for a scope": (change("scope", to=1), Reason.FIELD_INVALID, "scope"),
    "zoneless time": (change(H, "created", to="2026-01-01T00:00:00"), Reason.TIME_ZONELESS, "created"),
    "a time that is none": (change(H, "created", to="tomorrow"), Reason.TIME_INVALID, "created"),
    "a number for a time": (change(H, "created", to=NOW_US), Reason.FIELD_INVALID, "created"),
    "a text for yes": (change(H, "exercise", to="true"), Reason.FIELD_INVALID, "exercise"),
    "one for yes": (change(H, "exercise", to=1), Reason.FIELD_INVALID, "exercise"),
    "a text for a list": (change(H, "recipients", to="bank.icbc"), Reason.FIELD_INVALID, "recipients"),
    "a number in a list": (change(H, "recipients", to=[1]), Reason.FIELD_INVALID, "recipients[0]"),
    "a list for an object": (change(H, "target", to=[]), Reason.FIELD_INVALID, "target"),
    "an id without hyphens": (
        change(H, "message_id", to="01890a5dac96774bbcceb302099a8057"),
        Reason.FIELD_INVALID,
        "message_id",
    ),
    "an id that is none": (change(H, "message_id", to="x"), Reason.FIELD_INVALID, "message_id"),
    "check digit": (change(H, "target", "value", to="6222020200000000007"), Reason.CHECK_DIGIT, "target"),
    "hash in capitals": (
        change(H, "parts", 0, "plaintext_hash", to="AB"),
        Reason.FIELD_INVALID,
        "parts[0].plaintext_hash",
    ),
    "base64 of the web": (change(H, "parts", 0, "ciphertext", to="-_-_"), Reason.FIELD_INVALID, "parts[0].ciphertext"),
    "base64 with stray bits": (
        change(H, "parts", 0, "ciphertext", to="AB=="),
        Reason.FIELD_INVALID,
        "parts[0].ciphertext",
    ),
    "base64 with a gap": (change(H, "parts", 0, "ciphertext", to="AA AA"), Reason.FIELD_INVALID, "parts[0].ciphertext"),
    "a surrogate": (change("holder", to="\ud800"), Reason.FIELD_INVALID, "holder"),
    "an empty thread": (change(H, "thread", to={}), Reason.FIELD_INVALID, "thread"),
    "a rule of the kind": (change("scope", to="whole-account"), Reason.NECESSITY_MISSING, "necessity"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_json_is_refused_with_its_place(case: str) -> None:
    spoil, reason, field = REFUSED[case]
    data = copy.deepcopy(to_json(stop_payment()))
    spoil(data)
    with pytest.raises(BusError) as caught:
        from_json(StopPayment.KIND, data)
    assert (caught.value.reason, caught.value.facts["field"]) == (reason, field)
    assert "6222020200000000006" not in str(caught.value)
    rule = caught.value.facts.get("rule", "")
    assert not rule or rule == "stop-payment" or label(rule, "zh") != rule, "a rule an officer in China can read"


@pytest.mark.parametrize("data", [None, [], "x", 1, {1: 2}])
def test_what_is_no_object_is_no_message(data: Any) -> None:
    for read in (from_json, body_from_json):
        with pytest.raises(Malformed) as caught:
            read(StopPayment.KIND, data)
        assert caught.value.facts["field"] == "message"


def test_a_body_has_no_header() -> None:
    data = to_json(stop_payment())
    with pytest.raises(Malformed) as caught:
        body_from_json(StopPayment.KIND, data)
    assert (caught.value.reason, caught.value.facts["field"]) == (Reason.UNKNOWN_FIELD, "header")
    with pytest.raises(Malformed):
        body_from_json(StopPayment.KIND, {"kind": "freeze"})
    assert body_from_json(KINDS["report"], {"outcome": "done"}) == {
        "outcome": KINDS["report"].cls.__annotations__["outcome"].DONE
    }


def test_a_number_too_large_for_the_wire_is_refused() -> None:
    data = to_json(KINDS["revoke-key"].cls(header=stop_payment().header, party="a", key_id="0" * 32, cause=_cause()))  # type: ignore[call-arg]
    data["compromised_since"] = 2**64
    with pytest.raises(Malformed) as caught:
        from_json(KINDS["revoke-key"], data)
    assert caught.value.facts["field"] == "compromised_since"


def _cause() -> Any:
    return next(iter(KINDS["revoke-key"].cls.__annotations__["cause"]))


def test_whole_numbers_that_are_not_times_are_never_negative_on_the_wire() -> None:
    """The schema says minimum 0 for all of them."""
    for kind in KINDS.values():
        for shape in shapes_of(kind.cls):
            if shape.type is int and not shape.is_time:
                field = payload_class(kind).DESCRIPTOR.fields_by_name[shape.name]
                assert field.cpp_type in (field.CPPTYPE_UINT32, field.CPPTYPE_UINT64)


def test_no_field_is_called_as_the_kind() -> None:
    for kind in KINDS.values():
        assert "kind" not in by_key(kind.cls)
    assert {"created", "expires"} < set(by_key(Header))


def test_a_schema_names_every_value_of_an_enum_and_what_must_be_given() -> None:
    made = schema(KINDS["stop-payment"])
    assert made["properties"]["scope"] == {"enum": ["amount", "whole-account", "transaction"]}
    assert made["required"] == ["header"]
    assert made["additionalProperties"] is False
    assert set(made["$defs"]["Header"]["required"]) == {
        "message_id",
        "sender",
        "author_key",
        "audience",
        "created",
        "expires",
        "lane",
    }
    assert made["$defs"]["Header"]["properties"]["message_id"] == {"type": "string", "format": "uuid"}
