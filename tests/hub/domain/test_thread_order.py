"""Whose turn it is in a thread, for every combination of states of three entries of it, releases or not."""

import itertools

import pytest

from tests.hub.domain.mailboxes import entry
from tocsin_hub.domain.attempts import RepeatReason
from tocsin_hub.domain.thread_order import OpenEntry, State, Thread

HELD, READY, LEASED, DELAYED = State.HELD, State.READY, State.LEASED, State.DELAYED
STATES = (HELD, READY, State.UNREAD, LEASED, DELAYED)


def thread_of(roots: tuple[str, ...], states: tuple[State, ...]) -> Thread[str]:
    thread: Thread[str] = Thread()
    for seq, (root, state) in enumerate(zip(roots, states, strict=True), start=1):
        made = OpenEntry[str](entry(seq, root), thread, RepeatReason.NONE)
        made.state = state
        thread.add(made)
        if state is LEASED:
            thread.leased = made
    return thread


CASES: dict[str, tuple[str, tuple[State, ...], int]] = {
    "the first has its turn": ("A A", (HELD, HELD), 1),
    "one that is to be sent goes before the next": ("A A", (READY, HELD), 0),
    "one in flight holds back the next": ("A A", (LEASED, HELD), 0),
    "one in flight holds back one before it": ("A A!", (HELD, LEASED), 0),
    "one in flight holds back a release": ("A A!", (LEASED, HELD), 0),
    "a delayed one holds back the next": ("A A", (DELAYED, HELD), 0),
    "a delayed one does not hold back a release": ("A A!", (DELAYED, HELD), 2),
    "a delayed release does not hold back a release": ("A! A!", (DELAYED, HELD), 2),
    "a release goes by those held behind a delayed one": ("A A A!", (DELAYED, HELD, HELD), 3),
    "a release to be sent goes before a second one": ("A A! A!", (DELAYED, READY, HELD), 0),
    "a delay that ended comes before a release to be sent": ("A A!", (HELD, READY), 1),
}


@pytest.mark.parametrize(("roots", "states", "turn"), CASES.values(), ids=CASES.keys())
def test_turns(roots: str, states: tuple[State, ...], turn: int) -> None:
    found = thread_of(tuple(roots.split()), states).next_to_send()
    assert (found.seq if found else 0) == turn


def test_over_all_combinations_the_turn_follows_the_three_rules() -> None:
    for roots in itertools.product(("A", "A!"), repeat=3):
        for states in itertools.product(STATES, repeat=3):
            found = thread_of(roots, states).next_to_send()
            if LEASED in states:
                assert found is None
            if found is None:
                continue
            assert found.state is HELD
            before = states[: found.seq - 1]
            if "!" in roots[found.seq - 1]:
                assert set(before) <= {HELD, DELAYED}
            else:
                assert before == ()


def test_an_older_entry_that_is_replayed_takes_its_place_by_seq() -> None:
    thread = thread_of(("A", "A"), (LEASED, HELD))
    thread.entries = thread.entries[1:]
    thread.add(OpenEntry(entry(1, "A"), thread, RepeatReason.REPLAYED))
    assert [made.seq for made in thread.entries] == [1, 2]
