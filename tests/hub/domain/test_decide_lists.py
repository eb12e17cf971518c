"""Watchlists: who may open, fill, correct, withdraw and check, and what each leaves. After each refusal nothing has changed."""

import pytest

from tests.hub.domain.watch import (
    LIST,
    answered,
    checked,
    corrected,
    entry,
    hit,
    key_check,
    listed,
    opened,
    published,
    token,
    withdrawn,
)
from tests.hub.domain.world import CUSTOMS, CUSTOMS_2, DAY, HOUR_US, ICBC, POLICE, POLICE_2, World, as_order, fresh
from tocsin.core.errors import Malformed, Reason
from tocsin.core.message import LegalBasis
from tocsin.core.orders.watch_check import WatchCheck
from tocsin.core.watch import MAX_ENTRIES, WatchAction
from tocsin_hub.domain.rows import TokenKey, WatchEntryRow


@pytest.fixture
def world() -> World:
    return fresh()


def stored(world: World, n: int, epoch: int = 1) -> WatchEntryRow:
    opened_index = world.book.loaded.lists[LIST, epoch].opened_index
    return world.book.loaded.watch_entries[TokenKey(opened_index, token(n, epoch))]


# -- opening ------------------------------------------------------------------------------------------------------------


def test_a_list_goes_to_its_checkers_and_to_nobody_else(world: World) -> None:
    accepted = world.accept(opened(world, to=(CUSTOMS, CUSTOMS_2)))
    assert accepted.deliver_to == (CUSTOMS, CUSTOMS_2)
    assert world.book.loaded.lists[LIST, 1].checkers == f"{CUSTOMS} {CUSTOMS_2}"
    assert accepted.order is None
    assert accepted.timers_set == []


def test_a_bank_is_no_checker_by_policy(world: World) -> None:
    world.refuse(opened(world, to=(ICBC,)), Reason.POLICY_DENIED)


def test_nobody_else_opens_the_next_epoch_of_a_list(world: World) -> None:
    listed(world, 1)
    world.refuse(opened(world, 2, by=POLICE_2), Reason.NOT_ORIGIN)


@pytest.mark.parametrize("epoch", [1, 3, 9])
def test_epochs_follow_each_other_by_one(world: World, epoch: int) -> None:
    listed(world, 1)
    world.refuse(opened(world, epoch), Reason.EPOCH_UNKNOWN)


# -- filling ------------------------------------------------------------------------------------------------------------


def test_entries_are_kept_under_their_epoch_with_their_place(world: World) -> None:
    listed(world, 1, 2)
    assert (stored(world, 2).position, stored(world, 2).entry_no, stored(world, 2).withdrawn_index) == (1, 2, 0)


def test_a_stranger_neither_publishes_corrects_nor_withdraws(world: World) -> None:
    listed(world, 1)
    world.refuse(published(world, 2, by=POLICE_2), Reason.NOT_ORIGIN)
    world.refuse(corrected(world, entry(world, 1), by=POLICE_2), Reason.NOT_ORIGIN)
    world.refuse(withdrawn(world, 1, by=POLICE_2), Reason.NOT_ORIGIN)
    assert stored(world, 1).withdrawn_index == 0


def test_nothing_goes_on_a_list_that_is_not_opened(world: World) -> None:
    world.refuse(published(world, 1), Reason.LIST_UNKNOWN)


def test_an_entry_in_force_is_not_published_twice_and_its_batch_mates_are_not_kept(world: World) -> None:
    listed(world, 1)
    world.refuse(published(world, 2, 1), Reason.ENTRY_EXISTS)


def test_an_entry_that_ended_or_was_withdrawn_may_be_published_again(world: World) -> None:
    world.accept(opened(world))
    world.accept(published(world, 1, 2, hours=1))
    world.accept(withdrawn(world, 1))
    world.accept(published(world, 1))
    world.now_us += 2 * HOUR_US
    world.accept(published(world, 2))
    assert stored(world, 1).withdrawn_index == 0


def test_an_entry_without_a_future_is_refused(world: World) -> None:
    world.accept(opened(world))
    late = published(world, 1, hours=1)
    world.now_us += 2 * HOUR_US
    world.refuse(as_order(late, created_us=world.now_us, expires_us=world.now_us + HOUR_US), Reason.FIELD_INVALID)  # type: ignore[arg-type]


