"""Failed tries, dead letters and their replay, told as short stories."""

import pytest

from tests.hub.domain.mailboxes import SECOND, Desk
from tocsin.core.message import Lane
from tocsin_hub.domain.attempts import MAX_ATTEMPTS, MAX_REASON, Verdict, judge
from tocsin_hub.domain.delivery import GRACE_US


def test_an_urgent_order_that_keeps_failing_still_holds_back_what_follows_it_but_not_its_release() -> None:
    desk = Desk("A", "A", "B", "A!", lane=Lane.URGENT)
    assert desk.get() == [1, 3]
    desk.nack(1)
    assert desk.get() == [4]
    desk.ack(3, 4)
    verdicts = [answer.verdict for answer in desk.fail(1, MAX_ATTEMPTS + 5)]
    assert verdicts.count(Verdict.ESCALATE) == 1
    assert verdicts[MAX_ATTEMPTS - 2] is Verdict.ESCALATE
    assert set(verdicts) == {Verdict.RETRY, Verdict.ESCALATE}
    assert desk.get() == []
    desk.wait(301)
    assert desk.get() == [1]
    desk.ack(1)
    assert desk.get() == [2]


def test_a_delay_outlives_a_restart_with_the_count_of_its_failures() -> None:
    desk = Desk("A", "A", lane=Lane.URGENT)
    desk.fail(1, MAX_ATTEMPTS)
    due = desk.nack(1, token=b"").verdict, desk.box.next_wake_us()
    desk.save()
    assert desk.stored.rows[1].attempts == MAX_ATTEMPTS
    desk.restart()
    assert desk.get() == []
    assert (Verdict.FENCED, desk.box.next_wake_us()) == due
    desk.wait(301)
    assert desk.get() == [1]
    assert desk.repeats([1]) == {1: "nacked"}
    assert desk.held[1].number == MAX_ATTEMPTS + 1
    assert desk.nack(1).verdict is Verdict.RETRY  # escalated once, before the restart


def test_a_routine_entry_is_given_up_after_its_tenth_failure_and_the_cursor_passes_it() -> None:
    desk = Desk("A", "B")
    verdicts = [answer.verdict for answer in desk.fail(1, MAX_ATTEMPTS)]
    assert verdicts == [Verdict.RETRY] * (MAX_ATTEMPTS - 1) + [Verdict.DEAD]
    desk.ack(2)
    assert desk.save() == [2]
    assert (desk.stored.cursor, desk.stored.states()) == (2, {1: "dead"})
    row = desk.stored.rows[1]
    assert (row.attempts, row.reason, row.not_before_us) == (MAX_ATTEMPTS, "core system closed", 0)
    desk.wait(3600)
    assert desk.get() == []
    desk.restart()
    assert desk.get() == []


@pytest.mark.parametrize(
    ("lane", "verdict"), [(Lane.ROUTINE, Verdict.DEAD), (Lane.URGENT, Verdict.ESCALATE)], ids=["routine", "urgent"]
)
def test_failures_before_a_restart_count_after_it(lane: Lane, verdict: Verdict) -> None:
    desk = Desk("A", lane=lane)
    desk.fail(1, MAX_ATTEMPTS - 1)
    desk.save()
    desk.restart()
    assert desk.fail(1, 1)[0].verdict is verdict


def test_lost_sessions_are_not_failures() -> None:
    desk = Desk("A")
    for i in range(3 * MAX_ATTEMPTS):
        assert desk.get() == [1]
        assert desk.held[1].number == i + 1
        desk.leave("a")
        desk.now += GRACE_US
        desk.join("a")
    desk.get()
    assert desk.nack(1).verdict is Verdict.RETRY


@pytest.mark.parametrize(
    ("lane", "verdict"), [(Lane.ROUTINE, Verdict.DEAD), (Lane.URGENT, Verdict.DEAD_ESCALATE)], ids=["routine", "urgent"]
)
def test_a_permanent_nack_parks_at_once_and_an_urgent_one_never_in_silence(lane: Lane, verdict: Verdict) -> None:
    desk = Desk("A", lane=lane)
    desk.get()
    answer = desk.nack(1, permanent=True)
    assert (answer.verdict, answer.entry, answer.retry_at_us) == (verdict, desk.stored.entries[0].entry, 0)
    desk.save()
    assert (desk.stored.cursor, desk.stored.states()) == (1, {1: "dead"})


def test_what_follows_from_a_failure_over_the_whole_table() -> None:
    for failures in range(1, 3 * MAX_ATTEMPTS):
        assert judge(failures, urgent=False, permanent=True) is Verdict.DEAD
        assert judge(failures, urgent=True, permanent=True) is Verdict.DEAD_ESCALATE
        routine, urgent = (judge(failures, urgent=u, permanent=False) for u in (False, True))
        assert routine is (Verdict.RETRY if failures < MAX_ATTEMPTS else Verdict.DEAD)
        assert urgent is (Verdict.ESCALATE if failures == MAX_ATTEMPTS else Verdict.RETRY)


@pytest.mark.parametrize(
    ("delay_ms", "expected_us"),
    [(0, SECOND), (500, SECOND), (90_000, 90 * SECOND), (2**32 - 1, 24 * 3600 * SECOND)],
    ids=["the hub chooses", "a wish below the backoff", "a wish above it", "a wish of seven weeks: a day"],
)
def test_the_wait_is_the_backoff_or_what_the_recipient_asked_for(delay_ms: int, expected_us: int) -> None:
    desk = Desk("A")
    desk.get()
    assert desk.nack(1, delay_ms=delay_ms).retry_at_us == desk.now + expected_us
    assert desk.box.next_wake_us() == desk.now + expected_us
    desk.now += expected_us - 1
    assert desk.get() == []
    desk.now += 1
    assert desk.get() == [1]


