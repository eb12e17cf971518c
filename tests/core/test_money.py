"""Amounts of money."""

import doctest
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core import money
from tocsin.core.currencies import EXPONENTS
from tocsin.core.errors import BusError, Reason
from tocsin.core.money import MAX_MINOR, Money, parse_money

amounts = st.builds(Money, st.integers(0, MAX_MINOR), st.sampled_from(sorted(EXPONENTS)))

TYPED = {
    "whole": ("50000 CNY", Money(5_000_000, "CNY")),
    "separators and decimals": ("50,000.00 CNY", Money(5_000_000, "CNY")),
    "one decimal": ("0.5 CNY", Money(50, "CNY")),
    "no space, small letters": ("50000cny", Money(5_000_000, "CNY")),
    "currency first": ("CNY 50,000.00", Money(5_000_000, "CNY")),
    "full-width yen sign": ("￥50000", Money(5_000_000, "CNY")),
    "half-width yen sign": ("¥ 50,000.5", Money(5_000_050, "CNY")),
    "full-width everything": ("５０，０００．００　ＣＮＹ", Money(5_000_000, "CNY")),
    "no decimals in the currency": ("50000 JPY", Money(50_000, "JPY")),
    "three decimals in the currency": ("1.234 KWD", Money(1_234, "KWD")),
    "zero": ("0.00 CNY", Money(0, "CNY")),
    "the largest": ("92233720368547758.07 CNY", Money(MAX_MINOR, "CNY")),
}

REFUSED = {
    "RMB": ("50000 RMB", Reason.CURRENCY_RMB, None),
    "rmb": ("rmb50000", Reason.CURRENCY_RMB, None),
    "no such currency": ("50000 ABC", Reason.CURRENCY_UNKNOWN, None),
    "gold": ("50000 XAU", Reason.CURRENCY_UNKNOWN, None),
    "three decimals for CNY": ("50000.000 CNY", Reason.AMOUNT_PRECISION, None),
    "decimals for JPY": ("50000.0 JPY", Reason.AMOUNT_PRECISION, None),
    "no currency": ("50000", Reason.AMOUNT_INVALID, "form"),
    "two currencies": ("CNY 50000 CNY", Reason.AMOUNT_INVALID, "form"),
    "sign and currency": ("¥50000 CNY", Reason.AMOUNT_INVALID, "form"),
    "no number": ("CNY", Reason.AMOUNT_INVALID, "form"),
    "nothing": ("", Reason.AMOUNT_INVALID, "form"),
    "wrong groups": ("50,00 CNY", Reason.AMOUNT_INVALID, "form"),
    "comma in the decimals": ("50.000,00 CNY", Reason.AMOUNT_INVALID, "form"),
    "dot without decimals": ("50. CNY", Reason.AMOUNT_INVALID, "form"),
    "no whole part": (".50 CNY", Reason.AMOUNT_INVALID, "form"),
    "exponent": ("5e4 CNY", Reason.AMOUNT_INVALID, "form"),
    "spaces in the number": ("50 000 CNY", Reason.AMOUNT_INVALID, "form"),
    "words": ("五万元", Reason.AMOUNT_INVALID, "form"),
    "negative": ("-1 CNY", Reason.AMOUNT_INVALID, "negative"),
    "negative behind the sign": ("￥-1", Reason.AMOUNT_INVALID, "negative"),
    "typographic minus": ("−1 CNY", Reason.AMOUNT_INVALID, "negative"),
    "one too many": ("92233720368547758.08 CNY", Reason.AMOUNT_INVALID, "range"),
    "far too long": ("9" * 10_000 + " CNY", Reason.AMOUNT_INVALID, "form"),
}


@pytest.mark.parametrize(("text", "amount"), TYPED.values(), ids=TYPED.keys())
def test_what_people_type_is_read_exactly(text, amount):
    assert parse_money(text) == amount


