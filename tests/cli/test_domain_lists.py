"""``domains``: lists from words and files, entries left out by line, nothing ordered twice."""

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.conftest import POLICE, Bench

CARRIER = "carrier.cmcc"


@pytest.fixture(scope="module")
def carrier(bench: Bench) -> Bench:
    bench.do(bench.hub.enrol(CARRIER, role="carrier", region="CN"))
    bench.do(bench.hub.enrol("carrier.cucc", role="carrier", region="CN"))
    return bench


def block(*more: str) -> list[str]:
    return ["domains", "block", "--region", "420100", "--contact", "027-110", *more]


def test_a_file_is_blocked_everywhere_once_and_let_go_of(carrier: Bench, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv.gz"
    listed.write_bytes(gzip.compress(b"domain,last_seen\nshop-1.example,2026\ncom.cn,2026\nSHOP-2.example,2026\n"))
    made = carrier.json(POLICE, *block("--file", str(listed)))
    assert sorted(order["recipient"] for order in made["orders"]) == [CARRIER, "carrier.cucc"]
    assert [(one["line"], one["reason"]) for one in made["refused"]] == [(2, "DOMAIN_PUBLIC")]
    again = carrier.json(POLICE, *block("--file", str(listed)))
    assert (again["orders"], again["standing"], again["queued"]) == ([], 2, 0)
    rows = carrier.json(POLICE, "domains", "list")
    assert sorted((row["carrier"], row["domains"]) for row in rows) == [(CARRIER, 2), ("carrier.cucc", 2)]
    gone = carrier.json(POLICE, "domains", "unblock", "shop-1.example", "other.example")
    assert len(gone["orders"]) == 2
    assert [(one["line"], one["reason"]) for one in gone["refused"]] == [(2, "NOT_FOUND")]
    assert {row["domains"] for row in carrier.json(POLICE, "domains", "list")} == {1}


def test_people_are_told_in_words_what_was_ordered_and_what_was_left_out(carrier: Bench) -> None:
    english = carrier.run(POLICE, *block("shop-9.example", "192.0.2.1"))
    assert english.exit_code == 0
    assert "2 orders to 2 carriers" in english.stdout
    assert "line 2:" in english.stderr
    assert "192.0.2.1" not in english.output
    assert "运营商" in carrier.run(POLICE, *block("shop-10.example"), lang="zh").stdout


@pytest.mark.parametrize(
    ("more", "code", "reason"),
    [
        ((), 2, "FIELD_MISSING"),
        (("--file", "/nowhere"), 2, "FIELD_INVALID"),
        (("a.example", "--region", "Hubei"), 2, "FIELD_INVALID"),
    ],
)
def test_what_is_typed_wrong_exits_2(carrier: Bench, more: tuple[str, ...], code: int, reason: str) -> None:
    result = carrier.run(POLICE, "--json", *block(*more))
    assert result.exit_code == code
    assert json.loads(result.stdout)["error"]["reason"] == reason


def test_a_region_without_a_carrier_and_a_list_of_nothing_good_are_refused(carrier: Bench) -> None:
    assert carrier.run(POLICE, "domains", "block", "a.example", "--region", "SG", "--contact", "x").exit_code == 3
    assert carrier.run(POLICE, *block("com.cn")).exit_code == 3


def test_check_shows_the_one_form_and_sends_nothing(carrier: Bench) -> None:
    result = carrier.run(None, "--json", "domains", "check", "中国.example", "github.io")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["domain"] for row in rows] == ["xn--fiqs8s.example", None]
    assert rows[1]["error"]["reason"] == "DOMAIN_PUBLIC"
    assert result.exit_code == 3


def test_send_goes_to_one_carrier_when_it_is_named(carrier: Bench) -> None:
    made = carrier.json(
        POLICE, "send", "block-domains", "--recipient", CARRIER, "--region", "CN", "--domains", "one.example", "--contact", "x"
    )
    assert (made["recipient"], made["kind"]) == (CARRIER, "block-domains")
    missing = carrier.run(POLICE, "--json", "send", "block-domains", "--region", "CN", "--domains", "x.example", "--contact", "x")
    assert json.loads(missing.stdout)["error"]["reason"] == "FIELD_MISSING"
