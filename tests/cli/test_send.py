"""``send`` and ``outbox``: what is said and which code it exits with."""

import json

import pytest

from tests.cli.conftest import BANK, POLICE, Bench

ORDER_KEYS = {"order", "thread", "kind", "recipient", "state", "log_index", "accepted_at"}


def words(bench: Bench, *more: str) -> list[str]:
    return ["send", "stop-payment", "--account", bench.card(), "--contact", "027-110", *more]


def test_an_accepted_order_says_where_it_stands_in_the_log(bench: Bench) -> None:
    sent = bench.stop_payment()
    assert sent.keys() == ORDER_KEYS
    assert (sent["state"], sent["kind"], sent["recipient"]) == ("accepted", "stop-payment", BANK)


def test_people_read_it_in_their_language_and_in_the_zone_of_the_law(bench: Bench) -> None:
    english = bench.run(POLICE, *words(bench, "--amount", "50000 CNY"))
    chinese = bench.run(POLICE, *words(bench, "--amount", "￥50,000"), lang="zh")
    utc = bench.run(POLICE, "--utc", *words(bench, "--amount", "50000.00 CNY"))
    assert "ACCEPTED  log index" in english.stdout
    assert "+08:00" in english.stdout
    assert "已受理  日志序号" in chinese.stdout
    assert "+00:00" in utc.stdout


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--amount", "50000 RMB"], "CURRENCY_RMB"),
        (["--amount", "1.001 CNY"], "AMOUNT_PRECISION"),
        ([], "FIELD_MISSING"),
        (["--amount", "1 CNY", "--scope", "everything"], "FIELD_INVALID"),
        (["--amount", "1 CNY", "--transferred-at", "2026-11-23T14:02:11"], "TIME_ZONELESS"),
        (["--amount", "1 CNY", "--wait", "6mo"], "FIELD_INVALID"),
    ],
)
def test_what_is_typed_wrong_exits_2_and_sends_nothing(bench: Bench, more: list[str], reason: str) -> None:
    before = bench.json(POLICE, "outbox", "list")
    result = bench.run(POLICE, "--json", *words(bench, *more))
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["reason"] == reason
    assert bench.json(POLICE, "outbox", "list") == before


def test_an_error_is_one_line_in_the_users_language_and_holds_no_number(bench: Bench) -> None:
    card = bench.card()
    wrong = card[:-1] + str((int(card[-1]) + 1) % 10)
    result = bench.run(POLICE, "send", "stop-payment", "--account", wrong, "--amount", "1 CNY", "--contact", "x", lang="zh")
    assert result.exit_code == 2
    assert "校验位" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert wrong not in result.output


def test_an_officer_who_waits_is_told_for_whom_and_that_the_order_stands(bench: Bench) -> None:
    said = bench.run(POLICE, *words(bench, "--amount", "1 CNY", "--wait", "1s"))
    assert said.exit_code == 75
    assert f"waiting up to 1 s for the answer of {BANK}" in said.stderr
    assert "PENDING" in said.stdout


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["stop-payment", "--amount", "1 CNY"], "Rule: the card or account."),
        (["extend", "--reason", "x"], "Rule: any order id of the thread it joins."),
        (["extend", "--thread", "ABC"], "Field thread is not valid."),
    ],
)
def test_the_account_or_thread_that_is_missing_is_named_by_its_option(bench: Bench, more: list[str], says: str) -> None:
    said = bench.run(POLICE, "send", *more)
    assert said.exit_code == 2
    assert says in said.stderr


def test_a_card_nobody_serves_exits_3(bench: Bench) -> None:
    result = bench.run(POLICE, "send", "stop-payment", "--account", "4000000000000002", "--amount", "1 CNY", "--contact", "x")
    assert result.exit_code == 3
    assert "Nobody" in result.stderr or "No party" in result.stderr


def test_a_refusal_of_the_hub_exits_3_with_its_reason(bench: Bench) -> None:
    stop = bench.stop_payment()
    released = bench.json(POLICE, "send", "release", "--thread", stop["order"])
    assert released["state"] == "accepted"
    extended = bench.json(POLICE, "send", "extend", "--thread", stop["order"], code=3)
    assert extended["state"] == "refused"
    assert extended["error"]["reason"] == "TRANSITION_REFUSED"


def test_an_order_needs_an_account_or_a_thread_and_not_both(bench: Bench) -> None:
    both = ["--account", bench.card(), "--thread", "01890a5d-ac96-774b-bcce-b302099a8057"]
    for given in ([], both):
        assert bench.run(POLICE, "send", "freeze", *given).exit_code == 2


def test_no_answer_in_time_is_pending_and_exits_75(bench: Bench) -> None:
    sent = bench.stop_payment("--wait", "1s", code=75)
    assert sent.keys() == ORDER_KEYS | {"result"}
    assert sent["result"] == {"state": "pending"}


def test_out_of_reach_an_order_is_queued_and_flushed_later(bench: Bench) -> None:
    bench.do(bench.hub.stop())
    try:
        sent = bench.stop_payment("--timeout", "1s", code=75)
        assert sent["state"] == "queued"
        said = bench.run(POLICE, *words(bench, "--amount", "1 CNY", "--timeout", "1s"))
        assert said.exit_code == 75
        assert "QUEUED LOCALLY" in said.stdout
        assert bench.json(POLICE, "outbox", "flush", "--timeout", "1s", code=75) == {"answered": 0, "left": 2}
        asking = bench.start(POLICE, "outbox", "flush", "--timeout", "3s")
        _, log = asking.process.communicate(timeout=30)
        assert log.count("connection lost") == 1  # once an outage, not once a try
        doctor = bench.json(POLICE, "doctor", code=1)
        assert {one["check"]: one["level"] for one in doctor}["hub"] == "fail"
    finally:
        bench.do(bench.hub.start())
    assert bench.json(POLICE, "outbox", "flush") == {"answered": 2, "left": 0}
    row = next(row for row in bench.json(POLICE, "outbox", "list") if row["id"] == sent["order"])
    assert row["state"] == "accepted"
    assert row.keys() == {
        "id", "thread", "kind", "recipient", "lane", "state", "created_at", "changed_at", "attempts", "error",
    }  # fmt: skip


def test_each_kind_of_order_has_its_verb_with_its_fields(bench: Bench) -> None:
    from tocsin.core.message import KINDS, Nature

    orders = {key for key, kind in KINDS.items() if kind.nature is Nature.ORDER}
    listed = bench.run(None, "send", "--help").stdout
    assert orders
    assert all(key in listed for key in orders)
    for key in orders:
        told = bench.run(None, "send", key, "--help").stdout
        names = [one.name for sealed in (False, True) for one in KINDS[key].fields(sealed=sealed)]
        assert all(f"--{name.removesuffix('_us').replace('_', '-')}" in told for name in names)
