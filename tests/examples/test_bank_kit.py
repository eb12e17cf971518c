"""The bank kit on its ledger: each kind of order, repeats, faults, ends."""

import sqlite3
from pathlib import Path

import pytest

from examples.bank.core_banking import CoreBanking
from examples.bank.ledger import Ledger, available
from examples.bank.ledger import account as find_account
from examples.bank.ledger import hold as find_hold
from tests.examples.kit import HOUR_US, START_US, HandClock, Orders, card, opened
from tocsin import Executed, FreezeType, Lapsed, Money, Outcome, Refused, StopScope
from tocsin.core.money import parse_money
from tocsin.core.times import from_us

UNTIL = START_US + 48 * HOUR_US


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ledger(tmp_path: Path):
    made = opened(tmp_path / "ledger.db", "70000.00 CNY", "300.00 CNY")
    yield made
    made.close()


@pytest.fixture
def core(ledger: Ledger, clock: HandClock) -> CoreBanking:
    return CoreBanking(ledger, clock)


def yuan(text: str) -> Money:
    return parse_money(f"{text} CNY")


def free(ledger: Ledger, number: str, at_us: int = START_US) -> Money:
    with ledger.transaction() as conn:
        one = find_account(conn, number)
        assert one is not None
        return available(conn, one, at_us)


def rows(ledger: Ledger, table: str) -> list[tuple[object, ...]]:
    with ledger.transaction() as conn:
        return conn.execute(f"SELECT * FROM {table}").fetchall()


def test_a_stop_holds_the_amount_and_leaves_the_rest_to_the_holder(core: CoreBanking, ledger: Ledger) -> None:
    answer = core.carry_out(Orders().stop(card(1), until_us=UNTIL))
    assert answer == Executed(held=yuan("50000"), balance=yuan("70000"), available=yuan("20000"))
    assert not ledger.pay_out(card(1), yuan("20000.01"), START_US)
    assert ledger.pay_out(card(1), yuan("20000"), START_US)


def test_a_stop_of_more_than_there_is_holds_what_is_there_and_what_comes_in(core: CoreBanking, ledger: Ledger) -> None:
    answer = core.carry_out(Orders().stop(card(2), until_us=UNTIL))
    assert isinstance(answer, Executed)
    assert answer.held == yuan("300")
    ledger.pay_in(card(2), yuan("50000"))
    assert free(ledger, card(2)) == yuan("300")


def test_the_older_hold_comes_first(core: CoreBanking) -> None:
    orders = Orders()
    core.carry_out(orders.stop(card(1), until_us=UNTIL))
    second = core.carry_out(orders.stop(card(1), until_us=UNTIL))
    assert second == Executed(held=yuan("20000"), balance=yuan("70000"), available=yuan("0"))


def test_another_name_is_refused_and_holds_nothing(core: CoreBanking, ledger: Ledger) -> None:
    answer = core.carry_out(Orders().stop(card(1), until_us=UNTIL, holder="李四"))
    assert isinstance(answer, Refused)
    assert answer.reason is Outcome.MISMATCH
    assert free(ledger, card(1)) == yuan("70000")
    assert rows(ledger, "hold") == rows(ledger, "executed") == []


def test_a_name_is_compared_without_spaces_width_and_case(tmp_path: Path, clock: HandClock) -> None:
    ledger = opened(tmp_path / "other.db", "1.00 CNY", holder="Maria Example")
    answer = CoreBanking(ledger, clock).carry_out(Orders().stop(card(1), until_us=UNTIL, holder="ＭＡＲＩＡ  example"))
    assert isinstance(answer, Executed)
    ledger.close()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"scope": StopScope.TRANSACTION, "transaction_ref": "T-1"}, Outcome.UNSUPPORTED),
        ({"amount": "1.00 USD"}, Outcome.UNSUPPORTED),
    ],
)
def test_what_the_ledger_cannot_do_is_refused(core: CoreBanking, ledger: Ledger, more: dict, reason: Outcome) -> None:
    answer = core.carry_out(Orders().stop(card(1), until_us=UNTIL, **more))
    assert isinstance(answer, Refused)
    assert answer.reason is reason
    assert rows(ledger, "hold") == []


def test_an_unknown_account_is_not_found(core: CoreBanking) -> None:
    answer = core.carry_out(Orders().stop(card(99), until_us=UNTIL))
    assert isinstance(answer, Refused)
    assert answer.reason is Outcome.NOT_FOUND


def test_a_whole_account_stop_leaves_nothing(core: CoreBanking, ledger: Ledger) -> None:
    answer = core.carry_out(
        Orders().stop(
            card(1), until_us=UNTIL, scope=StopScope.WHOLE_ACCOUNT, amount=None, necessity="all of it is loot"
        )
    )
    assert answer == Executed(held=yuan("70000"), balance=yuan("70000"), available=yuan("0"))
    ledger.pay_in(card(1), yuan("5"))
    assert free(ledger, card(1)) == yuan("0")


