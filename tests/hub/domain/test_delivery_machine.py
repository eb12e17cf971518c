"""Whole histories of a mailbox against a naive model: commits, sessions, acks, nacks, crashes and replays in any order.

The model holds one word per entry and knows no queues. What it checks at every step: nothing is lost, nothing has two
live leases, a fenced token changes nothing, threads keep their order, no release waits for a parked one, repeats are
marked, the cursor never goes back nor past an open entry, credit is kept, memory is bounded.
"""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.hub.domain.mailboxes import PLENTY, SECOND, Stored
from tocsin.core.message import Lane
from tocsin_hub.domain.attempts import MAX_ATTEMPTS, Attempt, Verdict
from tocsin_hub.domain.delivery import GRACE_US, Mailbox

WINDOW, MAX_OPEN = 4, 64
SESSIONS = ("a", "b")
ROOTS = ("A", "B", "C", "A!", "B!")
INDEXES = st.integers(0, 10_000)


@dataclass
class Fact:
    """What the model knows of an entry; ``state`` is ready, leased, delayed, acked or dead."""

    state: str = "ready"
    until_us: int = 0
    session: str = ""
    token: bytes = b""
    sent: bool = False
    failures: int = 0
    replayed: bool = False


class Deliveries(RuleBasedStateMachine):
    """The mailbox beside its model."""

    box: Mailbox[str]

    @initialize(lane=st.sampled_from(Lane))
    def begin(self, lane: Lane) -> None:
        self.stored = Stored(lane)
        self.generation = 1
        self.now = 1_000 * SECOND
        self.tokens = 0
        self.facts: dict[int, Fact] = {}
        self.confirmed: set[int] = set()
        self.old_tokens: list[tuple[int, bytes]] = []
        self.lowest_cursor = 0
        self.build()

    def build(self) -> None:
        self.credits: dict[str, list[int]] = {}
        self.box = self.stored.mailbox(generation=self.generation, window=WINDOW, window_bytes=1000, max_open=MAX_OPEN)
        self.box._random_bytes = self.random_bytes

    def random_bytes(self, size: int) -> bytes:
        made = b""
        while len(made) < size:
            self.tokens += 1
            made += self.tokens.to_bytes(8, "big")
        return made

    # What happens

    @rule(
        roots=st.lists(st.sampled_from(ROOTS), min_size=1, max_size=5), size=st.integers(0, 400), offered=st.booleans()
    )
    def commit(self, roots: list[str], size: int, offered: bool) -> None:
        """``offered`` False: the store is read at the next turn, as after a start."""
        if self.stored.head + len(roots) > MAX_OPEN:
            return
        made = self.stored.commit(*roots, generation=self.generation, size=size)
        self.facts |= {item.entry.seq: Fact() for item in made}
        self.box.offer(made if offered else made[-1:])

    @rule(session=st.sampled_from(SESSIONS))
    def open(self, session: str) -> None:
        if session not in self.credits:
            self.box.open_session(session)
            self.credits[session] = [0, 0]

    @rule(session=st.sampled_from(SESSIONS), messages=st.integers(0, 6), size=st.integers(0, 1200))
    def credit(self, session: str, messages: int, size: int) -> None:
        if session in self.credits:
            self.box.credit(session, messages, size)
            self.credits[session][0] += messages
            self.credits[session][1] += size

    @rule(session=st.sampled_from(SESSIONS))
    def close(self, session: str) -> None:
        if session in self.credits:
            self.box.close_session(session, self.now)
            del self.credits[session]
            for fact in self.facts.values():
                if fact.session == session:
                    fact.session, fact.until_us = "", self.now + GRACE_US

    @rule(us=st.one_of(st.integers(0, 3 * SECOND), st.just(GRACE_US), st.just(310 * SECOND)))
    def pass_time(self, us: int) -> None:
        self.now += us

    @rule(session=st.sampled_from(SESSIONS), messages=st.integers(0, 4), size=st.sampled_from((1, 300, PLENTY)))
    def deliver(self, session: str, messages: int, size: int) -> None:
        if session in self.credits:
            self.read()
            self.take(session, messages, size)

    @rule()
    def deliver_all(self) -> None:
        """With credit without end, nothing the model would send stays behind."""
        self.open("a")
        self.credit("a", PLENTY, PLENTY)
        while True:
            self.read()
            if not self.take("a", 64, PLENTY):
                break
        assert [seq for seq in self.facts if self.may_be_sent(seq)] == []

    @precondition(lambda self: any(fact.token for fact in self.facts.values()))
    @rule(pick=INDEXES)
    def ack(self, pick: int) -> None:
        seq = self.pick_present(pick)
        assert self.box.holds(seq, self.facts[seq].token)
        assert self.box.ack(seq, self.facts[seq].token)
        self.finish(seq, "acked")

    @precondition(lambda self: any(fact.token for fact in self.facts.values()))
    @rule(pick=INDEXES, permanent=st.booleans(), draw=st.floats(0, 1), delay_ms=st.sampled_from((0, 0, 5_000)))
    def nack(self, pick: int, permanent: bool, draw: float, delay_ms: int) -> None:
        self.refuse(self.pick_present(pick), permanent=permanent, draw=draw, delay_ms=delay_ms)

    @precondition(lambda self: any(fact.token for fact in self.facts.values()))
    @rule(pick=INDEXES)
    def fail_for_ever(self, pick: int) -> None:
        """One entry fails up to the limit, as often as it is its turn."""
        seq = self.pick_present(pick)
        for _ in range(MAX_ATTEMPTS + 1):
            if not self.facts[seq].token:
                break
            self.refuse(seq, permanent=False, draw=1.0, delay_ms=0)
            self.now += 300 * SECOND
            self.deliver_all()

    @precondition(lambda self: bool(self.old_tokens))
    @rule(pick=INDEXES, how=st.sampled_from(("ack", "nack", "other")))
    def answer_an_attempt_that_is_over(self, pick: int, how: str) -> None:
        seq, token = self.old_tokens[pick % len(self.old_tokens)]
        if how == "other":
            seq = seq % self.stored.head + 1
        if how == "nack":
            nacked = self.box.nack(
                seq, token, delay_ms=0, reason="late", permanent=True, now_us=self.now, random=lambda: 0.0
            )
            assert nacked.verdict is Verdict.FENCED
        else:
            assert not self.box.ack(seq, token)

    @rule()
    def store(self) -> None:
        changes = self.box.take_changes(self.now)
        self.stored.save(changes)
        self.confirmed |= set(changes.confirmed)
        assert self.confirmed == {seq for seq, fact in self.facts.items() if fact.state == "acked"}
        assert self.box.take_changes(self.now).empty

    @rule(new_generation=st.booleans())
    def restart(self, new_generation: bool) -> None:
        """Killed: what was not stored is gone. Within a generation it is built again only if forgettable."""
        if not new_generation and not self.box.forgettable:
            return
        self.generation += new_generation
        for seq, fact in self.facts.items():
            row = self.stored.rows.get(seq)
            if seq in self.confirmed:
                continue
            if fact.token:
                self.old_tokens.append((seq, fact.token))
            fact.token, fact.session = b"", ""
            if row is not None and row.state == "delayed":
                fact.state, fact.until_us, fact.failures = "delayed", row.not_before_us, row.attempts
            elif row is not None and row.attempts:
                assert row.state == "dead"
                fact.state = "dead"
            else:
                fact.state, fact.failures, fact.replayed = "ready", 0, row is not None
        self.build()

    @precondition(lambda self: any(row.state == "dead" for row in self.stored.rows.values()))
    @rule()
    def replay(self) -> None:
        """An operator replays all dead letters that are listed."""
        self.store()
        rows = list(self.stored.rows.values())
        self.box.revive(rows, self.now)
        self.store()
        for row in rows:
            if self.facts[row.seq].state == "dead":
                self.facts[row.seq] = Fact(sent=True, replayed=True)

    # What must hold

    @invariant()
    def the_cursor_never_goes_back_nor_past_an_open_entry(self) -> None:
        assert self.stored.cursor >= self.lowest_cursor
        self.lowest_cursor = self.stored.cursor
        for seq in range(1, self.stored.cursor + 1):
            fact = self.facts[seq]
            assert seq in self.confirmed or fact.state == "dead" or fact.replayed or self.is_dead_in_store(seq)

    @invariant()
    def memory_is_bounded(self) -> None:
        assert self.box.ready <= (WINDOW if self.credits else 0)
        assert self.box.ready == sum(entry.item is not None for entry in self.box._open.values())
        assert sum(len(thread.entries) for thread in self.box._threads.values()) == len(self.box._open)
        assert all(thread.entries for thread in self.box._threads.values())

    @invariant()
    def no_dead_letter_is_forgotten(self) -> None:
        unstored = {row.seq for row in self.box._changes._rows.values() if row.state == "dead"}
        for seq, fact in self.facts.items():
            if fact.state == "dead":
                assert seq in unstored or self.is_dead_in_store(seq)

    def teardown(self) -> None:
        """Every entry is acked or dead in the end."""
        if not hasattr(self, "stored"):
            return
        for session in list(self.credits):
            self.close(session)
        self.restart(new_generation=True)
        for _ in range(len(self.facts) + 2):
            self.now += 24 * 3600 * SECOND
            self.deliver_all()
            for seq, fact in self.facts.items():
                if fact.token:
                    assert self.box.ack(seq, fact.token)
                    self.finish(seq, "acked")
        self.store()
        assert self.stored.cursor == self.stored.head
        assert {fact.state for fact in self.facts.values()} <= {"acked", "dead"}
        assert set(self.stored.rows) == {seq for seq, fact in self.facts.items() if fact.state == "dead"}

    # The model

    def root(self, seq: int) -> bytes:
        return self.stored.entries[seq - 1].entry.root_id

    def thread(self, seq: int) -> dict[int, Fact]:
        """The open entries of its thread."""
        return {
            other: fact
            for other, fact in self.facts.items()
            if self.root(other) == self.root(seq) and fact.state not in ("acked", "dead")
        }

    def tick(self) -> None:
        for fact in self.facts.values():
            waits = fact.state == "delayed" or (fact.state == "leased" and not fact.session)
            if waits and fact.until_us <= self.now:
                fact.state = "ready"

    def may_be_sent(self, seq: int) -> bool:
        """The rule of threads, said as plainly as it can be."""
        self.tick()
        thread = self.thread(seq)
        if self.facts[seq].state != "ready" or any(fact.state == "leased" for fact in thread.values()):
            return False
        before = [other for other in thread if other < seq]
        if not before:
            return True
        is_release = self.stored.entries[seq - 1].entry.urgent_exempt
        return is_release and not any(self.may_be_sent(other) for other in before)

    def is_dead_in_store(self, seq: int) -> bool:
        row = self.stored.rows.get(seq)
        return row is not None and row.state == "dead"

    def pick_present(self, pick: int) -> int:
        present = [seq for seq, fact in self.facts.items() if fact.token]
        return present[pick % len(present)]

    def read(self) -> None:
        while (wanted := self.box.wanted(self.now)) is not None:
            items = self.stored.read(*wanted)
            assert items, "asked for what is not there"
            self.box.offer(items)

    def take(self, session: str, messages: int, size: int) -> list[Attempt[str]]:
        batch = self.box.next_batch(session, max_messages=messages, max_bytes=size)
        assert len(batch) <= messages
        assert len(batch) <= 1 or sum(attempt.size for attempt in batch) <= size
        assert [attempt.seq for attempt in batch] == sorted(attempt.seq for attempt in batch)
        for attempt in batch:
            self.check_sent(attempt)
            fact = self.facts[attempt.seq]
            if fact.token:
                self.old_tokens.append((attempt.seq, fact.token))
            fact.state, fact.session, fact.token, fact.sent = "leased", session, attempt.token, True
            left = self.credits[session]
            left[0] -= 1
            left[1] -= attempt.size
            assert min(left) >= 0
        return batch

    def check_sent(self, attempt: Attempt[str]) -> None:
        fact = self.facts[attempt.seq]
        entry = self.stored.entries[attempt.seq - 1].entry
        assert attempt.entry is entry
        assert attempt.body == f"body {attempt.seq}"
        assert attempt.seq not in self.confirmed
        assert self.may_be_sent(attempt.seq) or self.passes_unread(attempt.seq)
        assert attempt.repeat is (fact.sent or entry.generation != self.generation)

    def passes_unread(self, seq: int) -> bool:
        """A release may still go before one whose delay ended after the release's turn had come."""
        thread = self.thread(seq)
        if self.facts[seq].state != "ready" or any(fact.state == "leased" for fact in thread.values()):
            return False
        return self.stored.entries[seq - 1].entry.urgent_exempt and thread[min(thread)].failures > 0

    def refuse(self, seq: int, *, permanent: bool, draw: float, delay_ms: int) -> None:
        fact = self.facts[seq]
        nacked = self.box.nack(
            seq,
            fact.token,
            delay_ms=delay_ms,
            reason="closed",
            permanent=permanent,
            now_us=self.now,
            random=lambda: draw,
        )
        fact.failures += 1
        urgent = self.stored.lane is Lane.URGENT
        gives_up = permanent or (not urgent and fact.failures >= MAX_ATTEMPTS)
        assert nacked.entry is self.stored.entries[seq - 1].entry
        assert nacked.verdict.is_dead is gives_up
        assert nacked.verdict.escalates is (urgent and (permanent or fact.failures == MAX_ATTEMPTS))
        if gives_up:
            self.finish(seq, "dead")
        else:
            assert nacked.retry_at_us >= self.now + delay_ms * 1000
            self.finish(seq, "delayed")
            fact.until_us = nacked.retry_at_us

    def finish(self, seq: int, state: str) -> None:
        fact = self.facts[seq]
        self.old_tokens.append((seq, fact.token))
        fact.state, fact.token, fact.session = state, b"", ""


Deliveries.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestDeliveries = Deliveries.TestCase
