"""Which party serves a number: the longest prefix among ranges of the right length, as a naive search finds it too."""

import csv
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.directory_messages import Range
from tocsin.core.errors import NotRoutable, Reason, WrongState
from tocsin.core.identifiers import Identifier, IdentifierKind, luhn_valid
from tocsin.core.routing import RoutingTable

CARD = IdentifierKind.CARD
FULL = Path(__file__).parents[2] / "examples" / "data" / "card_bins.csv"

EXCERPT = [
    ("621260", 16, "bank.spabank"), ("621260", 19, "bank.csrcb"), ("621260001", 19, "bank.xfrcb"),
    ("603265", 16, "bank.jsbank"), ("60326500", 16, "bank.wxccb"), ("621059", 16, "bank.jrcb"),
    ("62105900", 16, "bank.xhrcb"), ("622162", 16, "bank.ceb"), ("622162", 19, "bank.jjbank"), ("103", 19, "bank.abc"),
    ("622202", 19, "bank.icbc"),
]  # fmt: skip
"""Rows of examples/data/card_bins.csv: one BIN of two banks by card length, and BINs inside another bank's."""


def card(bin_: str, length: int, fill: str = "0") -> Identifier:
    body = (bin_ + fill * length)[: length - 1]
    return Identifier(CARD, next(body + d for d in "0123456789" if luhn_valid(body + d)))


def table(rows: Iterable[tuple[str, int, str]], kind: IdentifierKind = CARD) -> RoutingTable:
    served: dict[str, list[Range]] = {}
    for prefix, length, party in rows:
        served.setdefault(party, []).append(Range(kind=kind, prefix=prefix, length=length))
    made = RoutingTable()
    for party, ranges in served.items():
        made = made.replaced(party, tuple(ranges))
    return made


@pytest.mark.parametrize(
    ("target", "party"),
    [
        (card("621260", 16), "bank.spabank"),
        (card("6212609", 19), "bank.csrcb"),
        (card("621260001", 19), "bank.xfrcb"),
        (card("621260001", 16), "bank.spabank"),
        (card("603265", 16, "1"), "bank.jsbank"),
        (card("603265", 16, "0"), "bank.wxccb"),
        (card("62105900", 16), "bank.xhrcb"),
        (card("6210591", 16), "bank.jrcb"),
        (card("622162", 16), "bank.ceb"),
        (card("622162", 19), "bank.jjbank"),
        (card("103", 19), "bank.abc"),
    ],
)
def test_a_card_goes_by_its_length_and_its_longest_bin(target: Identifier, party: str) -> None:
    assert table(EXCERPT).route(target) == party


@pytest.mark.parametrize(
    "target",
    [card("622202", 16), card("103", 16), card("999999", 19), Identifier(IdentifierKind.ACCOUNT, "ICBC/6212600000000000")],
)
def test_a_number_nobody_serves_is_refused_without_naming_it(target: Identifier) -> None:
    with pytest.raises(NotRoutable) as refusal:
        table(EXCERPT).route(target)
    assert refusal.value.reason is Reason.TARGET_NOT_SERVED
    assert refusal.value.facts == {"field": "target", "kind": target.kind}
    assert target.value not in str(refusal.value)


def test_the_whole_table_loads_without_a_collision_and_each_bin_routes_to_its_bank() -> None:
    with FULL.open(encoding="utf-8") as file:
        rows = [(row["bin"], int(row["card_len"]), f"bank.{row['bank_code'].lower()}") for row in csv.DictReader(file)]
    full = table(rows)
    longer = {(prefix[:size], length) for prefix, length, _ in rows for size in range(1, len(prefix))}
    routed = 0
    for prefix, length, party in rows:
        for fill in "0123456789":
            target = card(prefix, length, fill)
            if (prefix, length) not in longer:
                assert full.route(target) == party
                routed += 1
            else:
                assert full.route(target) == naive(rows, target)
    assert routed > 16_000


def test_a_hosted_bin_is_carved_out_of_its_host_s_and_given_back_with_it() -> None:
    host, hosted = (Range(kind=CARD, prefix="622202", length=19),), (Range(kind=CARD, prefix="62220299", length=19),)
    both = RoutingTable().replaced("bank.host", host).replaced("bank.village", hosted)
    assert both.route(card("62220299", 19)) == "bank.village"
    assert both.route(card("62220298", 19)) == "bank.host"
    assert both.replaced("bank.village", ()).route(card("62220299", 19)) == "bank.host"


def test_the_same_range_of_two_parties_is_refused_naming_both_and_the_table_stays() -> None:
    before = table(EXCERPT)
    with pytest.raises(WrongState) as refusal:
        before.replaced("bank.abc", (Range(kind=CARD, prefix="622202", length=19),))
    assert refusal.value.reason is Reason.RANGE_TAKEN
    assert {"party": "bank.abc", "other": "bank.icbc"}.items() <= refusal.value.facts.items()
    assert "bank.abc" in refusal.value.text("zh")
    assert "bank.icbc" in refusal.value.text("zh")
    assert before == table(EXCERPT)


def test_a_party_may_be_given_its_own_ranges_again() -> None:
    before = table(EXCERPT)
    own = (Range(kind=CARD, prefix="622202", length=19),)
    assert before.replaced("bank.icbc", own) == before


def test_a_length_given_exactly_goes_before_any_length_and_a_longer_prefix_before_both() -> None:
    served = table([("6222", 0, "bank.any"), ("6222", 19, "bank.exact"), ("62229", 0, "bank.longer")])
    assert served.route(card("6222", 16)) == "bank.any"
    assert served.route(card("6222", 19)) == "bank.exact"
    assert served.route(card("62229", 19)) == "bank.longer"


def test_accounts_go_by_their_bank_and_ibans_by_their_head() -> None:
    served = table([("ICBC/", 0, "bank.icbc"), ("ICBCX/", 0, "bank.x")], IdentifierKind.ACCOUNT)
    assert served.route(Identifier(IdentifierKind.ACCOUNT, "ICBC/0200000000000000006")) == "bank.icbc"
    assert served.route(Identifier(IdentifierKind.ACCOUNT, "ICBCX/1")) == "bank.x"


def naive(rows: Iterable[tuple[str, int, str]], target: Identifier) -> str | None:
    """The specification: of all ranges that fit, the longest prefix; of equal ones the exact length."""
    fits = [
        (len(prefix), bool(length), party)
        for prefix, length, party in rows
        if target.value.startswith(prefix) and length in (0, len(target.value))
    ]
    return max(fits)[2] if fits else None


@given(
    st.dictionaries(
        st.tuples(st.text("67", min_size=1, max_size=6), st.sampled_from([0, 12, 13])),
        st.sampled_from(["bank.a", "bank.b", "bank.c"]),
        max_size=12,
    ),
    st.text("67", min_size=11, max_size=12),
    st.sampled_from(["bank.a", "bank.b", ""]),
)
def test_the_table_finds_what_a_naive_search_finds(ranges: dict[tuple[str, int], str], body: str, gone: str) -> None:
    target = card(body, len(body) + 1)
    made = table([(prefix, length, party) for (prefix, length), party in ranges.items()])
    if gone:
        made = made.replaced(gone, ())
    wanted = naive([(p, n, party) for (p, n), party in ranges.items() if party != gone], target)
    if wanted is None:
        with pytest.raises(NotRoutable):
            made.route(target)
    else:
        assert made.route(target) == wanted
