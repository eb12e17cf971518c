"""What is sent, to whom, in which order, and what is stored of it, told as short stories."""

import pytest

from tests.hub.domain.mailboxes import GENERATION, Desk, Stored
from tocsin_hub.domain.attempts import RepeatReason, Verdict
from tocsin_hub.domain.delivery import GRACE_US
from tocsin_hub.domain.rows import AttemptRow


def test_entries_are_sent_in_order_with_their_bodies_and_tokens_of_their_own() -> None:
    desk = Desk("A", "B", "C")
    assert desk.get() == [1, 2, 3]
    assert [desk.held[seq].body for seq in (1, 2, 3)] == ["body 1", "body 2", "body 3"]
    assert len({attempt.token for attempt in desk.held.values()}) == 3
    assert {(a.number, a.repeat) for a in desk.held.values()} == {(1, False)}
    assert desk.get() == []


def test_entries_offered_at_the_head_are_sent_without_reading_the_store() -> None:
    desk = Desk()
    desk.commit("A", "B")
    assert desk.box.wanted(desk.now) is None
    assert desk.get() == [1, 2]


def test_acks_in_order_cost_one_cursor_row() -> None:
    desk = Desk("A", "B", "C")
    desk.get()
    assert desk.ack(1, 2, 3) == [True, True, True]
    changes = desk.box.take_changes(desk.now)
    assert changes.cursor is not None
    assert changes.cursor.acked_through == 3
    assert (changes.attempts, changes.confirmed) == ([], [1, 2, 3])
    assert desk.box.take_changes(desk.now).empty
    assert desk.box.backlog == 0


def test_an_ack_ahead_of_an_open_entry_is_a_row_of_its_own_until_the_cursor_passes_it() -> None:
    desk = Desk("A", "B", "C")
    desk.get()
    desk.ack(3)
    assert desk.save() == [3]
    assert (desk.stored.cursor, desk.stored.states()) == (0, {3: "acked"})
    desk.ack(1)
    assert desk.save() == [1]
    assert (desk.stored.cursor, desk.stored.states()) == (1, {3: "acked"})
    desk.ack(2)
    assert desk.save() == [2]
    assert (desk.stored.cursor, desk.stored.states()) == (3, {})


def test_an_entry_acked_ahead_is_not_sent_again_after_a_restart() -> None:
    desk = Desk("A", "B", "C", "D")
    desk.get()
    desk.ack(2, 4)
    desk.save()
    desk.restart()
    assert desk.get() == [1, 3]
    desk.ack(1, 3)
    desk.save()
    assert (desk.stored.cursor, desk.stored.rows) == (4, {})


THREADS = {
    "the next of a thread waits while its predecessor is in flight": (["A", "A", "B"], [], [], [1, 3]),
    "the next of a thread follows once its predecessor is acked": (["A", "A", "B"], [], [1], [2]),
    "the next of a thread waits while its predecessor is delayed": (["A", "A"], [1], [], []),
    "a release waits while its predecessor is in flight": (["A", "A!"], [], [], [1]),
    "a release passes a delayed predecessor": (["A", "A!"], [1], [], [2]),
    "a release passes those that wait behind a delayed predecessor": (["A", "A", "A!", "A"], [1], [], [3]),
    "a release of one thread does not wait for another thread": (["A", "B!"], [], [], [1, 2]),
    "a second release waits for the first": (["A", "A!", "A!"], [1], [], [2]),
}


@pytest.mark.parametrize(("roots", "nacked", "acked", "sent"), THREADS.values(), ids=THREADS.keys())
def test_order_within_a_thread(roots: list[str], nacked: list[int], acked: list[int], sent: list[int]) -> None:
    desk = Desk(*roots)
    first = desk.get()
    for seq in nacked:
        desk.nack(seq)
    desk.ack(*acked)
    assert (desk.get() if nacked or acked else first) == sent


def test_a_release_that_passed_a_delayed_stop_is_not_joined_by_it_before_it_is_acked() -> None:
    desk = Desk("A", "A!")
    assert desk.get() == [1]
    desk.nack(1)
    assert desk.get() == [2]
    desk.wait(10)
    assert desk.get() == []
    desk.ack(2)
    assert desk.get() == [1]


def test_a_stop_whose_delay_ended_before_the_release_was_sent_goes_first() -> None:
    desk = Desk("A", "A!")
    desk.get()
    desk.nack(1)
    desk.load()
    desk.wait(10)
    assert desk.get() == [1]
    desk.ack(1)
    assert desk.get() == [2]


def test_the_next_of_a_thread_follows_a_dead_predecessor() -> None:
    desk = Desk("A", "A")
    desk.get()
    assert desk.nack(1, permanent=True).verdict is Verdict.DEAD
    assert desk.get() == [2]


def test_a_token_that_is_not_the_present_attempts_changes_nothing() -> None:
    desk = Desk("A", "B")
    desk.get()
    right, other = desk.held[1].token, desk.held[2].token
    for wrong in (other, b"", right[:-1], right + b"\0", bytes(8)):
        assert not desk.box.ack(1, wrong)
        assert not desk.box.holds(1, wrong)
        assert desk.nack(1, token=wrong) == (Verdict.FENCED, None, 0)
    assert not desk.box.ack(99, right)
    assert desk.box.take_changes(desk.now).empty
    assert desk.box.in_flight("a") == 2
    assert desk.box.holds(1, right)
    assert desk.ack(1, 1) == [True, False]
    assert desk.save() == [1]


