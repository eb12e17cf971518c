"""Identifiers, party ids, message ids and regions."""

import doctest
import itertools
import pickle
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban as stdnum_iban
from stdnum import luhn

from tocsin.core import identifiers
from tocsin.core.errors import BusError, Reason
from tocsin.core.identifiers import (
    Identifier,
    IdentifierKind,
    check_canonical,
    check_message_id,
    identifier,
    luhn_valid,
    masked,
    message_id_text,
    new_message_id,
    parse_message_id,
    party_id,
    region,
)

CARD = "6222020200000000006"
EXAMPLE = "0200000000000000006"
"""The account that the error texts show as an example."""

K = IdentifierKind

TYPED = {
    "card, grouped": ("6222 0202 0000 0000 006", K.CARD, CARD),
    "card with hyphens": ("6222-0202-0000-0000-006", K.CARD, CARD),
    "card with its kind": ("card:6222020200000000006", K.CARD, CARD),
    "card, kind in capitals, full-width colon": ("CARD：6222020200000000006", K.CARD, CARD),
    "card in full-width digits": ("６２２２０２０２００００００００００６", K.CARD, CARD),
    "card with no-break and zero-width spaces": ("\u200b6222\u00a00202 0000 0000 006\ufeff", K.CARD, CARD),
    "account": ("ICBC/0200000000000000006", K.ACCOUNT, "ICBC/0200000000000000006"),
    "account, small letters, spaces": ("account: icbc / 0200 0000 0006", K.ACCOUNT, "ICBC/020000000006"),
    "sub-account": ("ICBC/0200000000000000006_001", K.ACCOUNT, "ICBC/0200000000000000006_001"),
    "IBAN with spaces": ("GB82 WEST 1234 5698 7654 32", K.IBAN, "GB82WEST12345698765432"),
    "IBAN in small letters": ("gb82west12345698765432", K.IBAN, "GB82WEST12345698765432"),
    "mobile number": ("+86 138 0000 0000", K.PHONE, "+8613800000000"),
    "mobile number, full-width plus and hyphens": ("＋86-138-0000-0000", K.PHONE, "+8613800000000"),
    "hotline": ("+86 96110", K.PHONE, "+8696110"),
    "wallet": ("wallet:PSP.example/User_01@x", K.WALLET, "psp.example/User_01@x"),
}

REFUSED = {
    "wrong check digit": ("6222020200000000005", None, Reason.CHECK_DIGIT),
    "two digits swapped": ("2622020200000000006", None, Reason.CHECK_DIGIT),
    "card too short": ("62220200000", K.CARD, Reason.IDENTIFIER_INVALID),
    "card too long": ("62220200000000000005", K.CARD, Reason.IDENTIFIER_INVALID),
    "card with a letter": ("62220202O0000000006", K.CARD, Reason.IDENTIFIER_INVALID),
    "two cards on two lines": ("622202000000\n6222020000005", K.CARD, Reason.IDENTIFIER_INVALID),
    "Arabic-Indic digits": ("٦٢٢٢٠٢٠٢٠٠٠٠٠٠٠٠٠٠٦", K.CARD, Reason.IDENTIFIER_INVALID),
    "IBAN with wrong check digits": ("GB83WEST12345698765432", None, Reason.CHECK_DIGIT),
    "IBAN of a wrong length for its country": ("GB82WEST123456987654321", None, Reason.CHECK_DIGIT),
    "IBAN of no country": ("ZZ33WEST12345698765432", None, Reason.IDENTIFIER_INVALID),
    "national telephone number": ("13900000001", K.PHONE, Reason.IDENTIFIER_INVALID),
    "telephone number without country": ("+999 123 4567", None, Reason.IDENTIFIER_INVALID),
    "telephone number too short": ("+1 555", None, Reason.IDENTIFIER_INVALID),
    "telephone number with extension": ("+1 212 555 0100 ext. 5", None, Reason.IDENTIFIER_INVALID),
    "account without bank": ("/0300000000000000007", None, Reason.IDENTIFIER_INVALID),
    "account without number": ("ICBC/", None, Reason.IDENTIFIER_INVALID),
    "account of two banks": ("ICBC/ABC/1", None, Reason.IDENTIFIER_INVALID),
    "wallet without firm": ("wallet:1000001", None, Reason.IDENTIFIER_INVALID),
    "unknown kind": ("passport:E00000000", None, Reason.IDENTIFIER_INVALID),
    "kind against kind": ("iban:6222020200000000006", K.CARD, Reason.IDENTIFIER_INVALID),
    "nothing": ("", None, Reason.IDENTIFIER_INVALID),
    "a name": ("张三", None, Reason.IDENTIFIER_INVALID),
    "far too long": ("6" * 100_000, None, Reason.IDENTIFIER_INVALID),
}