def test_a_repeat_gives_the_first_answer_again_and_holds_nothing_twice(core: CoreBanking, ledger: Ledger) -> None:
    orders = Orders()
    stop = orders.stop(card(1), until_us=UNTIL)
    first = core.carry_out(stop)
    ledger.pay_in(card(1), yuan("1"))
    assert core.carry_out(orders.again(stop)) == first
    assert len(rows(ledger, "hold")) == len(rows(ledger, "executed")) == len(rows(ledger, "tocsin_mark")) == 1
    assert [(call[3], call[4]) for call in rows(ledger, "handler_call")] == [(0, 1), (1, 2)]


def test_a_fault_in_the_transaction_takes_mark_and_effect_back(core: CoreBanking, ledger: Ledger) -> None:
    orders = Orders()
    stop = orders.stop(card(1), until_us=UNTIL)
    with ledger.transaction() as conn:
        conn.execute("CREATE TRIGGER fault BEFORE INSERT ON executed BEGIN SELECT RAISE(ABORT, 'disk fault'); END")
    with pytest.raises(sqlite3.IntegrityError, match="disk fault"):
        core.carry_out(stop)
    assert rows(ledger, "hold") == []
    with ledger.transaction() as conn:
        assert conn.execute("SELECT count(*) FROM sqlite_master WHERE name = 'tocsin_mark'").fetchone() == (0,)
        conn.execute("DROP TRIGGER fault")
    answer = core.carry_out(orders.again(stop))
    assert isinstance(answer, Executed)
    assert answer.held == yuan("50000")
    assert len(rows(ledger, "hold")) == 1


def test_a_hold_ends_by_itself_at_its_end(core: CoreBanking, ledger: Ledger) -> None:
    core.carry_out(Orders().stop(card(1), until_us=UNTIL))
    assert free(ledger, card(1), UNTIL - 1) == yuan("20000")
    assert free(ledger, card(1), UNTIL) == yuan("70000")


def test_an_extension_moves_the_end_and_the_lapse_of_the_old_end_does_nothing(
    core: CoreBanking, ledger: Ledger
) -> None:
    orders = Orders()
    stop = orders.stop(card(1), until_us=UNTIL)
    core.carry_out(stop)
    later = UNTIL + 48 * HOUR_US
    answer = core.carry_out(orders.extend(stop.thread_id, until_us=later))
    assert isinstance(answer, Executed)
    assert answer.held == yuan("50000")
    core.lapse(Lapsed(thread_id=stop.thread_id, kind="stop-payment", ends_at=from_us(UNTIL), repeat=False))
    assert free(ledger, card(1), later - 1) == yuan("20000")
    assert free(ledger, card(1), later) == yuan("70000")


def test_an_extension_of_a_hold_that_has_ended_is_out_of_term(core: CoreBanking, clock: HandClock) -> None:
    orders = Orders()
    stop = orders.stop(card(1), until_us=UNTIL)
    core.carry_out(stop)
    clock.at_us = UNTIL
    answer = core.carry_out(orders.extend(stop.thread_id, until_us=UNTIL + HOUR_US))
    assert isinstance(answer, Refused)
    assert answer.reason is Outcome.OUT_OF_TERM


def test_a_freeze_takes_the_place_of_the_stop_without_losing_its_rank(core: CoreBanking, ledger: Ledger) -> None:
    orders = Orders()
    stop = orders.stop(card(1), "30000 CNY", until_us=UNTIL)
    core.carry_out(stop)
    core.carry_out(orders.stop(card(1), "30000 CNY", until_us=UNTIL))
    until = START_US + 4_000 * HOUR_US
    answer = core.carry_out(orders.freeze(card(1), "60000 CNY", until_us=until, thread=stop.thread_id))
    assert answer == Executed(held=yuan("60000"), balance=yuan("70000"), available=yuan("0"))
    assert len(rows(ledger, "hold")) == 2
    with ledger.transaction() as conn:
        found = find_hold(conn, stop.thread_id)
    assert found is not None
    assert (found.kind, found.until_us, found.ended_us) == ("freeze", until, 0)


def test_a_full_freeze_on_its_own_holds_the_whole_account(core: CoreBanking) -> None:
    freeze = Orders().freeze(card(1), "1 CNY", until_us=UNTIL, freeze_type=FreezeType.FULL, necessity="all of it")
    assert core.carry_out(freeze) == Executed(held=yuan("70000"), balance=yuan("70000"), available=yuan("0"))


def test_a_release_gives_the_money_back_at_once(core: CoreBanking, ledger: Ledger) -> None:
    orders = Orders()
    stop = orders.stop(card(1), until_us=UNTIL)
    core.carry_out(stop)
    answer = core.carry_out(orders.release(stop.thread_id))
    assert answer == Executed(held=yuan("0"), balance=yuan("70000"), available=yuan("70000"))
    refused = core.carry_out(orders.extend(stop.thread_id, until_us=UNTIL + HOUR_US))
    assert isinstance(refused, Refused)


@pytest.mark.parametrize("kind", ["extend", "release"])
def test_an_order_on_a_hold_that_is_not_there_is_not_found(core: CoreBanking, kind: str) -> None:
    orders = Orders()
    stop = orders.stop(card(1), until_us=UNTIL)
    order = orders.release(stop.thread_id) if kind == "release" else orders.extend(stop.thread_id, until_us=UNTIL)
    answer = core.carry_out(order)
    assert isinstance(answer, Refused)
    assert answer.reason is Outcome.NOT_FOUND