def test_a_nack_ends_its_attempt() -> None:
    desk = Desk("A")
    desk.get()
    desk.nack(1)
    assert desk.ack(1) == [False]
    assert desk.nack(1).verdict is Verdict.FENCED
    old = desk.held[1].token
    desk.wait(1)
    assert desk.get() == [1]
    assert not desk.box.ack(1, old)
    assert desk.ack(1) == [True]


def test_entries_of_a_closed_session_go_to_another_after_the_grace_and_say_why() -> None:
    desk = Desk("A", "B", "C")
    assert desk.get(max_messages=2) == [1, 2]
    desk.join("b")
    desk.leave("a")
    assert desk.get("b") == [3]
    assert desk.box.next_wake_us() == desk.now + GRACE_US
    desk.now += GRACE_US - 1
    assert desk.get("b") == []
    desk.now += 1
    assert desk.get("b") == [1, 2]
    assert desk.repeats([1, 2, 3]) == {1: "session closed", 2: "session closed", 3: ""}
    assert desk.held[1].number == 2


def test_an_ack_of_a_closed_session_counts_until_its_entry_is_sent_again() -> None:
    desk = Desk("A", "B", "C")
    desk.get()
    tokens = {seq: attempt.token for seq, attempt in desk.held.items()}
    desk.leave("a")
    desk.join("b")
    assert desk.box.ack(1, tokens[1])
    assert desk.box.next_wake_us() == desk.now + GRACE_US
    desk.now += GRACE_US
    desk.load()
    assert desk.box.ack(2, tokens[2])
    assert desk.get("b") == [3]
    assert not desk.box.ack(3, tokens[3])
    assert desk.ack(3) == [True]
    assert desk.save() == [1, 2, 3]


def test_a_nack_of_a_closed_session_counts_and_its_delay_outlasts_the_grace() -> None:
    desk = Desk("A")
    desk.get()
    desk.leave("a")
    desk.join("b")
    assert desk.nack(1, delay_ms=GRACE_US // 1000).retry_at_us == desk.now + GRACE_US
    desk.nack(1, delay_ms=30_000, token=b"")
    desk.now += GRACE_US
    assert desk.get("b") == [1]
    assert desk.repeats([1]) == {1: "nacked"}


def test_an_ack_within_the_grace_leaves_nothing_to_wake_for() -> None:
    desk = Desk("A")
    desk.get()
    desk.leave("a")
    desk.join("b")
    desk.ack(1)
    assert desk.box.next_wake_us() is None


def test_the_end_of_a_grace_does_not_end_the_delay_of_a_nack_that_came_in_it() -> None:
    desk = Desk("A")
    desk.get()
    desk.leave("a")
    desk.join("b")
    desk.nack(1, delay_ms=30_000)
    desk.now += GRACE_US
    assert desk.get("b") == []
    desk.wait(28)
    assert desk.get("b") == [1]


def test_after_a_restart_what_an_earlier_generation_committed_is_a_repeat_and_the_rest_is_not() -> None:
    desk = Desk("A", "B")
    desk.get(max_messages=1)
    desk.restart()
    desk.box.offer(desk.stored.commit("C", generation=GENERATION + 1))
    assert desk.get() == [1, 2, 3]
    assert desk.repeats([1, 2, 3]) == {1: "hub restarted", 2: "hub restarted", 3: ""}


def test_two_sessions_share_a_mailbox_and_none_gets_what_the_other_holds() -> None:
    desk = Desk("A", "B", "A", "C")
    desk.join("b")
    assert desk.get("a", max_messages=1) == [1]
    assert desk.get("b") == [2, 4]
    assert desk.ack(1) == [True]
    assert desk.get("b") == [3]
    assert (desk.box.in_flight("a"), desk.box.in_flight("b")) == (0, 3)


def test_a_closed_session_gets_nothing_and_a_session_is_opened_once() -> None:
    desk = Desk("A")
    desk.load()
    with pytest.raises(ValueError, match="open already"):
        desk.box.open_session("a")
    desk.leave("a")
    assert desk.get("a") == []
    with pytest.raises(KeyError):
        desk.box.credit("a", 1, 1)


def test_repeat_is_false_for_one_reason_only() -> None:
    stored = Stored()
    desk = Desk("A", stored=stored)
    desk.get()
    for reason in RepeatReason:
        attempt = desk.held[1]._replace(repeat_reason=reason)
        assert attempt.repeat is (reason is not RepeatReason.NONE)


def test_rows_of_acks_carry_when_they_were_taken_and_how_often_the_entry_failed() -> None:
    desk = Desk("A", "B")
    desk.get()
    desk.nack(2)
    desk.wait(1)
    desk.get()
    desk.ack(2)
    (row,) = desk.box.take_changes(desk.now).attempts
    assert row == AttemptRow(
        mailbox=desk.stored.key, subscription="main", seq=2, attempts=1, state="acked", not_before_us=0, reason="",
        changed_us=desk.now,
    )  # fmt: skip
