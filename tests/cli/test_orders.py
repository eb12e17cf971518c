"""``listen`` without a program, and ``orders``."""

import json

import pytest

from tests.cli.conftest import BANK, POLICE, Bench
from tocsin.core.orders.report import Outcome
from tocsin.gateway.reports import answer_of

ROW = {"id", "thread", "kind", "direction", "party", "target", "state", "measure", "at", "ends_at", "exercise"}
EVENT = {
    "event", "kind", "message_id", "thread_id", "sender", "state", "attempt", "repeat", "exercise", "accepted_at", "message",
}  # fmt: skip


@pytest.fixture(scope="module")
def order(bench: Bench) -> str:
    """An order that a listener printed and left waiting."""
    sent = bench.stop_payment()
    listener = bench.start(BANK, "--json", "listen")
    try:
        event = json.loads(listener.line())
    finally:
        code, out, log = listener.end()
    assert (code, out) == (0, ""), log
    assert event.keys() == EVENT
    assert event["message_id"] == sent["order"]
    assert event["message"]["holder"] == "张三"
    return str(sent["order"])


def test_a_waiting_order_is_printed_again_at_the_next_start(bench: Bench, order: str) -> None:
    listener = bench.start(BANK, "listen", "--lang", "zh")
    try:
        line = listener.line()
    finally:
        code, _, _ = listener.end()
    assert code == 0
    assert order in line
    assert "止付" in line
    assert "622202******" in line


def test_lists_mask_the_account_and_keep_their_keys(bench: Bench, order: str) -> None:
    (row,) = bench.json(BANK, "orders", "list", "--state", "waiting")
    assert row.keys() == ROW
    assert (row["id"], row["direction"], row["party"]) == (order, "in", POLICE)
    assert row["target"].startswith("622202******")
    said = bench.run(BANK, "orders", "list", lang="zh").stdout
    assert "待人工答复" in said


def test_the_hub_tells_what_it_knows(bench: Bench, order: str) -> None:
    rows = bench.json(POLICE, "orders", "list", "--hub")
    assert order in {row["id"] for row in rows}
    shown = bench.json(POLICE, "orders", "show", order, "--hub")
    assert shown["messages"][0]["log_index"] is not None
    assert shown["message"]["holder"] == "张三"


def test_show_tells_content_measure_and_thread(bench: Bench, order: str) -> None:
    shown = bench.json(BANK, "orders", "show", order)
    assert shown.keys() == {
        "id", "kind", "direction", "party", "at", "state", "detail", "log_index", "accepted_at", "message", "measure", "messages",
    }  # fmt: skip
    assert shown["message"]["amount"] == {"amount": "50000.00", "currency": "CNY"}
    said = bench.run(BANK, "orders", "show", order).stdout
    assert "50000.00 CNY" in said
    assert "张三" in said
    assert "waits for an answer" in said


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--outcome", "perhaps"], "FIELD_INVALID"),
        (["--outcome", "lapsed"], "FIELD_INVALID"),
        (["--outcome", "mismatch", "--held", "1 CNY"], "FIELD_INVALID"),
        (["--outcome", "done", "--held", "1 RMB"], "CURRENCY_RMB"),
        (["--outcome", "done"], "FIELD_MISSING"),
    ],
)
def test_a_wrong_answer_exits_2_and_leaves_the_order_waiting(bench: Bench, order: str, more: list[str], reason: str) -> None:
    failed = bench.json(BANK, "orders", "answer", order, *more, code=2)
    assert failed["error"]["reason"] == reason
    assert bench.json(BANK, "orders", "show", order)["state"] == "waiting"


def test_an_unknown_order_is_not_found(bench: Bench) -> None:
    unknown = "01890a5d-ac96-774b-bcce-b302099a8057"
    for verb in (["show", unknown], ["follow", unknown], ["answer", unknown, "--outcome", "done"]):
        assert bench.json(BANK, "orders", *verb, code=3)["error"]["reason"] == "NOT_FOUND"


def test_an_answer_by_hand_reaches_the_officer(bench: Bench, order: str) -> None:
    # The order waits no more.
    said = bench.run(BANK, "orders", "answer", order, "--outcome", "done", "--held", "40000 CNY", "--balance", "40000 CNY")
    assert said.exit_code == 0
    assert "ACCEPTED" in said.stdout
    assert "\nreport " in said.stdout
    followed = bench.run(POLICE, "orders", "follow", order, "--timeout", "20s", lang="zh")
    assert followed.exit_code == 0
    assert "已执行，余额不足" in followed.stdout
    assert "40000.00 CNY" in followed.stdout
    (row,) = [row for row in bench.json(POLICE, "orders", "list", "--state", "in-force") if row["id"] == order]
    assert row["ends_at"] is not None


def test_an_answered_order_is_not_answered_again_and_says_so(bench: Bench, order: str) -> None:
    again = bench.run(BANK, "orders", "answer", order, "--outcome", "mismatch")
    assert again.exit_code == 3
    assert again.stderr.startswith("The order is in state answered; an answer by hand is not possible there.")
    reports = [one for one in bench.json(BANK, "orders", "show", order)["messages"] if one["kind"] == "report"]
    assert len(reports) == 1


@pytest.mark.parametrize("said", ["no such account", "not found", "账户不存在", "NOT_FOUND"])
def test_an_outcome_may_be_given_in_the_words_it_is_shown_in(said: str) -> None:
    answer = answer_of(said, held=None, balance=None, available=None, note="")
    assert answer.outcome is Outcome.NOT_FOUND