def test_a_correction_keeps_token_and_number(world: World) -> None:
    listed(world, 1)
    world.accept(corrected(world, entry(world, 1, hours=99)))
    assert stored(world, 1).ends_us == world.now_us + 99 * HOUR_US
    world.refuse(corrected(world, entry(world, 2)), Reason.ENTRY_UNKNOWN)
    world.accept(withdrawn(world, 1))
    world.refuse(corrected(world, entry(world, 1)), Reason.ENTRY_UNKNOWN)


def test_a_withdrawal_is_never_limited_and_does_no_harm_twice(world: World) -> None:
    listed(world, 1)
    first = world.accept(withdrawn(world, 1))
    assert first.never_withheld
    index = stored(world, 1).withdrawn_index
    world.accept(withdrawn(world, 1))
    assert stored(world, 1).withdrawn_index == index
    world.refuse(withdrawn(world, 7), Reason.ENTRY_UNKNOWN)


def test_entries_rest_on_a_law_the_bus_knows(world: World) -> None:
    world.accept(opened(world))
    unknown = as_order(published(world, 1), legal_basis=LegalBasis(profile="atlantis"))  # type: ignore[arg-type]
    world.refuse(unknown, Reason.PROFILE_UNKNOWN)


def test_a_message_of_too_many_or_doubled_entries_is_refused_by_itself(world: World) -> None:
    with pytest.raises(Malformed) as many:
        published(world, *range(1, MAX_ENTRIES + 2)).check()
    assert many.value.reason is Reason.TOO_MANY_ITEMS
    for doubled in (published(world, 1, 1), corrected(world, entry(world, 1), entry(world, 1)), withdrawn(world, 1, 1)):
        with pytest.raises(Malformed) as twice:
            doubled.check()
        assert twice.value.reason is Reason.ITEM_REPEATED


# -- checking -----------------------------------------------------------------------------------------------------------


def test_a_check_is_counted_and_leaves_nothing_else(world: World) -> None:
    listed(world, 1)
    accepted = world.accept(checked(world, 400))
    assert (accepted.deliver_to, accepted.watch_entries, accepted.watch_list) == ((), [], None)
    world.accept(checked(world, 2))
    assert world.book.loaded.watch_uses[CUSTOMS].day_tokens == 402
    world.now_us += 60_000_000
    world.accept(checked(world, 5))
    used = world.book.loaded.watch_uses[CUSTOMS]
    assert (used.minute_tokens, used.day_tokens) == (5, 407)
    world.now_us += DAY
    world.accept(opened(world, 2))
    world.accept(published(world, 1, epoch=2))
    world.accept(checked(world, 7, epoch=2))
    assert world.book.loaded.watch_uses[CUSTOMS].day_tokens == 7


def test_who_is_not_named_is_told_the_same_of_a_list_there_is_and_of_one_there_is_not(world: World) -> None:
    listed(world, 1)
    there = world.refuse(checked(world, by=CUSTOMS_2), Reason.NOT_CHECKER)
    nowhere = world.refuse(checked(world, by=CUSTOMS_2, list_id="no-such-list"), Reason.NOT_CHECKER)
    assert there == nowhere


def test_an_epoch_that_has_ended_is_not_checked_against(world: World) -> None:
    listed(world, 1)
    world.now_us += 31 * DAY
    world.refuse(checked(world), Reason.EPOCH_OVER)


def test_a_list_that_is_not_complete_is_never_taken_for_empty(world: World) -> None:
    world.accept(opened(world))
    world.refuse(checked(world), Reason.LIST_NOT_READY)
    world.accept(published(world, 1, complete=False))
    world.refuse(checked(world), Reason.LIST_NOT_READY)
    world.accept(published(world))
    world.accept(checked(world))


def test_while_the_next_epoch_is_filled_the_one_before_is_used_by_those_named_in_both(world: World) -> None:
    world.accept(opened(world, to=(CUSTOMS, CUSTOMS_2)))
    world.accept(published(world, 1))
    world.accept(checked(world, by=CUSTOMS_2))
    world.accept(opened(world, 2, to=(CUSTOMS,)))
    world.accept(checked(world))
    world.refuse(checked(world, by=CUSTOMS_2), Reason.NOT_CHECKER)
    world.accept(published(world, 1, epoch=2))
    world.refuse(checked(world), Reason.EPOCH_OVER)
    world.accept(checked(world, epoch=2))
    world.refuse(checked(world, epoch=3), Reason.EPOCH_UNKNOWN)
    world.refuse(published(world, 5, epoch=1), Reason.EPOCH_OVER)


