"""Cursors, attempts and timers against a model of a few dictionaries, over generated histories. No store is named here."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.engines import ENGINES, Engine
from tests.store.makers import ABC, ICBC, NOW_US, attempt, batch, cursor, keyed, timer, write
from tocsin_hub.domain.rows import AttemptRow, Changes, CursorRow, MailboxKey, TimerKey, TimerRow
from tocsin_hub.store.base import HubStore, WriteTx

SIZE = 12
boxes = st.sampled_from([ICBC, ABC])
subscriptions = st.sampled_from(["main", "audit"])
seqs = st.integers(1, SIZE)

cursors = st.builds(lambda box, sub, at: cursor(at, box, sub), boxes, subscriptions, st.integers(0, SIZE))
attempts = st.builds(
    lambda box, sub, seq, state, tries: attempt(seq, state, box, subscription=sub, attempts=tries),
    boxes, subscriptions, seqs, st.sampled_from(["acked", "delayed", "dead"]), st.integers(0, 9),
)  # fmt: skip
drops = st.tuples(boxes, subscriptions, st.lists(seqs, max_size=SIZE))
timers = st.builds(timer, st.integers(1, 4), st.integers(1, 2), st.integers(1, 30))
timer_keys = st.builds(
    lambda number, deadline: TimerKey(timer(number, deadline, 0).order_id, deadline),
    st.integers(1, 4),
    st.integers(1, 2),
)
steps = st.one_of(
    st.tuples(st.just("save"), st.lists(attempts, max_size=6), st.lists(cursors, max_size=4)),
    st.tuples(st.just("drop"), drops, st.none()),
    st.tuples(st.just("timers"), st.sets(timer_keys, max_size=4), st.lists(timers, max_size=4)),
)


@dataclass
class Model:
    cursors: dict[tuple[MailboxKey, str], int] = field(default_factory=dict)
    attempts: dict[tuple[MailboxKey, str, int], AttemptRow] = field(default_factory=dict)
    timers: dict[TimerKey, TimerRow] = field(default_factory=dict)

    def save(self, attempts: list[AttemptRow], cursors: list[CursorRow]) -> None:
        self.attempts |= {(a.mailbox, a.subscription, a.seq): a for a in attempts}
        for c in cursors:
            place = (c.mailbox, c.subscription)
            through = self.cursors[place] = max(self.cursors.get(place, 0), c.acked_through)
            for key in [k for k in self.attempts if k[:2] == place and k[2] <= through]:
                if self.attempts[key].state != "dead":
                    del self.attempts[key]

    def drop(self, what: tuple[MailboxKey, str, list[int]], _: None) -> None:
        for seq in what[2]:
            self.attempts.pop((what[0], what[1], seq), None)

    def set_timers(self, cleared: set[TimerKey], timers: list[TimerRow]) -> None:
        for key in cleared:
            self.timers.pop(key, None)
        self.timers |= keyed(*timers)


def done(tx: WriteTx, name: str, first: object, second: object) -> None:
    if name == "save":
        tx.save_attempts(first)  # type: ignore[arg-type]
        tx.save_cursors(second)  # type: ignore[arg-type]
    elif name == "drop":
        tx.drop_attempts(*first)  # type: ignore[misc]
    else:
        tx.write(Changes(timers_cleared=first, timers_set=keyed(*second)))  # type: ignore[arg-type, misc]


async def agrees(store: HubStore, model: Model) -> None:
    for box in (ICBC, ABC):
        for subscription in ("main", "audit"):
            state = await store.mailbox_state(box, subscription)
            mine = sorted((k, a) for k, a in model.attempts.items() if k[:2] == (box, subscription))
            assert state == (SIZE, model.cursors.get((box, subscription), 0), [a for _, a in mine])
        through = model.cursors.get((box, "main"), 0)
        ahead = [
            a for k, a in model.attempts.items() if k[:2] == (box, "main") and k[2] > through and a.state == "acked"
        ]
        assert (await store.pending(box.party))[box.lane] == SIZE - through - len(ahead)
    dead = sorted((k[0], k[2], k[1]) for k, a in model.attempts.items() if a.state == "dead")
    assert [(a.mailbox, a.seq, a.subscription) for a, _ in await store.dead_letters("")] == dead
    due = sorted(model.timers.values(), key=lambda t: (t.due_us, t.order_id, t.deadline))
    assert await store.transact(lambda tx: tx.due_timers(30, 99)) == due
    assert await store.next_due_us() == (due[0].due_us if due else None)


async def history(engine: Engine, plan: list[tuple[str, object, object]]) -> None:
    model = Model()
    store = await engine.open()
    first = batch(0, 2 * SIZE, [ICBC, ABC])
    first.timers_set = {}
    await write(store, first)
    for name, one, other in plan:
        await store.transact(lambda tx, name=name, one=one, other=other: done(tx, name, one, other))
        {"save": model.save, "drop": model.drop, "timers": model.set_timers}[name](one, other)  # type: ignore[operator]
        await agrees(store, model)
    await store.aclose()


@pytest.mark.parametrize("engine_name", ["sqlite"])
@settings(max_examples=25, deadline=None)
@given(plan=st.lists(steps, min_size=1, max_size=12))
def test_delivery_state_is_what_the_history_says(engine_name: str, plan: list[tuple[str, object, object]]) -> None:
    assert NOW_US > 30
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(history(ENGINES[engine_name](Path(directory)), plan))