@pytest.mark.parametrize(("text", "kind", "value"), TYPED.values(), ids=TYPED.keys())
def test_what_people_type_is_read_into_the_canonical_form(text, kind, value):
    one = identifier(text)
    assert (one.kind, one.value) == (kind, value)
    assert identifier(text, kind) == one
    assert identifier(one.text()) == one
    assert check_canonical(one) is one


@pytest.mark.parametrize(("text", "kind", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_identifier_is_refused_by_field_and_never_repeated(text, kind, reason):
    with pytest.raises(BusError) as refused:
        identifier(text, kind, field="account")
    assert refused.value.reason is reason
    assert refused.value.facts["field"] == "account"
    shown = "".join((str(refused.value), refused.value.text("zh"), repr(refused.value)))
    digits = re.sub(r"[^0-9]", "", text)
    assert len(digits) < 8 or digits not in re.sub(r"[^0-9]", "", shown.replace(EXAMPLE, ""))
    assert "?" not in shown


NOT_CANONICAL = [
    (K.CARD, "6222 0202 0000 0000 006"),
    (K.CARD, CARD + "\n"),
    (K.CARD, "６２２２０２０２００００００００００６"),
    (K.ACCOUNT, "icbc/020000000006"),
    (K.ACCOUNT, "ICBC/02000000 0006"),
    (K.ACCOUNT, "ICBC/_1"),
    (K.IBAN, "gb82west12345698765432"),
    (K.IBAN, "GB82 WEST 1234 5698 7654 32"),
    (K.PHONE, "8613800000000"),
    (K.PHONE, "+0613800000000"),
    (K.PHONE, "+86 13800000000"),
    (K.WALLET, "PSP/1"),
    (K.WALLET, "psp/"),
    (K.WALLET, ""),
]


@pytest.mark.parametrize(("kind", "value"), NOT_CANONICAL)
def test_only_the_canonical_spelling_can_be_constructed(kind, value):
    with pytest.raises(BusError) as refused:
        Identifier(kind, value)
    assert refused.value.reason is Reason.IDENTIFIER_INVALID


def test_a_wrong_check_digit_cannot_be_constructed():
    for kind, value in ((K.CARD, "6222020200000000005"), (K.IBAN, "GB83WEST12345698765432")):
        with pytest.raises(BusError) as refused:
            Identifier(kind, value)
        assert refused.value.reason is Reason.CHECK_DIGIT


@given(st.text(alphabet="0123456789", min_size=1, max_size=24))
def test_luhn_agrees_with_python_stdnum(digits):
    assert luhn_valid(digits) == luhn.is_valid(digits)


@given(st.integers(12, 19), st.data())
def test_every_single_digit_error_in_a_card_is_noticed(length, data):
    body = data.draw(st.text(alphabet="0123456789", min_size=length - 1, max_size=length - 1))
    card = body + luhn.calc_check_digit(body)
    place, wrong = data.draw(st.integers(0, length - 1)), data.draw(st.sampled_from("0123456789"))
    assert luhn_valid(card)
    if wrong != card[place]:
        assert not luhn_valid(card[:place] + wrong + card[place + 1 :])


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=11, max_size=30))
def test_the_wire_check_of_ibans_agrees_with_iso_7064(body):
    value = "GB" + stdnum_iban.calc_check_digits("GB00" + body) + body
    assert Identifier(K.IBAN, value).value == value


@given(st.text(max_size=140), st.sampled_from([None, *K]))
def test_any_typed_text_gives_an_identifier_or_a_bus_error(text, kind):
    try:
        one = identifier(text, kind)
    except BusError:
        return
    assert identifier(one.text()) == one


@given(st.sampled_from(list(K)), st.text(max_size=80))
def test_any_wire_value_is_canonical_or_malformed(kind, value):
    try:
        one = Identifier(kind, value)
    except BusError as refused:
        assert refused.reason in (Reason.IDENTIFIER_INVALID, Reason.CHECK_DIGIT)
    else:
        assert one.value == value


MASKED = [
    (Identifier(K.CARD, CARD), "622202*********0006"),
    (Identifier(K.CARD, "622202000007"), "6222****0007"),
    (Identifier(K.ACCOUNT, "ICBC/0200000000000000006"), "ICBC/***************0006"),
    (Identifier(K.ACCOUNT, "ICBC/02001"), "ICBC/****1"),
    (Identifier(K.ACCOUNT, "ICBC/02"), "ICBC/**"),
    (Identifier(K.IBAN, "GB82WEST12345698765432"), "GB82**************5432"),
    (Identifier(K.PHONE, "+8613800000000"), "+86138****0000"),
    (Identifier(K.PHONE, "+8696110"), "****6110"),
    (Identifier(K.WALLET, "psp.example/1000001"), "psp.example/****001"),
]