@pytest.mark.parametrize(("text", "reason", "rule"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_amount_is_refused_with_field_and_rule(text, reason, rule):
    with pytest.raises(BusError) as refused:
        parse_money(text, field="held")
    assert refused.value.reason is reason
    assert refused.value.facts["field"] == "held"
    assert refused.value.facts.get("rule") == (rule and f"rule.amount.{rule}")
    for lang in ("en", "zh"):
        assert "?" not in refused.value.text(lang)


def test_rmb_is_answered_with_the_code_to_write():
    with pytest.raises(BusError) as refused:
        parse_money("50000 RMB")
    assert "Write CNY" in str(refused.value)
    assert "请改写为 CNY" in refused.value.text("zh")


def test_zero_is_refused_where_an_amount_is_asked():
    for read in (
        lambda: parse_money("0 CNY", positive=True),
        lambda: Money.from_json({"amount": "0.00", "currency": "CNY"}, positive=True),
    ):
        with pytest.raises(BusError) as refused:
            read()
        assert refused.value.facts["rule"] == "rule.amount.positive"
    assert parse_money("0.01 CNY", positive=True).minor == 1


@given(amounts)
def test_text_and_json_are_read_back_unchanged(amount):
    assert parse_money(amount.to_text()) == amount
    assert Money.from_json(amount.to_json()) == amount


def test_the_written_forms_are_as_promised():
    amount = Money(5_000_005, "CNY")
    assert amount.to_text() == "50000.05 CNY"
    assert amount.to_json() == {"amount": "50000.05", "currency": "CNY"}
    assert Money(7, "JPY").to_text() == "7 JPY"
    assert Money(7, "KWD").to_text() == "0.007 KWD"


@given(st.text(max_size=70))
def test_any_text_gives_an_amount_or_a_bus_error(text):
    try:
        amount = parse_money(text)
    except BusError:
        return
    assert parse_money(amount.to_text()) == amount


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["amount", "currency", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)


@given(json_values)
def test_any_json_value_gives_an_amount_or_a_bus_error(value):
    try:
        amount = Money.from_json(value)
    except BusError:
        return
    assert Money.from_json(amount.to_json()) == amount


@pytest.mark.parametrize(
    "value",
    [
        None,
        "50000.00 CNY",
        {"amount": "1"},
        {"amount": 1, "currency": "CNY"},
        {"amount": 1.0, "currency": "CNY"},
        {"amount": "1", "currency": None},
        {"amount": "1,000", "currency": "CNY"},
        {"amount": "1", "currency": "CNY", "x": 1},
        {"amount": "1" * 100, "currency": "CNY"},
    ],
)
def test_json_in_another_shape_is_refused(value):
    with pytest.raises(BusError) as refused:
        Money.from_json(value, field="held")
    assert refused.value.facts == {"field": "held", "rule": "rule.amount.json"}


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [
        ("-1", "CNY", Reason.AMOUNT_INVALID),
        ("1.234", "CNY", Reason.AMOUNT_PRECISION),
        ("1", "RMB", Reason.CURRENCY_RMB),
        ("1", "cny", Reason.CURRENCY_UNKNOWN),
        ("１", "CNY", Reason.AMOUNT_INVALID),
        ("+1", "CNY", Reason.AMOUNT_INVALID),
    ],
)
def test_json_amounts_follow_the_same_rules(amount, currency, reason):
    with pytest.raises(BusError) as refused:
        Money.from_json({"amount": amount, "currency": currency})
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("minor", "currency", "reason"),
    [
        (-1, "CNY", Reason.AMOUNT_INVALID),
        (MAX_MINOR + 1, "CNY", Reason.AMOUNT_INVALID),
        (1, "RMB", Reason.CURRENCY_RMB),
        (1, "", Reason.CURRENCY_UNKNOWN),
        (1, "cny", Reason.CURRENCY_UNKNOWN),
    ],
)
def test_an_amount_outside_the_rules_cannot_be_constructed(minor, currency, reason):
    with pytest.raises(BusError) as refused:
        Money(minor, currency)
    assert refused.value.reason is reason


@given(st.integers(0, MAX_MINOR // 2), st.integers(0, MAX_MINOR // 2))
def test_sums_differences_and_order_are_those_of_the_minor_units(a, b):
    one, two = Money(a, "CNY"), Money(b, "CNY")
    assert (one + two).minor == a + b
    assert (one + two) - two == one
    assert [op(one, two) for op in COMPARISONS] == [op(a, b) for op in COMPARISONS]


COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq)


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge])
def test_two_currencies_are_never_added_or_compared(op):
    one, two = Money(1, "CNY"), Money(1, "HKD")
    with pytest.raises(BusError) as refused:
        op(one, two)
    assert refused.value.facts["rule"] == "rule.amount.currencies"
    assert one != two


def test_sums_and_differences_stay_within_the_rules():
    for op, one, two in (
        (operator.sub, Money(1, "CNY"), Money(2, "CNY")),
        (operator.add, Money(MAX_MINOR, "CNY"), Money(1, "CNY")),
    ):
        with pytest.raises(BusError) as refused:
            op(one, two)
        assert refused.value.reason is Reason.AMOUNT_INVALID


def test_the_currency_table_is_well_formed_and_knows_the_odd_ones():
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in EXPONENTS)
    assert set(EXPONENTS.values()) == {0, 2, 3, 4}
    odd = {"CNY": 2, "HKD": 2, "USD": 2, "JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "CLF": 4}
    assert {code: EXPONENTS[code] for code in odd} == odd
    assert not EXPONENTS.keys() & {"RMB", "XAU", "XXX", "XTS", "CNH"}


def test_the_examples_in_the_module_hold():
    assert doctest.testmod(money).failed == 0
