"""Mailboxes for tests: entries by a short notation, a store of rows, and a subscriber's hand."""

import itertools
from collections.abc import Callable, Iterable

from tocsin.core.message import Lane
from tocsin_hub.domain.attempts import Attempt, Item, Nacked
from tocsin_hub.domain.delivery import Mailbox
from tocsin_hub.domain.delivery_rows import DeliveryChanges
from tocsin_hub.domain.rows import AttemptRow, EntryRow, MailboxKey

SECOND = 1_000_000
GENERATION = 7
SUBSCRIPTION = "main"
PLENTY = 1_000_000


def never() -> float:
    """The longest jitter."""
    return 1.0


def entry(seq: int, root: str, *, lane: Lane = Lane.ROUTINE, generation: int = GENERATION) -> EntryRow:
    """An entry of thread ``root``; a ``!`` at its end makes it a release: ``"A!"`` releases ``"A"``."""
    return EntryRow(
        mailbox=MailboxKey("bank.example", lane.value),
        seq=seq,
        log_index=seq + 1000,
        root_id=root.removesuffix("!").encode(),
        urgent_exempt=root.endswith("!"),
        why=1,
        generation=generation,
    )


def item(row: EntryRow, size: int = 100) -> Item[str]:
    return Item(row, size, f"body {row.seq}")


def counter() -> Callable[[int], bytes]:
    """Tokens 1, 2, 3, … of eight bytes each."""
    numbers = itertools.count(1)
    return lambda size: b"".join(next(numbers).to_bytes(8, "big") for _ in range(size // 8))


class Stored:
    """What a store keeps of one mailbox, by the rules of ``WriteTx``."""

    def __init__(self, lane: Lane = Lane.ROUTINE) -> None:
        self.lane = lane
        self.key = MailboxKey("bank.example", lane.value)
        self.entries: list[Item[str]] = []
        self.cursor = 0
        self.rows: dict[int, AttemptRow] = {}

    @property
    def head(self) -> int:
        return len(self.entries)

    def commit(self, *roots: str, generation: int = GENERATION, size: int = 100) -> list[Item[str]]:
        """Appends one entry per root; returns them."""
        first = self.head + 1
        made = [
            item(entry(first + i, root, lane=self.lane, generation=generation), size) for i, root in enumerate(roots)
        ]
        self.entries += made
        return made

    def read(self, after_seq: int, limit: int) -> list[Item[str]]:
        return self.entries[after_seq : after_seq + limit]

    def save(self, changes: DeliveryChanges) -> None:
        for row in changes.attempts:
            assert (row.mailbox, row.subscription) == (self.key, SUBSCRIPTION)
            self.rows[row.seq] = row
        if changes.cursor is not None:
            assert (changes.cursor.mailbox, changes.cursor.subscription) == (self.key, SUBSCRIPTION)
            assert changes.cursor.acked_through >= self.cursor
            self.cursor = changes.cursor.acked_through
            self.rows = {s: r for s, r in self.rows.items() if s > self.cursor or r.state == "dead"}

    def states(self) -> dict[int, str]:
        return {seq: row.state for seq, row in sorted(self.rows.items())}

    def mailbox(self, *, generation: int = GENERATION, **limits: int) -> Mailbox[str]:
        """The mailbox as a hub that starts now builds it."""
        return Mailbox(
            self.key,
            SUBSCRIPTION,
            cursor=self.cursor,
            head=self.head,
            attempts=list(self.rows.values()),
            generation=generation,
            random_bytes=counter(),
            **limits,
        )


class Desk:
    """A mailbox with its store and one session, ``a``, that can take plenty."""

    def __init__(self, *roots: str, lane: Lane = Lane.ROUTINE, stored: Stored | None = None, **limits: int) -> None:
        self.stored = stored or Stored(lane)
        self.stored.commit(*roots)
        self.now = 1_000 * SECOND
        self.box = self.stored.mailbox(**limits)
        self.held: dict[int, Attempt[str]] = {}
        self.join("a")

    def join(self, session: str, messages: int = PLENTY, size: int = PLENTY) -> None:
        self.box.open_session(session)
        self.box.credit(session, messages, size)

    def leave(self, session: str) -> None:
        self.box.close_session(session, self.now)

    def commit(self, *roots: str) -> None:
        """New entries, offered at the head as the sequencer does."""
        self.box.offer(self.stored.commit(*roots))

    def load(self) -> None:
        while (wanted := self.box.wanted(self.now)) is not None:
            self.box.offer(self.stored.read(*wanted))

    def get(self, session: str = "a", max_messages: int = 64, max_bytes: int = PLENTY) -> list[int]:
        """Loads what is wanted, takes one batch; the seqs sent."""
        self.load()
        batch = self.box.next_batch(session, max_messages=max_messages, max_bytes=max_bytes)
        self.held.update({attempt.seq: attempt for attempt in batch})
        return [attempt.seq for attempt in batch]

    def ack(self, *seqs: int) -> list[bool]:
        return [self.box.ack(seq, self.held[seq].token) for seq in seqs]

    def nack(self, seq: int, *, permanent: bool = False, delay_ms: int = 0, token: bytes | None = None) -> Nacked:
        return self.box.nack(
            seq,
            self.held[seq].token if token is None else token,
            delay_ms=delay_ms,
            reason="core system closed",
            permanent=permanent,
            now_us=self.now,
            random=never,
        )

    def fail(self, seq: int, times: int) -> list[Nacked]:
        """Lets the entry fail so often, waiting out each delay."""
        answers = []
        for _ in range(times):
            if seq not in self.get():
                self.now = max(self.now, self.box.next_wake_us() or 0)
                assert seq in self.get()
            answers.append(self.nack(seq))
        return answers

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)

    def save(self) -> list[int]:
        """Stores what changed; the acks confirmed."""
        changes = self.box.take_changes(self.now)
        self.stored.save(changes)
        return changes.confirmed

    def restart(self, generation: int = GENERATION + 1) -> None:
        """The hub is killed and started: what was not saved is gone."""
        self.box = self.stored.mailbox(generation=generation)
        self.join("a")

    def repeats(self, seqs: Iterable[int]) -> dict[int, str]:
        return {seq: str(self.held[seq].repeat_reason) for seq in seqs}