@pytest.mark.parametrize(("one", "shown"), MASKED, ids=[shown for _, shown in MASKED])
def test_screens_and_logs_see_a_masked_number(one, shown):
    assert masked(one) == shown
    for text in (repr(one), str(one), f"{one}"):
        assert shown in text
        assert one.value not in text


def test_identifiers_survive_pickling_and_serve_as_keys():
    one = identifier(CARD)
    assert pickle.loads(pickle.dumps(one)) == one
    assert {one: 1}[Identifier(K.CARD, CARD)] == 1


@pytest.mark.parametrize(
    "text",
    ["hub", "governance", "police.420100", "bank.icbc", "carrier.cmcc", "customs.wuhan", "bank.a-b.c1", "a" * 64],
)
def test_party_ids_of_the_directory_are_accepted(text):
    assert party_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bank.icbc",
        "bank..icbc",
        ".bank",
        "bank.",
        "bank icbc",
        "bank.-icbc",
        "bank.icbc-",
        "bank_icbc",
        "银行.工行",
        "bank/icbc",
        "../etc",
        "a" * 65,
        "hub\n",
        CARD,
    ],
)
def test_a_malformed_party_id_is_refused(text):
    with pytest.raises(BusError) as refused:
        party_id(text, field="sender")
    assert refused.value.reason is Reason.PARTY_ID_INVALID
    assert refused.value.facts == {"field": "sender", "limit": "64"}


@pytest.mark.parametrize(
    ("text", "code"), [("420100", "420100"), ("CN-HB", "CN-HB"), ("cn-42", "CN-42"), (" 110000 ", "110000")]
)
def test_region_codes_of_both_systems_are_accepted(text, code):
    assert region(text) == code


@pytest.mark.parametrize("text", ["", "42010", "4201000", "042010", "C", "CHN", "CN-", "CN-HUBE", "Hubei", "４２０１００"])
def test_a_malformed_region_is_refused(text):
    with pytest.raises(BusError) as refused:
        region(text)
    assert refused.value.reason is Reason.FIELD_INVALID


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_message_ids_are_uuids_of_version_7_that_carry_their_time(now_ms, noise):
    made = new_message_id(now_ms, lambda size: noise[:size])
    as_uuid = uuid.UUID(bytes=made)
    assert (as_uuid.version, as_uuid.variant) == (7, uuid.RFC_4122)
    assert int.from_bytes(made[:6], "big") == now_ms
    assert message_id_text(made) == str(as_uuid)
    assert parse_message_id(message_id_text(made)) == parse_message_id(str(as_uuid).upper()) == made


NOISE = (bytes, lambda size: b"\xff" * size)


def test_message_ids_of_later_milliseconds_sort_later():
    ids = [new_message_id(ms, noise) for ms, noise in enumerate(itertools.islice(itertools.cycle(NOISE), 50))]
    assert all(a < b for a, b in itertools.pairwise(ids))


@pytest.mark.parametrize("now_ms", [-1, 2**48])
def test_a_time_that_does_not_fit_makes_no_message_id(now_ms):
    with pytest.raises(BusError) as refused:
        new_message_id(now_ms, bytes)
    assert refused.value.reason is Reason.TIME_INVALID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01890a5dac96774bbcceb302099a8057",
        "{01890a5d-ac96-774b-bcce-b302099a8057}",
        "01890a5d-ac96-774b-bcce-b302099a805",
        "01890a5d-ac96-474b-bcce-b302099a8057",
        "01890a5d-ac96-774b-ccce-b302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a805g",
    ],
)
def test_only_a_hyphenated_uuid_of_version_7_is_read_as_a_message_id(text):
    with pytest.raises(BusError) as refused:
        parse_message_id(text)
    assert (refused.value.reason, refused.value.facts["field"]) == (Reason.FIELD_INVALID, "message_id")


@given(st.binary(max_size=20))
def test_any_bytes_are_a_message_id_or_refused(value):
    try:
        checked = check_message_id(value)
    except BusError as refused:
        assert refused.reason is Reason.FIELD_INVALID
    else:
        assert uuid.UUID(bytes=checked).version == 7


def test_the_examples_in_the_module_hold():
    assert doctest.testmod(identifiers).failed == 0
