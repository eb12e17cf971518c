"""What a mailbox holds and what it gives a session at most."""

from tests.hub.domain.mailboxes import GENERATION, PLENTY, Desk
from tocsin.core.message import Lane
from tocsin_hub.domain.delivery import GRACE_US


def test_nothing_goes_beyond_the_credit_in_messages() -> None:
    desk = Desk("A", "B", "C")
    desk.join("b", messages=2)
    assert desk.get("b") == [1, 2]
    assert desk.get("b") == []
    desk.ack(1, 2)
    assert desk.get("b") == []
    desk.box.credit("b", 1, 0)
    assert desk.get("b") == [3]


def test_nothing_goes_beyond_the_credit_in_bytes_and_no_later_one_passes_the_one_that_waits() -> None:
    desk = Desk()
    desk.box.offer(desk.stored.commit("A", size=100))
    desk.box.offer(desk.stored.commit("B", size=1000))
    desk.box.offer(desk.stored.commit("C", size=1))
    desk.join("b", size=500)
    assert desk.get("b") == [1]
    assert desk.get("b") == []
    desk.box.credit("b", 0, 599)
    assert desk.get("b") == []
    desk.box.credit("b", 0, 1)
    assert desk.get("b") == [2]
    assert desk.get("b") == []
    desk.box.credit("b", 0, 1)
    assert desk.get("b") == [3]


def test_a_batch_keeps_within_its_bytes_but_for_its_first_entry() -> None:
    desk = Desk("A", "B", "C", "D")
    assert desk.get(max_bytes=200) == [1, 2]
    assert desk.get(max_bytes=1) == [3]
    assert desk.get(max_messages=0) == []
    assert desk.get(max_bytes=0) == [4]


def test_while_nobody_listens_no_body_is_held_and_nothing_is_read() -> None:
    desk = Desk("A", "B", "C")
    desk.load()
    assert desk.box.ready == 3
    desk.get(max_messages=1)
    desk.leave("a")
    assert (desk.box.ready, desk.box.wanted(desk.now), desk.box.next_wake_us()) == (0, None, None)
    desk.commit("D")
    assert (desk.box.ready, desk.box.backlog) == (0, 4)
    desk.join("b")
    assert desk.get("b") == [2, 3, 4]
    desk.now += GRACE_US
    assert desk.get("b") == [1]


def test_a_subscriber_that_reads_nothing_costs_no_more_than_the_window() -> None:
    desk = Desk(*(f"thread {i}" for i in range(500)), window=16)
    desk.join("idle", messages=0)
    for _ in range(20):
        desk.load()
        desk.commit("one more")
        assert desk.box.ready <= 16
    assert desk.box.backlog == 520


def test_bodies_are_bounded_in_bytes_too() -> None:
    desk = Desk(window=100, window_bytes=1000)
    desk.box.offer(desk.stored.commit(*"ABCDEFGH", size=300))
    assert desk.box.ready == 4
    desk.load()
    assert desk.box.ready == 4
    assert desk.get(max_messages=3) == [1, 2, 3]
    assert desk.box.wanted(desk.now) == (4, 3)
    assert desk.get() == [4, 5, 6, 7]
    assert desk.get() == [8]


def test_a_handler_that_fails_on_many_threads_does_not_stop_the_others() -> None:
    """Far more delayed and withheld entries than the window: what comes behind them is still sent."""
    desk = Desk(*(root for i in range(100) for root in (f"bad {i}", f"bad {i}")), "good", window=8, lane=Lane.URGENT)
    seen: list[int] = []
    while batch := desk.get():
        seen += batch
        for seq in batch:
            desk.nack(seq, delay_ms=60_000) if seq < 201 else desk.ack(seq)
    assert seen == [*range(1, 201, 2), 201]