def test_an_entry_is_withdrawn_from_the_epoch_still_in_use_too(world: World) -> None:
    listed(world, 1)
    world.accept(opened(world, 2))
    world.accept(withdrawn(world, 1, epoch=1))
    assert stored(world, 1).withdrawn_index > 0


def test_tokens_of_another_epoch_s_key_are_noticed(world: World) -> None:
    listed(world, 1)
    world.refuse(checked(world, key_check=key_check(7)), Reason.LIST_KEY_DIFFERS)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"count": 1_001}, Reason.TOO_MANY_ITEMS),
        ({"count": 0}, Reason.FIELD_MISSING),
        ({"commitment": b"short"}, Reason.FIELD_INVALID),
        ({"purpose": ""}, Reason.FIELD_INVALID),
        ({"purpose": "x" * 121}, Reason.FIELD_INVALID),
        ({"key_check": b""}, Reason.FIELD_INVALID),
        ({"list_id": "Wanted!"}, Reason.FIELD_INVALID),
        ({"epoch": 0}, Reason.FIELD_INVALID),
    ],
)
def test_a_check_says_how_many_why_and_under_which_key(world: World, changed: dict[str, object], reason: Reason) -> None:
    values = {"list_id": LIST, "epoch": 1, "key_check": key_check(), "count": 1, "commitment": bytes(32), "purpose": "entry"}
    with pytest.raises(Malformed) as refused:
        WatchCheck(header=checked(world).header, **(values | changed)).check()  # type: ignore[arg-type]
    assert refused.value.reason is reason


def test_a_check_without_a_law_and_a_drill_on_a_real_list_are_refused(world: World) -> None:
    for changed in ({"legal_basis": None}, {"legal_basis": LegalBasis(profile="cn")}, {"exercise": True}):
        with pytest.raises(Malformed):
            as_order(checked(world), **changed).check()  # type: ignore[arg-type]


# -- hits and answers ---------------------------------------------------------------------------------------------------


def test_a_hit_goes_to_the_owner_and_its_answer_back(world: World) -> None:
    listed(world, 1)
    check = checked(world)
    world.accept(check)
    met = hit(world, check)
    assert world.accept(met).deliver_to == (POLICE,)
    accepted = world.accept(answered(world, met))
    assert (accepted.deliver_to, accepted.root_id) == ((CUSTOMS,), met.header.message_id)
    assert world.timers == {}


def test_a_hit_names_a_check_of_its_sender_and_goes_to_the_owner_alone(world: World) -> None:
    listed(world, 1)
    check = checked(world)
    world.refuse(hit(world, check), Reason.CHECK_UNKNOWN)
    world.accept(check)
    world.refuse(hit(world, check, by=CUSTOMS_2), Reason.CHECK_UNKNOWN)
    world.refuse(hit(world, check, to=POLICE_2), Reason.ROUTE_DIFFERS)
    world.refuse(hit(world, check, list_id="no-such-list"), Reason.CHECK_UNKNOWN)
    unrelated = opened(world, by=CUSTOMS, to=(POLICE,), list_id="customs-own")
    world.accept(unrelated)
    world.refuse(hit(world, unrelated), Reason.CHECK_UNKNOWN)


def test_a_hit_on_an_entry_withdrawn_a_moment_ago_is_still_told(world: World) -> None:
    listed(world, 1)
    check = checked(world)
    world.accept(check)
    world.accept(withdrawn(world, 1))
    assert world.accept(hit(world, check)).deliver_to == (POLICE,)


def test_only_the_owner_answers_a_hit_and_only_to_its_sender(world: World) -> None:
    listed(world, 1)
    check = checked(world)
    world.accept(check)
    met = hit(world, check)
    world.refuse(answered(world, met), Reason.THREAD_UNKNOWN)
    world.accept(met)
    world.refuse(answered(world, met, by=POLICE_2), Reason.NOT_ADDRESSEE)
    world.refuse(answered(world, met, recipients=(CUSTOMS_2,)), Reason.FIELD_INVALID)


def test_actions_are_those_of_the_contract() -> None:
    assert [action.name for action in WatchAction] == ["NOTIFY", "INSPECT", "HOLD"]
