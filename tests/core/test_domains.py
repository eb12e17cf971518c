"""Domains: one form, what people type brought into it only where nothing can be mistaken, and what is never blocked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.domains import (
    MAX_ITEMS,
    check_domain,
    check_domains,
    check_not_public,
    is_public,
    parents,
    read_domain,
)
from tocsin.core.errors import BusError, Malformed, Reason, RuleBroken
from tocsin.core.profiles import Profile, default_document
from tocsin.core.regions import within

NOT_DOMAINS = {
    "": "form", "example": "form", "Shop.example": "form", "shop.example.": "form", "*.example.com": "form", "a..example": "form",
    "-a.example": "form", "a-.example": "form", "a_b.example": "form", "a b.example": "form", "shop.123": "form",
    f"{'a' * 64}.example": "form", f"{'a.' * 127}example": "form", "中文.example": "form", "xn--.example": "form",
    "192.0.2.7": "ip", "[2001:db8::1]": "ip", "2001:db8::1": "ip", "0xc0000207": "ip", "3221225991": "ip",
    "xn--a.example": "idna", "xn--shop-.example": "form", "xn--80ak6aa92e-.example": "form",
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_DOMAINS)
def test_what_is_no_canonical_domain_is_refused_with_the_rule_and_never_the_name(name: str) -> None:
    with pytest.raises(Malformed) as refused:
        check_domain(name, position=3)
    assert refused.value.reason is Reason.DOMAIN_INVALID
    assert refused.value.facts == {"field": "domains", "position": "3", "rule": f"rule.domains.{NOT_DOMAINS[name]}"}
    for lang in ("en", "zh"):
        assert not name or name == "example" or name not in refused.value.text(lang)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" Shop.Example. ", "shop.example"), ("shop.example", "shop.example"), ("xn--fiqs8s.example", "xn--fiqs8s.example"),
        ("中国.example", "xn--fiqs8s.example"), ("bücher.example", "xn--bcher-kva.example"), ("a.b.c.example", "a.b.c.example"),
    ],
)  # fmt: skip
def test_what_people_type_becomes_the_one_form(typed: str, name: str) -> None:
    assert read_domain(typed) == name


@pytest.mark.parametrize("typed", ["ｓhop.example", "аpple.example", "shоp.example", "fa\u200bke.example", "①.example"])
def test_what_can_be_mistaken_for_another_name_must_be_given_as_a_label(typed: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_domain(typed)
    assert refused.value.reason is Reason.DOMAIN_INVALID
    assert refused.value.facts["rule"] in ("rule.domains.lookalike", "rule.domains.idna")


@given(st.text(max_size=40))
def test_only_a_named_refusal_comes_out_of_any_text(text: str) -> None:
    try:
        name = read_domain(text)
    except BusError as refused:
        assert refused.reason is Reason.DOMAIN_INVALID
    else:
        check_domain(name)
        assert read_domain(name) == name


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ((), Reason.FIELD_MISSING),
        (("b.example", "a.example"), Reason.FIELD_INVALID),
        (("a.example", "a.example"), Reason.FIELD_INVALID),
        (tuple(f"a{n:05}.example" for n in range(MAX_ITEMS + 1)), Reason.FIELD_INVALID),
        (("a.example", "A.example"), Reason.DOMAIN_INVALID),
    ],
    ids=["none", "unsorted", "twice", "1,001", "not canonical"],
)
def test_a_list_is_sorted_without_repeats_and_of_bounded_length(names: tuple[str, ...], reason: Reason) -> None:
    with pytest.raises(Malformed) as refused:
        check_domains(names)
    assert refused.value.reason is reason


def test_a_list_of_a_thousand_is_good() -> None:
    check_domains([f"a{n:05}.example" for n in range(MAX_ITEMS)])


@pytest.mark.parametrize("name", ["com.cn", "co.uk", "github.io", "blogspot.com", "gov.cn"])
def test_public_suffixes_are_refused_those_of_shared_hosts_too(name: str) -> None:
    assert is_public(name)
    with pytest.raises(RuleBroken) as refused:
        check_not_public(["a.example", name])
    assert (refused.value.reason, refused.value.facts["position"]) == (Reason.DOMAIN_PUBLIC, "2")


@pytest.mark.parametrize("name", ["evil.github.io", "shop.com.cn", "evil.blogspot.com", "shop.example"])
def test_a_name_under_a_shared_host_is_fine(name: str) -> None:
    assert not is_public(name)


def test_a_protected_domain_protects_what_is_above_and_below_it() -> None:
    cn = Profile.parse(default_document("cn"))
    for name in ("alipay.com", "login.alipay.com", "icbc.com.cn", "mybank.icbc.com.cn", "weixin.qq.com", "qq.com"):
        assert cn.protects(name), name
    for name in ("alipay.com.evil.example", "xalipay.com", "shop.example", "evil.com.cn"):
        assert not cn.protects(name), name


def test_parents_end_before_the_last_label() -> None:
    assert list(parents("a.b.c.example")) == ["b.c.example", "c.example"]
    assert list(parents("shop.example")) == []


@pytest.mark.parametrize(
    ("region", "wide", "inside"),
    [
        ("420100", "CN", True), ("420100", "CN-42", True), ("420100", "CN-HB", True), ("CN-HB", "420000", True),
        ("420102", "420100", True), ("420100", "420102", False), ("CN", "CN-42", False), ("CN-42", "CN-GD", False),
        ("SG", "CN", False), ("SG", "SG", True), ("CN-42", "", False), ("IN-KA", "IN", True), ("810000", "CN-HK", True),
    ],
)  # fmt: skip
def test_which_region_lies_within_which(region: str, wide: str, inside: bool) -> None:
    assert within(region, wide) is inside