def test_the_reason_of_a_nack_is_cut_to_its_limit() -> None:
    desk = Desk("A")
    desk.get()
    desk.box.nack(
        1, desk.held[1].token, delay_ms=0, reason="x" * 10_000, permanent=False, now_us=desk.now, random=lambda: 0.5
    )
    (row,) = desk.box.take_changes(desk.now).attempts
    assert row.reason == "x" * MAX_REASON


def test_a_dead_letter_is_replayed_stays_listed_until_acked_and_is_marked() -> None:
    desk = Desk("A", "B")
    desk.get()
    desk.nack(1, permanent=True)
    desk.ack(2)
    desk.save()
    desk.box.revive(list(desk.stored.rows.values()), desk.now)
    desk.box.revive(list(desk.stored.rows.values()), desk.now)
    desk.save()
    assert (desk.stored.states(), desk.stored.rows[1].attempts) == ({1: "dead"}, 0)
    assert desk.get() == [1]
    assert desk.repeats([1]) == {1: "replayed"}
    desk.ack(1)
    assert desk.save() == [1]
    assert (desk.stored.cursor, desk.stored.rows) == (2, {})


@pytest.mark.parametrize("first_open", [True, False], ids=["behind the cursor", "ahead of the cursor"])
def test_a_replay_is_taken_up_again_by_a_restarted_hub(first_open: bool) -> None:
    desk = Desk("A", "B", "C")
    desk.get()
    desk.nack(2, permanent=True)
    if not first_open:
        desk.ack(1)
    desk.save()
    desk.box.revive(list(desk.stored.rows.values()), desk.now)
    desk.save()
    desk.restart()
    assert set(desk.get() + desk.get()) == ({1, 2, 3} if first_open else {2, 3})
    assert desk.repeats([2]) == {2: "replayed"}
    desk.ack(*([1, 2, 3] if first_open else [2, 3]))
    desk.save()
    assert (desk.stored.cursor, desk.stored.rows) == (3, {})


def test_a_replay_next_to_the_cursor_is_sent_once_by_a_restarted_hub() -> None:
    desk = Desk("A", "B", "C")
    desk.get()
    desk.nack(2, permanent=True)
    desk.save()
    desk.box.revive(list(desk.stored.rows.values()), desk.now)
    desk.load()
    desk.ack(1)
    desk.save()
    assert desk.stored.cursor == 1
    desk.restart()
    assert desk.get() == [2, 3]
    assert desk.repeats([2]) == {2: "replayed"}
    desk.ack(2, 3)
    assert desk.get() == []


def test_a_delayed_replay_survives_the_cursor_and_a_restart() -> None:
    desk = Desk("A", "B")
    desk.get()
    desk.nack(1, permanent=True)
    desk.save()
    desk.box.revive(list(desk.stored.rows.values()), desk.now)
    assert desk.get() == [1]
    desk.nack(1, delay_ms=60_000)
    desk.save()
    desk.ack(2)
    desk.save()
    desk.leave("a")
    assert not desk.box.forgettable  # a new one would try the replay at once
    assert (desk.stored.cursor, desk.stored.states()) == (2, {1: "dead"})
    desk.restart()
    assert desk.get() == [1]
    desk.ack(1)
    desk.save()
    assert desk.stored.rows == {}


def test_an_entry_replayed_twice_is_sent_once() -> None:
    desk = Desk("A")
    desk.get()
    desk.nack(1, permanent=True)
    desk.save()
    rows = list(desk.stored.rows.values())
    desk.box.revive(rows, desk.now)
    desk.box.revive(rows, desk.now)
    assert desk.get() == [1]
    desk.box.revive(rows, desk.now)
    assert desk.ack(1) == [True]
    assert desk.get() == []


def test_a_replay_that_fails_again_is_delayed_counted_anew_and_dies_again() -> None:
    desk = Desk("A")
    desk.get()
    desk.nack(1, permanent=True)
    desk.save()
    desk.box.revive(list(desk.stored.rows.values()), desk.now)
    verdicts = [answer.verdict for answer in desk.fail(1, MAX_ATTEMPTS)]
    assert verdicts == [Verdict.RETRY] * (MAX_ATTEMPTS - 1) + [Verdict.DEAD]
    desk.save()
    assert (desk.stored.states(), desk.stored.rows[1].attempts) == ({1: "dead"}, MAX_ATTEMPTS)
    desk.restart()
    assert desk.get() == []


def test_a_replayed_entry_keeps_the_order_of_its_thread() -> None:
    desk = Desk("A", "A", "A")
    desk.get()
    desk.nack(1, permanent=True)
    assert desk.get() == [2]
    desk.save()
    desk.box.revive([desk.stored.rows[1]], desk.now)
    assert desk.get() == []
    desk.ack(2)
    assert desk.get() == [1]
    desk.ack(1)
    assert desk.get() == [3]


def test_only_dead_rows_are_replayed() -> None:
    desk = Desk("A", "B", "C")
    desk.get()
    desk.ack(2)
    desk.nack(3)
    desk.save()
    desk.box.revive(list(desk.stored.rows.values()), desk.now)
    assert desk.box.take_changes(desk.now).empty
    assert desk.get() == []