def test_open_entries_are_bounded_and_reading_goes_on_as_they_resolve() -> None:
    desk = Desk(*(f"thread {i}" for i in range(50)), max_open=10)
    assert desk.get() == list(range(1, 11))
    assert desk.get() == []
    desk.ack(1, 7)
    assert desk.get() == [11, 12]


def test_a_mailbox_may_be_forgotten_only_when_the_store_knows_all_it_knows() -> None:
    desk = Desk("A", "B", "C")
    assert not desk.box.forgettable
    desk.leave("a")
    assert desk.box.forgettable
    desk.join("a")
    desk.get(max_messages=2)
    desk.leave("a")
    assert not desk.box.forgettable  # a new mailbox of this generation would not know that 1 and 2 were sent
    desk.ack(1)
    desk.nack(2)
    assert not desk.box.forgettable
    desk.save()
    assert desk.box.forgettable
    desk.restart(generation=GENERATION)
    desk.wait(5)
    assert desk.get() == [2, 3]
    assert desk.repeats([2, 3]) == {2: "nacked", 3: ""}


def test_entries_that_do_not_follow_on_or_are_known_are_passed_over() -> None:
    desk = Desk()
    made = desk.stored.commit("A", "B", "C", "D")
    desk.box.offer(made[2:])
    assert (desk.box.ready, desk.box.head) == (0, 4)
    desk.box.offer(made[:2])
    desk.box.offer(made)
    desk.box.offer(made)
    desk.box.offer([])
    assert desk.box.ready == 4
    assert desk.get() == [1, 2, 3, 4]
    desk.ack(1, 2, 3, 4)
    desk.box.offer(made)
    assert desk.get() == []


def test_an_entry_in_flight_or_delayed_is_not_made_ready_by_a_second_reading() -> None:
    desk = Desk("A", "B")
    desk.get()
    desk.nack(2)
    desk.box.offer(desk.stored.entries)
    assert desk.get() == []
    assert desk.ack(1) == [True]


def test_a_full_read_window_waits_for_a_quarter_to_be_free() -> None:
    desk = Desk(*(f"thread {i}" for i in range(40)), window=16)
    desk.load()
    assert desk.box.ready == 16
    assert desk.box.next_batch("a", max_messages=3, max_bytes=PLENTY)
    assert desk.box.wanted(desk.now) is None
    assert desk.box.next_batch("a", max_messages=1, max_bytes=PLENTY)
    assert desk.box.wanted(desk.now) == (16, 4)


def test_a_window_full_by_bytes_waits_for_a_quarter_to_be_free() -> None:
    desk = Desk(window_bytes=1000)
    desk.box.offer(desk.stored.commit(*"ABCDEFGH", size=200))
    assert desk.box.ready == 5
    assert desk.get(max_messages=1) == [1]
    assert desk.box.wanted(desk.now) is None
    assert desk.box.next_batch("a", max_messages=1, max_bytes=PLENTY)
    assert desk.box.wanted(desk.now) == (5, 3)


def test_a_delayed_entry_whose_time_has_come_waits_for_room_in_the_window() -> None:
    desk = Desk("A", window=4)
    desk.join("idle", messages=0)
    desk.get()
    desk.nack(1)
    desk.commit("B", "C", "D", "E")
    desk.wait(1)
    assert desk.box.wanted(desk.now) is None
    assert desk.box.next_batch("a", max_messages=1, max_bytes=PLENTY)[0].seq == 2
    assert desk.box.wanted(desk.now) == (0, 1)
    assert desk.get() == [1, 3, 4, 5]


def test_sessions_that_come_and_go_leave_nothing_behind_in_memory() -> None:
    desk = Desk("A", "B", "C", "D")
    desk.get(max_messages=1)
    for _ in range(200):
        desk.load()
        desk.leave("a")
        desk.join("a")
    assert len(desk.box._unread) + len(desk.box._ready._seqs) + len(desk.box._waiting._due) < 20
    assert desk.get() == [2, 3, 4]
