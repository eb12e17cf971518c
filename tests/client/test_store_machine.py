"""The inbox against a naive model: whatever the order of deliveries, starts, ends and failures."""

import sqlite3
from dataclasses import dataclass

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from store_rows import NOW_US, incoming, message_id, outgoing

from tocsin.client import inbox, outbox, schema
from tocsin.client.rows import Aside, Confirmed, Finish, InboxState, Seen, Start
from tocsin.core.errors import NotFound
from tocsin.core.message import Lane

NUMBERS = st.integers(1, 6)
FINAL = (InboxState.DONE, InboxState.COPIED)
REPORT = 1_000
"""Reports carry the number of their attempt, from here on."""


@dataclass
class Kept:
    """What the model remembers of one message."""

    state: InboxState
    seq: int
    hub_repeat: bool
    started_us: int = 0
    report: int = 0
    confirmed: bool = False


class InboxMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.conn = sqlite3.connect(":memory:", isolation_level=None)
        schema.migrate(self.conn)
        self.model: dict[int, Kept] = {}
        self.reports: list[int] = []
        self.tick = 0

    def teardown(self) -> None:
        self.conn.close()

    def now_us(self) -> int:
        self.tick += 1
        return NOW_US + self.tick

    @rule(
        batch=st.lists(
            st.tuples(NUMBERS, st.booleans(), st.sampled_from([s for s in InboxState if s is not InboxState.DONE])),
            max_size=5,
        )
    )
    def receive(self, batch: list[tuple[int, bool, InboxState]]) -> None:
        now_us = self.now_us()
        answers = inbox.receive(
            self.conn,
            [
                incoming(number, repeat=repeat, state=state, seq=self.tick * 10 + place, now_us=now_us)
                for place, (number, repeat, state) in enumerate(batch)
            ],
        )
        for place, ((number, repeat, state), answer) in enumerate(zip(batch, answers, strict=True)):
            seq = self.tick * 10 + place
            kept = self.model.get(number)
            if kept is None:
                started_us = now_us if state is InboxState.STARTED else 0
                self.model[number] = Kept(state=state, seq=seq, hub_repeat=repeat, started_us=started_us)
                assert (answer.seen, answer.state, answer.repeat) == (Seen.NEW, state, repeat)
                continue
            kept.seq, kept.hub_repeat, kept.confirmed = seq, kept.hub_repeat or repeat, False
            assert answer.seen is (Seen.FINISHED if kept.state in FINAL else Seen.UNFINISHED)
            assert answer.repeat == (kept.hub_repeat or kept.started_us > 0)

    @rule(number=NUMBERS)
    def receive_other_content(self, number: int) -> None:
        if number in self.model:
            (answer,) = inbox.receive(self.conn, [incoming(number, message_hash=b"?" * 32)])
            assert answer.seen is Seen.OTHER_CONTENT

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        batch = data.draw(st.lists(st.sampled_from(sorted(self.model)), min_size=1, max_size=4))
        now_us = self.now_us()
        marks = inbox.start(self.conn, [Start(message_id=message_id(number), now_us=now_us) for number in batch])
        for number, mark in zip(batch, marks, strict=True):
            kept = self.model[number]
            assert mark.finished == (kept.state in FINAL)
            if mark.finished:
                assert not mark.first
                continue
            assert mark.first == (kept.started_us == 0)
            assert mark.repeat == (kept.hub_repeat or kept.started_us > 0)
            kept.started_us = kept.started_us or now_us
            kept.state = InboxState.STARTED
            assert mark.started_us == kept.started_us

    @precondition(lambda self: self.model)
    @rule(data=st.data(), with_report=st.booleans())
    def finish(self, data: st.DataObject, with_report: bool) -> None:
        batch = data.draw(st.lists(st.sampled_from(sorted(self.model)), min_size=1, max_size=4))
        now_us = self.now_us()
        reports = [REPORT + self.tick * 10 + place if with_report else 0 for place in range(len(batch))]
        taken = inbox.finish(
            self.conn,
            [
                Finish(message_id=message_id(number), report=outgoing(report) if report else None, now_us=now_us)
                for number, report in zip(batch, reports, strict=True)
            ],
        )
        for number, report, was_taken in zip(batch, reports, taken, strict=True):
            kept = self.model[number]
            assert was_taken == (kept.state not in FINAL)
            if was_taken:
                kept.state, kept.report = InboxState.DONE, report
                if report:
                    self.reports.append(report)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), state=st.sampled_from([InboxState.WAITING, InboxState.PARKED]))
    def put_aside(self, data: st.DataObject, state: InboxState) -> None:
        number = data.draw(st.sampled_from(sorted(self.model)))
        (taken,) = inbox.put_aside(self.conn, [Aside(message_id=message_id(number), state=state, now_us=NOW_US)])
        kept = self.model[number]
        assert taken == (kept.state not in FINAL)
        if taken:
            kept.state = state

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        kept = self.model[data.draw(st.sampled_from(sorted(self.model)))]
        inbox.confirm(self.conn, [Confirmed(epoch=1, lane=Lane.URGENT, seq=kept.seq)])
        kept.confirmed = kept.confirmed or kept.state in FINAL

    @rule(number=NUMBERS)
    def lose_a_transaction(self, number: int) -> None:
        self.conn.execute("BEGIN")
        inbox.receive(self.conn, [incoming(number), incoming(99)])
        inbox.start(self.conn, [Start(message_id=message_id(99), now_us=NOW_US)])
        inbox.finish(self.conn, [Finish(message_id=message_id(number), report=outgoing(998), now_us=NOW_US)])
        with pytest.raises(NotFound):
            inbox.start(self.conn, [Start(message_id=message_id(n), now_us=NOW_US) for n in (99, 97)])
        self.conn.execute("ROLLBACK")

    @invariant()
    def the_rows_are_what_the_model_says(self) -> None:
        rows = {int.from_bytes(row.message_id, "big"): row for row in inbox.listed(self.conn, None, 100)}
        seen = {
            number: Kept(
                state=row.state,
                seq=row.seq,
                hub_repeat=row.repeat,
                started_us=row.started_us,
                report=int.from_bytes(row.report_id, "big"),
                confirmed=row.confirmed,
            )
            for number, row in rows.items()
        }
        assert seen == self.model
        begun = sorted(
            kept.seq for kept in self.model.values() if kept.state in (InboxState.RECEIVED, InboxState.STARTED)
        )
        assert [row.seq for row in inbox.unfinished(self.conn, Lane.URGENT, 100)] == begun

    @invariant()
    def the_outbox_holds_the_reports_of_what_is_done_in_their_order(self) -> None:
        queued = outbox.next_to_send(self.conn, Lane.URGENT, after=0, limit=1000, max_bytes=10**9)
        assert [int.from_bytes(row.message_id, "big") for row in queued] == self.reports


TestInboxMachine = InboxMachine.TestCase
TestInboxMachine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
